"""/ws/batch/{id}: who may listen, what they hear, and how soon. In this process, over the real application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from channels.db import database_sync_to_async as in_thread
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.operations import end_session
from batches import consumers, lifecycle, operations
from batches.models import Batch
from summarizer.asgi import application
from summarizer.errors import NoTranscript
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "summaries.example.org:8443"
Headers = dict[str, str]


@pytest.fixture
def owner() -> User:
    return make_user()


@pytest.fixture
def batch(owner: User) -> Batch:
    return make_batch(["pending"] * 5, user=owner)


def cookie_of(user: User) -> Headers:
    client = Client()
    client.force_login(user)
    return {
        "cookie": f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"
    }


def bearer_of(user: User, **fields: Any) -> Headers:
    token, raw = ApiToken.objects.issue(user, "script", timedelta(days=1))
    ApiToken.objects.filter(pk=token.pk).update(**fields)
    return {"authorization": f"Bearer {raw}"}


def page_of(user: User, origin: str = f"http://{HOST}") -> Headers:
    """What a browser sends from a page of this origin."""
    return cookie_of(user) | {"origin": origin}


@asynccontextmanager
async def listening(batch: Batch | str, headers: Headers, query: str = "") -> AsyncIterator[WebsocketCommunicator]:
    pk = batch.pk if isinstance(batch, Batch) else batch
    raw = [(name.encode(), value.encode()) for name, value in ({"host": HOST} | headers).items()]
    socket = WebsocketCommunicator(application, f"/ws/batch/{pk}{query}", headers=raw)
    try:
        connected, _ = await socket.connect(timeout=5)
        assert connected
        yield socket
    finally:
        await socket.disconnect()
        await in_thread(bool)()  # behind a read that was under way, whose connection it closes


async def heard(socket: WebsocketCommunicator, seconds: float = 5) -> dict[str, Any]:
    message = await socket.receive_json_from(timeout=seconds)
    assert message["type"] == "batch_progress"
    data: dict[str, Any] = message["data"]
    return data


async def closed_with(batch: Batch | str, headers: Headers) -> int:
    """The close code; 0 if the socket speaks instead."""
    async with listening(batch, headers) as socket:
        event = await socket.receive_output(timeout=5)
    return int(event["code"]) if event["type"] == "websocket.close" else 0


# -- who

SPEAKS, LOG_IN, NOT_THERE = 0, 4401, 4404


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        (f"http://{HOST}", SPEAKS),
        ("http://summaries.example.org", LOG_IN),
        ("http://summaries.example.org:9000", LOG_IN),
        (f"https://{HOST}", LOG_IN),
        ("http://evil.example:8443", LOG_IN),
        (f"http://evil.{HOST}", LOG_IN),
        (f"http://{HOST}.evil.example", LOG_IN),
        (f"http://x@{HOST}", LOG_IN),
        ("null", LOG_IN),
        ("", LOG_IN),
    ],
)
async def test_a_session_counts_only_from_a_page_of_this_very_origin(batch: Batch, origin: str, code: int) -> None:
    headers = await in_thread(page_of)(batch.user, origin)
    assert await closed_with(batch, headers) == code


async def test_a_session_without_an_origin_does_not_count(batch: Batch) -> None:
    assert await closed_with(batch, await in_thread(cookie_of)(batch.user)) == LOG_IN


async def test_behind_tls_the_origin_is_https(batch: Batch, settings: Any) -> None:
    settings.HTTPS = True
    assert await closed_with(batch, await in_thread(page_of)(batch.user, f"https://{HOST}")) == SPEAKS
    assert await closed_with(batch, await in_thread(page_of)(batch.user, f"http://{HOST}")) == LOG_IN


async def test_a_trusted_origin_of_the_settings_counts(batch: Batch, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example.org"]
    assert await closed_with(batch, await in_thread(page_of)(batch.user, "https://front.example.org")) == SPEAKS


async def test_a_program_needs_its_token_and_no_origin(batch: Batch) -> None:
    assert await closed_with(batch, await in_thread(bearer_of)(batch.user)) == SPEAKS


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"digest": "0" * 64},
    ],
)
async def test_a_token_that_ended_is_told_to_log_in(batch: Batch, fields: dict[str, Any]) -> None:
    assert await closed_with(batch, await in_thread(bearer_of)(batch.user, **fields)) == LOG_IN


async def test_a_bad_token_is_refused_even_beside_a_good_session(batch: Batch) -> None:
    headers = await in_thread(page_of)(batch.user) | {"authorization": "Bearer ys_wrong"}
    assert await closed_with(batch, headers) == LOG_IN


async def test_somebody_who_is_switched_off_is_told_to_log_in(batch: Batch) -> None:
    page, token = await in_thread(page_of)(batch.user), await in_thread(bearer_of)(batch.user)
    await in_thread(User.objects.filter(pk=batch.user_id).update)(is_active=False)
    assert await closed_with(batch, page) == await closed_with(batch, token) == LOG_IN


@pytest.mark.parametrize("who", [page_of, bearer_of])
async def test_another_ones_batch_looks_like_none(batch: Batch, who: Callable[[User], Headers]) -> None:
    stranger = await in_thread(make_user)()
    headers = await in_thread(who)(stranger)
    assert await closed_with(batch, headers) == NOT_THERE
    assert await closed_with(str(uuid4()), headers) == NOT_THERE


async def test_nobody_in_particular_is_told_to_log_in_whether_it_exists_or_not(batch: Batch) -> None:
    nobody = {"origin": f"http://{HOST}"}
    assert await closed_with(batch, nobody) == await closed_with(str(uuid4()), nobody) == LOG_IN


# -- what


async def test_it_begins_with_the_whole_state(batch: Batch) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user)) as socket:
        data = await heard(socket)
    assert data["batch_job_id"] == str(batch.pk)
    assert (data["status"], data["rev"], len(data["items"])) == ("pending", batch.rev, 5)


@pytest.mark.parametrize(
    ("query", "items"), [("?since=1", 0), ("?since=0", 5), ("?since=x", 5), ("?since=²", 5), ("?since=-1", 5)]
)
async def test_it_resumes_from_a_revision_and_ignores_nonsense(batch: Batch, query: str, items: int) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user), query) as socket:
        assert len((await heard(socket))["items"]) == items


async def test_a_change_is_heard_at_once_and_only_what_changed(batch: Batch) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user)) as socket:
        await heard(socket)
        item = await in_thread(lifecycle.claim)(batch.pk, uuid4(), 1)
        begin = monotonic()
        data = await heard(socket)
        assert monotonic() - begin < 1
        assert item
        assert [row["position"] for row in data["items"]] == [1]
        assert data["current_item"]["position"] == 1
        await in_thread(operations.cancel_batch)(batch)
        data = await heard(socket)
        assert (data["status"], len(data["items"])) == ("cancelled", 5)


async def test_many_changes_become_few_messages_and_the_last_tells_the_truth(owner: User, settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 0
    batch = await in_thread(make_batch)(["pending"] * 40, user=owner)
    async with listening(batch, await in_thread(bearer_of)(owner)) as socket:
        await heard(socket)
        begin = monotonic()
        for _ in range(40):
            item = await in_thread(lifecycle.claim)(batch.pk, uuid4(), 1)
            assert item
            await in_thread(lifecycle.fail)(item, NoTranscript())
        took = monotonic() - begin
        messages, seen = 0, set()
        while True:
            data = await heard(socket)
            messages += 1
            seen |= {row["position"] for row in data["items"] if row["status"] == "failed"}
            if data["status"] == "completed":
                break
    assert seen == {*range(1, 41)}
    assert messages <= took / 0.25 + 2


async def test_it_speaks_every_two_and_a_half_seconds_also_when_nothing_happens(batch: Batch) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user)) as socket:
        await heard(socket)
        begin = monotonic()
        data = await heard(socket)
        assert 1 < monotonic() - begin <= 2.5
        assert data["items"] == []


async def test_a_deleted_batch_is_no_longer_there(batch: Batch) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user)) as socket:
        await heard(socket)
        await in_thread(operations.delete_batch)(batch)
        event = await socket.receive_output(timeout=5)
    assert (event["type"], event["code"]) == ("websocket.close", NOT_THERE)


@pytest.mark.parametrize("frame", ["not json", '{"cancel": true}', "x" * 100_000, b"\x00\xff"])
async def test_whatever_a_client_sends_changes_and_breaks_nothing(batch: Batch, frame: str | bytes) -> None:
    async with listening(batch, await in_thread(bearer_of)(batch.user)) as socket:
        await heard(socket)
        await (socket.send_to(text_data=frame) if isinstance(frame, str) else socket.send_to(bytes_data=frame))
        assert (await heard(socket))["status"] == "pending"
    assert await in_thread(Batch.objects.filter(pk=batch.pk, status="pending", rev=batch.rev).exists)()


async def test_listeners_hear_of_their_own_batch_only(batch: Batch, owner: User) -> None:
    other = await in_thread(make_batch)(["pending"], user=owner)
    headers = await in_thread(bearer_of)(owner)
    async with listening(batch, headers) as first, listening(other, headers) as second:
        await asyncio.gather(heard(first), heard(second))
        await in_thread(operations.cancel_batch)(other)
        assert (await heard(second))["status"] == "cancelled"
        assert (await heard(first))["status"] == "pending"


@pytest.mark.parametrize("what", ["logs out", "is logged out from another browser", "changes the password"])
async def test_who_logs_out_elsewhere_hears_no_more(batch: Batch, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0)

    def leave() -> None:
        if what == "logs out":
            Session.objects.all().delete()
        elif what == "is logged out from another browser":
            for key in Session.objects.values_list("pk", flat=True):
                listed = UserSession.objects.create(user=batch.user, session_key=key, ip="192.0.2.7")
                end_session(listed)
        else:
            batch.user.set_password("another horse battery staple")
            batch.user.save()

    async with listening(batch, await in_thread(page_of)(batch.user)) as socket:
        await heard(socket)
        await in_thread(leave)()
        await in_thread(operations.cancel_batch)(batch)
        while (message := await socket.receive_output(5))["type"] != "websocket.close":
            assert json.loads(message["text"])["data"]["status"] == "pending", "it was told what happened since"
        assert message["code"] == LOG_IN
