"""What was won from each video."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from batches.models.videos import Transcript, Video
from summarizer import records

if TYPE_CHECKING:
    from accounts.models import User


class SummaryQuerySet(models.QuerySet["Summary"]):
    def visible_to(self, user: User) -> SummaryQuerySet:
        return self.filter(user=user)


class Summary(models.Model):
    """One trustworthy summary. `content` is `records.Summary` less what has a column here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="summaries")
    video = models.ForeignKey(Video, models.CASCADE, related_name="summaries")
    transcript = models.ForeignKey(Transcript, models.SET_NULL, null=True, blank=True, related_name="summaries")
    headline = models.TextField()
    content = models.JSONField(
        help_text="overview, points [{text, seconds}], chapters [{title, start, gist}], quotes [{text, second, "
        "speaker}], topics, action_items, mentions, grounding {points, points_dropped, quotes, quotes_dropped, "
        "chapters_dropped}"
    )
    coverage = models.FloatField(help_text="Share of the transcript's segments that the engine read, 0 to 1")
    language = models.CharField(max_length=35, blank=True)
    caption_kind = models.CharField(max_length=10, choices=Transcript.Kind)
    caption_language = models.CharField(max_length=35, blank=True)
    caption_source = models.CharField(max_length=30, blank=True, help_text="Who gave them: youtube, ytdlp, upload")
    caption_tried = models.JSONField(
        default=list, blank=True, help_text="Who was asked for them before, in vain: [{source, code, reason}, …]"
    )
    length = models.CharField(max_length=10, choices=[(name, name) for name in records.LENGTHS])
    engine = models.CharField(max_length=20)
    model = models.CharField(max_length=100)
    prompt_version = models.CharField(max_length=40)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField("cost in US dollars", max_digits=12, decimal_places=6, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[SummaryQuerySet] = SummaryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "summaries"
        indexes = [models.Index(fields=["user", "-created_at"], name="summary_of_user_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(coverage__gte=0, coverage__lte=1), name="coverage_is_a_share")
        ]

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return reverse("summary", args=[self.pk])
