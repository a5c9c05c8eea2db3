"""Full-text search in summaries and their transcripts: one interface over PostgreSQL's GIN and SQLite's FTS5.

Both keep, for each summary, the set of its folded words, with its owner, channel, language and model among them as
words that nobody can type. So every question is one "all of these", newest first, and both answer it alike. Words are
found by their beginnings; where no spaces are written, by two characters at a time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from batches.models import Summary, Transcript
from batches.search_index import Facet, SearchEntry

if TYPE_CHECKING:
    from accounts.models import User

WORDS_MAX = 8  # of a question; more narrow nothing down
LONGEST_WORD = 40
FACETS_MAX = 300  # more is nothing to choose from, and too much for every page

_SPACELESS = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\U00020000-\U0003ffff"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670"  # accents and vowel points, which many leave out
_STROKES = re.compile(f"[{_MARKS}]")
# Letters, digits, and the marks that words of India and Southeast Asia are spelled with.
WORD = re.compile(
    rf"[{_SPACELESS}]+|(?:(?![{_SPACELESS}])[^\W_]|[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0dff])+"
)
_RUN = re.compile(rf"[{_SPACELESS}]")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of one user's library. All parts must hold; an empty part asks nothing."""

    text: str = ""
    channel: str = ""
    language: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """The words to find, folded."""
        return tuple(fold(word[0]) for word in WORD.finditer(self.text))[:WORDS_MAX]

    @property
    def facets(self) -> dict[str, str]:
        chosen = {Facet.Kind.CHANNEL: self.channel, Facet.Kind.LANGUAGE: self.language, Facet.Kind.MODEL: self.model}
        return {str(kind): value for kind, value in chosen.items() if value}


def fold(text: str) -> str:
    """`text` without what readers do not tell apart: case, accents, width."""
    if text.isascii():
        return text.lower()
    bare = _STROKES.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", bare)


# -- writing


def document(summary: Summary, transcript: Transcript | None) -> set[str]:
    """Every word that the summary is found by."""
    video = summary.video
    texts = [summary.headline, video.title, video.channel, *_strings(summary.content)]
    texts += [str(cue[2]) for cue in transcript.cues] if transcript else []
    words = set(_words("\n".join(texts)))
    return words | {_mark(kind, value) for kind, value in _facets(summary)} | {_mark("user", str(summary.user_id))}


def add(summary: Summary, words: Iterable[str]) -> None:
    """Makes a saved summary findable by `document(…)`, which is worth computing before the transaction."""
    entry = SearchEntry.objects.create(summary=summary, user_id=summary.user_id)
    line = sorted(words)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "UPDATE batches_searchentry SET words = array_to_tsvector(%s) WHERE id = %s", [line, entry.pk]
            )
        else:
            cursor.execute("INSERT INTO batches_searchwords (rowid, words) VALUES (%s, %s)", [entry.pk, " ".join(line)])
    Facet.objects.bulk_create(
        [Facet(user_id=summary.user_id, kind=kind, value=value) for kind, value in _facets(summary)],
        ignore_conflicts=True,
    )


def forget_unused(user: User) -> None:
    """What none of the user's summaries has any more is no longer offered to narrow the library to."""
    columns = {Facet.Kind.CHANNEL: "video__channel", Facet.Kind.LANGUAGE: "language", Facet.Kind.MODEL: "model"}
    for kind, column in columns.items():
        used = Summary.objects.filter(user=user).values(column)
        Facet.objects.filter(user=user, kind=kind).exclude(value__in=used).delete()


def _facets(summary: Summary) -> list[tuple[str, str]]:
    values = (summary.video.channel, summary.language, summary.model)
    return [(str(kind), value) for kind, value in zip(Facet.Kind, values, strict=True) if value]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _words(text: str) -> Iterator[str]:
    for word in set(WORD.findall(fold(text))):
        yield from _pairs(word) if _RUN.match(word) else (word[:LONGEST_WORD],)


def _pairs(run: str) -> Iterator[str]:
    """Each two neighbours, and the last alone: a question of one character is the beginning of one of them."""
    yield from (run[at : at + 2] for at in range(len(run)))


def _mark(kind: str, value: str) -> str:
    """A word that stands for a property; no text holds an underscore."""
    return f"_{kind[0]}{blake2b(value.encode(), digest_size=8).hexdigest()}"


# -- asking


def find(
    user: User, query: Query, limit: int, before: int | None = None, after: int | None = None
) -> list[tuple[int, Summary]]:
    """(place, summary) of at most `limit` summaries, newest first: those next to `before`, or, newer, to `after`."""
    places = find_ids(user, query, limit, before, after)
    # Not narrowed to the user again: SQLite would read all of theirs.
    summaries = Summary.objects.select_related("video").in_bulk([pk for _, pk in places])
    return [(place, summaries[pk]) for place, pk in places if pk in summaries]


