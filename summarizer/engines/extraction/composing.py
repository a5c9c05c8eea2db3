"""A reading -> a draft: which sentences and words go where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from summarizer.draft import Draft, DraftChapter, DraftPoint, DraftQuote
from summarizer.engines.extraction.chapters import chapter_starts
from summarizer.engines.extraction.keywords import mentions, telling
from summarizer.engines.extraction.ranking import Chosen, choose_over_time
from summarizer.engines.extraction.reading import Reading, Stretch
from summarizer.engines.extraction.sentences import ENDS
from summarizer.engines.extraction.sizes import Size
from summarizer.engines.extraction.terms import folded
from summarizer.spoken_text import normalise
from summarizer.text import join

_ANY_LENGTH = (0.0, float("inf"))
_HEADLINE_LENGTH = (5.0, 15.0)
_QUOTE_LENGTH = (7.0, 26.0)
_TITLE_WORDS = 3
_LONGEST_HEADLINE = 120
_THAI = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # and its neighbours: no full stops
_CHINESE_OR_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def compose(reading: Reading, size: Size) -> Draft:
    """Headline and overview take the best sentences; the rest says something else while there is something."""
    begin, end = reading.span
    total = len(reading.sentences)
    chosen = Chosen(reading.vectors)
    topics = telling(reading.phrases.total, reading.phrases, size.topics, whole=True)
    headline = _best_headline(reading, topics)
    if headline is not None:
        chosen.add(headline)
    overview = _choose(reading, min(size.overview, total // 4), chosen)
    points = _choose(reading, min(size.points_for(end - begin), total // 2), chosen)
    quotes = _choose(reading, min(size.quotes, total // 4), chosen, _QUOTE_LENGTH)
    # Of a transcript of one sentence the headline has taken all there is, and may be said again.
    overview = overview or points or [headline or 0]
    return Draft(
        headline=_headline(reading, headline, topics, overview[0]),
        overview=join(_ended(_shown(reading, index)) for index in overview),
        key_points=[
            DraftPoint(text=_shown(reading, index), segments=[reading.sentences[index].segment])
            for index in points or overview
        ],
        chapters=_chapters(reading, size.chapters_for(end - begin), chosen),
        quotes=_quotes(reading, quotes),
        topics=topics,
        mentions=mentions([sentence.text for sentence in reading.sentences], reading.language, size.mentions),
    )


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


def _best_headline(reading: Reading, topics: Sequence[str]) -> int | None:
    """The best short sentence that speaks of two of the topics; None when the topics say it better."""
    shortest, longest = _HEADLINE_LENGTH
    enough = 0.5 * max(reading.scores)
    rated = [
        (reading.scores[index] * _hits(sentence.text, topics), -index)
        for index, sentence in enumerate(reading.sentences)
        if shortest <= sentence.words <= longest and sentence.clean > 0.8 and reading.scores[index] >= enough
    ]
    rated = [each for each in rated if _hits(reading.sentences[-each[1]].text, topics) >= 2]
    return -max(rated)[1] if rated else None


def _headline(reading: Reading, best: int | None, topics: Sequence[str], fallback: int) -> str:
    if best is None and len(topics) > 1:
        return _title(topics[:4])
    text = _shown(reading, fallback if best is None else best)
    if len(text) > _LONGEST_HEADLINE:
        cut = text.rfind(" ", 0, _LONGEST_HEADLINE)
        text = text[: cut if cut > 0 else _LONGEST_HEADLINE] + "…"
    return text.rstrip(".。।")


def _hits(text: str, topics: Sequence[str]) -> int:
    plain = folded(text)
    return sum(folded(topic) in plain for topic in topics)


def _chapters(reading: Reading, number: int, chosen: Chosen) -> list[DraftChapter]:
    if number < 2 or len(reading.stretches) < number:
        return []
    starts = chapter_starts([stretch.terms for stretch in reading.stretches], reading.weight, number)
    ends = [*starts[1:], len(reading.stretches)]
    return [_chapter(reading, range(start, end), chosen) for start, end in zip(starts, ends, strict=True)]


def _chapter(reading: Reading, places: range, chosen: Chosen) -> DraftChapter:
    stretches: list[Stretch] = [reading.stretches[place] for place in places]
    indices = [index for stretch in stretches for index in stretch.indices]
    counts: Counter[str] = Counter()
    for place in places:
        counts.update(reading.phrases.per_document[place])
    taken = set(chosen.indices)
    fresh = [index for index in indices if index not in taken] or indices
    best = max(fresh, key=lambda index: (reading.scores[index], -index))
    chosen.add(best)
    title = _title(telling(counts, reading.phrases, _TITLE_WORDS, whole=False))
    gist = _shown(reading, best)
    return DraftChapter(title=title or gist, segment=stretches[0].segment, gist=gist)


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
