"""The form of the pages: each check over every page of the book, and over a bad page that it must refuse."""

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import pages
from tests.support import page_checks

PAGES = pages.all_pages()
STATEMENTS = {f"C{n:02}" for n in range(1, 55)}  # of the notes


@pytest.mark.parametrize("check", page_checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page(page, check):
    assert list(check(page)) == []


def test_every_source_has_its_notebook():
    sources = {path.stem for path in pages.NOTEBOOKS.glob("[0-9][0-9]_*.py")}
    assert sources == {page.name for page in PAGES}


def test_every_statement_has_a_cell_that_proves_it():
    proved = {claim for page in PAGES for claim in page.claims}
    assert proved == STATEMENTS, f"differ: {sorted(proved ^ STATEMENTS)}"


# --- the checks themselves

PROSE = """# Do a thing · 做一件事

**You will**

- see one thing,
  at length;
- see another;
- see a third.

```bash
# no heading
```

[this page](01_good.ipynb), [a part of it](#Recap), [the same](01_good.ipynb#Recap), [else](https://pytorch.org/docs)

![a described picture](picture.png), H<sub>2</sub>O<br>`<T>` and ``a ` <U>`` and 1 < 2 > 0

```html
<style>none</style>
```"""
SOLUTION = {"tags": ["solution"], "jupyter": {"source_hidden": True}}
TIMED = {"timing": True, "reason": "durations"}


def shown(kind, text="a line", metadata=None):
    data = {kind: "", "text/plain": text}
    return new_output("display_data", data=data, metadata=metadata or {})


def task(n):
    return new_markdown_cell(f"**{n}. Of its own.** Write it.")


def exercise(n):
    text = "Not answered yet: put your code in place of the three dots.\n"
    output = new_output("stream", name="stdout", text=text)
    tags = {"tags": ["exercise"]}
    return new_code_cell("check(...)", execution_count=3 + n, outputs=[output], metadata=tags)


def hint(n):
    text = f"<details><summary>Hint {n}</summary>\n\nThink.\n\n</details>"
    return new_markdown_cell(text, metadata={"tags": ["hint"]})


def solution(n):
    text = "Right.\nNot yet: 1 is not right.\n"
    output = new_output("stream", name="stdout", text=text)
    source = f"# Solution {n}\ncheck({n})\ncheck(1)"
    return new_code_cell(source, execution_count=6 + n, outputs=[output], metadata=SOLUTION)


def good_notebook(exercise=exercise, hint=hint, solution=solution):
    claim = {"claims": ["C01"], "verify": TIMED}
    fine = new_output("stream", name="stdout", text="fine, at ../data and https://a.org/tmp/b\n")
    wrong = new_output("error", ename="ValueError", evalue="no", traceback=["in Cell 3"])
    tags = {"tags": ["raises-exception"]}
    picture = shown("image/png", metadata={"image/png": {"alt": "a line"}})
    first = f"{page_checks.FIRST_CELL}\nprint(1)  # 2 / 3"
    cells = [
        new_markdown_cell(PROSE),
        new_code_cell(first, execution_count=1, metadata=claim, outputs=[fine]),
        new_markdown_cell("## Recap"),
        new_code_cell("show()", execution_count=2, outputs=[picture]),
        new_markdown_cell("## Exercises\n\nThis one fails:"),
        new_code_cell("int('no')", execution_count=3, metadata=tags, outputs=[wrong]),
        *(cell for n in (1, 2, 3) for cell in (task(n), exercise(n))),
        *(hint(n) for n in (1, 2, 3)),
        new_markdown_cell("## Solutions"),
        *(solution(n) for n in (1, 2, 3)),
    ]
    about = {"jupytext": {"cell_metadata_filter": "tags,claims,verify,jupyter"}}
    return new_notebook(cells=cells, metadata=about)


def written(notebook, path):
    """A page of both its files."""
    nbformat.write(notebook, path)
    jupytext.write(notebook, path.with_suffix(".py"), fmt="py:percent")
    (path.parent / "picture.png").touch()
    return pages.Page(path)


@pytest.fixture
def page(tmp_path):
    """A good page, to be spoilt."""
    return written(good_notebook(), tmp_path / "01_good.ipynb")


@pytest.mark.parametrize("check", page_checks.CHECKS, ids=lambda check: check.__name__)
def test_a_good_page_passes(page, check):
    assert list(check(page)) == []


# --- what spoils it


def prose(old, new):
    def spoil(page):
        first = page.notebook.cells[0]
        assert old in first.source
        first.source = first.source.replace(old, new)

    return spoil


def change(n, **values):
    return lambda page: page.code_cells[n].update(values)


def code(text, n=0, **metadata):
    return change(n, source=text, metadata=metadata)


def printed(text, n=0, name="stdout"):
    return change(n, outputs=[new_output("stream", name=name, text=text)])


def result(kind, text):
    return change(0, outputs=[new_output("execute_result", {kind: text, "text/plain": "x"})])


def failed(traceback):
    return change(2, outputs=[new_output("error", ename="E", evalue="", traceback=[traceback])])


def with_cells(*cells):
    return lambda page: page.notebook.cells.extend(cells)


def without_solutions(page):
    page.notebook.cells = [c for c in page.notebook.cells if c.source != "## Solutions"]


def unfolded_hint(page):
    page_checks.cells_with_tag(page, "hint")[1].source = "Think."


def without_a_task(page):
    page.notebook.cells = [c for c in page.notebook.cells if not c.source.startswith("**2. ")]


def without_hints(page):
    page.notebook.cells = [
        c for c in page.notebook.cells if "hint" not in c.metadata.get("tags", [])
    ]


def without_source(page):
    page.path.with_suffix(".py").unlink()


def silent_about_the_error(page):
    (above,) = (c for c in page.notebook.cells if "This one fails:" in c.source)
    above.source = "## Exercises\n\nThis one is fun:"


def lost_cell(page):
    (n,) = (n for n, c in enumerate(page.notebook.cells) if c.source == "int('no')")
    page.notebook.cells[n] = new_markdown_cell("More.")


def grown(page):
    page.path.write_text(page.path.read_text(encoding="utf-8").ljust(1_000_000), encoding="utf-8")


untagged = change(2, metadata={})

BAD = {
    "agrees_with_its_source": [
        (without_source, "01_good.py is missing"),
        (code("print('else')"), "cell 1 of 01_good.ipynb is "),
        (untagged, 'cell 5 of 01_good.ipynb is "code {}'),
        (with_cells(new_markdown_cell("more")), "of 01_good.py None"),
    ],
    "was_run_in_order": [(change(2, execution_count=4), "[1, 2, 4, 4, ")],
    "numbers_results_as_their_cells": [
        (change(0, outputs=[new_output("execute_result", execution_count=2)]), "In [1] and Out[2]"),
        (change(0, outputs=[new_output("execute_result")]), "In [1] and Out[None]"),
    ],
    "keeps_errors_where_they_are_expected": [
        (change(2, outputs=[]), "cell 2 has the tag raises-exception and shows no error"),
    ],
    "speaks_of_its_errors": [
        (silent_about_the_error, "cell 2 fails, and the prose before and after it does not say so"),
    ],
    "shows_what_it_announces": [
        (lost_cell, "no code cell stands below '## Exercises\\n\\nThis one fails:'"),
        (with_cells(new_markdown_cell("At last:")), "no code cell stands below 'At last:'"),
    ],
    "has_no_stderr": [(printed("Warning", name="stderr"), "cell 0 writes to stderr: 'Warning'")],
    "has_no_untagged_error": [(untagged, "cell 2 fails: ValueError")],
    "shows_no_address": [
        (printed("<object at 0x7f3a5c1d2e80>"), "cell 0 shows an address: 0x7f"),
        (result("text/html", "<b>0x55d0aa10</b>"), "cell 0 shows an address"),
        (failed("at 0x7f3a5c1d2e80"), "cell 2 shows an address"),
    ],
    "shows_no_path_of_a_machine": [
        (printed("in /home/me/book"), "cell 0 shows a path: /home/me"),
        (printed("'/usr/lib/x'"), "cell 0 shows a path: /usr/lib"),
        (printed(r"C:\Users\me"), "cell 0 shows a path: C:"),
        (failed("File /opt/torch/nn.py"), "cell 2 shows a path: /opt/"),
        (code("open('/tmp/x')"), "cell 0 names a path: /tmp/x"),
    ],
    "silences_no_warning": [
        (code("warnings.simplefilter('ignore')"), "cell 0 silences"),
        (code('warnings.filterwarnings("ignore", "x")'), "cell 0 silences"),
        (code("%%capture\nf()"), "cell 0 silences"),
    ],
    "describes_every_picture": [
        (change(1, outputs=[shown("image/png")]), "cell 1 shows a picture without alt text"),
        (prose("a described picture", ""), "![](picture.png)"),
        (prose("![a described picture](", '<img src="x">('), "<img"),
    ],
    "has_links_that_work": [(prose("](#Recap", "](#Nothing"), "no heading: #Nothing")],
    "has_html_that_github_keeps": [
        (prose("a described", "<script> `<T>` a"), "<script>"),
        (prose("third.", '<b class="x" id="y">third</b>.'), "drops, class"),
        (result("text/html", "<p style='color: red'>x</p>"), "cell 0 has attr"),
        (result("text/markdown", "`<a>` <blink>"), "drops: <blink>"),
    ],
    "opens_with_title_and_aims": [
        (prose("# Do", "## Do"), "no title"),
        (prose("**You will**", "# Again\n\n**You will**"), "a second title"),
        (prose("You will", "You may"), "no list of three to five aims"),
        (prose("- see a third.", ""), "no list of three to five aims"),
    ],
    "closes_with_recap_exercises_solutions": [(without_solutions, "['Recap', 'Exercises']")],
    "has_exercises_that_accept_and_refuse": [
        (printed("Right.\n", 5), "exercise 3 is not open"),
        (printed("Right.\n", 6), "solution 1 should print 'Right.', then"),
        (printed("Not yet: no.\nNot yet: no.\n", 7), "solution 2 should print"),
        (code("check(1)", 6, **SOLUTION), "solution 1 does not begin with"),
        (change(7, metadata={"tags": ["solution"]}), "solution 2 is not folded"),
        (change(5, metadata={}), "as many solutions"),
        (unfolded_hint, "a hint is no folded <details> with a number: 'Think.'"),
        (without_hints, "a hint for each exercise"),
        (without_a_task, "the exercises are numbered ['1', '3']"),
    ],
    "opens_with_the_first_cell": [(code("import torch"), "does not begin with '%xmode Minimal")],
    "has_short_cells": [
        (code("1\n" * 33), "open cell 0 has 33 lines"),
        (code("x = " + "1" * 76, 1), "open cell 1 has a line of 80 columns"),
        (with_cells(*[new_code_cell("1")] * 40), "43 open code cells"),
        (with_cells(*[new_code_cell("1\n2\n3\n4\n5")] * 9), "open cells is 5 lines"),
    ],
    "evaluates_no_text": [
        (code("results('x.sum()')"), "open cell 0 evaluates text: results("),
        (code("getattr(torch, name)(x)", 1), "open cell 1 evaluates text: getattr(torch"),
    ],
    "is_small": [(grown, "bytes"), (with_cells(*[new_code_cell("1")] * 42), "51 code cells")],
    "asks_for_tolerance_with_reason": [
        (code("1", verify={"rtol": 1}), "gives no reason"),
        (code("1", verify={"x": 1, "reason": "y"}), "unknown"),
        (code("1", tags=["nbval-ignore-output"]), "exempted"),
        (code("1", tags=["pytest-validate-ignore-output"]), "exempted"),
        (code("# NBVAL_SKIP\n1"), "exempted"),
        (code("# PYTEST_VALIDATE_IGNORE_OUTPUT\n1"), "exempted"),
    ],
    "asserts_nothing_of_durations": [
        (code("1\nassert a < b", verify=TIMED), "cell 0 times something and asserts")
    ],
    "has_whole_paragraphs": [
        (with_cells(new_markdown_cell("It ends here.\n\nand goes on.")), "'and goes on.'"),
        (with_cells(new_markdown_cell("numbers, and returns them.")), "'numbers, and returns"),
    ],
    "has_nothing_left_to_write": [
        (prose("a third", "TODO"), "cell 0 is not finished: - see TODO."),
        (code("1  # TODO"), "cell 1 is not finished: 1  # TODO"),
    ],
}


BAD_PAGES = [(name, *case) for name, cases in BAD.items() for case in cases]


@pytest.mark.parametrize(("name", "spoil", "says"), BAD_PAGES)
def test_a_bad_page_is_refused(page, name, spoil, says):
    spoil(page)
    (fault,) = getattr(page_checks, name)(page)
    assert says in fault


def test_every_check_is_shown_to_refuse_something():
    assert set(BAD) == {check.__name__ for check in page_checks.CHECKS}
