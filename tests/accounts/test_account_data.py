"""The rest of the account page: what a new batch begins with, the cost of the month, one's data."""

from __future__ import annotations

import io
import json
import re
import zipfile
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from batches import money
from summarizer.records import Usage
from tests.accounts.conftest import FIREFOX, PASSWORD, logged_in
from tests.batches.builders import items_of, make_batch, make_transcript, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada@example.org", PASSWORD)


def chosen(html: str, name: str) -> str:
    [select] = re.findall(rf'<select[^>]*name="{name}".*?</select>', html, re.DOTALL)
    return "".join(re.findall(r'<option value="([^"]*)" selected', select))


def test_a_new_batch_begins_with_the_defaults(ada: User) -> None:
    browser = logged_in(ada)
    fields = {"name": "", "model": "extractive", "summary_length": "brief", "language": "de"}
    assert browser.post("/account", fields).status_code == 302
    html = browser.get("/").content.decode()
    assert [chosen(html, name) for name in ("model", "summary_length", "language")] == ["extractive", "brief", "de"]


def test_without_defaults_it_begins_as_the_last_one(ada: User) -> None:
    make_batch(["completed"], user=ada, summary_length="detailed", options={"language": "fr"})
    make_batch(["completed"], user=make_user(), summary_length="brief")
    html = logged_in(ada).get("/").content.decode()
    assert (chosen(html, "summary_length"), chosen(html, "language")) == ("detailed", "fr")


def test_a_model_that_cannot_run_any_more_is_not_chosen(ada: User) -> None:
    ada.model = "anthropic:claude-haiku-5-5"
    ada.save()
    assert chosen(logged_in(ada).get("/").content.decode(), "model") == "extractive"


def test_a_default_that_does_not_exist_is_refused(ada: User) -> None:
    answer = logged_in(ada).post("/account", {"name": "", "summary_length": "endless"})
    assert list(answer.context["form"].errors) == ["summary_length"]


def test_this_months_cost_is_ones_own(ada: User) -> None:
    item = items_of(make_batch(["completed"], user=ada))[0]
    money.record(uuid4(), item, "claude-haiku-5-5", Usage(17_000, 1_500, 0, 1, Decimal("1.25")))
    assert "$1.25" in logged_in(ada).get("/account").content.decode()
    assert "Nothing spent" in logged_in(make_user("bob@example.org", PASSWORD)).get("/account").content.decode()


def test_everything_of_the_user_and_nothing_of_others_is_exported(ada: User) -> None:
    batch = make_batch(["completed", "failed"], user=ada, name="Bread")
    upload = make_video(owner=ada, title="My talk")
    make_transcript(upload)
    other = make_batch(["completed"], name="Secret")
    make_transcript(make_video(owner=other.user, title="Their talk"))
    answer = logged_in(ada).get("/account/export")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    names = archive.namelist()
    assert archive.testzip() is None
    account = json.loads(archive.read("account.json"))
    assert account["email"] == "ada@example.org"
    assert [(row["browser"], row["address"]) for row in account["browsers"]] == [(FIREFOX, "127.0.0.1")]
    [kept] = [json.loads(archive.read(name)) for name in names if name.startswith("batches/")]
    assert (kept["batch"]["id"], len(kept["summaries"]), len(kept["without_summary"])) == (str(batch.pk), 1, 1)
    assert [name.partition("/")[0] for name in names] == [
        "README.txt",
        "account.json",
        "batches",
        "summaries",
        "captions",
    ]
    assert "Secret" not in "".join(names)
    assert Client().get("/account/export").status_code == 302


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/"])
def test_labels_say_what_to_type_once(address: str, ada: User, settings: object) -> None:
    settings.SIGNUP = "open"  # type: ignore[attr-defined]
    html = Client().get(address).content.decode()
    labels = [text.strip() for text in re.findall(r"<label[^>]*>(.*?)</label>", html, re.DOTALL)]
    assert labels[:2] == ["E-mail address", "Password"]
    assert "placeholder" not in html
