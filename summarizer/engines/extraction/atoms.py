"""Captions -> what is never split: words, with where they come from, in turns of named speakers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from summarizer.engines.extraction.terms import folded, is_spaceless, tokens
from summarizer.records import Cue, Segment
from summarizer.spoken_text import SPACELESS, cues_of
from summarizer.text import join

_ATOM = re.compile(rf"\S*?[。！？｡]+[」』）”\"]*|\S+?(?<=[{SPACELESS}])[、，；]|\S+")
_LABEL = re.compile(r"(?:^|(?<=[.!?…\"”-]\s))([^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,2}): ")
_SPEAKS_OFTEN = 3  # a label that comes once may be part of what is said: "Myth: the earth is flat"
_SPACELESS_PER_WORD = 2.0
_USUAL_PACE = 0.06


@dataclass(frozen=True, slots=True)
class Atom:
    """A word with its punctuation, or a stretch without spaces. `pause` is the seconds of silence before it.

    `word` is its folded letters; `words` its length; `glued` means that no space comes before it.
    """

    text: str
    word: str
    words: float
    cue: int
    glued: bool
    opens_cue: bool
    pause: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive atoms of one speaker; `speaker` is "" where the captions name none."""

    speaker: str
    atoms: list[Atom] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cue is: the id of its segment, and its seconds."""

    segment: int
    start: float
    end: float


def turns(
    segments: Sequence[Segment], not_speakers: re.Pattern[str], tick: Callable[[int], None]
) -> tuple[list[Place], list[Turn]]:
    """The place of each cue, by `Atom.cue`, and all that is said. Labels of speakers are not part of it.

    What matches `not_speakers`, such as "Owner:", is no speaker however often it comes.
    """
    cues = [cue for segment in segments for cue in cues_of(segment)]
    labels, pace = _labels(cues, not_speakers), _pace(cues)
    places: list[Place] = []
    found = [Turn("")]
    previous_end = 0.0
    for number, segment in enumerate(segments):
        tick(number)
        for cue in cues_of(segment):
            places.append(Place(segment.id, cue.start, cue.start + cue.duration))
            pause = max(0.0, cue.start - previous_end)
            previous_end = cue.start + min(cue.duration, pace * len(cue.text))
            for speaker, line in _labelled(cue.text, labels):
                if speaker:
                    found.append(Turn(speaker))
                found[-1].atoms.extend(_atoms(line, len(places) - 1, pause, found[-1].atoms))
    return places, [turn for turn in found if turn.atoms]


def _labels(cues: Sequence[Cue], not_speakers: re.Pattern[str]) -> re.Pattern[str]:
    """Matches the label of a known speaker and what follows it, nothing if there are no speakers."""
    counts = Counter(label for cue in cues for label in _LABEL.findall(cue.text))
    often = [label for label, count in counts.items() if count >= _SPEAKS_OFTEN]
    speakers = sorted((re.escape(label) for label in often if not not_speakers.match(f"{label}:")), reverse=True)
    return re.compile(rf"(?:^|(?<=\s))({'|'.join(speakers)}): " if speakers else r"(?!)")


def _pace(cues: Sequence[Cue]) -> float:
    """Seconds per character, as the median cue is spoken: what a cue takes longer is silence."""
    paces = sorted((after.start - cue.start) / max(1, len(cue.text)) for cue, after in pairwise(cues))
    return paces[len(paces) // 2] if paces else _USUAL_PACE


def _labelled(text: str, labels: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The lines of a cue; each with its speaker when that changes."""
    for line in text.splitlines():
        speaker, begin = "", 0
        for label in labels.finditer(line):
            yield speaker, line[begin : label.start()]
            speaker, begin = label.group(1), label.end()
        yield speaker, line[begin:]


def _atoms(line: str, cue: int, pause: float, said: Sequence[Atom]) -> Iterator[Atom]:
    before = said[-1] if said else None
    opens = before is None or before.cue != cue
    end = 0
    for match in _ATOM.finditer(line):
        text = match.group()
        if end:
            glued = match.start() == end
        else:
            glued = before is not None and join([before.text, text]) == before.text + text
        end = match.end()
        yield Atom(text, _word(text), length_of(text), cue, glued, opens, pause if opens else 0.0)
        opens = False


def _word(text: str) -> str:
    return folded(text.strip(".,!?;:…\"'“”‘’()-–—"))


def length_of(text: str) -> float:
    """Words; two characters of a script without spaces count as one."""
    return sum(len(token) / _SPACELESS_PER_WORD if is_spaceless(token) else 1 for token in tokens(text))
