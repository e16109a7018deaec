"""The two files of a page: ``NN_name.py``, its source, and ``NN_name.ipynb``, made from it with outputs.

JupyterLab, through jupytext, saves both files of a pair at once. An edit that is in the ``.ipynb`` alone was made by
another program; nothing is written then, so that it is not lost. How that is noticed: the digest of the cells that
the outputs were made from stands in the notebook's metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat

from helpers.book import BookError
from helpers.verification.files import check_output, write_file

PERCENT = "py:percent"
SHARED = ("tags", "claims", "verify", "jupyter")  # what the .py keeps of a cell's metadata


class Pair(NamedTuple):
    """A page as its two files have it.

    Attributes:
        source: the ``.py`` file.
        target: the ``.ipynb`` file.
        text: the content of the source.
        notebook: the same as a notebook, without outputs.
        stored: the notebook file; None if there is none.
        is_own: whether ``update`` made the stored outputs from the stored cells.
    """

    source: Path
    target: Path
    text: str
    notebook: nbformat.NotebookNode
    stored: nbformat.NotebookNode | None
    is_own: bool

    @property
    def is_current(self) -> bool:
        """Whether the stored outputs are those of the source as it is."""
        return self.is_own and cells(self.notebook) == cells(self.stored)


def read(path: Path) -> Pair:
    """Read both files of a page, given by one of them.

    Raises:
        BookError: the source is missing, or the notebook cannot be read or has edits that the source lacks.
    """
    source, target = path.with_suffix(".py"), path.with_suffix(".ipynb")
    if not source.exists():
        raise BookError(
            f"{source.name} is missing: `jupytext --to {PERCENT} {target}` makes it anew."
        )
    text = source.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt=PERCENT)
    if not target.exists():
        return Pair(source, target, text, notebook, None, False)
    try:
        stored = nbformat.read(target, as_version=4)
    except Exception as error:  # whatever stands in it
        fault = f"is no notebook that can be read ({type(error).__name__})"
        raise BookError(f"{target.name} {fault}: restore it from git or delete it.") from None
    is_own = stored.metadata.get("book", {}).get("cells") == digest(stored)
    if not is_own and cells(stored) != cells(notebook):
        raise BookError(
            f"{target.name} has edits that {source.name}, its source, has not: take them over with "
            f"`jupytext --to {PERCENT} {target}`, or drop them with `git restore {target}`."
        )
    return Pair(source, target, text, notebook, stored, is_own)


def cells(notebook: nbformat.NotebookNode) -> list[str]:
    """What both files keep of each cell: its kind, its metadata (sorted) and its source."""
    descriptions = []
    for cell in notebook.cells:
        metadata = {name: cell.metadata[name] for name in SHARED if name in cell.metadata}
        kind = f"{cell.cell_type} {json.dumps(metadata, sort_keys=True)}"
        descriptions.append("\n".join([kind, cell.source.strip("\n")]))
    return descriptions


def digest(notebook: nbformat.NotebookNode) -> str:
    """Sixteen hexadecimal digits that change if a cell does; outputs do not count."""
    return hashlib.sha256(json.dumps(cells(notebook)).encode()).hexdigest()[:16]


def contents(*paths: Path) -> dict[Path, bytes | None]:
    """What files hold now; None for one that is missing."""
    return {path: path.read_bytes() if path.exists() else None for path in paths}


def write(texts: Mapping[Path, str]) -> list[Path]:
    """Write those files whose content is new: all of them or none.

    The first is in place before the second: a process killed between the two leaves a page whose ``.py`` is newer
    than its outputs, which the next update makes anew.

    Returns:
        The files that were written.

    Raises:
        OutputError: one of them cannot be written.
    """
    before = contents(*texts)
    new = [path for path, text in texts.items() if text.encode() != before[path]]
    for path in new:
        check_output(path)
    try:
        for path in new:
            write_file(path, texts[path])
    except BaseException:
        for path, content in contents(*new).items():
            if before[path] is None:
                path.unlink(missing_ok=True)
            elif content != before[path]:
                path.write_bytes(before[path])
        raise
    return new
