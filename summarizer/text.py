"""Words of any language as captions have them: tidied, joined, cut, and counted. Pure, and linear in time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

# Controls, bidi overrides, zero-width marks and lone surrogates. They show nothing, hide things, or break databases.
# ZWNJ and ZWJ (200c, 200d) stay: Persian and the scripts of India spell with them, emoji are glued by them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LATIN_JOINERS = re.compile(  # each run is looked at once: from its beginning, and whole
    "(?<=[\x00-\u024f])[\u200c\u200d]++|(?<![\u200c\u200d])[\u200c\u200d]++(?=[\x00-\u024f])"
)

# Scripts written without spaces between words, and their punctuation. Korean and Thai do put spaces.
_SPACELESS = "\u2e80-\u2fdf\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff"
_SPACELESS_CHAR = re.compile(f"[{_SPACELESS}]")

_CLOSERS = "\"'”’»)\\]）」』】"
_SENTENCE_END = re.compile(f"[.!?…。！？｡؟۔।॥][{_CLOSERS}]*$")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|z\.B|d\.h|Nr|No|Sr|Jr|Sra)\.$")
_BREAK = re.compile(f"[.!?…؟۔।॥][{_CLOSERS}]*\\s+|[。！？｡][{_CLOSERS}]*\\s*")


def tidy(text: str) -> str:
    """`text` on one line, without invisible characters, with single spaces."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(visible(line).split())


def visible(text: str) -> str:
    """`text` without what nobody sees and databases refuse; its lines stay."""
    return _LATIN_JOINERS.sub("", _INVISIBLE.sub("", text))


def join(parts: Iterable[str]) -> str:
    """`parts` one after the other: with a space, or without where Chinese or Japanese meets itself."""
    joined: list[str] = []
    for part in parts:
        if not part:
            continue
        if joined and not (_SPACELESS_CHAR.match(part) and _SPACELESS_CHAR.match(joined[-1][-1])):
            joined.append(" ")
        joined.append(part)
    return "".join(joined)


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends where `text` ends, in any script; “Dr.” ends none."""
    return bool(_SENTENCE_END.search(text[-8:])) and not _ABBREVIATION.search(text[-8:])


def sentences(text: str, longest: int) -> Iterator[str]:
    """`text` cut after its sentences. What is longer than `longest` characters is cut between words, or anywhere."""
    start = 0
    for found in _BREAK.finditer(text):
        if _ABBREVIATION.search(text[max(start, found.start() - 8) : found.end()].rstrip()):
            continue
        yield from _pieces(text, start, found.end(), longest)
        start = found.end()
    yield from _pieces(text, start, len(text), longest)


def _pieces(text: str, start: int, end: int, longest: int) -> Iterator[str]:
    while start < end:
        stop = min(end, start + longest)
        if stop < end:
            space = text.rfind(" ", start + longest // 2, stop)
            stop = space + 1 if space > 0 else stop
        if piece := text[start:stop].strip():
            yield piece
        start = stop


def word_count(text: str) -> float:
    """About how many English words it takes as long to say as `text`: words, and half of each CJK character."""
    characters = len(_SPACELESS_CHAR.findall(text))
    return len(_SPACELESS_CHAR.sub(" ", text).split()) + characters / 2


def estimated_tokens(text: str) -> int:
    """Tokens of `text`, erring high for every tokenizer that could be tried: docs/models.md has the table.

    0.36 for an ASCII character, 0.8 for one of two bytes in UTF-8 (Cyrillic, Arabic), 1.5 for one of three (Han,
    Devanagari). Providers' newest tokenizers make up to 30% more of the same English than those that are public.
    """
    if text.isascii():
        return math.ceil(len(text) * 0.36)
    ascii_characters = len(text.encode("ascii", "ignore"))
    others = len(text) - ascii_characters
    their_bytes = len(text.encode("utf-8", "replace")) - ascii_characters
    return math.ceil(ascii_characters * 0.36 + max(their_bytes * 0.7 - others * 0.6, others * 0.8))


def least_tokens(text: str) -> int:
    """Tokens that `text` has at every tokenizer, erring low: docs/models.md says what was counted.

    0.17 for an ASCII character, 0.4 for one of Chinese or Japanese, 0.2 for any other; and 0.8 for a word, which is
    one token at least for all but a few tokenizers.
    """
    ascii_characters = len(text.encode("ascii", "ignore"))
    spaceless = len(_SPACELESS_CHAR.findall(text))
    others = len(text) - ascii_characters - spaceless
    by_script = ascii_characters * 0.17 + spaceless * 0.4 + others * 0.2
    return math.floor(max(by_script, 0.8 * len(text.split())))
