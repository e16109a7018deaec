"""What a traceback says of a notebook and its errors, whatever the machine and the release of IPython."""

import re
from collections.abc import Iterable

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
# The head of a frame: of a cell (as IPython 9, 8 and 7 have it), of a file.
_IN_CELL = re.compile(r"\s*(?:(?:Cell |Input )In\s?\[|<ipython-input-)")
_IN_FILE = re.compile(r"\s*File |(?:~|/|[A-Za-z]:\\)\S.* in ")
_ARROW = re.compile(r"-+> *(\d+) *")  # before the line that failed
_CONTEXT = re.compile(r"\s+(?:\d+(?: |$)|\(\.\.\.\))")  # a line above or below it


def told(traceback: Iterable[str]) -> str:
    """Return the lines of cells that failed, and what the errors say.

    Frames in files are left out, they hold paths and lines of libraries; so are the counts of cells (``In [3]``) and
    the code around a line that failed, of which releases of IPython show more or less.
    """
    lines, frame = [], ""
    for line in _COLOR.sub("", "\n".join(traceback)).splitlines():
        if _IN_CELL.match(line) or _IN_FILE.match(line):
            frame = "cell" if _IN_CELL.match(line) else "file"
            continue
        begins = line[:1].strip() and not _ARROW.match(line)
        if begins or not line.strip():
            frame = ""
        is_beside = frame == "file" or (frame == "cell" and _CONTEXT.match(line))
        if line.strip() and not is_beside:
            lines.append(_ARROW.sub(r"-> \1 ", line))
    return "\n".join(lines)
