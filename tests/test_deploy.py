"""What is shipped for deploying: held against the settings, and its commands run as real processes in production's way.

Only addresses, ports and folders differ from the files. On the database and the broker of this run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from summarizer.settings import env
from tests.fakes.youtube import FakeYouTube
from tests.installation import PASSWORD, ROOT, Installation, eventually

OURS = ("web", "worker", "beat", "migrate")
# Not settings of ours: those of the images of PostgreSQL and Caddy.
FOREIGN = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "SITES"}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
HOST = {"Host": "summaries.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def interpolated(text: str, values: dict[str, str]) -> str:
    """As Docker Compose does it; a variable that is demanded and not there fails."""

    def value(match: re.Match[str]) -> str:
        name, mark, rest = match.groups()
        if name in values:
            return values[name]
        assert mark == "-", f"{name} is missing: {rest}"
        return str(rest)

    return VARIABLE.sub(value, text)


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def command_of(service: str) -> list[str]:
    """Of compose, or else of the image."""
    if "command" in SERVICES[service]:
        return shlex.split(interpolated(SERVICES[service]["command"], {}))
    text = DOCKERFILE.rpartition("\nCMD ")[2].replace("\\\n", "")
    found: list[str] = json.loads(text)
    return found


# -- the files


def test_every_service_sets_only_what_somebody_reads() -> None:
    assert set(SERVICES) == {*OURS, "proxy", "postgres", "redis"}
    used = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert used - FOREIGN <= env.settings.keys()
    assert used >= FOREIGN


def test_every_variable_it_asks_for_is_in_the_example() -> None:
    asked = {match[0] for match in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    listed = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked == {"POSTGRES_PASSWORD", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "PORT", "LOG_LEVEL"}
    assert asked <= listed
    assert env.settings.keys() <= listed


def test_no_secret_is_shipped() -> None:
    values = [
        f"{name}={value}" for service in SERVICES.values() for name, value in service.get("environment", {}).items()
    ]
    secret = [value for value in values if re.search("PASSWORD|SECRET|KEY|TOKEN|://.*:.*@", value)]
    assert len(secret) == len(OURS) + 1
    assert all("${POSTGRES_PASSWORD:?" in value for value in secret)
    shipped = [*(ROOT / "deploy").iterdir(), ROOT / "Dockerfile"]
    assert not [path for path in shipped if re.search(r"(password|secret|token)\s*[=:]\s*\S", path.read_text(), re.I)]


def test_nothing_but_the_proxy_is_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "web"}
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_a_stop_waits_longer_than_the_longest_call_of_a_model() -> None:
    grace = float(SERVICES["worker"]["environment"]["SHUTDOWN_GRACE_SECONDS"])
    assert float(env.settings["ENGINE_TIMEOUT"].default) < grace < seconds(SERVICES["worker"]["stop_grace_period"])
    at_most = int(command_of("web")[command_of("web").index("--timeout-graceful-shutdown") + 1])
    assert at_most < seconds(SERVICES["web"]["stop_grace_period"])


def test_the_image_runs_without_rights_holds_static_files_and_asks_itself() -> None:
    lines = DOCKERFILE.splitlines()
    [user] = [number for number, line in enumerate(lines) if line.startswith("USER ")]
    assert lines[user] == "USER app"
    assert not [line for line in lines[user:] if line.startswith("RUN ")]
    assert "collectstatic --noinput" in "\n".join(lines[:user])
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/healthz" in DOCKERFILE
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", "var", ".git"} <= set(ignored)


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_the_proxies_pass_sockets_on_and_keep_metrics_inside(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text()
    assert re.search(r"/metrics (404|\{ return 404)", text)
    if name == "nginx.conf":  # Caddy does both by itself
        assert "proxy_set_header Upgrade           $http_upgrade;" in text
        for header in ("Host", "X-Forwarded-For", "X-Forwarded-Proto"):
            assert f"proxy_set_header {header} " in text
    limit = int(re.findall(r"(\d+)(?:MB|m;)", text)[0]) * 2**20
    assert limit >= 4 * int(env.settings["UPLOAD_MAX_BYTES"].default)


# -- the commands


class Site:
    """The services as processes, in production's way."""

    def __init__(self, app: Installation, youtube: FakeYouTube) -> None:
        self.app, self.youtube = app, youtube
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.Client(base_url=app.base_url, headers=HOST, timeout=30)

    def environment(self, service: str) -> dict[str, str]:
        """That of the compose file, with our addresses and folders in the place of the containers'."""
        env_file = {"SECRET_KEY": "x" * 20 + "not-a-secret-in-a-test-0123456789", "ALLOWED_HOSTS": HOST["Host"]}
        env_file |= {"TRUSTED_PROXIES": "1", "POSTGRES_PASSWORD": "unused"}
        declared = SERVICES[service]["environment"]
        values = {name: interpolated(value, env_file) for name, value in declared.items()}
        assert values["DATABASE_URL"] == "postgres://summarizer:unused@postgres:5432/summarizer"
        here = {name: self.app.env.get(name, "") for name in ("DATABASE_URL", "REDIS_URL", "VAR_DIR", "PATH", "HOME")}
        here["PATH"] = f"{Path(sys.executable).parent}:{here['PATH']}"
        static = {"STATIC_ROOT": str(self.app.folder / "staticfiles"), "ENV_FILE": os.devnull}
        quick = {"SWEEP_SECONDS": "0.5", "HEARTBEAT_SECONDS": "0.3", "SLOTS": "4", "YOUTUBE_PER_HOUR": "0"}
        return {**env_file, **values, **here, **static, **quick, "YOUTUBE_BASE_URL": self.youtube.base_url}

    def run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment("migrate"), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, service: str) -> None:
        port = {"8000": str(self.app.port), "0.0.0.0": "127.0.0.1"} if service == "web" else {}
        command = [port.get(word, word) for word in command_of(service)]
        if service == "beat":
            command += ["--schedule", str(self.app.folder / "beat-schedule")]
        with (self.app.folder / f"{service}.log").open("ab") as log:
            self.processes[service] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment(service), stdout=log, stderr=log, start_new_session=True
            )

    def log(self, service: str) -> list[str]:
        return (self.app.folder / f"{service}.log").read_text().splitlines()

    def ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with FakeYouTube() as youtube, Installation(tmp_path_factory.mktemp("site"), roles=()) as app:
        site = Site(app, youtube)
        try:
            site.run(command_of("migrate"))
            collect = re.search(r"python (manage\.py collectstatic [^&\\]+?) &&", DOCKERFILE)
            assert collect
            site.run(["python", *shlex.split(collect[1])])
            for service in ("web", "worker", "beat"):
                site.start(service)
            eventually(site.ready, 60, "readyz")
            yield site
        finally:
            site.http.close()
            for process in site.processes.values():
                if process.poll() is None:
                    process.kill()
                    process.wait(10)


