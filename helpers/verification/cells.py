"""Notebooks and their cells as tests: nbval's, compared as this package does."""

import copy
from collections.abc import Iterable
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import nbval.plugin
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbval.cover import setup_coverage, teardown_coverage
from nbval.plugin import NbCellError

from .headings import headings_of_code_cells
from .kernel import KernelDiedError, PageKernel
from .outputs import Difference, as_text, compare_outputs, join_streams
from .policy import Policy
from .prepared import Preparation
from .report import as_data, as_lines, printable, without_colors, write_pictures

VARIABLES = pytest.StashKey[dict[str, str]]()  # environment variables for kernels
POLICY = pytest.StashKey[Policy]()  # of the project
PREPARATION = pytest.StashKey[Preparation]()  # of kernels; there if several are to be forked


class Page(nbval.plugin.IPyNbFile):
    """A notebook whose cells are tests and share one kernel.

    Attributes:
        cells: all of them, those not chosen too.
        indices: where each of them stands among all cells of the notebook.
        position: how many of them this kernel has run.
        client: keeps the new outputs as JupyterLab does: cleared, updated later, caught by a widget.
        stripped: True if no cell has an output or a count: there is nothing to compare with.
        ended: why no cell can be run any more; '' as long as the kernel lives.
    """

    cells: list["Cell"]
    kernel: PageKernel | None = None
    position = 0
    ended = ""

    def collect(self) -> Iterable[pytest.Item]:
        """Return one test for each code cell, under nbval's name for it: ``Cell 0``, ``Cell 1``..."""
        try:
            items = list(super().collect())  # reads the notebook too
            for item in items:
                for output in item.cell.outputs:
                    as_text(output)  # nbformat only warns of an output that is none
        except Exception as error:  # what is wrong with a file decides which of many
            raise self.CollectError(
                f"{self.path.name} cannot be read as a notebook ({_in_one_line(error)}): open and save it in "
                f"JupyterLab, take it from its origin again, or leave it out with --ignore={self.nodeid}"
            ) from None
        if (language := _language(self.nb)).lower() not in ("python", "ipython"):
            raise self.CollectError(
                f"{self.path.name} is written in {language}, and only Python notebooks can be verified: "
                f"leave it out with --ignore={self.nodeid}"
            )
        code = [n for n, cell in enumerate(self.nb.cells) if cell.cell_type == "code"]
        self.indices = dict(enumerate(code))
        self.stripped = not any(
            self.nb.cells[n].get("execution_count") or self.nb.cells[n].outputs for n in code
        )
        self.cells = [
            Cell.from_parent(self, name=item.name, item=item, heading=heading)
            for item, heading in zip(items, headings_of_code_cells(self.nb), strict=True)
        ]
        return self.cells

    def setup(self) -> None:
        """Start the kernel in the notebook's folder."""
        name = self.config.option.nbval_kernel_name or nbval.plugin.CURRENT_ENV_KERNEL_NAME
        variables = self.config.stash[VARIABLES].copy()
        for more in self.ihook.pytest_verification_environment():
            variables |= more
        patience = self.config.option.nbval_kernel_startup_timeout
        preparation = self.config.stash.get(PREPARATION, None)
        try:
            self.kernel = PageKernel(name, self.path.parent, variables, patience, preparation)
        except Exception as error:
            says = f"the kernel of {self.path.name} did not start: {error}"
            raise pytest.fail.Exception(says, pytrace=False) from None
        self.position = 0
        self.setup_sanitize_files()
        notebook = copy.deepcopy(self.nb)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        self.client = NotebookClient(notebook, record_timing=False)
        self.client.reset_execution_trackers()
        for cell in self.cells:
            cell.ran_ahead, cell.error_ahead = False, None
        self.client.kc = self.kernel.kc
        if getattr(self.config.option, "cov_source", None):
            setup_coverage(self.config, self.kernel, self.path)

    def outputs_of(self, cell: "Cell") -> list[nbformat.NotebookNode]:
        """Return the new outputs of a cell, as they are now: a later cell may change them."""
        return self.client.nb.cells[self.indices[cell.cell_num]].outputs

    def run_ahead(self) -> None:
        """Run the rest of the cells: one of them may update an output of a cell that has run."""
        for cell in self.cells[self.position :]:
            if self.ended:
                return
            if not cell.options["skip"]:
                cell.ran_ahead = True
                try:
                    cell.execute()
                except NbCellError as error:
                    cell.error_ahead = error

    def teardown(self) -> None:
        """End the kernel."""
        if self.kernel is None:
            return
        if self.kernel.is_alive() and getattr(self.config.option, "cov_source", None):
            teardown_coverage(self.config, self.kernel)
        self.kernel.stop()


