"""The text that a model answered -> a Draft. Forgiving about the wrapping, strict about what is inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from summarizer.draft import Draft, DraftChapter, DraftPoint, DraftQuote
from summarizer.text import visible

# Some servers send the thinking along; chat templates that open its tag themselves leave only the closing one.
_THOUGHTS = re.compile(r"\A(?!\s*[{`]).*?</think>|<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_DECODER = json.JSONDecoder(strict=False)
_MOST_TRIES = 50
_LINES = ("topics", "action_items", "mentions")
# What an item becomes without its fields. Grounding notices each of these, names it for the repair, and counts it: no
# text, a segment that does not exist. Only a quote needs no segment, for it is looked for.
_BLANK: dict[type[BaseModel], dict[str, Any]] = {
    DraftPoint: {"text": "", "segments": []},
    DraftChapter: {"title": "", "segment": 0},
    DraftQuote: {"text": "", "segment": 0},
}
_ITEMS: dict[str, type[BaseModel]] = {"key_points": DraftPoint, "chapters": DraftChapter, "quotes": DraftQuote}


def schema() -> dict[str, Any]:
    """The JSON schema of a draft in the form that both providers accept as strict: all required, nothing else."""
    strict: dict[str, Any] = _strict(Draft.model_json_schema())
    return strict


def read_draft(text: str) -> Draft | None:
    """The first draft in `text`: bare, in a code fence, or with prose around it. None if there is none.

    Models that were not held to the schema write ids as "[12]" or 12.0, one id instead of a list, null for nothing,
    items that are their text alone or lack a field, or put the draft into another object. That is understood; anything
    that would have to be guessed is not. Without a single point in the form that was asked for there is no draft.
    """
    for found in _objects(_THOUGHTS.sub("", text)):
        for candidate in (found, *(value for value in found.values() if isinstance(value, dict))):
            try:
                return Draft.model_validate(_visible(_mended(candidate)))
            except ValidationError:
                continue
    return None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    position = text.find("{")
    for _ in range(_MOST_TRIES):
        if position < 0:
            return
        try:
            found, end = _DECODER.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            end = position + 1
        else:
            if isinstance(found, dict):
                yield found
        position = text.find("{", end)


def _mended(raw: Mapping[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in raw.items() if value is not None}
    for name in _LINES:
        if isinstance(data.get(name), list):
            data[name] = [item for item in data[name] if isinstance(item, str)]
    for name, kind in _ITEMS.items():
        if isinstance(data.get(name), list):
            data[name] = _mended_items(data[name], kind)
    return data


def _mended_items(items: list[Any], kind: type[BaseModel]) -> list[Any]:
    """Those that can be read; all as they are, to be refused, when none of some points is as it was asked for."""
    mended = [(item, _mended_item(item, kind)) for item in items if item is not None]
    good = [(item, each) for item, each in mended if _is_a(kind, each)]
    in_form = any(isinstance(item, dict) and item.keys() >= _BLANK[kind].keys() for item, _ in good)
    if kind is DraftPoint and mended and not in_form:
        return items
    return [each for _, each in good]


def _is_a(kind: type[BaseModel], item: Any) -> bool:
    try:
        kind.model_validate(item)
    except ValidationError:
        return False
    return True


def _mended_item(item: Any, kind: type[BaseModel]) -> Any:
    blank = _BLANK[kind]
    if isinstance(item, str):
        return {**blank, next(iter(blank)): item}
    if not isinstance(item, dict):
        return item
    mended = {**blank, **{name: value for name, value in item.items() if value is not None}}
    if "segments" in mended:
        raw = mended["segments"] if isinstance(mended["segments"], list) else [mended["segments"]]
        mended["segments"] = [number for each in raw for number in _numbers(each)]
    if "segment" in mended:
        mended["segment"] = next(iter(_numbers(mended["segment"])), 0)
    return mended


def _numbers(value: Any) -> list[int]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, float):
        return [int(value)] if value.is_integer() else []
    if not isinstance(value, str) or ":" in value:  # a time of the video is no segment
        return []
    return [int(digits) for digits in re.findall(r"\d{1,9}", value)]


def _visible(node: Any) -> Any:
    """Without what databases refuse, such as a zero byte or half a surrogate pair, which JSON can carry."""
    if isinstance(node, list):
        return [_visible(each) for each in node]
    if isinstance(node, dict):
        return {name: _visible(value) for name, value in node.items()}
    return visible(node) if isinstance(node, str) else node


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _strict(value) for name, value in node.items() if name not in ("title", "default")}
    if "properties" in node:
        plain["properties"] = {name: _strict(value) for name, value in node["properties"].items()}
        plain |= {"required": list(node["properties"]), "additionalProperties": False}
    return plain
