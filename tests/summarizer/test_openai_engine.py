from __future__ import annotations

import pytest

from summarizer.engines.answers import schema
from summarizer.engines.openai import OpenAIEngine
from summarizer.errors import ContextOverflow, EngineError, OutputInvalid, ProviderFailed
from summarizer.grounding import ground
from summarizer.records import no_progress
from tests.fakes.llm import FakeLLM
from tests.summarizer.llm_contract import EngineContract, fake, server
from tests.summarizer.talks import STANDARD, bees

__all__ = ["fake", "server"]


def paths(fake: FakeLLM) -> list[str]:
    return [recorded.path for recorded in fake.requests]


class TestThroughResponses(EngineContract):
    priced_model = "gpt-6-luna"
    key_variable = "OPENAI_API_KEY"
    address_variable = "OPENAI_BASE_URL"

    def make(self, fake: FakeLLM, model: str = "some-model", key: str = "key", timeout: float = 20) -> OpenAIEngine:
        return OpenAIEngine(model, key, fake.openai_url, timeout)

    def make_at(self, address: str) -> OpenAIEngine:
        return OpenAIEngine("some-model", "key", address, 20)

    def test_the_request_is_what_the_api_documents(self, fake: FakeLLM) -> None:
        self.make(fake, "gpt-6-luna").summarize(bees(), STANDARD, no_progress)
        body = fake.requests[0].body
        assert paths(fake) == ["/v1/responses"]
        assert body["stream"] is True
        assert body["store"] is False
        assert body["text"]["format"] == {"type": "json_schema", "name": "summary", "schema": schema(), "strict": True}
        assert body["reasoning"] == {"effort": "low"}
        assert "temperature" not in body
        assert fake.requests[0].headers["authorization"] == "Bearer key"

    def test_a_model_that_is_not_listed_is_not_told_how_hard_to_think(self, fake: FakeLLM) -> None:
        self.make(fake).summarize(bees(), STANDARD, no_progress)
        assert "reasoning" not in fake.requests[0].body

    def test_an_unknown_model_of_a_compatible_server_is_assumed_to_be_small(self, fake: FakeLLM) -> None:
        small = self.make(fake).segment_budget(STANDARD)
        assert 10_000 < small < 32_000
        assert OpenAIEngine("some-model", "key").segment_budget(STANDARD) > 10 * small


class TestThroughChatCompletions(EngineContract):
    """A compatible server that does not know /v1/responses."""

    priced_model = "gpt-6-luna"
    key_variable = "OPENAI_API_KEY"
    address_variable = "OPENAI_BASE_URL"

    def make(self, fake: FakeLLM, model: str = "some-model", key: str = "key", timeout: float = 20) -> OpenAIEngine:
        return OpenAIEngine(model, key, fake.chat_only_url, timeout)

    def make_at(self, address: str) -> OpenAIEngine:
        return OpenAIEngine("some-model", "key", address, 20)