def find_ids(
    user: User, query: Query, limit: int, before: int | None = None, after: int | None = None
) -> list[tuple[int, UUID]]:
    """Like `find`, with the summaries' keys only."""
    found = (_matching if query.terms or query.facets else _all)(user, query, limit, before, after)
    return found if after is None else found[::-1]


def _all(user: User, query: Query, limit: int, before: int | None, after: int | None) -> list[tuple[int, UUID]]:
    """From `before` backwards, or from `after` onwards."""
    entries = SearchEntry.objects.filter(user=user)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    if after is not None:
        entries = entries.filter(pk__gt=after)
    if query.since:
        entries = entries.filter(summary__created_at__gte=query.since)
    if query.until:
        entries = entries.filter(summary__created_at__lt=query.until)
    return list(entries.order_by("-pk" if after is None else "pk").values_list("pk", "summary_id")[:limit])


def _matching(user: User, query: Query, limit: int, before: int | None, after: int | None) -> list[tuple[int, UUID]]:
    """The same. FTS5 gives its rows newest first, one by one, so SQLite reads no more of them than are wanted."""
    source, place, holds_all = _SOURCES[connection.vendor]
    conditions: list[str] = [holds_all]
    values: list[str | int | datetime] = [_question(user, query)]
    for condition, value in (
        (f"{place} < %s", before),
        (f"{place} > %s", after),
        ("s.created_at >= %s", query.since and connection.ops.adapt_datetimefield_value(query.since)),
        ("s.created_at < %s", query.until and connection.ops.adapt_datetimefield_value(query.until)),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    dated = "JOIN batches_summary s ON s.id = e.summary_id" if query.since or query.until else ""
    sql = f"SELECT e.id, e.summary_id FROM {source} {dated} WHERE {' AND '.join(conditions)}"  # noqa: S608  # constants
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY {place} {'DESC' if after is None else 'ASC'} LIMIT %s", [*values, limit])
        return [(place, key if isinstance(key, UUID) else UUID(key)) for place, key in cursor.fetchall()]


# (tables, the column of the place, what holds of a row that answers the question)
_SOURCES = {
    "sqlite": (
        "batches_searchwords CROSS JOIN batches_searchentry e ON e.id = batches_searchwords.rowid",
        "batches_searchwords.rowid",
        "batches_searchwords MATCH %s",
    ),
    "postgresql": ("batches_searchentry e", "e.id", "e.words @@ %s::tsquery"),
}


def facets(user: User) -> dict[str, list[str]]:
    """What the library can be narrowed to: kind -> values in order, at most FACETS_MAX in all."""
    found: dict[str, list[str]] = {str(kind): [] for kind in Facet.Kind}
    # Languages and models, which are few, come before the channels are cut off.
    offered = Facet.objects.filter(user=user).order_by("-kind", "value")[:FACETS_MAX]
    for kind, value in offered.values_list("kind", "value"):
        found[kind].append(value)
    return found


def _question(user: User, query: Query) -> str:
    """The terms by their beginnings, the properties whole. Terms are letters and digits: there is nothing to escape."""
    marks = [_mark("user", str(user.pk)), *(_mark(kind, value) for kind, value in query.facets.items())]
    beginnings = [word for term in query.terms for word in _asked(term)]
    if connection.vendor == "postgresql":
        return " & ".join([*(f"'{mark}'" for mark in marks), *(f"'{word}':*" for word in beginnings)])
    return " AND ".join([*(f'"{mark}"' for mark in marks), *(f'"{word}"*' for word in beginnings)])


def _asked(term: str) -> Sequence[str]:
    if _RUN.match(term) and len(term) > 1:
        return [term[at : at + 2] for at in range(len(term) - 1)]
    return [term[:LONGEST_WORD]]


# -- showing


def may_hold(text: str, terms: Sequence[str]) -> bool:
    """Whether `text` may hold one of the terms: quick, and never wrongly no."""
    folded = fold(text)
    return any(term in folded for term in terms)


def pieces(text: str, terms: Sequence[str]) -> list[tuple[str, bool]]:
    """`text` in pieces, with whether each is a hit: a word that begins with a term, or the term itself in a run."""
    cut: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _hits(text, terms):
        if start > end:
            cut.append((text[end:start], False))
        cut.append((text[start:stop], True))
        end = stop
    return [*cut, (text[end:], False)] if end < len(text) else cut


def _hits(text: str, terms: Sequence[str]) -> Iterator[tuple[int, int]]:
    for word in WORD.finditer(text):
        folded = fold(word[0])
        for term in terms:
            at = folded.find(term) if _RUN.match(folded) else 0 if folded.startswith(term) else -1
            if at < 0:
                continue
            exact = len(folded) == len(word[0]) and _RUN.match(folded)
            yield (word.start() + at, word.start() + at + len(term)) if exact else word.span()
            break
