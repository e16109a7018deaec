"""The lines that open a page elsewhere: its badges for Binder and Colab, and the code that Colab needs.

Colab opens a page alone, without ``helpers/`` beside it. So the first code cell fetches the book, where it is not
there. The lines go into cells that exist: no cell is added, so the numbers of the cells stay as they are.
"""

import re

BRANCH = "main"
BADGES = (
    "[![Open in Binder](https://mybinder.org/badge_logo.svg)]"
    "(https://mybinder.org/v2/gh/{slug}/{branch}?labpath={path}) "
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{slug}/blob/{branch}/{path})"
)
FETCH = """\
# Colab opens this page alone: here it fetches the rest of the book. Elsewhere these lines do nothing.
import os
import subprocess

if not os.path.exists("../helpers"):
    home = "https://github.com/{slug}"
    print("fetching the book from", home)
    if not os.path.exists("book"):
        subprocess.run(["git", "clone", "-q", "--depth=1", home, "book"], check=True)
    os.chdir("book/notebooks")

"""
TITLE = re.compile(r"\A()# .*$", re.MULTILINE)
TIME = re.compile(r"^(# |)\*\*Time\*\*: .*$", re.MULTILINE)  # also in a .py file, as a comment
SETUP = 'import sys\n\nsys.path.insert(0, "..")'  # the first code cell of every page


def _pattern(text: str) -> str:
    """A regular expression for these lines with any slug, branch and path."""
    words = {"slug": r"[\w.-]+/[\w.-]+", "branch": r"[\w.-]+", "path": r"[\w./-]+"}
    return re.sub(r"\\\{(\w+)\\\}", lambda found: words[found[1]], re.escape(text))


_BADGES = re.compile(rf"\n#?\n(?:# )?{_pattern(BADGES)}")
_FETCH = re.compile(_pattern(FETCH))


def with_badges(text: str, slug: str, path: str, below: re.Pattern[str]) -> str:
    """Put the badges into a text, as a paragraph of their own.

    Args:
        text: a README, the source of a Markdown cell, or a page's ``.py`` file.
        slug: the repository's OWNER/NAME on GitHub.
        path: the notebook that they open, from the top of the repository.
        below: ``TITLE`` or ``TIME``: the line that they stand under. A text without it is returned as it is.
    """
    badges = BADGES.format(slug=slug, branch=BRANCH, path=path)
    return below.sub(lambda line: f"{line[0]}\n{line[1].strip()}\n{line[1]}{badges}", text, count=1)


def with_fetch(text: str, slug: str) -> str:
    """Put the code for Colab into a text, above the lines that make ``helpers`` importable, if they are there.

    Args:
        text: the source of a code cell or a page's ``.py`` file; or what ``%hist`` has listed.
        slug: the repository's OWNER/NAME on GitHub.
    """
    return text.replace(SETUP, FETCH.format(slug=slug) + SETUP, 1)


def without(text: str) -> str:
    """Take all these lines out of a text, whatever repository they name."""
    return _FETCH.sub("", _BADGES.sub("", text))
