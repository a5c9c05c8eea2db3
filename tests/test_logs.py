"""What the log says of work and of requests; and that it never says what people said, or what opens doors."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as active
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from batches.models import Batch, Transcript
from summarizer.logs import Binding, Json, Line, bound
from summarizer.side_by_side import side_by_side
from tests.batches.builders import items_of, make_user
from tests.batches.paid import llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM

__all__ = ["llm", "server"]
LOGGING: Any = active.LOGGING
KEY = "sk-ant-0123456789-secret"
logger = logging.getLogger("tests.logs")


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("deliberate, by owner@example.org")


urlpatterns = [path("", include("summarizer.urls")), path("broken", _broken)]
handler500 = "summarizer.problems.server_error"


class Written(io.StringIO):
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def about(self, message: str) -> dict[str, Any]:
        return next(line for line in self.lines() if line["message"].startswith(message))


def _listening(formatter: logging.Formatter) -> Iterator[Written]:
    written = Written()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    handler.addFilter(Binding())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def log() -> Iterator[Written]:
    """Everything that is logged, down to debug, as production writes it."""
    yield from _listening(Json(secrets=["", KEY]))


@pytest.fixture
def readable() -> Iterator[Written]:
    yield from _listening(Line("{levelname} {name}: {message}", secrets=[KEY]))


def words_of(batch: Batch) -> set[str]:
    """Every cue of the batch's transcripts."""
    transcripts = Transcript.objects.filter(items__batch=batch)
    return {cue[2] for transcript in transcripts for cue in transcript.cues}


# -- a video on its way


@pytest.mark.django_db
def test_neither_success_nor_failure_writes_transcripts_keys_or_addresses(
    log: Written, llm: FakeLLM, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = KEY
    user = make_user("owner@example.org")
    good = run(paid_batch(2, user=user))
    llm.configure(behaviours=[{"name": "malformed", "model": "", "after": 0, "times": 50}])
    bad = run(paid_batch(1, user=user))
    broken = paid_batch(1, user=user)
    Transcript.objects.filter(items__batch=broken).update(cues=[["0:00", 1.0, "Whispered words."]])
    run(broken)
    assert (good.completed_videos, broken.failed_videos) == (2, 1)
    assert bad.completed_videos == 0
    text = log.getvalue()
    assert [words for batch in (good, bad, broken) for words in words_of(batch) if words in text] == []
    assert KEY not in text
    assert "owner@example.org" not in text
    said = log.about("failed unexpectedly")
    [item] = items_of(broken)
    assert (said["batch"], said["item"], said["attempt"]) == (str(broken.pk), str(item.pk), "1")
    assert "Traceback" in said["error"]
    assert "work.py" in said["error"]


@pytest.mark.django_db
def test_parts_of_a_long_video_are_logged_as_its_own(log: Written, llm: FakeLLM) -> None:
    seen: list[str] = []

    def call(key: int, progress: object) -> None:
        logger.info("part %d", key)

    with bound(item="the-item"):
        side_by_side([1, 2, 3], call, lambda key, answer: seen.append(str(key)), lambda *_: None, 3)
    assert {line["message"]: line["item"] for line in log.lines() if line["logger"] == "tests.logs"} == {
        f"part {number}": "the-item" for number in (1, 2, 3)
    }
    assert sorted(seen) == ["1", "2", "3"]


def test_lanes_do_not_mix_up_what_they_work_on(log: Written) -> None:
    def work(number: int) -> None:
        with bound(item=number):
            for _ in range(20):
                logger.info("%d", number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    logger.info("afterwards")
    ours = [line for line in log.lines() if line["logger"] == "tests.logs"]
    assert len(ours) == 81
    assert all(line["message"] == line["item"] for line in ours[:-1])
    assert "item" not in ours[-1]


# -- what is struck out


def test_an_error_while_an_item_is_worked_on_is_named_without_its_text(log: Written) -> None:
    first, second = "Whispered words.", "more of them"  # the lines of code themselves are shown
    with bound(item="x"):
        try:
            raise ValueError(first) from KeyError(second)
        except ValueError as error:
            logger.warning("it failed: %s", error)
            logger.exception("unexpectedly")
    assert "Whispered" not in log.getvalue()
    assert "more of them" not in log.getvalue()
    assert log.about("it failed")["message"] == "it failed: ValueError"
    assert log.about("unexpectedly")["error"].endswith("ValueError")
    assert "KeyError\nled to\n" in log.about("unexpectedly")["error"]


def test_elsewhere_an_error_says_its_first_line_for_databases_quote_rows_below(log: Written) -> None:
    logger.warning("away: %s", RuntimeError("no such host\nDETAIL: Failing row contains (Whispered words.)"))
    assert log.about("away")["message"] == "away: RuntimeError: no such host"


@pytest.mark.parametrize(
    "text",
    [KEY, "a.b+c@example.co.uk", "postgres://summarizer:pass-word@db/x", "http://proxy:pass-word@proxy.example"],
)
def test_secrets_are_struck_out_whoever_writes_them(log: Written, text: str) -> None:
    logger.info("It is %s, isn't it?", text)
    said = log.about("It is")["message"]
    assert "***" in said
    assert not any(part in said for part in (KEY, "example.co", "pass-word"))


def test_the_settings_secrets_are_among_them() -> None:
    assert active.SECRET_KEY in LOGGING["formatters"]["json"]["secrets"]


@pytest.mark.parametrize("library", ["anthropic", "openai", "httpcore", "urllib3", "django.db.backends"])
def test_libraries_that_log_whole_requests_are_silent_even_for_who_looks_for_a_fault(library: str) -> None:
    assert LOGGING["loggers"][library]["level"] == "WARNING"


def test_a_readable_line_says_the_same(readable: Written) -> None:
    with bound(item="x", attempt=2):
        logger.warning("It is %s.", KEY)
    assert "WARNING tests.logs: It is ***. [item=x attempt=2]\n" in readable.getvalue()


# -- requests


@pytest.mark.urls("tests.test_logs")
def test_a_request_that_fails_is_found_in_the_log_by_its_id(log: Written) -> None:
    answer = Client(raise_request_exception=False).get("/broken")
    said = log.about("Internal Server Error")
    assert said["request"] == answer["X-Request-ID"]
    assert "RuntimeError: deliberate, by ***@***" in said["error"]


@pytest.mark.parametrize(("given", "kept"), [("proxy-1.2", True), ("two words", False), ("x" * 65, False), ("", False)])
def test_a_proxys_id_is_kept_if_it_is_one(given: str, kept: bool) -> None:
    answer = Client(headers={"X-Request-ID": given}).get("/healthz")
    assert (answer["X-Request-ID"] == given) is kept
    assert answer["X-Request-ID"]
