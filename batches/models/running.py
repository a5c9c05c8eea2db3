"""What runs: the gates that concern everybody, and the processes that work."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Gate(models.Model):
    """What concerns everybody: a token bucket and a breaker for one resource, such as fetching from YouTube."""

    name = models.CharField(max_length=40, primary_key=True)
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField(default=timezone.now)
    blocked_until = models.DateTimeField(null=True, blank=True)
    blocked_since = models.DateTimeField(null=True, blank=True)
    blocks = models.PositiveIntegerField("blocks in a row", default=0)
    passed_at = models.DateTimeField("last let through", null=True, blank=True)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self, now: datetime | None = None) -> WorkerQuerySet:
        """Heard within a lease's time."""
        now = now or timezone.now()
        return self.filter(heard_at__gte=now - timedelta(seconds=settings.LEASE_SECONDS))

    def serving(self, now: datetime | None = None) -> WorkerQuerySet:
        """Those of them that take any batch. A command line works on its own alone, and has no slots for others."""
        return self.alive(now).filter(slots__gt=0)

    def last_heard(self) -> datetime | None:
        heard: dict[str, Any] = self.aggregate(last=models.Max("heard_at"))
        last: datetime | None = heard["last"]
        return last


class Worker(models.Model):
    """A process that works on items: one boot of it, which holds the leases of what it works on."""

    boot_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    slots = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar[WorkerQuerySet] = WorkerQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name
