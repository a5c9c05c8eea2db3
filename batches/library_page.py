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
COUNTED_MAX = 100
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
        self._before, self._after = _place(asked.get("before", "")), _place(asked.get("after", ""))
        self.is_ticked = asked.get("choose") == "page"  # whether all boxes of this page are
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
    def _found(self) -> tuple[list[tuple[int, Summary]], bool, bool]:
        """The page, newest first, and whether there are newer and older ones."""
        if self._after is not None:
            newer = search.find(self.user, self.query, PER_PAGE + 1, after=self._after)
            if len(newer) > PER_PAGE:
                return newer[1:], True, True
        before = None if self._after is not None else self._before  # what is not a whole page is the first one
        found = search.find(self.user, self.query, PER_PAGE + 1, before)
        return found[:PER_PAGE], before is not None, len(found) > PER_PAGE

    @cached_property
    def count(self) -> int:
        """How many summaries match, counted up to COUNTED_MAX + 1, for counting reads them all."""
        return len(search.find_ids(self.user, self.query, COUNTED_MAX + 1))

    @property
    def is_more(self) -> bool:
        return self.count > COUNTED_MAX

    @cached_property
    def cards(self) -> list[Card]:
        summaries = [summary for _, summary in self._found[0]]
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
    def too_many_channels(self) -> bool:
        """Whether not all of them are offered: the others are typed."""
        return sum(map(len, self.facets.values())) >= search.FACETS_MAX

    @property
    def languages(self) -> list[tuple[str, str]]:
        return [(tag, presentation.language_name(tag)) for tag in self.facets["language"]]

    @property
    def narrowed(self) -> bool:
        return any(self.chosen.values())

    @property
    def is_first(self) -> bool:
        return self._before is None and self._after is None

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
        """The address of the page of older ones, "" at the end: it names a place, so that new ones shift nothing."""
        found, _newer, older = self._found
        return self._at(before=found[-1][0]) if older else ""

    @property
    def previous_query(self) -> str:
        """The same of newer ones; "" at the beginning."""
        found, newer, _older = self._found
        return self._at(after=found[0][0]) if newer and found else ""

    @property
    def tick_query(self) -> str:
        """The address of this very page with all its boxes ticked, or with none where all are."""
        place = {"before": self._before, "after": self._after, "choose": None if self.is_ticked else "page"}
        return self._at(**{name: value for name, value in place.items() if value is not None})

    def _at(self, **place: int | str) -> str:
        return "&".join(filter(None, (self.filter_query, urlencode(place))))

    def every_id(self) -> list[UUID]:
        """The keys of all summaries that match, newest first."""
        found: list[UUID] = []
        before = None
        while page := search.find_ids(self.user, self.query, _EXPORT_CHUNK, before):
            found += [key for _, key in page]
            before = page[-1][0]
        return found


def _place(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


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
