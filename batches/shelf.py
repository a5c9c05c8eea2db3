"""Between rows and the engine's records: saved transcripts, saved parts of long videos, finished summaries."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import UUIDField
from django.utils import timezone

from batches.models import Batch, Item, Summary, SummaryPart, Transcript, Video
from summarizer import languages, prepared, records
from summarizer.draft import Draft
from summarizer.engines.base import Answer
from summarizer.text import estimated_tokens

_COLUMNS = {"headline", "coverage", "language", "engine", "model", "prompt_version", "usage"}

_PARTICULARS = ("title", "channel", "duration", "published", "thumbnail_url", "chapters", "described_at")

_usable_transcripts = prepared.Select(
    lambda user, video: Transcript.objects.usable_by(user).filter(video=video), user=UUIDField(), video=UUIDField()
)


def saved_transcript(item: Item) -> Transcript | None:
    """A saved transcript of the item's video that its user may use and its batch would take: uploads first."""
    return best_transcript(_usable_transcripts(user=item.batch.user_id, video=item.video_id), item.batch)


def best_transcript(transcripts: list[Transcript], batch: Batch) -> Transcript | None:
    """The user's upload, else the shared one highest in the batch's languages; None if it wants others fetched.

    A batch that asks for nothing gets what YouTube gives by default, never what somebody else had asked for. One that
    asks for “en” takes “en-US”, as it would from YouTube; Chinese in the other script is another thing.
    """
    wanted, manual_only = batch.captions.languages, batch.captions.manual_only

    def rank(transcript: Transcript) -> tuple[bool, tuple[int, bool, bool, int]]:
        generated = transcript.kind == Transcript.Kind.GENERATED
        return transcript.owner_id is None, languages.rank(transcript.language, generated, wanted)

    def fits(transcript: Transcript) -> bool:
        if transcript.owner_id:
            return True
        if manual_only and transcript.kind == Transcript.Kind.GENERATED:
            return False
        if not wanted:
            return transcript.by_default
        near = [languages.nearness(language, transcript.language) for language in wanted]
        return any(each is not None and each < languages.OTHER_SCRIPT for each in near)

    return min(filter(fits, transcripts), key=rank, default=None)


def save_fetched(video: Video, fetched: records.Fetched, *, by_default: bool) -> Transcript:
    """Saves what YouTube gave, for everybody: the video's particulars and the transcript.

    `by_default`: nothing had been asked for.
    """
    found, transcript = fetched.video, fetched.transcript
    captions = {
        "source": transcript.source,
        "tried": [asdict(each) for each in fetched.tried],
        "cues": [[cue.start, cue.duration, cue.text] for cue in transcript.cues],
        "duration": transcript.duration,
        "tokens": tokens_of(transcript),
    }
    track: dict[str, Any] = {"video": video, "owner": None, "language": transcript.language, "kind": transcript.kind}
    with transaction.atomic():
        save_particulars(video, found)
        try:
            with transaction.atomic():
                return Transcript.objects.create(**track, **captions, by_default=by_default)
        except IntegrityError:  # it is there already, which is seldom: who wants it, looks before fetching
            changes = captions | ({"by_default": True} if by_default else {})
            return Transcript.objects.update_or_create(**track, defaults=changes)[0]


def save_particulars(video: Video, found: records.Video) -> None:
    """Title, channel, length … as YouTube says they are now; what it does not say stays."""
    video.title = found.title[:500] or video.title
    video.channel = found.channel[:200] or video.channel
    video.duration = found.duration or video.duration
    video.published = found.published or video.published
    video.thumbnail_url = found.thumbnail_url[:500] or video.thumbnail_url
    video.chapters = [[chapter.start, chapter.title] for chapter in found.chapters]
    video.described_at = timezone.now()
    prepared.update(Video, {"pk": video.pk}, changes={name: getattr(video, name) for name in _PARTICULARS})


def save_as_described(video: Video) -> None:
    """YouTube was asked what the video is, and does not say it any more."""
    Video.objects.filter(pk=video.pk).update(described_at=timezone.now())


def tokens_of(transcript: records.Transcript) -> int:
    """About how many tokens a model reads of it."""
    return sum(estimated_tokens(cue.text) for cue in transcript.cues)


def save_title(video: Video, title: str) -> None:
    """Keeps the title of a video that could not be fetched, so that its failure has a name."""
    Video.objects.filter(pk=video.pk, title="").update(title=title[:500])


def summary_row(item: Item, transcript: Transcript, summary: records.Summary) -> Summary:
    """An unsaved row that holds `summary`."""
    content: dict[str, Any] = {key: value for key, value in asdict(summary).items() if key not in _COLUMNS}
    return Summary(
        user_id=item.batch.user_id,
        video=item.video,
        transcript=transcript,
        headline=summary.headline,
        content=content,
        coverage=summary.coverage,
        language=summary.language,
        caption_kind=transcript.kind,
        caption_language=transcript.language,
        caption_source=transcript.source,
        caption_tried=transcript.tried,
        length=item.batch.summary_length,
        engine=summary.engine,
        model=summary.model,
        prompt_version=summary.prompt_version,
        input_tokens=summary.usage.input_tokens,
        output_tokens=summary.usage.output_tokens,
        cached_tokens=summary.usage.cached_tokens,
        cost=summary.usage.cost,
    )


class Parts:
    """The pipeline's `PartStore` of one item: an answer once paid for is not paid for again."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self.may_exist = item.attempt > 1  # nothing was saved before the first attempt

    def get(self, key: str) -> Answer | None:
        if not self.may_exist:
            return None
        part = SummaryPart.objects.filter(item=self._item, key=key).first()
        if part is None:
            return None
        usage = dict(part.usage)
        cost = usage.pop("cost", None)
        return Answer(
            Draft.model_validate(part.draft), records.Usage(**usage, cost=None if cost is None else Decimal(cost))
        )

    def put(self, key: str, index: int, answer: Answer) -> None:
        self.may_exist = True
        usage = asdict(answer.usage)
        usage["cost"] = None if answer.usage.cost is None else str(answer.usage.cost)
        SummaryPart.objects.get_or_create(
            item=self._item,
            key=key,
            defaults={"position": index, "draft": answer.draft.model_dump(mode="json"), "usage": usage},
        )

    def forget(self) -> None:
        """Throws away what led to nothing, so that a retry asks anew."""
        SummaryPart.objects.filter(item=self._item).delete()
