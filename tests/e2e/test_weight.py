"""10,000 rows and 20 changes a second: the page stays at hand. A real server; changes come as its socket sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.installation import Installation
from tools.demo import EMAIL
from tools.screenshots import log_in

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

ROWS, CHANGES, PAUSE = 10_000, 100, 50  # rows, messages, ms between two of them
LONGEST = 100  # ms
FILL = f"""
from accounts.models import User
from tests.batches.builders import make_batch
statuses = ["completed"] * 50 + ["processing"] * 16 + ["pending"] * ({ROWS} - 66)
print(make_batch(statuses, user=User.objects.get(email={EMAIL!r}), name="Ten thousand").pk)
"""
WATCH = """
window.long = [];
new PerformanceObserver(list => window.long.push(...list.getEntries().map(task => task.duration)))
  .observe({ type: "longtask", buffered: false });
"""
STALL = """
() => new Promise(done => setTimeout(() => {
  const end = performance.now() + 150;
  while (performance.now() < end);
  setTimeout(() => done(window.long.splice(0)), 500);
}))
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("app"), {"REDIS_URL": ""}, roles=("web",)) as installation:
        yield installation


def message(rows: list[dict[str, Any]], at: int) -> str:
    """The `at`-th change: one more row is done, the next is begun."""
    done = 50 + at
    row = rows[done] | {"status": "completed", "channel": "The Channel", "not_before": None, "error_message": None}
    begun = rows[done + 16] | {"status": "processing", "stage": "summarizing"}
    progress = {"total": ROWS, "completed": done, "failed": 0, "cancelled": 0, "processing": 16, "lists": 0}
    data = {
        "status": "processing",
        "progress": progress | {"pending": ROWS - done - 16, "percentage": done / ROWS * 100},
        "current_item": {"position": done, "video_title": row["video_title"], "stage": "summarizing", "url": None},
        "items": [row, begun],
        "expansions": [],
        "rev": at + 2,
    }
    empty = {"more": False, "waiting": None, "stop_message": "", "export_url": None}
    return json.dumps({"type": "batch_progress", "data": data | empty})


def test_no_long_task_with_ten_thousand_rows_and_twenty_changes_a_second(app: Installation, browser: Browser) -> None:
    api = app.sign_up(EMAIL)
    batch = app.manage("shell", "--verbosity=0", "-c", FILL).stdout.strip()
    rows = api.batch(batch)["items"][:200]
    context = browser.new_context(base_url=app.base_url)
    page = context.new_page()
    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/ws/batch/*", lambda socket: sockets.append(socket))
    log_in(page)
    page.goto(f"/batches/{batch}")
    expect(page.locator("#rows .row")).to_have_count(100)
    page.evaluate(WATCH)
    assert page.evaluate(STALL) != []  # a long task is seen when there is one
    for at in range(1, CHANGES + 1):
        sockets[0].send(message(rows, at))
        page.wait_for_timeout(PAUSE)
    expect(page.locator("[data-count=completed]").first).to_have_text(str(50 + CHANGES))
    long = page.evaluate("window.long")
    context.close()
    assert [took for took in long if took > LONGEST] == []
