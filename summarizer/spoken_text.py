"""The words of a transcript as one searchable string that remembers where each character came from.

The searchable form knows neither case nor punctuation nor Unicode variants (NFKD, case-folded). Words are separated
by one space; scripts that write no spaces (Han, Kana, Thai, Lao, Khmer, Burmese) have none, so that a line break in
the captions of such a language does not matter.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from summarizer.records import Cue, Segment
from summarizer.text import join

SPACELESS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
SPACELESS_LETTER = re.compile(f"[{SPACELESS}]")
_APOSTROPHES = frozenset("'’‘ʼ`´＇")
_MOST_MARKS = 30
_CLOSING = re.compile(r"[.!?…。！？।؟۔]+[”’»」』\"')]?")
_OPENING = re.compile(r"[¿¡]+$")
_MIN_WORDS, _MIN_SPACELESS = 3, 8
# Runs that need no folding but to lower case are taken whole, words with one sign or space between them at once: they
# are nearly all of most transcripts. An apostrophe is no such sign: it is left out.
_SIGN = r"[\x00-&(-/:-@[-_{-\x7f]"
_PIECES = re.compile(rf"([A-Za-z0-9]+(?:{_SIGN}[A-Za-z0-9]+)*)|({_SIGN}+)|.", re.DOTALL)
_PLAIN, _GAP = 1, 2
_SPACED = {code: " " for code in range(128) if re.match(_SIGN, chr(code))}


@dataclass(frozen=True, slots=True)
class Words:
    """A text in searchable form, without spaces at its ends."""

    text: str

    @property
    def too_short_to_quote(self) -> bool:
        """Fewer than three words, or eight characters of a script without spaces; mixed texts count in proportion."""
        characters = len(SPACELESS_LETTER.findall(self.text))
        words = sum(1 for word in self.text.split() if not SPACELESS_LETTER.match(word))
        return words * _MIN_SPACELESS + characters * _MIN_WORDS < _MIN_WORDS * _MIN_SPACELESS

    @property
    def needle(self) -> str:
        """What to search for: ends that are words must meet the end of a word."""
        before = "" if SPACELESS_LETTER.match(self.text[0]) else " "
        after = "" if SPACELESS_LETTER.match(self.text[-1]) else " "
        return f"{before}{self.text}{after}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A place in the captions: their own words there, and the second at which the first of its cues begins."""

    text: str
    second: float


def normalise(text: str) -> Words:
    """`text` in searchable form."""
    builder = _Builder()
    builder.add(text)
    return Words("".join(builder.characters).strip())


def cues_of(segment: Segment) -> Sequence[Cue]:
    """The captions of a segment; the segment as one caption where its captions were not kept."""
    return segment.cues or (Cue(segment.start, segment.end - segment.start, segment.text),)


