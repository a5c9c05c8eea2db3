"""The bundled caption files: ours, so that anybody can try the main job with no key and no network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batches.intake import CaptionFile, read_upload

FOLDER = Path(__file__).parent
_SUFFIXES = {".srt", ".vtt", ".txt"}


def caption_files() -> list[CaptionFile]:
    """All samples, in the order of their numbers."""
    files = sorted(path for path in FOLDER.iterdir() if path.suffix in _SUFFIXES)
    read = [read_upload(path.name, path.read_bytes()) for path in files]
    return [replace(file, title=_title(file.title)) for file in read if isinstance(file, CaptionFile)]


def _title(name: str) -> str:
    """“01-how-vaccines-are-tested” → “How vaccines are tested”."""
    words = name.lstrip("0123456789-").replace("-", " ")
    return words[:1].upper() + words[1:]
