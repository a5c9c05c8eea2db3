"""The library: a user's own summaries, found by any word of them or of their captions, to the second."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from batches import search
from batches.models import Summary
from batches.operations import delete_batch
from batches.search_index import Facet, SearchEntry
from tests.batches.builders import (
    CONTENT,
    make_batch,
    make_summary,
    make_transcript,
    make_user,
    make_video,
    summary_of,
)

pytestmark = pytest.mark.django_db


def shelve(user: User, words: str = "", **fields: Any) -> Summary:
    """A summary in the index, with a transcript that says `words` at 1:40."""
    video = fields.pop("video", None) or make_video(**fields.pop("video_fields", {}))
    transcript = make_transcript(video, cues=[[0.0, 5.0, "Hello and welcome."], [100.0, 5.0, words or "Goodbye."]])
    summary = make_summary(user, video, transcript=transcript, **fields)
    search.add(summary, search.document(summary, transcript))
    return summary


def found(user: User, **query: Any) -> list[Summary]:
    return [summary for _, summary in search.find(user, search.Query(**query), 100)]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, query: str = "") -> str:
    answer = client_of(user).get(f"/library{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("The transformer reads tokens.", "TRANSFORM"),
        ("The transformer reads tokens.", "tokens transformer"),
        ("Über die Brücke nach Zürich", "bruc zurich"),
        ("Straße", "strasse"),
        ("Это длинная лекция о хлебе", "лекция"),
        ("機械学習は楽しい", "学習"),
        ("機械学習は楽しい", "機"),
        ("機械学習は楽しい", "い"),
        ("हिन्दी में रोटी बनाना", "रोटी"),
        ("שָׁלוֹם עולם", "שלום"),
        ("C3PO said 42 things", "c3po 42"),
    ],
)
def test_words_are_found_in_any_script_by_their_beginnings(words: str, asked: str) -> None:
    user = make_user()
    summary = shelve(user, words)
    shelve(user, "Something else.")
    assert found(user, text=asked) == [summary]


@pytest.mark.parametrize(
    "asked", ["ransformer", "transformer bread9", "学機", "_u", "x' OR '1'='1", '"unclosed', "zz*b:c&"]
)
def test_what_is_not_there_is_not_found_and_no_sign_has_a_meaning(asked: str) -> None:
    user = make_user()
    shelve(user, "The transformer reads 機械学習.")
    assert found(user, text=asked) == []


def test_every_part_of_a_summary_is_searched() -> None:
    user = make_user()
    content = CONTENT | {"topics": ["sourdough"], "quotes": [{"text": "Patience!", "second": 4.0, "speaker": "Ada"}]}
    summary = shelve(
        user, content=content, headline="On loaves", video_fields={"title": "Kitchen talk", "channel": "Oven"}
    )
    for word in ("sourdough", "patience", "ada", "loaves", "kitchen", "oven", "overnight", "goodbye"):
        assert found(user, text=word) == [summary], word


def test_nobody_finds_what_is_anothers() -> None:
    owner, stranger = make_user(), make_user()
    upload = make_video(owner=owner, title="Secret meeting")
    shelve(owner, "The merger is called Falcon.", video=upload, caption_kind="uploaded")
    own = shelve(stranger, "Nothing of note.")
    assert found(stranger, text="falcon") == []
    assert found(stranger, text="secret") == []
    assert found(stranger) == [own]
    html = page(stranger, "?q=falcon")
    assert "Nothing matches" in html
    assert "Secret" not in page(stranger)
    assert search.facets(stranger)["channel"] == ["The Channel"]
    assert Client().get("/library").status_code == 302


def test_filters_narrow_and_combine() -> None:
    user = make_user()
    bread = shelve(user, "Yeast", video_fields={"channel": "Oven"}, language="de", model="m1")
    shelve(user, "Yeast", video_fields={"channel": "Oven"}, language="en", model="m1")
    shelve(user, "Yeast", video_fields={"channel": "Bridge"}, language="de", model="m2")
    assert found(user, text="yeast", channel="Oven", language="de") == [bread]
    assert found(user, model="m1", language="de") == [bread]
    assert found(user, model="m3") == []
    assert search.facets(user) == {"channel": ["Bridge", "Oven"], "language": ["de", "en"], "model": ["m1", "m2"]}


@pytest.mark.parametrize("text", ["", "yeast"])
def test_dates_narrow_to_whole_days(text: str) -> None:
    user = make_user()
    days = [shelve(user, "Yeast", created_at=datetime(2026, 3, day, 23, 30, tzinfo=UTC)) for day in (1, 2, 3)]
    html = page(user, f"?q={text}&from=2026-03-02&to=2026-03-02")
    assert days[1].headline in html
    assert days[0].headline not in html
    assert days[2].headline not in html
    assert days[0].headline in page(user, f"?q={text}&from=nonsense&to=9999-99-99")


def test_hits_are_marked_and_lead_to_their_second() -> None:
    user = make_user()
    summary = shelve(user, "The transformer <b>reads</b> tokens.")
    html = client_of(user).get("/library?q=transf").content.decode()
    assert "The <mark>transformer</mark> &lt;b&gt;reads" in html
    [link] = re.findall(r'href="([^"]*t=100#found)"', unescape(html))
    assert link == f"{summary.get_absolute_url()}?q=transf&t=100#found"
    opened = client_of(user).get(link).content.decode()
    assert '<details class="card" id="transcript" open>' in opened
    [passage] = re.findall(r'<p dir="auto" id="found">(.*?)</p>', opened)
    assert "<mark>transformer</mark>" in passage


def test_pages_follow_each_other_without_gaps_or_repeats() -> None:
    user = make_user()
    made = [shelve(user, "Yeast") for _ in range(50)]
    seen: list[str] = []
    query = "?q=yeast"
    while query:
        html = page(user, query)
        seen += re.findall(r'name="summary" value="([^"]+)"', html)
        following = re.findall(r'rel="next" href="([^"]+)"', html)
        query = following[0] if following else ""
    assert seen == [str(summary.pk) for summary in reversed(made)]


def test_pages_lead_back_to_the_newer_ones() -> None:
    user = make_user()
    made = [str(shelve(user, "Yeast").pk) for _ in range(60)][::-1]
    for begin in ("", "?q=yeast"):
        third = _turn(page(user, _turn(page(user, begin), "next")), "next")
        second = page(user, _turn(page(user, third), "prev"))
        assert re.findall(r'name="summary" value="([^"]+)"', second) == made[24:48]
        first = page(user, _turn(second, "prev"))
        assert re.findall(r'name="summary" value="([^"]+)"', first) == made[:24]
        assert 'rel="prev"' not in first
    assert "60 summaries" in page(user)


def _turn(html: str, where: str) -> str:
    """The address of the page to which `where` leads."""
    [address] = re.findall(rf'rel="{where}" href="([^"]+)"', html)
    return str(address)


def test_a_batch_that_is_deleted_takes_its_channels_with_it() -> None:
    batch = make_batch(["completed"], videos=[make_video(channel="Gone")])
    summary = Summary.objects.get()
    search.add(summary, search.document(summary, None))
    shelve(batch.user, video_fields={"channel": "Kept"})
    client_of(batch.user).post(f"/batches/{batch.pk}/delete")
    assert search.facets(batch.user)["channel"] == ["Kept"]


def test_of_very_many_channels_some_are_offered_and_the_others_typed() -> None:
    user = make_user()
    shelve(user, video_fields={"channel": "Zebra"}, language="de")
    names = [Facet(user=user, kind="channel", value=f"Channel {number:03}") for number in range(400)]
    Facet.objects.bulk_create(names)
    html = page(user, "?channel=Zebra")
    assert '<input id="channel" name="channel"' in html
    assert html.count('<option value="Channel') < 300
    assert "German" in html
    assert "1 summary" in html


def test_a_deleted_summary_leaves_nothing_behind() -> None:
    batch = make_batch(["completed"])
    summary = Summary.objects.get()
    search.add(summary, search.document(summary, None))
    assert found(batch.user, text="baker") == [summary]
    delete_batch(batch)
    assert found(batch.user, text="baker") == []
    assert not SearchEntry.objects.exists()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM batches_searchwords")
            assert cursor.fetchone() == (0,)


def test_the_chosen_summaries_are_exported_and_only_ones_own() -> None:
    user = make_user()
    first, second, other = shelve(user), shelve(user), shelve(make_user())
    query = f"?summary={second.pk}&summary={other.pk}&summary=nonsense"
    answer = client_of(user).get(f"/library/export{query}&as=json")
    document = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert [row["id"] for row in document["summaries"]] == [str(second.pk)]
    assert first.headline not in json.dumps(document)


def test_without_a_choice_everything_that_matches_is_exported() -> None:
    user = make_user()
    for words in ("Yeast", "Yeast", "Salt"):
        shelve(user, words)
    answer = client_of(user).get("/library/export?q=yeast")
    names = zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))).namelist()  # type: ignore[attr-defined]
    assert len([name for name in names if re.match(r"\d+ - ", name)]) == 2
    assert client_of(user).get("/library/export?as=docx").status_code == 404


def test_what_is_exported_is_said_by_the_button() -> None:
    user = make_user()
    first, _second = shelve(user), shelve(user)
    client = client_of(user)
    answer = client.get(f"/library/export?which=all&as=json&summary={first.pk}")
    assert len(json.loads(b"".join(answer.streaming_content))["summaries"]) == 2  # type: ignore[attr-defined]
    nothing = client.get("/library/export?which=chosen&q=bread", follow=True)
    assert nothing.redirect_chain[-1][0] == "/library?q=bread"
    assert "Choose summaries first" in nothing.content.decode()


def ticked(html: str) -> list[str]:
    return re.findall(r'name="summary" value="([^"]+)" checked', html)


def exported(user: User, query: str) -> list[str]:
    answer = client_of(user).get(f"/library/export{query}&as=json")
    document = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    return [row["id"] for row in document["summaries"]]


@pytest.mark.parametrize("begin", ["", "?q=yeast"])
def test_all_of_a_page_are_chosen_by_one_link_and_let_go_by_another(begin: str) -> None:
    user = make_user()
    made = [str(shelve(user, "Yeast").pk) for _ in range(60)][::-1]
    second = page(user, _turn(page(user, begin), "next"))
    third = page(user, _turn(second, "next"))
    for html, keys in ((second, made[24:48]), (third, made[48:]), (page(user, _turn(third, "prev")), made[24:48])):
        assert ticked(html) == []
        [choose] = re.findall(r'href="([^"]+)#list">Choose all on this page<', html)
        chosen = page(user, choose)
        assert ticked(chosen) == keys
        assert exported(user, "?which=chosen&summary=" + "&summary=".join(keys)) == keys
        [let_go] = re.findall(r'href="([^"]+)#list">Choose none<', chosen)
        assert ticked(page(user, let_go)) == []
        assert "choose=" not in "".join(re.findall(r'rel="(?:next|prev)" href="([^"]+)"', chosen)), "it is of this page"


def test_a_single_page_is_chosen_whole() -> None:
    user = make_user()
    keys = {str(shelve(user).pk) for _ in range(2)}
    [choose] = re.findall(r'href="([^"]+)#list">Choose all<', page(user))
    assert {*ticked(page(user, choose))} == keys


def test_what_matches_on_all_pages_is_exported_from_any_of_them() -> None:
    """By what is asked for, not by keys: the form of a page has those of its own boxes only."""
    user = make_user()
    made = [str(shelve(user, "Yeast", video_fields={"channel": "Oven"}).pk) for _ in range(60)][::-1]
    shelve(user, "Yeast")
    shelve(make_user(), "Yeast", video_fields={"channel": "Oven"})
    second = page(user, _turn(page(user, "?q=yeast&channel=Oven"), "next"))
    assert "Export all that match" in second
    [form] = re.findall(r'<form method="get" action="/library/export".*?</form>', second, re.DOTALL)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    assert dict(fields) == {"q": "yeast", "channel": "Oven"}
    asked = "&".join(f"{name}={value}" for name, value in fields)
    assert exported(user, f"?{asked}&which=all&summary={made[30]}") == made


def _many(user: User, count: int) -> None:
    video = make_video()
    summaries = [summary_of(user, video) for _ in range(count)]
    Summary.objects.bulk_create(summaries, batch_size=500)
    words = search.document(summaries[0], None)
    for summary in summaries:
        search.add(summary, words)


@pytest.mark.parametrize("query", ["", "?q=baker", "?q=bak&channel=The+Channel"])
def test_a_page_costs_the_same_among_few_and_among_many(query: str) -> None:
    few, many = make_user(), make_user()
    _many(few, 30)
    _many(many, 1500)
    counts, steps = [], []
    for user in (few, many):
        client = client_of(user)
        client.get("/library")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/library{query}").status_code == 200
        counts.append(len(queries))
        steps.append(_steps(user, query))
    assert counts[0] == counts[1] < 10
    assert steps[1] < 2 * steps[0] + 50


def _steps(user: User, query: str) -> int:
    """Hundreds of virtual machine steps that SQLite takes for the page; 0 elsewhere, where the planner weighs sizes."""
    if connection.vendor != "sqlite":
        return 0
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    client = client_of(user)
    connection.connection.set_progress_handler(tick, 100)
    try:
        client.get(f"/library{query}")
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count
