"""All benchmarks of the product's speed, one after the other, each in a process of its own; then the table.

python -m benchmarks                  all, on fewer videos where 10,000 would take long
python -m benchmarks --full           all, with 10,000 videos through the worker
python -m benchmarks cpu create       only these
python -m benchmarks --table          only the table of docs/performance.md, from benchmarks/results
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks.harness import RESULTS, ROOT

BENCHMARKS: dict[str, list[str]] = {
    "wall_time": [],
    "cpu": [],
    "long_run": ["--videos", "2000"],
    "create": [],
    "read": [],
    "export": [],
    "library": ["--summaries", "20000"],
    "sockets": [],
}
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table: python -m benchmarks --table -->", "<!-- end of table -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    status = 0
    for name in [] if given.table else given.names or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        options = [] if given.full else BENCHMARKS[name]
        status |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], cwd=ROOT).returncode
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}")
    print(f"\nThe table is in {PAGE.relative_to(ROOT)}.")
    return status


def table() -> str:
    """One line per row of the newest results, as Markdown."""
    lines = ["| what | against | measured | to reach | | median of each |", "| --- | --- | ---: | ---: | --- | --- |"]
    for name in BENCHMARKS:
        file = RESULTS / f"{name}.json"
        lines += [_line(row) for row in json.loads(file.read_text())["rows"]] if file.exists() else []
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    unit = row["unit"]
    target = "–" if row["limit"] is None else f"≤ {row['limit']:g}{unit}"
    verdict = "" if row["limit"] is None else "met" if row["met"] else "**missed**"
    against = row["against"] or "–"
    return f"| {row['what']} | {against} | {row['value']:.3g}{unit} | {target} | {verdict} | {row['shown']} |"


if __name__ == "__main__":
    sys.exit(main())
