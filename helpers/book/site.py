"""The web edition: a static site from the stored outputs of the pages. No cell is run.

    python -m helpers.book.site                  # writes .site/html; open index.html in a browser
    python -m helpers.book.site --open           # ... and opens it
    python -m helpers.book.site --out FOLDER     # somewhere else
    python -m helpers.book.site --pdf BOOK.pdf   # the whole book on paper, printed by Chromium or Chrome

Sphinx makes it, with MyST-NB and the PyData theme, as ``.site/conf.py`` says; ``pip install -r .site/requirements.txt``
brings them. The site needs no server and asks no other place for anything. It is made beside the old one, which it
replaces only when it is whole.
"""

import argparse
import base64
import copy
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from importlib.util import find_spec
from pathlib import Path

import nbformat
from PIL import Image

from helpers import pages

BOOK = Path(__file__).resolve().parents[2]
SETTINGS = BOOK / ".site"
OUT = SETTINGS / "html"
PACKAGES = "sphinx", "myst_nb", "pydata_sphinx_theme"
FOREIGN_PICTURE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")
OWN_PICTURE = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<path>(?!https?:)[^)]*\.png)\)", re.MULTILINE)
CHROMIUMS = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"


class SiteError(Exception):
    """The site could not be made; the message says why and what to do. What was there before is as it was."""


class MissingError(SiteError):
    """A package that makes the site is not installed."""


# --- what Sphinx is given


def write_sources(folder: Path) -> None:
    """Write what Sphinx makes the site of: pages, first page, old names, the figures' descriptions and sizes.

    Args:
        folder: an empty one.
    """
    book = pages.all_pages()
    for page in book:
        (folder / page.path.name).write_text(pages.dumps(prepared(page)), encoding="utf-8")
    facts = figures(book)
    readme = (BOOK / "README.md").read_text(encoding="utf-8")
    picture = OWN_PICTURE.search(readme)
    if picture:
        png = (BOOK / picture["path"]).read_bytes()
        (folder / "front.png").write_bytes(png)
        facts["front"] = _facts(png, picture["alt"])
    (folder / "figures.json").write_text(json.dumps(facts), encoding="utf-8")
    (folder / "old_names.md").write_text(old_names(), encoding="utf-8")
    (folder / "index.md").write_text(first_page(readme, book, bool(picture)), encoding="utf-8")


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
    found = {}
    for output in (o for page in book for cell in page.code_cells for o in cell.outputs):
        if "image/png" in output.get("data", {}):
            png = base64.b64decode(output.data["image/png"])
            alt = output.metadata.get("image/png", {}).get("alt") or output.data["text/plain"]
            found[hashlib.sha256(png).hexdigest()] = _facts(png, alt)
    return found


def _facts(png: bytes, alt: str) -> dict[str, str]:
    width, height = Image.open(io.BytesIO(png)).size
    return {"alt": alt, "width": str(width), "height": str(height)}


def old_names() -> str:
    """The index of old names as Markdown: the table of page 10, as it was made when that page was run.

    Raises:
        SiteError: page 10 has no such table.
    """
    audit = next(page for page in pages.all_pages() if page.name.startswith("10_"))
    tables = [
        output.data["text/markdown"]
        for cell in audit.code_cells
        if "audit.old_call_table()" in cell.source
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    if not tables:
        raise SiteError(f"{audit.path.name} has no output of audit.old_call_table().")
    return f"""# Old names · 旧名索引

What you would have typed in 2017, in alphabetical order, what becomes of it today, what to write, and the place in
this book. The calls were run to make this table; [page 10]({audit.path.name}) says how, and what the words mean.

{tables[0]}
"""


def first_page(readme: str, book: list[pages.Page], picture: bool) -> str:
    """The page that opens the site, as Markdown: what the README says and shows first, and the contents."""
    title, *paragraphs = readme.split("\n\n")
    about = next(text for text in paragraphs if text[0].isalpha())
    about = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", about)  # its links start from another folder
    names = "\n".join([page.name for page in book] + ["old_names"])
    return f"""{title}

{about}

- New here: start with [page 00]({book[0].path.name}).
- With old code in hand: look its calls up in [the old names](old_names.md).
- Looking for something: search. Text, code and outputs are all in it.

{"![](front.png)" if picture else ""}

```{{toctree}}
:maxdepth: 1

{names}
```
"""


# --- the site


def build(out: Path = OUT, builder: str = "html") -> None:
    """Make the site.

    Args:
        out: the folder for it; an older site there is replaced when the new one is whole.
        builder: Sphinx' name for the form: "html", or "singlehtml" for all pages in one file.

    Raises:
        SiteError: Sphinx is missing or found a fault in a page, or ``out`` holds something else.
    """
    if missing := [name for name in PACKAGES if not find_spec(name)]:
        raise MissingError(
            f"{', '.join(missing)} missing: pip install -r {SETTINGS.name}/requirements.txt"
        )
    if out.exists() and not (
        out.is_dir() and ((out / ".buildinfo").exists() or not any(out.iterdir()))
    ):
        raise SiteError(f"{out} is not empty and holds no site: nothing there is replaced.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=out.parent) as folder:
        sources, made = Path(folder, "sources"), Path(folder, "html")
        sources.mkdir()
        write_sources(sources)
        options = f"-b {builder} -q -W --keep-going".split()
        options += ["-c", SETTINGS, "-d", Path(folder, "doctrees")]
        command = [sys.executable, "-m", "sphinx", *options, sources, made]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SiteError(f"Sphinx found faults:\n{done.stderr.replace(folder, '').strip()}")
        _replace(out, made, Path(folder, "old"))


def _replace(out: Path, new: Path, aside: Path) -> None:
    """Put a folder in the place of another; if that fails, the old one comes back."""
    if out.exists():
        out.rename(aside)
    try:
        new.rename(out)
    except OSError:
        if aside.exists():
            aside.rename(out)
        raise


def print_pdf(pdf: Path) -> None:
    """Print the whole book as one PDF.

    Args:
        pdf: the file; an older one is replaced when the new one is whole.

    Raises:
        SiteError: there is no browser, or it failed; or see ``build``.
    """
    browser = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not browser:
        raise SiteError("Chromium or Chrome is needed to print: install your system's package.")
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=pdf.parent) as folder:
        build(Path(folder, "html"), "singlehtml")
        printed = Path(folder, "book.pdf")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += ["--disable-background-networking", f"--user-data-dir={folder}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}"]
        command += [Path(folder, "html", "index.html").as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not printed.exists():
            raise SiteError(f"{Path(browser).name} printed nothing:\n{done.stderr.strip()}")
        printed.replace(pdf)


def main() -> int:
    """Read the command line and make the site or the PDF; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.book.site", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="the folder for the site (.site/html)"
    )
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument(
        "--pdf", type=Path, metavar="FILE", help="print the book into this file instead"
    )
    asked = parser.parse_args()
    try:
        if asked.pdf:
            print_pdf(asked.pdf.resolve())
            print(asked.pdf)
        else:
            build(asked.out.resolve())
            first = asked.out.resolve() / "index.html"
            print(first)
            if asked.open:
                webbrowser.open(first.as_uri())
    except (SiteError, OSError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
