"""What a run says while it goes on: what it will do, how long that takes here, and each page when it is done."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

_CACHE = "verification/seconds"  # what each page took when it last ran on this machine


class Progress:
    """A pytest plugin that replaces the dots of the cells by a line for each page, without ``-q`` or ``-v``."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.cells: Counter[str] = Counter()  # of each page, those that will run
        self.done: defaultdict[str, list[pytest.TestReport]] = defaultdict(list)
        self.took: dict[str, float] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Announce what will be run by this process."""
        self._announce([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        """Announce what will be run by the processes of pytest-xdist, which all collect the same."""
        if not self.cells:
            self._announce(ids)

    def _announce(self, ids: Iterable[str]) -> None:
        if cache := getattr(self.config, "cache", None):
            self.took = cache.get(_CACHE, {})
        self.cells = Counter(name.partition("::")[0] for name in ids if ".ipynb::" in name)
        if self.cells and self.config.option.verbose >= 0:
            self._write(announcement(self.cells, self.seconds(), self.config.option.nbval))

    def seconds(self) -> float | None:
        """How long the pages take here, all together; None if that is not known of each."""
        hook, root = self.config.hook, self.config.rootpath
        each = [
            self.took.get(page) or hook.pytest_verification_seconds(path=Path(root, page))
            for page in self.cells
        ]
        if not all(each):
            return None
        processes = self.config.getoption("numprocesses", None) or 1
        return max(sum(each) / processes, *each)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Show no dot for a cell: its page gets a line."""
        is_cell = getattr(report, "nodeid", "").partition("::")[0] in self.cells
        if is_cell and self.config.option.verbose == 0 and (report.when == "call" or report.failed):
            return report.outcome, "", ""
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the line of a page when all its cells have run."""
        page = report.nodeid.partition("::")[0]
        if page not in self.cells:
            return
        self.done[page].append(report)
        if sum(one.when == "teardown" for one in self.done[page]) == self.cells[page]:
            self._finish(page)

    def _finish(self, page: str) -> None:
        reports = self.done[page]
        seconds = sum(report.duration for report in reports)
        failed = len({report.nodeid for report in reports if report.failed})
        skipped = sum(report.skipped for report in reports)
        n = sum(
            sum(one.when == "teardown" for one in done) == self.cells[name]
            for name, done in self.done.items()
        )
        counts = {"differ or fail": failed, "not run": skipped}
        found = [f"{number} {words}" for words, number in counts.items() if number]
        words = ", ".join(found) or "as stored"
        count = f"[{n} of {len(self.cells)}]"
        if self.config.option.verbose == 0:
            self._write(
                f"{count:>10}  {page}: {_cells(self.cells[page])}, {words}, {seconds:.0f} s"
            )
        if not found:
            self.took[page] = round(seconds, 1)

    def pytest_sessionfinish(self) -> None:
        """Keep how long the pages took, for the next run's first line; processes of pytest-xdist leave it to theirs."""
        cache = getattr(self.config, "cache", None)
        if cache and self.cells and not hasattr(self.config, "workerinput"):
            cache.set(_CACHE, self.took)

    def _write(self, line: str) -> None:
        if terminal := self.config.pluginmanager.get_plugin("terminalreporter"):
            terminal.ensure_newline()
            terminal.write_line(line)


def announcement(cells: Counter[str], seconds: float | None, compared: bool) -> str:
    """Return one sentence about a run.

    Args:
        cells: the number of cells to run, by page.
        seconds: how long they take here; None if that is not known.
        compared: whether their outputs are compared.
    """
    pages = f"{len(cells)} page{'' if len(cells) == 1 else 's'}"
    what = (
        "compares what they show with what is stored" if compared else "compares nothing by itself"
    )
    if seconds is None:
        time = "how long that takes here is known after the first run"
    elif seconds < 90:
        time = f"that takes about {max(1, round(seconds))} s"
    else:
        time = f"that takes about {round(seconds / 60)} min"
    return f"Runs {_cells(cells.total())} of {pages}, each page in a kernel of its own, and {what}: {time}."


def _cells(n: int) -> str:
    return f"{n:,} cell{'' if n == 1 else 's'}"
