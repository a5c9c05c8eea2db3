"""Files of some pages are read as they were written, in whichever code page: by Django's own translations."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import django
import pytest

from summarizer.transcripts.uploads import decode_text

_WESTERN = ("fr", "de", "es", "it", "pt", "ca", "gl", "sq", "nl", "sv", "da", "nb", "fi", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
PAGES = {
    "cp1252": _WESTERN,
    "iso8859_15": ("fr", "fi", "et"),
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1254": ("tr",),
    "cp1257": ("lt", "lv", "et"),
    "cp1251": ("ru", "uk", "bg"),
    "koi8_r": ("ru",),
    "cp1253": ("el",),
    "cp1255": ("he",),
    "cp1256": ("ar",),
    "cp874": ("th",),
    "cp932": ("ja",),
    "euc_jp": ("ja",),
    "cp949": ("ko",),
    "gb18030": ("zh_Hans",),
    "big5": ("zh_Hant",),
}
_CHARACTERS = 4_000


@cache
def sentences(language: str) -> list[str]:
    """Of the translations that come with Django, without those that hold markup or places for values."""
    found: list[str] = []
    for path in sorted(Path(django.__file__).parent.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
        for entry in re.finditer(r'^msgstr(?:\[\d\])? ((?:".*"\n)+)', path.read_text(encoding="utf-8"), re.M):
            text = "".join(line[1:-1] for line in entry[1].splitlines()).replace("\\n", " ")
            if len(text) > 25 and not re.search("[%<\\\\]|Project-Id", text):
                found.append(text)
    return found


def subtitles(language: str, page: str, seed: int) -> str:
    """What the code page can hold of a file with times and sentences in that language."""
    lines = random.Random(seed).sample(sentences(language), len(sentences(language)))
    srt = ""
    for number, line in enumerate(lines, 1):
        srt += f"{number}\r\n00:00:{number % 60:02},000 --> 00:00:{number % 60:02},900\r\n{line}\r\n\r\n"
        if len(srt) > _CHARACTERS:
            break
    return srt.encode(page, "ignore").decode(page)


@pytest.mark.parametrize(
    ("language", "page"), [(language, page) for page, languages in PAGES.items() for language in languages]
)
def test_a_file_is_read_as_it_was_written(language: str, page: str) -> None:
    for seed in range(5):
        text = subtitles(language, page, seed)
        assert not text.isascii()
        assert decode_text(text.encode(page)) == text
