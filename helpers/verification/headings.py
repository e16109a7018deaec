"""The headings of a notebook: a report names the one that a cell stands under."""

import re
from collections.abc import Mapping
from typing import Any

HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.MULTILINE)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)  # "# ..." in it is a comment


def headings(text: str) -> list[str]:
    """Return the headings in a Markdown text, without their marks."""
    return [words for _, words in HEADING.findall(FENCED.sub("", text))]


def headings_of_code_cells(notebook: Mapping[str, Any]) -> list[str]:
    """Return for each code cell the heading that it stands under ('' before the first)."""
    of_cells = []
    heading = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            of_cells.append(heading)
        elif cell["cell_type"] == "markdown":
            heading = [heading, *headings(cell["source"])][-1]
    return of_cells
