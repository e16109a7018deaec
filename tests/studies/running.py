"""What the studies share: their arguments, and a page that runs in a fresh kernel."""

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from helpers.book import BookError, UsageError
from helpers.verification.files import OutputError, check_output, write_file

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

    from helpers.pages import Page

BOOK = Path(__file__).resolve().parents[2]


def page_name(text: str) -> str:
    """The number or the beginning of the name of a page, as typed."""
    names = sorted(path.stem for path in BOOK.glob("notebooks/[0-9][0-9]_*.ipynb"))
    if not text or not any(name.startswith(text) for name in names):
        raise ArgumentTypeError(f"there is no page {text!r}: {names[0][:2]} to {names[-1][:2]}")
    return text


def number_up_to(most: int) -> Callable[[str], int]:
    """A type of arguments: a whole number from 1 on."""

    def argument(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
        return int(text)

    return argument


def add_pages(parser: ArgumentParser, *flags: str) -> None:
    """Add ``pages``: numbers or names, positional if there is no flag."""
    words = "pages by number or name, 06 or 08_tensor_shapes; all if none is given"
    how = {"nargs": "+", "default": []} if flags else {"nargs": "*"}
    parser.add_argument(*(flags or ["pages"]), type=page_name, metavar="PAGE", help=words, **how)


def chosen(names: Iterable[str]) -> list["Page"]:
    """The pages whose names begin so; all if there are no names."""
    from helpers import pages

    return [page for page in pages.all_pages() if page.name.startswith(tuple(names) or "")]


def output_file(text: str) -> Path:
    """The path of a file that can be written."""
    try:
        check_output(Path(text))
    except OutputError as error:
        raise ArgumentTypeError(str(error)) from None
    return Path(text)


def add_out(parser: ArgumentParser, words: str) -> None:
    """Add ``--out FILE``, refused before the work if it cannot be written."""
    parser.add_argument("--out", type=output_file, metavar="FILE", help=words)


def keep(path: Path | None, text: str) -> None:
    """Write what was measured to the file of ``--out``, if there is one."""
    if path is not None:
        write_file(path, text)


def need_real_pictures() -> None:
    """Refuse to work with the stand-in: the stored outputs are those of the real pictures."""
    from helpers import data

    if not data.is_real():
        raise UsageError("the real CIFAR-10 pictures are needed: python -m helpers.data --download")


def output(*command: Any, **options: Any) -> str:
    """What a command prints, errors too, whatever its exit status."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
        **options,
    )
    return done.stdout.strip()


class Cell(NamedTuple):
    """What became of a cell."""

    page: str
    name: str
    seconds: float
    failed: bool


class Verification(NamedTuple):
    """A run of ``pytest --nbval``: what it printed, how many seconds it took, and its cells."""

    text: str
    seconds: float
    cells: list[Cell]


def run_pytest(
    paths: Iterable[Path], workers: int, prefix: Iterable[str] = (), **options: Any
) -> Verification:
    """Verify pages as a process of its own.

    Args:
        paths: their ``.ipynb`` files.
        workers: processes of pytest; 1: no parallel run.
        prefix: the beginning of the command, if it runs in another.
        **options: of ``subprocess.run``.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [*prefix, sys.executable, "-m", "pytest", "--nbval", f"--junitxml={report}"]
        if workers > 1:
            command += ["-n", workers, "--dist", "loadfile"]
        start = time.perf_counter()
        text = output(*command, *paths, **options)
        seconds = time.perf_counter() - start
        tree = ElementTree.parse(report) if report.exists() else ElementTree.ElementTree()
    cells = []
    for case in tree.iter("testcase") if tree.getroot() is not None else ():
        page = case.get("classname").rpartition("notebooks.")[2].removesuffix(".ipynb")
        failed = any(fault.tag in ("failure", "error") for fault in case)
        cells.append(Cell(page, case.get("name"), float(case.get("time")), failed))
    return Verification(text, seconds, cells)


def client(
    notebook: "NotebookNode", folder: Path, python: str = sys.executable, **options: Any
) -> "NotebookClient":
    """A client for a notebook, whose outputs it replaces, with ``options`` of nbclient's own.

    A fresh kernel starts in the folder, of this interpreter, whatever kernels are registered.
    """
    from nbclient import NotebookClient
    from nbval.kernel import CURRENT_ENV_KERNEL_NAME

    from helpers.book.run import CurrentEnvironment

    manager = CurrentEnvironment(kernel_name=CURRENT_ENV_KERNEL_NAME)
    manager.kernel_spec.argv[0] = python
    place = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, km=manager, timeout=600, resources=place, **options)


def execute(client: "NotebookClient", variables: Mapping[str, str | None] | None = None) -> float:
    """Run a client's notebook and end its kernel.

    Args:
        client: see ``client``.
        variables: of the kernel's environment, besides those that keep a user's settings out; None: not set.

    Returns:
        How many seconds it took.

    Raises:
        BookError: a cell failed (unless the client allows errors) or took too long, or the kernel died.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from helpers.book import kernel
    from helpers.book.run import run_client

    with tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True) as folder:
        changed = os.environ | kernel.settings(Path(folder)) | dict(variables or {})
        environment = {name: value for name, value in changed.items() if value is not None}
        start = time.perf_counter()
        try:  # the kernel of a given manager would be left alive
            run_client(client, env=environment, cleanup_kc=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise BookError(f"the page does not run: {error}") from None
        return time.perf_counter() - start
