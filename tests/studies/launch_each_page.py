"""Run each page as Colab does: one file in an empty folder, no `helpers/`, perhaps another release of torch.

A copy of the book is launched under a made-up name and committed; git takes it for the address that the pages fetch
from. So their code runs as it would on Colab. Printed for each page: how long it ran, the cells that failed, and
those whose outputs are not the stored ones, as `pytest --nbval` compares them (another release may differ). The
exit status is 1 if a cell failed.
"""

import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import NamedTuple

from helpers.verification import Policy, compare_outputs
from tests.studies import running

SLUG = "someone/a-book"
FILES = (
    "pyproject.toml",
    "README.md",
    "CITATION.cff",
    "conftest.py",
    "requirements.txt",
    "environment.yml",
)
FOLDERS = ("helpers", "notebooks")


class Result(NamedTuple):
    """A page's run: its seconds, how many code cells it has, which failed and how, which differ and how."""

    seconds: float
    cells: int
    failed: dict[int, str]
    differ: dict[int, str]


def copy(book: Path) -> None:
    """Copy the files of the book that a reader needs into a new folder."""
    for name in FOLDERS:
        caches = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(running.BOOK / name, book / name, ignore=caches)
    for name in FILES:
        shutil.copy(running.BOOK / name, book / name)


def make_home(book: Path) -> None:
    """Copy the book, launch it, and commit it in a repository of its own."""
    from helpers.book import launch

    copy(book)
    launch.launch(SLUG, book)
    author = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "the book"]):
        subprocess.run(["git", "-C", str(book), *command], check=True)


def fetched_from(folder: Path) -> dict[str, str | None]:
    """Variables with which git takes a folder for the address that the pages fetch from."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{SLUG}",
    }


def run_alone(name: str, home: Path, python: str = sys.executable) -> Result:
    """Run one page of a launched book alone, in a fresh kernel and an empty folder."""
    import nbformat

    stored = nbformat.read(home / "notebooks" / f"{name}.ipynb", as_version=4)
    new = nbformat.from_dict(stored)
    variables = fetched_from(home) | {"PYTHONPATH": None}
    if python != sys.executable:
        variables["MATPLOTLIBRC"] = None  # that of another matplotlib
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        client = running.client(new, Path(folder), python, allow_errors=True)
        seconds = running.execute(client, variables)
    return Result(seconds, *compare(stored, new))


def compare(stored, new):
    """How many code cells there are, which failed without a tag that says so, which have other outputs."""
    failed, differ = {}, {}
    pairs = [(a, b) for a, b in zip(stored.cells, new.cells, strict=True) if b.cell_type == "code"]
    fetching = f"fetching the book from https://github.com/{SLUG}\n"
    for n, (old, cell) in enumerate(pairs):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors and "raises-exception" not in cell.metadata.get("tags", []):
            failed[n] = f"{errors[0].ename}: {errors[0].evalue}"[:100]
            continue
        for output in cell.outputs:
            if n == 0 and "text" in output:
                output.text = output.text.replace(fetching, "")
        outputs = [output for output in cell.outputs if output.get("text") != ""]
        if faults := compare_outputs(old.outputs, outputs, Policy.from_metadata(cell.metadata)):
            differ[n] = faults[0].text.splitlines()[0][:100]
    return len(pairs), failed, differ


def interpreter(text: str) -> str:
    """A program that can be started."""
    if (path := shutil.which(text)) is None:
        raise ArgumentTypeError(f"there is no interpreter {text!r}")
    return path


def add_arguments(parser: ArgumentParser) -> None:
    running.add_pages(parser)
    words = "the kernel's interpreter: ENV/bin/python of another environment"
    parser.add_argument("--python", type=interpreter, default=sys.executable, help=words)


def run(args: Namespace) -> int:
    """Run the pages; the exit status is 1 if a cell failed."""
    failures = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        make_home(home)
        for page in running.chosen(args.pages):
            result = run_alone(page.name, home, args.python)
            failures += len(result.failed)
            print(
                f"{page.name}: {result.seconds:.0f} s, {result.cells} cells, "
                f"{len(result.failed)} failed, {len(result.differ)} with other outputs",
                flush=True,
            )
            for n, text in result.failed.items():
                print(f"    cell {n} failed: {text}")
            for n, text in result.differ.items():
                print(f"    cell {n} differs: {text}")
    return 1 if failures else 0
