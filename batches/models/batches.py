"""Batches, and what belongs to the order as a whole: lines that were rejected, lists that are expanded."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.urls import reverse
from django.utils import timezone

from summarizer import records

if TYPE_CHECKING:
    from accounts.models import User


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User) -> BatchQuerySet:
        """A user's own batches. Staff look at others' in the admin, not here."""
        return self.filter(user=user)

    def active(self) -> BatchQuerySet:
        return self.filter(Batch.IS_ACTIVE)

    def done(self) -> BatchQuerySet:
        """Nothing is waiting or running, and every list is read."""
        return self.filter(Batch.IS_DONE)

    def in_turn(self) -> Self:
        """Who fetches next comes first: batches with a head start, then whoever fetched least recently."""
        return self.order_by(
            ExpressionWrapper(Batch.HAS_HEAD_START, models.BooleanField()).desc(),
            F("fetched_at").asc(nulls_first=True),
            F("served_at").asc(nulls_first=True),
            "created_at",
        )


class Batch(models.Model):
    """Many videos, one order. The five counters always tell what the items' states are; `rev` counts its changes.

    `open_lists` counts the playlists and channels that are still to be read; until then more videos may come.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "waiting"
        PROCESSING = "processing", "running"
        COMPLETED = "completed", "done"
        CANCELLED = "cancelled", "cancelled"

    ACTIVE: ClassVar[tuple[str, ...]] = ("pending", "processing")
    IS_ACTIVE: ClassVar[Q] = Q(status__in=ACTIVE)
    IS_DONE: ClassVar[Q] = Q(
        total_videos=F("completed_videos") + F("failed_videos") + F("cancelled_videos"), open_lists=0
    )
    # The first videos of a batch come before the later ones of others, so that a small one is not kept by a large one.
    HEAD_START: ClassVar[int] = 10
    HAS_HEAD_START: ClassVar[Q] = Q(processing_videos__lt=HEAD_START - F("completed_videos") - F("failed_videos"))

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="batches")
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    model = models.CharField(max_length=120, help_text="extractive, or engine:model")
    summary_length = models.CharField(max_length=10, choices=[(name, name) for name in records.LENGTHS])
    options = models.JSONField(default=dict, blank=True)

    total_videos = models.PositiveIntegerField(default=0)
    processing_videos = models.PositiveIntegerField(default=0)
    completed_videos = models.PositiveIntegerField(default=0)
    failed_videos = models.PositiveIntegerField(default=0)
    cancelled_videos = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    lists = models.PositiveIntegerField("playlists and channels", default=0)
    open_lists = models.PositiveIntegerField("playlists and channels not read yet", default=0)
    rev = models.PositiveBigIntegerField(default=0, editable=False)

    stop_code = models.CharField(max_length=40, blank=True)
    stop_message = models.TextField(blank=True, help_text="Why the whole batch stopped, if it did.")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True, editable=False)
    request_digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    served_at = models.DateTimeField(null=True, blank=True, editable=False)
    fetched_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[BatchQuerySet] = BatchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="batch_of_user_newest"),
            models.Index(fields=["status"], name="batch_active"),  # whole: SQLite would not use a part for active()
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_batch_per_idempotency_key"),
            models.CheckConstraint(
                condition=Q(
                    total_videos__gte=F("processing_videos")
                    + F("completed_videos")
                    + F("failed_videos")
                    + F("cancelled_videos")
                ),
                name="batch_counters_stay_within_the_total",
            ),
            models.CheckConstraint(
                condition=~Q(status="completed")
                | Q(total_videos=F("completed_videos") + F("failed_videos"), open_lists=0),
                name="completed_batches_have_nothing_left",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | Q(processing_videos=0, open_lists=0),
                name="cancelled_batches_have_nothing_running",
            ),
            models.CheckConstraint(condition=Q(open_lists__lte=F("lists")), name="open_lists_stay_within_all_lists"),
            models.CheckConstraint(
                condition=Q(status__in=("completed", "cancelled"), completed_at__isnull=False)
                | Q(status__in=("pending", "processing"), completed_at=None),
                name="ended_batches_say_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("batch", args=[self.pk])

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def engine(self) -> str:
        return self.model.partition(":")[0]

    @property
    def pending_videos(self) -> int:
        return (
            self.total_videos
            - self.processing_videos
            - self.completed_videos
            - self.failed_videos
            - self.cancelled_videos
        )

    @property
    def percentage(self) -> float:
        """(completed + failed) / total × 100 with one decimal, floored: 100 only when nothing is left."""
        ended = self.completed_videos + self.failed_videos
        share = ended * 1000 // self.total_videos / 10 if self.total_videos else 0.0
        if self.status == self.Status.COMPLETED:
            return 100.0  # also of a batch whose lists held nothing
        return min(share, 99.9) if self.open_lists else share

    @property
    def request(self) -> records.SummaryRequest:
        return records.SummaryRequest(
            length=self.summary_length,  # type: ignore[arg-type]  # checked by choices
            language=str(self.options.get("language", "")),
            instructions=str(self.options.get("instructions", "")),
        )

    @property
    def captions(self) -> records.CaptionChoice:
        languages = self.options.get("caption_languages") or settings.CAPTION_LANGUAGES
        return records.CaptionChoice(tuple(languages), manual_only=bool(self.options.get("manual_captions")))


class DeletedBatch(models.Model):
    """What is left of a deleted batch for a day: that it counts against the videos its user may add in one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()  # the batch's own
    total_videos = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["user", "created_at"])]

    def __str__(self) -> str:
        return f"{self.total_videos} of {self.created_at:%Y-%m-%d %H:%M}"


class RejectedLine(models.Model):
    """A pasted line that looks like a link and is none that we can take: kept, so that nothing is lost silently."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rejected_lines")
    expansion = models.ForeignKey("Expansion", models.CASCADE, null=True, blank=True, related_name="+")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["line", "pk"]

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


