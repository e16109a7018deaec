"""A small book for the tests: a copy of the verification beside notebooks made for the purpose."""

import asyncio
import base64
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from PIL import Image, ImageDraw

from helpers.book.kernel import settings

BOOK = Path(__file__).resolve().parents[2]
QUICK_START = Path(__file__).with_name("quick_start")  # leaves out what takes long to import


class Run(NamedTuple):
    """What a run of pytest printed, and what became of its cells: ``{"page::Cell 0": text}``."""

    text: str
    passed: set[str]
    failed: dict[str, str]
    skipped: dict[str, str]


def make(folder):
    """Copy what the verification needs into a new folder; returns the folder for the notebooks."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(BOOK / "helpers", folder / "helpers", ignore=ignore)
    for name in ("conftest.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(BOOK / name, folder)
    (folder / "notebooks").mkdir()
    return folder / "notebooks"


def notebook(cells):
    """A notebook of code cells ``(heading, source, metadata)``, each under its heading."""
    book = new_notebook()
    for heading, source, metadata in cells:
        book.cells.append(new_markdown_cell(f"## {heading}"))
        book.cells.append(new_code_cell(source, metadata=metadata))
    return book


def executed(book, folder):
    """Run a notebook in a fresh kernel and keep its outputs."""
    kernels = NbvalKernelspecManager()
    manager = AsyncKernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=kernels)
    client = NotebookClient(book, km=manager, resources={"metadata": {"path": str(folder)}})
    asyncio.run(client.async_execute(stderr=subprocess.DEVNULL))
    return book


def write(book, path):
    nbformat.write(book, path)
    return path


def environment(folder, **more):
    """The variables of a user's shell, without what this very test run has set."""
    ours = settings(folder).keys()
    users = {name: value for name, value in os.environ.items() if name not in ours}
    users = {name: value for name, value in users.items() if not name.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, (str(QUICK_START), users.get("PYTHONPATH"))))
    changed = {"TMPDIR": str(folder), "CIFAR10_ROOT": "stand-in", "PYTHONPATH": path}
    return users | changed | more


def with_outputs(cells):
    """A notebook of cells ``(heading, source, what it prints)`` whose outputs nobody had to make."""
    book = notebook([(heading, source, {}) for heading, source, _ in cells])
    for n, (cell, (*_, text)) in enumerate(zip(book.cells[1::2], cells, strict=True), 1):
        cell.execution_count = n
        cell.outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return book


def command(*targets):
    """The command line of ``pytest --nbval``; its folder is not put on Python's path."""
    pytest = [sys.executable, "-P", "-m", "pytest", "--nbval", "-p", "no:cacheprovider"]
    return [*pytest, *map(str, targets)]


def verify(*targets, folder, cwd, options=(), **variables):
    """Run ``pytest --nbval`` on pages, as a process of its own, and read what it found."""
    report = folder / "report.xml"
    done = subprocess.run(
        [*command(*targets), f"--junitxml={report}", *options],
        cwd=cwd,
        env=environment(folder, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    assert report.exists(), done.stdout
    run = Run(done.stdout, set(), {}, {})
    for case in ElementTree.parse(report).iter("testcase"):
        page = case.get("classname").rpartition("notebooks.")[2].removesuffix(".ipynb")
        name = f"{page}::{case.get('name')}"
        for child in case:
            if child.tag in ("failure", "error"):
                run.failed[name] = child.text
            elif child.tag == "skipped":
                run.skipped[name] = child.get("message")
        if name not in run.failed and name not in run.skipped:
            run.passed.add(name)
    report.unlink()
    return run


def replaced(old, new):
    """A corruption: in the stored outputs, ``old`` becomes ``new``."""

    def change(cell):
        text = json.dumps(cell.outputs)
        assert old in text
        cell.outputs = nbformat.from_dict(json.loads(text.replace(old, new)))

    return change


def painted(paint):
    """A corruption: the stored picture is painted over."""

    def change(cell):
        (data,) = (output.data for output in cell.outputs if "image/png" in output.get("data", {}))
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        paint(ImageDraw.Draw(picture))
        out = io.BytesIO()
        picture.save(out, "PNG")
        data["image/png"] = base64.b64encode(out.getvalue()).decode()

    return change
