"""Notebooks and their cells as tests: nbval's, compared as this package does."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest
from nbval.plugin import NbCellError

from .headings import headings_of_code_cells
from .kernel import KernelDiedError, PageKernel
from .outputs import Difference, compare_outputs, join_streams
from .policy import Policy
from .prepared import PREPARATION, ForkedKernel
from .report import as_data, as_lines, printable, without_colors, write_pictures

# nbval joins all pieces of a stream, wherever they stand; the order of text and figures matters here.
nbval.plugin.coalesce_streams = join_streams


class Page(nbval.plugin.IPyNbFile):
    """A notebook whose cells are tests and share one kernel.

    Attributes:
        cells: all of them, those not chosen too.
        position: how many of them this kernel has run.
        ended: why no cell can be run any more; '' as long as the kernel lives.
    """

    cells: list["Cell"]
    kernel: PageKernel | None = None
    position = 0
    ended = ""

    def collect(self) -> Iterable[pytest.Item]:
        """Return one test for each code cell, under nbval's name for it: ``Cell 0``, ``Cell 1``..."""
        items = list(super().collect())  # reads the notebook too
        self.cells = [
            Cell.from_parent(self, name=item.name, item=item, heading=heading)
            for item, heading in zip(items, headings_of_code_cells(self.nb), strict=True)
        ]
        return self.cells

    def setup(self) -> None:
        """Start the kernel in the notebook's folder."""
        name = self.config.option.nbval_kernel_name or nbval.plugin.CURRENT_ENV_KERNEL_NAME
        preparation = self.config.stash.get(PREPARATION, None)
        try:
            self.kernel = (partial(ForkedKernel, preparation) if preparation else PageKernel)(
                name,
                cwd=str(self.path.parent),
                startup_timeout=self.config.option.nbval_kernel_startup_timeout,
            )
        except Exception as error:
            says = f"the kernel of {self.path.name} did not start: {error}"
            raise pytest.fail.Exception(says, pytrace=False) from None
        self.position = 0
        self.setup_sanitize_files()

    def teardown(self) -> None:
        """End the kernel."""
        if self.kernel is not None:
            self.kernel.stop()


