"""What the scripts of the pages must not get wrong: a web process, rows without a worker, messages made here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.installation import Installation
from tools.demo import EMAIL
from tools.screenshots import log_in

FILL = f"""
from accounts.models import User
from batches.models import Item
from batches import search
from tests.batches.builders import items_of, make_batch, make_transcript, make_video
user = User.objects.get(email={EMAIL!r})
videos = [make_video(title=f"Talk {{number}}") for number in range(1, 7)]
states = ["completed", "completed", "failed", "failed", "processing", "pending"]
batch = make_batch(states, user=user, videos=videos, name="At work", rejected=[(9, "https://x.org", "Not a link.")])
for item, code in zip(items_of(batch)[2:4], ["rate_limited", "youtube_failed"]):
    Item.objects.filter(pk=item.pk).update(error_code=code, error_retryable=True, error_message="Try again.")
for item in items_of(batch)[:2]:
    item.summary.transcript = make_transcript(item.video)
    item.summary.save()
    search.add(item.summary, search.document(item.summary, item.summary.transcript))
finished = make_batch(["completed"], user=user, name="Done")
print(batch.pk, finished.pk, items_of(batch)[0].summary_id)
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("app"), {"REDIS_URL": ""}, roles=("web",)) as installation:
        installation.sign_up(EMAIL)
        yield installation


@pytest.fixture(scope="module")
def keys(app: Installation) -> list[str]:
    """Of a batch at work, of a finished one, and of a summary."""
    return app.manage("shell", "--verbosity=0", "-c", FILL).stdout.split()


@pytest.fixture(scope="module")
def session(app: Installation, browser: Browser) -> dict[str, Any]:
    context = browser.new_context(base_url=app.base_url)
    log_in(context.new_page())
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def context(app: Installation, browser: Browser, session: dict[str, Any]) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=app.base_url, storage_state=session)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    assert wrong == []


Send = Callable[..., None]


@pytest.fixture
def send(page: Page) -> Send:
    """Sends the page of a batch a message as its socket would, with other counts than those of `FILL`."""
    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/ws/batch/*", lambda socket: sockets.append(socket))

    def send(status: str = "processing", **told: Any) -> None:
        counts: dict[str, float] = {
            "total": 6,
            "completed": 2,
            "failed": 2,
            "processing": 1,
            "pending": 1,
            "cancelled": 0,
            "lists": 0,
        }
        counts |= {name: told.pop(name) for name in set(counts) & set(told)}
        counts["percentage"] = (counts["completed"] + counts["failed"]) / 6 * 100
        data: dict[str, Any] = {
            "status": status,
            "progress": counts,
            "current_item": None,
            "items": [],
            "expansions": [],
            "rev": 2,
        }
        data |= {"more": False, "waiting": None, "slowed": None, "stop_message": "", "export_url": "/"}
        sockets[0].send(json.dumps({"type": "batch_progress", "data": data | told}))

    return send


def test_the_library_exports_as_often_as_it_is_asked(page: Page, keys: list[str]) -> None:
    page.goto("/library")
    for _ in range(2):
        with page.expect_download():
            page.get_by_role("button", name="Export all").click()


def test_pressing_twice_sends_once_and_leaves_no_draft(page: Page) -> None:
    sent: list[Route] = []
    page.route("**/", lambda route: sent.append(route) if route.request.method == "POST" else route.continue_())
    page.goto("/")
    page.get_by_label("Links, one per line").fill("https://youtu.be/twicetwice1")
    for _ in range(3):
        page.keyboard.press("Control+Enter")
    page.wait_for_timeout(400)  # longer than a draft waits to be stored
    assert len(sent) == 1
    sent[0].continue_()
    page.wait_for_url("**/batches/*")
    page.goto("/")
    expect(page.get_by_label("Links, one per line")).to_have_value("")


def test_logged_out_meanwhile_nothing_typed_or_chosen_is_lost(app: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=app.base_url)
    page = context.new_page()
    log_in(page)
    links = page.get_by_label("Links, one per line")
    links.fill("https://youtu.be/loggedout01")
    context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Summarize", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(
        "You are logged out. Log in in another tab, then send this again. Nothing is lost."
    )
    expect(links).to_have_value("https://youtu.be/loggedout01")
    log_in(context.new_page())
    page.get_by_role("button", name="Summarize", exact=True).click()
    page.wait_for_url("**/batches/*")
    context.close()


