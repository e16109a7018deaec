"""Pages are kept as JupyterLab writes them, to the byte; tests/pages/test_jupyterlab.py tries it there."""

import json

import pytest

from helpers import pages
from helpers.book import form, pairs
from helpers.book.__main__ import main
from tests.support import small_book

PAGE = """\
# %% [markdown]
# # A page

# %% verify={"reason": "a reason", "rtol": 1.0} tags=["a"]
print(1)
print(2)
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page of two lines in another form, as other programs write them."""
    monkeypatch.setattr(pages, "NOTEBOOKS", tmp_path)
    source = tmp_path / "01_page.py"
    source.write_text(PAGE, encoding="utf-8")
    notebook = small_book.with_outputs([("A page", "print(1)\nprint(2)", "1\n2\n")])
    notebook.cells[0].source = "# A page"
    notebook.cells[1].metadata.verify = {"reason": "a reason", "rtol": 1.0}
    notebook.cells[1].metadata.tags = ["a"]
    notebook.metadata["book"] = {"cells": pairs.digest(notebook), "seconds": 6.0}
    source.with_suffix(".ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return source


def test_the_stored_pages_are_in_form():
    assert form.other_forms() == {}


def test_another_form_is_named_and_mended(page, capsys):
    assert main(["form", "--check"]) == 1
    assert "01_page.py, 01_page.ipynb" in capsys.readouterr().err
    assert main(["form"]) == 0
    assert main(["form", "--check"]) == 0
    stored = json.loads(page.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert stored["metadata"]["kernelspec"]["display_name"] == "Python 3 (ipykernel)"
    assert stored["metadata"]["language_info"]["codemirror_mode"] == {
        "name": "ipython",
        "version": 3,
    }
    assert stored["cells"][1]["source"] == ["print(1)\n", "print(2)"]
    assert stored["cells"][1]["outputs"][0]["text"] == ["1\n", "2\n"]
    text = page.read_text(encoding="utf-8")
    assert "#     display_name: Python 3 (ipykernel)\n" in text
    assert text.endswith(
        '# %% tags=["a"] verify={"reason": "a reason", "rtol": 1}\nprint(1)\nprint(2)\n'
    )


def test_another_release_of_python_leaves_no_line(page):
    main(["form"])
    target = page.with_suffix(".ipynb")
    before = target.read_bytes()
    target.write_bytes(before.replace(f'"{form.PYTHON}"'.encode(), b'"3.14.2"'))
    assert target.read_bytes() != before
    assert main(["form"]) == 0
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "written"),
    [(6.0, "6"), (6.5, "6.5"), (1e22, "1e+22"), (True, "true"), (-0.5, "-0.5")],
)
def test_numbers_are_as_javascript_writes_them(number, written):
    assert json.dumps(pages.as_json({"a": [number]})) == f'{{"a": [{written}]}}'
