"""Wishes for captions meet the tags that YouTube writes: other regions, other scripts, old codes, names of tracks."""

from __future__ import annotations

import pytest

from summarizer.languages import NEAR, OTHER_REGION, OTHER_SCRIPT, SAME, nearness, plain_tag, rank


@pytest.mark.parametrize(
    ("wanted", "language", "near"),
    [
        ("en", "en", SAME),
        ("pt-br", "pt-BR", SAME),
        ("he", "iw", SAME),
        ("id", "in", SAME),
        ("en", "en-US", NEAR),
        ("en-GB", "en", NEAR),
        ("zh-TW", "zh-Hant", NEAR),
        ("pt-br", "pt-PT", OTHER_REGION),
        ("zh-TW", "zh-HK", OTHER_REGION),
        ("zh-TW", "zh-CN", OTHER_SCRIPT),
        ("zh-Hant", "zh-Hans", OTHER_SCRIPT),
        ("en", "de", None),
        ("", "de", None),
        ("", "", None),
    ],
)
def test_how_near_a_language_comes_to_a_wish(wanted: str, language: str, near: int | None) -> None:
    assert nearness(wanted, language) == near


@pytest.mark.parametrize(
    ("wishes", "tracks", "best"),
    [
        (["en"], ["de", "en-US"], "en-US"),
        (["pt-br"], ["pt-PT", "pt-BR"], "pt-BR"),
        (["zh-TW"], ["zh-CN", "zh-Hant"], "zh-Hant"),
        (["fr", "he"], ["en", "iw"], "iw"),
        (["en"], ["en-GB", "en"], "en"),
        ([], ["en", "de"], "en"),
    ],
)
def test_the_nearest_track_comes_first(wishes: list[str], tracks: list[str], best: str) -> None:
    assert min(tracks, key=lambda track: rank(track, False, wishes)) == best


def test_manual_captions_of_a_region_come_before_generated_ones_and_the_other_script_does_not() -> None:
    assert rank("en-GB", False, ["en"]) < rank("en", True, ["en"])
    assert rank("zh-Hant", True, ["zh-TW"]) < rank("zh-Hans", False, ["zh-TW"])


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("en-nP7-2PuUl7o", "en"),
        ("en-US-nP7-2PuUl7o", "en-US"),
        ("en-orig", "en"),
        ("de-en", "de"),
        ("zh-Hans", "zh-Hans"),
        ("es-419", "es-419"),
        ("pt-BR", "pt-BR"),
        ("?", "?"),
    ],
)
def test_the_name_of_a_track_is_no_part_of_its_language(name: str, tag: str) -> None:
    assert plain_tag(name) == tag
