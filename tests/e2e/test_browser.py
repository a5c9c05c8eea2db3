"""The pages in a real browser against real processes: live, reconnecting, polling, without scripts, files, policy."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.fakes.youtube import FakeYouTube
from tests.installation import PASSWORD, Installation

SRT = b"1\n00:00:01,000 --> 00:00:06,000\nBread needs time and patience.\n"
WORK = 90_000  # ms; a worker needs some seconds to start, more on a busy machine


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation without a worker: each test says when work is done."""
    with FakeYouTube() as youtube:
        env = {"YOUTUBE_BASE_URL": youtube.base_url, "YOUTUBE_PER_HOUR": "0", "SIGNUP": "open"}
        env |= {"ANTHROPIC_API_KEY": "never used", "DEFAULT_MODEL": "extractive"}
        with Installation(tmp_path_factory.mktemp("app"), env) as installation:
            installation.kill("worker")
            yield installation


@pytest.fixture(scope="module")
def session(app: Installation, browser: Browser) -> dict[str, object]:
    """The cookies of somebody who signed up in the browser."""
    context = browser.new_context(base_url=app.base_url)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Create the administrator account").click()
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Summarize a batch")).to_be_visible()
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def context(app: Installation, browser: Browser, session: dict[str, object]) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=app.base_url, storage_state=session)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may offend the policy or throw."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    assert wrong == []


def links(count: int, prefix: str) -> str:
    return "\n".join(f"https://youtu.be/{prefix}{number:0{11 - len(prefix)}}" for number in range(count))


def create(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("Links, one per line").fill(text)
    page.get_by_role("button", name="Summarize", exact=True).click()
    page.wait_for_url("**/batches/*")


def test_from_paste_to_zip_it_is_watched_live(app: Installation, page: Page) -> None:
    create(page, links(6, "live") + "\n" + links(1, "gone"))
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#why")).to_contain_text("Waiting for a worker")
    before = page.locator("#rows").bounding_box()
    app.start("worker")
    try:
        expect(page.locator("#connection")).to_have_text("Finished", timeout=WORK)
    finally:
        app.kill("worker")
    expect(page.locator(".tally")).to_contain_text("7 of 7 finished 1 of them failed")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#causes")).to_contain_text("The video does not exist any more · 1")
    expect(page.locator("#rows .completed .title[href]")).to_have_count(6)
    assert page.title().startswith("! · ")
    after = page.locator("#rows").bounding_box()
    assert before is not None
    assert after is not None
    # Only the row that failed may have grown, for its sentence.
    assert after["height"] - before["height"] < 24
    with page.expect_download() as download:
        page.get_by_role("link", name="Download ZIP").click()
    assert zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).testzip() is None
    page.locator("#rows .completed .title").first.click()
    expect(page.get_by_role("heading", name="Key points")).to_be_visible()
    page.wait_for_load_state()  # the keys belong to a script
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2 of 7")).to_be_visible()


def test_a_killed_server_is_told_apart_and_come_back_to(app: Installation, page: Page) -> None:
    create(page, links(3, "kill"))
    expect(page.locator("#connection")).to_have_text("Live")
    app.kill("web")
    try:
        expect(page.locator("#connection")).to_contain_text("Reconnecting in", timeout=10_000)
        expect(page.locator("#connection")).to_have_text("Offline", timeout=20_000)
    finally:
        app.start("web")
    expect(page.locator("#connection")).to_have_text("Live", timeout=45_000)


def test_where_sockets_are_blocked_it_polls_to_the_end(app: Installation, context: BrowserContext, page: Page) -> None:
    page.route_web_socket("**/*", lambda socket: socket.close())
    create(page, links(3, "poll"))
    expect(page.locator("#connection")).to_have_text("Polling every 2 s", timeout=20_000)
    app.start("worker")
    try:
        expect(page.locator("#connection")).to_have_text("Finished", timeout=WORK)
    finally:
        app.kill("worker")
    expect(page.locator(".tally")).to_contain_text("3 of 3 finished")


def test_cancelling_keeps_what_is_done_and_goes_on_later(app: Installation, page: Page) -> None:
    create(page, links(2, "canc"))
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("What is done is kept: read it")).to_be_visible()
    page.get_by_role("button", name="Cancel the batch").click()
    expect(page.locator(".tally")).to_contain_text("2 cancelled")
    page.get_by_role("button", name="Go on with the rest").click()
    expect(page.locator(".tally")).to_contain_text("2 waiting")


def test_two_tabs_tell_the_same(context: BrowserContext, page: Page) -> None:
    create(page, links(3, "tabs"))
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator("#connection")).to_have_text("Live")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the batch").click()
    expect(page.locator(".tally")).to_contain_text("3 cancelled")
    expect(other.locator(".tally")).to_contain_text("3 cancelled", timeout=10_000)
    expect(other.get_by_role("button", name="Go on with the rest")).to_be_visible()


