"""The verification in another project: the package copied, the README's ten lines, a notebook of its own."""

import ast
import copy
import re
import shutil
import sys

import pytest
from nbformat.v4 import new_output

from tests.support import small_book
from tests.support.small_book import painted, replaced

PACKAGE = small_book.BOOK / "helpers" / "verification"
README = (small_book.BOOK / "README.md").read_text(encoding="utf-8")
MAY_IMPORT = {
    "PIL",
    "jinja2",
    "matplotlib",
    "nbval",
    "numpy",
    "pytest",
}  # besides the standard library

TABLE = """class Rates:
    def _repr_html_(self):
        return "<table><tr><th>year</th><th>rate</th></tr><tr><td>2024</td><td>0.1250</td></tr></table>"


Rates()"""
FIGURE = """%matplotlib inline
import matplotlib.pyplot as plt

plt.plot([0, 1, 2], [0, 1, 4])
plt.title("squares");"""
TIMING = {"verify": {"timing": True, "reason": "the machine's speed"}}

# heading: (source, metadata, corruption)
CELLS = {
    "floats": ("import math\n\nprint(math.pi, math.e)", {}, replaced("3.14159", "3.15159")),
    "a result": ("[math.sqrt(n) for n in range(3)]", {}, replaced("1.0", "1.1")),
    "a timing": ("%timeit -r 2 -n 1 sum(range(1000))", TIMING, replaced("2 runs", "3 runs")),
    "a figure": (FIGURE, {}, painted(lambda draw: draw.ellipse((200, 100, 230, 130), "red"))),
    "an error": ("[][1]", {"tags": ["raises-exception"]}, replaced("out of range", "too large")),
    "a table": (TABLE, {}, replaced("0.1250", "0.1350")),
    "words": ("print('all is well')", {}, replaced("well", "bad")),
}
FROM_NETWORK = ("the network", "print('an answer')", {"tags": ["network"]})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    section = README.partition("## Use the comparison elsewhere")[2]
    lines = re.search(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[1]
    assert len(lines.splitlines()) <= 10
    (folder / "conftest.py").write_text(lines, encoding="utf-8")
    shutil.copytree(PACKAGE, folder / "verification", ignore=shutil.ignore_patterns("__pycache__"))
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    cells = [(heading, source, metadata) for heading, (source, metadata, _) in CELLS.items()]
    clean = small_book.executed(small_book.notebook([*cells, FROM_NETWORK]), notebooks)
    clean.cells[-1].outputs = [new_output("stream", name="stdout", text="another answer\n")]
    small_book.write(clean, notebooks / "clean.ipynb")
    corrupted = copy.deepcopy(clean)
    for cell, (*_, corrupt) in zip(corrupted.cells[1::2], CELLS.values(), strict=False):
        corrupt(cell)
    small_book.write(corrupted, notebooks / "corrupted.ipynb")
    return small_book.verify("notebooks", folder=folder, cwd=folder)


def test_the_foreign_notebook_is_green(run):
    assert {f"clean::Cell {n}" for n in range(len(CELLS) + 1)} <= run.passed, run.text


@pytest.mark.parametrize(("n", "heading"), list(enumerate(CELLS)), ids=list(CELLS))
def test_what_is_corrupted_in_it_fails(run, n, heading):
    where = f"corrupted.ipynb, cell {n} (In [{n + 1}]), under '{heading}'"
    assert where in run.failed[f"corrupted::Cell {n}"]


def test_the_hook_of_the_readme_exempts_a_cell_and_says_why(run):
    assert f"corrupted::Cell {len(CELLS)}" in run.passed
    assert "cells only run: 2\n    2: depends on the network\n" in run.text


def test_the_foreign_project_needs_nothing_else(run):
    assert run.text.count(" passed") == 1
    assert "Warning" not in run.text


@pytest.mark.parametrize("module", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_the_package_imports_nothing_of_the_book(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1
            names = [] if node.level else [node.module]
        for name in names:
            assert name.partition(".")[0] in MAY_IMPORT | sys.stdlib_module_names
