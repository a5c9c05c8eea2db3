"""Captions become sentences, with punctuation and without, and each keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from summarizer.engines.extraction.sentences import Sentence, sentences
from summarizer.engines.extraction.terms import folded, tokens
from summarizer.engines.extraction.words import language_of
from summarizer.records import Cue
from summarizer.segments import segment
from summarizer.transcripts.uploads import read_captions
from tests.summarizer.spoken_samples import TALKS, bare, captions


def cut(cues: Sequence[Cue]) -> list[Sentence]:
    language = language_of(folded(token) for cue in cues for token in tokens(cue.text))
    return sentences(segment(cues), language, lambda done: None)


def texts(cues: Sequence[Cue]) -> list[str]:
    return [each.text for each in cut(cues)]


def timed(*lines: str, seconds: float = 3.0) -> list[Cue]:
    return [Cue(place * seconds, seconds, line) for place, line in enumerate(lines)]


@pytest.mark.parametrize("language", sorted(set(TALKS) - {"th"}))
def test_a_full_stop_ends_a_sentence_in_any_script(language: str) -> None:
    stops = sum(TALKS[language].count(stop) for stop in ".。।?؟")
    assert len(cut(captions(TALKS[language]))) == stops


def test_sentences_run_over_captions_and_begin_at_the_caption_of_their_first_word() -> None:
    found = cut(timed("It rained. The old", "bridge over the", "river was closed. Nobody came."))
    assert [(each.text, each.start, each.end) for each in found] == [
        ("It rained.", 0.0, 3.0),
        ("The old bridge over the river was closed.", 0.0, 9.0),
        ("Nobody came.", 6.0, 9.0),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith and Mrs. Jones met J. R. Tolkien at 5.30 p.m. yesterday.",
        "The price rose to 3.5 million, vs. 2.1 the year before.",
        "We use Node.js and example.com every day.",
        "Well... maybe we should wait for the others.",
    ],
)
def test_not_every_dot_is_a_full_stop(text: str) -> None:
    assert len(texts(timed(text))) == 1


def test_connectives_at_the_beginning_are_left_away_but_never_all_words() -> None:
    assert texts(timed("So, um, the engine was cold. And yes. Okay so now we start.")) == [
        "the engine was cold.",
        "yes.",
        "we start.",
    ]


def test_captions_of_languages_without_spaces_are_joined_without_them() -> None:
    assert texts(timed("サイトにソーシャル機能を", "簡単に追加できます。", "Google で検索します。")) == [
        "サイトにソーシャル機能を簡単に追加できます。",
        "Google で検索します。",
    ]


def test_speech_without_full_stops_is_cut_before_words_that_begin_sentences() -> None:
    lines = (
        "the queen lays all of the eggs in",
        "the hive so let's look at the workers",
        "of the colony they collect nectar from",
        "the flowers around the hive okay now",
        "here's how the dance of the bees works",
        "for the other workers in the dark hive",
    )
    found = texts(timed(*lines))
    assert "the queen lays all of the eggs in the hive" in found
    assert any(text.startswith("let's look at the workers") for text in found)
    assert any(text.startswith("here's how the dance of the bees works") for text in found)


@pytest.mark.parametrize(
    ("torn", "lines"),
    [
        (
            "you",
            (
                "the bike stands outside in the rain and takes",
                "you to work and there are only five things that kill it",
            ),
        ),
        ("you", ("so today i am going to show", "you everything that i do on my own old commuter bike")),
        (
            "nothing",
            ("i push the cables back in and that costs", "nothing and if the cable has a broken strand replace it"),
        ),
        ("it", ("every month the old beekeeper looks at", "it and then he closes the hive again for the night")),
    ],
)
def test_speech_without_full_stops_is_not_cut_before_the_object_of_a_verb(torn: str, lines: tuple[str, str]) -> None:
    before = ("the queen lays all of the eggs in the hive", "the workers collect nectar from the flowers")
    found = texts(timed(*before * 3, *lines, *before * 3))
    assert not [text for text in found if text.split()[0] == torn]


def test_the_sample_without_punctuation_is_not_torn_before_objects() -> None:
    path = next((Path(__file__).resolve().parents[2] / "batches" / "samples").glob("06*"))
    found = texts(read_captions(path.name, path.read_bytes()).cues)
    assert any("takes you to work" in text for text in found)
    assert any("show you everything" in text for text in found)
    assert any("that costs nothing" in text for text in found)


def test_speech_without_full_stops_is_cut_at_pauses() -> None:
    words = [
        "garden roses bloom early",
        "when april stays warm",
        "tractors cost much money",
        "farmers share one machine",
    ]
    cues, start = [], 0.0
    for turn in range(12):
        cues.append(Cue(start, 2.0, words[turn % 4]))
        start += 2.0 if turn % 2 == 0 else 7.0
    assert texts(cues)[:2] == [
        "garden roses bloom early when april stays warm",
        "tractors cost much money farmers share one machine",
    ]


def test_captions_that_break_at_phrases_are_never_cut_inside() -> None:
    cues = timed(*_phrases(bare(TALKS["fr"])))
    edges = {text for cue in cues for text in (cue.text.split()[0], cue.text.split()[-1])}
    for text in texts(cues):
        assert text.split()[0] in edges
        assert text.split()[-1] in edges


def _phrases(text: str) -> list[str]:
    """Lines of at least five words, of which the last is long: no article and no preposition."""
    lines: list[list[str]] = [[]]
    for word in text.split():
        lines[-1].append(word)
        if len(lines[-1]) >= 5 and len(word) > 5:
            lines.append([])
    return [" ".join(line) for line in lines if line]


def test_no_word_is_lost_but_connectives_and_loose_ends() -> None:
    for language, talk in TALKS.items():
        plain = bare(talk)
        kept = "".join("".join(texts(captions(plain))).split())
        assert len(kept) > 0.8 * len("".join(plain.split())), language


def test_a_label_that_comes_often_is_a_speaker_and_one_that_comes_once_is_speech() -> None:
    found = cut(timed("ANNA: The road is long. Myth: The earth is flat.", "ANNA: It is not.", "ANNA: We know that."))
    assert [(each.speaker, each.text) for each in found] == [
        ("ANNA", "The road is long."),
        ("", "Myth: The earth is flat."),
        ("ANNA", "It is not."),
        ("ANNA", "We know that."),
    ]


def test_speech_without_any_break_has_an_end() -> None:
    found = cut(timed(*["the of and to a in"] * 400))
    assert max(each.words for each in found) <= 60
    assert max(each.words for each in cut(timed(*["- - - ♪ - -"] * 400))) <= 60
