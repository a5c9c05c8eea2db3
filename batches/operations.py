"""What a person can do with batches. Pages, API, admin and command line call these and only render the outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.models import User
from batches import gates, lifecycle, presentation, progress, samples, search, shelf, tasks
from batches.equipment import engine_config
from batches.errors import KeyReused, LimitReached, NotActive, NothingToRetry
from batches.filling import chunks, make_videos, saved_transcripts, uploaded, videos_left_today, write_items
from batches.intake import CaptionFile
from batches.models import Batch, DeletedBatch, Expansion, Item, RejectedLine, Summary, Transcript, Video
from batches.orders import NAME_MAX, Order, take_order, take_wishes
from batches.sentences import translated
from summarizer.engines import select
from summarizer.engines.select import ModelChoice
from summarizer.errors import InvalidInput, YouTubeBlocked
from summarizer.youtube_urls import Link

KEY_MAX = 255
_AGAIN = " (again)"
# Wishes that the extractive engine has no use for.
_IGNORED = {
    ("language",): _("The extractive engine copies the video's own sentences, so another language change nothing."),
    ("instructions",): _("The extractive engine copies the video's own sentences, so instructions change nothing."),
    ("language", "instructions"): _(
        "The extractive engine copies the video's own sentences, so another language and instructions change nothing."
    ),
}


def model_choices() -> list[ModelChoice]:
    """The engines and models this installation offers."""
    return select.choices(engine_config(), timezone.now().date())


def warnings_about(batch: Batch) -> list[str]:
    """Sentences on what was asked for and will not be had, or not for long."""
    warnings = [select.retirement_warning(batch.model, engine_config(), timezone.now().date())]
    wanted = tuple(name for name in ("language", "instructions") if batch.options.get(name))
    if wanted and batch.engine == select.EXTRACTIVE:
        warnings.append(_IGNORED[wanted])
    return [translated(warning) for warning in warnings if warning]


# -- the whole installation, for its administrator


def pause_all() -> None:
    """Nothing new begins, in any batch, until `resume_all`; what runs, ends."""
    gates.pause_all(timezone.now())


def resume_all() -> None:
    gates.resume_all(timezone.now())
    transaction.on_commit(tasks.offer_lanes)


def open_gate(name: str) -> None:
    """Opens a gate by hand: what waits for it goes on at once."""
    if name == gates.ALL:
        resume_all()
        return
    gates.reset(name)
    if name == gates.YOUTUBE:
        lifecycle.release(YouTubeBlocked.code)  # they were told to come back when the gate would open by itself
    transaction.on_commit(tasks.offer_lanes)


# -- create


def create_batch(
    user: User,
    links: Sequence[Link],
    captions: Sequence[CaptionFile] = (),
    *,
    name: str = "",
    model: str = "",
    summary_length: str = "standard",
    options: Mapping[str, object] | None = None,
    idempotency_key: str | None = None,
) -> Batch:
    """A batch of these links and caption files, which starts when it is committed.

    Duplicates are merged and counted, rejected lines are kept. The same `idempotency_key` and request give the same
    batch. Raises `InvalidInput`; `NoVideos` if nothing is a video, `KeyReused` for a key with another request.
    """
    if idempotency_key and len(idempotency_key) > KEY_MAX:
        raise InvalidInput(_("An Idempotency-Key has {number} characters at most.").format(number=KEY_MAX))
    order = take_order(links, captions, name=name, model=model, summary_length=summary_length, options=options or {})
    if idempotency_key and (earlier := _same_request(user, idempotency_key, order)):
        return earlier
    check_limits(user, len(order.entries))
    make_videos(order.entries)  # not inside: they are everybody's, and nobody must wait for this batch to be written
    try:
        with transaction.atomic():
            _one_at_a_time(user, len(order.entries))
            batch = _write(user, order, idempotency_key)
            transaction.on_commit(partial(tasks.start, batch.pk))
    except IntegrityError:
        # The other of two requests with one key was faster.
        earlier = _same_request(user, idempotency_key, order) if idempotency_key else None
        if earlier is None:
            raise
        return earlier
    return batch


def check_limits(user: User, videos: int) -> None:
    """Raises `LimitReached` if the user may not add so many videos now. Administrators may always."""
    if user.is_superuser:
        return
    most = settings.USER_ACTIVE_BATCHES
    if most and Batch.objects.active().filter(user=user).count() >= most:
        sentence = _("You have {number} active batches, the limit here. Wait for one to end, or cancel one.")
        raise LimitReached(sentence.format(number=most))
    left = videos_left_today(user)
    if left is not None and videos > left:
        sentence = _("The limit here is {daily} videos in 24 hours; {left} are left. Split the batch.")
        raise LimitReached(sentence.format(daily=f"{settings.USER_DAILY_VIDEOS:,}", left=f"{left:,}"))


def _one_at_a_time(user: User, videos: int) -> None:
    """`check_limits` again, while nobody else can add to what it counts; inside a transaction."""
    if settings.USER_ACTIVE_BATCHES or settings.USER_DAILY_VIDEOS:
        User.objects.select_for_update().get(pk=user.pk)
        check_limits(user, videos)


def fetching_left(batch: Batch) -> timedelta:
    """How long fetching the captions that are still to be fetched takes at YouTube's pace.

    What is being fetched was let in already.
    """
    unfetched = batch.items.filter(status=Item.Status.PENDING, transcript=None)
    return gates.fetching_takes(unfetched.count(), timezone.now())


def pace_notice(batch: Batch) -> str:
    """A sentence if fetching the captions that an active batch lacks takes minutes at YouTube's pace, else ""."""
    if not batch.is_active or not settings.YOUTUBE_PER_HOUR:
        return ""
    takes = presentation.about(fetching_left(batch))
    told = gettext("Fetching the captions takes {time} at YouTube's pace. You can close the page meanwhile.")
    return told.format(time=takes) if takes else ""


