"""Batches, their items, and what was won from each video. Invariants are database constraints; questions are querysets.

`Batch.status` and `Item.status` are written by `batches.lifecycle` only.
"""

from batches.ledger import Charge, Hold, MonthlySpending
from batches.models.batches import Batch, BatchQuerySet, DeletedBatch, Expansion, ExpansionQuerySet, RejectedLine
from batches.models.items import Item, ItemQuerySet, Leave, SummaryPart
from batches.models.running import Gate, Worker, WorkerQuerySet
from batches.models.summaries import Summary, SummaryQuerySet
from batches.models.videos import Transcript, TranscriptQuerySet, Video
from batches.search_index import Facet, SearchEntry

__all__ = [
    "Batch",
    "BatchQuerySet",
    "Charge",
    "DeletedBatch",
    "Expansion",
    "ExpansionQuerySet",
    "Facet",
    "Gate",
    "Hold",
    "Item",
    "ItemQuerySet",
    "Leave",
    "MonthlySpending",
    "RejectedLine",
    "SearchEntry",
    "Summary",
    "SummaryPart",
    "SummaryQuerySet",
    "Transcript",
    "TranscriptQuerySet",
    "Video",
    "Worker",
    "WorkerQuerySet",
]