class ExpansionQuerySet(models.QuerySet["Expansion"]):
    def open(self) -> ExpansionQuerySet:
        return self.filter(status__in=Expansion.OPEN)

    def claimable(self, now: datetime) -> ExpansionQuerySet:
        """Pending, and not told to wait beyond `now`."""
        return self.filter(Q(not_before=None) | Q(not_before__lte=now), status=Expansion.Status.PENDING)

    def expired(self, now: datetime) -> ExpansionQuerySet:
        """Held by a worker that was not heard in time."""
        return self.filter(status=Expansion.Status.PROCESSING, lease_expires_at__lt=now)


class Expansion(models.Model):
    """A playlist or channel of a batch, which becomes its videos. `attempt` fences as it does for items."""

    class Kind(models.TextChoices):
        PLAYLIST = "playlist", "playlist"
        CHANNEL = "channel", "channel"

    class Status(models.TextChoices):
        PENDING = "pending", "waiting"
        PROCESSING = "processing", "being read"
        COMPLETED = "completed", "read"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    OPEN: ClassVar[tuple[str, ...]] = ("pending", "processing")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="expansions")
    position = models.PositiveIntegerField(help_text="1, 2, 3 … in the order of the links")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=300)
    kind = models.CharField(max_length=8, choices=Kind)
    source_id = models.CharField(max_length=120, help_text="The playlist's id, or the channel's id or name")
    tab = models.CharField(max_length=12, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    found = models.PositiveIntegerField(default=0, help_text="Videos listed so far")
    duplicates = models.PositiveIntegerField(default=0, help_text="Of these, videos that were in the batch already")
    notice = models.CharField(max_length=300, blank=True, help_text="What was left out, and why.")

    attempt = models.PositiveIntegerField(default=0, editable=False)
    losses = models.PositiveIntegerField(default=0, editable=False)
    deferrals = models.PositiveIntegerField(default=0, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    blocked_at = models.DateTimeField("last refused by YouTube", null=True, blank=True, editable=False)
    lease_holder = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    deadline_at = models.DateTimeField(null=True, blank=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True, help_text="Why it failed, or what it waits for.")
    error_retryable = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ExpansionQuerySet] = ExpansionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["batch", "position"]
        indexes = [
            models.Index(fields=["status"], condition=Q(status__in=("pending", "processing")), name="expansion_open")
        ]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_list_per_position"),
            models.CheckConstraint(
                condition=~Q(status="failed") | (~Q(error_code="") & ~Q(error_message="")), name="failed_lists_say_why"
            ),
            models.CheckConstraint(
                condition=Q(status="processing", lease_holder__isnull=False, lease_expires_at__isnull=False)
                | (~Q(status="processing") & Q(lease_holder=None, lease_expires_at=None)),
                name="only_processing_lists_are_leased",
            ),
        ]

    def __str__(self) -> str:
        return self.text
