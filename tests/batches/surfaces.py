"""The page and the API as two ways to say the same thing, so that one test asks both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User

Surface = Literal["page", "api"]
SURFACES: tuple[Surface, ...] = ("page", "api")
GOOD = "https://youtu.be/dQw4w9WgXcQ"


@dataclass(frozen=True)
class Said:
    """What came back: the status, and what a person reads."""

    status: int
    words: str


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def program_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def words_of(answer: Any) -> str:
    """What a reader sees, without tags and runs of space."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def order(surface: Surface, user: User, lines: list[str], **wishes: Any) -> Said:
    """Asks for a batch of these lines, with `name`, `model`, `summary_length`, `instructions`, `language`."""
    if surface == "page":
        body = {"links": "\n".join(lines), "summary_length": "standard"} | wishes
        answer: Any = logged_in(user).post("/", body)
        return Said(answer.status_code, words_of(answer))
    options = {key: wishes.pop(key) for key in ("instructions", "language") if key in wishes}
    body = {"urls": lines, **wishes, **({"options": options} if options else {})}
    answer = program_of(user).post("/api/batch/create", body, format="json")
    return Said(answer.status_code, str(answer.json()))
