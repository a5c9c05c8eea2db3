"""What concerns everybody waits once, in one row, and not in every item: YouTube's patience, and the providers'.

The gate "youtube" is a token bucket (a burst, then so many fetches an hour) with a breaker: the first block closes it
for everybody, probes open it again. The gates of the engines close for as long as a provider asks us to slow down, and
count how many of its calls are in flight. The gate "all" is shut by the administrator. Claims ask here; no thread
sleeps. docs/adr/0008.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from batches.equipment import has_price
from batches.models import Batch, Gate, Item, Leave
from summarizer import prepared
from summarizer.errors import YouTubeBlocked

YOUTUBE = "youtube"
BUDGET = "budget"
ALL = "all"
PAUSED = _("Paused by the administrator.")
# After the first block, the second in a row, …; the last one repeats.
_BACK_OFF_MINUTES = (1, 2, 5, 10, 20, 30)
# How long one probe may take before another may be sent.
_PROBE = timedelta(minutes=1)
# Fetches, while YouTube has neither a pace nor blocks: nobody counts them then.
UNLIMITED = 1_000_000

_all_gates = prepared.Select(Gate.objects.all)
_gate = prepared.Select(lambda name: Gate.objects.filter(name=name), name=CharField())


class Fetch(Enum):
    """The answer to who asks for leave to fetch. A probe had better be a video that was not refused yet."""

    REFUSED = auto()
    PROBE = auto()
    GRANTED = auto()


def leave(now: datetime) -> Leave:
    """A look without a lock, for deciding what is worth trying. What is counted is taken with a lock: `take_…`."""
    gates = {gate.name: gate for gate in _all_gates()}
    if ALL in gates and gates[ALL].blocked_since:
        return Leave(0, frozenset(), paused=True)
    youtube = gates.pop(YOUTUBE, None)
    closed = {name for name, gate in gates.items() if gate.blocked_until and gate.blocked_until > now}
    limits = {name: limit for name, limit in settings.ENGINE_CONCURRENCY.items() if limit}
    closed |= {name for name, limit in limits.items() if _in_flight(name) >= limit}
    used_up = {name for name in closed if name.startswith(BUDGET)}
    return Leave(_fetches(youtube, now), frozenset(closed - used_up), _unaffordable(used_up) if used_up else None)


def _unaffordable(used_up: set[str]) -> Q:
    """What has a price, of the users who have no budget left; of all if the installation has none."""
    models = Batch.objects.active().order_by().values_list("model", flat=True).distinct()
    priced = Q(batch__model__in=[model for model in models if has_price(model)])
    if BUDGET in used_up:
        return priced
    return priced & Q(batch__user__in=[UUID(name.removeprefix(f"{BUDGET}:")) for name in used_up])


def budget_gate(user_id: UUID | None) -> str:
    """The name of the gate that closes when this user's, or with None the installation's budget is used up."""
    return f"{BUDGET}:{user_id.hex}" if user_id else BUDGET


def _fetches(gate: Gate | None, now: datetime) -> int:
    if gate is None:
        return settings.YOUTUBE_BURST if settings.YOUTUBE_PER_HOUR else UNLIMITED
    if gate.blocked_until and gate.blocked_until > now:
        return 0
    if gate.blocks:
        return 1  # a probe
    return int(_filled(gate, now)) if settings.YOUTUBE_PER_HOUR else UNLIMITED


def tokens(gate: Gate, now: datetime) -> int | None:
    """How many fetches may begin at once; None without a pace."""
    return int(_filled(gate, now)) if settings.YOUTUBE_PER_HOUR else None


def _filled(gate: Gate, now: datetime) -> float:
    """The tokens that the bucket holds at `now`."""
    earned = max(0.0, (now - gate.refilled_at).total_seconds()) * settings.YOUTUBE_PER_HOUR / 3600
    return float(min(settings.YOUTUBE_BURST, gate.tokens + earned))


def _in_flight(engine: str) -> int:
    running = Item.objects.filter(status=Item.Status.PROCESSING)
    return running.filter(Q(batch__model=engine) | Q(batch__model__startswith=f"{engine}:")).count()


def may_list(now: datetime) -> bool:
    """Whether YouTube may be asked for a list: it is while the gate does not say that YouTube refuses this address."""
    return list_reason(now) == ("", None)


def list_reason(now: datetime) -> tuple[str, datetime | None]:
    """Why no list may be read: a sentence, and until when if that is known; "" if one may."""
    shut = Q(name=YOUTUBE, blocked_until__gt=now) | Q(name=ALL, blocked_since__isnull=False)
    gate = Gate.objects.filter(shut).order_by("name").first()
    return (gate.reason or YouTubeBlocked.sentence, gate.blocked_until) if gate else ("", None)


# -- inside a claim: the gate's row is locked last, after the batch


def take_fetch(batch: Batch, lanes: int, now: datetime) -> Fetch:
    """Takes leave for one fetch, for an item that the batch counts as in flight already.

    A batch leaves a token to each whose turn is before its own and that could use it: `lanes` are not busy there.
    """
    gate = lock(YOUTUBE, now)
    if gate.blocked_until and gate.blocked_until > now:
        return Fetch.REFUSED
    if gate.blocks:
        gate.blocked_until = now + _PROBE  # one probe at a time
        gate.save(update_fields=["blocked_until"])
        Batch.objects.filter(pk=batch.pk).update(fetched_at=now)
        return Fetch.PROBE
    if not settings.YOUTUBE_PER_HOUR:
        return Fetch.GRANTED
    filled = _filled(gate, now)
    if filled < 1 or filled - 1 < _batches_ahead(batch, lanes, now):
        return Fetch.REFUSED
    gate.tokens, gate.refilled_at = filled - 1, now
    gate.save(update_fields=["tokens", "refilled_at"])
    Batch.objects.filter(pk=batch.pk).update(fetched_at=now)
    return Fetch.GRANTED


def _batches_ahead(batch: Batch, lanes: int, now: datetime) -> int:
    """How many others could fetch now and are before this one: see `Batch.objects.in_turn`."""
    claimable = Item.objects.claimable(now, leave(now)).filter(transcript=None, batch=OuterRef("pk"))
    others = Batch.objects.active().exclude(pk=batch.pk).filter(Exists(claimable), processing_videos__lt=lanes)
    earlier = Q(fetched_at=None) | Q(fetched_at__lt=batch.fetched_at) if batch.fetched_at else Q(pk__in=[])
    if batch.processing_videos + batch.completed_videos + batch.failed_videos <= Batch.HEAD_START:
        return others.filter(Batch.HAS_HEAD_START, earlier).count()
    return others.filter(Q(Batch.HAS_HEAD_START) | earlier).count()


def take_spare(now: datetime) -> bool:
    """Takes leave for requests that can as well be left out: while YouTube refuses nobody and few others wait."""
    with transaction.atomic():
        gate = lock(YOUTUBE, now)
        if gate.blocks or not may_list(now):
            return False
        if not settings.YOUTUBE_PER_HOUR:
            return True
        filled = _filled(gate, now)
        if filled < max(1.0, settings.YOUTUBE_BURST / 2):
            return False
        gate.tokens, gate.refilled_at = filled - 1, now
        gate.save(update_fields=["tokens", "refilled_at"])
        return True


def take_call(engine: str, now: datetime) -> bool:
    """Whether one more item of this engine may be in flight. The row's lock makes the count hold across workers.

    To be asked before the item itself counts as in flight.
    """
    limit = settings.ENGINE_CONCURRENCY.get(engine, 0)
    if not limit:
        return True
    gate = lock(engine, now)
    return not (gate.blocked_until and gate.blocked_until > now) and _in_flight(engine) < limit


def lock(name: str, now: datetime) -> Gate:
    """The gate's row, locked until the transaction ends."""
    locked = Gate.objects.select_for_update().filter(name=name)
    if gate := locked.first():
        return gate
    Gate.objects.get_or_create(name=name, defaults={"tokens": settings.YOUTUBE_BURST, "refilled_at": now})
    return locked.get()


