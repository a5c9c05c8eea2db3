"""What an engine cited -> seconds that exist. Unknown segment ids and quotes that nobody said do not pass.

Everything here treats texts as data: they are compared, shortened and copied, never interpreted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from summarizer.draft import Draft, DraftChapter, DraftPoint, DraftQuote
from summarizer.records import Chapter, Grounding, Point, Quote, Segment
from summarizer.spoken_text import SpokenText, cues_of, normalise

_SHOWN_IN_PROBLEMS = 160
# How a caption begins that says who speaks: up to three words that are no plain ones, and a colon.
_LABEL = re.compile(r"((?:[^\W\d_][\w.'’-]* ?){1,3}):(?=\s|$)|([^\s:：]{1,20})：")


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
    even when the engine cited another segment. Its speaker is whom the captions name as such, there or last before.
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


def within(draft: Draft, segments: Sequence[Segment]) -> Draft:
    """What of the draft of a part is of that part: an id or a quote of another would exist in the whole video.

    Only what is cited is looked at; whether it is enough, and well put, `ground` says of the draft of the whole.
    """
    known = {segment.id for segment in segments}
    points = [
        point.model_copy(update={"segments": [id for id in point.segments if id in known]})
        for point in draft.key_points
        if known & set(point.segments)
    ]
    spoken = SpokenText(segments if draft.quotes else ())
    quotes = [quote for quote in draft.quotes if spoken.find(normalise(quote.text), near=quote.segment)]
    chapters = [chapter for chapter in draft.chapters if chapter.segment in known]
    return draft.model_copy(update={"key_points": points, "quotes": quotes, "chapters": chapters})


def left_out(part: Sequence[Segment]) -> str:
    """The sentence for the repair call about a part of the video that the draft says nothing of."""
    return f"Nothing of segments {part[0].id} to {part[-1].id} is left. Draw from these, too."


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
    spoken, speakers = SpokenText(segments), _Speakers(segments)
    found = [_quote(number, quote, spoken, speakers, problems) for number, quote in enumerate(quotes, 1)]
    return tuple(quote for quote in found if quote is not None)


def _quote(
    number: int, quote: DraftQuote, spoken: SpokenText, speakers: _Speakers, problems: list[str]
) -> Quote | None:
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
    speaker = quote.speaker if speakers.speaks(quote.speaker, passage.second) else ""
    return Quote(passage.text, passage.second, speaker)


class _Speakers:
    """Who speaks when, as far as the captions say so: “ANNA: …”, “[Anna] …”. To be talked about is not to speak."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._cues = [cue for segment in segments for cue in cues_of(segment)]
        self._starts = [cue.start for cue in self._cues]

    def speaks(self, name: str, second: float) -> bool:
        """Whether the cue that begins at `second`, or the last one before it that names a speaker, names this one."""
        if not name:
            return False
        words = r"\s+".join(map(re.escape, name.split()))
        label = re.compile(rf"(?<![^\W_])(?:({words})\s*[:：]|[\[(（【]\s*({words})\s*[\])）】])", re.IGNORECASE)
        for cue in reversed(self._cues[: bisect_right(self._starts, second)]):
            if any(_is_label(found) for found in label.finditer(cue.text)):
                return True
            other = _LABEL.match(cue.text)
            if other is not None and not any(word[0].islower() for word in other[0].split()):
                return False
        return False


def _is_label(found: re.Match[str]) -> bool:
    """Not the end of a sentence such as “I tell you: …”: there a name is written as one."""
    return found.start() == 0 or not found[found.lastindex or 0][0].islower()


def _ids(ids: Sequence[int]) -> str:
    shown = ", ".join(str(id) for id in ids[:10]) + (", …" if len(ids) > 10 else "")
    return f"segment {shown}, which does not exist" if len(ids) == 1 else f"segments {shown}, which do not exist"


def _known_ids(known: dict[int, Segment]) -> str:
    return f"Ids go from {min(known)} to {max(known)}." if known else "There are no segments."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_IN_PROBLEMS else line[: _SHOWN_IN_PROBLEMS - 1] + "…"
