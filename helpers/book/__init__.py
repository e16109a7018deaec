"""How the book is made: for maintainers. No page imports from here."""

import os
from pathlib import Path


class BookError(Exception):
    """A command could not do its work, and every file is as it was; the text says why and what to do."""

    status = 1


class UsageError(BookError):
    """The command line names something that there is not."""

    status = 2


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
