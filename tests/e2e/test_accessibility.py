"""axe in both themes, the keyboard alone, 200% zoom, targets that are hit. A browser, a server, nothing simulated."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.installation import Installation
from tools.demo import EMAIL, NEWCOMER
from tools.screenshots import STEPS, addresses, log_in, pages_of

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Buttons and fields under 24 pixels, the least of WCAG 2.2. Links in a sentence may be as small as its words.
SMALL_TARGETS = """
[...document.querySelectorAll("button, .btn, select, textarea, summary, nav a, .tabs a, input:not([type=hidden])")]
  .filter(node => node.checkVisibility() && !node.closest(".drop, .skip, .found"))
  .map(node => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 23.9 || box.width < 23.9))
  .map(([html, box]) => `${html} ${box.width} x ${box.height}`)
"""


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has this name or label is focused."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText").startswith(name):
            return
    raise AssertionError(f"nothing called {name} can be reached")


def test_the_keyboard_alone_leads_from_paste_to_the_batch(site: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=site.base_url)
    page = context.new_page()
    log_in(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Links, one per line")).to_be_focused()
    page.keyboard.type("https://youtu.be/keyboard001")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/batches/*")
    tab_to(page, "More")
    page.keyboard.press("Enter")
    tab_to(page, "Name")
    page.keyboard.press("Control+a")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds, one line each."""
    found: dict[str, Any] = page.evaluate("tags => axe.run({ runOnly: tags, resultTypes: ['violations'] })", TAGS)
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def inaccessible(page: Page) -> list[str]:
    """What is wrong with the page: to axe, in light on a desk and in dark on a phone; and at 200% of 640 pixels."""
    page.evaluate(AXE)  # as a script tag it would be against the policy
    wrong = []
    for theme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        wrong += [f"{theme}, {width}: {found}" for found in violations(page)]
    page.set_viewport_size({"width": 320, "height": 500})
    if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
        wrong.append(f"{width} pixels wide where 320 are to be had")
    return [*wrong, *page.evaluate(SMALL_TARGETS)]


@pytest.mark.thorough
def test_every_page_is_accessible(site: Installation, browser: Browser, broken: dict[str, str]) -> None:
    wrong: dict[str, list[str]] = {}
    for email in ("", NEWCOMER, EMAIL):
        context = browser.new_context(base_url=site.base_url, reduced_motion="reduce")
        page = context.new_page()
        if email:
            log_in(page, email)
        for name, address in pages_of(page, email, broken).items():
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address)
            if name in STEPS:
                STEPS[name][1](page)
            for details in page.locator("main details:not([open]) > summary").all():
                details.click()
            wrong[name] = inaccessible(page)
        context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.thorough
def test_open_dialogs_are_accessible_too(site: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=site.base_url)
    page = context.new_page()
    log_in(page)
    page.goto(addresses(page)["batch"])
    page.evaluate(AXE)
    for name in ("Cancel", "More"):
        page.get_by_role("button", name=name, exact=True).click()
        assert violations(page) == [], name
        page.keyboard.press("Escape")
    context.close()


@pytest.mark.thorough
def test_the_player_asks_another_host_only_after_the_click(site: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=site.base_url)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if site.base_url not in request.url else None)
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body="the player"))
    log_in(page)
    page.goto(addresses(page)["batch"])
    page.locator("#rows .title[href]").first.click()
    expect(page.get_by_role("button", name="Play here")).to_be_visible()
    assert asked == []
    page.get_by_role("button", name="Play here").click()
    expect(page.locator("iframe.player")).to_have_attribute(
        "src", "https://www.youtube-nocookie.com/embed/demo0000000?autoplay=1&start=0"
    )
    expect(page.frame_locator("iframe.player").get_by_text("the player")).to_be_visible()
    with page.expect_request("**/embed/*start=65"):
        page.get_by_role("link", name="Watch at 1:05").first.click()
    assert asked[-1] == "https://www.youtube-nocookie.com/embed/demo0000000?autoplay=1&start=65"
    assert len(context.pages) == 1
    context.close()


def test_a_transcript_is_searched_and_a_summary_copied(site: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=site.base_url, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    log_in(page)
    page.goto(addresses(page)["summary"])
    page.get_by_text("Copy as Markdown").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("---\ntitle: ")
    page.locator("#transcript > summary").click()
    page.get_by_label("Search in the transcript").fill("placebo")
    expect(page.locator("#finds")).to_contain_text("passage")
    for passage in page.locator(".script:visible").all():
        expect(passage).to_contain_text("placebo", ignore_case=True)
    context.close()
