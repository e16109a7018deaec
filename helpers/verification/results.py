"""What became of the cells of a run: collected from pytest's reports, told at its end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

VERDICTS = {
    "equal": "compared",
    "tolerance": "compared within a tolerance",
    "form": "compared in form",
    "run": "only run",
    "not run": "not run",
}


class Results:
    """A pytest plugin that keeps the records of cells, wherever they ran, and writes the summary.

    Attributes:
        records: one for each cell, as ``cells.Cell.record`` makes it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        if html := config.option.html_report:
            self.html = config.invocation_params.dir / html
            if self.html.is_dir():
                raise pytest.UsageError(f"--html-report: {self.html} is a folder")
        self.records: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record that a report brings, from a worker of pytest-xdist too."""
        if record := getattr(report, "verification", None):
            self.records.append(record)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary, write the HTML page."""
        if any(record["verdict"] for record in self.records):
            terminalreporter.section("the notebooks on this machine")
            for line in self.summary():
                terminalreporter.write_line(line)
        if self.config.option.html_report:
            from .html_report import page_of  # jinja2 is needed for this only

            write(self.html, page_of(self.records, list(self.summary()), VERDICTS))
            terminalreporter.write_sep("-", f"report of the verification: {self.html}")

    def summary(self) -> Iterator[str]:
        """What the project's hooks say of the machine; how many cells were compared how, and why so."""
        facts: dict[str, Any] = {}
        for record in self.records:
            facts |= record["facts"]
        for lines in self.config.hook.pytest_verification_summary(facts=facts):
            yield from lines
        yield from counted(self.records)


def counted(records: list[Mapping[str, Any]]) -> Iterator[str]:
    """How many cells were compared how, and the reasons given."""
    verdicts = Counter(tuple(record["verdict"]) for record in records if record["verdict"])
    for kind, words in VERDICTS.items():
        reasons = Counter({reason: n for (k, reason), n in verdicts.items() if k == kind})
        yield f"cells {words}: {reasons.total()}"
        for reason, n in sorted(reasons.items()):
            if reason:
                yield f"    {n}: {reason}"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
