"""Where the time of a verified run goes, page by page.

    python -m tests.studies.run_times                          # the whole book: serial, then on two workers
    python -m tests.studies.run_times 02 06 --workers 1        # these pages, serial
    python -m tests.studies.run_times --out times.json

Runs ``pytest --nbval`` with this module as a plugin, which notes for each page, in seconds: the start of its
kernel; imports (by the outermost ``import`` statements of its cells); the rest of its cells; the comparison of
their outputs; what the verification asks of the kernel after each cell; the end of the kernel.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest

from helpers import pages
from helpers.environment import cpu_name

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("start", "imports", "cells", "comparison", "questions", "end")
SLOWEST = 12

# Run in the page's kernel before its first cell.
WATCH_IMPORTS = """def _watch_imports():
    import builtins, time
    plain, inside, spent = builtins.__import__, [], {}
    def watched(name, *more, **named):
        if inside:
            return plain(name, *more, **named)
        inside.append(name)
        start = time.perf_counter()
        try:
            return plain(name, *more, **named)
        finally:
            inside.pop()
            spent[name] = spent.get(name, 0) + time.perf_counter() - start
    builtins.__import__ = watched
    builtins._import_seconds = spent
_watch_imports()
del _watch_imports"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The file that the times are written to."""
    parser.addoption("--run-times", help="write what was measured to this file, as JSON")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Once the page's kernel runs, watch its imports; watch what is asked of it and the comparison."""
    yield
    if not isinstance(item, nbval.plugin.IPyNbCell):
        return
    kernel = item.parent.kernel
    if not hasattr(kernel, "questions"):
        kernel.kc.execute(WATCH_IMPORTS, silent=True, store_history=False, reply=True, timeout=60)
        kernel.questions = []
        kernel.ask = _timed(kernel.ask, kernel.questions)
    item.comparisons = []
    item.compare_outputs = _timed(item.compare_outputs, item.comparisons)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Note what of the cell's time was not its own."""
    try:
        yield
    finally:
        if isinstance(item, nbval.plugin.IPyNbCell):
            questions = getattr(item.parent.kernel, "questions", [])
            item.user_properties += [
                ("comparison", sum(item.comparisons)),
                ("questions", sum(questions)),
                ("imports", _imports(item.parent.kernel)),
            ]
            questions.clear()


def _timed(function: Callable, seconds: list[float]) -> Callable:
    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds.append(time.perf_counter() - start)

    return timed


def _imports(kernel: Any) -> dict[str, float]:
    """The seconds of the imports so far, by the name in the ``import`` statement."""
    if not kernel.is_alive():
        return {}
    return type(kernel).ask(kernel, "__import__('builtins')._import_seconds") or {}


