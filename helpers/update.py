"""Make a page's outputs: sync its two files, run it from a fresh kernel, write both.

    python -m helpers.update                    # every page
    python -m helpers.update 01 04_cifar10      # these

The ``.py`` file is the source; a change made in JupyterLab is synced into it by jupytext first (the newer of
the two files wins). The outputs are made on the CPU with the real CIFAR-10 pictures, or not at all. If a cell
fails, the files stay as they were.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupytext.cli import jupytext as jupytext_command
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

from helpers import kernel, pages
from helpers.environment import cpu_name
from helpers.verification import join_streams

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


class CurrentEnvironment(AsyncKernelManager):
    """Starts the kernel of the environment that this program runs in, whatever is registered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kernel_spec_manager=NbvalKernelspecManager(), **kwargs)


def update(path: Path) -> float:
    """Sync, run and write one page.

    Args:
        path: the page's ``.ipynb`` or ``.py`` file; the other is made if it is missing.

    Returns:
        How many seconds the run took, the start of the kernel included.

    Raises:
        CellExecutionError: a cell failed; nothing was written.
    """
    source, target = path.with_suffix(".py"), path.with_suffix(".ipynb")
    kept = {}
    if target.exists():
        newer = max(source, target, key=lambda file: file.stat().st_mtime)
        jupytext_command(["--sync", "--quiet", str(newer)])
        kept = pages.Page(target).notebook.metadata.get("book", {})
    notebook = jupytext.read(source)
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        kernel_manager_class=CurrentEnvironment,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        timeout=600,
        resources={"metadata": {"path": str(target.parent)}},
    )
    client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log
    seconds = time.perf_counter() - start
    tidy(notebook)
    if not 0.67 < kept.get("seconds", 0) / seconds < 1.5:  # only a real change is news
        kept = {"seconds": round(seconds, 1), "machine": f"{cpu_name()}, {os.cpu_count()} cores"}
    notebook.metadata["book"] = kept
    stated = pages.TIME.search(notebook.cells[0].source)
    line = pages.time_line(notebook)
    if stated:
        notebook.cells[0].source = notebook.cells[0].source.replace(stated[0], line)
        write(source, source.read_text(encoding="utf-8").replace(stated[0], line, 1))
    write(target, pages.dumps(notebook))
    return seconds


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Bring a freshly run notebook into the one form in which pages are kept, in place.

    Identifiers of cells follow from their place; rewritten progress bars keep their last state; nothing that
    differs from run to run or from machine to machine stays in the metadata.
    """
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": KERNELSPEC,
            "language_info": {
                "name": "python",
                "file_extension": ".py",
                "mimetype": "text/x-python",
            },
            "jupytext": {"formats": "ipynb,py:percent"},
        }
    )
    for n, cell in enumerate(notebook.cells):
        cell.id = f"cell-{n:03d}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
    nbformat.validate(notebook)


def main() -> int:
    """Read the command line and update the pages; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "page", nargs="*", help="a page by its number, name or file; all if none is given"
    )
    names = parser.parse_args().page
    # page 00 shows what the other pages are, so it comes last
    sources = sorted(
        pages.NOTEBOOKS.glob("[0-9][0-9]_*.py"),
        key=lambda path: (path.stem.startswith("00"), path.stem),
    )
    if names:
        sources = [s for s in sources if any(s.stem.startswith(Path(name).stem) for name in names)]
    if not sources:
        print("There is no such page.")
        return 2
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    from helpers import data

    if not data.is_real():
        print(f"The committed outputs are made with the real CIFAR-10 pictures.\n{data.origin()}")
        return 1
    with tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True) as folder:
        os.environ.update(kernel.settings(Path(folder)))
        for source in sources:
            try:
                print(f"{source.stem}: {update(source):.1f} s", flush=True)
            except CellExecutionError as error:
                print(f"{source.stem}: a cell failed; nothing was written.\n{error}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
