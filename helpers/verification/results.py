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
    "not run": "not run",
}


class Results:
    """A pytest plugin that keeps the records of cells (``cells.Cell.record``) and writes the summary.

    Raises:
        pytest.UsageError: the HTML report could not be written where it is wanted.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.html = None
        self.records: list[dict[str, Any]] = []
        self.last_line = ""
        if config.option.html_report and not hasattr(config, "workerinput"):
            self.html = config.invocation_params.dir / config.option.html_report
            try:
                check_output(self.html)
            except OutputError as error:
                raise pytest.UsageError(f"--html-report: {error}") from None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record that a report brings, from a worker of pytest-xdist too."""
        if record := getattr(report, "verification", None):
            self.records.append(record)

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
        """Print the summary, and what became of the HTML page."""
        if any(record["verdict"] for record in self.records):
            terminalreporter.section("the notebooks on this machine")
            for line in self.summary():
                terminalreporter.write_line(line)
        if self.last_line:
            terminalreporter.write_sep("-", self.last_line)

    def summary(self) -> Iterator[str]:
        """Yield what the project's hooks say of the machine, and how many cells were compared how, and why so."""
        facts: dict[str, Any] = {}
        for record in self.records:
            facts |= record["facts"]
        for lines in self.config.hook.pytest_verification_summary(facts=facts):
            yield from lines
        verdicts = [record["verdict"] for record in self.records if record["verdict"]]
        for kind, words in VERDICTS.items():
            reasons = Counter(reason for verdict, reason in verdicts if verdict == kind)
            yield f"cells {words}: {reasons.total()}"
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
