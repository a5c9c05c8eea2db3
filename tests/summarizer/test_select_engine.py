from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from summarizer.engines.select import EngineConfig, build, choices, prompt_version, resolve, retirement_warning
from summarizer.errors import MissingKey, UnknownName

NOTHING = EngineConfig()
ANTHROPIC = EngineConfig(anthropic_key="a")
OPENAI = EngineConfig(openai_key="o")
BOTH = EngineConfig(anthropic_key="a", openai_key="o")
LOCAL = EngineConfig(openai_base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (NOTHING, "extractive"),
        (ANTHROPIC, "anthropic:claude-haiku-5-5"),
        (OPENAI, "openai:gpt-6-luna"),
        (BOTH, "anthropic:claude-haiku-5-5"),
        (replace(LOCAL, default_model="openai:qwen3:8b"), "openai:qwen3:8b"),
        (replace(LOCAL, anthropic_key="a"), "anthropic:claude-haiku-5-5"),
        (EngineConfig(anthropic_key="a", default_model="extractive"), "extractive"),
        (EngineConfig(openai_key="o", default_model="openai:gpt-6.1-sol"), "openai:gpt-6.1-sol"),
    ],
)
def test_without_a_choice_the_best_engine_that_can_run_is_taken(config: EngineConfig, expected: str) -> None:
    assert resolve("", config) == expected
    assert resolve("  ", config) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("anthropic", "anthropic:claude-haiku-5-5"),
        ("openai", "openai:gpt-6-luna"),
        ("openai:my/own:7b", "openai:my/own:7b"),
        (" anthropic : claude-opus-5-5 ", "anthropic:claude-opus-5-5"),
        ("claude-sonnet-5-5", "anthropic:claude-sonnet-5-5"),
        ("extractive", "extractive"),
        ("anthropic:", "anthropic:claude-haiku-5-5"),
    ],
)
def test_a_choice_is_written_out(model: str, expected: str) -> None:
    assert resolve(model, BOTH) == expected
    assert resolve(expected, BOTH) == expected


@pytest.mark.parametrize("model", ["nobody", "nobody:gpt-6-luna", "llama3", ":gpt-6-luna", "gpt-nothing"])
def test_an_unknown_engine_lists_the_known_ones(model: str) -> None:
    with pytest.raises(UnknownName, match="anthropic, openai, extractive"):
        resolve(model, BOTH)


@pytest.mark.parametrize("model", ["extractive:large", "openai:" + "x" * 101, "openai:two\nlines"])
def test_an_impossible_model_is_refused(model: str) -> None:
    with pytest.raises(UnknownName):
        resolve(model, BOTH)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(MissingKey) as caught:
        resolve("anthropic:claude-haiku-5-5", OPENAI)
    assert str(caught.value) == "The engine “anthropic” needs a key. Set ANTHROPIC_API_KEY, or choose extractive."
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        resolve("openai", ANTHROPIC)


def test_a_key_that_was_taken_away_is_noticed_when_the_engine_is_made() -> None:
    with pytest.raises(MissingKey):
        build("anthropic:claude-haiku-5-5", NOTHING)


@pytest.mark.parametrize("model", ["extractive", "anthropic", "openai:llama3"])
def test_an_engine_is_made_once_per_process(model: str) -> None:
    engine = build(resolve(model, BOTH), BOTH)
    assert engine is build(resolve(model, BOTH), BOTH)
    assert engine.name == model.partition(":")[0]


def test_engines_of_different_keys_are_different() -> None:
    assert build("anthropic:m", ANTHROPIC) is not build("anthropic:m", EngineConfig(anthropic_key="b"))


def test_the_list_of_models_shows_what_can_run_first() -> None:
    found = choices(OPENAI)
    available = [choice.available for choice in found]
    assert available == sorted(available, reverse=True)
    assert {choice.engine for choice in found if choice.available} == {"extractive", "openai"}
    assert {choice.missing for choice in found if not choice.available} == {"ANTHROPIC_API_KEY"}


def test_each_available_choice_is_what_resolve_answers() -> None:
    for choice in choices(BOTH):
        assert resolve(choice.id, BOTH) == choice.id


def test_a_priced_model_says_what_an_hour_of_video_costs() -> None:
    prices = {choice.id: choice.price for choice in choices(BOTH)}
    assert prices["anthropic:claude-haiku-5-5"] == "about $0.002 an hour of video"
    assert prices["anthropic:claude-sonnet-5-5"] == "about $0.05 an hour of video"


def test_a_retired_model_is_not_offered_any_more() -> None:
    before = {choice.id: choice for choice in choices(BOTH, date(2026, 12, 10))}
    after = {choice.id for choice in choices(BOTH, date(2026, 12, 11))}
    assert before["openai:gpt-5"].retires == date(2026, 12, 11)
    assert "openai:gpt-5" not in after
    assert "openai:gpt-6-luna" in after


@pytest.mark.parametrize("model", ["", "openai", "openai:"])
def test_a_server_elsewhere_without_a_default_asks_for_one(model: str) -> None:
    with pytest.raises(UnknownName, match="Set DEFAULT_MODEL=openai:NAME"):
        resolve(model, LOCAL)
    assert resolve("openai:qwen3:8b", LOCAL) == "openai:qwen3:8b"


@pytest.mark.parametrize(
    ("default", "model", "expected"),
    [
        ("openai:qwen3:8b", "openai", "openai:qwen3:8b"),
        ("openai:gpt-6.1-sol", "openai", "openai:gpt-6.1-sol"),
        ("gpt-6.1-sol", "openai", "openai:gpt-6.1-sol"),
        ("openai:qwen3:8b", "anthropic", "anthropic:claude-haiku-5-5"),
    ],
)
def test_an_engine_alone_means_the_default_where_that_is_one_of_its_models(
    default: str, model: str, expected: str
) -> None:
    assert resolve(model, replace(BOTH, default_model=default)) == expected


