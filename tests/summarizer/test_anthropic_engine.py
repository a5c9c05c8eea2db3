from __future__ import annotations

from decimal import Decimal

from summarizer.engines.answers import schema
from summarizer.engines.anthropic import _CLIENTS, AnthropicEngine
from summarizer.records import SummaryRequest, no_progress
from tests.fakes.llm import FakeLLM
from tests.summarizer.llm_contract import EngineContract, fake, server
from tests.summarizer.talks import STANDARD, bees

__all__ = ["fake", "server"]


class TestAnthropicEngine(EngineContract):
    priced_model = "claude-haiku-5-5"
    key_variable = "ANTHROPIC_API_KEY"
    address_variable = "ANTHROPIC_BASE_URL"

    def make(self, fake: FakeLLM, model: str = "some-model", key: str = "key", timeout: float = 20) -> AnthropicEngine:
        return AnthropicEngine(model, key, fake.anthropic_url, timeout)

    def make_at(self, address: str) -> AnthropicEngine:
        return AnthropicEngine("some-model", "key", address, 20)

    def test_the_request_is_what_the_api_documents(self, fake: FakeLLM) -> None:
        self.make(fake, "claude-haiku-5-5").summarize(bees(), STANDARD, no_progress)
        body = fake.requests[0].body
        assert body["stream"] is True
        assert body["output_config"] == {"format": {"type": "json_schema", "schema": schema()}, "effort": "low"}
        assert "temperature" not in body
        transcript, task = body["messages"][0]["content"]
        assert transcript["cache_control"] == {"type": "ephemeral"}
        assert "cache_control" not in task
        assert fake.requests[0].headers["authorization"] == "Bearer key"

    def test_a_model_that_is_not_listed_is_not_told_how_hard_to_think(self, fake: FakeLLM) -> None:
        self.make(fake).summarize(bees(), STANDARD, no_progress)
        assert "effort" not in fake.requests[0].body["output_config"]

    def test_what_goes_to_the_cache_is_part_of_the_input_and_priced_as_such(self, fake: FakeLLM) -> None:
        usage = self.make(fake, "claude-haiku-5-5").summarize(bees(40), STANDARD, no_progress).usage
        plain = (usage.input_tokens * Decimal("0.10") + usage.output_tokens * Decimal("0.50")) / 1_000_000
        assert usage.cost is not None
        assert plain < usage.cost < plain * Decimal("1.25")

    def test_only_what_may_be_read_again_is_put_into_the_cache(self, fake: FakeLLM) -> None:
        engine, segments = self.make(fake), bees(20)
        first = engine.summarize(segments, STANDARD, no_progress).draft
        engine.repair(segments, first, ["Key point 1 cites segment 99."], STANDARD, no_progress)
        second = engine.summarize(segments[10:], STANDARD, no_progress).draft
        engine.repair(segments[3:9], first, ["Key point 1 cites segment 99."], STANDARD, no_progress)
        engine.merge([first, second], STANDARD, no_progress)
        marked = ["cache_control" in each.body["messages"][0]["content"][0] for each in fake.requests]
        assert marked == [True, True, False, False, False]

    def test_prompts_stay_below_the_price_cliff(self, fake: FakeLLM) -> None:
        assert 80_000 < self.make(fake, "claude-haiku-5-5").segment_budget(STANDARD) < 100_000
        assert self.make(fake, "claude-sonnet-5-5").segment_budget(STANDARD) > 900_000

    def test_longer_answers_leave_less_room_for_the_transcript(self, fake: FakeLLM) -> None:
        engine = self.make(fake)
        brief, detailed = (engine.segment_budget(SummaryRequest(length)) for length in ("brief", "detailed"))
        assert detailed < brief - 10_000

    def test_all_engines_of_a_key_share_one_client(self, fake: FakeLLM) -> None:
        self.make(fake).summarize(bees(), STANDARD, no_progress)
        client = _CLIENTS.get(("key", fake.anthropic_url))
        self.make(fake, "another-model").summarize(bees(), STANDARD, no_progress)
        assert _CLIENTS.get(("key", fake.anthropic_url)) is client
