"""The start page: what strangers see, and the way from pasted text and files to a batch."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from batches.models import Batch
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db

ONE, TWO = "https://youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/watch?v=9bZkp7q19f0"
SRT = b"1\n00:00:01,000 --> 00:00:04,000\nBread needs time and patience.\n"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def send(client: Client, **fields: object) -> HttpResponse:
    return client.post("/", {"links": "", "summary_length": "standard"} | fields)  # type: ignore[return-value]


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def test_the_very_first_visitor_is_asked_to_create_the_administrator() -> None:
    assert "Create the administrator account" in Client().get("/").content.decode()


def test_later_strangers_may_log_in_and_sign_up_only_where_it_is_open(user: User) -> None:
    closed = text_of(Client().get("/"))
    assert "Log in" in closed
    assert "Sign-up is closed here" in closed
    assert "Create an account" not in closed
    with override_settings(SIGNUP="open"):
        assert "Create an account" in text_of(Client().get("/"))


def test_strangers_create_nothing(user: User) -> None:
    send(Client(), links=ONE)
    assert not Batch.objects.exists()


def test_pasted_links_become_a_batch(client: Client, user: User) -> None:
    answer = send(
        client,
        links=f"{ONE}\n{TWO}\n{ONE}\nhttps://www.youtube.com/playlist?list=WL",
        name="Two",
        model="extractive",
        summary_length="brief",
        language="de",
        instructions="Prices only",
    )
    batch = Batch.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == batch.get_absolute_url()
    assert (batch.user, batch.name, batch.model, batch.summary_length) == (user, "Two", "extractive", "brief")
    assert batch.options == {"language": "de", "instructions": "Prices only"}
    assert (batch.total_videos, batch.duplicates, batch.rejected_lines.count()) == (2, 1, 1)


def test_a_script_gets_the_address_and_the_messages_wait_for_the_page(client: Client) -> None:
    upload = file("talk.srt", SRT)
    answer = client.post(
        "/", {"uploads": [upload], "summary_length": "standard"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 201
    page = client.get(answer.json()["url"])
    assert "Took “talk.srt” as captions." in text_of(page)


def test_the_page_says_what_it_took_each_file_for(client: Client) -> None:
    uploads = [
        file("links.txt", f"{ONE}\n".encode()),
        file("notes.txt", b"Bread needs time. Let it rest overnight."),
        file("more.csv", f"title,url\nx,{TWO}\n".encode()),
    ]
    answer = client.post("/", {"uploads": uploads, "summary_length": "standard"}, follow=True)
    assert "Took “links.txt” as links (1 video), “more.csv” as links (1 video) and “notes.txt” as captions." in text_of(
        answer
    )
    assert Batch.objects.get().total_videos == 3


BAD: list[tuple[dict[str, object], str]] = [
    ({}, "There is no link to a video in this"),
    ({"links": "https://www.youtube.com/playlist?list=WL"}, "None of these lines is a link"),
    ({"links": ONE, "name": "n" * 300}, "at most 255 characters"),
    ({"links": ONE, "model": "nonsense"}, "nonsense"),
    ({"links": ONE, "summary_length": "epic"}, "epic"),
    ({"links": ONE, "instructions": "i" * 2001}, "The instructions have 2001 characters"),
]


@pytest.mark.parametrize(("fields", "sentence"), BAD)
def test_what_cannot_be_taken_comes_back_with_a_sentence_and_all_that_was_typed(
    fields: dict[str, object], sentence: str, client: Client
) -> None:
    answer = send(client, **fields)
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    html = unescape(answer.content.decode())
    for value in (fields.get("links"), fields.get("name"), fields.get("instructions")):
        assert not value or str(value) in html
    assert not Batch.objects.exists()


def test_lines_that_cannot_be_taken_are_listed_with_their_reasons(client: Client) -> None:
    answer = send(client, links="hello\nhttps://www.youtube.com/playlist?list=WL")
    assert "Line 2: https://www.youtube.com/playlist?list=WL" in text_of(answer)


def test_an_error_keeps_the_links_of_files_and_names_the_captions_to_choose_again(client: Client) -> None:
    uploads = [file("links.txt", TWO.encode()), file("talk.srt", SRT), file("broken.srt", b"\x00\x01\x02\x03" * 50)]
    answer = client.post("/", {"links": ONE, "uploads": uploads, "summary_length": "standard"})
    assert answer.status_code == 400
    field = re.search(r"<textarea id=\"links\"[^>]*>(.*?)</textarea>", answer.content.decode(), re.DOTALL)
    assert field is not None
    assert unescape(field[1]).split() == [ONE, TWO]
    shown = text_of(answer)
    assert "broken.srt is not a text file." in shown
    assert "Choose “talk.srt” again." in shown


@override_settings(UPLOAD_MAX_BYTES=2048)
def test_a_file_that_is_too_large_is_refused_by_name(client: Client) -> None:
    answer = client.post("/", {"uploads": [file("big.txt", b"x" * 5000)], "summary_length": "standard"})
    assert answer.status_code == 400
    assert "“big.txt”" in text_of(answer)


def test_an_empty_file_is_refused_with_a_sentence(client: Client) -> None:
    answer = client.post("/", {"uploads": [file("empty.txt", b"")], "summary_length": "standard"})
    assert "“empty.txt” is empty" in text_of(answer)


def test_typed_html_stays_text(client: Client) -> None:
    answer = send(client, links="</textarea><script>alert(1)</script>", name='"><script>alert(2)</script>')
    assert "<script>alert" not in answer.content.decode()


def test_the_preview_counts_what_a_text_holds(client: Client) -> None:
    text = f"{ONE}\n{TWO}\n{ONE}\nhttps://www.youtube.com/playlist?list=WL"
    answer = client.post(reverse("preview"), {"links": text})
    assert answer.json()["sentence"] == "2 videos · 1 duplicate · 1 link that cannot be taken"
    nothing = client.post(reverse("preview"), {"links": "just words"})
    assert nothing.json() == {"sentence": "No link to a video in this yet.", "rejected": []}
    assert client.post(reverse("preview"), {"links": " "}).json() == {"sentence": "", "rejected": []}


def test_the_preview_names_the_first_lines_that_cannot_be_taken(client: Client) -> None:
    text = "\n".join([ONE, *(f"https://vimeo.com/{number}" for number in range(5))])
    told = client.post(reverse("preview"), {"links": text}).json()["rejected"]
    assert told[0].startswith("Line 2: https://vimeo.com/0 “vimeo.com” is not YouTube.")
    assert [line[:7] for line in told[:3]] == ["Line 2:", "Line 3:", "Line 4:"]
    assert told[3:] == ["and 2 more."]


def test_who_is_logged_out_meanwhile_gets_back_what_was_typed(user: User) -> None:
    answer = send(Client(), links=f"{ONE}\n<b>two</b>")
    assert answer.status_code == 403
    assert "You are logged out" in text_of(answer)
    assert f"{ONE}\n&lt;b&gt;two&lt;/b&gt;</textarea>" in answer.content.decode()
    assert not Batch.objects.exists()


def test_the_last_wishes_are_remembered_all_of_them(client: Client, user: User) -> None:
    options = {"instructions": "Prices only.", "caption_languages": ["de", "en"], "manual_captions": True}
    make_batch(user=user, options=options)
    html = client.get("/").content.decode()
    assert ">Prices only.</textarea>" in html
    assert 'value="de, en"' in html
    assert re.search(r'name="manual_captions" checked', html)


def test_the_preview_is_for_users() -> None:
    assert Client().post(reverse("preview"), {"links": ONE}).status_code == 302


def test_only_ones_own_batches_are_listed(client: Client, user: User) -> None:
    make_batch(name="Mine", user=user)
    make_batch(name="Somebody else's")
    for address in ("/", reverse("batches")):
        shown = text_of(client.get(address))
        assert "Mine" in shown
        assert "Somebody" not in shown


def test_the_list_of_batches_is_paged_and_its_queries_are_constant(
    client: Client, user: User, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        make_batch(["completed", "pending"], user=user, name=f"Batch number {number}")
    client.get("/account")  # a browser's first visit is noted
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        first = client.get(reverse("batches"))
    assert text_of(first).count("Batch number") == 25
    assert "Page 1 of 2" in text_of(first)
    assert text_of(client.get(reverse("batches"), {"page": 2})).count("Batch number") == 5


def test_empty_lists_say_what_to_do(client: Client) -> None:
    assert "None yet. The samples show the whole way" in text_of(client.get("/"))
    assert "You have no batches yet." in text_of(client.get(reverse("batches")))


def test_models_without_a_key_are_not_offered_but_told_of(client: Client) -> None:
    html = client.get("/").content.decode()
    assert "More models appear when the host sets ANTHROPIC_API_KEY or OPENAI_API_KEY." in html
    assert '<option value="anthropic' not in html
    assert re.search(r"<option value=\"extractive\" selected>", html)
