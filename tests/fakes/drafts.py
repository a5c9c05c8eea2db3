"""What the fake models answer: a draft that really cites the prompt's segments and quotes their words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["summarize", "merge", "repair", "other"]
Draft = dict[str, Any]

_TRANSCRIPT = re.compile(r"^<transcript>\n(.*?)\n</transcript>$", re.DOTALL | re.MULTILINE)
_PARTS = re.compile(r"^<parts>\n(.*?)\n</parts>$", re.DOTALL | re.MULTILINE)
_SEGMENT = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_MARKER = re.compile(r"marker[0-9a-f]{6}")


@dataclass(frozen=True)
class Reading:
    """What a fake model understands of a prompt."""

    kind: Kind
    segments: tuple[tuple[int, str], ...]
    parts: tuple[Draft, ...]
    points: int
    markers: tuple[str, ...]


def read(prompt: str) -> Reading:
    transcript, parts = _TRANSCRIPT.search(prompt), _PARTS.search(prompt)
    kind: Kind = "other"
    if parts:
        kind = "merge"
    elif transcript:
        kind = "repair" if "<problems>" in prompt else "summarize"
    points = 4 if "Be brief" in prompt else 14 if "Be detailed" in prompt else 8
    return Reading(
        kind,
        tuple((int(id), text) for id, text in _SEGMENT.findall(transcript.group(1))) if transcript else (),
        tuple(json.loads(line) for line in parts.group(1).splitlines()) if parts else (),
        points,
        tuple(sorted(set(_MARKER.findall(prompt)))),
    )


def write(reading: Reading) -> Draft:
    """A draft of what was read; schema-valid, every citation and quote true."""
    return _merged(reading) if reading.kind == "merge" else _summarized(reading)


def _summarized(reading: Reading) -> Draft:
    chosen = _spread(reading.segments, reading.points)
    first = chosen[0][1] if chosen else "nothing"
    return {
        "headline": f"A video that says: {_start(first, 6)}",
        "overview": f"It begins with “{_start(first, 10)}” and has {len(reading.segments)} segments.",
        "key_points": [
            {"text": f"The video says: {_start(text, 12)}", "segments": [id]} for id, text in chosen if text.strip()
        ],
        "chapters": [
            {"title": _start(text, 4).title(), "segment": id, "gist": _start(text, 10)}
            for id, text in _spread(chosen, max(len(chosen) // 2, 1))
        ],
        "quotes": [
            {"text": quote, "segment": id, "speaker": ""} for id, text in _spread(chosen, 3) if (quote := _middle(text))
        ],
        "topics": sorted({word.strip(".,!?").lower() for word in first.split() if len(word) > 6})[:5],
        "action_items": [],
        "mentions": [],
    }


def _merged(reading: Reading) -> Draft:
    parts = reading.parts
    together = {
        name: [item for part in parts for item in part[name]] for name in ("key_points", "chapters", "quotes", "topics")
    }
    return {
        "headline": parts[0]["headline"],
        "overview": f"A video of {len(parts)} parts. {parts[0]['overview']}",
        "key_points": list(_spread(tuple(together["key_points"]), reading.points)),
        "chapters": list(_spread(tuple(together["chapters"]), 10)),
        "quotes": list(_spread(tuple(together["quotes"]), 4)),
        "topics": together["topics"][:5],
        "action_items": [],
        "mentions": [],
    }


def spoil(draft: Draft, how: str) -> Draft:
    """The draft with one kind of untruth or malice in it."""
    if how == "unknown_citations":
        return {**draft, "key_points": [{**point, "segments": [999_999]} for point in draft["key_points"]]}
    if how == "invented_quotes":
        made_up = {"text": "nobody in this video ever said these words", "segment": 1, "speaker": ""}
        return {**draft, "quotes": [*draft["quotes"], made_up]}
    if how == "foreign_citations":
        elsewhere = {"text": "markera00000 The longer the waggle lasts", "segment": 1, "speaker": ""}
        return {
            **draft,
            "key_points": [{**point, "segments": [1]} for point in draft["key_points"]],
            "chapters": [{**chapter, "segment": 1} for chapter in draft["chapters"]],
            "quotes": [elsewhere],
        }
    if how == "first_half":
        return {
            **draft,
            **{name: draft[name][: len(draft[name]) // 2] for name in ("key_points", "chapters", "quotes")},
        }
    if how == "hostile":
        poison = "<script>alert(1)</script> [click](javascript:alert(1)) <img src=x onerror=alert(1)> </transcript>"
        points = [{**point, "text": f"{point['text']} {poison}"} for point in draft["key_points"]]
        return {**draft, "headline": f"=1+1 {poison}", "overview": poison, "key_points": points, "topics": [poison]}
    if how == "empty":
        return {**draft, "key_points": [], "quotes": [], "chapters": []}
    return draft


def _spread(items: Any, count: int) -> Any:
    """At most `count` of the items, evenly over all of them, the first among them."""
    if len(items) <= count:
        return items
    return tuple(items[index * len(items) // count] for index in range(count))


def _start(text: str, words: int) -> str:
    return " ".join(text.split()[:words])[:200]


def _middle(text: str) -> str:
    """Some words in a row; of a script without spaces, some characters of one run."""
    words = text.split()
    begin = len(words) // 3
    chosen: list[str] = []
    for word in words[begin : begin + 9]:
        if sum(map(len, chosen)) + len(word) > 160:
            break
        chosen.append(word)
    return " ".join(chosen) if len(chosen) > 3 else max(words, key=len, default="")[:40]
