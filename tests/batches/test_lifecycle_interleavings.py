"""Any interleaving of claims, results, losses, waits, gates, cancellations and retries keeps the invariants.

Doorbells ring twice, workers report what they lost long ago, sweepers come at any moment.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from batches import gates, lifecycle
from batches.models import Batch, Gate, Item, Summary, Transcript
from summarizer.errors import KeyRefused, NoTranscript, ProviderFailed, YouTubeBlocked
from tests.batches.builders import make_batch, make_transcript, summary_of

HOLDERS = [uuid4(), uuid4()]


class LifeCycle(RuleBasedStateMachine):
    """Two workers, one batch. `held` keeps every item ever claimed, so that stale attempts report as well."""

    @initialize(size=st.integers(1, 5))
    def create(self, size: int) -> None:
        self.batch = make_batch(["pending"] * size)
        self.held: list[Item] = []
        self.completed: set[object] = set()
        self.rev = self.batch.rev
        self.clock = timezone.now()

    # -- workers

    @rule(holder=st.sampled_from(HOLDERS), lanes=st.integers(1, 3), rings=st.integers(1, 2))
    def claim(self, holder: UUID, lanes: int, rings: int) -> None:
        """A doorbell, or the same one twice."""
        for _ in range(rings):
            before = self._gate()
            item = lifecycle.claim(self.batch.pk, holder, lanes, self.clock)
            if item is None:
                continue
            assert Item.objects.filter(batch=self.batch, status="processing").count() <= lanes
            assert (item.pk, item.attempt) not in {(held.pk, held.attempt) for held in self.held}, "claimed twice"
            self.held.append(item)
            if item.transcript is None and before and before.blocks:
                assert before.blocked_until is None or before.blocked_until <= self.clock, (
                    "fetched through a closed gate"
                )
                after = self._gate()
                assert after
                assert after.blocked_until
                assert after.blocked_until > self.clock, "a second probe would be let through"

    @rule(index=st.integers(0, 50))
    def fetched(self, index: int) -> None:
        item = self._any(index)
        if item is None:
            return
        transcript = Transcript.objects.filter(video=item.video).first() or make_transcript(item.video)
        try:
            lifecycle.attach_transcript(item, transcript)
        except lifecycle.LostLease:
            return
        gates.pass_youtube(self.clock)

    @rule(index=st.integers(0, 50), began=st.integers(0, 2))
    def blocked(self, index: int, began: int) -> None:
        """YouTube refuses a fetch that began up to some minutes ago."""
        item = self._any(index)
        if item is None:
            return
        until = gates.block_youtube("blocked", self.clock - timedelta(minutes=began), self.clock)
        try:
            lifecycle.defer(item, until, YouTubeBlocked(), blocked_at=self.clock)
        except lifecycle.LostLease:
            return

    @rule()
    def blocked_for_too_long(self) -> None:
        lifecycle.fail_unfetched(YouTubeBlocked())
        waiting = Item.objects.filter(batch=self.batch, status="pending", transcript=None)
        assert not waiting.exists() or not Batch.objects.active().filter(pk=self.batch.pk).exists()

    @rule(holder=st.sampled_from(HOLDERS))
    def heartbeat(self, holder: UUID) -> None:
        lifecycle.renew(holder, [item.pk for item in self.held if item.lease_holder == holder], self.clock)

    @rule()
    def sweep(self) -> None:
        lifecycle.expire(Item.objects.expired(self.clock))
        assert not Item.objects.expired(self.clock).exists()
        try:
            lifecycle.settle(self.batch.pk)
        except lifecycle.NotPossible:
            assert not Batch.objects.active().filter(pk=self.batch.pk).exists()

    @rule(index=st.integers(0, 50))
    def complete(self, index: int) -> None:
        if item := self._any(index):
            self._report_summary(item)

    def _report_summary(self, item: Item) -> None:
        mine = self._is_mine(item)
        try:
            lifecycle.complete(item, summary_of(self.batch.user, item.video))
        except lifecycle.LostLease:
            assert not mine
            return
        assert mine, "a stale attempt passed for the one that is under way"
        assert item.pk not in self.completed, "completed twice"
        self.completed.add(item.pk)

    @rule(index=st.integers(0, 50), holder=st.sampled_from(HOLDERS))
    def overtake(self, index: int, holder: UUID) -> None:
        """The worker sleeps past its lease, and before it wakes up another one has what it held."""
        item = self._any(index)
        if item is None or not self._is_mine(item):
            return
        lifecycle.expire([Item.objects.get(pk=item.pk)])
        self.claim(holder, lanes=3, rings=1)
        self._report_summary(item)

    def _is_mine(self, item: Item) -> bool:
        return Item.objects.filter(pk=item.pk, status="processing", attempt=item.attempt).exists()

    @rule(index=st.integers(0, 50), how=st.sampled_from(["fail", "defer", "hand_back", "expire", "stop"]))
    def give_up(self, index: int, how: str) -> None:
        item = self._any(index)
        if item is None:
            return
        mine = self._is_mine(item)
        try:
            if how == "fail":
                lifecycle.fail(item, NoTranscript())
            elif how == "defer":
                lifecycle.defer(item, self.clock + timedelta(minutes=1), ProviderFailed())
            elif how == "hand_back":
                lifecycle.hand_back(item)
            elif how == "expire":
                lifecycle.expire([item])
            else:
                lifecycle.stop_batch(self.batch.pk, KeyRefused("no key"))
        except (lifecycle.LostLease, lifecycle.NotPossible):
            return
        assert mine or how in ("expire", "stop"), "a stale attempt passed for the one that is under way"

    @rule()
    def cancel(self) -> None:
        try:
            lifecycle.cancel(self.batch.pk)
        except lifecycle.NotPossible:
            self.batch.refresh_from_db()
            assert not self.batch.is_active

    @rule()
    def retry(self) -> None:
        try:
            lifecycle.retry(self.batch.pk)
        except lifecycle.NotPossible:
            assert not self.batch.items.filter(status__in=["failed", "cancelled"]).exists()

    @rule(minutes=st.integers(1, 3))
    def wait(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @rule()
    def open_the_gate_by_hand(self) -> None:
        gates.reset(gates.YOUTUBE)

    def _gate(self) -> Gate | None:
        return Gate.objects.filter(name=gates.YOUTUBE).first()

    def _any(self, index: int) -> Item | None:
        return self.held[index % len(self.held)] if self.held else None

    @invariant()
    def counters_equal_the_items(self) -> None:
        batch = Batch.objects.get(pk=self.batch.pk)
        states = Counter(batch.items.values_list("status", flat=True))
        assert batch.pending_videos == states["pending"]
        assert batch.processing_videos == states["processing"]
        assert batch.completed_videos == states["completed"] == len(self.completed)
        assert batch.failed_videos == states["failed"]
        assert batch.cancelled_videos == states["cancelled"]
        assert Summary.objects.filter(item__batch=batch).count() == Summary.objects.count() == states["completed"]

    @invariant()
    def status_follows_from_the_items(self) -> None:
        batch = Batch.objects.get(pk=self.batch.pk)
        unfinished = batch.items.unfinished().count()
        if batch.status == "completed":
            assert unfinished == batch.cancelled_videos == 0
            assert batch.percentage == 100.0
        elif batch.status == "cancelled":
            assert unfinished == 0
        else:
            assert unfinished
            assert batch.percentage < 100.0

    @invariant()
    def revisions_only_grow_and_no_item_is_ahead(self) -> None:
        batch = Batch.objects.get(pk=self.batch.pk)
        assert batch.rev >= self.rev
        self.rev = batch.rev
        assert all(rev <= batch.rev for rev in batch.items.values_list("rev", flat=True))


class TestInterleavings(TestCase):
    def test_every_interleaving_keeps_the_invariants(self) -> None:
        def fresh() -> LifeCycle:
            Batch.objects.all().delete()
            Summary.objects.all().delete()
            Gate.objects.all().delete()
            return LifeCycle()

        run_state_machine_as_test(
            fresh,  # type: ignore[arg-type]  # any callable that makes a machine will do
            settings=settings(
                max_examples=60,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
