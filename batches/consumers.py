"""The live connection of one batch: state, not events. Whatever is missed, the next message tells the whole truth."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from weakref import WeakValueDictionary

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest
from django.utils import translation
from redis.exceptions import RedisError

from accounts.authentication import bearer_in, user_of_bearer
from accounts.errors import TokenRefused
from accounts.models import User
from batches import progress
from batches.models import Batch

logger = logging.getLogger(__name__)

UNAUTHENTICATED, NOT_FOUND = 4401, 4404
COALESCE_SECONDS = 0.25
# With the time that reading takes this stays under the promised 2.5 s.
ACTIVE_TICK_SECONDS, IDLE_TICK_SECONDS = 2.0, 15.0
RECHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Message:
    """What a socket is to send, as text, and what of it the socket must know."""

    status: str
    rev: int
    text: str


class _Reads:
    """The reads of one batch, one at a time, each shared by all sockets that ask for the same, in one language, before
    it begins.

    A read that has begun is not joined: it may miss the very change that its asker was told of.
    """

    def __init__(self, batch_id: UUID) -> None:
        self._batch_id = batch_id
        self._turn = asyncio.Lock()
        self._waiting: dict[tuple[int, str], asyncio.Task[_Message | None]] = {}

    async def read(self, since: int, language: str) -> _Message | None:
        """None if the batch is gone."""
        asked = since, language
        if asked not in self._waiting:
            self._waiting[asked] = asyncio.create_task(self._next(since, language))
        return await asyncio.shield(self._waiting[asked])

    async def _next(self, since: int, language: str) -> _Message | None:
        async with self._turn:
            del self._waiting[since, language]
            message: _Message | None = await database_sync_to_async(_message)(self._batch_id, since, language)
            return message


def _message(batch_id: UUID, since: int, language: str) -> _Message | None:
    with translation.override(language):
        data = progress.changes(batch_id, since)
    if data is None:
        return None
    return _Message(data["status"], data["rev"], json.dumps({"type": "batch_progress", "data": data}))


# Kept alive by the sockets of each batch. One process serves all its sockets from one event loop.
_reads: WeakValueDictionary[UUID, _Reads] = WeakValueDictionary()


class BatchConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """/ws/batch/{id}?since=rev. Sends `batch_progress`; closes with 4401 (log in) or 4404 (not there, or not yours).

    Sentences are in the language of `?language=`, as the page has it, or of Accept-Language.

    The close codes only reach a browser after the handshake, so refused sockets are accepted and closed at once.
    """

    async def connect(self) -> None:
        self.batch_id: UUID = self.scope["url_route"]["kwargs"]["batch_id"]
        self.since = _since(self.scope)
        self._language = _language(self.scope)
        self._reads = _reads.setdefault(self.batch_id, _Reads(self.batch_id))
        self._changed = asyncio.Event()
        self._joined = False
        self._teller: asyncio.Task[None] | None = None
        await self.accept()
        if await self._admitted():
            self._teller = asyncio.create_task(self._tell())

    async def disconnect(self, code: int) -> None:
        if self._teller:
            self._teller.cancel()
        if self._joined:
            try:
                await self.channel_layer.group_discard(progress.group_of(self.batch_id), self.channel_name)
            except (RedisError, OSError):
                logger.info("left a group while Redis was away")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing that a client sends changes anything, or is even read."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """A bell rings on all sockets of a batch at once, and touches no database: it needs none of what Channels does
        around a message, which is to close stale connections in the one thread that all sockets share.
        """
        if message["type"] == "batch.changed":  # from progress.publish
            self._changed.set()
        else:
            await super().dispatch(message)

    # -- who

    async def _admitted(self) -> bool:
        user = await self._user()
        if user is None:
            await self.close(UNAUTHENTICATED)
            return False
        if not await database_sync_to_async(Batch.objects.visible_to(user).filter(pk=self.batch_id).exists)():
            await self.close(NOT_FOUND)
            return False
        return True

    async def _user(self) -> User | None:
        """By Bearer header; else by session, which browsers send from anywhere, so the page's origin must be ours."""
        headers = _headers(self.scope)
        bearer = bearer_in(headers.get("authorization", ""))
        if bearer is not None:
            try:
                owner: User = await database_sync_to_async(user_of_bearer)(bearer)
                return owner
            except TokenRefused:
                return None
        if "session" not in self.scope or not _same_origin(headers):
            return None
        # Read anew each time: who has logged out, or changed the password elsewhere, must not go on listening.
        session = import_module(settings.SESSION_ENGINE).SessionStore(self.scope["session"].session_key)
        user = await get_user({"session": session})
        return user if isinstance(user, User) and user.is_active else None

    # -- what

    async def _tell(self) -> None:
        """Joins the group, then reads: a change between the two is heard, and one before them is read."""
        self._checked = monotonic()
        while True:
            try:
                tick = await self._say()
            except DatabaseError as error:
                logger.warning("a socket waits for the database: %s", error)
                tick = ACTIVE_TICK_SECONDS
            if tick is None:
                return
            await asyncio.sleep(COALESCE_SECONDS)
            await self._pause(tick)

    async def _say(self) -> float | None:
        """Says what has changed. Answers after how many seconds to speak again unasked; None when it closed."""
        if monotonic() - self._checked > RECHECK_SECONDS:
            self._checked = monotonic()
            if not await self._admitted():
                return None
        await self._join()
        self._changed.clear()
        message = await self._reads.read(self.since, self._language)
        if message is None:
            await self.close(NOT_FOUND)
            return None
        self.since = message.rev
        await self.send(text_data=message.text)
        return ACTIVE_TICK_SECONDS if message.status in Batch.ACTIVE else IDLE_TICK_SECONDS

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    async def _join(self) -> None:
        """Without Redis there are no bells; the ticks alone keep the promise until it is back."""
        if self._joined:
            return
        try:
            await self.channel_layer.group_add(progress.group_of(self.batch_id), self.channel_name)
            self._joined = True
        except (RedisError, OSError) as error:
            logger.warning("a socket goes on without Redis: %s", error)


def _since(scope: dict[str, Any]) -> int:
    value = parse_qs(scope["query_string"].decode("latin-1")).get("since", ["0"])[0]
    return int(value) if value.isdecimal() and len(value) < 19 else 0


def _language(scope: dict[str, Any]) -> str:
    """One of `LANGUAGES`, chosen as the pages choose theirs. The page says its own: not all browsers do so here."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("language")
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = asked[0] if asked else _headers(scope).get("accept-language", "")
    return translation.get_language_from_request(request)


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _same_origin(headers: dict[str, str]) -> bool:
    """The full origin, port included; `AllowedHostsOriginValidator` would ignore the port."""
    origin = urlsplit(headers.get("origin", ""))
    if f"{origin.scheme}://{origin.netloc}" in settings.CSRF_TRUSTED_ORIGINS:
        return True
    secure = "https" if settings.HTTPS else "http"
    return origin.scheme == secure and origin.netloc == headers.get("host", "")
