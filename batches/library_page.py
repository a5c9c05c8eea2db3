"""What the library shows: one page of a user's summaries, found by words and narrowed by properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import islice
from uuid import UUID

from django.utils.http import urlencode

from accounts.models import User
from batches import presentation, search
from batches.models import Summary, Transcript

PER_PAGE = 24
HITS_SHOWN = 3
AROUND = 70  # characters of context on each side of a hit
_EXPORT_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a word was found: text in pieces with whether each is a hit. `second` is None in a summary."""

    pieces: Sequence[tuple[str, bool]]
    second: float | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One summary of the list. Without a question, `hits` is empty and the overview is shown."""

    summary: Summary
    hits: Sequence[Hit]

    @property
    def overview(self) -> str:
        return str(self.summary.content.get("overview", ""))


class LibraryPage:
    """Read by templates/batches/library.html. `asked` is the address's query."""

    def __init__(self, user: User, asked: Mapping[str, str]) -> None:
        self.user = user
        self.chosen = {name: asked.get(name, "").strip()[:200] for name in ("q", "channel", "language", "model")}
        self.chosen |= {name: asked.get(name, "") for name in ("from", "to") if _day(asked.get(name, ""))}
        place = asked.get("before", "")
        self._before = int(place) if place.isdecimal() and len(place) < 19 else None
        until = _day(self.chosen.get("to", ""))
        self.query = search.Query(
            text=self.chosen["q"],
            channel=self.chosen["channel"],
            language=self.chosen["language"],
            model=self.chosen["model"],
            since=_day(self.chosen.get("from", "")),
            until=until and until + timedelta(days=1),
        )

    # -- the list

    @cached_property
    def _found(self) -> list[tuple[int, Summary]]:
        return search.find(self.user, self.query, PER_PAGE + 1, self._before)

    @cached_property
    def cards(self) -> list[Card]:
        summaries = [summary for _, summary in self._found[:PER_PAGE]]
        transcripts = self._transcripts(summaries) if self.query.terms else {}
        return [Card(summary, self._hits(summary, transcripts.get(summary.transcript_id))) for summary in summaries]

    def _transcripts(self, summaries: Sequence[Summary]) -> dict[UUID | None, Transcript]:
        keys = [summary.transcript_id for summary in summaries if summary.transcript_id]
        return {**Transcript.objects.usable_by(self.user).in_bulk(keys)}

    def _hits(self, summary: Summary, transcript: Transcript | None) -> list[Hit]:
        if not self.query.terms:
            return []
        content = summary.content
        said = [content.get("overview", ""), *(point["text"] for point in content.get("points", []))]
        written = (self._hit(text) for text in said if self._holds(text))
        spoken = self._spoken(transcript) if transcript else ()
        return [*islice(written, 1), *islice(spoken, HITS_SHOWN - 1)]

    def _spoken(self, transcript: Transcript) -> Iterator[Hit]:
        """Cues with a hit, each with its neighbours' words around it."""
        cues = transcript.cues
        last = -2
        for at, (start, _, text) in enumerate(cues):
            if at > last + 1 and self._holds(text):
                last = at
                yield self._hit(" ".join(str(cue[2]) for cue in cues[max(0, at - 1) : at + 2]), start)

    def _holds(self, text: str) -> bool:
        terms = self.query.terms
        return search.may_hold(text, terms) and any(is_hit for _, is_hit in search.pieces(text, terms))

    def _hit(self, text: str, second: float | None = None) -> Hit:
        return Hit(_excerpt(search.pieces(text, self.query.terms)), second)

    # -- what can be chosen

    @cached_property
    def facets(self) -> dict[str, list[str]]:
        return search.facets(self.user)

    @property
    def languages(self) -> list[tuple[str, str]]:
        return [(tag, presentation.language_name(tag)) for tag in self.facets["language"]]

    @property
    def narrowed(self) -> bool:
        return any(self.chosen.values())

    @property
    def is_first(self) -> bool:
        return self._before is None

    # -- addresses

    @property
    def words(self) -> str:
        """The question for the address of a summary; "" without one."""
        return urlencode({"q": self.chosen["q"]}) if self.query.terms else ""

    @property
    def filter_query(self) -> str:
        return urlencode({name: value for name, value in self.chosen.items() if value})

    @property
    def next_query(self) -> str:
        """The address of the next page; "" at the end. It names a place, so that new summaries shift nothing."""
        if len(self._found) <= PER_PAGE:
            return ""
        place = urlencode({"before": self._found[PER_PAGE - 1][0]})
        return f"{self.filter_query}&{place}" if self.filter_query else place

    def every_id(self) -> list[UUID]:
        """The keys of all summaries that match, newest first."""
        found: list[UUID] = []
        before = None
        while page := search.find_ids(self.user, self.query, _EXPORT_CHUNK, before):
            found += [key for _, key in page]
            before = page[-1][0]
        return found


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if 1 < day.year < 9999 else None


def _excerpt(pieces: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The pieces, with long stretches without a hit shortened to what is around the hits."""
    shown: list[tuple[str, bool]] = []
    for at, (text, is_hit) in enumerate(pieces):
        if is_hit or len(text) <= 2 * AROUND:
            shown.append((text, is_hit))
            continue
        head = "" if at == 0 else text[:AROUND].rsplit(" ", 1)[0]
        tail = "" if at == len(pieces) - 1 else text[-AROUND:].split(" ", 1)[-1]
        shown.append((f"{head} … {tail}", False))
    return shown
