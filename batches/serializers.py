"""What the API reads and writes, for validation and for the schema."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils import html

from batches import money, operations, progress
from batches.models import Batch, Expansion, Item, RejectedLine, Summary
from batches.sentences import translated
from summarizer.records import LENGTHS

_OPTION = re.compile(r"options(?:\.(\w+)|\[(\w+)\])")
_OF_FORM = {"true": True, "false": False}


class Sentence(serializers.CharField):
    """A sentence as it is stored, in the language of whoever asks."""

    def to_representation(self, value: str) -> str:
        return translated(value)


class Options(serializers.DictField):
    """An object; in a form it is JSON in one field, or has a field for each: `options[newest]`, `options.newest`."""

    def get_value(self, dictionary: Any) -> Any:
        if not html.is_html_input(dictionary):
            return super().get_value(dictionary)
        if self.field_name in dictionary:
            text = dictionary[self.field_name]
            try:
                return json.loads(text or "{}")
            except (ValueError, RecursionError):
                return text  # which is refused as no object
        found = [
            (match[1] or match[2], dictionary.getlist(match[0]))
            for match in map(_OPTION.fullmatch, dictionary)
            if match
        ]
        return {name: _OF_FORM.get(values[0], values[0] if len(values) == 1 else values) for name, values in found}


class NewBatch(serializers.Serializer[Any]):
    """The body of `POST /api/batch/create`."""

    urls = serializers.ListField(
        child=serializers.CharField(max_length=5000, allow_blank=True, trim_whitespace=False),
        required=False,
        default=list,
        help_text="Links or video ids, one each. Up to 10,000 videos.",
    )
    name = serializers.CharField(required=False, allow_blank=True, default="", help_text="At most 255 characters.")
    model = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="anthropic, openai, extractive or engine:model."
    )
    summary_length = serializers.CharField(required=False, default="standard", help_text=", ".join(LENGTHS))
    options = Options(
        required=False,
        default=dict,
        help_text="language, instructions, caption_languages, manual_captions; for playlists and channels expand, "
        "newest, since. In a form: JSON.",
    )

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        if "urls" not in self.initial_data and not self.initial_data.get("files"):
            raise serializers.ValidationError({"urls": _("Send a list of links, or files in a form.")})
        return body


class NewBatchWithFiles(NewBatch):
    """The same as a form with files."""

    files = serializers.ListField(
        child=serializers.FileField(),
        required=False,
        help_text="Links: .txt, .csv, .tsv, .json, .html. Captions: .srt, .vtt, .sbv, .txt, .json3, .xml.",
    )


class CaptionsForItem(serializers.Serializer[Any]):
    """The body of `POST /api/batch/{id}/items/{item}/captions`, as a form."""

    file = serializers.FileField(help_text=".srt, .vtt, .sbv, .txt, .json3 or YouTube's .xml.")


class RerunBatch(serializers.Serializer[Any]):
    """The body of `POST /api/batch/{id}/rerun`. What is left out stays as it was."""

    model = serializers.CharField(required=False, allow_null=True, default=None)
    summary_length = serializers.CharField(required=False, allow_null=True, default=None, help_text=", ".join(LENGTHS))
    options = serializers.DictField(
        required=False, allow_null=True, default=None, help_text="Replaces language and instructions together."
    )
    name = serializers.CharField(required=False, allow_blank=True, default="", help_text="At most 255 characters.")


class EstimateShape(serializers.Serializer[Any]):
    """What a batch would cost. Videos whose length nobody knows yet are in `videos` and in none of the sums."""

    model = serializers.CharField()
    videos = serializers.IntegerField()
    measured = serializers.IntegerField(help_text="Videos whose length is known.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = serializers.CharField(allow_null=True, help_text="US dollars; null when the model's price is not known.")
    hour_cost = serializers.CharField(allow_null=True, help_text="US dollars for an hour of video.")


class UsageShape(serializers.Serializer[Any]):
    """What was paid for, thrown away answers included."""

    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField(help_text="Of the input tokens, those read from the provider's cache.")
    cost = serializers.CharField(allow_null=True, help_text="US dollars; null when a price is not known.")


class MonthQuery(serializers.Serializer[Any]):
    """The parameters of `GET /api/usage`. `month` becomes its first day."""

    month = serializers.DateField(required=False, default=None, input_formats=["%Y-%m"])


class MonthShape(serializers.Serializer[Any]):
    """What a user has spent in one month."""

    month = serializers.CharField(help_text="YYYY-MM")
    calls = serializers.IntegerField(help_text="Answers of models that were paid for.")
    usage = UsageShape()
    budget = serializers.CharField(allow_null=True, help_text="US dollars a month; null when there is no limit.")


def dollars_or_null(limit: Decimal | None) -> str | None:
    return f"{limit:.2f}" if limit else None


class LinkShape(serializers.Serializer[Any]):
    """A line of what was handed in."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    kind = serializers.CharField(help_text="playlist, channel or rejected.")
    reason = Sentence(allow_blank=True)


