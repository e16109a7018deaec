"""The pages of the book as files: which there are, their titles, headings, claims and lengths."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.paths import NOTEBOOKS
from helpers.verification.headings import headings

if TYPE_CHECKING:  # it takes more than a second: only what reads a page waits for it
    from nbformat import NotebookNode

WORDS_A_MINUTE = 180  # prose read with care
CODE_LINES_A_MINUTE = 20  # code read with care
DATA_TAG = "cifar10"  # marks a cell whose outputs depend on the pictures of CIFAR-10
TIME = re.compile(r"^(# |)\*\*Time\*\*: .*$", re.MULTILINE)  # in a .py file it is a comment
# What `python -m helpers.book launch` writes into a page: the badges, and the code that Colab needs.
LAUNCH_LINES = re.compile(
    r"\n#?\n(?:# )?\[!\[Open in Binder\].*"
    r'|# Colab opens this page alone(?:.*\n)+? *os\.chdir\("book/notebooks"\)\n\n'
)


class Page:
    """One notebook of the book.

    Attributes:
        path: its ``.ipynb`` file; the ``.py`` file that it is made from lies beside it.
        notebook: its content (nbformat 4).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem

    @cached_property
    def notebook(self) -> "NotebookNode":
        """The content of the file."""
        import nbformat

        return nbformat.read(self.path, as_version=4)

    @property
    def code_cells(self) -> "list[NotebookNode]":
        """The code cells, in order."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> str:
        """The text of all Markdown cells."""
        return "\n\n".join(
            cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"
        )

    @property
    def title(self) -> str:
        """The text of the first heading."""
        return headings(self.prose)[0]

    @property
    def claims(self) -> dict[str, list[int]]:
        """Which code cells (0, 1, ...) prove which statement of the notes: ``{"C03": [4, 5]}``."""
        proofs: dict[str, list[int]] = {}
        for n, cell in enumerate(self.code_cells):
            for claim in cell.metadata.get("claims", []):
                proofs.setdefault(claim, []).append(n)
        return proofs

    @property
    def reading_minutes(self) -> int:
        """How long the page takes to read, in whole minutes, from its words and lines of code."""
        return reading_minutes(self.notebook)

    @property
    def seconds(self) -> float | None:
        """How long the page ran when its outputs were made; None before it was run."""
        return self.notebook.metadata.get("book", {}).get("seconds")


def all_pages() -> list[Page]:
    """The pages in the order of their numbers."""
    return [Page(path) for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))]


def reading_minutes(notebook: Mapping[str, Any]) -> int:
    """How long a notebook takes to read, in whole minutes, from its words and lines of code.

    Folded cells do not count, nor do launch badges, the code for Colab, or the exercises and all that follows them.
    """
    words = lines = 0
    for cell in notebook["cells"]:
        if cell["source"].startswith("## Exercises"):
            break
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            continue
        source = LAUNCH_LINES.sub("", cell["source"])
        if cell["cell_type"] == "code":
            lines += len(source.splitlines())
        elif cell["cell_type"] == "markdown":
            words += len(re.findall(r"[A-Za-z0-9']+|[\u4e00-\u9fff]", TIME.sub("", source)))
    return max(1, round(words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE))


def time_line(notebook: Mapping[str, Any]) -> str:
    """The line at the top of a page that says how long it takes to read and to run."""
    run = notebook["metadata"]["book"]
    return (
        f"**Time**: {reading_minutes(notebook)} min to read, "
        f"{run['seconds']:.0f} s to run ({run['machine']})."
    )


def machine() -> str:
    """The machine that the stored run times were measured on, as the pages' metadata says."""
    names = {page.notebook.metadata.get("book", {}).get("machine") for page in all_pages()} - {None}
    return " / ".join(sorted(names)) or "not measured"


def anchor(heading: str) -> str:
    """The anchor that JupyterLab gives a heading: blanks become hyphens, and marks of code go."""
    return heading.strip().replace("`", "").replace(" ", "-")


def dumps(notebook: "NotebookNode") -> str:
    """A notebook as the text of its file, as JupyterLab writes it: saved there unchanged, it shows no diff."""
    import nbformat

    return nbformat.writes(as_json(notebook), version=nbformat.NO_CONVERT) + "\n"


def as_json(value: Any) -> Any:
    """A copy of what a JSON file holds, keys sorted, and 6 for 6.0, as JavaScript writes it."""
    if isinstance(value, Mapping):
        from nbformat import NotebookNode

        return NotebookNode({name: as_json(entry) for name, entry in sorted(value.items())})
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value
