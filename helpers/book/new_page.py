"""Begin a page: a file that already has the form of the book's pages, with TODO where something is to be written.

    python -m helpers.book new 15_name "Do a thing"

It can be run at once (``python -m helpers.book update 11``); ``pytest tests/pages/test_pages.py`` then tells what is
left. The form itself is ``new_page.py.template``.
"""

import argparse
import re
from pathlib import Path

from helpers import pages
from helpers.book import UsageError
from helpers.verification.files import write_file

TEMPLATE = Path(__file__).with_name("new_page.py.template")
NAME = re.compile(r"\d\d_[a-z0-9_]+")
NEXT = """\
Wrote notebooks/{name}.py. Next:
  write it, in an editor or in JupyterLab: each TODO says what is wanted
  python -m helpers.book update {number}         makes the outputs and notebooks/{name}.ipynb
  pytest tests/pages/test_pages.py -k {number}   tells what is left
  add it to the table of pages in README.md and to the links at the end of the page before it;
  python -m helpers.book update 00         page 00 lists it"""


def begin(name: str, title: str) -> Path:
    """Write the ``.py`` file of a new page.

    Args:
        name: its number and subject, "15_name".
        title: what the reader will do, beginning with a verb.

    Returns:
        The file.

    Raises:
        BookError: name or title have another form, or the number is taken.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"A page is named like 15_name, in small letters; not {name!r}.")
    if not title.isprintable() or not title.strip():
        raise UsageError(f"A title is one line of words; not {title!r}.")
    if taken := sorted(pages.NOTEBOOKS.glob(f"{name[:2]}_*.*")):
        raise UsageError(f"The number {name[:2]} is taken by {taken[0].name}.")
    path = pages.NOTEBOOKS / f"{name}.py"
    write_file(path, TEMPLATE.read_text(encoding="utf-8").replace("{title}", title))
    return path


def run(args: argparse.Namespace) -> int:
    """Write the file that a command line asks for, say what comes next; returns the exit status."""
    begin(args.name, args.title)
    print(NEXT.format(name=args.name, number=args.name[:2]))
    return 0
