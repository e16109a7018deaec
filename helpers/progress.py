"""Progress bars that are shown where a line can be written over: on a terminal and in a notebook."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm


def progress_bar(iterable: Iterable | None = None, **options: Any) -> tqdm:
    """Return tqdm's bar, silent wherever each of its states would become a line of its own: in a pipe or a file.

    A program says at its end what it did, so that one line remains where no bar was shown.

    Args:
        iterable: what is gone through; None for a bar that is moved by its ``update``.
        options: tqdm's own. ``file`` is standard output if it is not given: a notebook shows what comes from
            standard error as if it were a fault. ``disable=True`` hides the bar everywhere.

    Returns:
        The bar; its ``disable`` tells whether it is hidden. A hidden one does not count (``n`` stays as it was).
    """
    options.setdefault("file", sys.stdout)
    options["disable"] = bool(options.get("disable")) or not _rewrites_lines(options["file"])
    return tqdm(iterable, **options)


def _rewrites_lines(file: TextIO) -> bool:
    """Does a carriage return begin this stream's line anew? A notebook's stream does, though it is no terminal."""
    ipykernel = sys.modules.get("ipykernel.iostream")  # imported in every kernel, and before us
    return file.isatty() or (ipykernel is not None and isinstance(file, ipykernel.OutStream))
