"""How the web edition is made: whole or not at all, and what is said if it cannot be."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers import pages
from helpers.book import BookError, launch, site
from helpers.book.__main__ import main


@pytest.fixture
def sphinx():
    if not all(map(find_spec, site.PACKAGES)):
        pytest.skip("Sphinx is missing: pip install -r .site/requirements.txt")


def only_this(text):
    def write_sources(folder):
        (folder / "index.md").write_text(text, encoding="utf-8")
        (folder / "figures.json").write_text("{}", encoding="utf-8")

    return write_sources


@pytest.mark.slow
def test_a_fault_leaves_the_old_site(sphinx, tmp_path, monkeypatch):
    out = tmp_path / "html"
    out.mkdir()
    (out / ".buildinfo").touch()
    monkeypatch.setattr(site, "write_sources", only_this("# A page\n\n[to nowhere](gone.md)\n"))
    with pytest.raises(BookError, match=r"Sphinx found faults:\n(.|\n)*gone\.md"):
        site.build(out)
    assert [*tmp_path.rglob("*")] == [out, out / ".buildinfo"]


@pytest.mark.slow
def test_a_new_site_takes_the_place_of_the_old(sphinx, tmp_path, monkeypatch):
    out = tmp_path / "html"
    out.mkdir()
    (out / ".buildinfo").touch()
    (out / "old.html").touch()
    monkeypatch.setattr(site, "write_sources", only_this("# A page\n"))
    site.build(out)
    assert (out / "index.html").exists() and not (out / "old.html").exists()
    assert [*tmp_path.iterdir()] == [out]


@pytest.mark.slow
def test_another_folder_is_not_replaced(sphinx, tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(BookError, match="is not empty"):
        site.build(tmp_path)
    assert [*tmp_path.iterdir()] == [tmp_path / "thesis.txt"]


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "find_spec", lambda name: name != "myst_nb")
    with pytest.raises(site.MissingError) as caught:
        site.build(tmp_path / "html")
    assert str(caught.value) == "myst_nb missing: pip install -r .site/requirements.txt"


@pytest.mark.slow
def test_a_book_is_printed(sphinx, tmp_path, monkeypatch):
    if not any(map(shutil.which, site.CHROMIUMS)):
        pytest.skip("Chromium is missing: install your system's package")
    monkeypatch.setattr(site, "write_sources", only_this("# A page\n\nof one sentence.\n"))
    site.print_pdf(tmp_path / "book.pdf")
    printed = (tmp_path / "book.pdf").read_bytes()
    assert len(re.findall(rb"/Type ?/Page\b", printed)) == 1
    assert [*tmp_path.iterdir()] == [tmp_path / "book.pdf"]


def test_without_a_browser_the_old_book_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(site.shutil, "which", lambda name: None)
    (tmp_path / "book.pdf").write_bytes(b"the old one")
    with pytest.raises(BookError, match="Chromium or Chrome is needed"):
        site.print_pdf(tmp_path / "book.pdf")
    assert (tmp_path / "book.pdf").read_bytes() == b"the old one"


def test_a_page_is_printed_from_its_own_file(tmp_path, monkeypatch):
    built, printed = [], []

    def run(command, **_):
        printed.append(command[-1])
        option = next(part for part in map(str, command) if part.startswith("--print-to-pdf="))
        Path(option.partition("=")[2]).write_bytes(b"%PDF")

    monkeypatch.setattr(site.shutil, "which", lambda name: name)
    monkeypatch.setattr(site, "build", lambda out, builder: built.append(builder))
    monkeypatch.setattr(site.subprocess, "run", run)
    site.print_pdf(tmp_path / "page.pdf", "08")
    site.print_pdf(tmp_path / "book.pdf")
    assert built == ["html", "singlehtml"]
    assert [name.rpartition("/")[2] for name in printed] == ["08_tensor_shapes.html", "index.html"]
    assert {path.name for path in tmp_path.iterdir()} == {"page.pdf", "book.pdf"}


@pytest.mark.parametrize("arguments", ["--page 08", "--pdf x/y.pdf --page 99"])
def test_a_page_to_be_printed_is_named_by_its_number_and_has_a_file(arguments, capsys):
    assert main(["site", *arguments.split()]) == 2
    assert "age" in capsys.readouterr().err


def test_a_pdf_is_one_file(capsys):
    assert main(["site", "--pdf", "book.pdf", "--open"]) == 2
    assert "takes no --out and no --open" in capsys.readouterr().err


def test_the_sources_come_soon(tmp_path):
    """No page is read many times, as looking up hundreds of old calls did, and nothing waits for torch."""
    code = (
        "import sys, nbformat\nfrom pathlib import Path\nfrom helpers.book import site\n"
        "read, reads = nbformat.read, []\n"
        "nbformat.read = lambda path, **how: reads.append(path) or read(path, **how)\n"
        f"site.write_sources(Path({str(tmp_path)!r}))\n"
        "print(max(map(reads.count, reads)), 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=site.BOOK, capture_output=True, text=True, check=True)
    # once for the site, once for the places of old calls
    assert done.stdout.split() == ["2", "False"]


def test_badges_become_links():
    page = pages.Page(pages.NOTEBOOKS / "01_install_and_timing.ipynb")
    first = page.notebook.cells[0]
    first.source = launch.with_lines(first.source, "owner/book", "notebooks/01.ipynb")
    assert "[![Open in Binder](https://" in first.source
    source = site.prepared(page).cells[0].source
    assert "![" not in source
    assert "[Open in Binder](https://mybinder.org/v2/gh/owner/book/" in source
    assert "[Open in Colab](https://colab.research.google.com/github/owner/book/" in source


def test_the_packages_are_pinned():
    text = (site.SETTINGS / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w-]+)==[\d.]+ +# .+$", text, re.MULTILINE)
    assert sorted(name.replace("-", "_") for name in pinned) == sorted(site.PACKAGES)