# -- what workers learn


def block_youtube(reason: str, began: datetime, now: datetime) -> datetime:
    """YouTube refused this address: nobody fetches for a while, a longer one each time. Answers until when.

    A fetch that `began` before the gate was closed tells what is known: of several refused together, one counts.
    """
    Gate.objects.get_or_create(name=YOUTUBE, defaults={"tokens": 0, "refilled_at": now})
    gate = Gate.objects.get(name=YOUTUBE)
    step = _BACK_OFF_MINUTES[min(gate.blocks, len(_BACK_OFF_MINUTES) - 1)]
    until = now + timedelta(minutes=step * settings.YOUTUBE_BACK_OFF)
    news = Gate.objects.filter(Q(blocked_since=None) | Q(blocked_since__lte=began), name=YOUTUBE, blocks=gate.blocks)
    news.update(
        blocks=F("blocks") + 1, blocked_until=until, blocked_since=Coalesce("blocked_since", now), reason=reason
    )
    return Gate.objects.get(name=YOUTUBE).blocked_until or until


def pass_youtube(began: datetime) -> None:
    """A fetch that `began` then went through: the gate is open, unless it was closed while that fetch was under way.

    Written at most every few seconds while the gate is open.
    """
    gate = _gate.first(name=YOUTUBE)
    if gate is None or not (gate.blocks or gate.passed_at is None or gate.passed_at < began - timedelta(seconds=5)):
        return  # without an update, which waits for its turn to write, also when it finds nothing to change
    after_the_block = Q(blocked_since=None) | Q(blocked_since__lte=began)
    Gate.objects.filter(after_the_block, name=YOUTUBE).update(
        passed_at=began, blocks=0, blocked_until=None, blocked_since=None, reason=""
    )


