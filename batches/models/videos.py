"""Videos and their transcripts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from summarizer import records

if TYPE_CHECKING:
    from accounts.models import User


class Video(models.Model):
    """A YouTube video, shared by everybody; or an uploaded caption file without a video id, its owner's alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youtube_id = models.CharField(max_length=11, unique=True, null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=500, blank=True)
    channel = models.CharField(max_length=200, blank=True)
    duration = models.FloatField("duration in seconds", null=True, blank=True)
    published = models.DateField(null=True, blank=True)
    thumbnail_url = models.URLField(max_length=500, blank=True)
    chapters = models.JSONField(
        "the author's chapters", default=list, blank=True, help_text="[[start second, title], …]"
    )
    described_at = models.DateTimeField("particulars read", null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(youtube_id__isnull=False, owner=None) | Q(youtube_id=None, owner__isnull=False),
                name="videos_are_on_youtube_or_somebodys",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.title or self.youtube_id or "Untitled"

    @property
    def url(self) -> str:
        return records.Video(self.youtube_id or "").url

    def moment_url(self, second: float) -> str:
        """A link that opens the video at this second; "" for an uploaded file."""
        return f"{self.url}&t={int(second)}s" if self.youtube_id else ""

    def as_record(self) -> records.Video:
        return records.Video(
            id=self.youtube_id or "",
            title=self.title,
            channel=self.channel,
            duration=self.duration,
            published=self.published,
            thumbnail_url=self.thumbnail_url,
            chapters=tuple(records.AuthorChapter(title, start) for start, title in self.chapters),
        )


class TranscriptQuerySet(models.QuerySet["Transcript"]):
    def usable_by(self, user: User | UUID) -> TranscriptQuerySet:
        """What YouTube gave anybody, and what this user uploaded. Nobody else's uploads."""
        return self.filter(Q(owner=None) | Q(owner=user))


class Transcript(models.Model):
    """One caption track. Fetched from YouTube it has no owner and is shared; uploaded it is its uploader's."""

    class Kind(models.TextChoices):
        MANUAL = "manual", "written captions"
        GENERATED = "generated", "automatic captions"
        UPLOADED = "uploaded", "uploaded captions"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="transcripts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    language = models.CharField(max_length=35, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=30)
    tried = models.JSONField(
        default=list, blank=True, help_text="Who was asked before, in vain: [{source, code, reason}, …]"
    )
    by_default = models.BooleanField(default=True, help_text="What YouTube gives to who asks for no language")
    cues = models.JSONField(help_text="[[start second, duration, text], …]")
    duration = models.FloatField("duration in seconds", default=0)
    tokens = models.PositiveIntegerField("estimated tokens", default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[TranscriptQuerySet] = TranscriptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "language", "kind"], condition=Q(owner=None), name="one_shared_transcript_per_track"
            ),
            models.CheckConstraint(
                condition=Q(kind="uploaded", owner__isnull=False) | (~Q(kind="uploaded") & Q(owner=None)),
                name="uploaded_transcripts_have_an_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.video} · {self.language} · {self.get_kind_display()}"

    def as_record(self) -> records.Transcript:
        cues = tuple(records.Cue(start, duration, text) for start, duration, text in self.cues)
        return records.Transcript(cues, self.language, self.kind, self.source)  # type: ignore[arg-type]  # checked by choices