def test_a_batch_goes_through_the_services_as_they_are_shipped(site: Site) -> None:
    account = {"email": "owner@example.org", "password": PASSWORD}
    assert site.http.post("/api/auth/register", json=account).status_code == 201
    token = site.http.post("/api/auth/login", json=account).json()["access_token"]
    site.http.headers["Authorization"] = f"Bearer {token}"
    links = ["https://youtu.be/vid00000001", "https://youtu.be/vid00000002"]
    made = site.http.post("/api/batch/create", json={"urls": links, "model": "extractive"})
    assert made.status_code == 201, made.text
    address = f"/api/batch/{made.json()['id']}"
    eventually(lambda: site.http.get(address).json()["status"] == "completed", 60, "the batch ends")
    assert site.http.get(address).json()["progress"]["completed"] == 2


def test_pages_are_for_https_and_bring_their_static_files(site: Site) -> None:
    page = site.http.get("/", headers={"Authorization": ""})
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    [style] = re.findall(r'href="(/static/app\.[0-9a-f]+\.css)"', page.text)
    assert site.http.get(style).status_code == 200
    plain = site.http.get("/", headers={"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST['Host']}/")
    assert site.http.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_the_health_check_of_the_image_succeeds(site: Site) -> None:
    found = re.search(r"HEALTHCHECK .*\\\n\s*CMD (\[.*\])", DOCKERFILE)
    assert found
    check = [word.replace(":8000", f":{site.app.port}") for word in json.loads(found[1])]
    site.run(check)


def test_sigterm_ends_each_service_in_order_and_all_they_said_is_json(site: Site) -> None:
    """Last in this file: it ends them."""
    site.http.get("/", headers={"Host": "elsewhere.example"})
    for name, process in site.processes.items():
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM), (name, site.log(name))
    lines = [line for name in site.processes for line in site.log(name)]
    said = [line for line in lines if line and not line.startswith("worker: Warm shutdown")]  # Celery's last words
    assert said
    assert [line for line in said if not line.startswith("{")] == []
    assert {"time", "level", "logger", "message"} <= set(json.loads(said[0]))
