"""The web edition: a static site from the stored outputs of the pages. No cell is run.

    python -m helpers.book site                  # writes .site/html; open index.html in a browser
    python -m helpers.book site --open           # ... and opens it
    python -m helpers.book site --out FOLDER     # somewhere else
    python -m helpers.book site --pdf BOOK.pdf   # the whole book on paper, printed by Chromium or Chrome
    python -m helpers.book site --pdf PAGE.pdf --page 08    # one page

Sphinx makes it, with MyST-NB and the PyData theme, as ``.site/conf.py`` says; ``pip install -r .site/requirements.txt``
brings them. The site needs no server and asks no other place for anything. It is made beside the old one, which it
replaces only when it is whole.
"""

import argparse
import base64
import contextlib
import copy
import hashlib
import io
import json
import re
import shutil
import subprocess
import tempfile
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from string import Template

import nbformat
from PIL import Image

from helpers import pages
from helpers.book import BookError, UsageError, check_folder, chosen
from helpers.notes import lookup
from helpers.paths import BOOK
from helpers.verification.files import OutputError, check_output

SETTINGS = BOOK / ".site"
OUT = SETTINGS / "html"
OLD_CALLS = "15_old_calls"  # the page that explains the table of old names
PACKAGES = "sphinx", "myst_nb", "pydata_sphinx_theme"
FOREIGN_PICTURE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")
OWN_PICTURE = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<path>(?!https?:)[^)]*\.png)\)", re.MULTILINE)
CHROMIUMS = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--no-pdf-header-footer",
]


class MissingError(BookError):
    """A package that makes the site is not installed."""


# --- what Sphinx is given


def write_sources(folder: Path) -> None:
    """Write what Sphinx makes the site of into an empty folder: pages, first page, old names, facts of figures."""
    book = pages.all_pages()
    for page in book:
        (folder / page.path.name).write_text(pages.dumps(prepared(page)), encoding="utf-8")
    facts = figures(book)
    title, *paragraphs = (BOOK / "README.md").read_text(encoding="utf-8").split("\n\n")
    about = next(text for text in paragraphs if text[0].isalpha())
    picture = next(filter(None, map(OWN_PICTURE.search, paragraphs)), None)
    if picture:
        png = (BOOK / picture["path"]).read_bytes()
        (folder / "front.png").write_bytes(png)
        facts["front"] = _facts(png, picture["alt"])
    (folder / "figures.json").write_text(json.dumps(facts), encoding="utf-8")
    index = {
        "title": title,
        "about": re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", about),  # links start from another folder
        "first": book[0].path.name,
        "picture": "![](front.png)" if picture else "",
        "names": "\n".join([*(page.name for page in book), "old_names"]),
    }
    names = {"table": lookup.alphabetical().data, "page": f"{OLD_CALLS}.ipynb"}
    for name, words in (("index.md", index), ("old_names.md", names)):
        template = Template((SETTINGS / name).read_text(encoding="utf-8"))
        (folder / name).write_text(template.substitute(words), encoding="utf-8")


def prepared(page: pages.Page) -> nbformat.NotebookNode:
    """A copy of a page for Sphinx.

    Its number stands in front of its title, pictures from other places (badges) are replaced by their descriptions,
    and solutions have the tag that MyST-NB hides them for.
    """
    notebook = copy.deepcopy(page.notebook)
    notebook.cells[0].source = notebook.cells[0].source.replace("# ", f"# {page.name[:2]} ", 1)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = FOREIGN_PICTURE.sub(r"\1", cell.source)
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-cell"]
    return notebook


def figures(book: list[pages.Page]) -> dict[str, dict[str, str]]:
    """For each picture in the outputs, by the SHA-256 of its file: description, width and height in pixels."""
    facts = {}
    for output in (o for page in book for cell in page.code_cells for o in cell.outputs):
        if "image/png" in output.get("data", {}):
            png = base64.b64decode(output.data["image/png"])
            alt = output.metadata.get("image/png", {}).get("alt") or output.data["text/plain"]
            facts[hashlib.sha256(png).hexdigest()] = _facts(png, alt)
    return facts