def _same_request(user: User, key: str, order: Order) -> Batch | None:
    earlier = Batch.objects.filter(user=user, idempotency_key=key).first()
    if earlier is not None and earlier.request_digest != order.digest:
        raise KeyReused
    return earlier


def _write(user: User, order: Order, idempotency_key: str | None) -> Batch:
    batch = Batch.objects.create(
        user=user,
        name=order.name,
        model=order.model,
        summary_length=order.length,
        options=order.options,
        total_videos=len(order.entries),
        duplicates=order.duplicates,
        lists=len(order.lists),
        open_lists=len(order.lists),
        rev=1,
        idempotency_key=idempotency_key or None,
        request_digest=order.digest,
    )
    position = 1
    for entries in chunks(order.entries):
        write_items(batch, entries, position)
        position += len(entries)
    for lists in chunks(enumerate(order.lists, 1)):
        Expansion.objects.bulk_create(_expansion(batch, position, link) for position, link in lists)
    for links in chunks(order.rejected):
        RejectedLine.objects.bulk_create(
            RejectedLine(batch=batch, line=link.line, text=link.text[:300], reason=link.reason[:300]) for link in links
        )
    return batch


def _expansion(batch: Batch, position: int, link: Link) -> Expansion:
    return Expansion(
        batch=batch,
        position=position,
        line=link.line,
        text=link.text[:300],
        kind=link.kind,
        source_id=link.id,
        tab=link.tab,
    )


def rerun_batch(
    batch: Batch,
    *,
    model: str | None = None,
    summary_length: str | None = None,
    options: Mapping[str, object] | None = None,
    name: str = "",
) -> Batch:
    """A new batch of the same videos, summarized differently; what is None stays as it was.

    Videos whose captions are saved are not asked of YouTube again; the others are fetched as usual. `options` replace
    the old ones, but for those on captions, which stay unless they are among them. Raises `InvalidInput`.
    """
    captions = {key: value for key, value in batch.options.items() if key in ("caption_languages", "manual_captions")}
    wishes = take_wishes(
        name or f"{batch.name[: NAME_MAX - len(_AGAIN)]}{_AGAIN}",
        batch.model if model is None else model,
        batch.summary_length if summary_length is None else summary_length,
        batch.options if options is None else {**captions, **options},
    )
    check_limits(batch.user, batch.total_videos)
    with transaction.atomic():
        again = Batch.objects.create(
            user=batch.user,
            name=wishes.name,
            model=wishes.model,
            summary_length=wishes.length,
            options=wishes.options,
            rev=1,
        )
        for items in chunks(batch.items.select_related("batch", "video", "transcript").defer("transcript__cues")):
            _write_items_again(again, items)
            again.total_videos += len(items)
        if not again.total_videos:
            raise InvalidInput(_("This batch has no videos yet, so there is nothing to run again."))
        again.save(update_fields=["total_videos"])
        transaction.on_commit(partial(tasks.start_lanes, again.pk))
    return again


def _write_items_again(again: Batch, items: Sequence[Item]) -> None:
    """The items in their places, each with the transcript it had, if it has captions that are asked for now too."""
    saved = saved_transcripts(again, [item.video.youtube_id for item in items if item.video.youtube_id])
    own = {item.pk: _kept_transcript(item, again) for item in items}
    Item.objects.bulk_create(
        Item(
            batch=again,
            position=item.position,
            video=item.video,
            transcript=own.get(item.pk) or saved.get(item.video.youtube_id or ""),
            rev=1,
        )
        for item in items
    )


