"""The form in which the two files of a page are kept: exactly what JupyterLab writes.

    python -m helpers.book form            # brings the stored pages into it; no cell is run
    python -m helpers.book form --check

JupyterLab writes into a notebook that it opens what its kernel says of itself, and calls the page unsaved if that is
not what was there: after two minutes it then saves a page that nobody touched. So pages hold the same to begin with.
One line states the release of Python, and differs where the reader's is another; ``form`` brings ours back.
"""

import argparse
from pathlib import Path

import jupytext
import nbformat
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import KERNEL_NAME, get_kernel_dict

from helpers import pages
from helpers.book import BookError, pairs

PYTHON = "3.11.7"  # what the stored pages state, whatever release they were run with
OPTIONS = {  # of jupytext; pyproject.toml has them too, for files that do not say
    "cell_metadata_filter": ",".join(pairs.SHARED),
    "formats": f"ipynb,{pairs.PERCENT}",
    "notebook_metadata_filter": "kernelspec,jupytext",
}


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Bring a notebook into the form of the pages, in place: the same on every machine; cells keep what they show."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    spec = get_kernel_dict()
    metadata = {
        "kernelspec": {
            "display_name": spec["display_name"],
            "language": spec["language"],
            "name": KERNEL_NAME,
        },
        "language_info": IPythonKernel.language_info | {"version": PYTHON},
        "jupytext": OPTIONS,
    }
    if "book" in notebook.metadata:
        metadata["book"] = notebook.metadata.book
    notebook.metadata = nbformat.from_dict(metadata)
    for n, cell in enumerate(notebook.cells):
        cell.id = f"cell-{n:03d}"
        cell.metadata.pop("execution", None)
    nbformat.validate(notebook)


def source_text(text: str) -> str:
    """The text of a page's ``.py`` file with the header that JupyterLab, through jupytext, writes."""
    notebook = jupytext.reads(text, fmt=pairs.PERCENT)
    tidy(notebook)
    return jupytext.writes(pages.as_json(notebook), fmt=pairs.PERCENT)


def other_forms() -> dict[Path, str]:
    """The files of pages that have another form, with the text that they should have.

    Raises:
        BookError: the two files of a page disagree.
    """
    texts = {}
    for source in sorted(pages.NOTEBOOKS.glob("[0-9][0-9]_*.py")):
        pair = pairs.read(source)
        texts[pair.source] = source_text(pair.text)
        if pair.stored:
            tidy(pair.stored)
            texts[pair.target] = pages.dumps(pair.stored)
    before = pairs.contents(*texts)
    return {path: text for path, text in texts.items() if text.encode() != before[path]}


def run(args: argparse.Namespace) -> int:
    """Write or name the files that have another form; returns the exit status."""
    texts = other_forms()
    if args.check:
        if texts:
            names = ", ".join(path.name for path in texts)
            raise BookError(
                f"JupyterLab would write these otherwise: {names}. `python -m helpers.book form` mends it."
            )
        return 0
    written = pairs.write(texts)
    print(f"{len(written)} files written; cells and outputs are as they were.")
    return 0
