"""The verification in another project: the package copied, its README's lines as conftest.py, own notebooks.

One notebook holds a cell for each kind of corruption, among cells that are left as they are; its clean twin must pass.
"""

import copy
import re
import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_output
from PIL import Image

from tests.support import small_book
from tests.support.small_book import painted, replaced

pytestmark = pytest.mark.slow

PACKAGE = small_book.BOOK / "helpers" / "verification"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")

SETUP = """%matplotlib inline
%config InlineBackend.print_figure_kwargs = {"bbox_inches": None}
import sys

import matplotlib.pyplot as plt"""
FIGURE = """figure, axes = plt.subplots(figsize=(3, 2), dpi=100)
axes.plot([0, 1, 2]);"""
TABLE = """class Rates:
    def _repr_html_(self):
        return "<table><tr><th>year</th><th>rate</th></tr><tr><td>2024</td><td>0.1250</td></tr></table>"


Rates()"""
TIMING = {"verify": {"timing": True, "reason": "a duration"}}
BAND = {"verify": {"atol": 5, "rtol": 0, "reason": "training"}}
RAISES = {"tags": ["raises-exception"]}
NETWORK = {"tags": ["network"]}
UNPRINTABLE = "here stands what UTF-8 cannot hold"


def changed(**entries):
    """A corruption: these entries of the cell become others."""
    return lambda cell: cell.update(entries)


def stored(*outputs):
    return changed(outputs=list(outputs))


def swapped(cell):
    cell.outputs.reverse()


def joined(cell):
    first, shown, last = cell.outputs
    first.text += last.text
    cell.outputs = [first, shown]


def without_picture(cell):
    del cell.outputs[0].data["image/png"]


def printed(text):
    return stored(new_output("stream", name="stdout", text=text))


RESULT = new_output("execute_result", {"text/plain": "1"})
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
WRONG = {"verify": {"rtool": 0.1, "reason": "a slip"}}
KINDS = "the outputs differ in number, kind or order: expected "

# heading: (source, metadata, corruption); no corruption: the cell must pass
CELLS = {
    "setup": (SETUP, {}, None),
    "history": ("%hist -n 1", {}, replaced("import sys", "import os")),
    "all history": ("%hist", {}, None),
    "word": ("print('three plain words')", {}, replaced("plain", "plane")),
    "number": ("print('loss 0.1234')", {}, replaced("0.1234", "0.1235")),
    "last digit": ("1 / 3", {}, replaced("0.3333333333333333", "0.3333333333333334")),
    "table": (TABLE, {}, replaced("0.1250", "0.1350")),
    "timing": ("%timeit -r 2 -n 1 pass", TIMING, replaced("per loop", "per lap")),
    "intact timing": ("%timeit -r 2 -n 1 pass", TIMING, None),
    "curve": (FIGURE, {}, painted(lambda d: d.line((60, 40, 240, 150), "#0072B2", 2))),
    "patch": (FIGURE, {}, painted(lambda d: d.rectangle((60, 40, 80, 60), "#EECC99"))),
    "intact figure": (FIGURE, {}, None),
    "missing figure": (FIGURE, {}, without_picture),
    "beyond the band": ("print('55.0 %')", BAND, replaced("55", "61")),
    "within the band": ("print('55.0 %')", BAND, replaced("55", "52")),
    "new output": ("print(1)", {}, stored()),
    "missing output": ("x = 1", {}, printed("1\n")),
    "kind": ("1", {}, printed("1\n")),
    "order": ("print(1)\ndisplay(2)", {}, swapped),
    "place": ("print(1)\ndisplay(2)\nprint(3)", {}, joined),
    "intact place": ("print(1)\ndisplay(2)\nprint(3)", {}, None),
    "error for result": ("int('no')", RAISES, stored(RESULT)),
    "intact error": ("int('no')", RAISES, None),
    "result for error": ("1", RAISES, stored(ERROR)),
    "another error": ("int('no')", RAISES, replaced("ValueError", "TypeError")),
    "another message": ("[][1]", RAISES, replaced("out of range", "too large")),
    "now fails": ("1", {}, changed(source="1 / 0")),
    "never run": ("print(1)", {}, changed(outputs=[], execution_count=None)),
    "wrong entry": ("print(1)", {}, changed(metadata=WRONG)),
    "unprintable": ("print(1)", {}, printed(f"{UNPRINTABLE}\n")),
    "network": ("print('an answer')", NETWORK, printed("another answer\n")),
    "intact end": ("print('the end')", {}, None),
}
TOLERATED = ("last digit", "within the band", "network")
FAILING = [name for name, (*_, change) in CELLS.items() if change and name not in TOLERATED]
SAYS = {
    "number": "expected 0.1235, got 0.1234: 0.0001 apart, allowed 1.24e-05: 8.1 times too far",
    "table": "text/html: expected 0.1350, got 0.1250",
    "timing": "per lap",
    "curve": "pixels look different",
    "missing figure": KINDS + "display of text/plain; got display of image/png+text/plain",
    "beyond the band": "expected 61.0, got 55.0: 6 apart, allowed 5: 1.2 times too far",
    "order": KINDS + "display of text/plain, stdout; got stdout, display of text/plain",
    "place": KINDS + "stdout, display of text/plain; got stdout, display of text/plain, stdout",
    "result for error": KINDS + "error; got result of text/plain",
    "now fails": "ZeroDivisionError",
    "never run": "Never run before",
    "wrong entry": "unknown name: rtool (did you mean rtol?)",
    "unprintable": r"expected '\x00\ud800', got '1'",
}
NUMBER = {heading: n for n, heading in enumerate(CELLS)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def run(folder):
    plugin, exempt, _ = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (folder / "conftest.py").write_text(f"{plugin}\n\n{exempt}", encoding="utf-8")
    place = folder.joinpath(*re.search(r'"(.*)\.plugin"', plugin)[1].split("."))
    shutil.copytree(PACKAGE, place, ignore=shutil.ignore_patterns("__pycache__"))
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    cells = [(heading, *cell[:2]) for heading, cell in CELLS.items()]
    clean = small_book.executed(small_book.notebook(cells), notebooks)
    small_book.write(clean, notebooks / "clean.ipynb")
    corrupted = copy.deepcopy(clean)
    for cell, (*_, corrupt) in zip(corrupted.cells[1::2], CELLS.values(), strict=True):
        if corrupt:
            corrupt(cell)
    path = small_book.write(corrupted, notebooks / "corrupted.ipynb")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(UNPRINTABLE, r"\u0000\ud800"), encoding="utf-8")
    (folder / "reports").mkdir()
    options = [
        "-v",
        "-n",
        "2",
        "--dist",
        "loadfile",
        f"--html-report={folder / 'reports' / 'run.html'}",
    ]
    return small_book.verify("notebooks", folder=folder, cwd=folder, options=options)