def _facts(png: bytes, alt: str) -> dict[str, str]:
    width, height = Image.open(io.BytesIO(png)).size
    return {"alt": alt, "width": str(width), "height": str(height)}


# --- the site


def build(out: Path = OUT, builder: str = "html") -> None:
    """Make the site; an older one in ``out`` is replaced when the new one is whole.

    Args:
        out: the folder for it.
        builder: Sphinx' name for the form: "html", or "singlehtml" for all pages in one file.

    Raises:
        BookError: Sphinx is missing or found a fault in a page.
        UsageError: ``out`` holds something else.
    """
    if missing := [name for name in PACKAGES if not find_spec(name)]:
        raise MissingError(
            f"{', '.join(missing)} missing: pip install -r {SETTINGS.name}/requirements.txt"
        )
    check_folder(out, may_be_full=(out / ".buildinfo").exists())  # a site is replaced
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=out.parent) as folder:
        sources = Path(folder, "sources")
        new = Path(folder, "html")
        sources.mkdir()
        write_sources(sources)
        options = f"-b {builder} -q -W --keep-going".split()
        options += ["-c", str(SETTINGS), "-d", str(Path(folder, "doctrees"))]
        _sphinx([*options, str(sources), str(new)], folder)
        _add_downloads(new)
        if out.exists():
            out.rename(Path(folder, "old"))
        new.rename(out)


def _add_downloads(site: Path) -> None:
    """Put both files of each page into the site, where ``.site/tools.html`` looks for them."""
    (site / pages.NOTEBOOKS.name).mkdir()
    for page in pages.all_pages():
        for file in (page.path, page.path.with_suffix(".py")):
            shutil.copy(file, site / pages.NOTEBOOKS.name)


def _sphinx(arguments: list[str], folder: str) -> None:
    """Call Sphinx in this process: what it shares with the book is imported already. Raise BookError for a fault."""
    from sphinx.cmd.build import main

    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        status = main(arguments)
    if status:
        raise BookError(f"Sphinx found faults:\n{said.getvalue().replace(folder, '').strip()}")


def print_pdf(pdf: Path, number: str = "") -> None:
    """Print the book as one PDF; an older one is replaced when the new one is whole.

    Args:
        pdf: the file.
        number: of the page to be printed alone, "08"; "" for the whole book.

    Raises:
        UsageError: there is no such page.
        BookError: there is no browser, or it failed; or see ``build``.
    """
    names = chosen([number], [page.name for page in pages.all_pages()]) if number else []
    browser = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not browser:
        raise BookError("Chromium or Chrome is needed to print: install your system's package.")
    check_folder(pdf.parent, may_be_full=True)
    pdf.parent.mkdir(parents=True, exist_ok=True)
    try:
        check_output(pdf)
    except OutputError as error:
        raise UsageError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix=".site-", dir=pdf.parent) as folder:
        build(Path(folder, "html"), "html" if names else "singlehtml")
        printed = Path(folder, "book.pdf")
        options = [*FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        command = [browser, *options, Path(folder, "html", f"{[*names, 'index'][0]}.html").as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not printed.exists():
            raise BookError(f"{Path(browser).name} printed nothing:\n{done.stderr.strip()}")
        printed.replace(pdf)


def run(args: argparse.Namespace) -> int:
    """Make the site or the PDF that a command line asks for; returns the exit status."""
    if args.pdf:
        if args.open or args.out:
            raise UsageError("--pdf prints into one file: it takes no --out and no --open.")
        print_pdf(args.pdf.resolve(), args.page)
        print(args.pdf)
        return 0
    if args.page:
        raise UsageError("--page is for --pdf: the site has all pages.")
    out = (args.out or OUT).resolve()
    build(out)
    print(out / "index.html")
    if args.open:
        webbrowser.open((out / "index.html").as_uri())
    return 0
