"""Where speech without punctuation may be cut: at pauses and before words that open sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from summarizer.engines.extraction.atoms import Atom
from summarizer.engines.extraction.words import Language

_LEAST, _BEST, _MOST = 6.0, 19.0, 42.0
_SYMBOL = 0.25  # so that a stretch of dashes has a limit as well
# What speaks for and against a cut, about as logarithms of odds; weighed by `python -m benchmarks.quality`.
_RARE, _PAUSE, _NEW_CUE = -1.8, 1.6, 0.3
_AT_PHRASE, _INSIDE_PHRASE = 1.0, -4.0
_PHRASED_IF_UNKNOWN = 0.7
_CLAUSE = re.compile(r"[,;:、，；：–—-]$")
_FULL_VERB = re.compile(
    r"(?:です|ます|ました|ません|でした|でしょう|ましょう|ください|ですね|ますね|ですよ|ですか|ますか|である|だ|た|"
    r"ない|します|습니다|니다|세요|어요|아요|예요|죠)$"
)
_PARTICLE = re.compile(r"[はがをにのとでへもやて、]$")
_CLEAN_FROM, _CLEAN_TO = 0.0, 4.0


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
    gains = [0.0, *(_gain(before, after, language, phrased) for before, after in pairwise(atoms)), 0.0]
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


def _unfit(length: float) -> float:
    if length < _LEAST:
        return 1.5 + (_LEAST - length) * 0.4
    return abs(length - _BEST) / _BEST * (0.9 if length > _BEST else 0.5)


def _sureness(gain: float) -> float:
    return max(0.0, min(1.0, (gain - _CLEAN_FROM) / (_CLEAN_TO - _CLEAN_FROM)))


def _gain(before: Atom, after: Atom, language: Language, phrased: float) -> float:
    """What speaks for a cut between two words, less what speaks against it: about the logarithm of its odds."""
    gain = _RARE + min(2.5, after.pause * _PAUSE)
    gain += _NEW_CUE + _AT_PHRASE * phrased if after.opens_cue else _INSIDE_PHRASE * phrased
    if _CLAUSE.search(before.text):
        gain += 1.5
    if _FULL_VERB.search(before.text):
        gain += 4.0
    elif _PARTICLE.search(before.text):
        gain -= 1.5
    return gain + _beginning(after.word, language) + _ending(before.word, language)


def _beginning(word: str, language: Language) -> float:
    if word in language.starters:
        return 2.2
    if word in language.subjects:
        return 1.2
    if word in language.openers:
        return 0.8
    return -0.3 if word in language.function else -0.6


def _ending(word: str, language: Language) -> float:
    if word in language.fillers:
        return -0.5
    if word in language.danglers:
        return -2.5
    if word in language.openers:
        return 0.5
    return 0.0 if word in language.function else 0.7


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
    return atom.word in language.openers or atom.word in language.fillers


def _is_loose(atom: Atom, language: Language) -> bool:
    return not atom.word or atom.word in language.danglers or atom.word in language.fillers