def test_the_clean_twin_passes_and_so_do_intact_cells_among_corrupted_ones(run):
    clean = {f"clean::Cell {n}" for n in NUMBER.values()}
    intact = {f"corrupted::Cell {NUMBER[heading]}" for heading in CELLS if heading not in FAILING}
    assert run.passed == clean | intact, run.text


@pytest.mark.parametrize("heading", FAILING)
def test_a_corrupted_cell_fails_and_says_where_and_how(run, heading):
    n = NUMBER[heading]
    says, where = run.failed[f"corrupted::Cell {n}"].splitlines()[:2]
    assert where == f"corrupted.ipynb, cell {n} (In [{n + 1}]), under '{heading}'"
    assert SAYS.get(heading, "") in says


@pytest.mark.parametrize("heading", ["curve", "patch"])
def test_the_three_pictures_of_a_failure_are_written(run, heading):
    text = run.failed[f"corrupted::Cell {NUMBER[heading]}"]
    paths = dict(re.findall(r"^ +(\w+): +(\S.*\.png)$", text, re.MULTILINE))
    assert list(paths) == ["expected", "got", "difference"]
    assert {Image.open(Path(path)).size for path in paths.values()} == {(300, 200)}


def test_the_html_report_has_every_failure_and_no_other_file_is_left(run, folder):
    page = (folder / "reports" / "run.html").read_text(encoding="utf-8")
    for heading in FAILING:
        n = NUMBER[heading]
        assert f"notebooks/corrupted.ipynb, cell {n} (In [{n + 1}]), under “{heading}”" in page
    assert page.count("<article>") == len(FAILING) == len(run.failed)
    assert page.count("data:image/png;base64,") == 3 * 2  # the curve, the patch
    assert r"\x00\ud800" in page
    assert [path.name for path in (folder / "reports").iterdir()] == ["run.html"]


def test_the_summary_counts_what_was_compared_and_how(run):
    summary = run.text.partition("the notebooks on this machine")[2]
    equal = sum(not metadata for _, metadata, _ in CELLS.values())
    raises = sum(metadata == RAISES for _, metadata, _ in CELLS.values())
    failed = sum(CELLS[heading][1] in ({}, RAISES) for heading in FAILING)
    both = 2 * (equal + raises)
    uncompared = sum(heading in ("now fails", "never run", "wrong entry") for heading in CELLS)
    compared = f"cells compared: {both - uncompared}, of which {failed - uncompared} differ"
    assert f"{compared}\n" in summary
    assert "cells that failed before they could be compared: 3\n" in summary
    assert "tolerance: 4, of which 1 differ\n    4: training\n" in summary
    assert "form: 4, of which 1 differ\n    4: a duration\n" in summary
    assert uncompared == 3
    assert "cells only run: 2\n    2: depends on the network\n" in summary


def test_the_foreign_project_gets_no_warning(run):
    assert "Warning" not in run.text
