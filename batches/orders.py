"""What a batch is to be: the user's words, checked, before anything is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from batches.equipment import engine_config
from batches.errors import NoVideos
from batches.filling import Entry
from batches.intake import CaptionFile
from summarizer.engines import select
from summarizer.errors import InvalidInput, UnknownName
from summarizer.records import LENGTHS
from summarizer.text import visible
from summarizer.youtube_urls import Link

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_INSTRUCTIONS_MAX = 2000
NAME_MAX = 255
LISTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Wishes:
    """How videos are to be summarized, and what the batch is called: all valid, `model` as `select.resolve` answers."""

    name: str
    model: str
    length: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Videos and lists, each once, in order of first appearance; what is neither; and how much came twice."""

    entries: tuple[Entry, ...]
    lists: tuple[Link, ...]
    rejected: tuple[Link, ...]
    duplicates: int


@dataclass(frozen=True, slots=True)
class Order:
    """A batch that can be made: everything in it is valid."""

    name: str
    model: str
    length: str
    options: dict[str, Any]
    entries: tuple[Entry, ...]
    lists: tuple[Link, ...]
    rejected: tuple[Link, ...]
    duplicates: int
    digest: str = field(default="")


def take_order(
    links: Sequence[Link],
    captions: Sequence[CaptionFile],
    *,
    name: str,
    model: str,
    summary_length: str,
    options: Mapping[str, object],
    now: datetime | None = None,
) -> Order:
    """Checks everything. Raises `InvalidInput` with a sentence; `NoVideos` carries the rejected lines."""
    wishes = take_wishes(name, model, summary_length, options, now)
    what = sort_out(links, captions, wishes.options)
    entries = what.entries
    if not entries and not what.lists:
        raise NoVideos(what.rejected)
    _check_size(what)
    return Order(
        name=wishes.name,
        model=wishes.model,
        length=wishes.length,
        options=wishes.options,
        entries=entries,
        lists=what.lists,
        rejected=what.rejected,
        duplicates=what.duplicates,
        digest=_digest(name, model, summary_length, wishes.options, links, captions),
    )


def _check_size(what: SortedOut) -> None:
    most = settings.BATCH_MAX_VIDEOS
    checks = (
        (
            len(what.entries),
            most,
            _("These are {number} videos; a batch may have {most}. Split them into several batches."),
        ),
        (
            len(what.lists),
            LISTS_MAX,
            _("These are {number} playlists and channels; a batch may have {most}. Split them into several batches."),
        ),
        (
            len(what.rejected),
            most,
            _("{number} lines are no links that can be taken; {most} are kept at most. Is this the right file?"),
        ),
    )
    for number, limit, sentence in checks:
        if number > limit:
            raise InvalidInput(sentence.format(number=f"{number:,}", most=f"{limit:,}"))


def sort_out(links: Sequence[Link], captions: Sequence[CaptionFile], options: Mapping[str, object]) -> SortedOut:
    """What the links and files hold. `options` as `check_options` answers."""
    entries, duplicates = _merge([link for link in links if link.kind == "video"], captions)
    lists, twice = _lists(links, take_playlists=options.get("expand") == "playlists")
    rejected = tuple(link for link in links if link.kind != "video" and not link.is_list)
    return SortedOut(entries, lists, rejected, duplicates + twice)


def take_wishes(
    name: str, model: str, summary_length: str, options: Mapping[str, object], now: datetime | None = None
) -> Wishes:
    """Checks what does not depend on the videos. Raises `InvalidInput` with a sentence."""
    return Wishes(
        name=_name(name, now or timezone.now()),
        model=select.resolve(model, engine_config()),
        length=_length(summary_length),
        options=check_options(options),
    )


def _merge(links: Sequence[Link], captions: Sequence[CaptionFile]) -> tuple[tuple[Entry, ...], int]:
    """One entry per video in order of first appearance, and how many were duplicates.

    Captions for a video that is linked too belong to it, and are no duplicate of the link.
    """
    entries: dict[str, Entry] = {}
    duplicates = 0
    for link in links:
        duplicates += link.id in entries
        entries.setdefault(link.id, Entry(link.id, note=link.note))
    for file in captions:
        key = file.video_id or _fingerprint(file)
        known = entries.get(key)
        if known is not None and known.captions is not None:
            duplicates += 1
            continue
        entries[key] = Entry(file.video_id, file, note=known.note if known else ())
    return tuple(entries.values()), duplicates