def test_two_users_see_nothing_of_each_other(app: Installation, browser: Browser, page: Page) -> None:
    create(page, links(1, "mine"))
    stranger = browser.new_context(base_url=app.base_url)
    try:
        theirs = stranger.new_page()
        theirs.goto("/accounts/signup/")
        theirs.get_by_label("E-mail").fill("bob@example.org")
        theirs.get_by_label("Password", exact=False).first.fill(PASSWORD)
        theirs.get_by_role("main").get_by_role("button").first.click()
        expect(theirs.get_by_role("heading", name="Summarize a batch")).to_be_visible()
        answer = theirs.goto(page.url)
        assert answer is not None
        assert answer.status == 404
        for path in ("/", "/batches", "/library"):
            theirs.goto(path)
            expect(theirs.locator("a[href*='/batches/'], a[href*='/summaries/']")).to_have_count(0)
    finally:
        stranger.close()


def test_what_failed_is_tried_again_at_a_click_to_the_end(app: Installation, page: Page) -> None:
    create(page, links(2, "more") + "\n" + links(1, "gone"))
    app.start("worker")
    try:
        expect(page.locator("#connection")).to_have_text("Finished", timeout=WORK)
    finally:
        app.kill("worker")
    page.get_by_role("button", name="Retry 1 failed").click()
    expect(page.locator(".tally")).to_contain_text("1 waiting")
    expect(page.locator("#rows .completed .title[href]")).to_have_count(2)
    app.start("worker")
    try:
        expect(page.locator("#connection")).to_have_text("Finished", timeout=WORK)
    finally:
        app.kill("worker")
    expect(page.locator(".tally")).to_contain_text("3 of 3 finished 1 of them failed")


def test_without_scripts_the_page_refreshes_itself(
    app: Installation, browser: Browser, page: Page, session: dict[str, object]
) -> None:
    create(page, links(2, "nojs"))
    plain = browser.new_context(
        base_url=app.base_url,
        storage_state=session,  # type: ignore[arg-type]
        java_script_enabled=False,
    )
    without = plain.new_page()
    without.goto(page.url)
    expect(without.locator("#connection")).to_contain_text("Refreshes every 5 s")
    app.start("worker")
    try:
        expect(without.locator("#connection")).to_have_text("Finished", timeout=WORK)
    finally:
        app.kill("worker")
        plain.close()


def test_a_dropped_file_joins_the_chosen_ones_and_survives_an_error(page: Page) -> None:
    page.goto("/")
    good: FilePayload = {"name": "good.srt", "mimeType": "text/plain", "buffer": SRT}
    bad: FilePayload = {"name": "bad.srt", "mimeType": "text/plain", "buffer": b"\x00\x01\x02" * 99}
    page.get_by_label("Choose files").set_input_files([good, bad])
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["https://youtu.be/dropped0001"], "links.txt", { type: "text/plain" }));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    chosen = page.get_by_role("list", name="Chosen files")
    expect(chosen.get_by_role("listitem")).to_have_count(3)
    page.get_by_role("button", name="Summarize", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("bad.srt is not a text file")
    expect(chosen.get_by_role("listitem")).to_have_count(3)
    page.get_by_role("button", name="Remove bad.srt").click()
    page.get_by_role("button", name="Summarize", exact=True).click()
    page.wait_for_url("**/batches/*")
    expect(page.get_by_role("status")).to_contain_text("“links.txt” as links (1 video) and “good.srt” as captions")


def test_what_is_typed_survives_a_reload_and_is_counted(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Links, one per line").fill(links(2, "draf") + "\nhttps://www.youtube.com/playlist?list=WL")
    expect(page.locator("#links-hint")).to_have_text("2 videos · 1 link that cannot be taken")
    page.reload()
    expect(page.locator("#links-hint")).to_have_text("2 videos · 1 link that cannot be taken")


def test_another_model_says_at_once_what_it_costs(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Links, one per line").fill(links(2, "cost"))
    expect(page.locator("#links-hint")).to_have_text("2 videos")
    page.get_by_label("Model", exact=True).select_option("anthropic:claude-sonnet-5-5")
    expect(page.locator("#links-hint")).to_have_text("2 videos · about $0.049 an hour of video")


def test_the_theme_is_chosen_and_remembered(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Theme: Auto").click()
    page.get_by_role("button", name="Theme: Light").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(15, 17, 21)")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(width: int, app: Installation, page: Page) -> None:
    create(page, links(2, f"w{width}") + "\nhttps://www.youtube.com/playlist?list=" + "PL" + "?" * 120)
    page.set_viewport_size({"width": width, "height": 800})
    for address in (page.url, "/", "/batches", "/account/tokens", "/account"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_nothing_typed_is_lost_by_a_reload(page: Page) -> None:
    page.goto("/")
    typed = {"#links": "https://youtu.be/reloaded001", "#name": "Later", "#instructions": "Prices only"}
    page.get_by_text("Name, instructions and captions").click()
    for field, value in typed.items():
        page.locator(field).fill(value)
    page.locator("#length").select_option("brief")
    page.wait_for_function("() => Object.values(sessionStorage).join().includes('brief')")
    page.reload()
    for field, value in (typed | {"#length": "brief"}).items():
        expect(page.locator(field)).to_have_value(value)
    expect(page.locator("#name")).to_be_visible()
    expect(page.locator("#links-hint")).to_contain_text("1 video")


def test_the_icon_shows_how_far_it_is(page: Page) -> None:
    create(page, links(2, "icon"))
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("link[rel=icon]")).to_have_attribute(
        "href", re.compile(r"data:image/svg.*dasharray%3D%220%20100")
    )
    assert page.title().startswith("0% · ")
