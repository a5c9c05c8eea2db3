"""Cues to numbered segments, segments to the parts that fit into one call of a model, and an author's chapters to
segments. Deterministic, no I/O.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence

from summarizer.errors import ContextOverflow
from summarizer.records import NO_PARTICULARS, Cue, Particulars, Segment, Video
from summarizer.text import ends_sentence, join

SHORTEST, TARGET, LONGEST = 30.0, 45.0, 60.0  # seconds
MOST_CHARACTERS = 2000  # a minute of the fastest speech has 1,500
_PAUSE = 1.5  # seconds of silence that count as a full stop


def segment(cues: Sequence[Cue]) -> list[Segment]:
    """Whole cues (sorted by start, as `transcripts.cleaning.clean` gives them) in segments of 30 to 60 seconds.

    A segment ends at the end of a sentence or before a pause where there is one in that time. It is shorter where the
    video is silent or ends, and longer only when a single cue is.
    """
    ends = _spoken_ends(cues)
    segments: list[Segment] = []
    first = 0
    while first < len(cues):
        last = _last_cue(cues, ends, first)
        taken = tuple(cues[first : last + 1])
        text = join(cue.text for cue in taken)
        segments.append(Segment(len(segments) + 1, cues[first].start, max(ends[first : last + 1]), text, taken))
        first = last + 1
    return segments


def _spoken_ends(cues: Sequence[Cue]) -> list[float]:
    """When the words of each cue are over, in seconds: captions may stay on screen through a break of an hour."""
    ends = [cue.start + min(cue.duration, max(10.0, len(cue.text) / 2)) for cue in cues]
    following = [cue.start for cue in cues[1:]]
    return [min(end, limit) for end, limit in zip(ends, [*following, math.inf], strict=False)]


def _last_cue(cues: Sequence[Cue], ends: Sequence[float], first: int) -> int:
    """Index of the cue that ends best the segment that begins with cue `first`."""
    best, best_score = first, -1.0
    characters = 0
    for index in range(first, len(cues)):
        length = ends[index] - cues[first].start
        characters += len(cues[index].text) + 1
        if index > first and (length > LONGEST or characters > MOST_CHARACTERS):
            return best
        silence = cues[index + 1].start - ends[index] if index + 1 < len(cues) else 0.0
        if silence >= SHORTEST:
            return index
        score = _score(cues[index], length, silence)
        if score >= best_score:
            best, best_score = index, score
    return len(cues) - 1


def _score(cue: Cue, length: float, silence: float) -> float:
    """How good it is to end a segment of `length` seconds after `cue`: 0 too early, up to 3 for a full stop in time."""
    if length < SHORTEST:
        return 0.0
    closeness = 1.0 - min(1.0, abs(length - TARGET) / TARGET)
    return closeness + (2.0 if ends_sentence(cue.text) or silence >= _PAUSE else 0.0)


def split(segments: Sequence[Segment], budget_tokens: int, count_tokens: Callable[[str], int]) -> list[list[Segment]]:
    """All `segments`, in order, in as few parts as fit `budget_tokens` each, and those of about equal size.

    Raises `ContextOverflow` when a single segment is larger than the budget: nothing is ever left out.
    """
    sizes = [count_tokens(f"[{part.id}] {part.text}\n") for part in segments]
    if max(sizes, default=0) > budget_tokens:
        raise ContextOverflow()
    parts = _fill(sizes, budget_tokens)
    low, high = max(sizes, default=0), budget_tokens
    while low < high:  # the smallest limit that needs no more parts is the most even one
        middle = (low + high) // 2
        if len(_fill(sizes, middle)) <= len(parts):
            high = middle
        else:
            low = middle + 1
    return [list(segments[start:stop]) for start, stop in _fill(sizes, low)]


def _fill(sizes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Ranges of consecutive sizes that sum to at most `limit`, each as long as can be."""
    ranges: list[tuple[int, int]] = []
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and total + size > limit:
            ranges.append((start, index))
            start, total = index, 0
        total += size
    return [*ranges, (start, len(sizes))] if sizes else []


def coverage(read: Collection[Segment], everything: Collection[Segment]) -> float:
    """The share of the segments of a video that were read, 0 to 1."""
    if not everything:
        return 0.0
    return len({part.id for part in read} & {part.id for part in everything}) / len(everything)


def particulars(video: Video, segments: Sequence[Segment]) -> Particulars:
    """What an engine may know of `video` beside its segments. None of an uploaded file: its title is a file's name.

    A chapter is said to begin in the segment that is spoken then; what begins after the last word is left out.
    """
    if not video.id:
        return NO_PARTICULARS
    starts = [each.start for each in segments]
    placed = [
        (segments[max(bisect_right(starts, chapter.start) - 1, 0)].id, chapter.title)
        for chapter in video.chapters
        if segments and chapter.start < segments[-1].end
    ]
    return Particulars(video.title, video.channel, tuple(placed))