class TestCompatibleServers:
    def test_one_that_does_not_know_responses_is_asked_through_chat_from_then_on(self, fake: FakeLLM) -> None:
        engine = OpenAIEngine("llama", "", fake.openai_url)
        fake.configure(behaviours=[{"name": "no_responses"}])
        for _ in range(3):
            assert ground(engine.summarize(bees(), STANDARD, no_progress).draft, bees()).problems == ()
        assert paths(fake) == ["/v1/responses", *["/v1/chat/completions"] * 3]

    def test_one_that_refuses_schemas_is_asked_without(self, fake: FakeLLM) -> None:
        engine = OpenAIEngine("llama", "", fake.openai_url)
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "no_schema"}, {"name": "fenced"}])
        assert ground(engine.summarize(bees(), STANDARD, no_progress).draft, bees()).problems == ()
        assert "response_format" in fake.requests[1].body
        assert "response_format" not in fake.requests[2].body

    def test_one_that_refuses_schemas_is_found_out_when_it_cuts_prompts(self, fake: FakeLLM) -> None:
        fake.configure(share_read=0.5, behaviours=[{"name": "no_responses"}, {"name": "no_schema"}])
        with pytest.raises(ContextOverflow):
            OpenAIEngine("llama", "", fake.openai_url).summarize(bees(80), STANDARD, no_progress)

    def test_one_that_does_not_take_the_wish_for_a_count_is_asked_without(self, fake: FakeLLM) -> None:
        names = ("no_responses", "no_schema", "no_usage_option")
        fake.configure(behaviours=[{"name": name} for name in names])
        engine = OpenAIEngine("llama", "", fake.openai_url)
        for _ in range(2):
            assert engine.summarize(bees(), STANDARD, no_progress).draft.key_points
        assert paths(fake) == ["/v1/responses", *["/v1/chat/completions"] * 4]
        assert "stream_options" not in fake.requests[-1].body

    def test_one_request_that_is_refused_does_not_change_how_the_next_is_asked(self, fake: FakeLLM) -> None:
        engine = OpenAIEngine("llama", "", fake.openai_url)
        fake.configure(behaviours=[{"name": "bad_request"}])
        with pytest.raises(EngineError, match="did not accept"):
            engine.summarize(bees(), STANDARD, no_progress)
        fake.configure(behaviours=[])
        fake.reset()
        engine.summarize(bees(), STANDARD, no_progress)
        assert paths(fake) == ["/v1/responses"]
        assert "text" in fake.requests[0].body

    def test_one_that_answers_any_path_with_nothing_is_asked_through_chat(self, fake: FakeLLM) -> None:
        engine = OpenAIEngine("llama", "", fake.openai_url)
        fake.configure(behaviours=[{"name": "empty_stream", "times": 1}])
        assert engine.summarize(bees(), STANDARD, no_progress).draft.key_points
        assert paths(fake) == ["/v1/responses", "/v1/chat/completions"]

    def test_one_that_needs_no_key_gets_a_header_all_the_same(self, fake: FakeLLM) -> None:
        OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress)
        assert fake.requests[0].headers["authorization"].startswith("Bearer ")

    def test_one_that_does_not_say_why_it_stops_is_believed_when_the_draft_is_whole(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "no_finish"}])
        assert OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress).draft.key_points

    def test_one_that_ignores_the_schema_for_good_fails_with_the_reason(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "no_json"}])
        with pytest.raises(OutputInvalid, match="Choose another model"):
            OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress)

    def test_one_that_counts_no_tokens_gives_answers_all_the_same(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "no_usage"}])
        answer = OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress)
        assert answer.draft.key_points
        assert answer.usage.calls == 1

    def test_one_that_counts_no_tokens_is_not_taken_to_be_free(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_responses"}])
        counted = OpenAIEngine("gpt-6-luna", "", fake.openai_url).summarize(bees(), STANDARD, no_progress).usage
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "no_usage"}])
        guessed = OpenAIEngine("gpt-6-luna", "", fake.openai_url).summarize(bees(), STANDARD, no_progress).usage
        assert counted.cost is not None
        assert guessed.cost is not None
        assert counted.cost < guessed.cost < 3 * counted.cost
        assert counted.input_tokens < guessed.input_tokens

    def test_one_that_fails_in_the_stream_with_a_number_can_be_tried_again(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": name} for name in ("no_responses", "error_in_stream", "numbered_errors")])
        with pytest.raises(ProviderFailed, match="status 502"):
            OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress)

    def test_a_truncated_chat_stream_is_a_failure_and_no_summary(self, fake: FakeLLM) -> None:
        fake.configure(behaviours=[{"name": "no_responses"}, {"name": "truncated"}])
        with pytest.raises(ProviderFailed):
            OpenAIEngine("llama", "", fake.openai_url).summarize(bees(), STANDARD, no_progress)
