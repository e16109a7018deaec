"""Where the time of a verified run goes: `pytest --nbval`, page by page, and the slowest cells.

    python -m tests.studies run-times                          # the whole book: serial, then on two workers
    python -m tests.studies run-times 02 06 --workers 1        # these pages, serial

A cell's time has its comparison in it, that of a page's first cell the start of its kernel, that of its last cell
the end. The exit status is 1 if a cell failed.
"""

import json
import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from helpers.book import BookError
from helpers.environment import cpu_name
from tests.studies import running

SLOWEST = 12


def measure(paths: list[Path], workers: int) -> dict[str, Any]:
    """Run pages, their ``.ipynb`` files, in so many processes of pytest (1: no parallel run).

    Returns:
        ``workers``, ``seconds`` (the whole command), ``failed`` (cells), ``pages`` (name -> seconds) and ``slowest``
        (the cells that took longest).
    """
    result = running.run_pytest(paths, workers, cwd=running.BOOK)
    if not result.cells:
        raise BookError(f"pytest ended early:\n{result.text}")
    pages: Counter[str] = Counter()
    for cell in result.cells:
        pages[cell.page] += cell.seconds
    slowest = sorted(result.cells, key=lambda cell: -cell.seconds)[:SLOWEST]
    return {
        "workers": workers,
        "seconds": round(result.seconds, 2),
        "failed": sum(cell.failed for cell in result.cells),
        "pages": {page: round(seconds, 2) for page, seconds in sorted(pages.items())},
        "slowest": [{"page": c.page, "cell": c.name, "seconds": c.seconds} for c in slowest],
    }


def table(run: dict[str, Any]) -> str:
    """A run as a table."""
    lines = [f"  {seconds:7.2f} s  {page}" for page, seconds in run["pages"].items()]
    lines += ["", "the slowest cells"]
    lines += [f"  {c['seconds']:7.2f} s  {c['page']}, {c['cell']}" for c in run["slowest"]]
    how = "serial" if run["workers"] == 1 else f"-n {run['workers']} --dist loadfile"
    failed = f"; {run['failed']} cells FAILED" if run["failed"] else ""
    return "\n".join([*lines, "", f"the whole command, {how}: {run['seconds']:.1f} s{failed}"])


def add_arguments(parser: ArgumentParser) -> None:
    running.add_pages(parser)
    number = running.number_up_to(64)
    words = "processes of pytest, one run for each number; 1 is serial (default: 1 2)"
    parser.add_argument("--workers", nargs="+", type=number, default=[1, 2], help=words)
    running.add_out(parser, "keep what was measured in this file, as JSON")


def run(args: Namespace) -> int:
    """Measure and print; the exit status is 1 if a cell failed."""
    machine = f"{cpu_name()}, {os.cpu_count()} cores"
    print(f"{machine}; load before the run {os.getloadavg()[0]:.1f}")
    runs = []
    for workers in args.workers:
        runs.append(measure([page.path for page in running.chosen(args.pages)], workers))
        print(f"\n{table(runs[-1])}", flush=True)
        running.keep(args.out, json.dumps({"machine": machine, "runs": runs}, indent=1) + "\n")
    return 1 if any(run["failed"] for run in runs) else 0
