"""Everything about a batch and its summaries, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from batches import money
from batches.exports.base import Format, chunked
from batches.exports.snapshot import Snapshot, reason
from batches.models import Batch, Item, RejectedLine, Summary


def summary_record(item: Item, summary: Summary) -> dict[str, Any]:
    """One summary with its video, flat; the parts of `content` under their own names, each moment with its link."""
    video, content = item.video, summary.content
    return {
        "position": item.position,
        "id": str(summary.pk),
        "video_id": video.youtube_id,
        "video_title": video.label,
        "url": video.url,
        "channel": video.channel,
        "duration": video.duration,
        "published": video.published and video.published.isoformat(),
        "headline": summary.headline,
        "overview": content.get("overview", ""),
        "points": content.get("points", []),
        "chapters": content.get("chapters", []),
        "author_chapters": [{"start": start, "title": title} for start, title in video.chapters],
        "quotes": content.get("quotes", []),
        "topics": content.get("topics", []),
        "action_items": content.get("action_items", []),
        "mentions": content.get("mentions", []),
        "grounding": content.get("grounding", {}),
        "coverage": summary.coverage,
        "language": summary.language,
        "captions": {
            "kind": summary.caption_kind,
            "language": summary.caption_language,
            "source": summary.caption_source,
            "tried": summary.caption_tried,
        },
        "length": summary.length,
        "engine": summary.engine,
        "model": summary.model,
        "prompt_version": summary.prompt_version,
        "usage": {
            "input_tokens": summary.input_tokens,
            "output_tokens": summary.output_tokens,
            "cached_tokens": summary.cached_tokens,
            "cost_usd": None if summary.cost is None else f"{summary.cost:f}",
        },
        "created_at": summary.created_at.isoformat(),
    }


def _usage(spending: money.Spending) -> dict[str, Any]:
    """All that was paid for, thrown away answers included."""
    shown = spending.as_json()
    return {**shown, "cost_usd": shown.pop("cost")}


def _batch_record(batch: Batch) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "name": batch.name,
        "status": batch.status,
        "model": batch.model,
        "summary_length": batch.summary_length,
        "options": batch.options,
        "total_videos": batch.total_videos,
        "completed_videos": batch.completed_videos,
        "failed_videos": batch.failed_videos,
        "cancelled_videos": batch.cancelled_videos,
        "duplicates": batch.duplicates,
        "usage": _usage(money.batch_usage(batch)),
        "created_at": batch.created_at.isoformat(),
        "started_at": batch.started_at and batch.started_at.isoformat(),
        "completed_at": batch.completed_at and batch.completed_at.isoformat(),
    }


def _missing_record(snapshot: Snapshot, item: Item) -> dict[str, Any]:
    status, sentence = reason(snapshot, item)
    return {
        "position": item.position,
        "video_id": item.video.youtube_id,
        "video_title": item.video.label,
        "url": item.video.url,
        "status": status,
        "error_code": item.error_code,
        "error_message": sentence,
        "retry_count": item.retry_count,
    }


def _rejected_record(line: RejectedLine) -> dict[str, Any]:
    return {"line": line.line, "text": line.text, "reason": line.reason}


def _array(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    separator = "[\n"
    for record in records:
        yield separator + json.dumps(record, ensure_ascii=False)
        separator = ",\n"
    yield "[]" if separator == "[\n" else "\n]"


def document(snapshot: Snapshot) -> Iterator[str]:
    """{"batch": {…}, "summaries": […], "without_summary": […], "rejected": […]}, one record per line."""
    yield f'{{"batch": {json.dumps(_batch_record(snapshot.batch), ensure_ascii=False)},\n"summaries": '
    yield from _array(summary_record(item, summary) for item, summary in snapshot.completed())
    yield ',\n"without_summary": '
    yield from _array(_missing_record(snapshot, item) for item in snapshot.without_summary())
    yield ',\n"rejected": '
    yield from _array(_rejected_record(line) for line in snapshot.rejected())
    yield "}\n"


def _write(snapshot: Snapshot) -> Iterator[bytes]:
    return chunked(document(snapshot))


JSON = Format("application/json", "json", _write)
