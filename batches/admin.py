"""Batches and what belongs to them, for the host. State is shown and never edited: people act through operations."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from batches import money, operations, price_tags
from batches.errors import NotActive, NothingToRetry
from batches.ledger import Charge, MonthlySpending
from batches.models import Batch, Gate, Item, Summary, Transcript, Video, Worker
from batches.presentation import dollars, plural

_VIDEO_ID = re.compile(r"[\w-]{11}", re.ASCII)
_CUES_SHOWN = 200
_REJECTED_SHOWN = 50


class _ForBigTables(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its types only
    """A list that counts and joins no more than its page needs."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class _ReadOnly(_ForBigTables):
    """Rows that only the program writes. They go with their batch or their user, and not from here."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        here = (request.resolver_match and request.resolver_match.url_name) or ""
        if here.startswith(f"{self.opts.app_label}_{self.opts.model_name}_"):
            return False
        # Asked from the page that deletes a user, this is about the rows that go with them.
        return super().has_delete_permission(request, obj)


@admin.register(Batch)
class BatchAdmin(_ForBigTables):
    list_display = (
        "name",
        "user",
        "status",
        "done",
        "failed_videos",
        "cancelled_videos",
        "model",
        "cost",
        "created_at",
    )
    list_filter = ("status", "summary_length", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__email", "=id")
    search_help_text = "Name, e-mail address, batch id or video id"
    actions = ("cancel", "retry_failed")
    fields = (
        ("name", "user", "status"),
        ("model", "summary_length", "options"),
        ("total_videos", "processing_videos", "completed_videos", "failed_videos", "cancelled_videos", "duplicates"),
        "usage",
        "videos",
        "rejected",
        ("stop_code", "stop_message"),
        ("created_at", "started_at", "completed_at"),
        ("id", "rev"),
    )
    # Everything but the name.
    readonly_fields: ClassVar[list[str]] = [
        field for row in fields for field in ((row,) if isinstance(row, str) else row) if field != "name"
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Batch], search_term: str
    ) -> tuple[QuerySet[Batch], bool]:
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if _VIDEO_ID.fullmatch(search_term.strip()):
            # By the unique index. A LIKE across the join would read every item of every batch.
            holding = Item.objects.filter(video__youtube_id=search_term.strip()).values("batch")
            found |= queryset.filter(pk__in=holding)
        return found, duplicates

    def save_model(self, request: HttpRequest, obj: Batch, form: Any, change: bool) -> None:
        """Writes the name alone: what else this page read may be old by now."""
        operations.rename_batch(obj, obj.name)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes, by name and number; Django's own list would name each of ten thousand items."""
        batches = list(objs)
        lines = [f"{batch.name} ({batch.total_videos} videos, {batch.completed_videos} summaries)" for batch in batches]
        counts = {"batches": len(batches), "summaries": sum(batch.completed_videos for batch in batches)}
        lacking = set() if self.has_delete_permission(request) else {"batch"}
        return lines, counts, lacking, []

    def delete_model(self, request: HttpRequest, obj: Batch) -> None:
        operations.delete_batch(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        for batch in queryset:
            operations.delete_batch(batch)

    @admin.display(description="done")
    def done(self, batch: Batch) -> str:
        return f"{batch.completed_videos} of {batch.total_videos}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        charges = Charge.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
        batches: QuerySet[Batch] = super().get_queryset(request)
        return batches.annotate(spent=Subquery(charges.annotate(sum=Sum("cost")).values("sum")))

    @admin.display(description="cost", ordering="spent")
    def cost(self, batch: Any) -> str:
        return "" if batch.spent is None else dollars(batch.spent)

    @admin.display(description="cost")
    def usage(self, batch: Batch) -> str:
        usage = money.batch_usage(batch)
        url = f"{reverse('admin:batches_charge_changelist')}?batch__id__exact={batch.pk}"
        return format_html('{} · <a href="{}">{}</a>', price_tags.spent(usage), url, plural(usage.calls, "call"))

    @admin.display(description="videos")
    def videos(self, batch: Batch) -> str:
        url = f"{reverse('admin:batches_item_changelist')}?batch__id__exact={batch.pk}"
        return format_html('<a href="{}">Show all {}</a>', url, batch.total_videos)

    @admin.display(description="lines not taken")
    def rejected(self, batch: Batch) -> str:
        lines = batch.rejected_lines.order_by("line", "pk")[:_REJECTED_SHOWN]
        shown = format_html_join("", "<li>Line {}: {} — {}</li>", ((row.line, row.text, row.reason) for row in lines))
        more = batch.rejected_lines.count() - len(lines)
        return format_html("<ul>{}</ul>{}", shown, f"and {more} more" if more > 0 else "") if lines else "none"

    @admin.action(description="Cancel the selected batches", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        videos = batches = 0
        for batch in queryset:
            try:
                videos += operations.cancel_batch(batch)
                batches += 1
            except NotActive:
                continue
        self._tell(request, f"Cancelled {plural(videos, 'video')} in", batches, queryset, "had ended already")

    @admin.action(description="Retry what failed or was cancelled", permissions=["change"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        videos = batches = 0
        for batch in queryset:
            try:
                videos += operations.retry_batch(batch)
                batches += 1
            except NothingToRetry:
                continue
        self._tell(request, f"Trying {plural(videos, 'video')} again in", batches, queryset, "had nothing to retry")

    def _tell(self, request: HttpRequest, what: str, batches: int, queryset: QuerySet[Batch], why_not: str) -> None:
        skipped = queryset.count() - batches
        if batches:
            self.message_user(request, f"{what} {plural(batches, 'batch')}.", messages.SUCCESS)
        if skipped > 0:
            self.message_user(request, f"{plural(skipped, 'batch')} {why_not}.", messages.WARNING)


@admin.register(Charge)
class ChargeAdmin(_ReadOnly):
    list_display = (
        *("created_at", "user", "batch", "engine", "model", "calls"),
        *("input_tokens", "output_tokens", "cached_tokens", "cost"),
    )
    list_filter = ("engine", "created_at")
    list_select_related = ("user", "batch")
    search_fields = ("=user__email", "=batch__id", "model")
    search_help_text = "E-mail address, batch id or model"
    raw_id_fields = ("item",)


@admin.register(MonthlySpending)
class MonthlySpendingAdmin(_ReadOnly):
    list_display = (
        *("month_name", "who", "cost", "budget", "calls", "unpriced_calls"),
        *("input_tokens", "output_tokens", "cached_tokens"),
    )
    list_filter = ("month",)
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "E-mail address"

    @admin.display(description="month", ordering="month")
    def month_name(self, spending: MonthlySpending) -> str:
        return f"{spending.month:%B %Y}"

    @admin.display(description="user", ordering="user")
    def who(self, spending: MonthlySpending) -> str:
        return str(spending.user or "deleted accounts")

    @admin.display(description="of the user's budget")
    def budget(self, spending: MonthlySpending) -> str:
        limit = settings.MONTHLY_BUDGET_USER
        return f"{spending.cost / limit:.0%}" if limit else "no limit"


@admin.register(Item)
class ItemAdmin(_ReadOnly):
    list_display = ("position", "video", "batch", "status", "stage", "error_code", "retry_count", "finished_at")
    list_display_links = ("video",)
    list_filter = ("status",)
    list_select_related = ("video", "batch")
    search_fields = ("=video__youtube_id", "=error_code", "video__title")
    search_help_text = "Video id, title or error code"
    exclude = ("summary", "transcript")
    readonly_fields = ("summary_link",)

    @admin.display(description="summary")
    def summary_link(self, item: Item) -> str:
        if item.summary_id is None:
            return "none"
        url = reverse("admin:batches_summary_change", args=[item.summary_id])
        return format_html('<a href="{}">Show</a>', url)


@admin.register(Video)
class VideoAdmin(_ReadOnly):
    list_display = ("label", "youtube_id", "channel", "duration", "published", "owner")
    list_select_related = ("owner",)
    search_fields = ("=youtube_id", "title", "channel")
    search_help_text = "Video id, title or channel"
    exclude = ("thumbnail_url",)


@admin.register(Transcript)
class TranscriptAdmin(_ReadOnly):
    list_display = ("video", "language", "kind", "source", "duration", "owner", "created_at")
    list_filter = ("kind", "source")
    list_select_related = ("video", "owner")
    search_fields = ("=video__youtube_id", "video__title", "=owner__email")
    search_help_text = "Video id, title or owner's e-mail address"
    exclude = ("cues",)
    readonly_fields = ("text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transcript]:
        return super().get_queryset(request).defer("cues")

    @admin.display(description="cues")
    def text(self, transcript: Transcript) -> str:
        lines = [f"{start:>9.1f}  {text}" for start, _, text in transcript.cues[:_CUES_SHOWN]]
        more = len(transcript.cues) - len(lines)
        return format_html("<pre>{}{}</pre>", "\n".join(lines), f"\n… and {more} more" if more > 0 else "")


@admin.register(Summary)
class SummaryAdmin(_ReadOnly):
    list_display = ("headline", "video", "user", "engine", "model", "length", "coverage", "cost", "created_at")
    list_filter = ("engine", "length", "created_at")
    list_select_related = ("video", "user")
    search_fields = ("headline", "=video__youtube_id", "=user__email")
    search_help_text = "Headline, video id or e-mail address"
    exclude = ("content",)
    readonly_fields = ("pretty_content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Summary]:
        return super().get_queryset(request).defer("content")

    @admin.display(description="content")
    def pretty_content(self, summary: Summary) -> str:
        return format_html("<pre>{}</pre>", json.dumps(summary.content, indent=2, ensure_ascii=False))


@admin.register(Gate)
class GateAdmin(_ForBigTables):
    list_display = ("name", "tokens", "blocked_until", "blocked_since", "blocks", "reason")
    readonly_fields = ("name", "tokens", "refilled_at", "blocked_until", "blocked_since", "blocks", "reason")
    actions = ("reset",)

    @admin.action(description="Reset the selected gates", permissions=["change"])
    def reset(self, request: HttpRequest, queryset: QuerySet[Gate]) -> None:
        names = list(queryset.values_list("name", flat=True))
        for name in names:
            operations.open_gate(name)
        self.message_user(request, f"Reset {plural(len(names), 'gate')}.", messages.SUCCESS)


@admin.register(Worker)
class WorkerAdmin(_ReadOnly):
    list_display = ("name", "host", "pid", "slots", "alive", "started_at", "heard_at")
    ordering = (F("heard_at").desc(),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        alive = Worker.objects.alive().filter(pk=OuterRef("pk"))
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(is_alive=Exists(alive))

    @admin.display(boolean=True)
    def alive(self, worker: Any) -> bool:
        return bool(worker.is_alive)
