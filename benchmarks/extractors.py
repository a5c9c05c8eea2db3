"""Ways to choose n of the same sentences: sumy's LexRank and TextRank, the first n, and one by chance per stretch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random

from sumy.models.dom import ObjectDocumentModel, Paragraph
from sumy.models.dom import Sentence as SumySentence
from sumy.nlp.stemmers import null_stemmer
from sumy.summarizers import AbstractSummarizer
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer
from sumy.utils import get_stop_words

from benchmarks.measures import words
from summarizer.engines.extraction.sentences import Sentence

_SUMY_LANGUAGES = {
    "ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian",
    "ja": "japanese", "pl": "polish", "pt": "portuguese", "zh": "chinese",
}  # fmt: skip


class _Tokenizer:
    """Stands in for sumy's, which needs data of nltk's that is not on PyPI."""

    @staticmethod
    def to_words(text: str) -> tuple[str, ...]:
        return tuple(words(text))


def lex_rank(sentences: Sequence[Sentence], number: int, language: str) -> list[Sentence]:
    return _sumy(LexRankSummarizer(null_stemmer), sentences, number, language)


def text_rank(sentences: Sequence[Sentence], number: int, language: str) -> list[Sentence]:
    return _sumy(TextRankSummarizer(null_stemmer), sentences, number, language)


def lead(sentences: Sequence[Sentence], number: int, language: str) -> list[Sentence]:
    return list(sentences[:number])


def by_chance(sentences: Sequence[Sentence], number: int, language: str) -> list[Sentence]:
    """Any sentence of each of n equal stretches of time, where there is one. The same for each run."""
    begin, length = sentences[0].start, max(each.end for each in sentences) - sentences[0].start
    stretches: defaultdict[int, list[Sentence]] = defaultdict(list)
    for each in sentences:
        stretches[min(number - 1, int((each.start - begin) / length * number))].append(each)
    chance = Random(sentences[0].text)
    return [chance.choice(stretches[place]) for place in sorted(stretches)]


def _sumy(summarizer: AbstractSummarizer, sentences: Sequence[Sentence], number: int, language: str) -> list[Sentence]:
    """sumy with its own stop words where it has some for the language."""
    name = _SUMY_LANGUAGES.get(language.split("-")[0])
    summarizer.stop_words = get_stop_words(name) if name else frozenset()
    nodes = [SumySentence(sentence.text, _Tokenizer()) for sentence in sentences]
    origin = {id(node): sentence for node, sentence in zip(nodes, sentences, strict=True)}
    document = ObjectDocumentModel([Paragraph(nodes)])
    return [origin[id(node)] for node in summarizer(document, number)]
