"""How this book's conftest.py verifies its pages: the data, the device, the threads, the summary."""

import os
import re
import runpy
import subprocess
import sys

import nbformat
import pytest

from helpers.book import kernel
from helpers.environment import pins
from tests.support import small_book

DATA = """import sys

sys.path.insert(0, "..")
import torch

from helpers import data

print(data.is_real())"""
EXEMPT = {"tags": ["nbval-ignore-output"]}
# page: its cells, (source, metadata, what is stored)
PAGES = {
    "words 文字": [
        ("print('张量 ± μs')", {}, "张量 ± μs\n"),
        ("print(1)", EXEMPT, "2\n"),
        ("import os\n\nprint(os.environ['OMP_NUM_THREADS'])", {}, "3\n"),
    ],
    "data": [
        (DATA, {"tags": ["cifar10"]}, "True\n"),
        ("print(torch.tensor([1.5]))", {}, "tensor([1.5000])\n"),
    ],
}


@pytest.fixture(scope="module")
def verify(tmp_path_factory):
    """Runs two pages in parallel, from another folder, in a path with blanks and Chinese, with LANG=C."""
    folder = tmp_path_factory.mktemp("elsewhere")
    notebooks = small_book.make(folder / "an old book 读书笔记")
    for name, cells in PAGES.items():
        book = small_book.with_outputs([("heading", source, text) for source, _, text in cells])
        for cell, (_, metadata, _) in zip(book.cells[1::2], cells, strict=True):
            cell.metadata = nbformat.from_dict(metadata)
        small_book.write(book, notebooks / f"{name}.ipynb")
    (folder / "cwd").mkdir()
    shell = {"LANG": "C", "LC_ALL": "C", "OMP_NUM_THREADS": "3"}

    def run(*options):
        options = ["-n", "2", "--dist", "loadfile", *options]
        return small_book.verify(
            notebooks, folder=folder, cwd=folder / "cwd", options=options, **shell
        )

    return run


@pytest.mark.slow
def test_it_works_elsewhere_in_parallel_without_a_locale_and_keeps_the_users_threads(verify):
    run = verify()
    assert run.failed == {}, run.text
    assert len(run.passed) == 5
    summary = run.text.partition("the notebooks on this machine")[2]
    assert (
        "All 2 pages give on this machine what they show (2 of 5 cells were only run: -v says why)."
        in summary
    )
    assert "device" not in summary
    assert "data:" not in summary


@pytest.mark.slow
def test_the_summary_names_the_machine_the_data_and_why_cells_were_only_run(verify):
    summary = verify("-v").text.partition("the notebooks on this machine")[2]
    assert re.search(r"device: (cpu|cuda|mps), torch \d", summary)
    assert "data: STAND-IN DATA" in summary
    assert "cells only run: 2" in summary
    assert "1: depends on the CIFAR-10 pictures; the stand-in is in use" in summary
    assert "1: exempted by a tag or a comment" in summary


def test_torchs_errors_and_logs_are_the_pages_whatever_the_user_has_set():
    command = [sys.executable, "-c", "import torch\ntorch.ones(2) @ torch.ones(3)"]
    users = {"TORCH_SHOW_CPP_STACKTRACES": "1", "TORCH_LOGS": "+all"}
    environment = os.environ | users | kernel.TORCH
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Traceback"), done.stderr
    assert lines[-1].startswith("RuntimeError: "), done.stderr


def test_a_page_that_imports_neither_torch_nor_the_data_is_asked_nothing():
    program = f"""import runpy, sys
print(runpy.run_path({str(kernel.PAGE_FACTS)!r})["facts"], "torch" in sys.modules)"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "{} False\n"
    summary = runpy.run_path(str(small_book.BOOK / "conftest.py"))["pytest_verification_summary"]
    assert summary({}) == [
        "device: not asked, torch not imported",
        "data: no page that ran uses any",
    ]
    release = pins()["torch"]
    assert len(summary({"torch": f"{release}+cpu"})) == 2
    assert summary({"torch": "2.0.1", "device": "cpu"})[:2] == [
        "device: cpu, torch 2.0.1",
        f"The pages were made with torch {release}; "
        "page 19 lists what is known to differ with an earlier one.",
    ]
