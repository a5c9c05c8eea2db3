"""The chapters that a video's author wrote into its description, by the rules by which YouTube itself finds them.

Source: https://support.google.com/youtube/answer/9884579 (a list of times from 0:00 on, at least three, ascending,
each of at least ten seconds).
"""

from __future__ import annotations

import re
from itertools import pairwise

from summarizer.records import AuthorChapter
from summarizer.text import tidy

_FEWEST = 3
_SHORTEST = 10.0  # seconds
MOST = 200
_LONGEST_TITLE = 200
_MOST_TEXT = 10_000  # YouTube takes 5,000 characters
_TIME = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)(?!:?\d)")
_AROUND = " \t-–—:|.,•·*>()[]"


def from_description(text: str, duration: float | None = None) -> tuple[AuthorChapter, ...]:
    """() when the description has no such list; what begins behind `duration`, in seconds, is none."""
    found: list[AuthorChapter] = []
    for line in text[:_MOST_TEXT].splitlines():
        time = _TIME.search(line)
        title = tidy(line[: time.start()] + " " + line[time.end() :]).strip(_AROUND)[:_LONGEST_TITLE] if time else ""
        if time is None or not title:
            continue
        start = int(time[1] or 0) * 3600 + int(time[2]) * 60 + int(time[3])
        begins_a_list = start == 0 and len(found) < _FEWEST  # what came before was none
        if begins_a_list:
            found = []
        if (found or start == 0) and (not found or start > found[-1].start) and (not duration or start < duration):
            found.append(AuthorChapter(title, float(start)))
    is_long = all(after.start - before.start >= _SHORTEST for before, after in pairwise(found))
    return tuple(found[:MOST]) if len(found) >= _FEWEST and is_long else ()
