"""Talks for the engine tests: segments and transcripts that nobody has to fetch."""

from __future__ import annotations

from summarizer.records import Cue, Segment, SummaryRequest, Transcript

STANDARD = SummaryRequest()

_SENTENCES = (
    "Bees find their way home by the light of the sky, even when clouds hide the sun.",
    "A dance in the dark of the hive tells the others how far the flowers are.",
    "The longer the waggle lasts, the longer the flight will be.",
    "In winter they keep the queen warm by shivering, all of them in turns.",
    "Nobody commands a swarm, and yet it chooses the best of many places to live.",
)


def bees(count: int = 12) -> list[Segment]:
    """Segments about bees, 45 seconds each."""
    return [
        Segment(id, (id - 1) * 45.0, id * 45.0, f"{_SENTENCES[id % len(_SENTENCES)]} That was point {id}.")
        for id in range(1, count + 1)
    ]


def talk(minutes: int, *, first: int = 0xA00000) -> Transcript:
    """A talk with a cue every ten seconds and, in each minute, one marker word that occurs nowhere else."""
    cues = []
    for minute in range(minutes):
        for sixth in range(6):
            marker = f"marker{first + minute:06x} " if sixth == 2 else ""
            text = f"{marker}{_SENTENCES[(minute + sixth) % len(_SENTENCES)]}"
            cues.append(Cue(minute * 60.0 + sixth * 10, 10.0, text))
    return Transcript(tuple(cues), "en", "generated", "test")


def markers(transcript: Transcript) -> set[str]:
    return {word for cue in transcript.cues for word in cue.text.split() if word.startswith("marker")}
