"""The fake servers as a process, as the end-to-end tests and a person with curl use them."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from summarizer.engines.anthropic import AnthropicEngine
from summarizer.engines.openai import OpenAIEngine
from summarizer.errors import ProviderFailed, Refused
from summarizer.records import no_progress
from summarizer.segments import segment
from tests.summarizer.talks import STANDARD, markers, talk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, Any]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.fakes.llm"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def call(urls: dict[str, Any], path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{urls['port']}{path}", data, timeout=10) as answer:
        return json.load(answer)


def test_it_counts_the_marker_words_of_each_part(urls: dict[str, Any]) -> None:
    call(urls, "/_reset", {})
    transcript = talk(8)
    segments = segment(transcript.cues)
    engine = AnthropicEngine("m", "key", urls["anthropic"])
    for part in (segments[:5], segments[5:]):
        engine.summarize(part, STANDARD, no_progress)
    stats = call(urls, "/_stats")
    assert stats["markers"]["summarize"] == dict.fromkeys(markers(transcript), 1)
    assert (stats["calls"], stats["models"], stats["kinds"]) == (2, {"m": 2}, {"summarize": 2})


def test_it_misbehaves_as_configured_and_only_so_often(urls: dict[str, Any]) -> None:
    call(urls, "/_config", {"behaviours": [{"name": "server_error", "model": "m", "times": 1}]})
    engine = OpenAIEngine("m", "key", urls["openai"])
    with pytest.raises(ProviderFailed):
        engine.summarize(segment(talk(2).cues), STANDARD, no_progress)
    assert engine.summarize(segment(talk(2).cues), STANDARD, no_progress).draft.key_points


def test_one_video_of_many_misbehaves_by_a_word_in_its_captions(urls: dict[str, Any]) -> None:
    engine = OpenAIEngine("m", "key", urls["openai"])
    good = segment(talk(2).cues)
    bad = [*good[:-1], type(good[0])(good[-1].id, good[-1].start, good[-1].end, "and now fakellm:refusal please")]
    assert engine.summarize(good, STANDARD, no_progress).draft.key_points
    with pytest.raises(Refused):
        engine.summarize(bad, STANDARD, no_progress)


def test_it_answers_without_a_stream_too(urls: dict[str, Any]) -> None:
    content = "<transcript>\n[1] bees dance in the dark of the hive\n</transcript>"
    body: dict[str, Any] = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": content}]}
    message = call(urls, "/anthropic/v1/messages", body)
    completion = call(urls, "/v1/chat/completions", body)
    response = call(urls, "/v1/responses", {"model": "m", "input": content})
    answers = [
        message["content"][0]["text"],
        completion["choices"][0]["message"]["content"],
        response["output"][0]["content"][0]["text"],
    ]
    assert all(json.loads(answer)["key_points"][0]["segments"] == [1] for answer in answers)
    assert call(urls, "/anthropic/v1/messages/count_tokens", body)["input_tokens"] > 10
