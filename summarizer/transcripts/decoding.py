"""Bytes of an uploaded file to text, whatever program saved it; what is no text is refused, never guessed at."""

from __future__ import annotations

import codecs
import re

from summarizer.errors import InvalidCaptionFile
from summarizer.marks import gettext_noop as _
from summarizer.transcripts.code_pages import code_page

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    *(
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"%PDF-",
        b"\x89PNG",
        b"GIF8",
        b"\xff\xd8\xff",
        b"RIFF",
        b"OggS",
        b"ID3",
        b"\x7fELF",
    ),
    *(
        b"\x1f\x8b",
        b"7z\xbc\xaf",
        b"Rar!",
        b"\xd0\xcf\x11\xe0",
        b"\x1aE\xdf\xa3",
        b"BZh9",
        b"SQLite format 3",
        b"{\\rtf",
    ),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 65_536
_MOST_CONTROLS = 0.01


def decode_text(data: bytes, name: str = "This file") -> str:
    """The text of `data`: by its BOM, as UTF-8, as UTF-16 where that is obvious, else by its letters.

    Raises `InvalidCaptionFile` for what is binary, and for letters that cannot be told and would become nonsense.
    """
    if data.startswith(_MAGIC):
        raise _not_text(name)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _checked(_decoded(data, encoding, name), name)
    if encoding := _obvious_utf16(data[:_SAMPLE]):
        return _checked(_decoded(data, encoding, name), name)
    if b"\0" in data[:_SAMPLE]:
        raise _not_text(name)
    try:
        return _checked(data.decode("utf-8"), name)
    except UnicodeDecodeError:
        return _checked(_of_a_code_page(data, name), name)


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(name) from error


def _obvious_utf16(sample: bytes) -> str:
    """Text with digits and spaces has a zero in every other byte, on one side only."""
    units = len(sample) // 2
    if units < 2:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.2 * units and even < 0.02 * units:
        return "utf-16-le"
    if even > 0.2 * units and odd < 0.02 * units:
        return "utf-16-be"
    return ""


def _of_a_code_page(data: bytes, name: str) -> str:
    page = code_page(data)
    try:
        if page:
            return data.decode(page)
    except UnicodeDecodeError:
        pass  # far behind what the page was told by
    sentence = _("The letters of {name} cannot be read. Save it as UTF-8 text and upload it again.")
    raise InvalidCaptionFile(sentence.format(name=name))


def _checked(text: str, name: str) -> str:
    sample = text[:_SAMPLE]
    if "\0" in sample or len(_CONTROLS.findall(sample)) > _MOST_CONTROLS * len(sample):
        raise _not_text(name)
    return text


def _not_text(name: str) -> InvalidCaptionFile:
    sentence = _("{name} is not a text file. Upload captions as .srt, .vtt or .txt.")
    return InvalidCaptionFile(sentence.format(name=name))
