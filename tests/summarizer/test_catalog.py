from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from summarizer.engines.catalog import Catalog
from summarizer.errors import InvalidInput
from summarizer.records import Usage

CATALOG = Catalog.load()


def test_each_listed_model_says_when_it_was_read_and_fits_into_its_window() -> None:
    assert len(CATALOG.entries) > 10
    for model in CATALOG.entries:
        assert model.read_on is not None, model.id
        assert 0 < model.output < model.window, model.id
        assert model.tiers or model.retires, f"{model.id} has neither a price nor a date of retirement"


def test_the_defaults_are_cheap_models_of_the_catalog() -> None:
    assert CATALOG.default("anthropic") == "claude-haiku-5-5"
    assert CATALOG.default("openai") == "gpt-6-luna"
    for engine in ("anthropic", "openai"):
        hour = CATALOG.cost(engine, CATALOG.default(engine), Usage(17_000, 1_500, 0, 1))
        assert hour is not None
        assert hour < Decimal("0.01")


def test_a_cost_is_exact_to_the_last_digit() -> None:
    usage = Usage(input_tokens=90_000, output_tokens=2_000, cached_tokens=40_000, calls=1)
    # 50,000 plain at 0.10, 40,000 cached at 0.01 and 2,000 out at 0.50 dollars per million
    assert CATALOG.cost("anthropic", "claude-haiku-5-5", usage) == Decimal("0.0064")


def test_beyond_the_cliff_every_token_is_dearer() -> None:
    below = CATALOG.cost("anthropic", "claude-haiku-5-5", Usage(100_000, 1_000, 0, 1))
    above = CATALOG.cost("anthropic", "claude-haiku-5-5", Usage(100_001, 1_000, 0, 1))
    assert below == Decimal("0.0105")
    assert above is not None
    assert above > Decimal("0.0525")


def test_what_is_written_to_the_cache_costs_more() -> None:
    usage = Usage(10_000, 0, 0, 1)
    assert CATALOG.cost("anthropic", "claude-sonnet-5-5", usage, cache_writes=10_000) == Decimal("0.025")


def test_an_answer_never_takes_more_than_a_part_of_the_window(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        "[[models]]\nid = 'small'\nengine = 'openai'\nwindow = 8192\n"
        "[[models]]\nid = 'boasting'\nengine = 'openai'\nwindow = 8192\noutput = 32_000\n"
    )
    catalog = Catalog.load(override=own)
    assert catalog.find("openai", "small").output == 2048
    assert catalog.find("openai", "boasting").output == 4096
    assert catalog.find("openai", "gpt-6-luna").output == 128_000


def test_an_unknown_model_has_no_price_and_a_cautious_window() -> None:
    unknown = CATALOG.find("openai", "something-new")
    assert not unknown.listed
    assert unknown.cost(Usage(1000, 1000, 0, 1)) is None
    assert unknown.window <= 400_000
    assert CATALOG.find("openai", "llama", assume="compatible").window <= 32_000


def test_a_dated_snapshot_is_the_model_it_is_a_snapshot_of() -> None:
    assert CATALOG.find("anthropic", "claude-sonnet-4-5-20250929").retires == date(2026, 11, 30)
    assert CATALOG.find("openai", "gpt-4o-2024-08-06").retires == date(2027, 1, 14)
    assert not CATALOG.find("openai", "gpt-4o-audio").listed


def test_a_model_of_one_engine_is_not_known_to_the_other() -> None:
    assert not CATALOG.find("openai", "claude-haiku-5-5").listed


def test_a_retiring_model_is_noticed_in_time() -> None:
    model = CATALOG.find("openai", "gpt-5")
    assert model.retires_within(30, date(2026, 11, 22))
    assert not model.retires_within(30, date(2026, 10, 1))


def test_a_site_adds_models_and_changes_prices(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        """
        [defaults.compatible]
        model = "qwen"
        window = 128_000
        output = 8_192
        [[models]]
        id = "claude-haiku-5-5"
        engine = "anthropic"
        tiers = [{ input = "1", output = "2" }]
        [[models]]
        id = "qwen"
        engine = "openai"
        window = 64_000
        tiers = [{ input = 0, output = 0 }]
        """
    )
    catalog = Catalog.load(override=own)
    assert catalog.cost("anthropic", "claude-haiku-5-5", Usage(1_000_000, 1_000_000, 0, 1)) == 3
    assert catalog.cost("openai", "qwen", Usage(1_000, 1_000, 0, 1)) == 0
    assert catalog.find("openai", "qwen").window == 64_000
    assert catalog.find("openai", "other", assume="compatible").window == 128_000
    assert catalog.find("openai", "gpt-6-luna") == CATALOG.find("openai", "gpt-6-luna")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[models]\n", "cannot be read"),
        ("[[models]]\nengine = 'openai'\n", "without 'id'"),
        ("[[models]]\nid = 'x'\nengine = 'nobody'\n", "without 'nobody'"),
        ("[[models]]\nid = 'x'\nengine = 'openai'\ntiers = [{input = 'cheap', output = '1'}]\n", "wrong kind"),
        ("[[models]]\nid = 'x'\nengine = 'openai'\nwindow = 'large'\n", "wrong kind"),
    ],
)
def test_a_mistake_in_a_site_s_file_is_named(tmp_path: Path, text: str, reason: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(InvalidInput, match=reason) as caught:
        Catalog.load(override=own)
    assert str(own) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nothing\.toml"):
        Catalog.load(override=tmp_path / "nothing.toml")
