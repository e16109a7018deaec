"""The verification policy: how pytest runs the pages and judges their outputs, as hooks on nbval.

nbval collects each code cell of a notebook as a test and runs it in a kernel. Here it is told to use the
current environment, to keep the input history, and to compare outputs as helpers/verification does. What a
cell may ask for (a tolerance, "timings in form only") stands in its metadata, with a reason.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest

from helpers import pages
from helpers.kernel import PageKernel, settings
from helpers.verification import Difference, Policy, compare_outputs, join_streams

# nbval joins all pieces of a stream, wherever they stand; the order of text and figures matters here.
nbval.plugin.coalesce_streams = join_streams

DATA_TAG = (
    "cifar10"  # outputs that depend on the pictures: not compared when the stand-in is in use
)
VERDICTS = {
    "equal": "compared",
    "tolerance": "compared within a tolerance",
    "form": "compared in form",
    "run": "only run",
}


def pytest_configure(config: pytest.Config) -> None:
    """Use the current environment's kernel, whatever is registered, and keep the user's settings out of it."""
    if not config.option.nbval_kernel_name:
        config.option.nbval_current_env = True
    folder = tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    os.environ.update(settings(Path(folder.name), workers))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list, list]:
    """Put this book's page class in the place of nbval's."""
    collected = yield
    return [
        Page.from_parent(parent, path=file_path)
        if isinstance(node, nbval.plugin.IPyNbFile)
        else node
        for node in collected
    ]


class Page(nbval.plugin.IPyNbFile):
    """A notebook whose cells are tests and share one kernel."""

    kernel: PageKernel | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """One test for each code cell, under nbval's name for it: ``Cell 0``, ``Cell 1``..."""
        items = list(super().collect())
        headings = pages.headings_of_code_cells(self.nb)
        for item, heading in zip(items, headings, strict=True):
            yield Cell.from_parent(
                self,
                name=item.name,
                cell_num=item.cell_num,
                cell=item.cell,
                options=item.options,
                heading=heading,
            )

    def setup(self) -> None:
        """Start the kernel in the notebook's folder."""
        name = self.config.option.nbval_kernel_name or nbval.plugin.CURRENT_ENV_KERNEL_NAME
        self.kernel = PageKernel(
            name,
            cwd=str(self.path.parent),
            startup_timeout=self.config.option.nbval_kernel_startup_timeout,
        )
        self.setup_sanitize_files()

    def teardown(self) -> None:
        """End the kernel."""
        if self.kernel is not None and self.kernel.is_alive():
            self.kernel.stop()


class Cell(nbval.plugin.IPyNbCell):
    """A code cell: its outputs are compared under the policy in its metadata."""

    def __init__(self, *args: Any, heading: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heading = heading
        self.output_timeout = 60  # seconds for an output to arrive after the cell has ended
        self.differences: list[Difference] = []

    def runtest(self) -> None:
        """Run the cell and compare; note what was done for the summary."""
        policy = Policy.from_metadata(self.cell.metadata)  # a wrong entry fails at once
        if self.cell.execution_count is None and self.cell.source.strip():
            self.raise_cell_error("Never run before: the notebook has nothing to compare with")
        verdict = (policy.kind, policy.reason)
        if not self.options["check"]:
            verdict = ("run", "exempted by a tag")
        super().runtest()
        machine = self.parent.kernel.facts()
        if self._on_stand_in():
            verdict = ("run", "depends on the CIFAR-10 pictures; the stand-in is in use")
        self.user_properties += [("verdict", verdict), ("machine", machine)]

    def compare_outputs(self, test: list, ref: list, skip_compare: Any = None) -> bool:
        """Called by nbval with the new (``test``) and the stored (``ref``) outputs."""
        if self._on_stand_in():
            return True
        self.differences = compare_outputs(ref, test, Policy.from_metadata(self.cell.metadata))
        self.comparison_traceback = [fault.text for fault in self.differences]
        return not self.differences

    def _on_stand_in(self) -> bool:
        tags = self.cell.metadata.get("tags", [])
        return DATA_TAG in tags and self.parent.kernel.facts().get("data_is_real") is False

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> str:
        """Page, cell and heading; the source; expected and got side by side; pictures as files."""
        where = f"{self.path.name}, cell {self.cell_num} (In [{self.cell_num + 1}]), under {self.heading!r}"
        if not isinstance(excinfo.value, nbval.plugin.NbCellError):
            return f"{where}\n{excinfo.type.__name__}: {excinfo.value}"
        lines = [where, "", *(f"    {line}" for line in self.cell.source.splitlines()), ""]
        if not self.differences:
            return "\n".join([*lines, str(excinfo.value), excinfo.value.inner_traceback or ""])
        for fault in self.differences:
            lines += [fault.text, *_side_by_side(fault.stored, fault.new), ""]
            if fault.pictures:
                lines += [*_written(fault.pictures, f"{self.path.stem}-cell{self.cell_num}"), ""]
        return "\n".join(lines)

    def reportinfo(self) -> tuple[Path, int, str]:
        """What ``pytest -v`` shows for this cell."""
        return self.path, 0, f"{self.path.name}::Cell {self.cell_num} ({self.heading})"


def _side_by_side(stored: str, new: str, width: int = 58) -> list[str]:
    """Two texts in two columns, ``!`` between lines that differ."""

    def cut(line: str) -> str:
        return line if len(line) <= width else line[: width - 1] + "…"

    lines = [f"  {'expected':{width}}   got", f"  {'-' * width}   {'-' * width}"]
    a, b = stored.splitlines(), new.splitlines()
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        mark = " " if tag == "equal" else "!"
        lines += [
            f"  {cut(x):{width}} {mark} {cut(y)}"
            for x, y in zip_longest(a[a0:a1], b[b0:b1], fillvalue="")
        ]
    return lines


def _written(pictures: tuple[bytes, bytes, bytes | None], name: str) -> list[str]:
    """Write the pictures of a failure to a new temporary folder; the lines that say where."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    lines = []
    for word, data in zip(("expected", "got", "difference"), pictures, strict=True):
        if data is not None:
            path = folder / f"{word}.png"
            path.write_bytes(data)
            lines.append(f"  {word + ':':12}{path}")
    return lines


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The machine, the data's origin, and what was compared, tolerated and left out."""
    reports = [
        r
        for found in terminalreporter.stats.values()
        for r in found
        if hasattr(r, "user_properties")
    ]
    found = [
        dict(report.user_properties) for report in reports if getattr(report, "when", "") == "call"
    ]
    verdicts = Counter(tuple(entry["verdict"]) for entry in found if "verdict" in entry)
    if not verdicts:
        return
    machine: dict[str, Any] = {}
    for entry in found:
        machine |= entry.get("machine", {})
    line = terminalreporter.write_line
    terminalreporter.section("the book on this machine")
    line(
        f"device: {machine.get('device', 'not asked')}, torch {machine.get('torch', 'not imported')}"
    )
    line(f"data: {machine.get('data', 'no page that ran uses any')}")
    for kind, words in VERDICTS.items():
        reasons = Counter({reason: n for (k, reason), n in verdicts.items() if k == kind})
        line(f"cells {words}: {reasons.total()}")
        for reason, n in sorted(reasons.items()):
            if reason:
                line(f"    {n}: {reason}")