def test_a_site_s_catalog_can_name_the_model_of_a_server_elsewhere(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[defaults.compatible]\nmodel = 'qwen3:8b'\nwindow = 64_000\noutput = 4_000\n")
    assert resolve("openai", replace(LOCAL, catalog_file=own)) == "openai:qwen3:8b"


def test_a_server_elsewhere_is_not_said_to_have_the_models_of_openai(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[[models]]\nid = 'qwen'\nengine = 'openai'\nlabel = 'Our Qwen'\n")
    for config, offered in (
        (LOCAL, []),
        (replace(LOCAL, default_model="openai:qwen3:8b"), ["openai:qwen3:8b"]),
        (replace(LOCAL, catalog_file=own), ["openai:qwen"]),
        (replace(LOCAL, catalog_file=own, default_model="openai:qwen3:8b"), ["openai:qwen3:8b", "openai:qwen"]),
    ):
        assert [choice.id for choice in choices(config) if choice.engine == "openai"] == offered


# -- where what is spent has a limit


@pytest.mark.parametrize("model", ["openai:o3-pro", "openai:gpt-4o", "gpt-5", "anthropic:claude-sonnet-4-5"])
def test_with_a_budget_a_model_of_unknown_price_is_refused(model: str) -> None:
    assert resolve(model, BOTH)
    with pytest.raises(UnknownName, match="costs is not known, and this installation has a monthly budget"):
        resolve(model, replace(BOTH, limited=True))


def test_with_a_budget_what_has_a_price_or_a_server_of_its_own_is_not(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[[models]]\nid = 'o3-pro'\nengine = 'openai'\ntiers = [{ input = '20', output = '80' }]\n")
    assert resolve("openai:o3-pro", replace(BOTH, limited=True, catalog_file=own)) == "openai:o3-pro"
    assert resolve("anthropic:claude-haiku-5-5-20260901", replace(BOTH, limited=True)).startswith("anthropic:")
    assert resolve("openai:llama3", replace(LOCAL, limited=True)) == "openai:llama3"
    assert resolve("extractive", replace(NOTHING, limited=True)) == "extractive"


def test_with_a_budget_the_list_has_no_model_of_unknown_price() -> None:
    offered = {choice.id for choice in choices(replace(BOTH, limited=True))}
    assert {"openai:gpt-6-luna", "anthropic:claude-haiku-5-5", "extractive"} <= offered
    assert not {"openai:gpt-4o", "openai:gpt-5", "anthropic:claude-sonnet-4-5"} & offered


def test_the_installation_s_own_model_is_offered_first_of_its_engine() -> None:
    config = EngineConfig(openai_base_url="http://127.0.0.1:1/v1", default_model="openai:qwen3:8b")
    ours = [choice for choice in choices(config) if choice.engine == "openai"]
    assert ours[0].id == "openai:qwen3:8b"
    assert ours[0].available


def test_a_site_s_catalog_counts(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[[models]]\nid = 'qwen'\nengine = 'openai'\nlabel = 'Our Qwen'\n")
    config = EngineConfig(openai_key="o", catalog_file=own)
    assert "Our Qwen" in {choice.label for choice in choices(config)}


def test_keys_are_not_shown_when_a_configuration_is() -> None:
    assert "sk-secret" not in repr(EngineConfig(anthropic_key="sk-secret", openai_key="sk-secret"))


def test_a_model_that_retires_soon_comes_with_a_warning() -> None:
    [warned] = [choice for choice in choices(BOTH, date(2026, 11, 1)) if choice.id == "openai:gpt-5"]
    assert warned.warning == "GPT-5 retires on 11 December 2026. Choose another model, such as GPT-6 Luna."
    [quiet] = [choice for choice in choices(BOTH, date(2026, 1, 1)) if choice.id == "openai:gpt-5"]
    assert quiet.warning == ""


def test_a_model_that_is_gone_says_so() -> None:
    gone = retirement_warning("anthropic:claude-sonnet-4-5-20250929", BOTH, date(2026, 12, 1))
    assert gone == "Claude Sonnet 4.5 was retired on 30 November 2026. Choose another model, such as Claude Haiku 5.5."
    assert retirement_warning("anthropic:claude-haiku-5-5", BOTH, date(2026, 12, 1)) == ""
    assert retirement_warning("extractive", BOTH, date(2026, 12, 1)) == ""


def test_what_is_to_be_chosen_instead_is_another_model_and_one_that_is_there(tmp_path: Path) -> None:
    day = date(2026, 12, 1)
    theirs = retirement_warning("openai:gpt-5", replace(BOTH, default_model="openai:gpt-5"), day)
    assert theirs.endswith("such as GPT-6 Luna.")
    own = tmp_path / "own.toml"
    own.write_text("[[models]]\nid = 'old'\nengine = 'openai'\nretires = 2026-12-24\n")
    ours = retirement_warning("openai:old", replace(LOCAL, catalog_file=own), day)
    assert ours.endswith("such as extractive.")


@pytest.mark.parametrize("model", ["extractive", "anthropic", "openai"])
def test_the_prompt_s_version_is_known_before_the_engine_is_made(model: str) -> None:
    canonical = resolve(model, BOTH)
    assert prompt_version(canonical) == build(canonical, BOTH).prompt_version


def test_prices_of_an_hour_are_numbers_too() -> None:
    costs = {choice.id: choice.hour_cost for choice in choices(BOTH)}
    assert costs["extractive"] == 0
    assert costs["openai:gpt-6-luna"] == Decimal("0.00245")
    assert costs["openai:gpt-5"] is None
