"""Caption formats to cues: SubRip, WebVTT, SBV, YouTube's JSON and XML, plain text. Lenient, linear, without I/O.

A broken timestamp never costs words: such a caption begins where the one before ended. Texts keep their lines, which
`cleaning` needs to recognise rolling captions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from summarizer.errors import InvalidCaptionFile
from summarizer.marks import gettext_noop as _
from summarizer.records import Cue
from summarizer.text import sentences, tidy, word_count

LONGEST_VIDEO = 1000 * 3600.0  # seconds; what claims to be later is a broken timestamp
_WORDS_PER_SECOND = 150 / 60
_LONGEST_SENTENCE = 300

_TIME = re.compile(r"(?:(\d{1,4})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*[.,:]\s*(\d{1,9}))?$")
_ARROW = re.compile(r"\s*(-?[\d:][^>]{0,40}?)\s*-{1,2}>\s*(?:([-\d:]\S{0,40})|$)")
_SBV = re.compile(r"\s*(\d{1,4}:\d{1,2}:\d{1,2}[.,]\d{1,3}),(\d{1,4}:\d{1,2}:\d{1,2}[.,]\d{1,3})\s*$")
_VTT_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{1,80})?\s++([^<>]{1,80})>", re.I)
_TAG = re.compile(
    r"</?(?:c|i|b|u|v|s|em|strong|font|lang|ruby|rt|rp|span|p)\b[^<>]{0,300}>|<\d[\d:.]{3,15}>|\{\\[^{}]{0,200}\}", re.I
)
_LONG_FOR_A_CAPTION = 200  # seconds
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{0,12})?)\s*(h|m|s|ms)?")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_TIME_KEYS = {"tStartMs", "start", "offset", "timestamp"}
_LINE_BREAK = re.compile(r"<br\s*/?>|\\N", re.I)
_STAMP = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
_LEADING_TIME = re.compile(
    rf"\s*[\[(]?({_STAMP})(?:\s{{0,5}}-{{1,2}}>\s{{0,5}}{_STAMP})?[\])]?(?:\s*[-–—:|]\s+|\s+|$)(.*)"
)


def seconds(stamp: str) -> float | None:
    """“1:02:03,5”, “02:03.500” or “2:03” in seconds; None for what is no time."""
    found = _TIME.match(stamp.strip())
    if not found:
        return None
    hours, minutes, secs, fraction = found.groups()
    value = int(hours or 0) * 3600 + int(minutes) * 60 + int(secs) + float(f"0.{fraction or 0}")
    return value if value < LONGEST_VIDEO else None


def without_markup(text: str) -> str:
    """Caption text without tags, styles and entities (YouTube escapes twice); a named voice becomes “Name: ”."""
    if "<" in text or "{" in text or "\\" in text:
        text = _TAG.sub("", _VOICE.sub(r"\1: ", _LINE_BREAK.sub("\n", text)))
    if "&" in text:
        text = _TAG.sub("", unescape(unescape(text)))
    return text


# -- SubRip, WebVTT, SBV


def parse_blocks(lines: Iterable[str], webvtt: bool) -> Iterator[Cue]:
    """SubRip or WebVTT. Blank lines between captions may be missing, or be inside of them."""
    start: float | None = None
    end = 0.0
    text: list[str] = []
    skipping = False
    for line in lines:
        if arrow := _arrow(line):
            _drop_label(text, webvtt)
            if start is not None:
                yield Cue(start, end - start, without_markup("\n".join(text)))
            start, end = _times(arrow[1], arrow[2] or "", end)
            text, skipping = [], False
        elif not line.strip("\r\n"):
            skipping = False
            text.append("")
        elif webvtt and text and not text[-1] and _VTT_BLOCK.match(line):
            skipping = True
        elif not skipping:
            text.append(line)
    if start is not None:
        yield Cue(start, end - start, without_markup("\n".join(text)))


def _arrow(line: str) -> re.Match[str] | None:
    return _ARROW.match(line) if "->" in line else None


def _drop_label(text: list[str], webvtt: bool) -> None:
    """Forget the number, or in WebVTT the name, that stands above the times of the next caption."""
    if not text or not text[-1].strip():
        return
    numbered = text[-1].strip().isdigit()
    after_blank = len(text) > 1 and not text[-2].strip()
    if (numbered and not webvtt) or (webvtt and after_blank):
        text.pop()


def _times(first: str, second: str, previous_end: float) -> tuple[float, float]:
    start = seconds(first)
    if start is None:
        start = previous_end
    end = seconds(second)
    return start, max(start, end if end is not None else start)


def parse_sbv(lines: Iterable[str]) -> Iterator[Cue]:
    """YouTube's own SBV: “0:00:01.000,0:00:04.000” above each caption."""
    times: tuple[float, float] | None = None
    text: list[str] = []
    for line in lines:
        if found := _SBV.match(line):
            if times:
                yield Cue(times[0], times[1] - times[0], without_markup("\n".join(text)))
            times = _times(found[1], found[2], times[1] if times else 0.0)
            text = []
        else:
            text.append(line)
    if times:
        yield Cue(times[0], times[1] - times[0], without_markup("\n".join(text)))


