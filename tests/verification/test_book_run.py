"""The verification end to end: corrupt a stored output of each kind, run pytest, demand the failure.

One page holds a cell for each corruption, among cells that are left as they are; its clean twin must pass.
"""

import copy
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_output
from PIL import Image

from tests.support import small_book
from tests.support.small_book import painted, replaced

FIGURE = """figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([0, 1, 2])
plotting.show(figure, "a line that rises")"""
SETUP = """import sys

sys.path.insert(0, "..")
import matplotlib.pyplot as plt

from helpers import plotting

plotting.use_style()"""
TIMING = {"verify": {"timing": True, "reason": "a duration"}}
BAND = {"verify": {"atol": 5, "rtol": 0, "reason": "training"}}
RAISES = {"tags": ["raises-exception"]}


def stored(*outputs):
    """The stored outputs become these."""

    def change(cell):
        cell.outputs = list(outputs)

    return change


def swapped(cell):
    cell.outputs.reverse()


def joined(cell):
    first, shown, last = cell.outputs
    first.text += last.text
    cell.outputs = [first, shown]


def without_picture(cell):
    del cell.outputs[0].data["image/png"]


def never_run(cell):
    cell.outputs, cell.execution_count = [], None


def wrong_entry(cell):
    cell.metadata["verify"] = {"rtool": 0.1, "reason": "a slip"}


def now_fails(cell):
    cell.source = "1 / 0"


PRINTED, RESULT = (
    new_output("stream", name="stdout", text="1\n"),
    new_output("execute_result", {"text/plain": "1"}),
)
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
KINDS = "the outputs differ in number, kind or order: expected "

# heading: (source, metadata, corruption, what the failure says); no corruption: the cell must pass
CELLS = {
    "setup": (SETUP, {}, None, ""),
    "history": ("%hist -n 1", {}, replaced("import sys", "import os"), "expected 'import os', got 'import sys'"),
    "all history": ("%hist", {}, None, ""),
    "word": ("print('three plain words')", {}, replaced("plain", "plane"), "expected 'three plane words'"),
    "intact print": ("print('three plain words')", {}, None, ""),
    "number": ("print('loss 0.1234')", {}, replaced("0.1234", "0.1235"), "expected 0.1235, got 0.1234: 0.0001 apart, "
               "allowed 1.24e-05: 8.1 times too far"),
    "last digit": ("1 / 3", {}, replaced("0.3333333333333333", "0.3333333333333334"), None),
    "integer": ("6 * 7", {}, replaced("42", "43"), "expected 43, got 42 (whole numbers are compared exactly)"),
    "tensor": ("print('tensor([0.1235, 2.0000])')", {}, replaced("2.0", "2.1"), "expected 2.1000, got 2.0000"),
    "timing": ("%timeit -r 2 -n 1 pass", TIMING, replaced("per loop", "per lap"), "per lap"),
    "intact timing": ("%timeit -r 2 -n 1 pass", TIMING, None, ""),
    "curve": (FIGURE, {}, painted(lambda draw: draw.line((60, 40, 240, 150), "#0072B2", 2)), "pixels look different"),
    "patch": (FIGURE, {}, painted(lambda draw: draw.rectangle((60, 40, 80, 60), "#EECC99")), "pixels look different"),
    "intact figure": (FIGURE, {}, None, ""),
    "missing figure": (FIGURE, {}, without_picture, KINDS + "display of text/plain; got display of image/png+text/p"),
    "figure for nothing": (FIGURE, {}, stored(), KINDS + "nothing; got display of image/png+text/plain"),
    "beyond the band": ("print('55.0 %')", BAND, replaced("55", "61"), "expected 61.0, got 55.0: 6 apart, allowed 5: "
                        "1.2 times too far"),
    "within the band": ("print('55.0 %')", BAND, replaced("55", "52"), None),
    "new output": ("print(1)", {}, stored(), KINDS + "nothing; got stdout"),
    "missing output": ("x = 1", {}, stored(PRINTED), KINDS + "stdout; got nothing"),
    "kind": ("1", {}, stored(PRINTED), KINDS + "stdout; got result of text/plain"),
    "order": ("print(1)\ndisplay(2)", {}, swapped, KINDS + "display of text/plain, stdout; got stdout, display"),
    "place": ("print(1)\ndisplay(2)\nprint(3)", {}, joined, KINDS + "stdout, display of text/plain; got stdout, dis"),
    "intact place": ("print(1)\ndisplay(2)\nprint(3)", {}, None, ""),
    "error for result": ("int('no')", RAISES, stored(RESULT), KINDS + "result of text/plain; got error"),
    "intact error": ("int('no')", RAISES, None, ""),
    "result for error": ("1", RAISES, stored(ERROR), KINDS + "error; got result of text/plain"),
    "another error": ("int('no')", RAISES, replaced("ValueError", "TypeError"), 'expected "TypeError: invalid'),
    "now fails": ("1", {}, now_fails, "ZeroDivisionError"),
    "never run": ("print(1)", {}, never_run, "Never run before"),
    "wrong entry": ("print(1)", {}, wrong_entry, "unknown name: rtool"),
    "intact end": ("print('the end')", {}, None, ""),
}  # fmt: skip
NUMBER = {heading: n for n, heading in enumerate(CELLS)}
CORRUPTED = [heading for heading, (*_, says) in CELLS.items() if says]
INTACT = [heading for heading in CELLS if heading not in CORRUPTED]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def run(folder):
    notebooks = small_book.make(folder / "book")
    cells = [(heading, source, metadata) for heading, (source, metadata, *_) in CELLS.items()]
    clean = small_book.executed(small_book.notebook(cells), notebooks)
    small_book.write(clean, notebooks / "clean.ipynb")
    corrupted = copy.deepcopy(clean)
    code = [cell for cell in corrupted.cells if cell.cell_type == "code"]
    for cell, (*_, corrupt, _) in zip(code, CELLS.values(), strict=True):
        if corrupt:
            corrupt(cell)
    small_book.write(corrupted, notebooks / "corrupted.ipynb")
    (folder / "reports").mkdir()
    options = ["-n", "2", "--dist", "loadfile", f"--html-report={folder / 'reports' / 'run.html'}"]
    return small_book.verify("notebooks", folder=folder, cwd=folder / "book", options=options)


