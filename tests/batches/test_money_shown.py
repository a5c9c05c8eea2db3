"""Tokens and cost on every surface: API, exports, administration; and the way there of what a user wishes."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from batches import money, price_tags, work
from batches.exports import export
from batches.leases import Holder
from batches.ledger import Charge, MonthlySpending
from batches.models import Batch, Summary
from batches.presentation import dollars
from summarizer.engines.prompts import PROMPT_VERSION
from tests.batches.builders import make_batch, make_user
from tests.batches.paid import PRICED, UNPRICED, llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TALK = "1\n00:00:01,000 --> 00:00:05,000\nBread needs time.\n\n2\n00:01:05,000 --> 00:01:09,000\nLet it rest.\n"


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def batch(llm: FakeLLM) -> Batch:
    """Two videos that a model summarized, one of which was asked for twice."""
    llm.configure(behaviours=[{"name": "no_json", "times": 1}])
    return run(paid_batch(2))


def total(batch: Batch) -> dict[str, Any]:
    return money.batch_usage(batch).as_json()


# -- API


def test_the_api_tells_batch_list_items_and_summary(batch: Batch) -> None:
    api = client_of(batch.user)
    usage = total(batch)
    assert usage.keys() == {"input_tokens", "output_tokens", "cached_tokens", "cost"}
    assert Decimal(usage["cost"]) > 0

    assert api.get(f"/api/batch/{batch.pk}").json()["usage"] == usage
    assert api.get("/api/batch").json()["results"][0]["usage"] == usage
    items = api.get(f"/api/batch/{batch.pk}/items?include=summary").json()["results"]
    assert sum(item["usage"]["input_tokens"] for item in items) == usage["input_tokens"]
    assert sum(Decimal(item["usage"]["cost"]) for item in items) == Decimal(usage["cost"])
    for item in items:
        assert item["summary"]["usage"] == item["usage"]
        assert api.get(f"/api/summaries/{item['summary_id']}").json()["usage"] == item["usage"]


def test_an_unknown_price_is_null_and_a_failed_video_has_its_cost_on_the_item(llm: FakeLLM) -> None:
    llm.configure(behaviours=[{"name": "refusal"}])
    batch = run(paid_batch(model=UNPRICED))
    [item] = client_of(batch.user).get(f"/api/batch/{batch.pk}/items").json()["results"]
    assert item["status"] == "failed"
    assert item["usage"]["input_tokens"] > 0
    assert item["usage"]["cost"] is None


def test_lists_take_no_more_queries_for_many(
    batch: Batch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_batch(["completed"] * 3, user=batch.user)
    api = client_of(batch.user)
    with django_assert_max_num_queries(4):
        api.get("/api/batch")
    with django_assert_max_num_queries(6):
        api.get(f"/api/batch/{batch.pk}/items?include=summary")


def test_the_estimate_of_an_order_that_is_not_placed(llm: FakeLLM) -> None:
    batch = paid_batch(2, minutes=60)
    known = [item.video.url for item in batch.items.all()]
    body = {"urls": [*known, known[0], "https://youtu.be/unknown0001", "nonsense"], "model": PRICED}

    answer = client_of(batch.user).post("/api/batch/estimate", body, format="json")

    assert answer.status_code == 200
    found = answer.json()
    assert (found["model"], found["videos"], found["measured"]) == (PRICED, 3, 2)
    assert Decimal(found["cost"]) == money.estimate_batch(batch).cost
    assert found["hour_cost"] == "0.049"
    assert Batch.objects.count() == 1
    assert APIClient().post("/api/batch/estimate", body, format="json").status_code == 401


def test_the_api_tells_what_a_user_spent_in_a_month(batch: Batch, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    MonthlySpending.objects.create(user=batch.user, month=date(2026, 10, 1), calls=7, cost=Decimal("1.5"))
    api, this_month = client_of(batch.user), f"{money.month_of():%Y-%m}"

    shown = api.get("/api/usage").json()
    assert shown == {"month": this_month, "calls": 3, "usage": total(batch), "budget": "5.00"}
    before = api.get("/api/usage?month=2026-10").json()
    assert (before["month"], before["calls"], before["usage"]["cost"]) == ("2026-10", 7, "1.500000")

    assert client_of(make_user()).get("/api/usage").json()["calls"] == 0
    assert api.get("/api/usage?month=May").status_code == 400
    assert APIClient().get("/api/usage").status_code == 401


# -- pages


def shown(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(html.unescape(answer.content.decode()).split())


def test_the_pages_tell_batch_video_summary_and_month(batch: Batch, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    usage = money.batch_usage(batch)
    whole = price_tags.spent(usage)
    assert whole.startswith("$0.0")
    assert f"{usage.cached_tokens:,} cached" in whole if usage.cached_tokens else "cached" not in whole

    page = shown(batch.user, batch.get_absolute_url())
    assert whole in page
    for item in batch.items.select_related("summary"):
        assert item.summary is not None
        assert dollars(money.items_usage([item.pk])[item.pk].cost) in page
        assert price_tags.spent(money.of_summary(item.summary)) in shown(batch.user, item.summary.get_absolute_url())
    account = shown(batch.user, reverse("account"))
    assert dollars(usage.cost) in account
    assert f"{usage.input_tokens:,} tokens read" in account
    assert "Your budget is $5.00 a month." in account


def test_the_page_of_a_batch_that_runs_tells_what_is_expected(llm: FakeLLM) -> None:
    batch = paid_batch(2)
    whole = money.estimate_batch(batch)
    assert whole.cost
    assert f"about {dollars(whole.cost)} expected" in shown(batch.user, batch.get_absolute_url())

    work.do_next(batch.pk, Holder("test", 1))
    page = shown(batch.user, batch.get_absolute_url())
    so_far = price_tags.spent(money.batch_usage(batch))
    assert f"about {dollars(whole.cost)} expected, so far {so_far}" in page


def test_what_is_free_or_has_no_price_says_nothing_of_dollars(llm: FakeLLM) -> None:
    free = run(paid_batch(model="extractive"))
    assert "$" not in shown(free.user, free.get_absolute_url())
    unpriced = run(paid_batch(model=UNPRICED))
    page = shown(unpriced.user, unpriced.get_absolute_url())
    assert "price not known" in page
    assert "$" not in page


def test_the_new_batch_page_tells_what_is_pasted_costs(llm: FakeLLM) -> None:
    batch = paid_batch(2, minutes=60)
    client = Client()
    client.force_login(batch.user)
    known = "\n".join(item.video.url for item in batch.items.select_related("video"))
    new = "https://youtu.be/unknown0001"

    def told(links: str, model: str = PRICED) -> str:
        return str(client.post(reverse("preview"), {"links": links, "model": model}).json()["sentence"])

    cost = money.estimate_batch(batch).cost
    assert cost is not None
    assert told(known) == f"2 videos · about {dollars(cost)}"
    assert told(new) == "1 video · about $0.049 an hour of video"
    assert told(f"{known}\n{new}").endswith(
        f" · about {dollars(cost)}, and $0.049 an hour for 1 video of unknown length"
    )
    assert "$" not in told(known, "extractive") + told(known, UNPRICED)


def test_running_again_tells_what_each_model_would_cost(llm: FakeLLM) -> None:
    batch = run(paid_batch(2, minutes=60, model="extractive"))
    page = shown(batch.user, reverse("batch_again", args=[batch.pk]))
    for model in (PRICED, "anthropic:claude-opus-5-5"):
        cost = money.estimate_batch(batch, model).cost
        assert cost is not None
        assert f"(about {dollars(cost)})" in page
    assert "an hour of video" not in page


def test_a_model_that_retires_says_so_where_it_is_chosen_and_where_it_runs(llm: FakeLLM) -> None:
    retiring = "anthropic:claude-sonnet-4-5"
    batch = paid_batch(model=retiring)
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC), tick=False):
        assert "Claude Sonnet 4.5 – retires 30 Nov 2026" in shown(batch.user, reverse("home"))
        assert "Claude Sonnet 4.5 retires on 30 November 2026." in shown(batch.user, batch.get_absolute_url())


# -- exports


def test_the_zip_says_what_it_cost(batch: Batch) -> None:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export(batch))))
    usage = total(batch)

    document = json.loads(archive.read("summaries.json"))
    assert document["batch"]["usage"]["cost_usd"] == usage["cost"]
    assert document["batch"]["usage"]["input_tokens"] == usage["input_tokens"]
    rows = list(csv.DictReader(io.StringIO(archive.read("summaries.csv").decode("utf-8-sig"))))
    assert sum(int(row["input_tokens"]) for row in rows) == usage["input_tokens"]
    assert sum(Decimal(row["cost_usd"]) for row in rows) == Decimal(usage["cost"])
    index = archive.read("index.md").decode()
    assert "Cost: " in index
    assert f"{usage['input_tokens']:,} tokens in" in index


def test_what_was_free_says_nothing_of_cost() -> None:
    batch = run(paid_batch(model="extractive"))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export(batch))))
    assert "Cost" not in archive.read("index.md").decode()
    [row] = csv.DictReader(io.StringIO(archive.read("summaries.csv").decode("utf-8-sig")))
    assert row["input_tokens"] == "0"


# -- administration


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def page(admin: Client, name: str, *args: object) -> str:
    answer = admin.get(reverse(f"admin:batches_{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_administration_lists_charges_months_and_the_cost_of_a_batch(
    admin: Client, batch: Batch, settings: Settings
) -> None:
    settings.MONTHLY_BUDGET_USER = money.spent(batch.user).cost * 2
    assert page(admin, "charge_changelist").count("claude-sonnet-5-5") == 2
    months = page(admin, "monthlyspending_changelist")
    assert batch.user.email in months
    assert "50%" in months
    assert "$0." in page(admin, "batch_changelist")
    assert "3 calls" in page(admin, "batch_change", batch.pk)
    assert page(admin, "charge_change", Charge.objects.first().pk)  # type: ignore[union-attr]  # the batch has two
    assert page(admin, "monthlyspending_change", MonthlySpending.objects.get().pk)


def test_nobody_edits_the_ledger(admin: Client, batch: Batch) -> None:
    for name, row in (("charge", Charge.objects.first()), ("monthlyspending", MonthlySpending.objects.get())):
        assert row is not None
        assert admin.get(reverse(f"admin:batches_{name}_add")).status_code == 403
        assert admin.post(reverse(f"admin:batches_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        assert admin.post(reverse(f"admin:batches_{name}_change", args=[row.pk]), {"cost": "0"}).status_code == 403


# -- wishes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["page", "api", "terminal"])
def test_length_language_and_instructions_reach_the_model_on_every_way(
    llm: FakeLLM, settings: Settings, tmp_path: Path, way: str
) -> None:
    settings.DEFAULT_MODEL = PRICED
    user = make_user()
    talk = tmp_path / "talk.srt"
    talk.write_text(TALK)
    wishes = {"language": "he", "instructions": "for a biologist; list every drug named"}
    if way == "page":
        client = Client()
        client.force_login(user)
        form = {"links": "", "model": PRICED, "summary_length": "detailed", **wishes}
        with talk.open() as file:
            assert client.post("/", {**form, "uploads": file}).status_code == 302
    elif way == "api":
        saved = paid_batch(model="extractive").items.get().video.url
        body = {"urls": [saved], "model": PRICED, "summary_length": "detailed", "options": wishes}
        assert client_of(user).post("/api/batch/create", body, format="json").status_code == 201
    else:
        arguments = [f"--{name}={value}" for name, value in {**wishes, "model": PRICED, "user": user.email}.items()]
        call_command("summarize", str(talk), "--length=detailed", *arguments)
    batch = Batch.objects.get(user=user)
    if batch.is_active:
        run(batch)

    prompt = llm.requests[-1].prompt
    assert "Be detailed" in prompt
    assert "Write in this language: he." in prompt
    assert "for a biologist; list every drug named" in prompt
    summary = Summary.objects.get(user=user)
    assert (summary.length, summary.language, summary.prompt_version) == ("detailed", "he", PROMPT_VERSION)


# -- a catalog of one's own


def manage(catalog: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env |= {"CATALOG_FILE": str(catalog), "VAR_DIR": str(catalog.parent / "var"), "ENV_FILE": os.devnull}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=env, cwd=catalog.parent, capture_output=True, text=True, timeout=60, check=False)


def test_a_site_s_catalog_sets_prices(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text(
        '[[models]]\nid = "qwen"\nengine = "openai"\nlabel = "Our own"\ntiers = [{ input = "1", output = "2" }]\n'
    )
    code = "from batches import money; print(money.estimate('openai:qwen', []).hour_cost)"
    done = manage(catalog, "shell", "--no-imports", "-c", code)
    assert done.stdout.strip() == "0.02", done.stderr


def test_a_mistake_in_a_site_s_catalog_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text('[[models]]\nid = "qwen"\n')
    done = manage(catalog, "check")
    assert done.returncode != 0
    assert f"The model catalog {catalog} has an entry without 'engine'" in done.stderr