def _lists(links: Sequence[Link], take_playlists: bool) -> tuple[tuple[Link, ...], int]:
    """The playlists and channels in order of first appearance, and how many were duplicates.

    With `take_playlists` also those that links of videos name; several videos of one playlist are no duplicates.
    """
    lists: dict[tuple[str, str, str], Link] = {}
    duplicates = 0
    for link in links:
        if link.is_list:
            duplicates += (link.kind, link.id, link.tab) in lists
            lists.setdefault((link.kind, link.id, link.tab), link)
        elif take_playlists and link.within:
            lists.setdefault(("playlist", link.within, ""), Link(link.line, link.text, "playlist", link.within, ""))
    return tuple(lists.values()), duplicates


def _fingerprint(file: CaptionFile) -> str:
    return hashlib.sha256(repr(file.transcript.cues).encode()).hexdigest()


def _name(name: str, now: datetime) -> str:
    name = " ".join(name.split())
    if len(name) > NAME_MAX:
        sentence = _("This name has {number} characters; {most} are allowed. Shorten it.")
        raise InvalidInput(sentence.format(number=len(name), most=NAME_MAX))
    return name or f"Batch {now:%Y-%m-%d %H:%M}"


def _length(length: str) -> str:
    if length not in LENGTHS:
        sentence = _("There is no length called “{name}”. Choose one of: {names}.")
        raise UnknownName(sentence.format(name=length[:40], names=", ".join(LENGTHS)))
    return length


def check_options(options: Mapping[str, object]) -> dict[str, Any]:
    """Empty ones are left out.

    `language` (a language tag), `instructions` (text), `caption_languages` (a list of tags, the best first),
    `manual_captions` (true: no automatic ones); for playlists and channels `expand` ("playlists": also of videos within
    one), `newest` (how many videos of each), `since` (an ISO date).
    """
    checks: dict[str, Callable[[object], Any]] = {
        "language": _language,
        "instructions": _instructions,
        "caption_languages": _languages,
        "manual_captions": _yes_or_no,
        "expand": _expand,
        "newest": _newest,
        "since": _since,
    }
    unknown = sorted(set(options) - set(checks))
    if unknown:
        sentence = _("There is no option called “{name}”. Options are: {names}.")
        raise InvalidInput(sentence.format(name=visible(unknown[0])[:40], names=", ".join(checks)))
    checked = {key: checks[key](value) for key, value in options.items()}
    return {key: value for key, value in checked.items() if value}


def _language(value: object) -> str:
    text = visible(str(value or "")).strip()
    if text and not _LANGUAGE.fullmatch(text):
        sentence = _("“{text}” is not a language tag. Write one such as en, de or pt-BR.")
        raise InvalidInput(sentence.format(text=text[:40]))
    return text


def _languages(value: object) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        raise InvalidInput(_("caption_languages is a list of language tags, such as ['en', 'de']."))
    return [tag for tag in map(_language, value) if tag][:20]


def _yes_or_no(value: object) -> bool:
    if value not in (True, False, None):
        raise InvalidInput(_("manual_captions is true or false."))
    return bool(value)


def _expand(value: object) -> str:
    if value not in ("", None, "playlists"):
        raise InvalidInput(_("expand is “playlists”, or left out: then a video within a playlist is only the video."))
    return str(value or "")


def _newest(value: object) -> int | None:
    if value in ("", None):
        return None
    text = str(value)
    most = settings.BATCH_MAX_VIDEOS
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= most):
        raise InvalidInput(_("newest is a number of videos from 1 to {most}.").format(most=f"{most:,}"))
    return int(text)


def _since(value: object) -> str:
    text = str(value or "").strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        sentence = _("“{text}” is not a date. Write since as 2026-01-31.")
        raise InvalidInput(sentence.format(text=text[:40])) from None


def _instructions(value: object) -> str:
    text = visible(str(value or "")).strip()
    if len(text) > _INSTRUCTIONS_MAX:
        sentence = _("The instructions have {number} characters; {most} are allowed.")
        raise InvalidInput(sentence.format(number=len(text), most=_INSTRUCTIONS_MAX))
    return text


def _digest(
    name: str,
    model: str,
    length: str,
    options: Mapping[str, object],
    links: Sequence[Link],
    captions: Sequence[CaptionFile],
) -> str:
    """A fingerprint of what was asked, to tell a repeated request from another one under the same key."""
    lines = [(link.kind, link.id, link.text) for link in links]
    asked = [name, model, length, dict(options), lines, [_fingerprint(file) for file in captions]]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
