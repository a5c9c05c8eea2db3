"""What moves of the state machine are made of: those of batches and items (`lifecycle`), and of lists (`growth`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.utils import timezone

from batches import progress
from batches.models import Batch, Expansion, RejectedLine
from batches.verdicts import rest_after_loss
from summarizer import prepared
from summarizer.errors import SummarizerError, WorkerLost

# Constants, so that the statements that are made of them can be kept (`summarizer.prepared`).
_NEXT_REV = F("rev") + 1
_OUTCOME = Case(When(cancelled_videos=0, then=Value("completed")), default=Value("cancelled"))

# What items and lists are updated with.
BATCH_REV = Subquery(Batch.objects.filter(pk=OuterRef("batch_id")).order_by().values("rev"))
NO_LEASE = {"lease_holder": None, "lease_expires_at": None, "deadline_at": None}
NO_ERROR = {"error_code": "", "error_message": "", "error_retryable": False}


class LostLease(Exception):
    """This worker's attempt is not the item's any more: it expired, or the batch was cancelled. Nothing was written."""


class NotPossible(Exception):
    """The batch is not in a state from which this move exists. Nothing was written."""


@contextmanager
def moving(batch_id: UUID, *guard: prepared.Condition, **changes: object) -> Iterator[None]:
    """A transaction that begins by changing the batch's row, which locks it, and publishes at commit.

    Raises `NotPossible`, and writes nothing, if the row does not meet `guard`.
    """
    with transaction.atomic():
        if not prepared.update(Batch, *guard, {"pk": batch_id}, changes={"rev": _NEXT_REV, **changes}):
            raise NotPossible
        yield
        transaction.on_commit(lambda: progress.publish(batch_id))


def complete_if_done(batch_id: UUID) -> None:
    """Ends the batch if neither a video nor a list is left; with its row locked.

    A cancelled batch of which but some videos were tried again is cancelled again when those have ended.
    """
    ended = {"status": _OUTCOME, "completed_at": timezone.now()}
    prepared.update(Batch, Batch.IS_ACTIVE, Batch.IS_DONE, {"pk": batch_id}, changes=ended)


def seconds(setting: str) -> timedelta:
    """The time that a setting gives."""
    return timedelta(seconds=getattr(settings, setting))


def failure(error: SummarizerError) -> dict[str, object]:
    """What a failed item or list is updated with."""
    return {
        "status": "failed",
        "not_before": None,
        "finished_at": timezone.now(),
        "error_code": error.code,
        "error_message": str(error),
        "error_retryable": error.retryable,
    }


def lost(losses: int) -> dict[str, object]:
    """What a waiting item or list is updated with that has lost its worker, after `losses` others."""
    changes: dict[str, object] = {"losses": F("losses") + 1}
    if rest := rest_after_loss(losses):
        error = WorkerLost(WorkerLost.resting)
        changes |= {
            "not_before": timezone.now() + timedelta(seconds=rest),
            "error_code": error.code,
            "error_message": str(error),
            "error_retryable": True,
        }
    return changes


def fail_lists(lists: QuerySet[Expansion], error: SummarizerError) -> int:
    """Makes of each list a line that could not be taken; with the batch's row locked. Answers how many."""
    failing = list(lists)
    RejectedLine.objects.bulk_create(
        RejectedLine(batch_id=each.batch_id, expansion=each, line=each.line, text=each.text, reason=str(error)[:300])
        for each in failing
    )
    return Expansion.objects.filter(pk__in=[each.pk for each in failing]).update(**NO_LEASE, **failure(error))


def reopen_lists(batch_id: UUID, *statuses: str) -> int:
    """Lists of these states, with the lines that failed ones had become, are to be read again. Answers how many."""
    lists = Expansion.objects.filter(batch=batch_id, status__in=statuses)
    RejectedLine.objects.filter(expansion__in=lists).delete()
    again = {"status": Expansion.Status.PENDING, "deferrals": 0, "losses": 0, "blocked_at": None}
    return lists.update(**again, not_before=None, finished_at=None, **NO_ERROR)
