"""What is shown of a failure: expected and got side by side, what differs marked within the line.

Lines are set beside each other by their words, so that a number that changed does not part a line from its
counterpart; the pieces of a line too (``difflib``, as in pytest's own reports). What agrees under the cell's
policy is not marked.
"""

import base64
import io
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from .outputs import Difference
from .policy import Policy
from .text import NUMBER, TIMINGS, difference, normalize

Pieces = list[tuple[str, bool]]  # a line in pieces: the text, and whether it differs

CONTEXT = 3  # so many equal lines are shown on either side of one that differs
_PIECE = rf"{NUMBER.pattern}|\w+|[ \t]+|."
_TERMINAL_COLOR = re.compile(r"\x1b\[[0-9;]*m")
# control characters, lone surrogates
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Row(NamedTuple):
    """A line of the expected output and its counterpart in the new one; no pieces where there is none."""

    expected: Pieces
    got: Pieces
    differs: bool


def side_by_side(expected: str, got: str, policy: Policy) -> list[Row]:
    """Return two texts beside each other, line by line, with what differs marked; no lines if the texts agree."""

    def words(line: str) -> str:
        return re.sub(r"[ \t]+", " ", NUMBER.sub("0", normalize(line, policy)))

    rows = []
    for a, b in _pairs(expected.splitlines(), got.splitlines(), words):
        if a is None or b is None:
            rows.append(Row([(a, True)] if a else [], [(b, True)] if b else [], True))
        elif difference(a, b, policy):
            rows.append(Row(*_mark(a, b, policy), True))
        else:
            rows.append(Row([(a, False)], [(b, False)], False))
    return rows if any(row.differs for row in rows) else []


def shortened(rows: Sequence[Row]) -> Iterator[Row | int]:
    """Yield the rows that differ and those near them; for each gap between, how many rows it holds."""
    differing = [n for n, row in enumerate(rows) if row.differs]
    near = {n + step for n in differing for step in range(-CONTEXT, CONTEXT + 1)}
    for is_near, group in groupby(enumerate(rows), lambda numbered: numbered[0] in near):
        if is_near:
            yield from map(itemgetter(1), group)
        else:
            yield len(list(group))


def without_colors(text: str) -> str:
    """Return the text without the colors of a terminal."""
    return _TERMINAL_COLOR.sub("", text)


def printable(value: Any) -> Any:
    """Return plain data; in its texts an escape stands for what cannot be shown or written as UTF-8."""
    match value:
        case str():
            return _UNPRINTABLE.sub(lambda m: m[0].encode("unicode-escape").decode(), value)
        case dict():
            return {name: printable(item) for name, item in value.items()}
        case list() | tuple():
            return [printable(item) for item in value]
    return value


def as_lines(
    fault: Difference, policy: Policy, width: int = 100, limit: int | None = None
) -> list[str]:
    """Return the texts of a difference in two columns, ``^`` under what differs; nothing if no text does.

    Args:
        fault: the difference.
        policy: what may differ.
        width: how many characters a line may have.
        limit: how many lines to show; one more counts those that are left out.
    """
    rows = side_by_side(printable(fault.stored), printable(fault.new), policy)
    if not rows:
        return []
    column = (width - 7) // 2
    lines = [f"  {'expected':{column}}   got", f"  {'-' * column}   {'-' * column}"]
    for row in shortened(rows):
        if isinstance(row, int):
            lines.append(f"  ... {row} equal {'line' if row == 1 else 'lines'} ...")
            continue
        left, left_marks = _window(row.expected, column)
        right, right_marks = _window(row.got, column)
        lines.append(f"  {left:{column}} {'!' if row.differs else ' '} {right}".rstrip())
        if row.differs:
            lines.append(f"  {left_marks:{column}}   {right_marks}".rstrip())
    if limit is not None and len(lines) > limit:
        lines[limit:] = [f"  ... and {len(lines) - limit} more lines"]
    return lines


def as_data(fault: Difference, policy: Policy) -> dict[str, Any]:
    """Return a difference in plain types, so that it can be sent from one process to another.

    Returns:
        ``text``: what it is; ``rows``: as of `shortened`; ``pictures``: PNGs in base64 by what they are, for
        pictures, and ``alt``: their text.
    """
    return {
        "text": fault.text,
        "rows": list(shortened(side_by_side(fault.stored, fault.new, policy))),
        "pictures": {word: base64.b64encode(png).decode() for word, png in pictures(fault).items()},
        "alt": fault.stored,
    }


def pictures(fault: Difference) -> dict[str, bytes]:
    """Return the pictures of a difference as PNGs: 'expected', 'got' and, if their sizes agree, 'difference'."""
    return {
        word: _png(data)
        for word, data in zip(("expected", "got", "difference"), fault.pictures or (), strict=False)
        if data
    }


def write_pictures(fault: Difference, name: str) -> Iterator[str]:
    """Write the pictures of a difference to a new temporary folder, ``name-...``; yield lines that say where."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    for word, png in pictures(fault).items():
        path = folder / f"{word}.png"
        path.write_bytes(png)
        yield f"  {word + ':':12}{path}"


def _png(data: bytes) -> bytes:
    """Return an image file of any kind as PNG."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "PNG")
    return out.getvalue()


def _pairs(
    old: Sequence[str], new: Sequence[str], form: Callable[[str], str]
) -> Iterator[tuple[str | None, str | None]]:
    """Yield the items of two sequences, each beside the one whose form is the same; None where there is none."""
    forms = [list(map(form, items)) for items in (old, new)]
    for _, a0, a1, b0, b1 in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        yield from zip_longest(old[a0:a1], new[b0:b1])


def _mark(expected: str, got: str, policy: Policy) -> tuple[Pieces, Pieces]:
    """Return the pieces of two lines that differ; if no piece does by itself (their number, say), all of both."""
    timings = TIMINGS.values() if policy.timing else ()
    pieces = re.compile("|".join([*timings, _PIECE])).findall
    left, right = [], []
    for a, b in _pairs(pieces(expected), pieces(got), lambda piece: NUMBER.sub("0", piece)):
        differs = a is None or b is None or bool(difference(a, b, policy))
        if a is not None:
            left.append((a, differs))
        if b is not None:
            right.append((b, differs))
    if not any(differs for _, differs in left + right):
        return [(expected, True)], [(got, True)]
    return tuple(  # neighboring pieces that differ are joined, and those that do not
        [
            ("".join(text for text, _ in run), differs)
            for differs, run in groupby(side, itemgetter(1))
        ]
        for side in (left, right)
    )


def _window(pieces: Pieces, width: int) -> tuple[str, str]:
    """Return the part of a line about its first mark that fits a column, and the marks to set under it."""
    text = "".join(text for text, _ in pieces)
    marks = "".join(("^" if differs else " ") * len(text) for text, differs in pieces)
    if len(text) > width:
        start = max(0, min(marks.find("^") - width // 3, len(text) - width))
        end = start + width
        first = "…" if start else text[0]
        last = "…" if end < len(text) else text[-1]
        text = first + text[start + 1 : end - 1] + last
        marks = marks[start:end]
    return text, marks.rstrip()
