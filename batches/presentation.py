"""How things are worded: times, languages, causes of failure, and what a summary says about itself. No queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import nh3
from django.conf.locale import LANG_INFO
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from markdown_it import MarkdownIt

from batches.models import Batch, Item, Summary
from batches.sentences import translated
from batches.words import CAPTION_KINDS, CAUSES, LENGTHS, LIST_STATUSES, LIVE, NOUNS, STAGES, STATUSES
from summarizer.transcripts.base import source_title

# Whoever can watch these, or has their captions, can still have them summarized.
UPLOADABLE = {
    "video_private",
    "members_only",
    "premium_only",
    "geo_blocked",
    "age_restricted",
    "transcripts_disabled",
    "no_transcript",
    "only_automatic",
    "empty_transcript",
    "po_token_required",
    "youtube_blocked",
}
LANGUAGES = (
    *("en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "tr", "uk", "ru", "ar", "fa", "he", "hi", "id", "ja", "ko"),
    *("vi", "zh-Hans", "zh-Hant"),
)
_SCRIPTS = {
    "zh": gettext_noop("Chinese"),
    "zh-Hans": gettext_noop("Chinese, simplified"),
    "zh-Hant": gettext_noop("Chinese, traditional"),
}

_markdown = MarkdownIt("js-default", {"html": False})
_TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}


# -- words


def clock(seconds: float | None) -> str:
    """`seconds` as players show them: 8:05, 1:02:33; "" for None."""
    if seconds is None:
        return ""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def language_name(tag: str) -> str:
    """The name of a BCP 47 tag; the tag itself if nobody here knows it."""
    for known in (tag, tag.partition("-")[0]):
        if known in _SCRIPTS:
            return _(_SCRIPTS[known])
        if name := LANG_INFO.get(known.lower(), {}).get("name"):
            return _(str(name))  # Django has them all in its own languages
    return tag


def dollars(amount: Decimal) -> str:
    """“$5.00”; what is less than ten cents with one digit more than cents, and never as nothing."""
    if 0 < amount < Decimal("0.001"):
        return _("less than $0.001")
    return f"${amount:,.3f}" if 0 < amount < Decimal("0.1") else f"${amount:,.2f}"


def browser(user_agent: str) -> str:
    """“Firefox on Linux”, as far as a User-Agent header tells."""
    programs = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")
    program = next((name for mark, name in programs if mark in user_agent), _("A browser"))
    system = next((name for name in systems if name in user_agent), "")
    return _("{program} on {system}").format(program=program, system=system) if system else program


def plural(count: int, noun: str) -> str:
    """“1 video”, “1,200 videos”. `noun` is one of `words.NOUNS`."""
    return str(NOUNS[noun] % count).format(count=f"{count:,}")


def listed(parts: list[str]) -> str:
    """One, two and three."""
    return _(" and ").join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 2 else parts)


def about(time: timedelta) -> str:
    """“about 12 minutes”; "" for less than two."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 2:
        return ""
    if minutes < 120:
        return _("about {number} minutes").format(number=minutes)
    return _("about {number} hours").format(number=round(minutes / 60))


def list_note(row: Mapping[str, Any]) -> str:
    """What there is to say of a playlist or channel, from `progress.expansion_row`."""
    if row["status"] == "failed":
        return str(row["error"])
    if row["status"] == "pending":
        return str(row["error"] or _("Waits to be read."))
    found = _("Found {videos} so far") if row["status"] == "processing" else _("Found {videos}")
    parts = [found.format(videos=plural(row["found"], "video"))]
    if row["duplicates"]:
        parts.append(_("{number} of them in the batch already").format(number=f"{row['duplicates']:,}"))
    return f"{', '.join(parts)}. {row['notice'] or ''}".strip()


def list_word(row: Mapping[str, Any]) -> str:
    return str(LIST_STATUSES[row["status"]])


def state(batch: Batch) -> str:
    """The batch's status, or "stopped" when it ended because going on made no sense."""
    return "stopped" if batch.stop_message and not batch.is_active else batch.status


def state_word(batch: Batch) -> str:
    """What the page says at the end in place of the connection's state."""
    return str(STATUSES[batch.status] if batch.is_active else LIVE[state(batch)])


def status_word(item: Item) -> str:
    return str(STATUSES[item.status])


def model_word(model: str) -> str:
    """How the summaries of a batch are made, of “engine:model”."""
    return _("Extracted sentences, no AI") if model == "extractive" else model.partition(":")[2] or model


def length_word(length: str) -> str:
    """Of "brief", "standard" or "detailed"."""
    return str(LENGTHS[length])