def _kept_transcript(item: Item, again: Batch) -> Transcript | None:
    """The item's own, unless other captions are asked for now. What was the best to be had, still is."""
    if item.transcript is None or item.batch.captions == again.captions:
        return item.transcript
    return shelf.best_transcript([item.transcript], again)


def reusable_summaries(
    user: User, video_ids: Collection[str], model: str, summary_length: str, options: Mapping[str, object]
) -> dict[str, Summary]:
    """Per YouTube id the user's newest summary that the same order would only make again, where there is one.

    Same model, length, options and prompt, and made from the transcript that would be taken now. `model` is as a batch
    has it, `options` as `check_options` answers.
    """
    engine, _colon, name = model.partition(":")
    version = select.prompt_version(model)
    found: dict[str, Summary] = {}
    batch = Batch(user=user, model=model, summary_length=summary_length, options=dict(options))
    for ids in chunks(video_ids):
        transcripts = saved_transcripts(batch, ids)
        same = Summary.objects.visible_to(user).filter(
            video__youtube_id__in=ids, engine=engine, model=name or engine, length=summary_length
        )
        same = same.filter(prompt_version=version, item__isnull=False).select_related("video", "item__batch")
        for summary in same.defer("content").order_by("created_at"):
            youtube_id = summary.video.youtube_id or ""
            taken = transcripts.get(youtube_id)
            if taken and taken.pk == summary.transcript_id and summary.item.batch.options == batch.options:
                found[youtube_id] = summary
    return found


def create_sample_batch(user: User) -> Batch:
    """A batch of the bundled caption files: the whole way with no key and no network."""
    return create_batch(user, (), samples.caption_files(), name="Samples", model="extractive")


# -- change


def cancel_batch(batch: Batch) -> int:
    """Cancels what is unfinished and keeps what is done. Answers how many videos were cancelled."""
    try:
        return lifecycle.cancel(batch.pk)
    except lifecycle.NotPossible as error:
        raise NotActive from error


def retry_batch(batch: Batch, item_ids: Collection[UUID] | None = None) -> int:
    """Tries again what failed and what was cancelled, or only the items named. Answers how many videos and lists."""
    if not batch.is_active:
        check_limits(batch.user, 0)
    try:
        with transaction.atomic():
            count = lifecycle.retry(batch.pk, item_ids)
            transaction.on_commit(partial(tasks.start, batch.pk))
    except lifecycle.NotPossible as error:
        raise NothingToRetry from error
    return count


def add_captions(batch: Batch, item: Item, captions: CaptionFile) -> None:
    """The user's own captions for a video that failed, which is then tried again with them. Raises `InvalidInput`."""
    if not batch.is_active:
        check_limits(batch.user, 0)
    try:
        with transaction.atomic():
            if not batch.items.filter(pk=item.pk, status=Item.Status.FAILED).exists():
                raise InvalidInput(_("Captions can be added to a video that has failed. This one has not."))
            lifecycle.retry(batch.pk, [item.pk])
            transcript = uploaded(batch.user, item.video, captions)
            transcript.save(force_insert=True)
            Item.objects.filter(pk=item.pk).update(transcript=transcript)
            transaction.on_commit(partial(tasks.start, batch.pk))
    except lifecycle.NotPossible as error:
        raise NothingToRetry from error


def rename_batch(batch: Batch, name: str) -> None:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise InvalidInput(_("A name has 1 to {number} characters.").format(number=NAME_MAX))
    Batch.objects.filter(pk=batch.pk).update(name=name)
    batch.name = name


def delete_batch(batch: Batch) -> None:
    """Deletes the batch, its summaries, and the user's uploads that nothing else needs. Running work is cancelled."""
    with transaction.atomic():
        with suppress(lifecycle.NotPossible):  # it has ended, or is gone
            lifecycle.cancel(batch.pk)
        summaries = list(Summary.objects.filter(item__batch=batch).values_list("pk", flat=True))
        own_videos = list(Video.objects.filter(owner=batch.user, items__batch=batch).values_list("pk", flat=True))
        left = Batch.objects.select_for_update().filter(pk=batch.pk).values("user_id", "created_at", "total_videos")
        DeletedBatch.objects.bulk_create(DeletedBatch(**each) for each in left)
        Batch.objects.filter(pk=batch.pk).delete()
        for chunk in chunks(summaries):
            Summary.objects.filter(pk__in=chunk).delete()
        for chunk in chunks(own_videos):
            Video.objects.filter(pk__in=chunk, items=None).delete()
        search.forget_unused(batch.user)
        transaction.on_commit(partial(progress.publish, batch.pk))
