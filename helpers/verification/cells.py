"""Notebooks and their cells as tests: nbval's, compared as this package does."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest

from .headings import headings_of_code_cells
from .kernel import PageKernel
from .outputs import Difference, compare_outputs, join_streams
from .policy import Policy
from .report import failure

# nbval joins all pieces of a stream, wherever they stand; the order of text and figures matters here.
nbval.plugin.coalesce_streams = join_streams


class Page(nbval.plugin.IPyNbFile):
    """A notebook whose cells are tests and share one kernel."""

    kernel: PageKernel | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """One test for each code cell, under nbval's name for it: ``Cell 0``, ``Cell 1``..."""
        items = list(super().collect())
        for item, heading in zip(items, headings_of_code_cells(self.nb), strict=True):
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
        super().runtest()
        facts = self._facts()
        verdict = (policy.kind, policy.reason)
        if reason := self._exempt(facts):
            verdict = ("run", reason)
        elif not self.options["check"]:
            verdict = ("run", "exempted by a tag")
        self.user_properties += [("verdict", verdict), ("facts", facts)]

    def compare_outputs(self, test: list, ref: list, skip_compare: Any = None) -> bool:
        """Called by nbval with the new (``test``) and the stored (``ref``) outputs."""
        if self._exempt(self._facts()):
            return True
        self.differences = compare_outputs(ref, test, Policy.from_metadata(self.cell.metadata))
        self.comparison_traceback = [fault.text for fault in self.differences]
        return not self.differences

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> str:
        """Page, cell and heading; the source; expected and got side by side; pictures as files."""
        where = f"{self.path.name}, cell {self.cell_num} (In [{self.cell_num + 1}]), under {self.heading!r}"
        if not isinstance(excinfo.value, nbval.plugin.NbCellError):
            return f"{where}\n{excinfo.type.__name__}: {excinfo.value}"
        lines = [where, "", *(f"    {line}" for line in self.cell.source.splitlines()), ""]
        if not self.differences:
            return "\n".join([*lines, str(excinfo.value), excinfo.value.inner_traceback or ""])
        return "\n".join(
            [*lines, *failure(self.differences, f"{self.path.stem}-cell{self.cell_num}")]
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        """What ``pytest -v`` shows for this cell."""
        return self.path, 0, f"{self.path.name}::Cell {self.cell_num} ({self.heading})"

    def _facts(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for found in self.ihook.pytest_verification_facts(kernel=self.parent.kernel):
            merged |= found
        return merged

    def _exempt(self, facts: Mapping[str, Any]) -> str | None:
        return self.ihook.pytest_verification_exempt(cell=self, facts=facts)