class Recorder:
    """Collects the reports of all cells, from all workers, and writes them at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells: dict[str, dict[str, Any]] = {}
        self.failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one cell: setup, call or teardown."""
        cell = self.cells.setdefault(report.nodeid, {})
        cell[report.when] = report.duration
        cell |= {
            k: v for k, v in report.user_properties if k in ("comparison", "questions", "imports")
        }
        self.failed += report.failed

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self.path.write_text(
            json.dumps({"cells": self.cells, "failed": self.failed}), encoding="utf-8"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Record in the main process only."""
    path = config.getoption("--run-times")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(path)))


def measure(paths: list[Path], workers: int) -> dict[str, Any]:
    """Run pages and measure.

    Args:
        paths: their ``.ipynb`` files.
        workers: how many processes of pytest; 1: no parallel run.

    Returns:
        ``seconds`` (the whole command), ``failed`` (cells), ``pages`` (name -> part -> seconds) and ``slowest``
        (the cells that took longest, imports aside).
    """
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "tests.studies.run_times"]
    command += ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "times.json"
        start = time.perf_counter()
        done = subprocess.run(
            [*command, f"--run-times={out}", *map(str, paths)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        if not out.exists():
            raise RuntimeError(f"pytest ended early:\n{done.stdout}{done.stderr}")
        found = json.loads(out.read_text(encoding="utf-8"))
    return {
        "workers": workers,
        "seconds": seconds,
        "failed": found["failed"],
        **summed(found["cells"]),
    }


def summed(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The times of single cells, in the order in which they ran, as times of pages."""
    found: dict[str, dict[str, float]] = {}
    imported: dict[str, dict[str, float]] = {}
    single = []
    for nodeid, cell in cells.items():
        file, _, name = nodeid.partition("::")
        page = found.setdefault(Path(file).stem, dict.fromkeys(PARTS, 0.0))
        before = imported.get(file, {})
        imported[file] = cell.get("imports") or before
        imports = sum(imported[file].values()) - sum(before.values())
        around = cell.get("comparison", 0.0) + cell.get("questions", 0.0)
        own = cell.get("call", 0.0) - around - imports
        for part, seconds in (
            ("start", cell.get("setup", 0.0)),
            ("imports", imports),
            ("cells", own),
            ("comparison", cell.get("comparison", 0.0)),
            ("questions", cell.get("questions", 0.0)),
            ("end", cell.get("teardown", 0.0)),
        ):
            page[part] += seconds
        single.append({"page": Path(file).stem, "cell": name, "seconds": own})
    modules: dict[str, float] = {}
    for spent in imported.values():
        for module, seconds in spent.items():
            modules[module] = modules.get(module, 0.0) + seconds
    return {
        "pages": dict(sorted(found.items())),
        "slowest": sorted(single, key=lambda cell: -cell["seconds"])[:SLOWEST],
        "modules": dict(sorted(modules.items(), key=lambda pair: -pair[1])[:SLOWEST]),
    }


def table(run: dict[str, Any]) -> str:
    """A run as a table."""
    width = max(map(len, run["pages"]), default=4)
    lines = [f"{'page':{width}}" + "".join(f"{part:>12}" for part in (*PARTS, "total"))]
    rows = dict(run["pages"])
    rows["all pages"] = {part: sum(page[part] for page in run["pages"].values()) for part in PARTS}
    for name, page in rows.items():
        numbers = [*(page[part] for part in PARTS), sum(page.values())]
        lines.append(f"{name:{width}}" + "".join(f"{seconds:12.2f}" for seconds in numbers))
    lines += ["", f"the slowest cells, imports aside{'':{max(0, width - 20)}}"]
    lines += [f"  {c['seconds']:7.2f} s  {c['page']}, {c['cell']}" for c in run["slowest"]]
    lines += ["", "what the pages import, all pages together"]
    lines += [f"  {seconds:7.2f} s  {module}" for module, seconds in run["modules"].items()]
    how = "serial" if run["workers"] == 1 else f"-n {run['workers']} --dist loadfile"
    failed = f"; {run['failed']} cells FAILED" if run["failed"] else ""
    return "\n".join([*lines, "", f"the whole command, {how}: {run['seconds']:.1f} s{failed}"])


def main() -> int:
    """Read the command line, measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.run_times", description=__doc__.splitlines()[0]
    )
    parser.add_argument("page", nargs="*", help="numbers or names of pages; all if none is given")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="1 is serial")
    parser.add_argument("--out", type=Path, help="write what was measured to this file, as JSON")
    asked = parser.parse_args()
    paths = [
        page.path
        for page in pages.all_pages()
        if not asked.page or any(page.name.startswith(name) for name in asked.page)
    ]
    machine = f"{cpu_name()}, {os.cpu_count()} cores"
    print(f"{machine}; load before the run {os.getloadavg()[0]:.1f}; times in seconds")
    runs = []
    for workers in asked.workers:
        runs.append(measure(paths, workers))
        print(f"\n{table(runs[-1])}", flush=True)
    if asked.out:
        text = json.dumps({"machine": machine, "runs": runs}, indent=1)
        asked.out.write_text(text + "\n", encoding="utf-8")
    return int(any(run["failed"] for run in runs))


if __name__ == "__main__":
    sys.exit(main())
