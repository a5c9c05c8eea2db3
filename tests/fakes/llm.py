"""Fake Anthropic and OpenAI servers on one port: real HTTP, real streams, answers that are true to the prompt.

In a test:        with FakeLLM() as fake: AnthropicEngine("claude-test", "key", fake.anthropic_url)
As a process:     python -m tests.fakes.llm --port 0        prints {"port": …, "anthropic": url, "openai": url}
In settings:      ANTHROPIC_BASE_URL=http://127.0.0.1:PORT/anthropic   OPENAI_BASE_URL=http://127.0.0.1:PORT/v1

Paths: /anthropic/v1/messages, /anthropic/v1/messages/count_tokens, /v1/responses, /v1/chat/completions, and
/chat-only/v1/… for a compatible server without responses; streaming or not, as the request says. They find the
numbered segments in the prompt and answer with a draft that cites them and quotes their words, merge the parts of a
long video, and mend a draft when asked to.

A call misbehaves when one of these orders it (names in behaviours.py):
- its model: "claude-x+overloaded" always, "claude-x+rate_limited*2" the first two times;
- its prompt, so one video of a batch: the captions say "fakellm:refusal" or "fakellm:rate_limited*2";
- POST /_config {"behaviours": [{"name": "server_error", "model": "", "after": 0, "times": 3}], "latency": 0.5,
  "chunk_latency": 0.05, "chunks": 8, "retry_after": 2, "window": 5000, "sentence": "", "share_read": 1}. In-process:
  fake.configure(latency=0.5).

GET /_stats tells: calls, in_flight, peak, aborted (streams that the client closed), models {name: calls}, statuses,
kinds {summarize, merge, repair}, and markers {kind: {marker word: calls that answered it}} for the words of the
synthetic videos (marker + six hex digits). POST /_reset forgets all that. In-process: fake.stats(), fake.requests.

Keys: any; "wrong" is refused with 401.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fakes import anthropic, openai
from tests.fakes.behaviours import ERRORS, Director
from tests.fakes.wire import Call, Event, Failure

_ROUTES = {
    "/anthropic/v1/messages": anthropic.messages,
    "/v1/responses": openai.responses,
    "/v1/chat/completions": openai.chat,
    "/chat-only/v1/chat/completions": openai.chat,
}


@dataclass(frozen=True)
class Recorded:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    prompt: str


class _Stats:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.calls = self.in_flight = self.peak = self.aborted = 0
        self.models: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.markers: dict[str, Counter[str]] = {"summarize": Counter(), "merge": Counter(), "repair": Counter()}
        self.openings: set[str] = set()
        self.requests: deque[Recorded] = deque(maxlen=500)

    @contextmanager
    def call(self, call: Call, recorded: Recorded) -> Iterator[None]:
        with self.lock:
            self.calls += 1
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            self.models[call.model] += 1
            self.kinds[call.reading.kind] += 1
            self.requests.append(recorded)
            call.is_cached = call.opening in self.openings
            self.openings |= {call.opening} - {""}
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1

    def answered(self, call: Call) -> None:
        with self.lock:
            self.markers.setdefault(call.reading.kind, Counter()).update(call.reading.markers)

    def snapshot(self) -> dict[str, Any]:
        with self.lock:
            return {
                "calls": self.calls,
                "in_flight": self.in_flight,
                "peak": self.peak,
                "aborted": self.aborted,
                "models": dict(self.models),
                "statuses": dict(self.statuses),
                "kinds": dict(self.kinds),
                "markers": {kind: dict(found) for kind, found in self.markers.items()},
            }


class FakeLLM:
    """Both servers, in this process. Use it as a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.director = Director()
        self.record = _Stats()
        self._pauses_end = threading.Event()
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pauses_end.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/anthropic"

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def chat_only_url(self) -> str:
        """A compatible server that knows /chat/completions and nothing else."""
        return f"http://127.0.0.1:{self.port}/chat-only/v1"

    @property
    def requests(self) -> list[Recorded]:
        return list(self.record.requests)

    def configure(self, **changes: Any) -> None:
        self.director.configure(changes)

    def stats(self) -> dict[str, Any]:
        return self.record.snapshot()

    def reset(self) -> None:
        with self.record.lock:
            self.record.reset()
        self.director.start_over()

    def pause(self, seconds: float) -> None:
        """Waits, but not after the end of the test."""
        self._pauses_end.wait(seconds)

    def end_pauses(self) -> None:
        """Everybody who waits in a pause goes on at once."""
        ended, self._pauses_end = self._pauses_end, threading.Event()
        ended.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(self, port: int, fake: FakeLLM) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def fake(self) -> FakeLLM:
        assert isinstance(self.server, _Server)
        return self.server.fake

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/_stats":
            self._json(200, self.fake.stats())
        else:
            self._json(404, {"error": {"message": "not found"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path == "/_config":
            self.fake.configure(**body)
            self._json(200, {})
        elif self.path == "/_reset":
            self.fake.reset()
            self._json(200, {})
        elif self.path == "/anthropic/v1/messages/count_tokens":
            self._json(200, {"input_tokens": anthropic.counted(body)})
        elif self.path in _ROUTES:
            self._model_call(_ROUTES[self.path], body)
        else:
            self._json(404, {"error": {"message": f"Invalid URL (POST {self.path})", "code": None}})

    def _model_call(self, route: Callable[[dict[str, Any]], Call], body: dict[str, Any]) -> None:
        call = route(body)
        call.behaviours = self.fake.director.behaviours(call.model, call.prompt)
        call.share_read = self.fake.director.config.share_read
        recorded = Recorded(self.path, {name.lower(): value for name, value in self.headers.items()}, body, call.prompt)
        with self.fake.record.call(call, recorded):
            self.fake.pause(self.fake.director.config.latency)
            try:
                self._answer(call)
            except (BrokenPipeError, ConnectionResetError):
                with self.fake.record.lock:
                    self.fake.record.aborted += 1
                self.close_connection = True

    def _answer(self, call: Call) -> None:
        failure = self._failure(call)
        if failure is not None:
            with self.fake.record.lock:
                self.fake.record.statuses[str(failure.status)] += 1
            self._json(failure.status, failure.body, failure.headers)
            return
        with self.fake.record.lock:
            self.fake.record.statuses["200"] += 1
        if "hang" in call.behaviours:
            self.fake.pause(600)
        elif "drip_headers" in call.behaviours:
            self._drip(b"HTTP/1.1 200 OK\r\n" + b"x-slow: " + b"z" * 600)
        elif not call.stream:
            self._json(200, call.whole())
            self.fake.record.answered(call)
        elif self._stream(call):
            self.fake.record.answered(call)

    def _failure(self, call: Call) -> Failure | None:
        config = self.fake.director.config
        if self.headers.get("x-api-key") == "wrong" or self.headers.get("authorization") == "Bearer wrong":
            return call.failure("key_refused", config.retry_after)
        if config.window is not None and call.input_tokens > config.window:
            return call.failure("too_long", config.retry_after)
        for name in call.behaviours & ERRORS.keys():
            return call.failure(name, config.retry_after).saying(config.sentence)
        return call.refused_form()

    def _stream(self, call: Call) -> bool:
        """Sends the events; False if the stream did not come to its end."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        chunks = 1_000 if "endless" in call.behaviours else self.fake.director.config.chunks
        events = [] if "empty_stream" in call.behaviours else list(call.events(chunks))
        for index, event in enumerate(events):
            self.fake.pause(self.fake.director.config.chunk_latency)
            if "keep_alive" in call.behaviours:
                self.wfile.write(_framed(b": OPENROUTER PROCESSING\n\n"))
            if index == len(events) // 2 and not self._halfway(call):
                return False
            self._chunk(event)
        self.wfile.write(b"0\r\n\r\n")
        return True

    def _halfway(self, call: Call) -> bool:
        """What goes wrong in the middle of a stream; True to go on."""
        if "malformed" in call.behaviours:
            self.wfile.write(_framed(b'event: content_block_delta\ndata: {"type": "content_blo\n\n'))
        elif "error_in_stream" in call.behaviours:
            self._chunk(call.error_event())
        elif "disconnect" in call.behaviours:
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return False
        elif "drip" in call.behaviours:
            self._drip(b": " + b"z" * 600, framed=True)
            return False
        elif "truncated" in call.behaviours:
            self.wfile.write(b"0\r\n\r\n")
            return False
        return True

    def _drip(self, data: bytes, *, framed: bool = False) -> None:
        """A byte at a time, each long before any time-out between bytes, for a minute."""
        for index in range(len(data)):
            byte = data[index : index + 1]
            self.wfile.write(_framed(byte) if framed else byte)
            self.wfile.flush()
            self.fake.pause(0.1)

    def _chunk(self, event: Event) -> None:
        name = f"event: {event.name}\n" if event.name else ""
        self.wfile.write(_framed(f"{name}data: {event.data}\n\n".encode()))
        self.wfile.flush()

    def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _framed(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fake Anthropic and OpenAI servers on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0)
    with FakeLLM(parser.parse_args().port) as fake:
        addresses = {"port": fake.port, "anthropic": fake.anthropic_url, "openai": fake.openai_url}
        print(json.dumps(addresses), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
