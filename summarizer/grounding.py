"""What an engine cited -> seconds that exist. Unknown segment ids and quotes that nobody said do not pass.

Everything here treats texts as data: they are compared, shortened and copied, never interpreted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from summarizer.draft import Draft, DraftChapter, DraftPoint, DraftQuote
from summarizer.records import Chapter, Grounding, Point, Quote, Segment
from summarizer.spoken_text import SpokenText, normalise

_SHOWN_IN_PROBLEMS = 160


@dataclass(frozen=True, slots=True)
class Grounded:
    """What of a draft holds. `problems` are sentences for the repair call, one per citation or quote that does not.

    When `points` is empty nothing is left to show: the caller repairs once, then raises `NotGrounded`.
    """

    points: tuple[Point, ...]
    chapters: tuple[Chapter, ...]
    quotes: tuple[Quote, ...]
    grounding: Grounding
    problems: tuple[str, ...]


def ground(draft: Draft, segments: Sequence[Segment]) -> Grounded:
    """The parts of `draft` that lead to a second of `segments`. Linear in the length of the transcript.

    A point loses the ids that do not exist, and is dropped when none is left. A chapter needs an existing segment;
    chapters come sorted, one per second. A quote must be in the captions word for word, whatever its case, spacing,
    punctuation and Unicode form; it is shown as the captions write it, at the start of the cue in which it begins,
    even when the engine cited another segment.
    """
    known = {segment.id: segment for segment in segments}
    problems: list[str] = []
    points = [_point(number, point, known, problems) for number, point in enumerate(draft.key_points, 1)]
    chapters = _chapters(draft.chapters, known, problems)
    quotes = _quotes(draft.quotes, segments, problems)
    kept = tuple(point for point in points if point is not None)
    return Grounded(
        points=kept,
        chapters=chapters,
        quotes=quotes,
        grounding=Grounding(
            points=len(kept),
            points_dropped=len(points) - len(kept),
            quotes=len(quotes),
            quotes_dropped=len(draft.quotes) - len(quotes),
            chapters_dropped=len(draft.chapters) - len(chapters),
        ),
        problems=tuple(problems),
    )


def _point(number: int, point: DraftPoint, known: dict[int, Segment], problems: list[str]) -> Point | None:
    seconds = sorted({known[id].start for id in point.segments if id in known})
    unknown = [id for id in point.segments if id not in known]
    if unknown:
        problems.append(f"Key point {number} cites {_ids(unknown)}. {_known_ids(known)}")
    elif not seconds:
        problems.append(f"Key point {number} cites no segment.")
    if not point.text:
        problems.append(f"Key point {number} has no text.")
    return Point(point.text, tuple(seconds)) if seconds and point.text else None


def _chapters(chapters: Iterable[DraftChapter], known: dict[int, Segment], problems: list[str]) -> tuple[Chapter, ...]:
    kept: dict[float, Chapter] = {}
    for number, chapter in enumerate(chapters, 1):
        if chapter.segment not in known:
            problems.append(f"Chapter {number} begins at {_ids([chapter.segment])}. {_known_ids(known)}")
        elif not chapter.title:
            problems.append(f"Chapter {number} has no title.")
        else:
            start = known[chapter.segment].start
            kept.setdefault(start, Chapter(chapter.title, start, chapter.gist))
    return tuple(kept[start] for start in sorted(kept))


def _quotes(quotes: Sequence[DraftQuote], segments: Sequence[Segment], problems: list[str]) -> tuple[Quote, ...]:
    if not quotes:
        return ()
    spoken = SpokenText(segments)
    found = [_quote(number, quote, spoken, problems) for number, quote in enumerate(quotes, 1)]
    return tuple(quote for quote in found if quote is not None)


def _quote(number: int, quote: DraftQuote, spoken: SpokenText, problems: list[str]) -> Quote | None:
    words = normalise(quote.text)
    if words.too_short_to_quote:
        problems.append(f"Quote {number} (“{_short(quote.text)}”) is too short: quote at least three words in a row.")
        return None
    passage = spoken.find(words, near=quote.segment)
    if passage is None:
        problems.append(
            f"Quote {number} (“{_short(quote.text)}”) is not in the transcript word for word. "
            "Copy one unbroken passage, without “…”."
        )
        return None
    speaker = quote.speaker if quote.speaker and spoken.find(normalise(quote.speaker)) else ""
    return Quote(passage.text, passage.second, speaker)


def _ids(ids: Sequence[int]) -> str:
    shown = ", ".join(str(id) for id in ids[:10]) + (", …" if len(ids) > 10 else "")
    return f"segment {shown}, which does not exist" if len(ids) == 1 else f"segments {shown}, which do not exist"


def _known_ids(known: dict[int, Segment]) -> str:
    return f"Ids go from {min(known)} to {max(known)}." if known else "There are no segments."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_IN_PROBLEMS else line[: _SHOWN_IN_PROBLEMS - 1] + "…"
