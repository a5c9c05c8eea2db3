"""Pictures every page at phone and desk width, light and dark, into docs/images/. Needs Chromium."""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect, sync_playwright

from tests.installation import Installation
from tools.demo import EMAIL, NEWCOMER, PASSWORD, demo, error_pages

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTHS = {"phone": 390, "desk": 1280}
TALLEST = {"phone": 1700, "desk": 1500}  # pixels of a page that are worth looking at
LIVE, SAMPLES = "Watch later, November", "Samples"


def addresses(page: Page) -> dict[str, str]:
    """Name of each page that a user sees -> its address."""
    page.goto("/batches")
    live = page.get_by_role("link", name=LIVE).get_attribute("href") or ""
    samples = page.get_by_role("link", name=SAMPLES).get_attribute("href") or ""
    waiting = page.get_by_role("link", name="Conference talks").get_attribute("href") or ""
    cancelled = page.get_by_role("link", name="Lectures of last year").get_attribute("href") or ""
    page.goto(f"{live}?show=failed")
    captions = page.get_by_role("link", name="Upload captions for video").first.get_attribute("href") or ""
    page.goto(samples)
    summary = page.locator("#rows .title[href]").first.get_attribute("href") or ""
    return {
        "home": "/",
        "batch": live,
        "batch-finished": samples,
        "batch-waiting": waiting,
        "batch-cancelled": cancelled,
        "batches": "/batches",
        "again": f"{samples}/again",
        "captions": captions,
        "delete": f"{samples}/delete",
        "summary": summary,
        "summary-passage": f"{summary}?q=people&t=60#found",
        "library": "/library",
        "library-search": "/library?q=time",
        "library-nothing": "/library?q=zeppelin",
        "account": "/account",
        "tokens": "/account/tokens",
        "password": "/accounts/password/change/",
        "email": "/account/email",
        "delete-account": "/account/delete",
        "log-out": "/accounts/logout/",
        "operations": "/operations",
        "error-404": "/nothing",
    }


def first_steps() -> dict[str, str]:
    """The same for somebody who has nothing yet."""
    return {
        "home-first": "/",
        "batches-first": "/batches",
        "library-first": "/library",
        "tokens-first": "/account/tokens",
    }


def errors(page: Page, pages: dict[str, str]) -> dict[str, str]:
    """The error pages of `tools.demo.error_pages`, made to be found at addresses."""

    def answer(route: Route) -> None:
        route.fulfill(body=pages[route.request.url.rpartition("/")[2]], content_type="text/html; charset=utf-8")

    page.route("**/error/*", answer)
    return {f"error-{name.replace('_', '-')}": f"/error/{name}" for name in pages}


def pasted(page: Page) -> None:
    """What a text holds is told while it is typed."""
    lines = [f"https://youtu.be/paste{at:06d}" for at in (*range(9), 3, 4)]
    page.get_by_label("Links, one per line").fill("\n".join([*lines, "https://vimeo.com/76979871"]))
    expect(page.locator("#links-hint")).to_contain_text("9 videos")


def refused(page: Page) -> None:
    """Nothing that was sent is a link to a video."""
    page.get_by_label("Links, one per line").fill("https://vimeo.com/76979871\nhttps://www.youtube.com/watch?v=short")
    page.get_by_role("button", name="Summarize", exact=True).click()
    page.get_by_role("alert").wait_for()
    expect(page.locator("#links-hint")).to_contain_text("0 videos")


def pace(page: Page) -> None:
    """The batch at work says when it will be done once it was seen to move: three videos in a minute and a half."""
    page.evaluate("window.ahead = 90_000")
    expect(page.locator("#percent")).to_have_text("53")
    expect(page.locator("[data-count=ended]")).to_have_text("14")


def slow_start(socket: WebSocketRoute) -> None:
    """The first message to a page has three videos fewer than are finished; the next one has them all."""
    fewer = 3

    def pass_on(message: str | bytes) -> None:
        nonlocal fewer
        data = json.loads(message)
        progress = data["data"]["progress"]
        if progress["completed"] > fewer:
            progress["completed"] -= fewer
            fewer = 0
        socket.send(json.dumps(data))

    socket.connect_to_server().on_message(pass_on)


# Pages that are seen only after something was done on another: name -> (address, what to do).
STEPS = {"home-pasted": ("/", pasted), "home-refused": ("/", refused)}


def strangers() -> dict[str, str]:
    """The same for somebody without an account."""
    return {
        "welcome": "/",
        "login": "/accounts/login/",
        "reset": "/accounts/password/reset/",
        "signup": "/accounts/signup/",
    }


def pages_of(page: Page, email: str, broken: dict[str, str] | None = None) -> dict[str, str]:
    """Name -> address of all pages for who is logged in: EMAIL, NEWCOMER, or nobody, who sees `broken`, too."""
    if email == EMAIL:
        return addresses(page) | {name: address for name, (address, _) in STEPS.items()}
    return first_steps() if email else strangers() | errors(page, broken or {})


def log_in(page: Page, email: str = EMAIL) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url("**/")


def picture(page: Page, path: Path, tallest: int) -> None:
    """The page from its top, as a PNG with a palette: a third of the size, and nobody sees the difference."""
    if "#" not in page.url:
        page.evaluate("scrollTo(0, 0)")
    height = min(tallest, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})  # type: ignore[index]
    data = page.screenshot(animations="disabled")
    with Image.open(io.BytesIO(data)) as shot:
        small = shot.convert("RGB").quantize(64, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        small.save(path, optimize=True)


def visit(page: Page, pages: dict[str, str], folder_name: Callable[[str], Path], only: re.Pattern[str]) -> None:
    width = page.viewport_size["width"]  # type: ignore[index]  # it has one
    for name, address in pages.items():
        if not only.search(name):
            continue
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        page.wait_for_load_state("load")
        if name in STEPS:
            STEPS[name][1](page)
        if page.locator("#live[data-active=true]").count():
            page.locator("#connection.live").wait_for()
        if name == "batch":
            pace(page)
        page.evaluate("document.fonts.ready.then(() => true)")
        picture(page, folder_name(name), TALLEST["phone" if width < 800 else "desk"])


def visit_all(
    browser: Browser, app: Installation, theme: str, size: str, only: re.Pattern[str], broken: dict[str, str]
) -> None:
    """As a stranger, as somebody with everything, and as a newcomer."""

    def path(name: str) -> Path:
        return FOLDER / f"{name}-{size}-{theme}.png"

    for email in ("", EMAIL, NEWCOMER):
        context = browser.new_context(
            base_url=app.base_url,
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            viewport={"width": WIDTHS[size], "height": 800},
            reduced_motion="reduce",
        )
        context.add_init_script("const now = Date.now; Date.now = () => now() + (window.ahead ?? 0)")
        context.route_web_socket("**/ws/**", slow_start)
        page = context.new_page()
        if email:
            log_in(page, email)
        visit(page, pages_of(page, email, broken), path, only)
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="pattern of the names of pages to picture")
    parser.add_argument("--size", choices=WIDTHS, help="only this width")
    parser.add_argument("--theme", choices=("light", "dark"), help="only this theme")
    wanted = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        broken = error_pages(app)
        for size in [wanted.size] if wanted.size else WIDTHS:
            for theme in [wanted.theme] if wanted.theme else ("light", "dark"):
                visit_all(browser, app, theme, size, re.compile(wanted.only), broken)
        browser.close()


if __name__ == "__main__":
    main()
