"""A run as one HTML page that needs no other file: failures with their pictures, and the summary."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .report import Row, shortened


def page_of(
    records: Sequence[Mapping[str, Any]], summary: Sequence[str], verdicts: Mapping[str, str]
) -> str:
    """Return the HTML page about a run.

    Args:
        records: the cells, as ``cells.Cell.record`` makes them.
        summary: lines on the machine and the counts.
        verdicts: the kinds of verdict, and the words for each.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("html_report.html").render(
        cells=records,
        summary=summary,
        verdicts=verdicts,
        shortened=lambda rows: shortened([Row(*row) for row in rows]),
    )
