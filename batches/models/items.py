"""One video of one batch: its state, its leases, its saved parts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from batches.models.batches import Batch
from batches.models.videos import Transcript, Video

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Leave:
    """What the gates let begin now: so many fetches from YouTube, and calls of any engine that is not `closed`.

    `unaffordable` are the items that no budget is left for. Nothing begins while the installation is `paused`.
    """

    fetches: int
    closed: frozenset[str]
    unaffordable: Q | None = None
    paused: bool = False


class ItemQuerySet(models.QuerySet["Item"]):
    def visible_to(self, user: User) -> ItemQuerySet:
        return self.filter(batch__user=user)

    def claimable(self, now: datetime, leave: Leave | None = None) -> ItemQuerySet:
        """Pending, not told to wait beyond `now`, and, with `leave`, not held up by a gate that concerns everybody."""
        if leave and leave.paused:
            return self.none()
        items = self.filter(Q(not_before=None) | Q(not_before__lte=now), status=Item.Status.PENDING)
        if leave and not leave.fetches:
            items = items.exclude(transcript=None)
        for engine in leave.closed if leave else ():
            items = items.exclude(Q(batch__model=engine) | Q(batch__model__startswith=f"{engine}:"))
        return items.exclude(leave.unaffordable) if leave and leave.unaffordable else items

    def expired(self, now: datetime) -> ItemQuerySet:
        """Held by a worker that was not heard in time."""
        return self.filter(status=Item.Status.PROCESSING, lease_expires_at__lt=now)

    def unfinished(self) -> ItemQuerySet:
        return self.filter(status__in=Item.UNFINISHED)

    def without_summary(self) -> ItemQuerySet:
        return self.filter(summary=None)


class Item(models.Model):
    """One video of one batch. `attempt` is the fence: a write names the attempt it belongs to, or does not happen."""

    class Status(models.TextChoices):
        PENDING = "pending", "waiting"
        PROCESSING = "processing", "running"
        COMPLETED = "completed", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    class Stage(models.TextChoices):
        NONE = "", ""
        STARTING = "starting", "starting"
        TRANSCRIPT = "transcript", "getting captions"
        SUMMARIZING = "summarizing", "summarizing"
        CHECKING = "checking", "checking citations"
        SAVING = "saving", "saving"

    UNFINISHED: ClassVar[tuple[str, ...]] = ("pending", "processing")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(help_text="1, 2, 3 … in the order of the links")
    video = models.ForeignKey(Video, models.RESTRICT, related_name="items")
    expansion = models.ForeignKey("Expansion", models.SET_NULL, null=True, blank=True, related_name="items")
    note = models.JSONField(default=dict, blank=True, help_text="What stood beside the link in the user's table")
    transcript = models.ForeignKey(Transcript, models.SET_NULL, null=True, blank=True, related_name="items")
    summary = models.OneToOneField("Summary", models.RESTRICT, null=True, blank=True, related_name="item")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.NONE, blank=True)
    rev = models.PositiveBigIntegerField(default=0, editable=False)

    attempt = models.PositiveIntegerField(default=0, editable=False)
    losses = models.PositiveIntegerField(default=0, editable=False)
    deferrals = models.PositiveIntegerField(default=0, editable=False)
    retry_count = models.PositiveIntegerField(default=0, editable=False)

    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    blocked_at = models.DateTimeField("last refused by YouTube", null=True, blank=True, editable=False)
    lease_holder = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    deadline_at = models.DateTimeField(null=True, blank=True, editable=False)

    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True, help_text="Why it failed, or what it waits for.")
    error_retryable = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ItemQuerySet] = ItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["batch", "position"]
        indexes = [
            models.Index(fields=["batch", "status", "position"], name="item_next_of_batch"),
            models.Index(fields=["batch", "rev"], name="item_changed_since"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="processing"), name="item_expired_lease"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_item_per_position"),
            models.CheckConstraint(
                condition=~Q(status="failed") | (~Q(error_code="") & ~Q(error_message="")), name="failed_items_say_why"
            ),
            models.CheckConstraint(
                condition=Q(status="completed", summary__isnull=False) | (~Q(status="completed") & Q(summary=None)),
                name="completed_items_have_a_summary",
            ),
            models.CheckConstraint(
                condition=Q(status="processing", lease_holder__isnull=False, lease_expires_at__isnull=False)
                | (~Q(status="processing") & Q(lease_holder=None, lease_expires_at=None)),
                name="only_processing_items_are_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.video}"

    @property
    def waits_until(self) -> datetime | None:
        """When a deferred item may go on; None if it waits for nothing but a free worker."""
        waiting = self.status == self.Status.PENDING and self.not_before and self.not_before > timezone.now()
        return self.not_before if waiting else None


class SummaryPart(models.Model):
    """The answer for one part of a long video, kept so that no retry pays for it again. Goes when its item ends."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="parts")
    key = models.CharField(max_length=64, help_text="SHA-256 of engine, model, prompt, request and the part's text")
    position = models.PositiveIntegerField()
    draft = models.JSONField()
    usage = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "key"], name="one_answer_per_part")]

    def __str__(self) -> str:
        return f"{self.item} · part {self.position + 1}"
