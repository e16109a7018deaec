"""Where CIFAR-10 may lie on this machine, and what those places are called in messages."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from helpers.paths import DATA

FOLDER = DATA  # the only folder that is written
STAND_IN = "stand-in"


class Place(NamedTuple):
    """A folder, or an archive, that is looked into."""

    name: str  # for messages
    root: Path
    preposition: str = "in"


def named_root() -> str:
    """Return what ``CIFAR10_ROOT`` means: a path, ``STAND_IN``, or '' if it is not set.

    Blanks and quotes around it are dropped, ``~`` and variables are replaced, unless a file has that very name.
    """
    value = os.environ.get("CIFAR10_ROOT", "")
    if os.path.exists(value):  # noqa: PTH110 -- Path("") would be the current folder
        return value
    value = value.strip().strip("\"'").strip()
    return os.path.expanduser(os.path.expandvars(value))  # noqa: PTH111 -- it has no home: no exception


def places() -> Iterator[Place]:
    """Yield the places in the order in which they are looked into."""
    root = named_root()
    if root not in ("", STAND_IN):
        yield Place("CIFAR10_ROOT", Path(root), "at")
    yield Place("data/", FOLDER)
    with suppress(OSError, RuntimeError):  # there may be no current folder, and no home
        if Path.cwd() / "data" != FOLDER:
            yield Place("./data", Path.cwd() / "data")
        keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
        yield Place(short(keras), keras)


def short(path: Path) -> str:
    """Return a path for messages: ``data/`` for the book's, ``~`` for the home folder."""
    if path == DATA:
        return "data/"
    with suppress(ValueError, RuntimeError):  # it is not in the home folder, or there is none
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    return str(path)
