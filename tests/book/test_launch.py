"""Launch badges and the code for Colab: written and taken out byte for byte, and a page that runs alone."""

import os
import re
import subprocess
import sys

import nbformat
import pytest

from helpers import pages
from helpers.book import launch, launch_lines
from helpers.book import pairs as twins
from tests.studies import launch_each_page
from tests.support import page_checks, small_book

SLUG = "some-one/a.book_2"
PAGES = pages.all_pages()


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
def test_without_a_public_home_nothing_leads_there(path):
    assert launch.repository() == ""
    for file in {path, path.with_suffix(".py")} if path.suffix == ".ipynb" else {path}:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"mybinder\.org/v2|colab\.research\.google\.com/github", text)
        assert launch_lines.without(text) == text


def test_both_directions_change_nothing_else(tmp_path):
    book = tmp_path / "book"
    launch_each_page.copy(book)
    before = contents(book)
    written = launch.launch(SLUG, book)
    after = contents(book)
    assert set(after) == set(before)
    assert {path for path in after if after[path] != before[path]} == set(written)
    assert {path.suffix for path in written} == {".toml", ".md", ".py", ".ipynb"}
    assert len(written) == 2 + 2 * len(PAGES)
    assert launch.repository(book) == SLUG
    assert launch.launch(SLUG, book) == []  # a second time there is nothing to do
    launch.launch("else/where", book)
    assert not any(SLUG.encode() in text for text in contents(book).values())
    launch.launch("", book)
    assert contents(book) == before
    launch.launch(SLUG, book)
    assert contents(book) == after


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_launched_page(copied, name):
    """It has its lines once, in both files; it passes the page checks, and an update finds nothing to do."""
    page = pages.Page(copied / "notebooks" / f"{name}.ipynb")
    source = page.path.with_suffix(".py")
    for text in (page.prose, source.read_text(encoding="utf-8")):
        assert (
            text.count(f"https://mybinder.org/v2/gh/{SLUG}/main?labpath=notebooks/{name}.ipynb")
            == 1
        )
        assert (
            text.count(f"research.google.com/github/{SLUG}/blob/main/notebooks/{name}.ipynb") == 1
        )
    fetch = launch_lines.FETCH.format(slug=SLUG)
    assert [cell.source.count(fetch) for cell in page.code_cells] == [1] + [0] * (
        len(page.code_cells) - 1
    )
    assert page.code_cells[0].source.startswith(fetch)
    assert [fault for check in page_checks.CHECKS for fault in check(page)] == []
    found = twins.read(source, page.path)
    assert found.side == "" and found.ran is not None
    stored = next(page for page in PAGES if page.name == name)
    assert pages.time_line(page.notebook) == pages.time_line(stored.notebook)


def test_launched_sources_are_tidy(copied):
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=copied,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_a_launched_page_passes_the_verification(copied, tmp_path):
    """Page 01: its %hist lists the first cell, which has the code for Colab now."""
    page = next(page for page in PAGES if page.name.startswith("01"))
    n = next(n for n, cell in enumerate(page.code_cells) if cell.source == "%hist")
    cell = f"notebooks/{page.path.name}::Cell {n}"
    run = small_book.verify(cell, folder=tmp_path, cwd=copied)
    assert (len(run.passed), run.failed) == (1, {}), run.text


@pytest.mark.parametrize(
    "slug",
    ["book", "a/b/c", "../b", "a/..", "a/b.git", "-a/b", "a b/c", "https://github.com/a/b", "书/b"],
)
def test_no_slug(slug, tmp_path):
    with pytest.raises(launch.LaunchError, match="is no repository on GitHub: write OWNER/NAME"):
        launch.launch(slug, tmp_path)


def edited(book):
    path = book / "notebooks" / "02_small.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")


def edited_twice(book):
    edited(book)
    path = book / "notebooks" / "02_small.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("= 1", "= 2"), encoding="utf-8")


def without_time(book):
    replace(book, "**Time**", "**Hours**")


def without_setup(book):
    replace(book, "import sys", "import sys as s")


def replace(book, old, new):
    write_page(book, [cell.replace(old, new) for cell in CELLS])


CELLS = [
    "# A page\n\n**Time**: 1 min to read, 1 s to run (a machine).",
    launch_lines.SETUP + "\nx = 1",
]


def write_page(book, cells, name="02_small"):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(cells[0]), nbformat.v4.new_code_cell(cells[1])]
    )
    notebook.metadata["book"] = {"cells": twins.digest(notebook)}
    path = book / "notebooks" / f"{name}.ipynb"
    path.write_text(pages.dumps(notebook), encoding="utf-8")
    path.with_suffix(".py").write_text(twins.as_text(notebook), encoding="utf-8")


@pytest.fixture
def small(tmp_path):
    """A book of two pages."""
    (tmp_path / "notebooks").mkdir()
    for name in ("01_small", "02_small"):
        write_page(tmp_path, CELLS, name)
    (tmp_path / "README.md").write_text("# A book\n\nText.\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.book]\nrepository = ""\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            edited,
            "02_small was edited and not run since: run `python -m helpers.book.update 02` first",
        ),
        (edited_twice, "02_small: both files were edited"),
        (without_time, "02_small.py has no "),
        (without_setup, "02_small.py has no "),
    ],
)
def test_all_files_or_none(small, spoil, says):
    spoil(small)
    before = contents(small)
    with pytest.raises(launch.LaunchError, match=re.escape(says)):
        launch.launch(SLUG, small)
    assert contents(small) == before


def test_a_folder_that_cannot_be_written(small, monkeypatch):
    before, real = contents(small), type(small).replace

    def full(self, target):
        if target.name == "02_small.py":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(type(small), "replace", full)
    with pytest.raises(OSError, match="No space left"):
        launch.launch(SLUG, small)
    assert contents(small) == before


def test_the_command_line(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(launch, "launch", lambda slug: asked.append(slug) or [])
    for arguments in (["a/b"], ["--remove"]):
        monkeypatch.setattr("sys.argv", ["launch", *arguments])
        assert launch.main() == 0
    assert asked == ["a/b", ""]
    monkeypatch.setattr("sys.argv", ["launch"])
    with pytest.raises(SystemExit):
        launch.main()
    assert "required" in capsys.readouterr().err


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home") / "book"
    launch_each_page.make_home(home)
    return home


def test_a_page_runs_alone(home):
    """The other pages: python -m tests.studies launch-each-page."""
    run = launch_each_page.run_alone("06_tensor_shapes", home)
    assert (run.failed, run.differ) == ({}, {})
    assert run.cells > 20


def test_a_page_that_cannot_fetch_the_book_says_so(home, tmp_path):
    code = launch_lines.FETCH.format(slug=launch_each_page.SLUG)
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_COUNT": "1"}
    environment |= {
        "GIT_CONFIG_KEY_0": f"url.{(tmp_path / 'nothing').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{launch_each_page.SLUG}",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "fetching the book from https://github.com/someone/a-book" in done.stdout
    assert "git" in done.stderr and "clone" in done.stderr


def test_where_the_book_is_the_code_for_colab_does_nothing(home):
    code = launch_lines.FETCH.format(slug=launch_each_page.SLUG) + "print(os.getcwd())"
    before = contents(home)
    notebooks = home / "notebooks"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=notebooks, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{notebooks}\n", "")
    assert contents(home) == before
