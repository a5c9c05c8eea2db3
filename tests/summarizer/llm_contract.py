"""What every engine that asks a language model promises, held over real HTTP. Each engine's test file inherits it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from summarizer.draft import Draft
from summarizer.engines import prompts
from summarizer.engines.catalog import Catalog
from summarizer.engines.llm import LanguageModelEngine
from summarizer.errors import (
    ContextOverflow,
    EngineError,
    KeyRefused,
    NotPermitted,
    OutputInvalid,
    OutputTruncated,
    ProviderFailed,
    ProviderUnreachable,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Stopped,
    UnknownModel,
)
from summarizer.grounding import ground
from summarizer.records import Stage, SummaryRequest, no_progress
from tests.fakes.llm import FakeLLM
from tests.summarizer.talks import STANDARD, bees


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLLM]:
    with FakeLLM() as fake:
        yield fake


# A limit per minute is told in words that a used up budget has, too: OpenAI's, Gemini's, and without a time.
TOO_FAST = [
    (
        "Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in "
        "20s. You can increase your rate limit by adding a payment method to your account at "
        "https://platform.openai.com/account/billing.",
        20,
    ),
    (
        "You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: "
        "generate_content_free_tier_requests, limit: 10. Please retry in 1m15.5s.",
        75.5,
    ),
    ("Too many requests per minute; see your spending limit.", None),
]


@pytest.fixture
def fake(server: FakeLLM) -> FakeLLM:
    server.reset()
    server.configure(behaviours=[], latency=0.0, chunk_latency=0.0, chunks=8, retry_after=1.0, window=None)
    server.configure(sentence="", share_read=1.0)
    return server


class EngineContract:
    """Subclasses say how their engine is made, and which model has a price."""

    priced_model: str
    key_variable: str
    address_variable: str

    def make(
        self, fake: FakeLLM, model: str = "some-model", key: str = "key", timeout: float = 20
    ) -> LanguageModelEngine:
        raise NotImplementedError

    def make_at(self, address: str) -> LanguageModelEngine:
        raise NotImplementedError

    def failing(self, fake: FakeLLM, behaviour: str, timeout: float = 20) -> LanguageModelEngine:
        return self.make(fake, f"some-model+{behaviour}", timeout=timeout)

    # -- answers

    def test_a_draft_cites_and_quotes_what_was_said(self, fake: FakeLLM) -> None:
        segments = bees()
        answer = self.make(fake).summarize(segments, STANDARD, no_progress)
        grounded = ground(answer.draft, segments)
        assert len(grounded.points) == 8
        assert grounded.quotes
        assert grounded.problems == ()

    def test_a_call_counts_its_tokens_and_costs_what_the_catalog_says(self, fake: FakeLLM) -> None:
        usage = self.make(fake, self.priced_model).summarize(bees(), STANDARD, no_progress).usage
        assert usage.calls == 1
        assert usage.input_tokens > 500
        assert usage.output_tokens > 100
        assert usage.cost is not None
        assert Decimal("0.0001") < usage.cost < Decimal("0.01")

    def test_a_model_without_a_price_works_and_costs_nothing_known(self, fake: FakeLLM) -> None:
        assert self.make(fake).summarize(bees(), STANDARD, no_progress).usage.cost is None

    def test_a_merge_keeps_the_citations_of_its_parts(self, fake: FakeLLM) -> None:
        engine, segments = self.make(fake), bees(20)
        parts = [engine.summarize(part, STANDARD, no_progress).draft for part in (segments[:10], segments[10:])]
        merged = engine.merge(parts, STANDARD, no_progress).draft
        assert ground(merged, segments).problems == ()
        assert {id for point in merged.key_points for id in point.segments} & {11, 12, 13, 14, 15}

    def test_a_repair_shows_the_draft_and_what_is_wrong_with_it(self, fake: FakeLLM) -> None:
        engine, segments = self.make(fake), bees()
        wrong = Draft(headline="Bees", overview="", key_points=[])
        mended = engine.repair(segments, wrong, ["Key point 1 cites segment 99."], STANDARD, no_progress)
        assert ground(mended.draft, segments).points
        assert "Key point 1 cites segment 99." in fake.requests[-1].prompt

    def test_the_transcript_comes_before_what_the_user_wants(self, fake: FakeLLM) -> None:
        engine = self.make(fake)
        for request in (STANDARD, SummaryRequest("brief", "de", "name every flower")):
            engine.summarize(bees(), request, no_progress)
        first, second = (recorded.prompt for recorded in fake.requests)
        end = first.index("</transcript>")
        assert first[:end] == second[:end]
        assert first[end:] != second[end:]

    def test_a_second_style_of_the_same_video_is_read_from_the_cache_and_cheap(self, fake: FakeLLM) -> None:
        engine, segments = self.make(fake, self.priced_model), bees(400)
        first = engine.summarize(segments, STANDARD, no_progress).usage
        second = engine.summarize(segments, SummaryRequest("brief", "de", "name every flower"), no_progress).usage
        assert first.cached_tokens == 0
        assert second.cached_tokens > 0.9 * second.input_tokens
        assert first.cost is not None
        assert second.cost is not None
        output = Decimal("0.50") / 1_000_000  # what both priced models ask for a token of their answers
        asked_once, asked_again = (use.cost - use.output_tokens * output for use in (first, second) if use.cost)
        assert asked_again < asked_once / 5

    @pytest.mark.parametrize("wrapping", ["prose", "thoughts", "fenced", "loose"])
    def test_an_answer_in_a_wrapping_is_understood(self, fake: FakeLLM, wrapping: str) -> None:
        segments = bees()
        answer = self.failing(fake, wrapping).summarize(segments, STANDARD, no_progress)
        assert ground(answer.draft, segments).problems == ()
        assert answer.draft.headline.startswith("A video that says")
        assert answer.usage.calls == 1

    def test_what_keeps_the_line_open_is_no_part_of_the_answer(self, fake: FakeLLM) -> None:
        answer = self.failing(fake, "keep_alive").summarize(bees(), STANDARD, no_progress)
        assert ground(answer.draft, bees()).problems == ()

    # -- stops

    def test_an_answer_without_json_is_asked_for_once_more(self, fake: FakeLLM) -> None:
        answer = self.failing(fake, "no_json*1").summarize(bees(), STANDARD, no_progress)
        assert answer.usage.calls == 2
        assert prompts.ONLY_JSON in fake.requests[-1].prompt

    def test_a_second_answer_without_json_is_output_invalid(self, fake: FakeLLM) -> None:
        with pytest.raises(OutputInvalid):
            self.failing(fake, "no_json").summarize(bees(), STANDARD, no_progress)
        assert fake.stats()["calls"] == 2

    def test_a_truncated_answer_is_asked_for_again_shorter_and_with_more_room(self, fake: FakeLLM) -> None:
        answer = self.failing(fake, "max_tokens*1").summarize(bees(), STANDARD, no_progress)
        assert answer.usage.calls == 2
        first, second = (_limit(recorded.body) for recorded in fake.requests)
        assert second >= first
        assert prompts.SHORTER in fake.requests[-1].prompt

    def test_a_second_truncated_answer_is_output_truncated(self, fake: FakeLLM) -> None:
        with pytest.raises(OutputTruncated):
            self.failing(fake, "max_tokens").summarize(bees(), STANDARD, no_progress)

    def test_a_refusal_is_a_refusal(self, fake: FakeLLM) -> None:
        with pytest.raises(Refused):
            self.failing(fake, "refusal").summarize(bees(), STANDARD, no_progress)
        assert fake.stats()["calls"] == 1

    @pytest.mark.parametrize("behaviour", ["context_window", "too_long", "silent_cut"])
    def test_too_much_for_the_window_is_a_context_overflow(self, fake: FakeLLM, behaviour: str) -> None:
        with pytest.raises(ContextOverflow):
            self.failing(fake, behaviour).summarize(bees(80), STANDARD, no_progress)

    def test_a_third_of_the_prompt_that_was_not_read_is_noticed(self, fake: FakeLLM) -> None:
        fake.configure(share_read=0.66)
        with pytest.raises(ContextOverflow):
            self.make(fake).summarize(bees(80), STANDARD, no_progress)

    def test_it_is_noticed_in_a_script_without_spaces_too(self, fake: FakeLLM) -> None:
        segments = [replace(each, text="蜜蜂靠天空的光找到回家的路。即使云遮住了太阳也一样。" * 4) for each in bees(80)]
        assert self.make(fake).summarize(segments, STANDARD, no_progress).draft.key_points
        fake.configure(share_read=0.5)
        with pytest.raises(ContextOverflow):
            self.make(fake).summarize(segments, STANDARD, no_progress)

    def test_it_is_noticed_when_the_answer_was_cut_off_too(self, fake: FakeLLM) -> None:
        fake.configure(share_read=0.5, behaviours=[{"name": "max_tokens"}])
        with pytest.raises(ContextOverflow):
            self.make(fake).summarize(bees(80), STANDARD, no_progress)
        assert fake.stats()["calls"] == 1

    def test_a_window_that_counts_its_input_tokens_is_a_context_overflow(self, fake: FakeLLM) -> None:
        fake.configure(
            sentence="The input token count (1197031) exceeds the maximum number of tokens allowed (1048576)."
        )
        with pytest.raises(ContextOverflow):
            self.failing(fake, "bad_request").summarize(bees(), STANDARD, no_progress)

    # -- what failures cost

    @pytest.mark.parametrize(("behaviour", "calls"), [("no_json", 2), ("max_tokens", 2), ("refusal", 1)])
    def test_an_answer_of_no_use_is_paid_for(self, fake: FakeLLM, behaviour: str, calls: int) -> None:
        fake.configure(behaviours=[{"name": behaviour}])
        with pytest.raises(EngineError) as caught:
            self.make(fake, self.priced_model).summarize(bees(), STANDARD, no_progress)
        usage = caught.value.usage
        assert usage is not None
        assert usage.calls == calls
        assert usage.input_tokens > 500 * calls
        assert usage.cost

    def test_an_error_says_what_the_answer_before_it_cost(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_json", "times": 1}, {"name": "rate_limited", "after": 1}])
        with pytest.raises(RateLimited) as caught:
            self.make(fake).summarize(bees(), STANDARD, no_progress)
        assert caught.value.usage is not None
        assert caught.value.usage.calls == 1

    def test_a_call_that_is_refused_before_it_begins_costs_nothing(self, fake: FakeLLM) -> None:
        with pytest.raises(RateLimited) as caught:
            self.failing(fake, "rate_limited").summarize(bees(), STANDARD, no_progress)
        assert caught.value.usage is not None
        assert caught.value.usage.calls == 0

    def test_an_answer_that_breaks_off_is_paid_for(self, fake: FakeLLM) -> None:
        engine = self.make(fake, self.priced_model)
        fake.configure(chunks=30, behaviours=[{"name": "disconnect"}])
        with pytest.raises(ProviderFailed) as caught:
            engine.summarize(bees(), STANDARD, no_progress)
        usage = caught.value.usage
        assert usage is not None
        assert usage.calls == 1
        assert usage.input_tokens > 500
        assert usage.output_tokens > 50
        assert usage.cost is not None
        assert usage.cost > 0

    # -- errors

    def test_a_refused_key_names_its_variable_and_stops_the_batch(self, fake: FakeLLM) -> None:
        with pytest.raises(KeyRefused, match=self.key_variable) as caught:
            self.make(fake, key="wrong").summarize(bees(), STANDARD, no_progress)
        assert caught.value.stops_batch

    def test_a_key_that_is_called_a_bad_request_is_a_refused_key(self, fake: FakeLLM) -> None:
        with pytest.raises(KeyRefused, match=self.key_variable):
            self.failing(fake, "key_not_valid").summarize(bees(), STANDARD, no_progress)
        assert fake.stats()["calls"] == 1

    @pytest.mark.parametrize(
        ("behaviour", "words"),
        [("forbidden", "permission"), ("region", "Request not allowed|Country, region, or territory not supported")],
    )
    def test_a_key_that_may_not_is_no_refused_key_and_the_provider_is_quoted(
        self, fake: FakeLLM, behaviour: str, words: str
    ) -> None:
        with pytest.raises(NotPermitted, match=words) as caught:
            self.failing(fake, behaviour).summarize(bees(), STANDARD, no_progress)
        assert caught.value.stops_batch

    def test_a_model_that_the_key_may_not_use_is_named(self, fake: FakeLLM) -> None:
        with pytest.raises(UnknownModel, match="or the key may not use it"):
            self.failing(fake, "model_forbidden").summarize(bees(), STANDARD, no_progress)

    def test_what_a_policy_forbids_is_this_video_s_matter(self, fake: FakeLLM) -> None:
        with pytest.raises(Refused, match="flagged") as caught:
            self.failing(fake, "moderated").summarize(bees(), STANDARD, no_progress)
        assert not caught.value.stops_batch

    def test_what_a_firewall_forbids_is_quoted_without_its_markup(self, fake: FakeLLM) -> None:
        with pytest.raises(EngineError, match=r"status 403.*“Blocked Rule 42 of the firewall” If all videos") as caught:
            self.failing(fake, "firewall").summarize(bees(), STANDARD, no_progress)
        assert not caught.value.stops_batch
        assert "<" not in str(caught.value)

    def test_an_unknown_model_is_named_and_stops_the_batch(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "unknown_model"}])
        with pytest.raises(UnknownModel, match="“no-such”") as caught:
            self.make(fake, "no-such").summarize(bees(), STANDARD, no_progress)
        assert caught.value.stops_batch

    def test_a_rate_limit_says_how_long_to_wait(self, fake: FakeLLM) -> None:
        fake.configure(retry_after=7)
        with pytest.raises(RateLimited) as caught:
            self.failing(fake, "rate_limited").summarize(bees(), STANDARD, no_progress)
        assert caught.value.retry_after == 7
        assert fake.stats()["calls"] == 1

    @pytest.mark.parametrize(("sentence", "seconds"), TOO_FAST)
    def test_a_limit_per_minute_that_mentions_billing_is_a_rate_limit(
        self, fake: FakeLLM, sentence: str, seconds: float | None
    ) -> None:
        fake.configure(retry_after=None, sentence=sentence)
        with pytest.raises(RateLimited) as caught:
            self.failing(fake, "rate_limited").summarize(bees(), STANDARD, no_progress)
        assert caught.value.retry_after == seconds
        assert not caught.value.stops_batch

    @pytest.mark.parametrize("behaviour", ["spend_limit", "quota", "no_credit"])
    def test_a_used_up_budget_is_no_rate_limit_and_stops_the_batch(self, fake: FakeLLM, behaviour: str) -> None:
        with pytest.raises(QuotaUsedUp) as caught:
            self.failing(fake, behaviour).summarize(bees(), STANDARD, no_progress)
        assert caught.value.stops_batch

    @pytest.mark.parametrize("behaviour", ["overloaded", "server_error", "bad_gateway", "error_in_stream"])
    def test_a_fault_of_the_provider_can_be_tried_again(self, fake: FakeLLM, behaviour: str) -> None:
        with pytest.raises(ProviderFailed) as caught:
            self.failing(fake, behaviour).summarize(bees(), STANDARD, no_progress)
        assert caught.value.retryable
        assert not caught.value.stops_batch

    def test_an_overloaded_provider_says_how_long_to_wait(self, fake: FakeLLM) -> None:
        fake.configure(retry_after=3)
        with pytest.raises(ProviderFailed) as caught:
            self.failing(fake, "overloaded").summarize(bees(), STANDARD, no_progress)
        assert caught.value.retry_after == 3

    @pytest.mark.parametrize("behaviour", ["malformed", "disconnect", "truncated", "empty_stream", "paused"])
    def test_a_broken_stream_can_be_tried_again(self, fake: FakeLLM, behaviour: str) -> None:
        with pytest.raises(ProviderFailed):
            self.failing(fake, behaviour).summarize(bees(), STANDARD, no_progress)

    def test_a_request_that_is_not_accepted_says_why_and_is_not_tried_again(self, fake: FakeLLM) -> None:
        with pytest.raises(EngineError, match="did not accept") as caught:
            self.failing(fake, "bad_request").summarize(bees(), STANDARD, no_progress)
        assert not caught.value.retryable

    def test_an_address_where_nothing_listens_is_a_matter_of_configuration(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(ProviderUnreachable, match=self.address_variable):
                self.make_at(address).summarize(bees(), STANDARD, no_progress)

    def test_an_address_that_does_not_exist_is_a_matter_of_configuration(self) -> None:
        with pytest.raises(ProviderUnreachable, match=self.address_variable):
            self.make_at("http://no-such-host.invalid").summarize(bees(), STANDARD, no_progress)

    def test_an_address_without_this_api_is_a_matter_of_configuration(self, fake: FakeLLM) -> None:
        with pytest.raises(ProviderUnreachable, match=self.address_variable):
            self.make_at(f"http://127.0.0.1:{fake.port}/nothing-here").summarize(bees(), STANDARD, no_progress)

    def test_a_password_in_the_address_is_not_shown(self) -> None:
        with pytest.raises(ProviderUnreachable) as caught:
            self.make_at("http://user:secret@no-such-host.invalid").summarize(bees(), STANDARD, no_progress)
        assert "secret" not in str(caught.value)

    # -- time and cancelling

    @pytest.mark.parametrize("behaviour", ["drip", "drip_headers", "hang"])
    def test_a_call_is_over_at_its_deadline_whatever_trickles_in(self, fake: FakeLLM, behaviour: str) -> None:
        began = time.monotonic()
        with pytest.raises(ProviderFailed, match=r"within 0\.6 seconds"):
            self.failing(fake, behaviour, timeout=0.6).summarize(bees(), STANDARD, no_progress)
        assert time.monotonic() - began < 5

    def test_progress_is_told_at_every_event(self, fake: FakeLLM) -> None:
        stages: list[Stage] = []
        fake.configure(chunks=30)
        self.make(fake).summarize(bees(), STANDARD, lambda stage, done=0, total=0: stages.append(stage))
        assert len(stages) >= 30
        assert set(stages) == {"summarizing"}

    def test_stopping_in_the_middle_closes_the_stream(self, fake: FakeLLM) -> None:
        fake.configure(chunks=400, chunk_latency=0.01)
        seen = 0

        def cancelled(stage: Stage, done: int = 0, total: int = 0) -> None:
            nonlocal seen
            seen += 1
            if seen == 5:
                raise Stopped

        with pytest.raises(Stopped) as caught:
            self.make(fake).summarize(bees(200), STANDARD, cancelled)
        assert caught.value.usage is not None
        assert (caught.value.usage.calls, caught.value.usage.input_tokens > 5000) == (1, True)
        _wait_until(lambda: fake.stats()["in_flight"] == 0)
        assert fake.stats()["aborted"] == 1

    def test_stopping_works_while_the_provider_is_silent(self, fake: FakeLLM) -> None:
        cancelled = threading.Event()
        fake.configure(latency=30)

        def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
            if fake.stats()["in_flight"]:
                cancelled.set()
                raise Stopped

        began = time.monotonic()
        with pytest.raises(Stopped):
            self.make(fake, timeout=30).summarize(bees(), STANDARD, progress)
        assert cancelled.is_set()
        assert time.monotonic() - began < 10
        fake.configure(latency=0)

    def test_many_threads_share_one_engine(self, fake: FakeLLM) -> None:
        engine = self.make(fake)
        fake.configure(latency=1)  # so that the first still waits when the last has asked, on a busy machine, too
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: engine.summarize(bees(), STANDARD, no_progress), range(32)))
        assert len({answer.draft.headline for answer in answers}) == 1
        assert fake.stats()["peak"] == 16

    # -- budgets

    def test_prompt_and_answer_fit_into_the_window_together(self, fake: FakeLLM, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(f"[[models]]\nid = 'small'\nengine = '{self.make(fake).name}'\nwindow = 8192\n")
        engine = self.make(fake, "small")
        engine.known = Catalog.load(override=own).find(engine.name, "small")
        asked: list[tuple[int, int]] = []
        fake.configure(behaviours=[{"name": "max_tokens", "times": 1}])
        segments = bees(60)
        assert sum(engine.count_tokens(each.text) for each in segments) < engine.segment_budget(STANDARD)
        engine.summarize(segments, STANDARD, no_progress, lambda prompt, limit: asked.append((prompt, limit)))
        assert len(asked) == 2
        assert all(prompt + limit <= 8192 for prompt, limit in asked)
        assert [limit for _, limit in asked] == [_limit(recorded.body) for recorded in fake.requests]

    def test_wishes_of_the_user_take_room_too(self, fake: FakeLLM) -> None:
        engine = self.make(fake)
        wordy = SummaryRequest(instructions="look for every flower " * 200)
        assert engine.segment_budget(wordy) < engine.segment_budget(STANDARD) - 1000

    @pytest.mark.parametrize(
        ("text", "tokens"),
        [
            ("Bees find their way home by the light of the sky.", 12),
            ("Пчёлы находят дорогу", 8),
            ("蜜蜂靠天空的光回家", 9),
        ],
    )
    def test_token_counts_err_high(self, fake: FakeLLM, text: str, tokens: int) -> None:
        assert tokens * 1.1 < self.make(fake).count_tokens(text) < tokens * 3


def _limit(body: dict[str, object]) -> int:
    limit = body.get("max_tokens") or body.get("max_output_tokens")
    assert isinstance(limit, int)
    return limit


def _wait_until(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    over = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over, "it did not happen in time"
        threading.Event().wait(0.02)
