"""What an engine answers: one schema for all engines. It cites segment ids; `grounding` turns those into seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class DraftPoint(_Strict):
    """One thing the video says, and the ids of the segments in which it says it."""

    text: Line
    segments: list[int]


class DraftChapter(_Strict):
    """A stretch of the video that begins at `segment` and runs to the next chapter."""

    title: Line
    segment: int
    gist: Line = ""


class DraftQuote(_Strict):
    """Words copied letter by letter from `segment`. `speaker` only if the captions name one, else empty."""

    text: Line
    segment: int
    speaker: Line = ""


class Draft(_Strict):
    headline: Line
    overview: Line
    key_points: list[DraftPoint]
    chapters: list[DraftChapter] = Field(default_factory=list)
    quotes: list[DraftQuote] = Field(default_factory=list)
    topics: list[Line] = Field(default_factory=list)
    action_items: list[Line] = Field(default_factory=list)
    mentions: list[Line] = Field(default_factory=list)
