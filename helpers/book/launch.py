"""Give the book's pages launch badges for Binder and Colab, once it has a public home; or take them out.

    python -m helpers.book.launch OWNER/REPO       # the repository's name on GitHub
    python -m helpers.book.launch --remove

The name is kept in pyproject.toml (``[tool.book]``, ``repository``). The badges go into the README and under the
``**Time**`` line of every page, the code for Colab into every page's first code cell. Nothing is run and no output
changes, save that ``%hist`` lists the first cell as it now is. All files are written or none; ``--remove`` gives
back every byte.
"""

import argparse
import re
import sys
import tomllib
from copy import deepcopy
from pathlib import Path

from helpers import pages
from helpers.book import launch_lines
from helpers.book import pairs as twins
from helpers.book.update import write

BOOK = Path(__file__).resolve().parents[2]
START = "notebooks/00_start_here.ipynb"  # what the README's badges open
SETTING = re.compile(r'(?<=^\[tool\.book\]\nrepository = ")[^"\n]*(?=")', re.MULTILINE)
SLUG = re.compile(r"[A-Za-z\d](?:-?[A-Za-z\d]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}(?<!\.git)", re.ASCII)


class LaunchError(Exception):
    """The lines cannot be written; every file is as it was."""


def repository(book: Path = BOOK) -> str:
    """The repository's OWNER/NAME on GitHub, as pyproject.toml has it; "" while the book has no public home."""
    settings = tomllib.loads((book / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["book"]["repository"]


def launch(slug: str, book: Path = BOOK) -> list[Path]:
    """Write the badges and the code for Colab, in the place of those that are there; "" takes them out.

    Args:
        slug: the repository's OWNER/NAME on GitHub, or "".
        book: the folder of the book.

    Returns:
        The files whose content is new.

    Raises:
        LaunchError: the slug is none, or a page was edited and not run since.
        OSError: a file cannot be read or written; then all are as they were.
    """
    if slug and not SLUG.fullmatch(slug):
        raise LaunchError(
            f"{slug!r} is no repository on GitHub: write OWNER/NAME, as in pytorch/tutorials."
        )
    settings, readme = book / "pyproject.toml", book / "README.md"
    texts = {
        settings: SETTING.sub(slug, settings.read_text(encoding="utf-8")),
        readme: _with_lines(readme.read_text(encoding="utf-8"), slug, START, launch_lines.TITLE),
    }
    for target in sorted((book / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        texts |= _page(target, slug)
    new = {path: text for path, text in texts.items() if path.read_text("utf-8") != text}
    write(new)
    return list(new)


def _page(target: Path, slug: str) -> dict[Path, str]:
    """Both files of a page as they shall be."""
    source, path = target.with_suffix(".py"), f"notebooks/{target.name}"
    try:
        page = twins.read(source, target)
    except twins.ConflictError as error:
        raise LaunchError(f"{source.stem}: {error}") from None
    if page.side or page.ran is None:
        command = f"python -m helpers.book.update {source.stem.partition('_')[0]}"
        raise LaunchError(f"{source.stem} was edited and not run since: run `{command}` first.")
    text = _with_lines(page.text, slug, path)
    if slug and not all(line in text for line in ("badge_logo.svg", launch_lines.FETCH[:40])):
        raise LaunchError(f"{source.name} has no **Time** line or no {launch_lines.SETUP!r}.")
    notebook = deepcopy(page.stored)
    for cell in notebook.cells:
        cell.source = _with_lines(cell.source, slug, path)
        for output in cell.get("outputs", []):
            if "text" in output:  # of %hist
                output.text = _with_lines(output.text, slug, path)
    notebook.metadata.book["cells"] = twins.digest(notebook)
    return {source: text, target: pages.dumps(notebook)}


def _with_lines(text: str, slug: str, path: str, below: re.Pattern[str] = launch_lines.TIME) -> str:
    """A text with the lines for this slug in the place of any others."""
    text = launch_lines.without(text)
    if not slug:
        return text
    return launch_lines.with_fetch(launch_lines.with_badges(text, slug, path, below), slug)


def main() -> int:
    """Read the command line and write the files; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.book.launch", description=__doc__.splitlines()[0]
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("repository", nargs="?", default="", help="OWNER/NAME on GitHub")
    what.add_argument("--remove", action="store_true", help="take the badges and the code out")
    asked = parser.parse_args()
    try:
        written = launch(asked.repository)
    except (LaunchError, OSError) as error:
        print(f"Nothing was written: {error}")
        return 1
    print(f"{len(written)} files written. Look at them (git diff), then commit.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
