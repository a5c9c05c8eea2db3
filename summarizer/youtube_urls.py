"""Pasted text in, links out: which videos were meant, and why the rest cannot be taken. Pure; never asks YouTube.

`docs/links.md` says what is understood and argues each decision; the tests hold both against a corpus of what other
projects' own tests expect. Every step looks at each character a bounded number of times, so time grows with the
length of the text and with nothing else.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from summarizer import youtube_address as address
from summarizer.marks import gettext_noop as _
from summarizer.youtube_address import Answer, Kind

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Link:
    """One thing in the text that is a link or an id, in the order of the text; the same video may come twice.

    `line` counts from 1. `text` is what was written, at most 200 characters. `id` is the video's eleven characters, the
    list's id, the channel's id ("UC…", "@handle", "c/name", "user/name"), or "" when rejected. `reason` is a sentence
    for whoever pasted it, "" for what can be taken. `within` is the playlist that a video's link names, too, or "";
    `tab` the channel's tab that the link opens, or "". `note` is what stood beside it in a table: (column, cell) pairs.
    """

    line: int
    text: str
    kind: Kind
    id: str
    reason: str
    within: str = ""
    tab: str = ""
    note: tuple[tuple[str, str], ...] = ()

    @property
    def is_list(self) -> bool:
        """A playlist or channel whose videos can be listed."""
        return self.kind in ("playlist", "channel") and not self.reason


def parse(text: str) -> list[Link]:
    """Every link and bare id in `text`. Prose yields nothing; duplicates stay. Raises nothing, whatever the text."""
    links: list[Link] = []
    words: list[Link] = []
    for number, line in enumerate(lines_of(text), 1):
        cleaned = _clean(line)
        found = [Link(number, _shown(written), *answer) for written, answer in _in_line(cleaned)]
        links += found
        word = cleaned.strip()
        if not found and address.VIDEO_ID.fullmatch(word) and any(map(str.isalpha, word)):
            words.append(Link(number, word, *_maybe_word(word)))
    # A word alone in its line is a heading, but not in the middle of a list of ids.
    bare = [link.line for link in links if link.kind == "video" and link.text == link.id]
    listed = len(bare) >= _FEWEST_OF_A_LIST and len(bare) == len(links)
    between = [word for word in words if listed and bare[0] < word.line < bare[-1]]
    return sorted([*links, *between], key=lambda link: link.line) if between else links


def lines_of(text: str) -> list[str]:
    """The lines that `Link.line` counts."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


# Zero-width and bidirectional marks, the byte order mark, and what a database refuses: control codes, surrogates.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_ESCAPED = re.compile(r"\\([/_&=?.~-])")  # JSON writes \/ and Markdown \_
_SEVERAL = re.compile(r"(?<=video_ids=)[\w,%-]+")
_LIST_MARKERS = re.compile(r"\s*(?:(?:[-*+•·–—>#]+|\d{1,6}[.):]?)\s+){1,3}")
_CELL = re.compile(r"[^\t,;|，；、｜]+")
_TOKEN = re.compile(r"[^\s<>\"'`()\[\]{}“”„‟‘’‚«»‹›「」『』【】《》〈〉（）。！？：＝／]+")
_GLUED = re.compile(r"(?<=[^=/#?])(?=https?://)", re.IGNORECASE)
_LINKISH = re.compile(r"[./:?=%]")
_BEFORE, _AFTER = "-–—•·*#>+~=!…:.,^", ".,:;!?…*~^\\"

# Eleven letters can be a word, and "description" heads many a CSV. One random id in 2,000 reads like this.
_WORD = re.compile(
    r"[A-Z]?[a-z]{2,}(?:[-_][A-Z]?[a-z]{2,})*[-_]?\d*|[A-Z]{2,}(?:[-_][A-Z]{2,})*[-_]?\d*|[\d_-]+", re.ASCII
)
_CAMEL_CASE = re.compile(r"(?:[A-Z][a-z]{2,}){2,}\d*")
_NEARLY_ID = re.compile(r"[A-Za-z0-9_-]{10}|[A-Za-z0-9_-]{12}")
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[-_]")
_ID_RUN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{11}(?![A-Za-z0-9_-])")
_LONGEST_MENTION = 64  # a picture in base64 is full of what could be ids
_FEWEST_OF_A_LIST = 2
_RUNS_OF_AN_ID = 5  # nine ids of ten have as many runs of like characters, hardly a word of prose has