class PreviewShape(serializers.Serializer[Any]):
    """What a batch would be; as `preflight.Preview` has it."""

    videos = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = LinkShape(many=True)
    playlists = LinkShape(many=True, source="lists", help_text="Playlists and channels, which are read later.")
    within_playlists = serializers.IntegerField(source="within", help_text="Videos whose links name a playlist, too.")
    already_summarized = serializers.IntegerField(help_text="By you, with the same settings and captions.")
    fetching_takes = serializers.FloatField(source="seconds", help_text="Seconds, for the videos alone.")
    pace = serializers.CharField(allow_blank=True, help_text="The same in words, when it is minutes.")
    estimated_cost = EstimateShape(source="estimate")
    sentence = serializers.CharField(allow_blank=True)


ITEMS = ("all", "none", "failed")


class BatchQuery(serializers.Serializer[Any]):
    """The parameters of `GET /api/batch/{id}`."""

    items = serializers.ChoiceField(choices=ITEMS, required=False, default="all")
    since = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**63 - 1)


class ItemsQuery(serializers.Serializer[Any]):
    """The parameters of `GET /api/batch/{id}/items`, beside those of the pages."""

    status = serializers.ChoiceField(choices=Item.Status.values, required=False, default="")
    include = serializers.ChoiceField(choices=["summary"], required=False, default="")


class RetryBatch(serializers.Serializer[Any]):
    """The body of `POST /api/batch/{id}/retry`; empty means everything that failed or was cancelled."""

    items = serializers.ListField(child=serializers.UUIDField(), required=False, allow_null=True, default=None)


class Rejected(serializers.ModelSerializer[RejectedLine]):
    reason = Sentence()

    class Meta:
        model = RejectedLine
        fields = ["line", "text", "reason"]


