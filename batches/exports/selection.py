"""Summaries of one user from any batches, in the shape of a batch that has ended: every format can write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from batches.exports.snapshot import PAGE, Snapshot
from batches.models import Batch, Item, RejectedLine, Summary


@dataclass(frozen=True, slots=True)
class Selection(Snapshot):
    """`batch` and its items exist in memory only. A summary that is deleted meanwhile is left out."""

    user: User
    summary_ids: Sequence[UUID]

    @classmethod
    def of_user(cls, user: User, summary_ids: Sequence[UUID], name: str) -> Selection:
        """In the order of `summary_ids`; what is not the user's is left out."""
        now, count = timezone.now(), len(summary_ids)
        batch = Batch(
            user=user,
            name=name,
            status=Batch.Status.COMPLETED,
            total_videos=count,
            completed_videos=count,
            created_at=now,
            completed_at=now,
        )
        return cls(batch, user, summary_ids)

    def has_summary(self, item: Item) -> bool:
        return item.summary_id is not None

    def completed(self) -> Iterator[tuple[Item, Summary]]:
        for start in range(0, len(self.summary_ids), PAGE):
            keys = self.summary_ids[start : start + PAGE]
            found = Summary.objects.select_related("video").in_bulk(keys)
            for position, key in enumerate(keys, start + 1):
                summary = found.get(key)
                if summary is not None and summary.user_id == self.user.pk:
                    yield self._item(position, summary), summary

    def items(self) -> Iterator[Item]:
        return (item for item, _ in self.completed())

    def without_summary(self) -> Iterator[Item]:
        return iter(())

    def rejected(self) -> Iterator[RejectedLine]:
        return iter(())

    def _item(self, position: int, summary: Summary) -> Item:
        done = Item.Status.COMPLETED
        return Item(position=position, video=summary.video, summary_id=summary.pk, status=done)
