"""Where speech without punctuation may be cut: at pauses and before words that open sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from math import exp

from summarizer.engines.extraction.atoms import Atom
from summarizer.engines.extraction.phrasebook import phrasebook
from summarizer.engines.extraction.words import Language

_LEAST, _BEST, _MOST = 6.0, 19.0, 42.0
_SYMBOL = 0.25  # so that a stretch of dashes has a limit as well
# What speaks for and against a cut, as logarithms of odds: a logistic regression on the real transcripts whose full
# stops are known, taken away before it. By class of the words beside the cut, as `words.toml` has them.
_RARE, _RARE_IF_UNKNOWN, _PAUSE, _LONGEST_PAUSE = -2.3, -1.7, 0.8, 2.5
_NEW_CUE, _AT_PHRASE, _INSIDE_PHRASE = 0.2, 1.7, -2.0
_PHRASED_IF_UNKNOWN = 0.7
_AFTER = {"starters": 1.4, "subjects": 1.6, "openers": 0.7, "fillers": 1.0, "followers": -1.3, "function": -0.3}
_SECOND = {"subjects": 0.6, "starters": 0.2, "followers": -0.5, "articles": -0.3}
_BEFORE = {
    "danglers": -1.9, "fillers": -3.1, "joints": -0.9, "takers": -1.2, "openers": 0.9, "function": -0.5,
    "articles": 0.5,
}  # fmt: skip
_LAST_BUT_ONE = {"fillers": -1.0, "danglers": -0.3, "joints": -0.3, "takers": -0.2}
# Beside a word that opens sentences: "it costs you", "you to work".
_OBJECT_OF = {"takers": -0.8, "starters": -1.2, "joints": -0.6}
_OBJECT = -2.5
_PHRASE = 1.5
_CUT = 0.5  # what each stretch costs: rather two sentences in one extract than a torn one
_CLASSES = tuple(dict.fromkeys((*_AFTER, *_SECOND, *_BEFORE)))
_CLAUSE = re.compile(r"[,;:、，；：–—-]$")
_FULL_VERB = re.compile(
    r"(?:です|ます|ました|ません|でした|でしょう|ましょう|ください|ですね|ますね|ですよ|ですか|ますか|である|だ|た|"
    r"ない|します|습니다|니다|세요|어요|아요|예요|죠)$"
)
_PARTICLE = re.compile(r"[はがをにのとでへもやて、]$")


def phrasing(atoms: Sequence[Atom], language: Language) -> float:
    """How far captions break where phrases do, 0 to 1: people break them there, machines where a line is full.

    It shows in how seldom a caption ends with a word that cannot end a phrase.
    """
    lasts = [before.word in language.danglers for before, after in pairwise(atoms) if after.opens_cue]
    danglers = sum(atom.word in language.danglers for atom in atoms)
    if not lasts or not danglers:
        return _PHRASED_IF_UNKNOWN
    return max(0.0, 1.0 - (sum(lasts) / len(lasts)) / (danglers / len(atoms)))


def split_run_on(atoms: Sequence[Atom], language: Language, phrased: float) -> list[tuple[list[Atom], float]]:
    """The stretches of the best cutting, each with how sure both its ends are (0 to 1). Linear: a stretch has a limit.

    Best is the largest sum of what speaks for each cut and of how near each stretch is to a usual sentence's length.
    """
    gains = [0.0, *(_gain(atoms, cut, language, phrased) for cut in range(1, len(atoms))), 0.0]
    for cut in _before_phrases(atoms, language):
        gains[cut] += _PHRASE
    best: list[float] = [0.0] + [float("-inf")] * len(atoms)
    came_from = [0] * (len(atoms) + 1)
    lengths = [max(_SYMBOL, atom.words) for atom in atoms]
    for end in range(1, len(atoms) + 1):
        length = 0.0
        for begin in range(end - 1, -1, -1):
            length += lengths[begin]
            if length > _MOST and begin < end - 1:
                break
            score = best[begin] + gains[end] - _unfit(length)
            if score > best[end]:
                best[end], came_from[end] = score, begin
    cuts = [len(atoms)]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    cuts.reverse()
    sure = [1.0, *(_sureness(gains[cut]) for cut in cuts[1:-1]), 1.0]
    return [
        (list(atoms[begin:end]), sure[place] * sure[place + 1]) for place, (begin, end) in enumerate(pairwise(cuts))
    ]


def _before_phrases(atoms: Sequence[Atom], language: Language) -> Iterator[int]:
    """The atoms with which speakers open a part of what they say, as "let me talk about" or "number two is"."""
    starts = list(accumulate((len(atom.text) + 1 for atom in atoms), initial=0))
    for match in phrasebook(language).openings.finditer(" ".join(atom.text for atom in atoms)):
        yield bisect_left(starts, match.start())


def _unfit(length: float) -> float:
    if length < _LEAST:
        return _CUT + 1.5 + (_LEAST - length) * 0.4
    return _CUT + abs(length - _BEST) / _BEST * (0.9 if length > _BEST else 0.5)


def _sureness(gain: float) -> float:
    return 1.0 / (1.0 + exp(-gain))


def _gain(atoms: Sequence[Atom], cut: int, language: Language, phrased: float) -> float:
    """What speaks for a cut between two words, less what speaks against it: about the logarithm of its odds."""
    before, after = atoms[cut - 1], atoms[cut]
    gain = _RARE if language.code else _RARE_IF_UNKNOWN
    gain += min(_LONGEST_PAUSE, after.pause) * _PAUSE
    gain += _NEW_CUE + _AT_PHRASE * phrased if after.opens_cue else _INSIDE_PHRASE * phrased
    if _CLAUSE.search(before.text):
        gain += 1.5
    if _FULL_VERB.search(before.text):
        gain += 4.0
    elif _PARTICLE.search(before.text):
        gain -= 1.5
    if not language.code:
        return gain
    second = atoms[cut + 1].word if cut + 1 < len(atoms) else ""
    gain += _weight(before.word, _BEFORE, language) + _weight(after.word, _AFTER, language)
    gain += _weight(second, _SECOND, language)
    if cut > 1:
        gain += _weight(atoms[cut - 2].word, _LAST_BUT_ONE, language)
    if after.word in language.subjects or after.word in language.starters:
        gain += _weight(before.word, _OBJECT_OF, language)
        if after.word in language.subjects and second in language.joints and second not in language.subjects:
            gain += _OBJECT
    return gain


@lru_cache(maxsize=65536)
def _of_class(word: str, language: Language) -> tuple[str, ...]:
    return tuple(name for name in _CLASSES if word in getattr(language, name))


def _weight(word: str, weights: Mapping[str, float], language: Language) -> float:
    return sum(weights.get(name, 0.0) for name in _of_class(word, language))


def trimmed(atoms: Sequence[Atom], language: Language, cut_end: bool) -> Sequence[Atom]:
    """Without the connectives at its start and, if `cut_end`, the loose words at its end; half of it stays at least."""
    least = max(1, len(atoms) // 2)
    begin, end = 0, len(atoms)
    while end - begin > least and _is_connective(atoms[begin], language):
        begin += 1
    while cut_end and end - begin > least and _is_loose(atoms[end - 1], language):
        end -= 1
    return atoms[begin:end]


def _is_connective(atom: Atom, language: Language) -> bool:
    if atom.word in language.openers or atom.word in language.fillers:
        return True
    return atom.text.endswith(",") and atom.word in language.starters  # "No, the bridge held"


def _is_loose(atom: Atom, language: Language) -> bool:
    return not atom.word or atom.word in language.danglers or atom.word in language.fillers