class ProgressShape(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    processing = serializers.IntegerField()
    pending = serializers.IntegerField()
    lists = serializers.IntegerField(help_text="Playlists and channels not read yet; they may bring more videos.")
    percentage = serializers.FloatField(help_text="(completed + failed) / total × 100, floored to one decimal")


class CurrentItemShape(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    url = serializers.URLField(allow_null=True)
    video_title = serializers.CharField()
    stage = serializers.CharField(allow_null=True)


class WaitingShape(serializers.Serializer[Any]):
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class TriedShape(serializers.Serializer[Any]):
    """A transcript source that was asked and failed."""

    source = serializers.CharField(help_text="youtube or ytdlp.")  # type: ignore[assignment]  # DRF takes it off
    code = serializers.CharField(help_text="As an item's error_code.")
    reason = Sentence()


class ItemShape(serializers.Serializer[Any]):
    """One item; as `progress.item_row` writes it."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    url = serializers.URLField(allow_null=True)
    video_id = serializers.CharField(allow_null=True)
    video_title = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    duration = serializers.FloatField(allow_null=True, help_text="Seconds, once known.")
    status = serializers.ChoiceField(choices=Item.Status.choices)
    stage = serializers.CharField(allow_null=True)
    summary_id = serializers.UUIDField(allow_null=True)
    caption_source = serializers.CharField(allow_null=True, help_text="Who gave the captions of the summary.")
    caption_tried = TriedShape(
        many=True,
        help_text="Who was asked for them before, in vain. What a failed item tried, is in its error_message.",
    )
    error_code = serializers.CharField(allow_null=True)
    error_message = serializers.CharField(allow_null=True)
    retry_count = serializers.IntegerField()
    not_before = serializers.DateTimeField(allow_null=True, help_text="A deferred item waits until then.")
    uploadable = serializers.BooleanField(help_text="It has failed, and captions of yours would mend it.")


class ExpansionShape(serializers.Serializer[Any]):
    """A playlist or channel; as `progress.expansion_row` writes it."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    status = serializers.ChoiceField(choices=Expansion.Status.choices)
    found = serializers.IntegerField(help_text="Videos listed so far.")
    duplicates = serializers.IntegerField(help_text="Of these, videos that were in the batch already.")
    notice = serializers.CharField(allow_null=True, help_text="What was left out.")
    error = serializers.CharField(allow_null=True, help_text="Why it failed, or what it waits for.")


class BatchShape(serializers.ModelSerializer[Batch]):
    """A batch without its items. For many, `usages` in the context holds what `money.batches_usage` says of them."""

    progress = serializers.SerializerMethodField()
    stop_message = Sentence(read_only=True, help_text="Why the whole batch stopped, if it did.")
    rejected = Rejected(many=True, source="rejected_lines", read_only=True)
    export_url = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)
    usage = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = [
            "id",
            "name",
            "status",
            "model",
            "summary_length",
            "options",
            "total_videos",
            "completed_videos",
            "failed_videos",
            "progress",
            "rejected",
            "duplicates",
            "stop_message",
            "warnings",
            "usage",
            "export_url",
            "url",
            "rev",
            "created_at",
            "started_at",
            "completed_at",
        ]

    def get_progress(self, batch: Batch) -> ProgressShape:
        return progress.counts(batch)  # type: ignore[return-value]  # the annotation is for the schema

    def get_export_url(self, batch: Batch) -> str | None:
        return progress.export_url(batch)

    def get_usage(self, batch: Batch) -> UsageShape:
        usages: dict[UUID, money.Spending] | None = self.context.get("usages")
        usage = money.batch_usage(batch) if usages is None else usages.get(batch.pk, money.Spending())
        return usage.as_json()  # type: ignore[return-value]  # the annotation is for the schema

    def get_warnings(self, batch: Batch) -> list[str]:
        return operations.warnings_about(batch)


class BatchDetailShape(BatchShape):
    """A batch with what it is working on, and its items."""

    current_item = CurrentItemShape(allow_null=True, read_only=True)
    current_items = CurrentItemShape(many=True, read_only=True)
    waiting = WaitingShape(allow_null=True, read_only=True, help_text="Why nothing of it runs.")
    slowed = WaitingShape(allow_null=True, read_only=True, help_text="Why nothing more begins though some of it runs.")
    expansions = ExpansionShape(many=True, read_only=True)
    items = ItemShape(many=True, read_only=True)

    class Meta(BatchShape.Meta):
        fields = [*BatchShape.Meta.fields, "current_item", "current_items", "waiting", "slowed", "expansions", "items"]


class AuthorChapterShape(serializers.Serializer[Any]):
    """A chapter as the video's author named it."""

    start = serializers.FloatField(help_text="Seconds.")
    title = serializers.CharField()


class SummaryShape(serializers.ModelSerializer[Summary]):
    """One summary; `content` as the model's help text says."""

    video_id = serializers.CharField(source="video.youtube_id", allow_null=True, read_only=True)
    video_title = serializers.CharField(source="video.label", read_only=True)
    url = serializers.CharField(source="video.url", read_only=True)
    channel = serializers.CharField(source="video.channel", read_only=True)
    duration = serializers.FloatField(source="video.duration", allow_null=True, read_only=True)
    published = serializers.DateField(source="video.published", allow_null=True, read_only=True)
    caption_tried = TriedShape(many=True, read_only=True, help_text="Who was asked for the captions before, in vain.")
    author_chapters = serializers.SerializerMethodField(help_text="As the video's author wrote them.")
    usage = serializers.SerializerMethodField(help_text="What this summary took.")

    class Meta:
        model = Summary
        fields = [
            "id",
            "video_id",
            "video_title",
            "url",
            "channel",
            "duration",
            "published",
            "author_chapters",
            "headline",
            "content",
            "coverage",
            "language",
            "caption_kind",
            "caption_language",
            "caption_source",
            "caption_tried",
            "length",
            "engine",
            "model",
            "prompt_version",
            "input_tokens",
            "output_tokens",
            "cached_tokens",
            "cost",
            "usage",
            "created_at",
        ]

    @extend_schema_field(AuthorChapterShape(many=True))
    def get_author_chapters(self, summary: Summary) -> list[dict[str, Any]]:
        return [{"start": start, "title": title} for start, title in summary.video.chapters]

    def get_usage(self, summary: Summary) -> UsageShape:
        return money.of_summary(summary).as_json()  # type: ignore[return-value]  # as above


class ItemWithSummaryShape(ItemShape):
    usage = UsageShape(help_text="All that was paid for this video, failed tries included.")
    summary = SummaryShape(allow_null=True, required=False)