def row_note(item: Item) -> str:
    """The second line of an item's row: its stage, its error, what it waits for, or its channel."""
    if item.status == Item.Status.PROCESSING:
        return str(STAGES.get(item.stage, STAGES["starting"]))
    if item.status == Item.Status.FAILED:
        return translated(item.error_message)
    if again := until(item.waits_until):
        return " ".join((translated(item.error_message), _("Again {when}.").format(when=again)))
    return item.video.channel


def takes_captions(item: Item) -> bool:
    """Whether it failed for what the user's own captions mend."""
    return item.status == Item.Status.FAILED and item.error_code in UPLOADABLE


def cause(code: str) -> str:
    """A short title for an error code."""
    return str(CAUSES.get(code) or code.replace("_", " ").capitalize())


# -- a summary


def engine_name(summary: Summary) -> str:
    if summary.engine == "extractive":
        return _("Extracted sentences, no AI")
    return _("Written by {model}").format(model=summary.model)


def coverage(summary: Summary) -> str:
    """How much of the video was read: "All of 1:02:33 read"; never rounded up to all."""
    duration = clock(summary.transcript.duration if summary.transcript else summary.video.duration)
    whole = duration or _("the captions")
    if summary.coverage >= 1:
        return _("All of {whole} read").format(whole=whole)
    return _("{percent}% of {whole} read").format(percent=int(summary.coverage * 100), whole=whole)


def grounding(summary: Summary) -> str:
    """What could be found in the video, and what was dropped: "12 points cited, 4 quotes verified, 1 dropped"."""
    counts = summary.content.get("grounding", {})
    points, quotes = counts.get("points", 0), counts.get("quotes", 0)
    parts = [_("{points} cited").format(points=plural(points, "point"))]
    parts += [_("{quotes} verified").format(quotes=plural(quotes, "quote"))] if quotes else []
    parts += [_("{number} dropped").format(number=f"{dropped:,}")] if (dropped := dropped_claims(summary)) else []
    return ", ".join(parts)


def captions_word(summary: Summary) -> str:
    """“Automatic captions, English”."""
    return ", ".join(filter(None, (str(CAPTION_KINDS[summary.caption_kind]), language_name(summary.caption_language))))


def tried_before(tried: Sequence[Mapping[str, str]]) -> str:
    """Who was asked for captions in vain, and why, from `Summary.caption_tried`: “youtube-transcript-api (YouTube asks
    for a proof of origin)”; "" when the first who was asked had them.
    """
    failed = _("{source} ({cause})")
    return listed([failed.format(source=source_title(each["source"]), cause=cause(each["code"])) for each in tried])


def dropped_claims(summary: Summary) -> int:
    counts = summary.content.get("grounding", {})
    return sum(counts.get(name, 0) for name in ("points_dropped", "quotes_dropped", "chapters_dropped"))


def rich_text(text: str) -> SafeString:
    """Markdown of a model as HTML: nothing that loads from elsewhere, runs, or styles."""
    return _clean(_markdown.render(text))


def rich_line(text: str) -> SafeString:
    """The same for one line: emphasis, code and links only."""
    return _clean(_markdown.renderInline(text))


def _clean(html: str) -> SafeString:
    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(safe)  # noqa: S308  # nh3 has just cleaned it


def plain_text(text: str) -> SafeString:
    """Text of captions, in paragraphs."""
    paragraphs = (escape(part) for part in text.split("\n\n") if part.strip())
    return mark_safe("".join(f"<p>{part}</p>" for part in paragraphs))  # noqa: S308  # escaped above


# -- waiting


def left(seconds: float) -> str:
    """“about 6 minutes left”, as static/js/estimate.js says it; "" for nothing."""
    if seconds <= 0:
        return ""
    if seconds < 90:
        return str(LIVE["soon" if seconds < 45 else "minute"])
    if seconds < 3570:
        return str(LIVE["minutes"]).format(number=round(seconds / 60))
    hours = round(seconds / 1800) / 2
    return str(LIVE["hour"]) if hours == 1 else str(LIVE["hours"]).format(number=f"{hours:g}")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """“4 s ago”, “3 min ago”."""
    seconds = max(0, ((now or timezone.now()) - moment).total_seconds())
    if seconds < 90:
        return _("{number} s ago").format(number=int(seconds))
    return _("{number} min ago").format(number=round(seconds / 60))


def until(moment: datetime | None, now: datetime | None = None) -> str:
    """How long until `moment`: "in 40 s", "in 3 min", "in 5 h"; "" when it is past or unknown."""
    seconds = (moment - (now or timezone.now())).total_seconds() if moment else 0
    if seconds <= 0:
        return ""
    if seconds < 90:
        return _("in {number} s").format(number=int(seconds) + 1)
    if seconds < 7200:
        return _("in {number} min").format(number=round(seconds / 60))
    return _("in {number} h").format(number=round(seconds / 3600))
