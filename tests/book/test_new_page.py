"""A page that has just been begun runs, and has the form of the book's pages; the checks say what is left to write."""

import shutil

import pytest

from helpers import pages
from helpers.book import update
from helpers.book.__main__ import main
from tests.support import page_checks, small_book


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    folder = small_book.make(tmp_path)
    shutil.copy(pages.NOTEBOOKS / "00_start_here.ipynb", folder)
    monkeypatch.setattr(pages, "NOTEBOOKS", folder)
    return folder


@pytest.mark.slow
def test_a_new_page_runs_and_lacks_only_words(notebooks):
    assert main(["new", "15_name", "Do a {thing}"]) == 0
    path = notebooks / "15_name.py"
    update.update(path)
    page = pages.Page(path.with_suffix(".ipynb"))
    assert page.title == "Do a {thing}"
    faults = {check.__name__: list(check(page)) for check in page_checks.CHECKS}
    left = faults.pop("has_nothing_left_to_write")
    assert not any(faults.values()), faults
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(left) == sum("TODO" in line for line in lines)
    assert (
        "cell 0 is not finished: TODO: the question that the reader comes with, in two or three sentences."
        in left
    )


WRONG = [
    ("1_name", "Do a thing", "named like 15_name"),
    ("11_Name", "Do a thing", "named like"),
    ("15_name", "Do\n# a thing", "one line of words"),
    ("15_name", " ", "one line of words"),
    ("00_name", "Do a thing", "taken by 00_start"),
]


@pytest.mark.parametrize(("name", "title", "says"), WRONG)
def test_a_wrong_name_or_title_is_refused(notebooks, capsys, name, title, says):
    assert main(["new", name, title]) in (1, 2)
    assert says in capsys.readouterr().err
    assert [path.name for path in notebooks.iterdir()] == ["00_start_here.ipynb"]


def test_the_command_says_what_comes_next(notebooks, capsys):
    assert main(["new", "16_more", "See more"]) == 0
    said = capsys.readouterr().out
    assert "notebooks/16_more.py" in said and "helpers.book update 16 " in said
    assert (notebooks / "16_more.py").exists()
