"""What travels between transcript sources, engines and whoever keeps the results. Frozen, and free of I/O.

Times are seconds from the start of the video, as floats. Languages are BCP 47 tags as YouTube writes them ("en",
"pt-BR", "zh-Hans").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

CaptionKind = Literal["manual", "generated", "uploaded"]
Length = Literal["brief", "standard", "detailed"]
LENGTHS: tuple[Length, ...] = ("brief", "standard", "detailed")
Stage = Literal["starting", "transcript", "summarizing", "checking", "saving"]


@dataclass(frozen=True, slots=True)
class AuthorChapter:
    """A chapter as the video's author named it, and the second at which it begins."""

    title: str
    start: float


@dataclass(frozen=True, slots=True)
class Video:
    """A YouTube video, as far as its page tells. `id` is the eleven characters, or "" for an uploaded file."""

    id: str
    title: str = ""
    channel: str = ""
    duration: float | None = None
    published: date | None = None
    thumbnail_url: str = ""
    chapters: tuple[AuthorChapter, ...] = ()

    @property
    def url(self) -> str:
        return f"https://www.youtube.com/watch?v={self.id}" if self.id else ""


NO_VIDEO = Video("")


@dataclass(frozen=True, slots=True)
class CaptionChoice:
    """Which captions are wanted. `languages` are preferences in order: none of them is no reason to go without.

    `manual_only` is a demand: captions that YouTube's speech recognition made are then as good as none.
    """

    languages: tuple[str, ...] = ()
    manual_only: bool = False


ANY_CAPTIONS = CaptionChoice()


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption as it is shown: when, for how long, and its text without mark-up."""

    start: float
    duration: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """All cues of one caption track, in order of time. `source` names who gave it ("youtube", "upload")."""

    cues: tuple[Cue, ...]
    language: str
    kind: CaptionKind
    source: str

    @property
    def duration(self) -> float:
        return max((cue.start + cue.duration for cue in self.cues), default=0.0)


@dataclass(frozen=True, slots=True)
class Tried:
    """A transcript source that was asked and failed: its name, the error's code, and its sentence."""

    source: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a transcript source answers: the transcript, and what it learned about the video on the way.

    `tried` are the sources that were asked before, in order.
    """

    video: Video
    transcript: Transcript
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """Whole cues that belong together, about 30–60 s: the unit that models cite. Ids count from 1 over the video."""

    id: int
    start: float
    end: float
    text: str
    cues: tuple[Cue, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a video's page says of it, as an engine may know it. Other people's text, as the transcript is.

    `chapters` are the author's: the id of the segment in which each begins, and its title.
    """

    title: str = ""
    channel: str = ""
    chapters: tuple[tuple[int, str], ...] = ()


NO_PARTICULARS = Particulars()


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """What the user asked for. `language` "" means the language of the video.

    `particulars` are not the user's: the pipeline adds them for the engine.
    """

    length: Length = "standard"
    language: str = ""
    instructions: str = ""
    particulars: Particulars = NO_PARTICULARS


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. `cached_tokens` are part of `input_tokens`. `cost` is US dollars, None when unpriced."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    calls: int = 0
    cost: Decimal | None = None

    def __add__(self, other: Usage) -> Usage:
        if self.calls == 0:
            return other
        if other.calls == 0:
            return self
        unpriced = self.cost is None or other.cost is None
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.calls + other.calls,
            None if unpriced else (self.cost or Decimal(0)) + (other.cost or Decimal(0)),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """A statement and the seconds at which the video makes it; never without a second."""

    text: str
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    start: float
    gist: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the video, letter by letter as its captions have them."""

    text: str
    second: float
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Grounding:
    """How much of what the engine said could be found in the video: what was kept, and what was dropped."""

    points: int
    points_dropped: int
    quotes: int
    quotes_dropped: int
    chapters_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """One trustworthy summary. `coverage` is the share of segments that the engine read, 0 to 1."""

    headline: str
    overview: str
    points: tuple[Point, ...]
    chapters: tuple[Chapter, ...]
    quotes: tuple[Quote, ...]
    topics: tuple[str, ...]
    action_items: tuple[str, ...]
    mentions: tuple[str, ...]
    grounding: Grounding
    coverage: float
    language: str
    engine: str
    model: str
    prompt_version: str
    usage: Usage


class Progress(Protocol):
    """Called by sources and engines often, at least once per streamed event. Raises `Stopped` when the work is moot."""

    def __call__(self, stage: Stage, done: int = 0, total: int = 0) -> None: ...


def no_progress(stage: Stage, done: int = 0, total: int = 0) -> None:
    """A `Progress` for those who don't watch."""


Options = Mapping[str, object]
