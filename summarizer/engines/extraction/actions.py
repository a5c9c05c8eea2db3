"""What a speaker asks the hearers to do, word for word, where it is clear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from summarizer.engines.extraction.phrasebook import Phrasebook
from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.words import Language
from summarizer.text import join

_SHORTEST, _LONGEST = 4.0, 45.0  # words
_SURE, _LONGEST_UNSURE = 0.1, 35.0  # where full stops are missing
_LOOKS_BACK = 3  # sentences from "Owner: Jonas" to what he owns
_CLAUSE = re.compile(r"[,;:.–—-]\s*$")
_LABELS_ITEM = re.compile(r"^[^.!?]{1,24}:\s")


def action_items(sentences: Sequence[Sentence], language: Language, book: Phrasebook, number: int) -> list[str]:
    """Up to `number`, in order, evenly from all that are found; what has an owner comes before mere requests."""
    owned = list(dict.fromkeys(_owned(sentences, book)))
    asked = list(dict.fromkeys(_asked(sentences, language, book)))
    found = owned if len(owned) >= number else owned + asked
    return [found[place * len(found) // number] for place in range(number)] if len(found) > number else found


def _owned(sentences: Sequence[Sentence], book: Phrasebook) -> Iterator[str]:
    """Each sentence that names an owner, with those before it back to the one that opens the item."""
    for index, sentence in enumerate(sentences):
        if not book.owners.match(sentence.text):
            continue
        before = range(index - 1, max(-1, index - 1 - _LOOKS_BACK), -1)
        opening = next((place for place in before if _LABELS_ITEM.match(sentences[place].text)), index - 1)
        yield join(each.text for each in sentences[max(0, opening) : index + 1])


def _is_clear(sentence: Sentence, request: str, language: Language) -> bool:
    """Whether a sentence without a full stop is likely to be one, and goes on with what is to be done."""
    following = request.split(maxsplit=1)[:1]
    stumbles = not following or following[0].casefold() in language.starters | language.openers | language.fillers
    return sentence.clean > _SURE and sentence.words <= _LONGEST_UNSURE and not stumbles


def _asked(sentences: Sequence[Sentence], language: Language, book: Phrasebook) -> Iterator[str]:
    for sentence in sentences:
        text = sentence.text
        if not _SHORTEST <= sentence.words <= _LONGEST or book.not_actions.search(text) or book.smalltalk.search(text):
            continue
        match = book.requests.search(text) or book.actions.search(text)
        if match is None or text.rstrip("\"'”’»」）)").endswith(("?", "？", "؟")):
            continue
        if sentence.clean < 1.0 and not _is_clear(sentence, text[match.end() :], language):
            continue
        before = text[: match.start()]
        opens = not before.strip() or _CLAUSE.search(before) or before.split()[-1].casefold() in language.joints
        if book.requests.match(text, match.start()) or opens:
            yield text if sentence.clean == 1.0 else text[match.start() :]
