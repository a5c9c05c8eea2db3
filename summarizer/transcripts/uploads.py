"""An uploaded caption file to a transcript, and what its name tells. Names are labels here, never paths."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from summarizer.errors import EmptyTranscript, InvalidCaptionFile
from summarizer.languages import plain_tag
from summarizer.marks import gettext_noop as _
from summarizer.records import Cue, Transcript
from summarizer.text import tidy
from summarizer.transcripts import formats
from summarizer.transcripts.cleaning import MOST_CUES, clean
from summarizer.transcripts.decoding import decode_text
from summarizer.youtube_address import VIDEO_ID
from summarizer.youtube_urls import is_random, is_word

__all__ = ["CAPTION_SUFFIXES", "decode_text", "read_captions", "title_from_name", "video_id_from_name"]

CAPTION_SUFFIXES = (".srt", ".vtt", ".sbv", ".txt", ".json", ".json3", ".xml", ".srv1", ".srv2", ".srv3", ".ttml")
_LOOKAHEAD = 50  # lines in which the format must show

_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de "
    "dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id "
    "ie ig ii ik io is it iu iw ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt "
    "lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt "
    "qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to "
    "tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu fil yue"
)  # ISO 639-1, and two more that YouTube uses
_ISO_639 = frozenset(_LANGUAGES.split())
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*")
_COPY = re.compile(r"\s*\(\d{1,3}\)$")  # of a file that was there already
_BRACKETED = re.compile(r"\s*\[([A-Za-z0-9_-]{11})\]\s*(?:\(\d{1,3}\))?((?:\.[\w-]{2,40})*)\s*$")
_VTT_LANGUAGE = re.compile(r"^Language:\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*$", re.M)
_MARKUP_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|svg)\b", re.I)


def read_captions(name: str, data: bytes) -> Transcript:
    """The transcript in the file `data` that was called `name`: SubRip, WebVTT, SBV, YouTube's JSON or XML, or text.

    The content decides what it is; `name` decides only whether it may be plain text, and tells the language
    (“.de.srt”; "" when unknown). A plain text without times gets times at speaking pace, which are good for nothing
    but the order. Raises `InvalidCaptionFile`, or `EmptyTranscript` when there are captions and no words in them.
    """
    label = _label(name)
    text = decode_text(data, label)
    language = _split_name(name)[2]
    found, own_language = _parse(label, text)
    cues = list(islice(found, MOST_CUES + 1))
    if len(cues) > MOST_CUES:
        sentence = _("{name} has more than {number} captions. Split it into several files.")
        raise InvalidCaptionFile(sentence.format(name=label, number=f"{MOST_CUES:,}"))
    if not cues:
        raise _no_captions(label)
    cleaned = clean(cues)
    if not cleaned:
        sentence = _("The captions in {name} contain no words, so there is nothing to summarize.")
        raise EmptyTranscript(sentence.format(name=label))
    return Transcript(cleaned, language or own_language, "uploaded", "upload")


def _parse(label: str, text: str) -> tuple[Iterable[Cue], str]:
    """-> cues (with markup removed, but neither sorted nor clean), and the language if the file says it, else ""."""
    lines = text.splitlines()
    beginning = [line for line in lines[:_LOOKAHEAD] if line.strip()]
    if not beginning:
        raise InvalidCaptionFile(_("{name} is empty. Upload captions as .srt, .vtt or .txt.").format(name=label))
    first = beginning[0].lstrip()
    if _MARKUP_PAGE.match(first):
        raise InvalidCaptionFile(_("{name} is a web page. Upload captions as .srt, .vtt or .txt.").format(name=label))
    if first.startswith("WEBVTT"):
        language = _VTT_LANGUAGE.search("\n".join(beginning[:10]))
        return formats.parse_blocks(lines, webvtt=True), language[1] if language else ""
    if first.startswith("<") and re.search(r"<(?:transcript|timedtext|tt)\b", text[:2000]):
        return formats.parse_xml(text), ""
    if any(map(formats.is_timing, beginning)):
        return formats.parse_blocks(lines, webvtt=False), ""
    if any(map(formats.is_sbv, beginning)):
        return formats.parse_sbv(lines), ""
    if re.search(r"\.json3?$", label, re.I):
        return formats.parse_json(text)
    if label.lower().endswith(".txt"):
        return formats.parse_plain(lines), ""
    raise _no_captions(label)


def _no_captions(label: str) -> InvalidCaptionFile:
    return InvalidCaptionFile(_("No captions were found in {name}. Upload .srt, .vtt or .txt.").format(name=label))


def video_id_from_name(name: str) -> str:
    """The id in “Title [dQw4w9WgXcQ].en.vtt”, where yt-dlp puts it, or ""."""
    return _split_name(name)[1]


def title_from_name(name: str) -> str:
    """“Title” of “Title [dQw4w9WgXcQ].en.vtt”; "" when nothing else is left."""
    return _split_name(name)[0]


def _split_name(name: str) -> tuple[str, str, str]:
    """-> title, video id or "", language or ""."""
    stem = _COPY.sub("", _SUFFIX.sub("", _label(name)))
    video = _BRACKETED.search(stem)
    if video and not _is_plain(video[1]):
        return tidy(stem[: video.start()].strip(". ")), video[1], _language(video[2])
    title, dot, last = stem.rpartition(".")
    language = _language(last) if dot else ""
    title = _COPY.sub("", title) if language else stem
    if VIDEO_ID.fullmatch(title) and is_random(title):  # yt-dlp -o "%(id)s"
        return "", title, language
    return tidy(title.strip(". ")), "", language


def _is_plain(bracketed: str) -> bool:
    """Whether this is a word, a date or “Episode2024” rather than an id; three letters and eight digits are an id."""
    letters, digits = sum(map(str.isalpha, bracketed)), sum(map(str.isdigit, bracketed))
    return is_word(bracketed) and not 0 < letters < digits


def _language(tags: str) -> str:
    """Of “.en”, “pt-BR”, or whatever else yt-dlp calls a track by; "" when that is no language."""
    tag = plain_tag(tags.rpartition(".")[2])
    return tag if _LANGUAGE.fullmatch(tag) and tag.partition("-")[0] in _ISO_639 else ""


def _label(name: str) -> str:
    """The last part of what a browser sent as a name, short enough for a sentence and a database column."""
    last = tidy(re.split(r"[/\\]", name)[-1])
    return last if len(last) <= 200 else last[:150] + "…" + last[-49:] or "This file"