def test_a_link_dropped_anywhere_joins_the_others_and_what_is_wrong_is_named(page: Page) -> None:
    page.goto("/")
    links = page.get_by_label("Links, one per line")
    links.fill("https://vimeo.com/76979871")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "https://youtu.be/dropped0001");
            for (const kind of ["dragenter", "drop"]) {
                const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
                document.querySelector("h1").dispatchEvent(event);
            }
        }"""
    )
    expect(links).to_have_value("https://vimeo.com/76979871\nhttps://youtu.be/dropped0001")
    expect(page.locator("#links-hint")).to_have_text("1 video · 1 link that cannot be taken")
    expect(page.locator("#rejected")).to_contain_text("Line 1: https://vimeo.com/76979871 “vimeo.com” is not YouTube.")


def test_a_draft_is_nobody_elses(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Links, one per line").fill("https://youtu.be/mydraft0001")
    page.wait_for_function("() => Object.values(sessionStorage).join().includes('mydraft')")
    page.evaluate("sessionStorage.setItem('draft-another', sessionStorage.getItem(sessionStorage.key(0)))")
    page.evaluate("sessionStorage.removeItem(Object.keys(sessionStorage).find(key => key !== 'draft-another'))")
    page.reload()
    expect(page.get_by_label("Links, one per line")).to_have_value("")


def test_a_finished_page_asks_nobody_whether_it_is_online(page: Page, keys: list[str]) -> None:
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    page.goto(f"/batches/{keys[1]}")
    expect(page.locator("#connection")).to_have_text("Finished")
    page.evaluate("for (const kind of ['offline', 'online']) dispatchEvent(new Event(kind))")
    expect(page.locator("#connection")).to_have_text("Finished")
    assert opened == []


def test_offline_is_said_aloud_while_it_runs_and_not_after_the_end(page: Page, keys: list[str], send: Send) -> None:
    page.goto(f"/batches/{keys[0]}")
    send()
    expect(page.locator("#connection")).to_have_text("Live")
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_text("Offline")
    expect(page.locator("#announcer")).to_have_text("Offline")
    send("cancelled", cancelled=2, processing=0, pending=0)
    expect(page.locator("#connection")).to_have_text("Cancelled")
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_text("Cancelled")


def test_an_end_with_failures_gets_no_tick_though_nobody_can_be_notified(
    page: Page, keys: list[str], send: Send
) -> None:
    page.add_init_script(
        """window.Notification = class { static permission = "granted"; constructor() { throw new TypeError("no"); } };
           document.hasFocus = () => false;"""
    )
    page.goto(f"/batches/{keys[0]}")
    send("completed", completed=2, failed=4, processing=0, pending=0)
    expect(page.locator("#announcer")).to_contain_text("The batch has ended.")
    assert page.title().startswith("! · ")
    assert "d3382f" in str(page.locator("link[rel=icon]").get_attribute("href"))


def test_permission_to_notify_is_confirmed(page: Page, keys: list[str]) -> None:
    page.add_init_script("Notification.requestPermission = async () => 'granted'")
    page.goto(f"/batches/{keys[0]}")
    page.evaluate("document.documentElement.classList.add('askable')")
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_role("button", name="You will be told")).to_be_disabled()


def test_a_list_that_has_changed_since_it_was_rendered_says_so(page: Page, keys: list[str], send: Send) -> None:
    page.goto(f"/batches/{keys[0]}?show=failed")
    send()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#stale")).to_be_hidden()
    send(failed=3, processing=0)
    expect(page.locator("#stale")).to_be_visible()


def test_why_nothing_more_begins_stands_beside_what_runs(page: Page, keys: list[str], send: Send) -> None:
    page.goto(f"/batches/{keys[0]}")
    item = {"position": 5, "video_title": "Talk 5", "stage": "summarizing", "url": None}
    send(current_item=item, slowed={"reason": "Fetching at YouTube's pace.", "until": None})
    expect(page.locator("#now")).to_have_text("Now: Summarizing … Talk 5")
    expect(page.locator("#why")).to_have_text("Fetching at YouTube's pace.")


def test_the_captions_of_a_row_can_be_uploaded_as_long_as_it_lacks_them(
    page: Page, app: Installation, keys: list[str], send: Send
) -> None:
    page.goto(f"/batches/{keys[0]}")
    row = page.locator("#rows .row.processing")
    item: dict[str, Any] = {
        "id": str(row.get_attribute("id")).removeprefix("item-"),
        "status": "failed",
        "video_title": "Talk 5",
    }
    item |= {"error_message": "It has none.", "duration": 9000.0, "channel": "", "summary_id": None}
    send(items=[item | {"uploadable": True}])
    upload = page.get_by_role("link", name="Upload captions for video 5")
    expect(upload).to_be_visible()
    expect(page.locator(f"#item-{item['id']} .length")).to_have_text("2:30:00")
    send(items=[item | {"status": "pending", "uploadable": False, "not_before": None}])
    expect(upload).to_be_hidden()


REFRESH = "async ids => (await import('/static/js/site.js')).refresh(ids)"


def test_a_refresh_keeps_the_focus_on_the_right_cause_and_open_what_is_open(
    app: Installation, page: Page, keys: list[str]
) -> None:
    page.goto(f"/batches/{keys[0]}")
    page.locator("#left summary").click()  # few lines are open at first
    second = page.locator("#retry-youtube_failed")
    second.focus()
    page.evaluate(REFRESH, ["causes", "left"])
    expect(second).to_be_focused()
    assert page.locator("#left details").get_attribute("open") is None
    page.route("**/batches/*", lambda route: route.fulfill(body='<div id="causes"></div>', content_type="text/html"))
    page.evaluate(REFRESH, ["causes"])
    expect(page.locator("#main")).to_be_focused()


ESTIMATE = """async steps => {
  const { estimate } = await import("/static/js/estimate.js");
  let now = 0;
  const words = { soon: "soon", minute: "1 m", minutes: "{number} m", hour: "1 h", hours: "{number} h" };
  const left = estimate(words, 7200, () => now);
  return steps.map(([seconds, ended, until]) => {
    now = seconds * 1000;
    return left({ ended, total: 100, cancelled: 0 }, until && new Date(until * 1000));
  });
}"""


def test_how_long_it_takes_is_guessed_first_then_seen(page: Page) -> None:
    page.goto("/")

    def told(*steps: list[float]) -> list[str]:
        """What is said at each of the steps: [seconds, ended videos, when more may begin]."""
        said: list[str] = page.evaluate(ESTIMATE, list(steps))
        return said

    assert told([0, 0], [3600, 0], [7300, 0]) == ["2 h", "1 h", ""]  # the guess of the server, for as long as it holds
    assert told([0, 0], [300, 1], [600, 2], [900, 3], [1200, 4])[-1] == "8 h"  # slower than a video a minute
    bursts = [[100 * burst + step / 4, 8 * burst - 7 + step] for burst in (1, 2, 3) for step in range(8)]
    assert set(told([0, 0], *bursts)[-8:]) <= {"17 m", "16 m"}  # between two of them nothing swings
    assert told([0, 0], [10, 4], [20, 8], [20, 8, 1220])[-1] == "24 m"  # more begins in 20, and then takes its time
    assert told([0, 0], [20, 0, 9020])[-1] == "2.5 h"  # the guess knew nothing of that


def test_a_print_is_dark_on_white_in_every_theme(page: Page, keys: list[str]) -> None:
    page.goto(f"/summaries/{keys[2]}")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator("body")).to_have_css("color", "rgb(232, 234, 238)")
    page.emulate_media(media="print")
    expect(page.locator("body")).to_have_css("color", "rgb(22, 25, 31)")
    expect(page.locator(".top")).to_be_hidden()


def test_where_one_is_shows_without_colours(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    page.goto("/batches")
    expect(page.get_by_role("link", name="Batches", exact=True)).to_have_css("text-decoration-line", "underline")


def test_the_player_takes_the_focus_stays_in_sight_and_out_of_the_history(page: Page, keys: list[str]) -> None:
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body="the player"))
    page.goto(f"/summaries/{keys[2]}")
    page.get_by_role("button", name="Play here").click()
    expect(page.locator("iframe.player")).to_be_focused()
    expect(page.frame_locator("iframe.player").get_by_text("the player")).to_be_visible()
    steps = page.evaluate("history.length")
    with page.expect_request("**/embed/*start=65"):
        page.get_by_role("link", name="Watch at 1:05").first.click()
    assert page.evaluate("history.length") == steps
    page.set_viewport_size({"width": 800, "height": 600})
    page.mouse.wheel(0, 2000)
    expect(page.locator("iframe.player")).to_be_in_viewport()


def test_keys_turn_pages_only_alone(page: Page, keys: list[str]) -> None:
    page.goto(f"/summaries/{keys[2]}")
    page.wait_for_load_state()
    address = page.url
    for key in ("j", "k", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert page.url == address
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2 of 6")).to_be_visible()


def test_a_passage_that_a_search_hides_is_shown_when_it_is_asked_for(page: Page, keys: list[str]) -> None:
    page.goto(f"/summaries/{keys[2]}")
    page.locator("#transcript > summary").click()
    find = page.get_by_label("Search in the transcript")
    find.fill("z")
    expect(page.locator("#finds")).to_be_empty()
    find.fill("zeppelin")
    passage = page.locator(".script").first
    expect(passage).to_be_hidden()
    page.get_by_role("link", name="Read the captions at 0:04").first.click()
    expect(passage).to_be_visible()


def test_where_copying_is_not_to_be_had_the_link_says_that_it_downloads(page: Page, keys: list[str]) -> None:
    page.add_init_script("delete window.ClipboardItem")
    page.goto(f"/summaries/{keys[2]}")
    with page.expect_download():
        page.get_by_role("link", name="Download as Markdown").click()
