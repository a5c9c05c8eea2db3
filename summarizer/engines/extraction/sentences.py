"""Segments -> sentences, in any language, with or without punctuation, each copied from the captions word for word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from summarizer.engines.extraction.atoms import Atom, Place, turns
from summarizer.engines.extraction.clauses import phrasing, split_run_on, trimmed
from summarizer.engines.extraction.phrasebook import phrasebook
from summarizer.engines.extraction.words import Language
from summarizer.records import Segment

ENDS = re.compile(r"(?:[.!?…؟۔।॥]|[。！？｡])+[\"'”’»」』）)\]]*$")
_PLAIN_STOP = re.compile(
    r"(?:^|[\W\d_])(?:\w|\w\.\w|mr|mrs|ms|dr|prof|vs|st|no|etc|bzw|sr|sra|approx)\.$", re.IGNORECASE
)
_LONG_SENTENCE, _LONG_RUN = 60, 20


@dataclass(frozen=True, slots=True)
class Sentence:
    """One extract as a reader may see it. `clean` tells how sure its ends are, 0 to 1; `words` is its length.

    `speaker` is who begins to speak with it, if the captions say so; `lead` the connectives that were left away.
    """

    text: str
    segment: int
    start: float
    end: float
    clean: float
    words: float
    speaker: str = ""
    lead: str = ""

    @property
    def said(self) -> str:
        """The sentence with the connectives before it."""
        return f"{self.lead} {self.text}" if self.lead else self.text


def sentences(segments: Sequence[Segment], language: Language, tick: Callable[[int], None]) -> list[Sentence]:
    """All sentences of cleaned captions in order, nothing left out but speakers, connectives and loose ends."""
    places, said = turns(segments, phrasebook(language).owners, tick)
    phrased = phrasing([atom for turn in said for atom in turn.atoms], language)
    found: list[Sentence] = []
    for turn in said:
        begin = len(found)
        for atoms, ended in _punctuated(turn.atoms):
            found.extend(_units(atoms, ended, places, language, phrased))
        found[begin] = replace(found[begin], speaker=turn.speaker)
    return found


def _punctuated(line: list[Atom]) -> Iterator[tuple[list[Atom], bool]]:
    """The line split behind full stops; the flag says whether the stretch ends with one."""
    begin = 0
    for place, atom in enumerate(line):
        if place + 1 == len(line):
            yield line[begin:], ENDS.search(atom.text) is not None
        elif _ends(atom.text, line[place + 1].text):
            yield line[begin : place + 1], True
            begin = place + 1


def _ends(text: str, following: str) -> bool:
    if not ENDS.search(text):
        return False
    if text[-1] in "。！？｡」』":
        return True
    if following[:1].islower():
        return False
    return not (text.endswith(".") and _PLAIN_STOP.search(text))


def _units(
    atoms: list[Atom], ended: bool, places: Sequence[Place], language: Language, phrased: float
) -> Iterator[Sentence]:
    length = sum(atom.words for atom in atoms)
    if length <= (_LONG_SENTENCE if ended else _LONG_RUN):
        runs: Iterable[tuple[list[Atom], float]] = [(atoms, 1.0)]
    else:
        runs = split_run_on(atoms, language, phrased)
    for run, clean in runs:
        kept = trimmed(run, language, cut_end=not (ended and run[-1] is atoms[-1]))
        first, last = places[kept[0].cue], places[kept[-1].cue]
        yield Sentence(
            text=written(kept),
            segment=first.segment,
            start=first.start,
            end=last.end,
            clean=clean,
            words=sum(atom.words for atom in kept),
            lead=written(run[: run.index(kept[0])]),
        )


def written(atoms: Sequence[Atom]) -> str:
    """The atoms as the captions write them."""
    return "".join(atom.text if atom.glued or not place else f" {atom.text}" for place, atom in enumerate(atoms))
