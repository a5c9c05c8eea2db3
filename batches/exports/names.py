"""File names that Windows, macOS and Linux accept, made from whatever people call their videos."""

from __future__ import annotations

import re
import unicodedata

LONGEST_BYTES = 120  # leaves room for a path within Windows' 260, and stays far below the 255 of file systems

_JOINER = "\u200d"
_FORBIDDEN = {ord(char): "-" for char in ":/\\|"} | {ord(char): " " for char in "<>?*"} | {ord('"'): "'"}
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Directions and marks that hide in a name, such as the override that shows "exe.txt" for "txt.exe".
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]")
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def one_line(text: str) -> str:
    """`text` on one line: every run of white space and control characters is one space; no lone surrogates."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def safe_name(text: str, fallback: str, longest: int = LONGEST_BYTES) -> str:
    """The part of a file name before its extension: at most `longest` bytes of UTF-8, never empty.

    Source: learn.microsoft.com, "Naming Files, Paths, and Namespaces".
    """
    name = unicodedata.normalize("NFC", one_line(text)).translate(_FORBIDDEN)
    name = " ".join(_INVISIBLE.sub("", name).split()).lstrip(". ")
    name = shorten(name, longest).rstrip(". ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or fallback


def shorten(text: str, longest: int) -> str:
    """`text` in at most `longest` bytes of UTF-8, with "…" where it was cut; no character with its marks is torn."""
    if len(text.encode()) <= longest:
        return text
    cut = len(text.encode()[: longest - len("…".encode())].decode(errors="ignore"))
    while cut and _belongs_together(text[cut - 1], text[cut]):
        cut -= 1
    return text[:cut].rstrip() + "…"


def _belongs_together(left: str, right: str) -> bool:
    skin_tone = "\U0001f3fb" <= right <= "\U0001f3ff"
    return left == _JOINER or right == _JOINER or skin_tone or unicodedata.category(right) in ("Mn", "Me", "Mc")


def summary_name(position: int, total: int, title: str, video_id: str) -> str:
    """`007 - Title [id].md`. The position makes it unique, and keeps it from being a reserved name."""
    prefix = f"{position:0{max(3, len(str(total)))}d} - "
    suffix = f" [{video_id}].md" if video_id else ".md"
    room = LONGEST_BYTES - len(prefix) - len(suffix)
    return prefix + safe_name(title, "Untitled", room) + suffix
