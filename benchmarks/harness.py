"""What all benchmarks share: what a row of the table is, how it is kept, and what a process has used.

Each row is a ratio of two things measured in one run, alternating (A B A B …), so that a busy or slow machine weighs
on both. The median of each side counts; all runs are kept in benchmarks/results/NAME.json.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Row:
    """One line of the table: `value` must not exceed `limit`. Both are ratios where `unit` is "×"."""

    what: str
    against: str
    value: float
    limit: float | None
    unit: str = "×"
    shown: str = ""

    @property
    def met(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        verdict = "" if self.limit is None else f" (limit {self.limit:g}{self.unit}: {'met' if self.met else 'MISSED'})"
        return f"{self.what} / {self.against}: {self.value:.3g}{self.unit}{verdict} {self.shown}".rstrip()


@dataclass
class Runs:
    """The numbers of one side of a comparison, in one unit."""

    unit: str
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> float:
        self.values.append(value)
        return value

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        return f"{self.median:.4g} {self.unit}"


def ratio(what: str, ours: Runs, against: str, theirs: Runs, limit: float | None) -> Row:
    """The median of ours over the median of theirs."""
    return Row(what, against, ours.median / theirs.median, limit, shown=f"{ours} against {theirs}")


def keep(name: str, rows: Sequence[Row], runs: Mapping[str, Runs], settings: Mapping[str, Any]) -> None:
    """Prints the rows and writes them, with every run, the commit and the machine, to results/NAME.json."""
    for row in rows:
        print(row, flush=True)
    RESULTS.mkdir(exist_ok=True)
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "settings": dict(settings),
        "rows": [asdict(row) | {"met": row.met} for row in rows],
        "runs": {side: asdict(found) for side, found in runs.items()},
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def commit() -> str:
    """The commit that was measured, with "+" if files of the product had been changed since."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return head + ("+" if _git("status", "--porcelain", "--", "batches", "summarizer", "accounts") else "")


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 1),
    }


# -- what a process has used; Linux only


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> float:
    """Resident now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def own_memory_mb(pid: int) -> float:
    """Resident now without pages of files: a mapped database counts as resident, and is the kernel's to drop."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def open_files(pid: int, containing: str) -> int:
    """How many of its descriptors are files or sockets whose name contains the text."""
    links = (str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink())
    return sum(containing in link for link in links)