def _clean(line: str) -> str:
    line = _INVISIBLE.sub("", line).replace("\\u0026", "&").replace("\\u003d", "=")
    for _pass in range(3):  # a page quoted in a mail quoted in a page
        if "&" not in line or ";" not in line:
            break
        line = _INVISIBLE.sub("", _ENTITY.sub(lambda match: html.unescape(match[0]), line))
    if "video_ids=" in line:
        line = _SEVERAL.sub(lambda match: " https://youtu.be/".join(re.split(",|%2C", match[0], flags=re.I)), line)
    return _ESCAPED.sub(r"\1", line) if "\\" in line else line


def _in_line(line: str) -> Iterator[tuple[str, Answer]]:
    markers = _LIST_MARKERS.match(line)
    cells = _CELL.findall(line, markers.end() if markers else 0)
    found = [finding for cell in cells for finding in _in_cell(cell, whole_line=len(cells) == 1)]
    linked = {answer.id for _, answer in found if answer.kind == "video"}
    for written, answer in found:
        if not (answer.kind == "rejected" and written in linked):
            yield written, answer


def _in_cell(cell: str, whole_line: bool) -> Iterator[tuple[str, Answer]]:
    tokens = _TOKEN.findall(cell)
    if bare := _all_bare(tokens, whole_line):
        yield from bare
        return
    for token in tokens:
        yield from _links(token) or _mentions(token)


def _all_bare(tokens: list[str], whole_line: bool) -> list[tuple[str, Answer]]:
    """The ids of a cell that holds nothing else, usually one; empty when a single word is anything but an id."""
    found = []
    for token in (token.rstrip(_AFTER) for token in tokens):
        answer = _bare(token, alone=whole_line and len(tokens) == 1)
        if answer is None:
            return []
        found.append((token, answer))
    return found


def _bare(token: str, alone: bool) -> Answer | None:
    """An id without a link around it, in a line or cell of ids."""
    if _WORD.fullmatch(token):
        return None
    if address.VIDEO_ID.fullmatch(token):
        return _maybe_word(token) if _CAMEL_CASE.fullmatch(token) else address.video(token)
    if len(token) > len("RDMM") and address.LIST_ID.fullmatch(token):
        return address.playlist(token)
    if address.CHANNEL_ID.fullmatch(token) or address.HANDLE.fullmatch(token):
        return address.channel(token) if alone else _maybe_channel(token)
    if alone and _NEARLY_ID.fullmatch(token) and is_random(token):
        return address.wrong_video(token)
    return None


def _links(token: str) -> list[tuple[str, Answer]]:
    if not _LINKISH.search(token):
        return []
    if token.startswith("_") and token.endswith("_"):  # emphasis in Markdown; no link starts like this
        token = token[1:-1]
    pieces = _GLUED.split(token) if "://" in token else [token]
    trimmed = [piece.lstrip(_BEFORE).rstrip(_AFTER) for piece in pieces]
    return [(written, answer) for written in trimmed if (answer := address.link(written))]


def _mentions(token: str) -> list[tuple[str, Answer]]:
    """What may be an id in the middle of a sentence, or with something around it: "v:dQw4w9WgXcQ"."""
    if not 11 <= len(token) <= _LONGEST_MENTION:
        return []
    return [(run, _not_alone(run)) for run in _ID_RUN.findall(token) if is_random(run)]


def is_word(token: str) -> bool:
    """Whether `token`, which may be an id, reads like a word, a number or a date."""
    return _WORD.fullmatch(token) is not None


def is_random(token: str) -> bool:
    """Whether `token` looks like an id, and like nothing that a person would write."""
    mixed = token != token.lower() and token != token.upper()
    return mixed and len(_RUN.findall(token)) >= _RUNS_OF_AN_ID and not _WORD.fullmatch(token)


def _shown(written: str) -> str:
    return written if len(written) <= _SHOWN else written[: _SHOWN - 1] + "…"


def _maybe_word(token: str) -> Answer:
    sentence = _("“{text}” reads like a word. If it is a video id, paste the link of the video.")
    return address.rejected(sentence.format(text=token))


def _maybe_channel(token: str) -> Answer:
    sentence = _("“{text}” may be a channel. Write it alone in its line, or paste its link.")
    return address.rejected(sentence.format(text=token))


def _not_alone(token: str) -> Answer:
    sentence = _("“{text}” may be a video id. Write it alone in its line, or paste the link of the video.")
    return address.rejected(sentence.format(text=token))
