"""Shows warnings where a page is about them: as printed text, without the path of the machine."""

import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 79  # of the printed lines
ORIGIN = re.compile(r"\s*\(Triggered internally at .*?\)\s*$", re.DOTALL)
FRAME = re.compile(  # of a traceback inside a message: where, then the line of code
    r'^  File "(?P<file>[^"\n]+)", (?P<place>line \d+, in .+)\n(?P<code>(?:    .*\n?)*)',
    re.MULTILINE,
)
CELL = re.compile(r"ipykernel_\d+|<ipython-input")  # in the name of a cell's file


@contextmanager
def print_warnings() -> Iterator[None]:
    """Print each warning that the block causes, as ``UserWarning: its message``; every one, also when seen before.

    Also when the block fails. Of a traceback in a message the lines in the page's cells are kept.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        for warning in caught:
            message = ORIGIN.sub("", str(warning.message))
            text = " ".join(FRAME.sub("", message).split())
            print(textwrap.fill(f"{warning.category.__name__}: {text}", WIDTH))
            print("".join(_lines_in_cells(message)), end="")


def _lines_in_cells(message: str) -> Iterator[str]:
    """The lines of a traceback in a message that stand in the page's cells, innermost last."""
    for frame in FRAME.finditer(message):
        if CELL.search(frame["file"]):
            code = frame["code"].partition("\n")[0].strip()
            yield f"  {frame['place']}\n    {code}\n"
