"""A run as one HTML page that needs no other file: failures with their pictures, and the summary."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .report import Row, shortened


def page_of(
    records: Sequence[Mapping[str, Any]], summary: Sequence[str], verdicts: Mapping[str, str]
) -> str:
    """The HTML page about a run.

    Args:
        records: the cells, as ``cells.Cell.record`` makes them.
        summary: lines on the machine and the counts.
        verdicts: the kinds of verdict, and the words for each.
    """
    files = FileSystemLoader(Path(__file__).parent)
    template = Environment(
        loader=files,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("html_report.html")

    def name(record: Mapping[str, Any]) -> str:
        return record["page"]

    by_page = {page: list(cells) for page, cells in groupby(sorted(records, key=name), name)}
    return template.render(
        pages=by_page,
        failures=[record for record in records if record["outcome"] == "failed"],
        summary=summary,
        verdicts=verdicts,
        shortened=lambda rows: shortened([Row(*row) for row in rows]),
    )
