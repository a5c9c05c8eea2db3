"""The page of one summary: for its owner, checkable to the second, and safe whatever a model or a title says."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from batches.exports.markdown import summary_document
from batches.models import Summary
from tests.batches.builders import CONTENT, items_of, make_batch, make_summary, make_transcript, make_user, make_video

pytestmark = pytest.mark.django_db


def page_of(summary: Summary) -> str:
    client = Client()
    client.force_login(summary.user)
    answer = client.get(summary.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_a_stranger_cannot_tell_another_ones_summary_from_none() -> None:
    summary = make_summary()
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(summary.get_absolute_url()).status_code == 404
    assert Client().get(summary.get_absolute_url()).status_code == 302


def test_everything_a_summary_has_is_shown() -> None:
    shown = words(page_of(make_summary(headline="Bread takes a night")))
    for part in (
        "Bread takes a night",
        "four ingredients",
        "It rests overnight.",
        "Let it rest overnight.",
        "A welcome.",
    ):
        assert part in shown
    for part in ("Weigh the flour.", "Topics bread", "The Channel", "2:00"):
        assert part in shown


def test_every_point_links_to_its_seconds_on_youtube() -> None:
    summary = make_summary()
    html = unescape(page_of(summary))
    assert f'href="{summary.video.url}&t=4s"' in html
    assert f'href="{summary.video.url}&t=65s"' in html
    assert 'aria-label="Watch at 1:05"' in html


def test_times_of_an_uploaded_file_lead_into_its_captions() -> None:
    user = make_user()
    video = make_video(owner=user)
    transcript = make_transcript(video)
    html = page_of(make_summary(user, video, transcript=transcript, caption_kind="uploaded"))
    assert "youtube.com" not in html
    anchors = set(re.findall(r'href="#(passage-\d+)"', html))
    assert anchors
    assert anchors <= set(re.findall(r'id="(passage-\d+)"', html))


def test_the_captions_are_below_with_their_times() -> None:
    transcript = make_transcript()
    html = page_of(make_summary(video=transcript.video, transcript=transcript))
    assert "Welcome to the kitchen. Bread needs time." in words(html)
    assert html.count('class="script"') == 2


def test_a_summary_whose_captions_and_batch_are_gone_still_opens() -> None:
    html = page_of(make_summary())
    assert 'id="transcript"' not in html
    assert 'rel="next"' not in html


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"coverage": 1.0}, "All of 1:11 read"),
        ({"coverage": 0.999}, "99% of 1:11 read"),
        ({"caption_kind": "generated", "caption_language": "pt-BR"}, "Automatic captions, Brazilian Portuguese"),
        ({"engine": "extractive", "model": "extractive"}, "Extracted sentences, no AI"),
        ({"engine": "openai", "model": "gpt-6-luna"}, "Written by gpt-6-luna"),
        ({"language": "de"}, "in German"),
    ],
)
def test_it_says_how_far_to_trust_it(fields: dict[str, Any], sentence: str) -> None:
    transcript = make_transcript()
    assert sentence in words(page_of(make_summary(video=transcript.video, transcript=transcript, **fields)))


def test_what_was_dropped_is_counted() -> None:
    grounding = {"points": 12, "points_dropped": 2, "quotes": 4, "quotes_dropped": 1, "chapters_dropped": 0}
    shown = words(page_of(make_summary(content=CONTENT | {"grounding": grounding})))
    assert "12 points cited, 4 quotes verified, 3 dropped" in shown


EVIL = (
    "**bold** <script>alert(1)</script> ![pixel](https://evil.example/p.png) "
    "[run](javascript:alert(2)) [site](https://example.org) <b onclick=x>raw</b>"
)


def content_of(text: str) -> dict[str, Any]:
    return CONTENT | {
        "overview": text,
        "points": [{"text": text, "seconds": [4.0]}],
        "chapters": [{"title": text, "start": 0.0, "gist": text}],
        "quotes": [{"text": text, "second": 4.0, "speaker": text}],
        "topics": [text],
        "action_items": [text],
        "mentions": [text],
    }


def test_markdown_of_a_model_is_formatted_and_harmless() -> None:
    summary = make_summary(engine="anthropic", model="m", headline=EVIL, content=content_of(EVIL))
    summary.video.title = EVIL
    summary.video.save()
    html = page_of(summary)
    assert "<strong>bold</strong>" in html
    assert 'href="https://example.org" rel="noopener noreferrer nofollow"' in html
    for harm in ("<script>alert", "<img", 'href="javascript', "<b onclick"):
        assert harm not in html


def test_words_of_the_video_are_shown_letter_by_letter() -> None:
    quote = "Use *args and __init__ <here>"
    content = CONTENT | {"quotes": [{"text": quote, "second": 4.0, "speaker": ""}], "overview": quote}
    assert page_of(make_summary(engine="anthropic", content=content)).count("Use *args and __init__ &lt;here&gt;") == 1
    assert page_of(make_summary(engine="extractive", content=content)).count("Use *args and __init__ &lt;here&gt;") == 2


ARABIC = {
    "headline": "الخبز يحتاج إلى وقت",
    "overview": "يشرح الخباز كيف يصنع الخبز من أربعة مكونات.",
    "points": [{"text": "العجين يرتاح طوال الليل.", "seconds": [4.0]}],
    "chapters": [{"title": "البداية", "start": 0.0, "gist": "ترحيب قصير."}],
    "quotes": [{"text": "دعوه يرتاح طوال الليل", "second": 65.0, "speaker": "الخبازة ليلى"}],
    "topics": ["خبز"],
    "action_items": ["زنوا الدقيق."],
    "mentions": ["مخبز المدينة"],
}


class Directions(HTMLParser):
    """Arabic texts of a page, each with the nearest dir of what is around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("area", "br", "hr", "img", "input", "link", "meta", "path", "circle"):
            self._open.append((tag, "auto" if tag == "bdi" else dict(attrs).get("dir") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        if re.search(r"[\u0600-\u06ff]", data) and not any(tag == "title" for tag, _ in self._open):
            self.found.append((data.strip(), next((way for _, way in reversed(self._open) if way), "")))


def test_every_part_of_a_summary_is_shown_and_reads_from_right_to_left_where_its_words_do() -> None:
    content = CONTENT | {name: value for name, value in ARABIC.items() if name != "headline"}
    summary = make_summary(engine="anthropic", model="m", headline=str(ARABIC["headline"]), content=content)
    found = Directions(page_of(summary)).found
    assert {way for _, way in found} == {"auto"}
    shown = " ".join(text for text, _ in found)
    markdown = summary_document(summary)
    for part in re.findall(r'[\u0600-\u06ff][^"\\]*', json.dumps(ARABIC, ensure_ascii=False)):
        assert part in shown, part
        assert part.rstrip(".") in markdown, part


def test_it_leads_to_its_neighbours_in_the_batch() -> None:
    batch = make_batch(["completed", "failed", "completed", "completed"])
    first, _, third, fourth = items_of(batch)
    assert first.summary
    assert third.summary
    assert fourth.summary
    html = page_of(third.summary)
    assert f'rel="prev" href="{first.summary.get_absolute_url()}"' in html
    assert f'rel="next" href="{fourth.summary.get_absolute_url()}"' in html
    assert "3 of 4" in words(html)


def test_a_summary_with_nothing_but_an_overview_renders() -> None:
    html = page_of(make_summary(content={"overview": "Only this.", "grounding": {}}))
    assert "Only this." in html
    assert "Chapters" not in html
