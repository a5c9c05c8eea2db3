"""Telling words: what a video, or a stretch of it, speaks of more than the rest, as the captions write it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from summarizer.engines.extraction.terms import TOKEN, bare_word, folded, is_grammar, is_spaceless, stem
from summarizer.engines.extraction.words import NOUNS_HAVE_CAPITALS, Language, languages

_JAPANESE_WORD = re.compile("[\u4e00-\u9fff\u3005]{2,}|[\u30a1-\u30fa\u30fc]{2,}")
_KANA = re.compile("[\u3041-\u309f]")
_GAP = re.compile(r"[ \t\u00a0-]?$")
_PAIR_BONUS, _LATIN_IN_CJK = 1.7, 1.2
_LENGTHS_HAN, _LENGTHS_OTHER = range(2, 5), range(4, 9)
_LEAST_VARIETY = 2
_TITLE_CASE = 0.5
_POSSESSIVE = re.compile("['’]s$")


@dataclass(slots=True)
class Phrases:
    """How often each word or pair of words occurs in each document, and how it is written most often."""

    per_document: list[Counter[str]]
    total: Counter[str] = field(default_factory=Counter)
    spread: Counter[str] = field(default_factory=Counter)
    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def shown(self, key: str) -> str:
        return min(self.forms[key].items(), key=lambda item: (-item[1], item[0]))[0]


def phrases(documents: Sequence[Sequence[str]], language: Language) -> Phrases:
    """Candidates for telling words. `documents` are stretches of the video, each a sequence of sentences."""
    found = Phrases([Counter() for _ in documents])
    spaceless = _spaceless_words(documents)
    for counter, sentences in zip(found.per_document, documents, strict=True):
        for sentence in sentences:
            for key, form in _candidates(sentence, language, spaceless):
                counter[key] += 1
                found.forms[key][form] += 1
        found.total.update(counter)
        found.spread.update(counter.keys())
    _drop_chance_pairs(found)
    return found


def _candidates(sentence: str, language: Language, spaceless: frozenset[str]) -> Iterator[tuple[str, str]]:
    before: tuple[str, str, int] | None = None
    for match in TOKEN.finditer(sentence):
        token = match.group()
        if is_spaceless(token):
            before = None
            yield from ((word, word) for word in _known_in(token, spaceless))
            continue
        key = stem(token, language)
        if key is None or len(token) < 3:
            before = None
            continue
        form = bare_word(token)
        if not match.start() and form.istitle() and language.code != NOUNS_HAVE_CAPITALS:
            form = form.lower()
        yield key, form if form.isupper() or form[1:] != form[1:].lower() or form.istitle() else form.lower()
        if before is not None and _GAP.match(sentence[before[2] : match.start()]) and before[0] != key:
            yield f"{before[0]} {key}", f"{before[1]} {form}"
        before = key, form, match.end()


def _drop_chance_pairs(found: Phrases) -> None:
    """Two words side by side are one phrase only when they are so often."""
    for key in [key for key in found.total if " " in key]:
        one, other = key.split(" ")
        if found.total[key] < max(2, 0.25 * min(found.total[one], found.total[other])):
            del found.total[key]


def telling(counts: Mapping[str, int], found: Phrases, number: int, *, whole: bool) -> list[str]:
    """The `number` most telling phrases of a stretch with these counts; `whole` when the stretch is the video.

    A stretch's phrases are rated by how much more often they come than in the whole (pointwise log-likelihood); the
    whole video's by frequency, less for what is in every part alike.
    """
    documents = max(1, len(found.per_document))
    share = sum(counts.values()) / max(1, sum(found.total.values()))
    ratings: dict[str, float] = {}
    for key, count in counts.items():
        if key not in found.total:
            continue
        if whole:
            rating = count * log(1 + 2 * documents / found.spread[key])
        else:
            rating = count * log(max(1.02, count / (found.total[key] * share + 0.5)))
        ratings[key] = rating * (_PAIR_BONUS if " " in key else 1.0) * min(1.0, 0.4 + 0.1 * len(key))
    chosen: list[str] = []
    for key in sorted(ratings, key=lambda key: (-ratings[key], key)):
        if len(chosen) == number:
            break
        if not any(_overlap(key, other) for other in chosen):
            chosen.append(key)
    return [found.shown(key) for key in chosen]


def _overlap(one: str, other: str) -> bool:
    if set(one.split()) & set(other.split()):
        return True
    return len(one) > 1 and len(other) > 1 and (one in other or other in one)


def _known_in(run: str, words: frozenset[str]) -> Iterator[str]:
    """The known words in a run without spaces, longest first, not overlapping."""
    longest = max(map(len, words), default=0)
    place = 0
    while place < len(run):
        for length in range(min(longest, len(run) - place), 1, -1):
            if run[place : place + length] in words:
                yield run[place : place + length]
                place += length
                break
        else:
            place += 1


def _spaceless_words(documents: Iterable[Sequence[str]]) -> frozenset[str]:
    """Words of scripts that write no spaces: by script change in Japanese, else the strings that keep recurring."""
    runs = [
        token for sentences in documents for text in sentences for token in TOKEN.findall(text) if is_spaceless(token)
    ]
    if not runs:
        return frozenset()
    if sum(1 for run in runs if _KANA.search(run)) * 5 > len(runs):
        return frozenset(word for run in runs for word in _JAPANESE_WORD.findall(run) if len(word) <= 12)
    return _recurring(runs)


def _recurring(runs: Sequence[str]) -> frozenset[str]:
    """Strings that recur with different neighbours on both sides, and mostly not as a part of a longer one."""
    counts: Counter[str] = Counter()
    left: defaultdict[str, set[str]] = defaultdict(set)
    right: defaultdict[str, set[str]] = defaultdict(set)
    lengths = _LENGTHS_HAN if any("\u4e00" <= one <= "\u9fff" for one in "".join(runs[:200])) else _LENGTHS_OTHER
    for number, run in enumerate(runs):
        for length in lengths:
            for place in range(len(run) - length + 1):
                piece = run[place : place + length]
                if is_grammar(piece):
                    continue
                counts[piece] += 1
                left[piece].add(run[place - 1] if place else f"start {number}")
                right[piece].add(run[place + length] if place + length < len(run) else f"end {number}")
    kept = {
        piece
        for piece, count in counts.items()
        if count >= 2 and len(left[piece]) >= _LEAST_VARIETY and len(right[piece]) >= _LEAST_VARIETY
    }
    inside: Counter[str] = Counter()
    for piece in kept:
        for part in {piece[:-1], piece[1:]}:
            inside[part] = max(inside[part], counts[piece])
    return frozenset(piece for piece in kept if inside[piece] < 0.8 * counts[piece])


def _names(token: str, language: Language) -> bool:
    """Whether a word may be a name; the "He" of an English line between others is none."""
    english = next(each for each in languages() if each.code == "en")
    return stem(token, language) is not None and folded(token) not in english.function


def _singular(name: str) -> str:
    return folded(name).removesuffix("s")


def mentions(sentences: Sequence[str], language: Language, number: int) -> list[str]:
    """Names: words that are written with a capital where nothing else asks for one, most frequent first.

    Empty where the writing has no capitals or nearly only capitals. German gives them to all nouns, so that only
    names of several words and those with capitals inside can be told.
    """
    names: Counter[str] = Counter()
    small: Counter[str] = Counter()
    total = 0
    for sentence in sentences:
        run: list[str] = []
        end = 0
        for place, match in enumerate(TOKEN.finditer(sentence)):
            token = _POSSESSIVE.sub("", match.group())
            key = folded(token)
            total += 1
            if token[:1].islower():
                small[key] += 1
            is_name = place > 0 and token[:1].isupper() and len(token) > 1 and _names(token, language)
            if not is_name or (run and not _GAP.match(sentence[end : match.start()])):
                names[" ".join(run)] += 1
                run = []
            if is_name:
                run.append(token)
                if len(token) < len(match.group()):  # "Marta's" ends a name
                    names[" ".join(run)] += 1
                    run = []
            end = match.end()
        names[" ".join(run)] += 1
    del names[""]
    if sum(len(name.split()) * count for name, count in names.items()) > _TITLE_CASE * total:
        return []
    if language.code == NOUNS_HAVE_CAPITALS:
        names = Counter({name: count for name, count in names.items() if " " in name or name[1:] != name[1:].lower()})
    kept = {name: count for name, count in names.items() if small[folded(name)] <= count}
    ordered = sorted(kept, key=lambda name: (-kept[name], name))
    shown: list[str] = []
    known: set[str] = set()
    for name in ordered:
        parts = {plain[: max(4, len(plain) - 2)] for plain in map(_singular, name.split())}
        if not parts & known:
            shown.append(name)
        known |= parts
    return shown[:number]
