"""Reading the environment: strict, and with a sentence for whoever mistyped a value."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from summarizer.env import Env, Setting


def refused(message: str) -> pytest.RaisesExc[ImproperlyConfigured]:
    return pytest.raises(ImproperlyConfigured, match=message)


def test_an_unset_variable_has_its_default() -> None:
    env = Env({})
    assert env.text("NAME", "x", "") == "x"
    assert env.listing("NAME", ("a", "b"), "") == ["a", "b"]
    assert env.flag("NAME", None, "") is None
    assert env.integer("NAME", 3, "", low=1, high=9) == 3
    assert env.number("NAME", 0.5, "", low=0, high=1) == 0.5


@pytest.mark.parametrize("blank", ["", "   "])
def test_an_empty_variable_is_an_unset_one(blank: str) -> None:
    assert Env({"NAME": blank}).integer("NAME", 3, "", low=1, high=9) == 3
    assert Env({"NAME": blank}).flag("NAME", True, "") is True


def test_a_list_is_split_at_commas_and_has_no_empty_parts() -> None:
    assert Env({"HOSTS": " a.org, ,b.org,"}).listing("HOSTS", (), "") == ["a.org", "b.org"]


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("Yes", True), ("on", True), ("FALSE", False), ("0", False)])
def test_a_flag_reads_the_usual_words(raw: str, value: bool) -> None:
    assert Env({"FLAG": raw}).flag("FLAG", None, "") is value


@pytest.mark.parametrize("raw", ["2", "si", "enabled"])
def test_a_flag_that_is_neither_yes_nor_no_is_refused(raw: str) -> None:
    with refused(f"FLAG is “{raw}”. Write 1 or 0."):
        Env({"FLAG": raw}).flag("FLAG", False, "")


@pytest.mark.parametrize("raw", ["0", "10", "3.5", "three", "1e3"])
def test_a_whole_number_outside_its_range_is_refused(raw: str) -> None:
    with refused(f"SLOTS is “{raw}”. Write a whole number from 1 to 9."):
        Env({"SLOTS": raw}).integer("SLOTS", 3, "", low=1, high=9)


@pytest.mark.parametrize("raw", ["nan", "inf", "-1", "fast"])
def test_a_number_outside_its_range_is_refused(raw: str) -> None:
    with refused(f"RATE is “{raw}”. Write a number from 0 to 1."):
        Env({"RATE": raw}).number("RATE", 0.5, "", low=0, high=1)


def test_dollars_are_exact() -> None:
    assert Env({"NAME": "2.50"}).dollars("NAME", "") == Decimal("2.50")
    assert Env({}).dollars("NAME", "") == 0


@pytest.mark.parametrize("raw", ["-1", "nan", "inf", "five", "$5", "1e9"])
def test_what_is_no_amount_of_money_is_refused(raw: str) -> None:
    with refused("Write dollars"):
        Env({"NAME": raw}).dollars("NAME", "")


def test_a_file_is_found_from_anywhere() -> None:
    assert Env({}).file("NAME", "") is None
    assert Env({"NAME": "own.toml"}).file("NAME", "") == Path.cwd() / "own.toml"
    assert Env({"NAME": "~/own.toml"}).file("NAME", "") == Path.home() / "own.toml"


def test_a_choice_ignores_case_and_names_what_it_knows() -> None:
    assert Env({"SIGNUP": "OPEN"}).choice("SIGNUP", "first", ("first", "open"), "") == "open"
    with refused("SIGNUP is “never”. Write one of: first, open."):
        Env({"SIGNUP": "never"}).choice("SIGNUP", "first", ("first", "open"), "")


def test_a_database_is_read_from_its_url() -> None:
    url = "postgres://ann:p%40ss@db.example.org:5433/summaries"
    database = Env({"DATABASE_URL": url}).database("DATABASE_URL", "", "")
    assert database["ENGINE"] == "django.db.backends.postgresql"
    parts = [database[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert parts == ["ann", "p@ss", "db.example.org", 5433, "summaries"]


@pytest.mark.parametrize("raw", ["mysql://root@localhost/x", "postgres", "postgres://host:port/x", "nonsense://"])
def test_another_database_is_refused(raw: str) -> None:
    with refused("DATABASE_URL (cannot be read|must start)"):
        Env({"DATABASE_URL": raw}).database("DATABASE_URL", "", "")


def test_what_was_asked_for_is_remembered() -> None:
    env = Env({"SLOTS": "9"})
    env.integer("SLOTS", 3, "Videos at once.", low=1, high=9)
    assert env.settings == {"SLOTS": Setting("SLOTS", "3", "Videos at once.")}


def test_a_file_completes_the_environment_and_never_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nSLOTS=4\nPORT=9000\n")
    monkeypatch.delenv("ENV_FILE")
    monkeypatch.setenv("PORT", "8001")
    monkeypatch.setenv("SLOTS", "")  # so that it is restored
    monkeypatch.delenv("SLOTS")
    env = Env.load(dotenv)
    assert (env.text("SLOTS", "", ""), env.text("PORT", "", "")) == ("4", "8001")
    assert os.environ["SLOTS"] == "4", "child processes inherit it"


def test_another_file_can_be_named_and_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "other.env"))
    with refused("ENV_FILE names .*other.env, which does not exist."):
        Env.load(tmp_path / ".env")
