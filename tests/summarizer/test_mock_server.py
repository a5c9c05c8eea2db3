"""The engines against a mock server that others wrote (the PyPI package llmock): the wire is what we think it is.

Its structured answers are placeholders made from the schema; what they say is not looked at here. Everything else it is
told over its control API: what to answer, why to stop, which status to fail with, and how to break a stream.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from summarizer.engines.anthropic import AnthropicEngine
from summarizer.engines.llm import LanguageModelEngine
from summarizer.engines.openai import OpenAIEngine
from summarizer.errors import (
    ContextOverflow,
    EngineError,
    KeyRefused,
    NotPermitted,
    OutputInvalid,
    OutputTruncated,
    ProviderFailed,
    QuotaUsedUp,
    RateLimited,
    Refused,
    UnknownModel,
)
from summarizer.records import Stage, no_progress
from tests.summarizer.talks import STANDARD, bees


@pytest.fixture(scope="module")
def mock(shared: Path) -> Iterator[int]:
    """The port of a running mock server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    shim = shared / "llm" / "llmock_shim.py"
    process = subprocess.Popen(
        [sys.executable, str(shim), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    over = time.monotonic() + 30
    while time.monotonic() < over and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            threading.Event().wait(0.1)
        else:
            return
    pytest.fail("the mock server did not start")


WIRES = ("anthropic", "responses", "chat")


def engine(port: int, wire: str, timeout: float = 30) -> LanguageModelEngine:
    if wire == "anthropic":
        return AnthropicEngine("claude-haiku-5-5", "key", f"http://127.0.0.1:{port}/anthropic", timeout)
    if wire == "chat":
        tell(port, {"type": "fail", "status": 404, "match": {"path": "*/responses"}})
    return OpenAIEngine("gpt-6-luna", "key", f"http://127.0.0.1:{port}/v1", timeout)


def control(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}/_llmock/{path}", data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        said: dict[str, Any] = json.loads(answer.read())
    return said


def tell(port: int, *behaviours: dict[str, Any]) -> None:
    """What the next call is answered with; with `times` None, every call."""
    control(port, "POST", "scenario", {"behaviors": list(behaviours)})


def calls(port: int, wire: str) -> int:
    """How many calls came, without the one that a compatible server answers with 404."""
    return int(control(port, "GET", "requests")["count"]) - (wire == "chat")


@pytest.fixture(autouse=True)
def forget(mock: int) -> None:
    control(mock, "POST", "reset", {})


@pytest.mark.parametrize("wire", WIRES)
def test_a_structured_answer_is_streamed_read_and_counted(mock: int, wire: str) -> None:
    events = 0

    def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
        nonlocal events
        events += 1

    answer = engine(mock, wire).summarize(bees(), STANDARD, progress)
    assert answer.draft.headline
    assert answer.usage.calls == 1
    assert answer.usage.input_tokens > 100
    assert answer.usage.output_tokens > 0
    assert answer.usage.cost is not None
    assert events > 2


@pytest.mark.parametrize("wire", WIRES)
def test_a_draft_in_plain_text_is_read(mock: int, wire: str) -> None:
    draft = {"headline": "Bees dance", "overview": "They do.", "key_points": [{"text": "At night.", "segments": [1]}]}
    tell(mock, {"type": "reply", "text": f"Here it is:\n```json\n{json.dumps(draft)}\n```"})
    assert engine(mock, wire).summarize(bees(), STANDARD, no_progress).draft.headline == "Bees dance"
    assert calls(mock, wire) == 1


@pytest.mark.parametrize("wire", WIRES)
def test_plain_text_without_a_draft_is_asked_for_once_more(mock: int, wire: str) -> None:
    tell(mock, {"type": "reply", "text": "A video about bees.", "times": None})
    with pytest.raises(OutputInvalid):
        engine(mock, wire).summarize(bees(), STANDARD, no_progress)
    assert calls(mock, wire) == 2


@pytest.mark.parametrize(
    ("wire", "reason", "kind", "asked"),
    [
        *((wire, "length", OutputTruncated, 2) for wire in WIRES),
        ("anthropic", "content_filter", Refused, 1),
        ("chat", "content_filter", Refused, 1),
        ("anthropic", "model_context_window_exceeded", ContextOverflow, 1),
        ("anthropic", "pause_turn", ProviderFailed, 1),
        ("chat", "tool_calls", ProviderFailed, 1),
    ],
)
def test_each_reason_to_stop_has_its_own_end(
    mock: int, wire: str, reason: str, kind: type[EngineError], asked: int
) -> None:
    tell(mock, {"type": "reply", "text": '{"headline": "Bees', "finish_reason": reason, "times": None})
    with pytest.raises(kind) as caught:
        engine(mock, wire).summarize(bees(), STANDARD, no_progress)
    assert calls(mock, wire) == asked
    assert caught.value.usage is not None
    assert caught.value.usage.calls == asked


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "prompt is too long: 300000 tokens > 200000 maximum", ContextOverflow),
        (400, "Your credit balance is too low", QuotaUsedUp),
        (401, "invalid key", KeyRefused),
        (402, "Insufficient credits", QuotaUsedUp),
        (403, "Your API key does not have permission to use the specified resource.", NotPermitted),
        (403, "The input was flagged by moderation.", Refused),
        (404, "The model `gpt-6-luna` does not exist", UnknownModel),
        (408, "Request timed out", ProviderFailed),
        (413, "Request too large", ContextOverflow),
        (429, "Slow down", RateLimited),
        (500, "Internal", ProviderFailed),
        (502, "Bad gateway", ProviderFailed),
        (503, "Unavailable", ProviderFailed),
        (529, "Overloaded", ProviderFailed),
    ],
)
def test_each_status_has_its_own_error(
    mock: int, wire: str, status: int, message: str, kind: type[EngineError]
) -> None:
    model = engine(mock, wire)
    if wire == "chat":  # it has learned by then that there are no responses
        model.summarize(bees(), STANDARD, no_progress)
    tell(mock, {"type": "fail", "status": status, "message": message, "retry_after": 7})
    before = calls(mock, wire)
    with pytest.raises(kind) as caught:
        model.summarize(bees(), STANDARD, no_progress)
    assert type(caught.value) is kind
    assert calls(mock, wire) == before + 1, "the pipeline decides when to try again, not the SDK"
    if status in (429, 503, 529):
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", ["disconnect", "truncate", "malformed"])
def test_a_broken_stream_can_be_tried_again(mock: int, wire: str, fault: str) -> None:
    tell(mock, {"type": "stream_fault", "kind": fault, "after_chunks": 3})
    with pytest.raises(ProviderFailed) as caught:
        engine(mock, wire).summarize(bees(), STANDARD, no_progress)
    assert caught.value.retryable


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_stalls_ends_at_the_deadline(mock: int, wire: str) -> None:
    tell(mock, {"type": "stream_fault", "kind": "stall", "after_chunks": 2, "stall_seconds": 20})
    began = time.monotonic()
    with pytest.raises(ProviderFailed, match="within 1 seconds"):
        engine(mock, wire, timeout=1).summarize(bees(), STANDARD, no_progress)
    assert time.monotonic() - began < 10
