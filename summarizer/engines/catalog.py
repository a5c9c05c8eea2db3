"""What is known about models: windows, limits, prices, retirement. The data is `catalog.toml`; a site adds its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any

from summarizer.errors import InvalidInput
from summarizer.records import Usage

BUILT_IN = Path(__file__).with_name("catalog.toml")
_MILLION = Decimal(1_000_000)
_SNAPSHOT = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class Tier:
    """US dollars per million tokens, on every token of a call whose prompt has more than `above` tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal
    cache_write: Decimal
    above: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `window` and `output` are tokens; no `tiers` means that its price is not known.

    `listed`: whether a catalog has it. `own`: whether that is the site's.
    """

    id: str
    engine: str
    label: str
    window: int
    output: int
    effort: str = ""
    tiers: tuple[Tier, ...] = ()
    read_on: date | None = None
    retires: date | None = None
    listed: bool = True
    own: bool = False

    @property
    def cheap_prompt(self) -> int | None:
        """The most tokens a prompt may have before every token of the call gets dearer. None: no such cliff."""
        return min((tier.above for tier in self.tiers if tier.above), default=None)

    def retires_within(self, days: int, today: date) -> bool:
        return self.retires is not None and (self.retires - today).days <= days

    def cost(self, usage: Usage, cache_writes: int = 0) -> Decimal | None:
        """US dollars of ONE call; None when the price is not known. `cache_writes` are part of the input tokens."""
        fitting = [tier for tier in self.tiers if usage.input_tokens > tier.above or not tier.above]
        if not fitting:
            return None
        tier = max(fitting, key=lambda each: each.above)
        plain = max(usage.input_tokens - usage.cached_tokens - cache_writes, 0)
        return (
            plain * tier.input
            + usage.cached_tokens * tier.cached
            + cache_writes * tier.cache_write
            + usage.output_tokens * tier.output
        ) / _MILLION


@dataclass(frozen=True)
class Catalog:
    """All models that are known, and what to assume of others."""

    entries: tuple[Model, ...]
    defaults: Mapping[str, Model]

    @classmethod
    def load(cls, path: Path = BUILT_IN, override: Path | None = None) -> Catalog:
        """The catalog in `path`; what `override` says of a model or a default counts more.

        Raises `InvalidInput` naming the file and what is wrong in it.
        """
        catalog = _read(path)
        if override is None:
            return catalog
        own = _read(override, catalog.defaults)
        entries = {entry.id: entry for entry in catalog.entries}
        entries |= {entry.id: replace(entry, own=True) for entry in own.entries}
        return cls(tuple(entries.values()), {**catalog.defaults, **own.defaults})

    @cached_property
    def _by_id(self) -> dict[str, Model]:
        return {entry.id: entry for entry in self.entries}

    def models(self, engine: str) -> list[Model]:
        """The listed models of `engine`, in the order of the file."""
        return [entry for entry in self.entries if entry.engine == engine]

    def default(self, engine: str) -> str:
        """The model of `engine` that is used when none is named: good, and cheap."""
        return self.defaults[engine].id

    def find(self, engine: str, model: str, assume: str = "") -> Model:
        """What is known of `model`, which may be a dated snapshot of a listed one.

        A model that is not listed has no price, and the window of `defaults[assume or engine]`.
        """
        for name in (model, _SNAPSHOT.sub("", model)):
            found = self._by_id.get(name)
            if found is not None and found.engine == engine:
                return replace(found, id=model)
        return replace(self.defaults[assume or engine], id=model, label=model, listed=False)

    def cost(self, engine: str, model: str, usage: Usage, cache_writes: int = 0) -> Decimal | None:
        """US dollars of one call of `model`; None when the price is not known."""
        return self.find(engine, model).cost(usage, cache_writes)


def _read(path: Path, known: Mapping[str, Model] | None = None) -> Catalog:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        defaults = {engine: _default(engine, raw) for engine, raw in data.get("defaults", {}).items()}
        assumed = {**(known or {}), **defaults}
        return Catalog(tuple(_model(raw, assumed) for raw in data.get("models", ())), defaults)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"The model catalog {path} cannot be read: {error}.") from error
    except KeyError as error:
        raise InvalidInput(f"The model catalog {path} has an entry without {error}.") from error
    except (InvalidOperation, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The model catalog {path} has a value of the wrong kind: {error}.") from error


def _default(engine: str, raw: Mapping[str, Any]) -> Model:
    window = int(raw["window"])
    return Model(raw["model"], engine, raw["model"], window, min(int(raw["output"]), window // 2))


def _model(raw: Mapping[str, Any], defaults: Mapping[str, Model]) -> Model:
    assumed = defaults[raw["engine"]]
    window = int(raw.get("window", assumed.window))
    # What answers may have is taken from the window, and most of that is for the transcript.
    output = min(int(raw["output"]), window // 2) if "output" in raw else min(assumed.output, window // 4)
    return Model(
        id=raw["id"],
        engine=raw["engine"],
        label=raw.get("label", raw["id"]),
        window=window,
        output=output,
        effort=raw.get("effort", ""),
        tiers=tuple(_tier(tier) for tier in raw.get("tiers", ())),
        read_on=raw.get("read_on"),
        retires=raw.get("retires"),
    )


def _tier(raw: Mapping[str, Any]) -> Tier:
    price = Decimal(str(raw["input"]))
    return Tier(
        input=price,
        output=Decimal(str(raw["output"])),
        cached=Decimal(str(raw.get("cached", price))),
        cache_write=Decimal(str(raw.get("cache_write", price))),
        above=int(raw.get("above", 0)),
    )
