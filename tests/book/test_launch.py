"""Launch badges and the code for Colab: written and taken out byte for byte, and a page that runs alone."""

import os
import re
import subprocess
import sys

import jupytext
import nbformat
import pytest

from helpers import pages
from helpers.book import BookError, launch, pairs
from helpers.book.__main__ import main
from tests.studies import launch_each_page
from tests.support import page_checks, small_book

SLUG = "some-one/a.book_2"
PAGES = pages.all_pages()
ADDRESSES = re.compile(r"(?:mybinder\.org/v2/gh|colab\.research\.google\.com/github)/([^/]+/[^/]+)")


def contents(book):
    return {path: path.read_bytes() for path in book.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the book, launched."""
    book = tmp_path_factory.mktemp("copy") / "book"
    launch_each_page.copy(book)
    launch.launch(SLUG, book)
    return book


@pytest.mark.parametrize("path", [launch.BOOK / "README.md", *(page.path for page in PAGES)])
def test_the_badges_lead_to_the_public_home_if_there_is_one(path):
    home = launch.repository()
    for file in {path, path.with_suffix(".py")} if path.suffix == ".ipynb" else {path}:
        text = file.read_text(encoding="utf-8")
        assert ADDRESSES.findall(text) == ([home, home] if home else [])
        if path.suffix == ".ipynb":
            assert (launch.FETCH[:60] in text) == bool(home)


@pytest.mark.parametrize("home", ["", "octo/pytorch-notes"])
def test_both_directions_change_nothing_else(tmp_path, home):
    """Whether the book already has a public home or not."""
    book = tmp_path / "book"
    launch_each_page.copy(book)
    launch.launch(home, book)
    before = contents(book)
    written = launch.launch(SLUG, book)
    after = contents(book)
    assert set(after) == set(before)
    assert {path for path in after if after[path] != before[path]} == set(written)
    assert len(written) == 3 + 2 * len(PAGES)
    assert launch.repository(book) == SLUG
    assert launch.launch(SLUG, book) == []  # a second time there is nothing to do
    launch.launch(home, book)
    assert contents(book) == before


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_launched_page(copied, name):
    """It has its lines once, in both files; it passes the page checks, and an update finds nothing to do."""
    page = pages.Page(copied / "notebooks" / f"{name}.ipynb")
    fetch = launch.FETCH.format(slug=SLUG)
    for file in (page.path, page.path.with_suffix(".py")):
        text = file.read_text(encoding="utf-8")
        assert text.count(f"https://mybinder.org/v2/gh/{SLUG}/main?labpath=notebooks/{name}.") == 1
        assert text.count(f".google.com/github/{SLUG}/blob/main/notebooks/{name}.ipynb") == 1
    first, *others = page.code_cells
    assert first.source.startswith(f"%xmode Minimal\n{fetch}import sys")
    assert not any(fetch in cell.source for cell in others)
    assert [fault for check in page_checks.CHECKS for fault in check(page)] == []
    assert pairs.read(page.path).is_current
    stored = next(page for page in PAGES if page.name == name)
    assert pages.time_line(page.notebook) == pages.time_line(stored.notebook)


def test_launched_sources_are_tidy(copied):
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "notebooks"]
        done = subprocess.run(ruff, cwd=copied, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_launched_page_passes_the_verification(copied, tmp_path):
    """Page 01: its %hist lists cells after the first, which has the code for Colab now."""
    page = next(page for page in PAGES if page.name.startswith("01"))
    n = next(n for n, cell in enumerate(page.code_cells) if cell.source.startswith("%hist"))
    cell = f"notebooks/{page.path.name}::Cell {n}"
    run = small_book.verify(cell, folder=tmp_path, cwd=copied)
    assert (len(run.passed), run.failed) == (1, {}), run.text


ADDRESSES_OF_SITES = [
    ("Octo/pytorch-notes", "https://octo.github.io/pytorch-notes/"),
    ("octo/Octo.github.io", "https://octo.github.io/"),
]


@pytest.mark.parametrize(("slug", "address"), ADDRESSES_OF_SITES)
def test_the_web_edition_has_an_address(slug, address):
    assert launch.site(slug) == address


def test_readme_and_citation_name_the_home(copied):
    address = "https://some-one.github.io/a.book_2/"
    readme = (copied / "README.md").read_text(encoding="utf-8")
    first_screen = "\n".join(readme.splitlines()[:4])
    assert f"[Read online]({address})" in first_screen
    assert "mybinder.org" in first_screen and "colab.research" in first_screen
    citation = (copied / "CITATION.cff").read_text(encoding="utf-8")
    assert citation.endswith(f"\nrepository-code: https://github.com/{SLUG}\nurl: {address}\n")
    assert launch.cited(launch.cited(citation, "a/b"), SLUG) == citation


WRONG = ["book", "a/b/c", "../b", "a/..", "a/b.git", "-a/b", "a b/c", "https://github.com/a/b"]


@pytest.mark.parametrize("slug", [*WRONG, "书/b"])
def test_no_slug(slug, tmp_path):
    with pytest.raises(BookError, match="is no repository on GitHub: write OWNER/NAME"):
        launch.launch(slug, tmp_path)


PROSE = "# A page\n\n**Time**: 1 min to read, 1 s to run (a machine)."
CODE = launch.SETUP + "\nx = 1"


def write_page(book, prose=PROSE, code=CODE):
    """Both files of the small book's second page."""
    cells = [nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell(code)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["book"] = {"cells": pairs.digest(notebook)}
    path = book / "notebooks" / "02_small.ipynb"
    path.write_text(pages.dumps(notebook), encoding="utf-8")
    path.with_suffix(".py").write_text(jupytext.writes(notebook, fmt=pairs.PERCENT), "utf-8")


@pytest.fixture
def small(tmp_path):
    """A book of two pages."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    write_page(tmp_path)
    for path in [*notebooks.iterdir()]:
        path.with_stem("01_small").write_bytes(path.read_bytes())
    (tmp_path / "README.md").write_text("# A book\n\nText.\n", encoding="utf-8")
    (tmp_path / "CITATION.cff").write_text("title: A book\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.book]\nrepository = ""\n', encoding="utf-8")
    return tmp_path


def edited(book, name="02_small.py"):
    path = book / "notebooks" / name
    path.write_text(path.read_text(encoding="utf-8").replace("x = 1", "x = 2"), encoding="utf-8")


def edited_outside(book):
    edited(book, "02_small.ipynb")


def without_time(book):
    write_page(book, prose="# A page")


def without_setup(book):
    write_page(book, code="x = 1")


UPDATE = "02_small was edited and not run since: run `python -m helpers.book update 02` first"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (edited, UPDATE),
        (edited_outside, "02_small.ipynb has edits that 02_small.py"),
        (without_time, "02_small.py has no "),
        (without_setup, "02_small.py has no "),
    ],
)
def test_all_files_or_none(small, spoil, says):
    spoil(small)
    before = contents(small)
    with pytest.raises(BookError, match=re.escape(says)):
        launch.launch(SLUG, small)
    assert contents(small) == before


def test_the_command_line(monkeypatch):
    slugs = []
    monkeypatch.setattr(launch, "launch", lambda slug: slugs.append(slug) or [])
    assert [main(["launch", name]) for name in ("a/b", "--remove", "")] == [0, 0, 2]
    assert slugs == ["a/b", ""]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home") / "book"
    launch_each_page.make_home(home)
    return home


@pytest.mark.slow
def test_a_page_runs_alone(home):
    """The other pages: python -m tests.studies launch-each-page."""
    run = launch_each_page.run_alone("08_tensor_shapes", home)
    assert (run.failed, run.differ) == ({}, {})
    assert run.cells > 20


def run_fetch(folder, more="", **variables):
    """Run the code for Colab in a folder."""
    command = [sys.executable, "-c", launch.FETCH.format(slug=launch_each_page.SLUG) + more]
    env = {"PATH": os.environ["PATH"]} | variables
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_page_that_cannot_fetch_the_book_says_so(tmp_path):
    done = run_fetch(tmp_path, **launch_each_page.fetched_from(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "fetching the book from https://github.com/someone/a-book" in done.stdout
    assert "git" in done.stderr and "clone" in done.stderr


def test_where_the_book_is_the_code_for_colab_does_nothing(copied):
    before = contents(copied)
    notebooks = copied / "notebooks"
    done = run_fetch(notebooks, "print(os.getcwd())")
    assert (done.stdout, done.stderr) == (f"{notebooks}\n", "")
    assert contents(copied) == before