def is_sbv(line: str) -> bool:
    return bool(_SBV.match(line))


def is_timing(line: str) -> bool:
    """Whether `line` is the “00:01 --> 00:02” above a caption."""
    found = _arrow(line)
    return found is not None and seconds(found[1]) is not None


# -- YouTube's JSON and XML, and lists of captions as programs save them


def parse_json(text: str) -> tuple[list[Cue], str]:
    """-> cues and language of json3, or of objects with text and times (a list, “cues”, “segments”, “snippets”)."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidCaptionFile(_("This file is not valid JSON. Upload .srt, .vtt or .txt.")) from error
    language = ""
    if isinstance(data, dict):
        found = data.get("language_code") or data.get("language")
        language = found if isinstance(found, str) else ""
    data = _json_list(data)
    if not isinstance(data, list):
        raise InvalidCaptionFile(_("This JSON file contains no list of captions. Upload .srt, .vtt or .txt."))
    items = [item for item in data if isinstance(item, dict)]
    scale = 1000 if _in_milliseconds(items) else 1
    cues: list[Cue] = []
    for item in items:
        if cue := _json_cue(item, scale, cues[-1].start + cues[-1].duration if cues else 0.0):
            cues.append(cue)
    return cues, language


def holds_json_captions(text: str) -> bool:
    """Whether this is JSON of captions: pieces of text, each with its time."""
    try:
        data = _json_list(json.loads(text))
    except (ValueError, RecursionError):
        return False
    return isinstance(data, list) and any(
        isinstance(item, dict) and not item.keys().isdisjoint(_TIME_KEYS) and _json_cue(item, 1, 0.0)
        for item in data[:50]
    )


def _json_list(data: object) -> object:
    if isinstance(data, dict):
        return next((data[key] for key in ("events", "cues", "segments", "snippets", "chunks") if key in data), None)
    return data


def _in_milliseconds(items: Sequence[dict[str, Any]]) -> bool:
    """Programs that write “offset” disagree about its unit; captions are shown for seconds, not for minutes."""
    durations = sorted(time for item in items if "offset" in item and (time := _time(item.get("duration"))) is not None)
    return bool(durations) and durations[len(durations) // 2] >= _LONG_FOR_A_CAPTION


def _json_cue(item: dict[str, Any], scale: int, previous_end: float) -> Cue | None:
    if "tStartMs" in item:
        pieces = item.get("segs")
        if not isinstance(pieces, list):
            return None
        text = "".join(str(piece.get("utf8") or "") for piece in pieces if isinstance(piece, dict))
        start, duration = _number(item["tStartMs"]) / 1000, _number(item.get("dDurationMs")) / 1000
    else:
        text = str(item.get("text") or "")
        first, last = item.get("start", item.get("offset")), item.get("end")
        if isinstance(both := item.get("timestamp"), list) and len(both) == 2:
            first, last = both
        begin = _time(first)
        start = previous_end if begin is None else begin / scale
        end = _time(last)
        duration = (_time(item["duration"]) or 0.0) / scale if "duration" in item else max(0.0, (end or 0.0) - start)
    return Cue(start, duration, without_markup(text)) if text.strip() else None


def _time(value: object) -> float | None:
    """Of 65, “65”, “65.0s”, “65000ms” or “00:01:05”; None for what is no time."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    found = _OFFSET.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return _number(found[1]) * _UNITS[found[2] or "s"]
    return seconds(value) if isinstance(value, str) else None


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) and 0 <= number < LONGEST_VIDEO * 1000 else 0.0


