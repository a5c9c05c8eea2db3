"""Summaries as Markdown. Titles and whatever a model wrote are text here, never structure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from batches import money, price_tags
from batches.exports.base import Format, chunked
from batches.exports.names import one_line
from batches.exports.snapshot import Snapshot, reason
from batches.models import Batch, Item, Summary, Video
from batches.presentation import clock, dollars, plural

# What means something anywhere in a line (CommonMark, tables, mathematics, Obsidian), and what does at its start.
_ANYWHERE = re.compile(r"[\\`*_\[\]<>|~$&]|(?<!\S)#|={2,}|%{2,}")
_AT_START = re.compile(r"^(?:\d{1,9}[.)]|[+\-=])")


def escape(text: str) -> str:
    """`text` on one line, so that Markdown shows it letter by letter."""
    safe = _ANYWHERE.sub(lambda found: "".join(f"\\{char}" for char in found[0]), one_line(text))
    return _AT_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", safe)


def paragraphs(text: str) -> str:
    """Like `escape`, with the text's own blank lines kept."""
    return "\n\n".join(escape(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def moment(video: Video, second: float) -> str:
    """The time as a link into the video; as text for an uploaded file."""
    url = video.moment_url(second)
    return f"[{clock(second)}]({url})" if url else clock(second)


def captions(summary: Summary) -> str:
    """Which captions were read, such as "written captions, en"."""
    return ", ".join(filter(None, (summary.get_caption_kind_display(), summary.caption_language)))


def model_name(summary: Summary) -> str:
    return summary.engine if summary.model in ("", summary.engine) else f"{summary.engine}:{summary.model}"


def front_matter(item: Item, summary: Summary) -> str:
    """YAML. Strings are JSON strings, which YAML reads as they are."""
    video = item.video
    fields = {
        "title": one_line(video.label),
        "url": video.url,
        "video_id": video.youtube_id or "",
        "channel": one_line(video.channel),
        "duration": clock(video.duration),
        "language": summary.language,
        "captions": captions(summary),
        "model": model_name(summary),
        "length": summary.length,
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    lines.append(f"date: {summary.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    lines.append(f"coverage: {summary.coverage:g}")
    return "\n".join(["---", *lines, "---", ""])


def body(item: Item, summary: Summary, level: int = 1) -> str:
    """Headline, source, overview and every section that has something in it; headings start at `level`."""
    content: dict[str, Any] = summary.content
    video = item.video
    top, sub = "#" * level, "#" * (level + 1)
    sections = [
        ("Key points", _points(video, content.get("points", []))),
        ("Chapters", _chapters(video, content.get("chapters", []))),
        ("The author's chapters", _author_chapters(video)),
        ("Quotes", _quotes(video, content.get("quotes", []))),
        ("Topics", ", ".join(escape(topic) for topic in content.get("topics", []))),
        ("Action items", _bullets(content.get("action_items", []))),
        ("Mentions", _bullets(content.get("mentions", []))),
    ]
    parts = [f"{top} {escape(summary.headline)}", _source(video), paragraphs(content.get("overview", ""))]
    parts += [f"{sub} {title}\n\n{text}" for title, text in sections if text]
    return "\n\n".join([*filter(None, parts), _basis(summary)]) + "\n"


def summary_document(summary: Summary) -> str:
    """One summary as a file of its own. The summary comes with its `video`."""
    item = Item(video=summary.video)
    return f"{front_matter(item, summary)}\n{body(item, summary)}"


def _source(video: Video) -> str:
    title = f"[{escape(video.label)}]({video.url})" if video.url else escape(video.label)
    return " · ".join(filter(None, (title, escape(video.channel), clock(video.duration))))


def _points(video: Video, points: Iterable[dict[str, Any]]) -> str:
    return "\n".join(
        f"- {escape(point['text'])} ({', '.join(moment(video, second) for second in point['seconds'])})"
        for point in points
    )


def _chapters(video: Video, chapters: Iterable[dict[str, Any]]) -> str:
    return "\n".join(f"- {moment(video, chapter['start'])} {_chapter_text(chapter)}" for chapter in chapters)


def _author_chapters(video: Video) -> str:
    return "\n".join(f"- {moment(video, start)} {escape(title)}" for start, title in video.chapters)


def _chapter_text(chapter: dict[str, Any]) -> str:
    title = f"**{escape(chapter['title'])}**" if chapter["title"].strip() else ""
    return ": ".join(filter(None, (title, escape(chapter.get("gist", "")))))


def _quotes(video: Video, quotes: Iterable[dict[str, Any]]) -> str:
    return "\n\n".join(
        f"> {escape(quote['text'])}\n>\n> — "
        + ", ".join(filter(None, (escape(quote.get("speaker", "")), moment(video, quote["second"]))))
        for quote in quotes
    )


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)


def _basis(summary: Summary) -> str:
    """What the summary rests on, and what was thrown away because the video does not say it."""
    grounding: dict[str, int] = summary.content.get("grounding", {})
    dropped = sum(grounding.get(name, 0) for name in ("points_dropped", "quotes_dropped", "chapters_dropped"))
    read = f"{model_name(summary)} read {int(summary.coverage * 100)}% of the captions ({captions(summary)})."
    left_out = f" Left out, because the video does not say it: {dropped}." if dropped else ""
    return f"*{escape(read + left_out)}*"


def batch_heading(batch: Batch) -> str:
    """Title and facts of a batch, at the top of index.md and of the single document."""
    counts = [
        plural(batch.total_videos, "video"),
        f"{batch.completed_videos} summarized",
        f"{batch.failed_videos} failed" if batch.failed_videos else "",
        f"{batch.cancelled_videos} cancelled" if batch.cancelled_videos else "",
        f"{batch.pending_videos + batch.processing_videos} not done yet" if batch.is_active else "",
        f"{plural(batch.duplicates, 'duplicate link')} merged" if batch.duplicates else "",
    ]
    made = f"{batch.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    facts = [*filter(None, [*counts, escape(batch.model), batch.summary_length]), made]
    return f"# {escape(batch.name)}\n\n{' · '.join(facts)}\n"


def spending(batch: Batch) -> str:
    """What the batch took, in a paragraph: also for what was thrown away. "" if nothing was paid for."""
    usage = money.batch_usage(batch)
    if not usage.calls:
        return ""
    cost = "unknown, for the model has no price here" if usage.whole_cost is None else dollars(usage.whole_cost)
    return f"\n{escape(f'Cost: {cost}. {price_tags.tokens(usage)}.')}\n"


def rejected_lines(snapshot: Snapshot) -> Iterator[str]:
    """The section on pasted lines that were not taken; nothing if there are none."""
    for number, line in enumerate(snapshot.rejected()):
        yield "\n## Lines that were not taken\n\n" if number == 0 else ""
        yield f"- Line {line.line}: {escape(line.text)} — {escape(line.reason)}\n"


def _missing(snapshot: Snapshot) -> Iterator[str]:
    for number, item in enumerate(snapshot.without_summary()):
        status, sentence = reason(snapshot, item)
        yield "\n## Without a summary\n\n" if number == 0 else ""
        yield f"- {item.position}\\. {escape(item.video.label)}: {status}. {escape(sentence)}\n"


def _document(snapshot: Snapshot) -> Iterator[str]:
    yield batch_heading(snapshot.batch)
    yield spending(snapshot.batch)
    for item, summary in snapshot.completed():
        yield "\n" + body(item, summary, level=2)
    yield from _missing(snapshot)
    yield from rejected_lines(snapshot)


def _write(snapshot: Snapshot) -> Iterator[bytes]:
    return chunked(_document(snapshot))


MARKDOWN = Format("text/markdown; charset=utf-8", "md", _write)
