"""How the book is made: for maintainers. No page imports from here.

    pairs       the two files of a page
    form        how they are written
    kernel      what the pages need of their kernel; page_facts, what a running page knows of the machine
    run         runs a page's cells

    update      makes the outputs
    new_page    begins a page
    readme      the README's pictures and figures
    launch      badges for Binder and Colab
    site        the web edition
    handout     pages for a class; slides, the same as slides

Each of the last six is a command: `python -m helpers.book`.
"""

import os
from collections.abc import Collection, Iterable
from pathlib import Path


class BookError(Exception):
    """A command could not do its work, and every file is as it was; the text says why and what to do."""

    status = 1


class UsageError(BookError):
    """The command line names something that there is not."""

    status = 2


def chosen(names: Iterable[str], known: Collection[str]) -> list[str]:
    """The pages that a command line names, in the order of the book.

    Args:
        names: numbers, names or files of pages; all pages are meant if there are none.
        known: the names of the pages, in the order of the book.

    Raises:
        UsageError: there is no such page.
    """
    wanted = [Path(name).stem for name in names]
    for stem in wanted:
        if not any(stem in (name, name[:2]) for name in known):
            raise UsageError(f"There is no page {stem!r}: {min(known)} to {max(known)}.")
    return [name for name in known if not wanted or {name, name[:2]} & set(wanted)]


def check_folder(out: Path, may_be_full: bool = False) -> None:
    """Say, before any work is done, whether a new folder can be made; make nothing.

    Args:
        out: the folder, which may be there if it is empty.
        may_be_full: True if what is in it may be replaced.

    Raises:
        UsageError: something is in the way.
    """
    there = next(path for path in (out, *out.parents) if path.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is a file: name another folder.")
    if not os.access(there, os.W_OK):
        raise UsageError(f"{there} is read-only: name another folder.")
    if there == out and not may_be_full and any(out.iterdir()):
        raise UsageError(f"{out} is not empty: name another folder, nothing there is replaced.")
