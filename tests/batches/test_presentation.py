"""Wording that the pages share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from batches import presentation, words
from summarizer.errors import EngineError, InvalidInput, Stopped, SummarizerError, TranscriptError, VideoRestricted


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (65.9, "1:05"), (3599, "59:59"), (3753, "1:02:33"), (28800, "8:00:00"), (None, "")],
)
def test_times_are_shown_as_players_do(seconds: float | None, shown: str) -> None:
    assert presentation.clock(seconds) == shown


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("de-CH", "German"),
        ("zh-Hans", "Chinese, simplified"),
        ("pt-BR", "Brazilian Portuguese"),
        ("tlh", "tlh"),
        ("", ""),
    ],
)
def test_languages_have_names_or_stay_tags(tag: str, name: str) -> None:
    assert presentation.language_name(tag) == name


def test_every_language_of_the_form_has_a_name() -> None:
    assert all(presentation.language_name(tag) != tag for tag in presentation.LANGUAGES)


def _leaves(kind: type[SummarizerError]) -> Iterator[type[SummarizerError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _leaves(child)


def test_every_error_that_fails_a_video_has_a_title() -> None:
    ours = {error for error in _leaves(SummarizerError) if error.__module__ == "summarizer.errors"}
    codes = {
        error.code for error in ours - {TranscriptError, EngineError, Stopped, InvalidInput, *_leaves(InvalidInput)}
    }
    assert codes | set(VideoRestricted.codes) <= set(words.CAUSES)
    assert set(words.CAUSES) >= presentation.UPLOADABLE


def test_an_unknown_code_is_still_readable() -> None:
    assert presentation.cause("something_new") == "Something new"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, ""), (0.5, "in 1 s"), (40, "in 41 s"), (240, "in 4 min"), (5400, "in 90 min"), (18000, "in 5 h")],
)
def test_waits_are_told_in_people_s_units(seconds: float, shown: str) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert presentation.until(now + timedelta(seconds=seconds), now) == shown


def test_lists_are_read_aloud() -> None:
    assert presentation.listed([]) == ""
    assert presentation.listed(["a"]) == "a"
    assert presentation.listed(["a", "b"]) == "a and b"
    assert presentation.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, ""),
        (30, "less than a minute left"),
        (60, "about a minute left"),
        (400, "about 7 minutes left"),
        (3600, "about an hour left"),
        (9000, "about 2.5 hours left"),
    ],
)
def test_what_is_left_is_told_as_the_script_does(seconds: float, told: str) -> None:
    assert presentation.left(seconds) == told


def test_what_was_heard_is_told_in_seconds_then_minutes() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert presentation.ago(now - timedelta(seconds=5), now) == "5 s ago"
    assert presentation.ago(now - timedelta(minutes=5), now) == "5 min ago"
