"""What people hand in: files of links, and caption files. Reads bytes, decides which of the two they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_noop as _

from batches import link_files
from summarizer.errors import InvalidInput
from summarizer.records import Transcript
from summarizer.transcripts import formats, uploads
from summarizer.youtube_urls import Link, lines_of, parse

_LINKS_ONLY = (".csv", ".tsv", ".html", ".htm")
_FEWEST_TIMES = 3
_TIMES_FOR_A_LINK = 10  # fewer are the chapters of the video that is named above them
_CAPTION_SUFFIXES = (".srt", ".vtt", ".sbv", ".json3", ".xml", ".srv1", ".srv2", ".srv3", ".ttml")


@dataclass(frozen=True, slots=True)
class LinkFile:
    """A file that was taken as links."""

    name: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A file that was taken as captions. `video_id` is "" when its name holds none."""

    name: str
    transcript: Transcript
    video_id: str
    title: str


def read_upload(name: str, data: bytes) -> LinkFile | CaptionFile:
    """Tells links from captions: by suffix, and .txt and .json by what they hold.

    Text with times is captions, also when somebody names a link in it: a link above the first of them tells the video.
    Else any YouTube link makes a file of links. Raises `InvalidInput` or `InvalidCaptionFile`, which name the file and
    say what to do.
    """
    name = PureWindowsPath(PurePosixPath(name).name).name or "file"
    check_size(name, len(data))
    if not data.strip():
        raise InvalidInput(_("“{name}” is empty. Choose another file.").format(name=name))
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _CAPTION_SUFFIXES:
        return _captions(name, data)
    text = uploads.decode_text(data, name)
    if suffix == ".json" and formats.holds_json_captions(text):
        return _captions(name, data)
    links = _links(suffix, text, name)
    if suffix == ".txt" and (timed := _timed(text, links)):
        return _timed_captions(name, text, links, timed)
    if suffix in _LINKS_ONLY or any(link.kind != "rejected" for link in links):
        if not links:
            sentence = _("“{name}” holds no link to a video. Put one link into each line.")
            raise InvalidInput(sentence.format(name=name))
        return LinkFile(name, tuple(links))
    return _captions(name, data)


def _timed(text: str, links: Iterable[Link]) -> list[int]:
    """The numbers of the lines with the times of captions; [] for links with times, or with a list of chapters."""
    lines = lines_of(text)
    timed = [at + 1 for at in formats.timed_lines(lines)]
    if timed and "->" in lines[timed[0] - 1]:
        return timed
    linked = {link.line for link in links if link.kind == "video"}
    alone = [number for number in timed if number not in linked]
    return timed if len(alone) >= _FEWEST_TIMES and len(alone) >= _TIMES_FOR_A_LINK * len(linked) else []


def _timed_captions(name: str, text: str, links: Iterable[Link], timed: Sequence[int]) -> CaptionFile:
    """The captions without what programs write above them, and the video that is named there."""
    above = {link.id for link in links if link.kind == "video" and link.line < timed[0]}
    if not above:
        return _captions(name, text.encode())
    captions = _captions(name, "\n".join(lines_of(text)[timed[0] - 1 :]).encode())
    return replace(captions, video_id=captions.video_id or (above.pop() if len(above) == 1 else ""))


def _links(suffix: str, text: str, name: str) -> list[Link]:
    match suffix:
        case ".csv" | ".tsv":
            return link_files.read_table(text)
        case ".json":
            return link_files.read_json(text, name)
        case ".html" | ".htm":
            return link_files.read_html(text)
        case _:
            return parse(text)


def read_uploads(files: Iterable[UploadedFile[Any]]) -> tuple[list[Link], list[CaptionFile]]:
    """All links and all captions of several uploaded files. Raises for the first that cannot be taken."""
    links: list[Link] = []
    captions: list[CaptionFile] = []
    for file in files:
        name = file.name or "file"
        check_size(name, file.size or 0)
        taken = read_upload(name, file.read())
        if isinstance(taken, LinkFile):
            links += taken.links
        else:
            captions.append(taken)
    return links, captions


def read_caption_upload(file: UploadedFile[Any]) -> CaptionFile:
    """One uploaded file that must be captions, whatever else it may be."""
    name = PureWindowsPath(PurePosixPath(file.name or "file").name).name or "file"
    check_size(name, file.size or 0)
    return _captions(name, file.read())


def check_size(name: str, size: int) -> None:
    """Raises `InvalidInput` for a file of too many bytes; to be asked before it is read into memory."""
    if size > settings.UPLOAD_MAX_BYTES:
        sentence = _("“{name}” is {size} MB. Files may have {limit} MB; split it.")
        limit = settings.UPLOAD_MAX_BYTES / 2**20
        raise InvalidInput(sentence.format(name=name, size=f"{size / 2**20:.1f}", limit=f"{limit:g}"))


def _captions(name: str, data: bytes) -> CaptionFile:
    return CaptionFile(
        name=name,
        transcript=uploads.read_captions(name, data),
        video_id=uploads.video_id_from_name(name),
        title=uploads.title_from_name(name),
    )
