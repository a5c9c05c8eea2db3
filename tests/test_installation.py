"""What an installation prepares before its processes start."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from summarizer import installation
from summarizer.broker import Broker


def test_static_files_are_collected_once_and_again_when_one_has_changed(settings: Settings, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "some.css").write_text("p {}")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT, settings.VAR_DIR = [ours], tmp_path / "served", tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    assert installation.collect_static()
    assert not installation.collect_static()
    (ours / "some.css").write_text("p { margin: 0 }")
    assert installation.collect_static()
    assert (tmp_path / "served" / "some.css").read_text() == "p { margin: 0 }"
    (tmp_path / "served" / "some.css").unlink()
    (tmp_path / "served").rmdir()
    assert installation.collect_static(), "removed by hand"


def test_a_place_for_static_files_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT, settings.VAR_DIR = Path("/dev/null/static"), tmp_path
    with pytest.raises(installation.CannotStart, match="/dev/null/static cannot be written: Not a directory"):
        installation.collect_static()


@pytest.mark.parametrize(("address", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_the_address_that_is_shown_can_be_opened_on_this_machine(address: str, shown: str) -> None:
    with installation.listen(address, 0) as listener:
        port = listener.getsockname()[1]
        assert installation.Probe(listener).address == f"http://{shown}:{port}"
        assert not installation.Probe(listener).answered(), "nobody answers yet, and it does not wait"
        with socket.create_connection((shown, port)):
            pass


def test_a_second_claim_of_a_folder_is_refused_until_the_first_is_given_back(tmp_path: Path) -> None:
    lock = installation.claim_folder(tmp_path / "var")
    with pytest.raises(installation.CannotStart, match=f"as process {os.getpid()}"):
        installation.claim_folder(tmp_path / "var")
    os.close(lock)
    os.close(installation.claim_folder(tmp_path / "var"))


def test_the_broker_is_left_out_when_another_is_named(settings: Settings) -> None:
    settings.EMBEDDED_BROKER = False
    assert installation.embedded_broker() is None
    with installation.listen("127.0.0.1", 0) as listener:
        [stage] = installation.services(listener, None)
    assert [service.name for service in stage] == ["web", "worker", "beat"]


def test_the_broker_starts_first(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker", tmp_path / "broker" / "v.sock")
    with installation.listen("127.0.0.1", 0) as listener:
        stages = installation.services(listener, broker)
    broker.unlock()
    assert [[service.name for service in stage] for stage in stages] == [["broker"], ["web", "worker", "beat"]]


def test_every_process_can_be_gone_within_ten_seconds(settings: Settings, tmp_path: Path) -> None:
    settings.SHUTDOWN_GRACE_SECONDS = 3600
    broker = Broker(tmp_path / "broker", tmp_path / "broker" / "v.sock")
    with installation.listen("127.0.0.1", 0) as listener:
        stages = installation.services(listener, broker)
    broker.unlock()
    assert sum(max(service.grace for service in stage) for stage in stages) < 10