def _in_one_line(error: Exception) -> str:
    """Return the type of an error and the first line of what it says."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:200]


def _language(notebook: nbformat.NotebookNode) -> str:
    """Return the language that a notebook says it is written in; Python where it says nothing."""
    about = notebook.metadata
    ran_in = about.get("language_info", {}).get("name")
    return str(ran_in or about.get("kernelspec", {}).get("language") or "python")


class Cell(nbval.plugin.IPyNbCell):
    """A code cell: its outputs are compared under the policy in its metadata.

    Attributes:
        heading: what it stands under.
        ran_ahead: True if it has run already, for an earlier cell; ``error_ahead`` is how it failed then.
        updatable: True if it shows something that a later cell may change (``display_id``).
        differences: what the comparison found.
        before: faults of cells that were run before this one because it needs them.
        facts: what the kernel answered after the cell; None if it was not asked since the cell's last run.
        verdict: how its outputs were compared (see ``results.VERDICTS``), and why so.
    """

    def __init__(self, name: str, parent: Page, item: nbval.plugin.IPyNbCell, heading: str) -> None:
        super().__init__(name, parent, item.cell_num, item.cell, item.options)
        self.heading = heading
        self.extra_keyword_matches.add(heading)
        self.output_timeout = 60  # seconds for an output to arrive after the cell has ended
        self.policy = Policy()
        self.ran_ahead = False
        self.error_ahead: NbCellError | None = None
        self.updatable = False
        self.differences: list[Difference] = []
        self.before: list[str] = []
        self.reply: dict[str, Any] = {}
        self.facts: dict[str, Any] | None = None
        self.verdict = ("failed", "")

    def setup(self) -> None:
        """Do nothing: nbval's expects failures after a timeout, here such cells are not run."""

    def runtest(self) -> None:
        """Run the cell and compare its outputs."""
        if self.options["skip"]:
            self.verdict = ("not run", "skipped by a tag")
            pytest.skip("skipped by a tag")
        if self.parent.ended and not self.ran_ahead:
            self.verdict = ("not run", self.parent.ended)
            pytest.skip(f"not run: {self.parent.ended}")
        self.verdict = ("failed", "")  # a wrong entry fails at once
        self.policy = Policy.from_metadata(self.cell.metadata, self.config.stash[POLICY])
        if not self.ran_ahead:
            self._run_those_before()
            self.execute()
        elif self.error_ahead:
            raise self.error_ahead
        reason = self._why_not_compared()
        if reason:
            self._fail_for_hidden_error()
            self.verdict = ("run", reason)
            return
        self.verdict = (self.policy.kind, self.policy.reason)
        if self.updatable:  # the last state is the one that is stored
            self.parent.run_ahead()
        self._compare()
        if self.differences:
            self.raise_cell_error("Cell outputs differ")

    def _compare(self) -> None:
        """Compare the new outputs with the stored ones."""
        new = self.parent.outputs_of(self)
        if self._was_never_run() and join_streams(new):
            self.verdict = ("failed", "")
            self.raise_cell_error("Never run before: the notebook has nothing to compare with")
        self.differences = compare_outputs(self.cell.outputs, new, self.policy, self.sanitize)
        if self.differences and self._take_in_late_output():
            self.differences = compare_outputs(self.cell.outputs, new, self.policy, self.sanitize)

    def _take_in_late_output(self) -> bool:
        """Add what other processes print after the cell's end; whether there was any.

        No other cell has run since, so it belongs to this one.
        """
        page, index = self.parent, self.parent.indices[self.cell_num]
        printed = any(output.output_type == "stream" for output in self.cell.outputs)
        if not printed or page.ended or page.position != self.cell_num + 1:
            return False
        found = False
        for message in page.kernel.late_streams():
            page.client.process_message(message, page.client.nb.cells[index], index)
            found = True
        return found

    def _why_not_compared(self) -> str:
        """Return why the outputs of this cell, which has run, are not compared; '' if they are."""
        if reason := self.ihook.pytest_verification_exempt(cell=self, facts=self.facts or {}):
            return reason
        if not self.options["check"]:
            lax = self.config.option.nbval_lax
            return "not compared under --nbval-lax" if lax else "exempted by a tag or a comment"
        return "the notebook stores no outputs" if self.parent.stripped else ""

    def _was_never_run(self) -> bool:
        """Whether nothing in the file says that the cell was run; some tools remove the counts alone."""
        return self.cell.get("execution_count") is None and not self.cell.outputs

    def _fail_for_hidden_error(self) -> None:
        """Fail for an error that IPython only prints, of an unknown magic say, if nothing compares it."""
        reply = self.reply
        if reply.get("status") == "error" and not self.options["check_exception"]:
            self.raise_cell_error(f"the cell failed with {reply['ename']}: {reply['evalue']}")

    def _run_those_before(self) -> None:
        """Run the cells above that were not chosen, without comparing: this one may need them."""
        page = self.parent
        if page.position > self.cell_num:  # the tests come in another order
            page.kernel.stop()
            page.setup()
        for cell in page.cells[page.position : self.cell_num]:
            if cell.options["skip"]:
                continue
            try:
                cell.execute()
            except NbCellError as error:
                self.before.append(f"cell {cell.cell_num}, run before this one: {error}")
                if page.ended:
                    self.raise_cell_error(self.before[-1], error.inner_traceback)

    def execute(self) -> None:
        """Run the cell; raise nbval's error if it fails; if it hangs or ends the kernel, say so in one sentence."""
        page, number, kernel = self.parent, self.cell_num, self.parent.kernel
        page.position = number + 1
        self.facts = None
        says, traceback = "", None  # a cell that catches the interrupt shows no traceback
        try:
            if not kernel.is_alive():
                raise KernelDiedError(f"before it began, {kernel.cause_of_death()}")
            self._send_and_collect()
            self._ask_for_facts()
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

    def _send_and_collect(self) -> None:
        """Send the source to the kernel and keep the outputs that it sends back."""
        page, kernel = self.parent, self.parent.kernel
        index = page.indices[self.cell_num]
        collected = page.client.nb.cells[index]
        page.client.clear_before_next_output = False
        self.updatable = False
        request = kernel.execute_cell_input(self.cell.source, allow_stdin=False)
        try:
            kernel.await_reply(request, timeout=self.config.option.nbval_cell_timeout)
            self.reply = kernel.reply
        except Empty:
            self.reply = {}
            kernel.interrupt()
        while True:
            try:
                message = kernel.get_message("iopub", timeout=self.output_timeout)
            except Empty:
                self.raise_cell_error(f"no output arrived for {self.output_timeout} s")
            if message["parent_header"].get("msg_id") != request:
                continue
            self.updatable |= bool((message["content"].get("transient") or {}).get("display_id"))
            try:
                page.client.process_message(message, collected, index)
            except CellExecutionComplete:
                break
        self.test_outputs = collected.outputs
        errors = [output for output in collected.outputs if output.output_type == "error"]
        if errors and not self.options["check_exception"]:
            traceback = "\n" + "\n".join(errors[-1].traceback)
            self.raise_cell_error(self._failed_with(errors[-1]), traceback)

    def _failed_with(self, error: nbformat.NotebookNode) -> str:
        """Return one line about an unexpected error; it may be stored as the cell's output."""
        says = f"the cell failed with {error.ename}: {error.evalue}"
        stored = [(o.ename, o.evalue) for o in self.cell.outputs if o.output_type == "error"]
        if (error.ename, error.evalue) in stored:
            says += (
                " (this very error is stored as its output: with the tag raises-exception it is compared,"
                " and the cell passes)"
            )
        return says

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
        return str(error), error.inner_traceback or ""

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
            "fresh": self.parent.kernel.refusal if self.parent.kernel else "",
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
