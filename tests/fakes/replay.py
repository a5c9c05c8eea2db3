"""Starts ../shared/replay/replay_youtube.py, which plays recorded YouTube answers, and tells how to reach it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

_direct = build_opener(ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class ReplayYouTube:
    """`with ReplayYouTube(shared) as youtube:` an unmodified program reaches it with `youtube.proxy_env`."""

    def __init__(self, shared: Path, *arguments: str) -> None:
        self._tls = tempfile.mkdtemp(prefix="replay-tls-")
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        script = shared / "replay" / "replay_youtube.py"
        command = [sys.executable, str(script), "--port", str(self.port), "--tls-dir", self._tls, *arguments]
        outside = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=outside)
        self._wait()

    def _wait(self, seconds: float = 30) -> None:
        pause = threading.Event()
        for _ in range(int(seconds / 0.05)):
            try:
                self.stats()
            except (URLError, OSError):
                if self._process.poll() is not None:
                    raise RuntimeError(f"replay_youtube.py ended with {self._process.returncode}") from None
                pause.wait(0.05)
            else:
                return
        self.stop()
        raise RuntimeError("replay_youtube.py does not answer")

    @property
    def proxy_env(self) -> dict[str, str]:
        bundle = str(Path(self._tls) / "bundle.pem")
        return {
            "HTTPS_PROXY": self.base_url,
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
        }

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with _direct.open(Request(f"{self.base_url}/_replay/{path}", data=data), timeout=10) as answer:
            return json.load(answer)

    def stats(self) -> dict[str, Any]:
        """Requests by stage, and per video, since the last `reset`."""
        found: dict[str, Any] = self._ask("stats?full=1")
        return found

    def config(self, **settings: object) -> None:
        """Sets latency_ms, hang_s, rules … : see the script's --help."""
        self._ask("config", settings)

    def reset(self) -> None:
        self._ask("reset", {})

    def marker_words(self, video_id: str) -> list[str]:
        """The word that each minute of a synthetic video holds."""
        found: list[str] = self._ask(f"needles?v={video_id}")
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._tls, ignore_errors=True)

    def __enter__(self) -> ReplayYouTube:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
