"""What stays of captions when everything that is not speech has been taken away."""

from __future__ import annotations

import pytest

from summarizer.records import Cue
from summarizer.transcripts.cleaning import LONGEST_CUE, clean


def texts(*shown: str, seconds: float = 2.0) -> list[str]:
    """The texts that remain of captions shown one after the other."""
    return [cue.text for cue in clean(Cue(i * seconds, seconds, text) for i, text in enumerate(shown))]


@pytest.mark.parametrize(
    "sound",
    [
        "[Music]",
        "[Applause]",
        "[cheers and applause]",
        "[man speaking indistinctly]",
        "[аплодисменты]",
        "[смех и апплодисменты]",
        "(laughs)",
        "(air whooshing)",
        "(face logo whooshes)",
        "（笑）",
        "[音楽]",
        "【拍手】",
        "[संगीत]",
        "[موسيقى]",
        "♪",
        "♪ ♪ ♪",
        "[Music] [Applause]",
        "- [Music]",
        "[Music\nplaying]",
        "Collins-Sussman: [laughs]",
        "\u200b",
    ],
)
def test_a_caption_that_only_names_a_sound_is_dropped(sound: str) -> None:
    assert texts("Hello there.", sound, "And goodbye.") == ["Hello there.", "And goodbye."]


@pytest.mark.parametrize(
    ("shown", "spoken"),
    [
        ("Thank you. [Applause] Next slide.", "Thank you. Next slide."),
        ("It works [laughter].", "It works."),
        ("so (laughs) we tried", "so we tried"),
        ("Ванг: [смеется]. Это будет магия.", "Ванг: Это будет магия."),
        ("♪ We're no strangers to love ♪", "We're no strangers to love"),
        (">> So good. Okay.", "So good. Okay."),
        ("yes >> no >>> maybe", "yes no maybe"),
        ("- Hi.\n- Hello.", "Hi. Hello."),
        ("– Bonjour", "Bonjour"),
        ("a\u202eb\u2066c\u200b\ufeff\x00d", "abcd"),
        ("two\nlines\xa0here", "two lines here"),
        ("日本語の\n字幕です", "日本語の字幕です"),
        ("co\u00adoperate", "cooperate"),
        ("broken \ud83d surrogate", "broken surrogate"),
    ],
)
def test_sounds_and_marks_inside_of_speech_are_removed(shown: str, spoken: str) -> None:
    assert texts(shown) == [spoken]


@pytest.mark.parametrize(
    "speech",
    [
        "ANNA: I disagree.",
        "ここで [Play] をクリックすると 経過時間が",
        "[Google に追加] ボタンを 自分のサイトに追加できます",
        "hadrons (LHC) au CERN.",
        "(давай встретились завтра) звучит не очень хорошо.",
        "(the music industry)",
        "the charts (folk music) of that year",
        "UNF [ __ ] things at product",
        "--перескочить в любую точку--",
        "- 5 degrees",
        "C♯ and F♯",
        "می‌خواهم",
        "क्‍ष",
        "👩‍💻 codes",
        "مرحبا بالعالم",
        "x -> y",
    ],
)
def test_speech_is_left_as_it_is(speech: str) -> None:
    assert texts(speech) == [speech]


def test_scrolling_captions_of_a_youtube_vtt_are_joined_without_repeats() -> None:
    shown = [
        (0.16, 2.23, " \nhello everyone"),
        (2.39, 0.01, "hello everyone\n "),
        (2.40, 1.60, "hello everyone\nwelcome to"),
        (4.00, 0.01, "welcome to\n "),
        (4.01, 2.00, "welcome to\nthe show"),
        (6.01, 0.01, "the show\n "),
        (6.02, 2.00, "the show\n[Music]"),
        (8.02, 2.00, "[Music]\nwelcome to"),
        (10.02, 2.00, "welcome to\nthe end"),
    ]
    cues = clean(Cue(*cue) for cue in shown)
    assert [cue.text for cue in cues] == ["hello everyone", "welcome to", "the show", "welcome to", "the end"]
    assert [cue.start for cue in cues] == [0.16, 2.40, 4.01, 8.02, 10.02]


def test_captions_that_grow_word_by_word_are_said_once() -> None:
    shown = ["so", "so today", "so today we", "so today we look", "so today we look at bees", "they dance"]
    assert " ".join(texts(*shown)) == "so today we look at bees they dance"


def test_what_people_do_say_twice_is_kept_twice() -> None:
    assert texts("No.", "No.", "I said no.", "Why?") == ["No.", "No.", "I said no.", "Why?"]


def test_a_caption_shown_twice_at_the_same_time_is_kept_once() -> None:
    cues = [Cue(0, 4, "Hello."), Cue(0, 4, "Hello."), Cue(1, 2, "Hello."), Cue(4, 2, "Bye."), Cue(4, 0, "Bye.")]
    assert [cue.text for cue in clean(cues)] == ["Hello.", "Bye."]


def test_a_caption_without_a_duration_keeps_its_words() -> None:
    cues = [Cue(0, 2, "What a conventional"), Cue(2, 0, "application"), Cue(2, 2, "can do")]
    assert [cue.text for cue in clean(cues)] == ["What a conventional", "application", "can do"]


def test_captions_are_sorted_by_time() -> None:
    cues = [Cue(8, 2, "three"), Cue(0, 2, "one"), Cue(4, 2, "two")]
    assert [cue.text for cue in clean(cues)] == ["one", "two", "three"]


def test_a_giant_caption_is_cut_into_sentences_that_share_its_time() -> None:
    sentences = [f"This is sentence number {n} of the long talk." for n in range(100)]
    cues = clean([Cue(10, 100, " ".join(sentences))])
    assert [cue.text for cue in cues] == sentences
    assert cues[0].start == 10
    assert cues[-1].start + cues[-1].duration == pytest.approx(110)
    assert max(len(cue.text) for cue in cues) <= LONGEST_CUE


def test_a_giant_word_is_cut_and_loses_nothing() -> None:
    word = "".join(chr(0x4E00 + n % 2000) for n in range(5000))
    assert "".join(cue.text for cue in clean([Cue(0, 10, word)])) == word
