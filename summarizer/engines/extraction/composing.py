"""A reading -> a draft: which sentences and words go where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from summarizer.draft import Draft, DraftChapter, DraftPoint, DraftQuote
from summarizer.engines.extraction.actions import action_items
from summarizer.engines.extraction.appeal import opens_by_itself
from summarizer.engines.extraction.atoms import length_of
from summarizer.engines.extraction.chapters import chapter_starts
from summarizer.engines.extraction.headings import clause, cut_to_heading, heading_of
from summarizer.engines.extraction.headlines import Headline, headline, shortened
from summarizer.engines.extraction.keywords import mentions, telling
from summarizer.engines.extraction.ranking import Chosen, choose_over_time, choose_the_best
from summarizer.engines.extraction.reading import Reading
from summarizer.engines.extraction.sentences import ENDS
from summarizer.engines.extraction.sizes import Size
from summarizer.spoken_text import normalise
from summarizer.text import join

_ANY_LENGTH = (0.0, float("inf"))
_QUOTE_LENGTH = (7.0, 26.0)
_OVERVIEW_LENGTH = (8.0, 45.0)
_ANNOUNCES, _CONCLUDES, _STRESSES = 0.6, 0.6, 0.1
_MOST_OF_IT = 0.7
_LEANS = 0.5
_ENOUGH_OF_A_LINE, _LONGEST_LINE = 5.0, 9.0  # words
_TITLE_WORDS = 3
_HEADLINE_TOPICS = 6  # for each length the same
_OFTEN = 3  # what a title is made of comes so often in the chapter
_MORE_CHAPTERS = 1.6  # where the speaker announces them
_THAI = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # and its neighbours: no full stops
_CHINESE_OR_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def compose(reading: Reading, size: Size) -> Draft:
    """Headline and overview take the best sentences; the rest says something else while there is something."""
    begin, end = reading.span
    total = len(reading.sentences)
    chosen = Chosen(reading.vectors)
    topics = telling(reading.phrases.total, reading.phrases, max(size.topics, _HEADLINE_TOPICS), whole=True)
    line = headline(reading, topics[:_HEADLINE_TOPICS])
    if line is not None and line.index is not None and _shows_most(line, reading):
        chosen.add(line.index)
    actions = action_items(reading.sentences, reading.language, reading.book, size.actions)
    overview = _overview(reading, min(size.overview, total // 4), actions, chosen)
    points = _choose(reading, min(size.points_for(end - begin), total // 2), chosen)
    quotes = _choose(reading, min(size.quotes, total // 4), chosen, _QUOTE_LENGTH)
    # Of a transcript of one sentence the headline has taken all there is, and may be said again.
    overview = overview or points or [(line and line.index) or 0]
    return Draft(
        headline=_with_capital(line.text) if line else _headline_of(topics, _shown(reading, overview[0])),
        overview=join(_ended(_shown(reading, index)) for index in overview),
        key_points=[
            DraftPoint(text=_shown(reading, index), segments=[reading.sentences[index].segment])
            for index in points or overview
        ],
        chapters=_chapters(reading, line, size.chapters_for(end - begin), size.chapters, chosen),
        quotes=_quotes(reading, quotes),
        topics=topics[: size.topics],
        action_items=[_with_capital(text) for text in actions],
        mentions=mentions([sentence.text for sentence in reading.sentences], reading.language, size.mentions),
    )


def _overview(reading: Reading, number: int, actions: Sequence[str], chosen: Chosen) -> list[int]:
    """The sentences that stand for the whole, in the order of the video: what is announced, central, concluded."""
    shortest, longest = _OVERVIEW_LENGTH
    taken = set(chosen.indices)
    best = max(reading.scores)
    ratings = {}
    for index, sentence in enumerate(reading.sentences):
        if index not in taken and shortest <= sentence.words <= longest:
            central, bonus = (reading.scores[index] / best) ** 0.5, _bonus(reading, index)
            leans = not bonus and not opens_by_itself(sentence, reading.language)
            elsewhere = any(sentence.text in action for action in actions)
            ratings[index] = central * (_LEANS if leans or elsewhere else 1.0) + bonus
    return choose_the_best(ratings, number, chosen)


def _bonus(reading: Reading, index: int) -> float:
    """What a sentence has before others because of what it does in the talk, if it is no small talk."""
    if reading.book.smalltalk.search(reading.sentences[index].said):
        return 0.0
    return reading.sentences[index].clean * (
        _ANNOUNCES * (index in reading.announcements)
        + _CONCLUDES * (index in reading.conclusions)
        + _STRESSES * (index in reading.emphases)
    )


def _shows_most(line: Headline, reading: Reading) -> bool:
    """Whether a headline leaves so little of its sentence that the overview need not say it again."""
    return line.index is not None and len(line.text) >= _MOST_OF_IT * len(reading.sentences[line.index].text)


def _choose(reading: Reading, number: int, chosen: Chosen, length: tuple[float, float] = _ANY_LENGTH) -> list[int]:
    """Up to `number` sentences of such a length, at least one, that stand nowhere yet, spread over the video."""
    taken = set(chosen.indices)
    free = {
        index: score
        for index, score in enumerate(reading.scores)
        if index not in taken and length[0] <= reading.sentences[index].words <= length[1]
    }
    starts = [sentence.start for sentence in reading.sentences]
    return choose_over_time(free, starts, reading.span, max(1, number), chosen)


def _quotes(reading: Reading, indices: Sequence[int]) -> list[DraftQuote]:
    sentences = [reading.sentences[index] for index in indices]
    return [
        DraftQuote(text=sentence.text, segment=sentence.segment, speaker=sentence.speaker)
        for sentence in sentences
        if not normalise(sentence.text).too_short_to_quote
    ]


def _headline_of(topics: Sequence[str], fallback: str) -> str:
    return _title(topics[:4]) if len(topics) > 1 else shortened(fallback)


def _chapters(reading: Reading, line: Headline | None, number: int, most: int, chosen: Chosen) -> list[DraftChapter]:
    if number < 2 or len(reading.stretches) < number:
        return []
    announced = [
        max((reading.signposts[index].strength for index in stretch.indices if index in reading.signposts), default=0.0)
        for stretch in reading.stretches
    ]
    sure = sum(strength == 1.0 for strength in announced[1:])
    number = max(number, min(sure + 1, most, round(number * _MORE_CHAPTERS)))
    starts = chapter_starts([stretch.terms for stretch in reading.stretches], reading.weight, number, announced)
    ends = [*starts[1:], len(reading.stretches)]
    titles: list[str] = []
    chapters = []
    for start, end in zip(starts, ends, strict=True):
        chapters.append(_chapter(reading, line, range(start, end), chosen, titles))
        titles.append(chapters[-1].title)
    return chapters


def _chapter(
    reading: Reading, line: Headline | None, places: range, chosen: Chosen, titles: Sequence[str]
) -> DraftChapter:
    indices = [index for place in places for index in reading.stretches[place].indices]
    taken = set(chosen.indices)
    fresh = [index for index in indices if index not in taken] or indices
    best = max(fresh, key=lambda index: (reading.scores[index], -index))
    chosen.add(best)
    gist = _shown(reading, best)
    title = next((title for title in _titles(reading, line, places, indices) if title and title not in titles), "")
    title = title or _with_capital(cut_to_heading(gist, reading.language))
    return DraftChapter(title=title, segment=reading.stretches[places[0]].segment, gist=gist)


def _titles(reading: Reading, line: Headline | None, places: range, indices: Sequence[int]) -> list[str]:
    """What may stand above a chapter, the best first: the speaker's own words, a phrase, a clause, telling words."""
    opening = [index for index in reading.stretches[places[0]].indices if index in reading.signposts]
    opening.sort(key=lambda index: -reading.signposts[index].strength)
    counts: Counter[str] = Counter()
    for place in places:
        counts.update(reading.phrases.per_document[place])
    often = {key: count for key, count in counts.items() if count >= _OFTEN}
    phrases = {key: count for key, count in often.items() if " " in key}
    serious = [index for index in indices if not reading.book.smalltalk.search(reading.sentences[index].said)]
    spoken = clause([reading.sentences[index] for index in serious], reading.weight, reading.language)
    announced = line.text if line and line.index in indices else ""
    if length_of(announced) > _LONGEST_LINE:
        announced = heading_of(announced, reading.language)
    return [
        *(_with_capital(reading.signposts[index].heading) for index in opening),
        _with_capital(announced) if length_of(announced) >= _ENOUGH_OF_A_LINE else "",
        *(_with_capital(phrase) for phrase in telling(phrases, reading.phrases, 2, whole=False)),
        _with_capital(spoken),
        _title(telling(often, reading.phrases, _TITLE_WORDS, whole=False)),
    ]


def _title(words: Sequence[str]) -> str:
    """Words in a row, with a capital where the script has one."""
    line = ("、" if any(_CHINESE_OR_JAPANESE.match(word) for word in words) else ", ").join(words)
    return _with_capital(line)


def _shown(reading: Reading, index: int) -> str:
    return _with_capital(reading.sentences[index].text)


def _with_capital(text: str) -> str:
    """`text` with a capital first letter, unless its first word has its own way, as iPhone or https://."""
    first = text.split(" ", 1)[0]
    return text if "://" in first or first[1:] != first[1:].lower() else text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    """With a full stop, so that sentences without punctuation can stand in a row."""
    if ENDS.search(text) or _THAI.match(text[-1]):
        return text
    return text + ("。" if _CHINESE_OR_JAPANESE.match(text[-1]) else ".")
