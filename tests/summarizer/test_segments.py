"""How captions become the numbered segments that models cite, and parts that fit into one call."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.errors import ContextOverflow
from summarizer.records import Cue, Segment
from summarizer.segments import LONGEST, MOST_CHARACTERS, coverage, segment, split


def talk(
    count: int, seconds: float = 4.0, text: str = "so we went on and talked about it", stops: int = 0
) -> list[Cue]:
    """`count` captions in a row; every `stops`-th ends a sentence."""
    return [
        Cue(n * seconds, seconds, f"{text} {n}" + ("." if stops and n % stops == stops - 1 else ""))
        for n in range(count)
    ]


def of_size(*sizes: int) -> list[Segment]:
    return [Segment(n, n * 30.0, n * 30.0 + 30, "x" * size) for n, size in enumerate(sizes, 1)]


def characters(text: str) -> int:
    return text.count("x")


def test_no_captions_make_no_segments() -> None:
    assert segment([]) == []


def test_ids_count_from_one_and_no_caption_is_lost() -> None:
    cues = talk(500)
    segments = segment(cues)
    assert [part.id for part in segments] == list(range(1, len(segments) + 1))
    assert [cue for part in segments for cue in part.cues] == cues


def test_segments_last_between_30_and_60_seconds() -> None:
    segments = segment(talk(500))
    assert all(30 <= part.end - part.start <= 60 for part in segments[:-1])


def test_a_segment_ends_with_a_sentence_where_there_is_one() -> None:
    segments = segment(talk(500, stops=5))
    assert all(part.text.endswith(".") for part in segments)


def test_a_segment_ends_before_a_pause_when_there_is_no_punctuation() -> None:
    cues = [Cue(cue.start + (5 if n >= 12 else 0), cue.duration, cue.text) for n, cue in enumerate(talk(30))]
    assert segment(cues)[0].cues[-1] == cues[11]


def test_a_long_silence_separates_segments_even_when_they_are_short() -> None:
    cues = [Cue(0, 4, "before the break"), Cue(40, 4, "after the break")]
    assert [part.text for part in segment(cues)] == ["before the break", "after the break"]


def test_a_caption_left_on_screen_through_a_break_does_not_stretch_its_segment() -> None:
    cues = [Cue(0, 2, "Okay."), Cue(2, 1143.8, "Yeah."), Cue(1145.8, 3, "Hi remote attendees.")]
    first, second = segment(cues)
    assert (first.text, first.end) == ("Okay. Yeah.", 12.0)
    assert (second.text, second.start) == ("Hi remote attendees.", 1145.8)


def test_japanese_captions_are_joined_without_spaces_and_cut_at_their_full_stops() -> None:
    cues = [Cue(n * 5.0, 5.0, "検索結果について話します" + ("。" if n % 4 == 3 else "")) for n in range(80)]
    segments = segment(cues)
    assert all(part.text.endswith("。") and " " not in part.text for part in segments)
    assert all(30 <= part.end - part.start <= 60 for part in segments[:-1])


def test_fast_dense_text_is_capped_by_characters() -> None:
    segments = segment(talk(300, seconds=1.0, text="word " * 50))
    assert all(len(part.text) <= MOST_CHARACTERS for part in segments)


def test_the_same_captions_give_the_same_segments() -> None:
    assert segment(talk(333, stops=7)) == segment(talk(333, stops=7))


@given(
    st.lists(st.tuples(st.floats(0, 40), st.floats(0, 2000), st.text("abc. 。", min_size=1, max_size=600)), max_size=60)
)
def test_any_captions_are_segmented_whole_in_order_and_within_the_cap(shown: list[tuple[float, float, str]]) -> None:
    start, cues = 0.0, []
    for gap, duration, text in shown:
        start += gap
        cues.append(Cue(start, duration, text))
    segments = segment(cues)
    assert [cue for part in segments for cue in part.cues] == cues
    for part in segments:
        assert part.start == part.cues[0].start <= part.end
        assert len(part.cues) == 1 or (part.end - part.start <= LONGEST and len(part.text) <= MOST_CHARACTERS)


def test_what_fits_stays_one_part() -> None:
    segments = of_size(10, 20, 30)
    assert split(segments, 60, characters) == [segments]


def test_nothing_to_split_is_no_part() -> None:
    assert split([], 100, characters) == []


def test_parts_are_balanced_instead_of_one_full_and_one_tiny() -> None:
    parts = split(of_size(*[10] * 11), 100, characters)
    assert [len(part) for part in parts] == [6, 5]


def test_a_segment_larger_than_the_budget_is_an_error_and_never_dropped() -> None:
    with pytest.raises(ContextOverflow):
        split(of_size(10, 101, 10), 100, characters)


@given(st.lists(st.integers(0, 50), max_size=80), st.integers(50, 300))
def test_any_split_keeps_every_segment_in_order_within_the_budget(sizes: Sequence[int], budget: int) -> None:
    segments = of_size(*sizes)
    parts = split(segments, budget, characters)
    assert [one for part in parts for one in part] == segments
    assert all(part and sum(characters(one.text) for one in part) <= budget for part in parts)


def test_coverage_is_the_share_of_segments_read() -> None:
    segments = of_size(1, 1, 1, 1)
    assert coverage(segments[:3], segments) == 0.75
    assert coverage(segments, segments) == 1.0
    assert coverage([], []) == 0.0
