"""Writes .env.example and docs/settings.md from what summarizer/settings.py reads: `make settings`.

A test holds both files against the settings, so that none is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from summarizer import settings
from summarizer.env import Setting

ROOT = Path(__file__).resolve().parents[1]
_MARK = re.compile(r'^# -- (?P<title>.+)$|\benv\.\w+\(\s*"(?P<name>[A-Z_0-9]+)"', re.MULTILINE)


def sections() -> Iterator[tuple[str, list[Setting]]]:
    """(title, its variables) in the order in which the settings read them."""
    title, found = "", list[Setting]()
    for mark in _MARK.finditer((ROOT / "summarizer" / "settings.py").read_text()):
        if mark["name"]:
            found.append(settings.env.settings[mark["name"]])
            continue
        if found:
            yield title, found
        title, found = mark["title"], []
    if found:
        yield title, found


def _default(setting: Setting) -> str:
    """As a person would write it: paths from the project's folder."""
    for folder, short in ((settings.VAR_DIR, "var"), (settings.BASE_DIR, "")):
        if str(folder) in setting.default:
            return setting.default.replace(str(folder), short).lstrip("/")
    return setting.default


def env_example() -> str:
    """The text of .env.example: every variable with its default, commented out."""
    lines = ["# Copy to .env and change what you need. What the environment sets goes first.", ""]
    for title, found in sections():
        lines += [f"# -- {title}", ""]
        for setting in found:
            lines += [f"# {setting.help}", f"#{setting.name}={_default(setting)}", ""]
    lines += [
        "# -- docker-compose.yml only",
        "",
        "# Of the database it makes: letters and digits.",
        "#POSTGRES_PASSWORD=",
        "",
    ]
    return "\n".join(lines)


def table() -> str:
    """The text of docs/settings.md: one table for each section."""
    lines = [
        "# Settings",
        "",
        "Read once, at the start, from the environment and from a `.env` file beside `manage.py`; the environment goes",
        "first. `ENV_FILE` names another file. A value that cannot be read stops the start with a sentence. Variables",
        "that libraries read on their own, such as `HTTPS_PROXY` and `NO_PROXY`, may stand in the file too.",
        "",
        "Written by `make settings`; do not edit.",
        "",
    ]
    for title, found in sections():
        lines += [f"## {title[0].upper()}{title[1:]}", "", "| variable | default | what for |", "|---|---|---|"]
        lines += [f"| `{setting.name}` | {_code(_default(setting))} | {setting.help} |" for setting in found]
        lines.append("")
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


FILES = {ROOT / ".env.example": env_example, ROOT / "docs" / "settings.md": table}

if __name__ == "__main__":
    for path, write in FILES.items():
        path.write_text(write())
