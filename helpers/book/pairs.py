"""The two files of a page, ``NN_name.py`` and ``NN_name.ipynb``: which of them was edited, and what it says now.

When a page's outputs are made, the digest of its cells is written into the notebook's metadata. The file whose
cells still have that digest is as it was; the other was edited. So neither the times of files, which a checkout
sets at will, nor a repository is needed, and an edit of both is noticed.
"""

import hashlib
import json
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
from nbformat.reader import NotJSONError

from helpers.verification.headings import headings_of_code_cells

PERCENT = "py:percent"
SHARED = ("tags", "claims", "verify", "jupyter")  # what the .py keeps of a cell's metadata
HEADER = nbformat.from_dict(
    {
        "jupytext": {
            "cell_metadata_filter": ",".join(SHARED),
            "formats": f"ipynb,{PERCENT}",
            "notebook_metadata_filter": "kernelspec,jupytext",
        },
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    }
)


class ConflictError(Exception):
    """The two files of a page disagree, and which of them is right cannot be told."""


class Source(NamedTuple):
    """What a page says now.

    Attributes:
        text: the whole ``.py`` file.
        side: "py" or "ipynb", the file that it is from; "" if both agree.
        stored: the notebook file, None if there is none or it cannot be read.
        ran: the cells that the stored outputs were made from, None if that cannot be told.
    """

    text: str
    side: str
    stored: nbformat.NotebookNode | None
    ran: nbformat.NotebookNode | None


def read(source: Path, target: Path, side: str | None = None) -> Source:
    """Read both files of a page and take the one that was edited.

    Args:
        source: the ``.py`` file.
        target: the ``.ipynb`` file. One of the two may be missing.
        side: "py" or "ipynb": take this one, whatever the other says; None to find out.

    Raises:
        ConflictError: both were edited since they last agreed, or no digest tells; or the file to take cannot
            be read.
    """
    text = source.read_text(encoding="utf-8") if source.exists() else None
    ours = None if text is None else jupytext.reads(text, fmt=PERCENT)
    stored = _notebook(target, needed=side == "ipynb" or (ours is None and side is None))
    if stored is None and target.exists() and side is None:
        raise ConflictError(f"{target.name} is no notebook that can be read. {_options(source)}")
    if side == "py" and ours is None:
        raise ConflictError(f"{source.name} is missing.")
    if stored is None:
        return Source(text, "py", None, None)
    made_from = stored.metadata.get("book", {}).get("cells")
    found = {"py": ours, "ipynb": stored}
    known = [name for name, book in found.items() if book and digest(book) == made_from]
    agree = ours is not None and cells(ours) == cells(stored)
    if side is None and ours is not None and not agree:
        if not known:
            raise ConflictError(_conflict(source, ours, stored))
        side = "ipynb" if known == ["py"] else "py"
    side = side or ("py" if ours is not None else "ipynb")
    if side == "ipynb" and not agree:
        text = as_text(stored, ours)
    return Source(text, "" if agree else side, stored, found[known[0]] if known else None)


def cells(notebook: nbformat.NotebookNode) -> list[str]:
    """What both files keep of each cell: its kind, its metadata (sorted) and its source."""
    found = []
    for cell in notebook.cells:
        metadata = {name: cell.metadata[name] for name in SHARED if name in cell.metadata}
        kind = f"{cell.cell_type} {json.dumps(metadata, sort_keys=True)}"
        found.append("\n".join([kind, cell.source.strip("\n")]))
    return found


def digest(notebook: nbformat.NotebookNode) -> str:
    """Sixteen hexadecimal digits that change if a cell does; outputs do not count."""
    return hashlib.sha256(json.dumps(cells(notebook)).encode()).hexdigest()[:16]


def as_text(notebook: nbformat.NotebookNode, header: nbformat.NotebookNode | None = None) -> str:
    """A notebook as the text of its ``.py`` file; ``header`` is the notebook whose header it gets."""
    book = nbformat.from_dict({**notebook, "metadata": header.metadata if header else HEADER})
    return jupytext.writes(book, fmt=PERCENT)


def _notebook(path: Path, needed: bool) -> nbformat.NotebookNode | None:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, NotJSONError, UnicodeDecodeError, nbformat.ValidationError) as error:
        if needed:
            raise ConflictError(f"{path.name} cannot be read: {type(error).__name__}") from None
        return None


def _conflict(source: Path, ours: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> str:
    """Where the two files differ first: the cell, its heading, the lines."""
    pairs = zip_longest(cells(ours), cells(stored), fillvalue="no such cell")
    n, pair = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
    lines = zip_longest(*(text.split("\n") for text in pair), fillvalue="no such line")
    a, b = next((a, b) for a, b in lines if a != b)
    before = ours.cells[:n]
    code = sum(cell.cell_type == "code" for cell in before)
    heading = headings_of_code_cells({"cells": [*before, {"cell_type": "code"}]})[-1]
    return (
        f"both files were edited since they last agreed. They differ first after {code} code cells, "
        f"under {heading!r}:\n    .py     {a}\n    .ipynb  {b}\n{_options(source)}"
    )


def _options(source: Path) -> str:
    command = f"python -m helpers.book.update {source.stem.partition('_')[0]} --from"
    return f"Keep one of them: `{command} py` or `{command} ipynb`."
