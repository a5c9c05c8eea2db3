"""A batch as a terminal shows it: a line for each video that has ended, and a bar where somebody watches."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.core.management.base import OutputWrapper
from django.urls import reverse

from batches import progress
from batches.exports.names import one_line
from batches.models import Batch, Item
from batches.presentation import plural

_REJECTED_SHOWN = 20
_BAR = 24


class Display:
    """`begin`, then `update` as often as one likes, then `end`. Summaries go to `out`, what is missing to `err`."""

    def __init__(self, batch: Batch, out: OutputWrapper, err: OutputWrapper) -> None:
        self._batch_id = batch.pk
        self._batch = batch
        self._out = out
        self._err = err
        self._rev = batch.rev if batch.started_at else 0
        self._watched = out.isatty()
        self._reason = ""

    def begin(self) -> None:
        batch = self._batch
        merged = f", {plural(batch.duplicates, 'duplicate')} merged" if batch.duplicates else ""
        self._out.write(f"{one_line(batch.name)}: {plural(batch.total_videos, 'video')}{merged}, {batch.model}")
        lines = batch.rejected_lines.order_by("line", "pk")
        for line in lines[:_REJECTED_SHOWN]:
            self._err.write(f"Line {line.line} was not taken: {one_line(line.text)} — {line.reason}")
        more = lines.count() - _REJECTED_SHOWN
        if more > 0:
            self._err.write(f"{plural(more, 'more line')} not taken; the ZIP's failed.csv lists them.")

    def update(self) -> None:
        """Shows what has ended since the last call."""
        # The revision before the items: at worst a change is seen twice, and `_rev` keeps it from being shown twice.
        batch = Batch.objects.get(pk=self._batch_id)
        if batch.rev != self._rev:
            self.clear()
            ended = Item.objects.filter(batch=batch, rev__gt=self._rev, rev__lte=batch.rev)
            ended = ended.filter(status__in=(Item.Status.COMPLETED, Item.Status.FAILED)).order_by("rev", "position")
            for item in ended.select_related("video", "summary").defer("summary__content"):
                self._show(item, batch)
            self._rev = batch.rev
        self._say_why_it_waits(batch)
        self._draw(batch)
        self._out.flush()  # also into a pipe, where somebody may read along

    def end(self, batch: Batch) -> None:
        self.update()
        self.clear()
        missing = batch.total_videos - batch.completed_videos
        counts = f"{batch.completed_videos} of {plural(batch.total_videos, 'video')} summarized"
        self._out.write(f"{counts}{f', {missing} not' if missing else ''}. {address(batch.get_absolute_url())}")
        if batch.stop_message:
            self._err.write(batch.stop_message)

    def clear(self) -> None:
        """Takes the bar away, so that a line can be written in its place."""
        if self._watched:
            self._out.write("\r\x1b[2K", ending="")

    def _show(self, item: Item, batch: Batch) -> None:
        heading = f"{item.position}/{batch.total_videos} {one_line(item.video.label)}"
        if item.summary:
            self._out.write(f"{heading}\n    {one_line(item.summary.headline)}")
            self._out.write(f"    {address(reverse('summary', args=[item.summary_id]))}")
        else:
            self._err.write(f"{heading}\n    {one_line(item.error_message)}")

    def _say_why_it_waits(self, batch: Batch) -> None:
        """Each reason once, and none for a wait of moments."""
        waiting = progress.waiting(batch)
        if waiting and waiting["until"] and waiting["reason"] != self._reason:
            self.clear()
            self._reason = waiting["reason"]
            self._err.write(one_line(self._reason))

    def _draw(self, batch: Batch) -> None:
        if not self._watched or not batch.is_active:
            return
        ended = batch.completed_videos + batch.failed_videos
        filled = _BAR * ended // max(1, batch.total_videos)
        failed = f", {batch.failed_videos} failed" if batch.failed_videos else ""
        bar = f"[{'#' * filled}{'.' * (_BAR - filled)}] {batch.percentage:g}%  {ended}/{batch.total_videos}{failed}"
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r\x1b[2K{f'{bar}, {batch.processing_videos} running'[:width]}", ending="")


def address(path: str) -> str:
    """Where the local server shows it; the path alone where we cannot know the host."""
    return path if settings.PRODUCTION or not settings.PORT else f"http://127.0.0.1:{settings.PORT}{path}"