class SpokenText:
    """All cues of some segments, searchable. Built once per summary; building and each search are linear."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._cues: list[Cue] = []
        self._cue_starts: list[int] = []
        self._spans: dict[int, tuple[int, int]] = {}
        builder = _Builder()
        for segment in segments:
            begin = len(builder.characters)
            for cue in cues_of(segment):
                self._cue_starts.append(len(builder.characters))
                self._cues.append(cue)
                builder.add(cue.text)
            self._spans[segment.id] = (begin, len(builder.characters))
        builder.end()
        self._text = "".join(builder.characters)
        self._origins = builder.origins
        self._order = [segment.id for segment in segments]
        self._places = {id: place for place, id in enumerate(self._order)}

    def find(self, words: Words, near: int | None = None) -> Passage | None:
        """Where `words` are said: in segment `near` if they begin there, else beside it, else anywhere first."""
        if not words.text:
            return None
        needle = words.needle
        for begin, end in (*self._around(near), (0, len(self._text))):
            at = self._text.find(needle, begin, end + len(needle) - 1)
            if at >= 0:
                first = at + needle.startswith(" ")
                return self._passage(first, first + len(words.text) - 1)
        return None

    def _around(self, near: int | None) -> list[tuple[int, int]]:
        if near is None or near not in self._places:
            return []
        place = self._places[near]
        beside = self._order[max(0, place - 1) : place + 2]
        return [self._spans[near], (self._spans[beside[0]][0], self._spans[beside[-1]][1])]

    def _passage(self, first: int, last: int) -> Passage:
        """The captions' own words for the searchable characters `first` to `last`, both included."""
        first_cue, last_cue = self._cue_at(first), self._cue_at(last)
        begin, end = self._origins[first], self._origins[last] + 1
        begin = _opened(self._cues[first_cue].text, begin)
        end = _closed(self._cues[last_cue].text, end)
        if first_cue == last_cue:
            pieces = [self._cues[first_cue].text[begin:end]]
        else:
            between = [cue.text for cue in self._cues[first_cue + 1 : last_cue]]
            pieces = [self._cues[first_cue].text[begin:], *between, self._cues[last_cue].text[:end]]
        return Passage(join(_lines(pieces)), self._cues[first_cue].start)

    def _cue_at(self, position: int) -> int:
        return bisect_right(self._cue_starts, position) - 1


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    return (" ".join(line.split()) for piece in pieces for line in piece.splitlines())


def _closed(text: str, end: int) -> int:
    """`end` moved behind the marks of the last letter and the full stop that follows it."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    closing = _CLOSING.match(text, end)
    return closing.end() if closing else end


def _opened(text: str, begin: int) -> int:
    opening = _OPENING.search(text, max(0, begin - 2), begin)
    return opening.start() if opening else begin


class _Builder:
    """Collects searchable characters, and for each the offset in the text that it came from."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.origins: array[int] = array("q")
        self._was_spaceless: bool | None = None

    def add(self, text: str) -> None:
        """Append `text`, which begins a new word."""
        separated = True
        for piece in _PIECES.finditer(text):
            if piece.lastindex == _PLAIN:
                self._add_plain(piece[0].lower().translate(_SPACED), piece.start(), separated)
                separated = False
            elif piece.lastindex == _GAP:
                separated = True
            else:
                separated = self._add_other(piece[0], piece.start(), separated)

    def _add_plain(self, letters: str, offset: int, separated: bool) -> None:
        if separated or self._was_spaceless is not False:
            self._append(" ", offset)
        self.characters += letters
        self.origins.extend(range(offset, offset + len(letters)))
        self._was_spaceless = False

    def _add_other(self, character: str, offset: int, separated: bool) -> bool:
        """Whether what follows begins a new word."""
        folded = _fold(character)
        if folded == " ":
            return True
        for one in folded:
            if unicodedata.combining(one):
                if not separated:  # a mark without a letter says nothing
                    self._add_mark(one, offset)
                continue
            spaceless = SPACELESS_LETTER.match(one) is not None
            if spaceless != self._was_spaceless or (separated and not spaceless):
                self._append(" ", offset)
            self._append(one, offset)
            self._was_spaceless, separated = spaceless, False
        return separated

    def end(self) -> None:
        self._append(" ", 0)

    def _append(self, character: str, offset: int) -> None:
        self.characters.append(character)
        self.origins.append(offset)

    def _add_mark(self, mark: str, offset: int) -> None:
        """Insert in canonical order, looking back no further than Unicode's stream-safe limit."""
        place, order = len(self.characters), unicodedata.combining(mark)
        limit = max(0, place - _MOST_MARKS)
        while place > limit and unicodedata.combining(self.characters[place - 1]) > order:
            place -= 1
        self.characters.insert(place, mark)
        self.origins.insert(place, offset)


@lru_cache(maxsize=65536)
def _fold(character: str) -> str:
    """What a character is searched as: "" if it says nothing, " " if it separates words."""
    if character in _APOSTROPHES or unicodedata.category(character) == "Cf":
        return ""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = "".join(one for one in folded if unicodedata.category(one)[0] in "LNM")
    return kept or " "
