"""An engine with a meter: the budget is asked before each call, and what it cost is written down after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from uuid import uuid4

from django.db import connection

from batches import budget, money
from batches.equipment import engine_for
from batches.ledger import Hold
from batches.models import Item
from batches.patience import let_go, patiently
from summarizer.draft import Draft
from summarizer.engines.base import Answer, Engine
from summarizer.engines.llm import BeforeCall, LanguageModelEngine
from summarizer.errors import SummarizerError
from summarizer.records import Progress, Segment, SummaryRequest, Usage


def engine_of(item: Item) -> Engine:
    """The engine of the item's batch; what it answers for this item is charged to the batch's user.

    Raises `InvalidInput` when its key has been taken away meanwhile.
    """
    engine = engine_for(item.batch.model)
    return Metered(engine, item) if isinstance(engine, LanguageModelEngine) else engine


class Metered:
    """Does as `engine` does. Raises `BudgetUsedUp` instead of making a call that exceeds a budget."""

    def __init__(self, engine: LanguageModelEngine, item: Item) -> None:
        self.name, self.model = engine.name, engine.model
        self.prompt_version, self.follows_wishes = engine.prompt_version, engine.follows_wishes
        self.segment_budget, self.count_tokens = engine.segment_budget, engine.count_tokens
        self._engine, self._item = engine, item
        self._home = threading.get_ident()

    def summarize(self, segments: Sequence[Segment], request: SummaryRequest, progress: Progress) -> Answer:
        return self._paid(partial(self._engine.summarize, segments, request, progress))

    def merge(self, parts: Sequence[Draft], request: SummaryRequest, progress: Progress) -> Answer:
        return self._paid(partial(self._engine.merge, parts, request, progress))

    def repair(
        self,
        segments: Sequence[Segment],
        draft: Draft,
        problems: Sequence[str],
        request: SummaryRequest,
        progress: Progress,
    ) -> Answer:
        return self._paid(partial(self._engine.repair, segments, draft, problems, request, progress))

    def _paid(self, ask: Callable[[BeforeCall], Answer]) -> Answer:
        """The answer that `ask` gets, in one call or two: each is held before it is made, and both are charged."""
        holds: list[Hold] = []

        def hold(prompt_tokens: int, limit: int) -> None:
            amount = money.most_for_call(self._engine.known, prompt_tokens, limit)
            if (held := budget.hold(self._item.batch.user_id, amount)) is not None:
                holds.append(held)
            let_go()  # the call comes next

        usage = Usage()
        try:
            try:
                answer = ask(hold)
                usage = answer.usage
            except SummarizerError as error:
                usage = error.usage or usage
                raise
            finally:
                charge = uuid4()
                patiently(lambda: money.record(charge, self._item, self.model, usage, holds))
        finally:
            if threading.get_ident() != self._home:
                connection.close()  # parts of long videos are read in threads that end
        return answer