def youtube_passed_since(moment: datetime | None) -> bool:
    """Whether a fetch that began after `moment` went through: then a block concerns one video, not this address."""
    return moment is not None and Gate.objects.filter(name=YOUTUBE, passed_at__gt=moment).exists()


def pause_engine(engine: str, until: datetime, reason: str) -> None:
    """A provider asks everybody to slow down until then. An earlier moment does not shorten the pause."""
    Gate.objects.get_or_create(name=engine)
    Gate.objects.filter(Q(blocked_until=None) | Q(blocked_until__lt=until), name=engine).update(
        blocked_until=until, reason=reason
    )


def close_budget(user_id: UUID | None, until: datetime, reason: str) -> None:
    """Nothing that has a price begins until then."""
    Gate.objects.update_or_create(
        name=budget_gate(user_id), defaults={"blocked_until": until, "blocked_since": timezone.now(), "reason": reason}
    )


def open_budgets() -> None:
    """Opens all of them: the budgets may be others now. What exceeds them closes them again, at no cost."""
    Gate.objects.filter(name__startswith=BUDGET).delete()


def reset(name: str) -> None:
    """Opens a gate by hand."""
    Gate.objects.filter(name=name).update(blocks=0, blocked_until=None, blocked_since=None, reason="")


def pause_all(now: datetime) -> None:
    """Nothing new begins until `resume_all`; what runs, ends. A second pause changes nothing."""
    Gate.objects.get_or_create(name=ALL)
    Gate.objects.filter(name=ALL, blocked_since=None).update(blocked_since=now, reason=PAUSED)


def resume_all(now: datetime) -> None:
    """Ends the pause. Its time does not count as YouTube's refusing, for nobody could ask."""
    paused, refused = _shut_since(ALL), _shut_since(YOUTUBE)
    if paused and refused:
        unasked = now - max(paused, refused)
        Gate.objects.filter(name=YOUTUBE, blocked_since=refused).update(blocked_since=refused + unasked)
    reset(ALL)


# -- what people ask


def paused_since() -> datetime | None:
    """Since when the administrator lets nothing begin; None if it is not so."""
    return _shut_since(ALL)


def _shut_since(name: str) -> datetime | None:
    return Gate.objects.filter(name=name).values_list("blocked_since", flat=True).first()


def blocked_too_long(now: datetime) -> bool:
    """Whether YouTube has refused everything for YOUTUBE_BLOCK_HOURS, and was asked."""
    since = now - timedelta(hours=settings.YOUTUBE_BLOCK_HOURS)
    return Gate.objects.filter(name=YOUTUBE, blocked_since__lt=since).exists() and paused_since() is None


def count_anew(now: datetime) -> None:
    """All that waited has failed: what comes from now on waits as long as they did, and is asked for meanwhile."""
    Gate.objects.filter(name=YOUTUBE, blocked_since__isnull=False).update(blocked_since=now)


def fetching_takes(videos: int, now: datetime) -> timedelta:
    """How long fetching so many transcripts takes at YouTube's pace, if nobody else fetches."""
    if not settings.YOUTUBE_PER_HOUR:
        return timedelta()
    gate = _gate.first(name=YOUTUBE)
    waiting = max(0.0, videos - (_filled(gate, now) if gate else settings.YOUTUBE_BURST))
    blocked = max(timedelta(), gate.blocked_until - now) if gate and gate.blocked_until else timedelta()
    return blocked + timedelta(hours=waiting / settings.YOUTUBE_PER_HOUR)


def reason(batch: Batch, leave: Leave, now: datetime) -> tuple[str, datetime | None]:
    """Why nothing of the batch may begin: a sentence, and until when if that is known."""
    engine = batch.engine
    if leave.unaffordable and has_price(batch.model):
        names = (budget_gate(None), budget_gate(batch.user_id))
        closed = Gate.objects.filter(name__in=names, blocked_until__gt=now).order_by("name").first()
        if closed:
            return closed.reason, closed.blocked_until
    gate = _gate.first(name=engine)
    if gate and gate.blocked_until and gate.blocked_until > now:
        return gate.reason, gate.blocked_until
    if engine in leave.closed:
        sentence = _("Waiting for a place at {engine}, which may have {number} at a time here.")
        return sentence.format(engine=engine, number=settings.ENGINE_CONCURRENCY[engine]), None
    gate = _gate.first(name=YOUTUBE)
    if gate and gate.blocked_until and gate.blocked_until > now:
        return gate.reason or YouTubeBlocked.sentence, gate.blocked_until
    missing = max(0.0, 1 - _filled(gate, now)) if gate and settings.YOUTUBE_PER_HOUR else 0.0
    pace = _("Fetching captions at YouTube's pace, {number} an hour.").format(number=settings.YOUTUBE_PER_HOUR)
    return pace, now + timedelta(hours=missing / settings.YOUTUBE_PER_HOUR) if missing else None
