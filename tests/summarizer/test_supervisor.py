"""The supervisor over small real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Eventually = Callable[..., None]

# A child that notes its end in a file, and one that will not go.
POLITE = "import signal, sys; signal.signal(15, lambda *_: (print('bye'), sys.exit(0))); print('here'); signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print('here')\nwhile True: signal.pause()"


class Run:
    """A supervisor in a process of its own; `stages` is the Python text of its stages."""

    def __init__(self, folder: Path, stages: str) -> None:
        self.log = folder / "log.txt"
        program = f"""
import sys
from summarizer.supervisor import Service, Supervisor
def service(name, code, grace=5, **options):
    return Service(name, [sys.executable, "-S", "-u", "-c", code], grace, **options)
POLITE, STUBBORN = {POLITE!r}, {STUBBORN!r}
Supervisor({stages}, lambda: True, lambda: print("greeting", flush=True)).run()
print("over", flush=True)
"""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=log, stderr=log)

    def said(self) -> str:
        return self.log.read_text()

    def pids(self, name: str) -> list[int]:
        return [int(pid) for pid in re.findall(rf"^{name} *\| started as process (\d+)$", self.said(), re.MULTILINE)]

    def lines(self, *wanted: str) -> list[str]:
        """What was said, in order, of what is of interest."""
        return [line for line in self.said().splitlines() if line in wanted]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    runs: list[Run] = []

    def begin(stages: str) -> Run:
        runs.append(Run(tmp_path, stages))
        return runs[-1]

    yield begin
    for run in runs:
        for _ in range(2):  # the second makes it hurry
            if run.process.poll() is None:
                run.process.terminate()
        run.process.wait(10)


def is_alive(pid: int) -> bool:
    """A zombie that nobody has waited for is dead."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_output_carries_the_name_of_its_process(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start('[[service("a", POLITE), service("long", "import sys; sys.stderr.write(\'no newline\')")]]')
    eventually(lambda: "a    | here" in run.said() and "long | no newline" in run.said())


def test_stages_begin_when_the_one_before_is_ready_and_end_in_the_opposite_order(
    start: Callable[[str], Run], eventually: Eventually, tmp_path: Path
) -> None:
    flag = tmp_path / "ready"
    ready = f"__import__('pathlib').Path({str(flag)!r}).exists"
    run = start(f'[[service("first", POLITE, ready={ready})], [service("second", POLITE)]]')
    eventually(lambda: "first  | here" in run.said())
    assert not run.pids("second")
    flag.touch()
    eventually(lambda: "second | here" in run.said())
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(10) == 0
    wanted = ("first  | here", "second | here", "greeting", "second | bye", "first  | bye", "over")
    assert [line for line in run.lines(*wanted) if line != "greeting"] == [
        line for line in wanted if line != "greeting"
    ]


def test_one_that_dies_comes_back_and_the_others_stay(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start('[[service("a", POLITE), service("b", POLITE)]]')
    eventually(lambda: run.said().count("| here") == 2)
    os.kill(run.pids("a")[0], signal.SIGKILL)
    eventually(lambda: run.said().count("a | here") == 2)
    assert "a ended by itself (SIGKILL). It starts again in 0.5 s." in run.said()
    assert len(run.pids("b")) == 1


def test_one_that_dies_again_and_again_is_given_longer_pauses(
    start: Callable[[str], Run], eventually: Eventually
) -> None:
    run = start('[[service("a", "raise SystemExit(3)", before=lambda failures: f"failed {failures} times")]]')
    eventually(lambda: "It starts again in 2 s." in run.said())
    pauses = re.findall(r"ended by itself \(code 3\). It starts again in (\S+) s", run.said())
    assert pauses == ["0.5", "1", "2"]
    assert "failed 2 times" in run.said()


def test_one_that_does_not_go_is_killed_after_its_grace(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start('[[service("a", STUBBORN, grace=0.5)]]')
    eventually(lambda: "a | here" in run.said())
    began = time.monotonic()
    run.process.terminate()
    assert run.process.wait(10) == 0
    assert 0.4 < time.monotonic() - began < 3
    assert not is_alive(run.pids("a")[0])


def test_a_second_ctrl_c_waits_for_nobody(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start('[[service("a", STUBBORN, grace=60), service("b", POLITE)]]')
    eventually(lambda: "a | here" in run.said() and "b | here" in run.said())
    run.process.send_signal(signal.SIGINT)
    eventually(lambda: "b | bye" in run.said())
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(5) == 0
    assert not is_alive(run.pids("a")[0])


def test_what_a_process_has_started_ends_with_it(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start(
        "[[service(\"a\", \"import subprocess, sys, signal; child = subprocess.Popen([sys.executable, '-S', '-c',"
        " 'import signal; signal.pause()']); print('child', child.pid); signal.pause()\")]]"
    )
    eventually(lambda: re.search(r"child \d+", run.said()))
    match = re.search(r"child (\d+)", run.said())
    assert match
    run.process.terminate()
    run.process.wait(10)
    eventually(lambda: not is_alive(int(match[1])))


def test_a_flood_of_output_loses_no_line_and_holds_nobody_up(
    start: Callable[[str], Run], eventually: Eventually
) -> None:
    flood = "import signal\\nfor n in range(50_000): print(n, flush=False)\\nsignal.pause()"
    run = start(f'[[service("a", "{flood}"), service("b", POLITE)]]')
    eventually(lambda: "a | 49999\n" in run.said(), 20)
    assert "b | here" in run.said()
    assert re.findall(r"^a \| (\d+)$", run.said(), re.MULTILINE) == [str(n) for n in range(50_000)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_supervisor_that_is_killed(start: Callable[[str], Run], eventually: Eventually) -> None:
    run = start('[[service("a", STUBBORN), service("b", POLITE, orphaned=__import__("signal").SIGTERM)]]')
    eventually(lambda: "a | here" in run.said() and "b | here" in run.said())
    pids = run.pids("a") + run.pids("b")
    run.process.kill()
    eventually(lambda: not any(is_alive(pid) for pid in pids))
