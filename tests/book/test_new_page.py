"""A page that has just been begun runs, and has the form of the book's pages; the checks say what is left to write."""

import shutil
import sys

import pytest

from helpers import pages
from helpers.book import new_page, update
from tests.support import page_checks, small_book


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    folder = small_book.make(tmp_path)
    shutil.copy(pages.NOTEBOOKS / "00_start_here.ipynb", folder)
    monkeypatch.setattr(pages, "NOTEBOOKS", folder)
    return folder


def test_a_new_page_runs_and_lacks_only_words(notebooks):
    path = new_page.begin("11_name", "Do a thing")
    update.update(path)
    page = pages.Page(path.with_suffix(".ipynb"))
    assert page.title.startswith("Do a thing · ")
    faults = {check.__name__: list(check(page)) for check in page_checks.CHECKS}
    left = faults.pop("has_nothing_left_to_write")
    assert not any(faults.values()), faults
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(left) == sum("TODO" in line for line in lines)
    assert "cell 0 is not finished: TODO: in one sentence, what this page is about." in left


@pytest.mark.parametrize(
    ("name", "says"),
    [("1_name", "named like 11_name"), ("11_Name", "named like"), ("00_name", "taken by 00_start")],
)
def test_a_wrong_name_is_refused(notebooks, monkeypatch, capsys, name, says):
    monkeypatch.setattr(sys, "argv", ["new_page", name, "Do a thing"])
    assert new_page.main() == 1
    assert says in capsys.readouterr().out
    assert [path.name for path in notebooks.iterdir()] == ["00_start_here.ipynb"]


def test_the_command_says_what_comes_next(notebooks, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["new_page", "12_more", "See more"])
    assert new_page.main() == 0
    said = capsys.readouterr().out
    assert "notebooks/12_more.py" in said and "helpers.book.update 12 " in said
    assert (notebooks / "12_more.py").exists()