def test_the_clean_twin_passes(run):
    assert {name for name in run.failed if name.startswith("clean")} == set()
    assert {name for name in run.passed if name.startswith("clean")} == {
        f"clean::Cell {n}" for n in NUMBER.values()
    }


@pytest.mark.parametrize("heading", INTACT)
def test_an_intact_cell_among_corrupted_ones_passes(run, heading):
    assert f"corrupted::Cell {NUMBER[heading]}" in run.passed


@pytest.mark.parametrize("heading", CORRUPTED)
def test_a_corrupted_cell_fails_and_says_where_and_how(run, heading):
    n = NUMBER[heading]
    text = run.failed[f"corrupted::Cell {n}"]
    says, where = text.splitlines()[:2]
    assert where == f"corrupted.ipynb, cell {n} (In [{n + 1}]), under '{heading}'"
    assert CELLS[heading][-1] in says


@pytest.mark.parametrize("heading", ["curve", "patch"])
def test_the_three_pictures_of_a_failure_are_written(run, heading):
    text = run.failed[f"corrupted::Cell {NUMBER[heading]}"]
    paths = dict(re.findall(r"^ +(\w+): +(\S.*\.png)$", text, re.MULTILINE))
    assert list(paths) == ["expected", "got", "difference"]
    assert {Image.open(Path(path)).size for path in paths.values()} == {(300, 200)}


def test_the_html_report_has_every_failure_and_the_summary(run, folder):
    page = (folder / "reports" / "run.html").read_text(encoding="utf-8")
    for heading in CORRUPTED:
        n = NUMBER[heading]
        assert f"notebooks/corrupted.ipynb, cell {n} (In [{n + 1}]), under “{heading}”" in page
    assert page.count("<article>") == len(CORRUPTED) == len(run.failed)
    assert page.count("data:image/png;base64,") == 2 * 3  # the curve, the patch
    assert "data: no page that ran uses any" in page
    assert [path.name for path in (folder / "reports").iterdir()] == ["run.html"]


def test_the_summary_counts_what_was_compared_and_how(run):
    summary = run.text.partition("the notebooks on this machine")[2]
    assert "device: not asked, torch not imported" in summary
    assert "data: no page that ran uses any" in summary
    own = sum(bool(metadata.get("verify")) for _, metadata, *_ in CELLS.values())
    assert (
        own == 4
    )  # two in form, two with a band; of each two one is corrupted in one of the twins
    assert f"cells compared: {len(CELLS) - 4 + len(INTACT) - 2}\n" in summary
    assert "cells compared within a tolerance: 3\n    3: training\n" in summary
    assert "cells compared in form: 3\n    3: a duration\n" in summary
    assert "cells only run: 0\n" in summary


DATA = """import sys

sys.path.insert(0, "..")
import torch

from helpers import data

print(data.is_real())"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Two pages in parallel, from another folder, in a path with blanks and Chinese, with LANG=C."""
    folder = tmp_path_factory.mktemp("elsewhere")
    notebooks = small_book.make(folder / "an old book 读书笔记")
    cells = {
        "words 文字": [
            ("words", "print('张量 ± μs')", {}),
            ("exempt", "1", {"tags": ["nbval-ignore-output"]}),
        ],
        "data": [("data", DATA, {"tags": ["cifar10"]}), ("other", "torch.tensor([1.5])", {})],
    }
    for name, page in cells.items():
        book = small_book.notebook(page)
        for n, cell in enumerate(book.cells):  # outputs as they would be with the real pictures
            cell.update({"execution_count": n} if cell.cell_type == "code" else {})
        words = {"words": "张量 ± μs\n", "data": "True\n"}[name.split()[0]]
        book.cells[1].outputs = [new_output("stream", name="stdout", text=words)]
        book.cells[3].outputs = [new_output("execute_result", {"text/plain": "tensor([1.5000])"})]
        small_book.write(book, notebooks / f"{name}.ipynb")
    (folder / "cwd").mkdir()
    return small_book.verify(
        notebooks,
        folder=folder,
        cwd=folder / "cwd",
        options=["-n", "2", "--dist", "loadfile"],
        LANG="C",
        LC_ALL="C",
    )


def test_it_works_elsewhere_in_parallel_and_without_a_locale(elsewhere):
    assert elsewhere.failed == {}, elsewhere.text
    assert len(elsewhere.passed) == 4


def test_the_summary_names_the_machine_and_the_data(elsewhere):
    summary = elsewhere.text.partition("the notebooks on this machine")[2]
    assert re.search(r"device: (cpu|cuda|mps), torch \d", summary)
    assert "data: STAND-IN DATA" in summary


def test_the_summary_gives_reasons_for_cells_that_were_only_run(elsewhere):
    summary = elsewhere.text.partition("the notebooks on this machine")[2]
    assert "cells only run: 2" in summary
    assert "1: depends on the CIFAR-10 pictures; the stand-in is in use" in summary
    assert "1: exempted by a tag" in summary
