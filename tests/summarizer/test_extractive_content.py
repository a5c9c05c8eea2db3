"""What the sentences of a talk do in it: they announce, lead from part to part, ask, sum up, or are only polite."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.draft import Draft
from summarizer.engines.extraction.words import languages
from summarizer.records import LENGTHS, Cue, Length
from summarizer.segments import segment
from summarizer.spoken_text import SpokenText, normalise
from summarizer.transcripts.uploads import read_captions
from tests.summarizer.spoken_samples import TALKS, bare, captions, spoken
from tests.summarizer.test_extractive import assert_grounded, extract

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "batches" / "samples").glob("0*"))
BEES = "The bees bring nectar into the hive. The queen of the hive lays eggs. Every hive has bees and one queen. " * 12
BREAD = "The dough rests before the oven is hot. Bakers knead the dough with flour. The oven bakes the bread. " * 12


def sample(number: int) -> Draft:
    path = SAMPLES[number - 1]
    return extract(segment(read_captions(path.name, path.read_bytes()).cues))


def titles(text: str) -> list[str]:
    return [chapter.title for chapter in extract(spoken(text)).chapters]


@pytest.mark.parametrize(
    ("opening", "title"),
    [
        ("Let me talk about baking.", "Baking"),
        ("And now, the bread, because it is easy to forget.", "The bread"),
        ("So now we come to the part that nobody likes: the baking of bread.", "The baking of bread"),
        ("Let's move on to baking together.", "Baking"),
        ("The second idea is fermentation.", "Fermentation"),
        ("What went well?", "What went well?"),
    ],
)
def test_a_chapter_is_called_what_the_speaker_calls_it(opening: str, title: str) -> None:
    assert title in titles(f"{BEES} {opening} {BREAD}")


def test_a_chapter_is_called_what_the_speaker_calls_it_without_punctuation() -> None:
    text = bare(f"{BEES} So number two is the bread and I have baked it for years. {BREAD}")
    assert "The bread" in titles(text)


def test_chapters_begin_where_the_speaker_begins_them() -> None:
    text = f"{BEES} Let me talk about the winter. {BEES} Let me talk about the swarm. {BEES}"
    cues = captions(text)
    draft = extract(segment(cues))
    starts = {each.id: each.start for each in segment(cues)}
    for name in ("winter", "swarm"):
        said = next(cue.start for cue in cues if name in cue.text)
        assert any(
            abs(starts[chapter.segment] - said) <= 60 and name in chapter.title.lower() for chapter in draft.chapters
        )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, {"The laboratory", "Rare harm", "The most famous trial of all"}),
        (2, {"The starter", "The dough", "The bulk fermentation", "The oven", "Cost"}),
        (3, {"The traffic", "Safety", "A hundred and twenty trees"}),
        (4, {"The impact", "The timeline", "Detection", "The actions", "The status page"}),
        (5, {"Technik", "Geld", "Die Fehler", "Die Rücklauftemperatur"}),
        (6, {"The chain", "The tires", "The brakes", "Cables", "Lights"}),
    ],
)
def test_the_samples_have_the_chapters_that_their_speakers_name(number: int, expected: set[str]) -> None:
    assert expected <= {chapter.title for chapter in sample(number).chapters}


def test_titles_are_short_and_are_words_of_the_video() -> None:
    for path in SAMPLES:
        segments = segment(read_captions(path.name, path.read_bytes()).cues)
        spoken_text = SpokenText(segments)
        for chapter in extract(segments, "detailed").chapters:
            assert len(chapter.title.split()) <= 9, chapter.title
            assert spoken_text.find(normalise(chapter.title)), chapter.title


def test_numbers_units_months_and_days_are_no_topics_and_no_titles() -> None:
    text = (
        "In March we sold twenty loaves for eighty cents on a Monday. Twenty grams of salt cost eighty cents. "
        "In March the first twenty customers came within ten minutes. The bakery opened on a Monday in March. "
    )
    draft = extract(spoken(text * 12), "detailed")
    words = {word for line in draft.topics for word in line.lower().split()}
    assert words
    assert not words & {"march", "twenty", "eighty", "cents", "monday", "grams", "minutes", "ten", "first"}
    assert not {"March", "Monday"} & set(draft.mentions)


def test_numbers_written_as_one_word_are_numbers() -> None:
    german = next(language for language in languages() if language.code == "de")
    assert all(map(german.counts, ("achtundvierzigtausend", "zweiundzwanzigsten", "hundertzwölf", "märz", "kilometer")))
    assert not any(map(german.counts, ("achtung", "einfach", "heizung", "vierteljahrhundertfeier")))


def test_the_headline_is_what_is_announced_and_the_same_at_each_length() -> None:
    for path in SAMPLES:
        segments = segment(read_captions(path.name, path.read_bytes()).cues)
        assert len({extract(segments, length).headline for length in LENGTHS}) == 1
    assert sample(2).headline == "Sourdough is not an art for a chosen few"
    assert sample(4).headline == "The outage of Friday the fourteenth of March"
    assert sample(6).headline == "How do i get my bike through the winter without it falling apart"


def test_the_overview_goes_from_what_is_announced_to_what_is_concluded() -> None:
    text = (
        "Good morning everybody. This talk is about the bees of our old town and their honey. "
        f"{BEES} If you take only one thing from this talk, take the dance of the bees. Thank you very much."
    )
    overview = extract(spoken(text)).overview
    begin, end = overview.find("This talk is about"), overview.find("If you take only one thing")
    assert 0 <= begin < end


@pytest.mark.parametrize("length", LENGTHS)
def test_greetings_thanks_and_requests_for_a_click_are_no_points(length: Length) -> None:
    text = (
        "Hello everybody and welcome back to the bees of the hive. Please subscribe to this channel about bees. "
        f"{BEES} {BREAD} Thanks for watching this video about the bees and the bread. Leave it in the comments below."
    )
    draft = extract(spoken(text), length)
    shown = [draft.headline, draft.overview, *(point.text for point in draft.key_points)]
    shown += [chapter.gist for chapter in draft.chapters]
    assert not [line for line in shown if "welcome" in line or "subscribe" in line or "watching" in line]
    assert not draft.action_items


def test_a_possessive_and_a_plural_are_the_name_itself() -> None:
    text = "We read about Jonas Salk's vaccine. Then Jonas Salk spoke. They saw the Beatles and a Beatle. " * 4
    draft = extract(spoken(text))
    assert "Jonas Salk" in draft.mentions
    assert not [name for name in draft.mentions if name.endswith("'s")]
    assert len([name for name in draft.mentions if name.startswith("Beatle")]) == 1


def test_english_words_between_other_captions_are_no_names() -> None:
    text = "Мы говорили с ним о пчелах в саду. Он сказал, что She и He знают Москву. Пчелы живут в улье у реки. " * 4
    assert not {"She", "He"} & set(extract(spoken(text)).mentions)


@pytest.mark.parametrize(
    ("language", "request_"),
    [
        ("en", "For next week, please read the chapter about the dance of the bees."),
        ("en", "Make sure that the hive is dry before the winter comes."),
        ("de", "Bitte bringen Sie am Samstag alle einen leeren Eimer mit."),
        ("fr", "N'oubliez pas de fermer la ruche avant la nuit."),
        ("es", "Por favor, cierren la colmena antes de la noche."),
        ("ru", "Пожалуйста, закройте улей до наступления темноты."),
    ],
)
def test_what_the_hearers_are_asked_to_do_is_an_action_item(language: str, request_: str) -> None:
    segments = spoken(f"{TALKS[language]} {request_} {TALKS[language]}")
    draft = extract(segments)
    assert draft.action_items == [request_]
    assert_grounded(draft, segments)


def test_what_somebody_owns_is_an_action_item_and_owner_is_no_speaker() -> None:
    draft = sample(4)
    owned = [item for item in draft.action_items if "Owner:" in item]
    assert [item[:10] for item in owned] == ["Number one", "Number two", "Number thr"]
    assert owned[1].endswith("Owner: Jonas, by mid April.")
    assert {quote.speaker for quote in draft.quotes} == {""}


@pytest.mark.parametrize(
    "text",
    ["Please note that bees are not wasps at all.", "He wants to make sure that they sleep well.", "Yes please."],
)
def test_not_every_please_is_an_action(text: str) -> None:
    assert extract(spoken(f"{TALKS['en']} {text} {TALKS['en']}")).action_items == []


def test_a_language_without_words_of_its_own_has_points_and_chapters_all_the_same() -> None:
    finnish = (
        "Mehiläiset elävät suurissa pesissä. Kuningatar munii munat pesään. Työläiset keräävät mettä kukista. "
        "Leipä tarvitsee vain jauhoja ja vettä. Taikina nousee hitaasti yön aikana. Uuni antaa leivälle kuoren. "
    )
    segments = segment([Cue(n * 6.0, 6.0, f"{line.strip()}.") for n, line in enumerate((finnish * 8).split(".")[:-1])])
    draft = extract(segments)
    assert_grounded(draft, segments)
    assert draft.chapters
    assert draft.action_items == []


def test_a_clear_request_is_found_without_punctuation() -> None:
    (item,) = sample(6).action_items
    assert item.startswith("Please don't use a pressure washer on your bike because the water goes straight through")
