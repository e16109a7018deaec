"""Give the book's pages launch badges for Binder and Colab, once it has a public home; or take them out.

    python -m helpers.book launch OWNER/REPO       # the repository's name on GitHub
    python -m helpers.book launch --remove

The name is kept in pyproject.toml (``[tool.book]``, ``repository``), from where the web edition has
its address, and its workflow where to publish; CITATION.cff names it too. The badges go into the README and under the
``**Time**`` line of every page. Colab opens a page alone, without ``helpers/`` beside it, so code that fetches the
book goes into every page's first code cell; no cell is added. Nothing is run and no output changes, save that
``%hist`` lists the first cell as it now is. All files are written or none; ``--remove`` gives back every byte.
"""

import argparse
import re
import tomllib
from pathlib import Path

from helpers import pages
from helpers.book import BookError, UsageError, pairs
from helpers.paths import BOOK

START = "notebooks/00_start_here.ipynb"  # what the README's badges open
BRANCH = "main"
BADGES = (
    "[![Open in Binder](https://mybinder.org/badge_logo.svg)]"
    "(https://mybinder.org/v2/gh/{slug}/{branch}?labpath={path}) "
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{slug}/blob/{branch}/{path})"
)
FETCH = """\
# Colab opens this page alone: here it fetches the rest of the book.
# Elsewhere these lines do nothing.
import os
import subprocess

if not os.path.exists("../helpers"):
    home = "https://github.com/{slug}"
    print("fetching the book from", home)
    if not os.path.exists("book"):
        clone = ["git", "clone", "-q", "--depth=1", home, "book"]
        subprocess.run(clone, check=True)
    os.chdir("book/notebooks")

"""
SETUP = 'import sys\n\nsys.path.insert(0, "..")'  # the first code cell of every page
BADGE_LINE = re.compile(r"^\[!\[Open in Binder\].*$", re.MULTILINE)
TITLE = re.compile(r"\A()# .*$", re.MULTILINE)
SETTING = re.compile(r'(?<=^repository = ")[^"\n]*(?="$)', re.MULTILINE)
CITED = re.compile(r"^(?:repository-code|url): .*\n", re.MULTILINE)  # in CITATION.cff
SLUG = re.compile(r"[A-Za-z\d](?:-?[A-Za-z\d]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}(?<!\.git)", re.ASCII)


def repository(book: Path = BOOK) -> str:
    """The repository's OWNER/NAME on GitHub, as pyproject.toml has it; "" while the book has no public home."""
    settings = tomllib.loads((book / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["book"]["repository"]


def site(slug: str) -> str:
    """The address of the web edition on GitHub Pages, with "/" at its end.

    Args:
        slug: the repository's OWNER/NAME on GitHub.
    """
    owner, name = slug.split("/")
    home = f"https://{owner.lower()}.github.io/"
    return home if name.lower() == f"{owner.lower()}.github.io" else f"{home}{name}/"


def cited(text: str, slug: str) -> str:
    """Write the book's home into the text of CITATION.cff; "" takes it out."""
    lines = f"repository-code: https://github.com/{slug}\nurl: {site(slug)}\n" if slug else ""
    return CITED.sub("", text) + lines


def with_lines(text: str, slug: str, path: str, below: re.Pattern[str] = pages.TIME) -> str:
    """Write badges and the code for Colab into a text, in the place of any that are there.

    Args:
        text: a README, the source of a cell, a page's ``.py`` file, or what ``%hist`` has listed.
        slug: the repository's OWNER/NAME on GitHub; "" takes the lines out.
        path: the notebook that the badges open, from the top of the repository.
        below: the line that they stand under, as a paragraph of their own. A text without it gets none; one without
            the lines that make ``helpers`` importable gets no code.
    """
    text = pages.LAUNCH_LINES.sub("", text)
    if not slug:
        return text
    badges = BADGES.format(slug=slug, branch=BRANCH, path=path)
    text = below.sub(lambda line: f"{line[0]}\n{line[1].strip()}\n{line[1]}{badges}", text, count=1)
    return text.replace(SETUP, FETCH.format(slug=slug) + SETUP, 1)


def with_address(readme: str, slug: str) -> str:
    """Write a link to the web edition behind the README's badges, on their line."""
    return BADGE_LINE.sub(lambda line: f"{line[0]} [Read online]({site(slug)})", readme, count=1)


def launch(slug: str, book: Path = BOOK) -> list[Path]:
    """Write the badges and the code for Colab, in the place of those that are there; "" takes them out.

    Args:
        slug: the repository's OWNER/NAME on GitHub, or "".
        book: the folder of the book.

    Returns:
        The files whose content is new.

    Raises:
        BookError: the slug is none, or a page was edited and not run since.
        OutputError: a file cannot be written; then all are as they were.
    """
    if slug and not SLUG.fullmatch(slug):
        raise UsageError(
            f"{slug!r} is no repository on GitHub: write OWNER/NAME, as in pytorch/tutorials."
        )
    settings, readme = book / "pyproject.toml", book / "README.md"
    citation = book / "CITATION.cff"
    texts = {
        settings: SETTING.sub(slug, settings.read_text(encoding="utf-8")),
        readme: with_address(
            with_lines(readme.read_text(encoding="utf-8"), slug, START, TITLE), slug
        ),
        citation: cited(citation.read_text(encoding="utf-8"), slug),
    }
    for target in sorted((book / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        texts |= _page(target, slug)
    return pairs.write(texts)


def _page(target: Path, slug: str) -> dict[Path, str]:
    """Both files of a page as they shall be."""
    path = f"notebooks/{target.name}"
    pair = pairs.read(target)
    if not pair.is_current:
        command = f"python -m helpers.book update {target.stem[:2]}"
        raise BookError(f"{target.stem} was edited and not run since: run `{command}` first.")
    text = with_lines(pair.text, slug, path)
    if slug and not all(words in text for words in ("badge_logo.svg", FETCH[:40])):
        raise BookError(f"{pair.source.name} has no **Time** line or no {SETUP!r}.")
    for cell in pair.stored.cells:
        cell.source = with_lines(cell.source, slug, path)
        for output in cell.get("outputs", []):
            if "text" in output:  # of %hist
                output.text = with_lines(output.text, slug, path)
    pair.stored.metadata.book["cells"] = pairs.digest(pair.stored)
    return {pair.source: text, target: pages.dumps(pair.stored)}


def run(args: argparse.Namespace) -> int:
    """Write the files that a command line asks for; returns the exit status."""
    if not (args.remove or args.repository):
        raise UsageError("Name the repository on GitHub, OWNER/NAME; or --remove.")
    written = launch("" if args.remove else args.repository)
    print(f"{len(written)} files written. Look at them (git diff), then commit.")
    return 0
