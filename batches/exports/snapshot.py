"""A batch as it was at one moment, read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batches.models import Batch, Item, ItemQuerySet, RejectedLine, Summary

PAGE = 100


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a batch had completed at `batch.rev`.

    A completed item never changes again, so "completed, with a rev up to the batch's" is the same set for every pass
    over it, however long the download takes and whatever the workers do meanwhile. No transaction stays open.
    """

    batch: Batch

    @classmethod
    def of(cls, batch: Batch) -> Snapshot:
        return cls(Batch.objects.get(pk=batch.pk))

    def has_summary(self, item: Item) -> bool:
        return item.status == Item.Status.COMPLETED and item.rev <= self.batch.rev

    def completed(self) -> Iterator[tuple[Item, Summary]]:
        """Items with `video`, and their summaries, by position."""
        done = Item.objects.filter(status=Item.Status.COMPLETED, rev__lte=self.batch.rev)
        for page in self._pages(done.select_related("video")):
            # Not by select_related: item and summary would hold each other, and wait for the garbage collector.
            summaries = Summary.objects.in_bulk([item.summary_id for item in page])
            if len(summaries) < len(page):
                raise Batch.DoesNotExist
            yield from ((item, summaries[item.summary_id]) for item in page if item.summary_id)

    def items(self) -> Iterator[Item]:
        """Every item with `video`, by position, without the bulk of the summaries."""
        return (item for page in self._pages(Item.objects.select_related("video")) for item in page)

    def without_summary(self) -> Iterator[Item]:
        return (item for item in self.items() if not self.has_summary(item))

    def rejected(self) -> Iterator[RejectedLine]:
        """Rejected lines in the order in which they were pasted, which is that of their keys."""
        last = 0
        while page := list(self.batch.rejected_lines.filter(pk__gt=last).order_by("pk")[:PAGE]):
            last = page[-1].pk
            yield from page

    def _pages(self, items: ItemQuerySet) -> Iterator[list[Item]]:
        position = 0
        while page := list(items.filter(batch=self.batch, position__gt=position).order_by("position")[:PAGE]):
            position = page[-1].position
            yield page
        Batch.objects.only("pk").get(pk=self.batch.pk)


def reason(snapshot: Snapshot, item: Item) -> tuple[str, str]:
    """(status, sentence) of an item that the snapshot has no summary of."""
    if item.status == Item.Status.COMPLETED:
        return "pending", "Was summarized after this export began. Export again to get it."
    sentences = {
        Item.Status.PENDING.value: "Waits for its turn.",
        Item.Status.PROCESSING.value: "Is being summarized.",
        Item.Status.CANCELLED.value: "Was cancelled before it was summarized. Retry the batch to get it.",
    }
    return item.status, item.error_message or sentences.get(item.status, "")
