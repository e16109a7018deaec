"""Begin a page: a file that already has the form of the book's pages, with TODO where something is to be written.

    python -m helpers.book.new_page 11_name "Do a thing"

It can be run at once (``python -m helpers.book.update 11``); ``pytest tests/pages/test_pages.py`` then tells what is
left.
"""

import argparse
import re
import sys
from pathlib import Path

from helpers import pages

NAME = re.compile(r"\d\d_[a-z0-9_]+")
TEMPLATE = """# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,claims,verify,jupyter
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # {title} · TODO: the Chinese term
#
# TODO: in one sentence, what this page is about.
#
# **You will**
#
# - TODO: see or do one thing;
# - TODO: another;
# - TODO: a third.
#
# **You need** [how to read this book](00_start_here.ipynb).
#
# **Time**: 1 min to read, 1 s to run (not measured).
#
# ## TODO: a subject · TODO: its Chinese term
#
# TODO: state a thing; the cell below shows it.

# %%
import sys

sys.path.insert(0, "..")  # the folder that holds helpers/

import torch

torch.arange(6).view(2, 3)  # TODO

# %% [markdown]
# ## Recap
#
# - TODO: what each aim has come to.
#
# ## Exercises
#
# Put your code in the place of the three dots and run the check below it.
#
# **1.** TODO: a task. (Three to five are wanted; the check finds its answer in another way than the solution.)

# %%
from helpers.exercises import Check

answer_1 = ...
check_1 = Check(1 + 1, hint="TODO")
check_1(answer_1)

# %% [markdown]
# **2.** TODO

# %%
answer_2 = ...
check_2 = Check(1 + 2, hint="TODO")
check_2(answer_2)

# %% [markdown]
# **3.** TODO

# %%
answer_3 = ...
check_3 = Check(1 + 3, hint="TODO")
check_3(answer_3)

# %% [markdown]
# ## Solutions
#
# Click to open. They run and are verified like every other cell.

# %% jupyter={{"source_hidden": true}}
check_1(2)
check_1(0)  # a mistake: TODO

# %% jupyter={{"source_hidden": true}}
check_2(3)
check_2(0)  # a mistake: TODO

# %% jupyter={{"source_hidden": true}}
check_3(4)
check_3(0)  # a mistake: TODO

# %% [markdown]
# ---
# Back: [the contents](00_start_here.ipynb)
"""


def begin(name: str, title: str) -> Path:
    """Write the ``.py`` file of a new page.

    Args:
        name: its number and subject, "11_name".
        title: what the reader will do, beginning with a verb.

    Returns:
        The file.

    Raises:
        ValueError: the name has another form, or the number is taken.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"a page is named like 11_name, in small letters; not {name!r}")
    if taken := sorted(pages.NOTEBOOKS.glob(f"{name[:2]}_*.*")):
        raise ValueError(f"the number {name[:2]} is taken by {taken[0].name}")
    path = pages.NOTEBOOKS / f"{name}.py"
    path.write_text(TEMPLATE.format(title=title), encoding="utf-8", newline="\n")
    return path


def main() -> int:
    """Read the command line, write the file, say what comes next; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.book.new_page", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", help="number and subject: 11_name")
    parser.add_argument("title", help="what the reader will do, beginning with a verb")
    asked = parser.parse_args()
    try:
        path = begin(asked.name, asked.title)
    except ValueError as error:
        print(f"Nothing was written: {error}.")
        return 1
    number = asked.name[:2]
    print(f"""Wrote notebooks/{path.name}. Next:
  write it, in an editor or in JupyterLab: each TODO says what is wanted
  python -m helpers.book.update {number}         makes the outputs and notebooks/{path.stem}.ipynb
  pytest tests/pages/test_pages.py -k {number}    tells what is left
  add it to the table of pages in README.md and to the links at the end of the page before it;
  python -m helpers.book.update 00         page 00 lists it""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
