"""Run each page as Colab does: one file in an empty folder, no `helpers/`, perhaps another release of torch.

    python -m tests.studies.launch_each_page                              # every page
    # these, in the kernel of another environment
    python -m tests.studies.launch_each_page 06 07 --python ENV/bin/python

A copy of the book is launched under a made-up name and committed; git takes it for the address that the pages fetch
from. So their code runs as it would on Colab. Printed for each page: how long it ran, the cells that failed, and
those whose outputs are not the stored ones, as `pytest --nbval` compares them (another release may differ).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from helpers.book import kernel, launch
from helpers.verification import Policy, compare_outputs

SLUG = "someone/a-book"
FILES = ("pyproject.toml", "README.md", "conftest.py", "requirements.txt", "environment.yml")
FOLDERS = ("helpers", "notebooks")


class Run(NamedTuple):
    """What became of a page: seconds, how many code cells it has, which failed and how, which differ and how."""

    seconds: float
    cells: int
    failed: dict[int, str]
    differ: dict[int, str]


class Kernels(KernelSpecManager):
    """The kernel of one interpreter, whatever is registered."""

    python = sys.executable

    def get_kernel_spec(self, kernel_name):
        command = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name=kernel_name, language="python")


def copy(book: Path) -> None:
    """Copy the files of the book that a reader needs into a new folder."""
    for name in FOLDERS:
        leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(launch.BOOK / name, book / name, ignore=leave)
    for name in FILES:
        shutil.copy(launch.BOOK / name, book / name)


def make_home(book: Path) -> None:
    """Copy the book, launch it, and commit it in a repository of its own."""
    copy(book)
    launch.launch(SLUG, book)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "the book"]):
        subprocess.run(["git", "-C", str(book), *command], check=True)


def run_alone(name: str, home: Path, python: str = sys.executable) -> Run:
    """Run one page of a launched book alone, in a fresh kernel and an empty folder."""
    stored = nbformat.read(home / "notebooks" / f"{name}.ipynb", as_version=4)
    new = nbformat.from_dict(stored)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        content = Path(folder) / "content"
        content.mkdir()
        variables = os.environ | kernel.settings(Path(folder)) | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{home.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://github.com/{SLUG}",
        }  # fmt: skip
        variables.pop("PYTHONPATH", None)
        if python != sys.executable:
            variables.pop("MATPLOTLIBRC")  # of another matplotlib
        kernels = Kernels()
        kernels.python = python
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=kernels)
        resources = {"metadata": {"path": str(content)}}
        client = NotebookClient(
            new, km=manager, timeout=600, allow_errors=True, resources=resources
        )
        start = time.perf_counter()
        client.execute(stderr=subprocess.DEVNULL, env=variables)
        seconds = time.perf_counter() - start
    return Run(seconds, *judge(stored, new))


def judge(stored, new):
    """How many code cells there are, which failed without a tag that says so, which have other outputs."""
    failed, differ = {}, {}
    pairs = [(a, b) for a, b in zip(stored.cells, new.cells, strict=True) if b.cell_type == "code"]
    for n, (old, cell) in enumerate(pairs):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors and "raises-exception" not in cell.metadata.get("tags", []):
            failed[n] = f"{errors[0].ename}: {errors[0].evalue}"[:100]
            continue
        for output in cell.outputs[:1] if n == 0 else ():
            fetching = f"fetching the book from https://github.com/{SLUG}\n"
            if "text" in output:
                output.text = output.text.removeprefix(fetching)
        outputs = [output for output in cell.outputs if output.get("text") != ""]
        if found := compare_outputs(old.outputs, outputs, Policy.from_metadata(cell.metadata)):
            differ[n] = found[0].text.splitlines()[0][:100]
    return len(pairs), failed, differ


def main() -> int:
    """Read the command line and run the pages; the exit status is 1 if a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="*", default=[""], help="a page by its number; else all")
    parser.add_argument("--python", default=sys.executable, help="the kernel's interpreter")
    asked = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        make_home(home)
        for path in sorted((home / "notebooks").glob("[0-9][0-9]_*.ipynb")):
            if not path.name.startswith(tuple(asked.page)):
                continue
            run = run_alone(path.stem, home, asked.python)
            failures += len(run.failed)
            print(
                f"{path.stem}: {run.seconds:.0f} s, {run.cells} cells, {len(run.failed)} failed, "
                f"{len(run.differ)} with other outputs",
                flush=True,
            )
            for n, what in (run.failed | run.differ).items():
                print(f"    cell {n} {'failed' if n in run.failed else 'differs'}: {what}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
