"""Which engine a user means, whether it can run here, and the engine itself. Free of Django: configuration comes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

from summarizer.engines.base import ENGINES, Engine
from summarizer.engines.catalog import BUILT_IN, Catalog, Model
from summarizer.engines.clients import OncePerProcess
from summarizer.engines.prompts import PROMPT_VERSION
from summarizer.errors import MissingKey, UnknownName
from summarizer.marks import gettext_noop as _
from summarizer.records import Usage

EXTRACTIVE = "extractive"
_LONGEST_MODEL = 100  # what the columns hold that keep it
HOUR_OF_VIDEO = Usage(input_tokens=17_000, output_tokens=1_500, calls=1)
_NOTICE_DAYS = 90


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What the installation has. `default_model` is used when a user names none. Keys stay out of `repr`.

    `limited`: what is spent has a limit, so a model that is paid for needs a price.
    """

    anthropic_key: str = field(default="", repr=False)
    anthropic_base_url: str = ""
    openai_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    timeout: float = 300
    default_model: str = ""
    catalog_file: Path | None = None
    limited: bool = False

    @property
    def catalog(self) -> Catalog:
        return _CATALOGS.get(self.catalog_file)

    def available(self, engine: str) -> bool:
        """Whether `engine` can run: a compatible server may need no key."""
        if engine == "anthropic":
            return bool(self.anthropic_key)
        if engine == "openai":
            return bool(self.openai_key or self.openai_base_url)
        return True

    def elsewhere(self, engine: str) -> bool:
        """Whether another server than the provider's own is asked, with models and prices of its own."""
        return bool(self.anthropic_base_url if engine == "anthropic" else self.openai_base_url)

    def affordable(self, model: Model) -> bool:
        """Whether `model` may be used here: its price must be known where what is spent has a limit."""
        return bool(model.tiers) or not self.limited or self.elsewhere(model.engine)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of a model list. `id` is what `resolve` takes; `missing` names the variable that makes it available.

    `hour_cost` is US dollars for an hour of video, None when the price is not known; `price` says it in words.
    `warning` is a sentence about a model that retires soon.
    """

    id: str
    label: str
    engine: str
    available: bool
    price: str = ""
    missing: str = ""
    retires: date | None = None
    hour_cost: Decimal | None = None
    warning: str = ""


def resolve(model: str, config: EngineConfig) -> str:
    """The canonical name of what will run: "extractive" or "engine:model".

    `model` is an engine, engine:model, a model of the catalog, or "" for the default of the installation. Raises
    `UnknownName` or `MissingKey`.
    """
    engine, wanted = _parts(model, config)
    if not engine and not wanted:
        return resolve(config.default_model, config) if config.default_model.strip() else _first_available(config)
    if engine not in ENGINES:
        sentence = _("There is no engine called “{name}”. Choose one of: {names}.")
        raise UnknownName(sentence.format(name=engine[:50], names=", ".join(ENGINES)))
    if engine == EXTRACTIVE:
        if wanted:
            raise UnknownName(_("The engine “extractive” has no models to choose from. Write extractive."))
        return EXTRACTIVE
    if not config.available(engine):
        variable = f"{engine.upper()}_API_KEY"
        sentence = _("The engine “{engine}” needs a key. Set {variable}, or choose extractive.")
        raise MissingKey(sentence.format(engine=engine, variable=variable))
    wanted = wanted or _usual(engine, config)
    if not wanted:
        raise UnknownName(
            _("The server at OPENAI_BASE_URL has models of its own. Set DEFAULT_MODEL=openai:NAME, or name one so.")
        )
    if len(wanted) > _LONGEST_MODEL or not wanted.isprintable():
        sentence = _("A model's name is one line of at most {number} characters.")
        raise UnknownName(sentence.format(number=_LONGEST_MODEL))
    if not config.affordable(_known(engine, wanted, config)):
        sentence = _(
            "What “{name}” costs is not known, and this installation has a monthly budget. Choose a model with a "
            "price, or ask the host to add one to CATALOG_FILE."
        )
        raise UnknownName(sentence.format(name=wanted))
    return f"{engine}:{wanted}"


def _parts(model: str, config: EngineConfig) -> tuple[str, str]:
    """The engine and the model that `model` names, either of them "" if it names none."""
    engine, _, wanted = (part.strip() for part in model.partition(":"))
    if engine and not wanted and engine not in ENGINES:
        return _engine_of(engine, config), engine
    return engine, wanted


def _usual(engine: str, config: EngineConfig) -> str:
    """The model of `engine` when no other is named; "" for a server elsewhere of which nobody has said."""
    named, model = _parts(config.default_model, config)
    if named == engine and model:
        return model
    return config.catalog.default("compatible" if engine == "openai" and config.openai_base_url else engine)


def _engine_of(model: str, config: EngineConfig) -> str:
    """The engine of a model that was named alone, if the catalog lists it; else the name, to be refused."""
    return next((entry.engine for entry in config.catalog.entries if entry.id == model), model)


def _first_available(config: EngineConfig) -> str:
    for engine in ("anthropic", "openai"):
        if config.available(engine):
            return resolve(engine, config)
    return EXTRACTIVE


def build(canonical: str, config: EngineConfig) -> Engine:
    """The engine for what `resolve` answered, made once per process and shared by its threads.

    Raises `UnknownName` or `MissingKey` when the configuration has changed since.
    """
    return _BUILT.get((resolve(canonical, config), config))


def choices(config: EngineConfig, today: date | None = None) -> list[ModelChoice]:
    """What can be chosen, what can run here first; without the models that are retired on `today`."""
    label, price = _("Extracted sentences, no AI"), _("free")
    found = [ModelChoice(EXTRACTIVE, label, EXTRACTIVE, available=True, price=price, hour_cost=Decimal(0))]
    for engine in ("anthropic", "openai"):
        available = config.available(engine)
        found += [
            ModelChoice(
                id=f"{engine}:{model.id}",
                label=model.label,
                engine=engine,
                available=available,
                price=_price(model),
                missing="" if available else f"{engine.upper()}_API_KEY",
                retires=model.retires,
                hour_cost=model.cost(HOUR_OF_VIDEO),
                warning=_farewell(model, today, config) if today else "",
            )
            for model in _offered(engine, config)
            if model.retires is None or today is None or model.retires > today
        ]
    return sorted(found, key=lambda choice: not choice.available)


def _offered(engine: str, config: EngineConfig) -> list[Model]:
    """The catalog's models that may be used, after the installation's usual one if that is another.

    Of a server elsewhere only the site itself knows what it has: what its own catalog lists.
    """
    listed = config.catalog.models(engine)
    if engine == "openai" and config.openai_base_url:
        listed = [model for model in listed if model.own]
    usual = _usual(engine, config)
    if usual and not any(model.id == usual for model in listed):
        listed.insert(0, _known(engine, usual, config))
    return [model for model in listed if config.affordable(model)]


def known(canonical: str, config: EngineConfig) -> Model | None:
    """What the catalog knows of a model as `resolve` answers it; None for extractive, which is no model."""
    engine, _, name = canonical.partition(":")
    return None if engine == EXTRACTIVE else _known(engine, name, config)


def _known(engine: str, name: str, config: EngineConfig) -> Model:
    return config.catalog.find(engine, name, "compatible" if engine == "openai" and config.openai_base_url else "")


def retirement_warning(canonical: str, config: EngineConfig, today: date) -> str:
    """A sentence if the model is retired or retires within `_NOTICE_DAYS`, else ""."""
    model = known(canonical, config)
    return _farewell(model, today, config) if model else ""


def _farewell(model: Model, today: date, config: EngineConfig) -> str:
    if model.retires is None or not model.retires_within(_NOTICE_DAYS, today):
        return ""
    soon = _("{model} retires on {day} {month_words} {year}. Choose another model, such as {instead}.")
    past = _("{model} was retired on {day} {month_words} {year}. Choose another model, such as {instead}.")
    return (soon if model.retires > today else past).format(
        model=model.label,
        day=model.retires.day,
        month_words=f"{model.retires:%B}",  # Django's own catalogues have the months
        year=model.retires.year,
        instead=_instead(model, today, config),
    )


def _instead(model: Model, today: date, config: EngineConfig) -> str:
    """The first that is offered beside `model` and stays; extractive always is and does."""
    offered = (other for other in _offered(model.engine, config) if other.id != model.id)
    return next((other.label for other in offered if not other.retires_within(_NOTICE_DAYS, today)), EXTRACTIVE)


def prompt_version(canonical: str) -> str:
    """The version of what this engine would be told now, without importing its SDK."""
    return ENGINES.get(EXTRACTIVE).prompt_version if canonical == EXTRACTIVE else PROMPT_VERSION


def _price(model: Model) -> str:
    cost = model.cost(HOUR_OF_VIDEO)
    if cost is None:
        return ""
    digits = Decimal("0.001") if cost < Decimal("0.01") else Decimal("0.01")
    return _("about ${cost} an hour of video").format(cost=cost.quantize(digits))


def _make(key: tuple[str, EngineConfig]) -> Engine:
    canonical, config = key
    name, _, model = canonical.partition(":")
    # The Protocol says what an engine does; how it is made differs, and only this function knows.
    make = cast("Callable[..., Engine]", ENGINES.get(name))
    if name == "anthropic":
        return make(model, config.anthropic_key, config.anthropic_base_url, config.timeout, config.catalog)
    if name == "openai":
        return make(model, config.openai_key, config.openai_base_url, config.timeout, config.catalog)
    return make()


_BUILT = OncePerProcess(_make)
_CATALOGS: OncePerProcess[Path | None, Catalog] = OncePerProcess(lambda path: Catalog.load(BUILT_IN, path))
