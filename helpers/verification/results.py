"""What became of the cells of a run: collected from pytest's reports, told at its end."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from .files import OutputError, check_output, write_file

VERDICTS = {
    "equal": "compared",
    "tolerance": "compared within a tolerance",
    "form": "compared in form",
    "run": "only run",
    "failed": "that failed before they could be compared",
    "not run": "not run",
}
COMPARED = ("equal", "tolerance", "form")


def conclusion(records: Sequence[Mapping[str, Any]]) -> str:
    """Return what a run has found, in one line for people who do not know how notebooks are compared."""
    pages = dict.fromkeys(record["page"] for record in records)
    bad = Counter(record["page"] for record in records if record["outcome"] == "failed")
    not_run = sum(record["outcome"] == "skipped" for record in records)
    compared = sum(record["verdict"][0] in COMPARED for record in records)
    if bad:
        names = ", ".join(f"{Path(page).name} ({n})" for page, n in bad.items())
        of = f"{len(bad)} of {_pages(len(pages))}"
        return (
            f"Not the same on this machine: {of}. Cells that differ or fail, shown above: {names}."
        )
    if not compared:
        return f"Nothing was compared: {_pages(len(pages))} ran without an error, and more is not known. Details: -v."
    who = {1: "1 page gives"}.get(len(pages), f"All {len(pages)} pages give")
    details = []
    only_run = len(records) - compared - not_run
    if only_run > 0:
        details.append(f"{only_run} of {len(records)} cells were only run")
    if not_run:
        details.append(f"{not_run} were not run")
    more = f" ({', '.join(details)}: -v says why)" if details else ""
    return f"{who} on this machine what {'it shows' if len(pages) == 1 else 'they show'}{more}."


def _pages(n: int) -> str:
    return f"{n} page{'' if n == 1 else 's'}"


class Results:
    """A pytest plugin that keeps the records of cells (``cells.Cell.record``) and writes the summary.

    Raises:
        pytest.UsageError: the HTML report could not be written where it is wanted.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.html = None
        self._of_cells: dict[tuple[str, int], dict[str, Any]] = {}
        self.last_line = ""
        if config.option.html_report and not hasattr(config, "workerinput"):
            self.html = config.invocation_params.dir / config.option.html_report
            try:
                check_output(self.html)
            except OutputError as error:
                raise pytest.UsageError(f"--html-report: {error}") from None

    @property
    def records(self) -> list[dict[str, Any]]:
        """One record for each cell, the last: a cell that was run again, or whose end failed, is one cell."""
        return list(self._of_cells.values())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record that a report brings, from a worker of pytest-xdist too."""
        if record := getattr(report, "verification", None):
            self._of_cells[record["page"], record["cell"]] = record

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the HTML page; a run whose page cannot be written has failed."""
        if self.html is None:
            return
        try:
            write_file(self.html, html_report(self.records, list(self.summary())))
            self.last_line = f"report of the verification: {self.html}"
        except OutputError as error:
            self.last_line = f"--html-report: {error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print in one line what was found, with ``-v`` the summary too, and what became of the HTML page."""
        if self.records:
            terminalreporter.section("the notebooks on this machine")
            if self.config.option.verbose > 0:
                for line in self.summary():
                    terminalreporter.write_line(line)
            terminalreporter.write_line(conclusion(self.records))
        if self.last_line:
            terminalreporter.write_sep("-", self.last_line)

    def summary(self) -> Iterator[str]:
        """Yield what the project's hooks say of the machine, and how many cells were compared how, and why so."""
        facts: dict[str, Any] = {}
        for record in self.records:
            facts |= record["facts"]
        for lines in self.config.hook.pytest_verification_summary(facts=facts):
            yield from lines
        fresh = {(record["fresh"], record["page"]) for record in self.records if record["fresh"]}
        for reason, n in sorted(Counter(reason for reason, _ in fresh).items()):
            yield f"kernels started fresh, not forked: {n} ({reason})"
        for kind, words in VERDICTS.items():
            those = [record for record in self.records if record["verdict"][0] == kind]
            reasons = Counter(record["verdict"][1] for record in those)
            differ = sum(record["outcome"] == "failed" for record in those)
            is_compared = kind in COMPARED
            yield f"cells {words}: {len(those)}" + (
                f", of which {differ} differ" if differ and is_compared else ""
            )
            for reason, n in sorted(reasons.items()):
                if reason:
                    yield f"    {n}: {reason}"


def html_report(records: Sequence[Mapping[str, Any]], summary: Sequence[str]) -> str:
    """Return a page about a run, with all records of cells, that needs no other file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # needed for this only

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("html_report.html")
    return page.render(cells=records, summary=summary, verdicts=VERDICTS)
