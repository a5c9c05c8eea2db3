"""Headings in the speakers' own words: what they say themselves to open a part, else a telling clause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from summarizer.engines.extraction.atoms import length_of
from summarizer.engines.extraction.phrasebook import Phrasebook
from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.terms import TOKEN, folded, is_spaceless, stem, terms, tokens
from summarizer.engines.extraction.words import NOUNS_HAVE_CAPITALS, Language

_LONGEST = 8.0  # words
_LONGEST_QUESTION = 9.0
_LONGEST_TURN = 3.0
_SHORTEST_CLAUSE = 3.0
_TAIL, _HEAD = 6.0, 4.0
_BREAK = re.compile(r"[,;:.!?…](?=\s|$|[\"”’»)])|\s[–—-]+\s|[、，；：。！？]")
_COLON = re.compile(r":\s+|：")
_QUESTION = re.compile(r"[?？؟]\W*$")
_EDGES = ' \t.,;:!…–—-"“”«»„、，；：。'
_SURE = 0.6  # of both ends of a sentence, before its words may stand as a heading
_WHOLE = 1.3
_ODD_BEGINNING = 0.5
_QUESTION_STRENGTH = 0.45


@dataclass(frozen=True, slots=True)
class Signpost:
    """The heading that a sentence announces; `strength` is how surely a new part begins with it, 0 to 1."""

    heading: str
    strength: float


def signposts(sentences: Sequence[Sentence], language: Language, book: Phrasebook) -> dict[int, Signpost]:
    """By the index of the sentence."""
    found = ((index, _signpost(sentence, language, book)) for index, sentence in enumerate(sentences))
    return {index: signpost for index, signpost in found if signpost is not None}


def _signpost(sentence: Sentence, language: Language, book: Phrasebook) -> Signpost | None:
    said = sentence.said
    if (match := book.signposts.match(said)) and (heading := heading_of(said[match.end() :], language)):
        return Signpost(heading, 1.0)
    if (match := book.turns.match(said)) and (heading := _named(said, match.end(), language)):
        return Signpost(heading, 1.0)
    if _QUESTION.search(said) and (heading := _asked(said, language, book)):
        return Signpost(heading, _QUESTION_STRENGTH)
    return None


def heading_of(text: str, language: Language) -> str:
    """The first words of `text` that can stand alone as a heading, "" if they say nothing."""
    colon = _COLON.search(text)
    if colon and length_of(text[: colon.start()]) > _HEAD and 0 < length_of(text[colon.end() :]) <= _TAIL:
        text = text[colon.end() :]
    for cut in [*(match.start() for match in _BREAK.finditer(text)), len(text)]:
        if _stands_alone(text[:cut], language):
            text = text[:cut]
            break
    if length_of(text) > _LONGEST:
        text = _shortened(text, language)
    text = _without_last(text, language.asides, language)
    words = [folded(token) for token in tokens(text)]
    if not words or words[0] in language.pointers or not _says_something(text, language):
        return ""
    return text


def _shortened(text: str, language: Language) -> str:
    """Up to the first word that joins a clause, or as many words as a heading may have, without loose ends."""
    matches = list(TOKEN.finditer(text))
    end, length = 0, 0.0
    for place, match in enumerate(matches):
        length += length_of(match.group())
        joins = place > 0 and folded(match.group()) in language.joints
        if joins and _stands_alone(text[:end], language):
            return text[:end]
        if length > _LONGEST:
            break
        end = match.end()
    return _without_last(text[:end], language.danglers, language)


def _without_last(text: str, loose: frozenset[str], language: Language) -> str:
    """Without the loose words at its end, while something is said before them."""
    text = text.strip(_EDGES)
    words = list(TOKEN.finditer(text))
    while words and folded(words[-1].group()) in loose and _says_something(text[: words[-1].start()], language):
        text = text[: words.pop().start()].strip(_EDGES)
    return text


def cut_to_heading(text: str, language: Language) -> str:
    """`text` in a heading's length, whatever it says."""
    return heading_of(text, language) or _shortened(text, language) or text


def _named(text: str, begin: int, language: Language) -> str:
    """The few words behind "Now" or "First", if they only name something: "the timeline", no sentence of their own."""
    heading = heading_of(text[begin:], language)
    words = [folded(token) for token in tokens(heading)]
    if not words or length_of(heading) > _LONGEST_TURN or (len(words) > 1 and words[0] not in language.articles):
        return ""
    if any(word in language.subjects and word not in language.articles for word in words):
        return ""
    end = text.index(heading, begin) + len(heading)
    if _BREAK.search(text) and not _BREAK.match(text, end) and text[end:].strip(_EDGES):
        return ""  # it goes on without a comma
    last = tokens(heading)[-1]
    lacks_noun = language.code == NOUNS_HAVE_CAPITALS and last.islower() and not text.islower()
    return "" if lacks_noun or stem(last, language) is None else heading


def _asked(text: str, language: Language, book: Phrasebook) -> str:
    """The question in a heading's length: without what leads to it, from its last clause if it is long."""
    parts = [part.start() for part in _BREAK.finditer(text[:-1])]
    for begin in [0, *(place + 1 for place in parts)]:
        clause = text[begin:].strip(' ,;:–—-"“”«»„¿')
        match = book.questions.match(clause)
        if match and _SHORTEST_CLAUSE <= length_of(clause[match.end() :]) <= _LONGEST_QUESTION:
            return clause[match.end() :].strip('"“”«»„ ')
    return ""


def _stands_alone(text: str, language: Language) -> bool:
    """Whether it says something, and more than the beginning of a clause: "what happens"."""
    first = next((folded(token) for token in tokens(text)), "")
    begins_clause = first in language.function and first not in language.articles
    return _says_something(text, language) and (not begins_clause or length_of(text) >= _SHORTEST_CLAUSE)


def _says_something(text: str, language: Language) -> bool:
    return any(is_spaceless(token) or stem(token, language) is not None for token in tokens(text))


def clause(sentences: Sequence[Sentence], weight: Mapping[str, float], language: Language) -> str:
    """The short sentence or clause that has most of what these sentences speak of; "" if there is none."""
    counts = Counter(term for sentence in sentences for term in terms(sentence.text, language))
    best, highest = "", 0.0
    for sentence in sentences:
        for text, factor in _clauses(sentence, language):
            words = length_of(text)
            told = sum(counts[term] * weight[term] for term in set(terms(text, language)))
            rating = factor * told / (words + 3.0)
            if _SHORTEST_CLAUSE <= words <= _LONGEST and rating > highest:
                best, highest = text, rating
    return best


def _clauses(sentence: Sentence, language: Language) -> Iterator[tuple[str, float]]:
    """The sentence and its clauses that begin and end like one; each with how well it can stand alone."""
    if sentence.clean < _SURE or _QUESTION.search(sentence.text):
        return
    yield sentence.text.strip(_EDGES), _WHOLE * sentence.clean * _beginning(sentence.text, language)
    begin = 0
    for match in [*_BREAK.finditer(sentence.text), None]:
        end = match.start() if match else len(sentence.text)
        text = sentence.text[begin:end].strip(_EDGES)
        words = [folded(token) for token in tokens(text)]
        if words and words[0] not in language.joints and words[-1] not in language.danglers and (begin or match):
            yield text, sentence.clean * _beginning(text, language) * (0.6 if begin else 1.0)
        begin = match.end() if match else end


def _beginning(text: str, language: Language) -> float:
    """Less for what leans on the words before it."""
    first = next((folded(token) for token in tokens(text)), "")
    if first in language.pointers or first in language.joints or first in language.starters:
        return _ODD_BEGINNING
    return 1.0