def parse_xml(text: str) -> list[Cue]:
    """YouTube's timedtext (`<text start dur>` in seconds, `<p t d>` and `<text t d>` in milliseconds) and TTML.

    Entities are never expanded.
    """
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InvalidCaptionFile(_("This XML file cannot be read as captions. Upload .srt, .vtt or .txt.")) from error
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "br":
            element.text = "\n"
    cues: list[Cue] = []
    left = [root]
    while left:  # what stands inside of a caption is a part of it
        element = left.pop()
        if cue := _xml_cue(element, cues[-1].start + cues[-1].duration if cues else 0.0):
            cues.append(cue)
        else:
            left += reversed(element)
    return cues


def _xml_cue(element: Element, previous_end: float) -> Cue | None:
    kind = element.tag.rpartition("}")[2]
    if kind == "text" and "start" in element.attrib:
        start, duration = _number(element.attrib["start"]), _number(element.get("dur"))
    elif kind in ("p", "text") and "t" in element.attrib:
        start, duration = _number(element.attrib["t"]) / 1000, _number(element.get("d")) / 1000
    elif kind == "p" and "begin" in element.attrib:
        begin, end = (_time(element.get(name, "")) for name in ("begin", "end"))
        start = previous_end if begin is None else begin
        duration = max(0.0, (end or 0.0) - start)
    else:
        return None
    return Cue(start, duration, without_markup("".join(element.itertext())))


# -- plain text


def parse_plain(lines: Iterable[str]) -> Iterator[Cue]:
    """One cue for each sentence of a plain text.

    Lines that begin with a time (“0:15 text”, “[00:00:15]”, or the time alone above its text, as copied from YouTube's
    transcript panel) use it. Any other text gets times at 150 words a minute: they are there for the order only.
    """
    stamped = [_stamped(line) for line in lines if line.strip()]
    starts = [start for start, _, _ in stamped if start is not None]
    is_timed = any(start is not None for start, _, _ in stamped[:3]) or len(starts) > len(stamped) / 3
    if starts == sorted(starts) and is_timed:
        return _between_stamps([(start, text) for start, text, _ in stamped])
    return _between_stamps([(None, line) for _, _, line in stamped])


def timed_lines(lines: Sequence[str]) -> list[int]:
    """The places of the lines that give the time of a caption; of plain ones only if they ascend, all of them."""
    if timings := [at for at, line in enumerate(lines) if is_timing(line) or is_sbv(line)]:
        return timings
    stamps = [(at, start) for at, line in enumerate(lines) if (start := _stamped(line)[0]) is not None]
    starts = [start for _, start in stamps]
    return [at for at, _ in stamps] if starts == sorted(starts) else []


def _stamped(line: str) -> tuple[float | None, str, str]:
    """-> the time that `line` begins with, if any; the text after it; the whole line."""
    found = _LEADING_TIME.match(line)
    start = seconds(found[1]) if found else None
    return start, found[2] if found and start is not None else line, line


def _between_stamps(lines: Sequence[tuple[float | None, str]]) -> Iterator[Cue]:
    """The sentences of each time, one after the other at speaking pace, or as fast as it takes until the next time."""
    start = 0.0
    waiting: list[str] = []
    for stamp, text in lines:
        if stamp is not None:
            yield from _paced(waiting, start, stamp)
            start, waiting = stamp, []
        waiting.extend(sentences(tidy(text), _LONGEST_SENTENCE))
    yield from _paced(waiting, start, math.inf)


def _paced(spoken: Sequence[str], start: float, stop: float) -> Iterator[Cue]:
    durations = [word_count(sentence) / _WORDS_PER_SECOND for sentence in spoken]
    total = sum(durations)
    haste = min(1.0, (stop - start) / total) if total else 1.0
    for sentence, duration in zip(spoken, durations, strict=True):
        yield Cue(start, duration * haste, sentence)
        start += duration * haste