class Cell(nbval.plugin.IPyNbCell):
    """A code cell: its outputs are compared under the policy in its metadata.

    Attributes:
        heading: what it stands under.
        compares: False while it is run only because a later cell needs it.
        differences: what the comparison found.
        before: faults of cells that were run before this one because it needs them.
        facts: what the kernel answered after the cell; None if it was not asked since the cell's last run.
        verdict: how its outputs were compared ('equal', 'tolerance', 'form', 'run', 'not run'), and why so.
    """

    def __init__(self, name: str, parent: Page, item: nbval.plugin.IPyNbCell, heading: str) -> None:
        super().__init__(name, parent, item.cell_num, item.cell, item.options)
        self.heading = heading
        self.extra_keyword_matches.add(heading)
        self.output_timeout = 60  # seconds for an output to arrive after the cell has ended
        self.policy = Policy()
        self.compares = True
        self.differences: list[Difference] = []
        self.before: list[str] = []
        self.facts: dict[str, Any] | None = None
        self.verdict: tuple[str, str] | None = None

    def setup(self) -> None:
        """Do nothing: nbval's expects failures after a timeout, here such cells are not run."""

    def runtest(self) -> None:
        """Run the cell and compare its outputs."""
        if self.parent.ended:
            self.verdict = ("not run", self.parent.ended)
            pytest.skip(f"not run: {self.parent.ended}")
        self.policy = Policy.from_metadata(self.cell.metadata)  # a wrong entry fails at once
        if self.cell.execution_count is None and self.cell.source.strip():
            self.raise_cell_error("Never run before: the notebook has nothing to compare with")
        self._run_those_before()
        self._run()
        reason = self._exempt()
        if not reason and not self.options["check"]:
            lax = self.config.option.nbval_lax
            reason = "not compared under --nbval-lax" if lax else "exempted by a tag"
        self.verdict = ("run", reason) if reason else (self.policy.kind, self.policy.reason)

    def _run_those_before(self) -> None:
        """Run the cells above that were not chosen, without comparing: this one may need them."""
        page = self.parent
        if page.position > self.cell_num:  # the tests come in another order
            page.kernel.stop()
            page.setup()
        for cell in page.cells[page.position : self.cell_num]:
            if cell.options["skip"]:
                continue
            cell.compares = False
            try:
                cell._run()
            except NbCellError as error:
                self.before.append(f"cell {cell.cell_num}, run before this one: {error}")
                if page.ended:
                    self.raise_cell_error(self.before[-1], error.inner_traceback)
            finally:
                cell.compares = True

    def _run(self) -> None:
        """Run the cell as nbval does; a cell that hangs or ends the kernel says so in one sentence."""
        page, number, kernel = self.parent, self.cell_num, self.parent.kernel
        page.position = number + 1
        self.facts = None
        says, traceback = "", None  # a cell that catches the interrupt shows no traceback
        try:
            if not kernel.is_alive():
                raise KernelDiedError(f"before it began, {kernel.cause_of_death()}")
            super().runtest()
            self._ask_for_facts()  # a cell without outputs was compared with nothing
        except KernelDiedError as error:
            page.ended = f"the kernel died in cell {number} of {page.path.name}"
            says = f"The kernel died in this cell ({error})"
        except NbCellError as error:
            if not kernel.interrupted:
                raise
            traceback = error.inner_traceback
        if kernel.interrupted and not page.ended:
            seconds = self.config.option.nbval_cell_timeout
            hung = f"ran longer than {seconds:g} s (--nbval-cell-timeout)"
            page.ended = f"cell {number} of {page.path.name} {hung}"
            says = f"The cell {hung}; it was interrupted and its kernel ended"
        if page.ended:
            kernel.stop()
            self.raise_cell_error(says, traceback)

    def compare_outputs(self, test: list, ref: list, skip_compare: Any = None) -> bool:
        """Called by nbval with the new (``test``) and the stored (``ref``) outputs."""
        if not self.compares or self.parent.kernel.interrupted:
            return True
        self._ask_for_facts()
        if self._exempt():
            return True
        self.differences = compare_outputs(ref, test, self.policy)
        self.comparison_traceback = [fault.text for fault in self.differences]
        return not self.differences

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> str:
        """Say what is wrong in one line; where; the source; expected and got; pictures as files."""
        says, traceback = self._explain(excinfo.value)
        number, terminal = self.cell_num, self.config.get_terminal_writer()
        lines = [
            says,
            f"{self.path.name}, cell {number} (In [{number + 1}]), under {self.heading!r}",
            "",
            *(f"    {line}" for line in self.cell.source.splitlines()),
            "",
        ]
        for n, fault in enumerate(self.differences):
            if n > 0:  # the first is in the first line
                lines.append(fault.text)
            lines += [*as_lines(fault, self.policy, terminal.fullwidth), ""]
            if fault.pictures:
                lines += [*write_pictures(fault, f"{self.path.stem}-cell{number}"), ""]
        lines = printable(lines)
        if traceback:
            lines += [traceback if terminal.hasmarkup else without_colors(traceback), ""]
        return "\n".join([*lines, *self.before]).rstrip("\n")

    def _explain(self, error: BaseException) -> tuple[str, str]:
        """Return what made the cell fail, in one line, and the traceback of its own code, if any."""
        if isinstance(error, pytest.fail.Exception):
            return str(error), ""
        if not isinstance(error, NbCellError):
            return f"{type(error).__name__}: {error}", ""
        if self.differences:
            more = len(self.differences) - 1
            return self.differences[0].text + (f" (and {more} more)" if more else ""), ""
        says = str(error)
        last = self.test_outputs[-1] if self.test_outputs else {}
        if says == "Cell execution caused an exception" and "ename" in last:
            says = f"the cell failed with {last['ename']}: {last['evalue']}"
        return says, error.inner_traceback or ""

    def record(self, report: pytest.TestReport, call: pytest.CallInfo) -> dict[str, Any]:
        """Return what the summary and the HTML report need, in plain types: it may come from another process."""
        record = {
            "page": report.nodeid.partition("::")[0],
            "cell": self.cell_num,
            "heading": self.heading,
            "outcome": report.outcome,
            "verdict": self.verdict,
            "facts": self.facts or {},
            "seconds": report.duration,
        }
        if report.failed:
            says, traceback = self._explain(call.excinfo.value)
            record |= {
                "source": self.cell.source,
                "says": says,
                "traceback": without_colors(traceback),
                "before": self.before,
                "faults": [as_data(fault, self.policy) for fault in self.differences],
            }
        return printable(record)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return what ``pytest -v`` shows for this cell."""
        return self.path, 0, f"{self.path.name}::Cell {self.cell_num} ({self.heading})"

    def _ask_for_facts(self) -> None:
        """Ask the kernel, once after each run of the cell; not one that was interrupted, it may not answer."""
        kernel = self.parent.kernel
        if self.facts is None and not kernel.interrupted:
            self.facts = {}
            for answer in self.ihook.pytest_verification_facts(kernel=kernel):
                self.facts |= answer

    def _exempt(self) -> str | None:
        return self.ihook.pytest_verification_exempt(cell=self, facts=self.facts or {})
