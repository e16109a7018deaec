"""CIFAR-10 for the pages, found, checked or downloaded: python -m helpers.data --help."""

import argparse
import math
import os
import sys
from collections.abc import Sequence

from filelock import Timeout

from helpers import data
from helpers.data import files, find, places
from helpers.data.download import amount


def use() -> tuple[bool, str]:
    """Do what a page does. Return whether it has the real pictures, and where they come from."""
    return data.is_real(), data.origin()


def check() -> tuple[bool, str]:
    """Read all pictures that a page would use. Return whether they are whole and right, and a text that says it."""
    if places.named_root() == places.STAND_IN:
        return False, "CIFAR10_ROOT=stand-in: no pictures are in use."
    local, notes = find.search(may_write=False)
    if local is not None:
        return True, local.text
    how = "python -m helpers.data --download fetches it."
    return False, " ".join(["CIFAR-10 is not here, or not whole.", *notes, how])


def download() -> tuple[bool, str]:
    """Bring the pictures here, however long it takes. Return whether they are here now, and what was done."""
    try:
        return True, find.search_or_download(patience=math.inf).text
    except find.UnavailableError as error:
        return False, str(error)


def where() -> tuple[bool, str]:
    """Return the places that are looked into, a line each, and what is there."""
    lines = []
    for place in places.places():
        sources, fault = files.sources(place.root)
        there = ["it" if p == place.root else str(p.relative_to(place.root)) for p in sources]
        if place.root == places.FOLDER and (place.root / files.CACHE).exists():
            there.append(files.CACHE)
        state = ", ".join(there) or fault.removeprefix(f"{place.root} ")
        lines.append(f"{place.name}: {place.root}: {state}")
    return True, "\n".join(lines)


def clean() -> tuple[bool, str]:
    """Remove what an unfinished download or an unfinished cache has left, and nothing else."""
    partials = files.unfinished(places.FOLDER)
    if not partials:
        return True, "There is nothing to remove."
    try:
        with find.lock().acquire(timeout=0):
            size = sum(path.lstat().st_size for path in partials)
            for path in partials:
                path.unlink()
    except Timeout:
        return False, "Nothing was removed: another process is downloading."
    except OSError as error:
        return False, f"{places.short(places.FOLDER)} cannot be written ({error.strerror})."
    return True, f"Removed {', '.join(path.name for path in partials)} ({amount(size)})."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status. ``arguments``: None for those of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.data",
        description="CIFAR-10 for the pages. Without an option: do what a page does, and say where they come from.",
    )
    parser.set_defaults(action=use)
    options = parser.add_mutually_exclusive_group()
    for name, action, text in (
        ("--check", check, "are they here, whole and right? exit status 0 or 1"),
        ("--download", download, "fetch them, however long it takes; goes on where it stopped"),
        ("--where", where, "which places are looked into, and what is there"),
        ("--clean", clean, "remove what an unfinished download has left"),
    ):
        options.add_argument(name, action="store_const", dest="action", const=action, help=text)
    action = parser.parse_args(arguments).action
    try:
        is_good, text = action()
    except KeyboardInterrupt:
        is_good = False
        text = "\nStopped. What has come is kept; --download goes on from there."
    is_error = action in (download, clean) and not is_good
    try:
        print(text, file=sys.stderr if is_error else sys.stdout, flush=True)
    except BrokenPipeError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
