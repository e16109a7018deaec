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
from .text import NUMBER, TIMINGS, difference, normalise

Pieces = list[tuple[str, bool]]  # a line in pieces: the text, and whether it differs

CONTEXT = 3  # so many equal lines are shown on either side of one that differs
_PIECE = rf"{NUMBER.pattern}|\w+|[ \t]+|."
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Row(NamedTuple):
    """A line of the expected output and its counterpart in the new one; no pieces where there is none."""

    expected: Pieces
    got: Pieces
    differs: bool


def side_by_side(expected: str, got: str, policy: Policy) -> list[Row]:
    """Two texts, line beside line, with what differs under the policy marked.

    Args:
        expected: the stored text.
        got: the text that came instead.
        policy: what may differ.
    """

    def words(line: str) -> str:
        return re.sub(r"[ \t]+", " ", NUMBER.sub("0", normalise(line, policy)))

    rows = []
    for a, b in _paired(expected.splitlines(), got.splitlines(), words):
        if a is None or b is None:
            rows.append(Row([(a, True)] if a else [], [(b, True)] if b else [], True))
        elif difference(a, b, policy):
            rows.append(Row(*_marked(a, b, policy), True))
        else:
            rows.append(Row([(a, False)], [(b, False)], False))
    return rows


def shortened(rows: Sequence[Row]) -> Iterator[Row | int]:
    """The rows that differ and those near them; for each gap between, how many rows it holds."""
    near = {
        n + step
        for n, row in enumerate(rows)
        if row.differs
        for step in range(-CONTEXT, CONTEXT + 1)
    }
    for shown, group in groupby(enumerate(rows), lambda numbered: numbered[0] in near):
        if shown:
            yield from map(itemgetter(1), group)
        else:
            yield len(list(group))


def plain(text: str) -> str:
    """A text without the colours of a terminal."""
    return _ESCAPE.sub("", text)


def as_lines(fault: Difference, policy: Policy, width: int = 100) -> Iterator[str]:
    """The texts of a difference in two columns, ``^`` under what differs.

    Args:
        fault: the difference.
        policy: the policy that the outputs were compared under.
        width: how many characters a line may have.
    """
    rows = side_by_side(fault.stored, fault.new, policy)
    if not any(row.differs for row in rows):
        return
    column = (width - 7) // 2
    yield f"  {'expected':{column}}   got"
    yield f"  {'-' * column}   {'-' * column}"
    for row in shortened(rows):
        if isinstance(row, int):
            yield f"  ... {row} equal line{'s' * (row > 1)} ..."
            continue
        a, b = _window(row.expected, column), _window(row.got, column)
        yield f"  {a[0]:{column}} {'!' if row.differs else ' '} {b[0]}".rstrip()
        if row.differs:
            yield f"  {a[1]:{column}}   {b[1]}".rstrip()


def as_data(fault: Difference, policy: Policy) -> dict[str, Any]:
    """A difference in plain types, so that it can be sent from one process to another.

    Args:
        fault: the difference.
        policy: the policy that the outputs were compared under.

    Returns:
        ``text``: what it is; ``rows``: as of `side_by_side`, if any differs; ``pictures``: PNGs in base64 by what they
        are, for pictures, and ``alt``: their text.
    """
    rows = side_by_side(fault.stored, fault.new, policy)
    return {
        "text": fault.text,
        "rows": [tuple(row) for row in rows] if any(row.differs for row in rows) else [],
        "pictures": {word: base64.b64encode(png).decode() for word, png in pictures(fault).items()},
        "alt": fault.stored,
    }


def pictures(fault: Difference) -> dict[str, bytes]:
    """The pictures of a difference as PNGs: 'expected', 'got' and, if their sizes agree, 'difference'."""
    return {
        word: _png(data)
        for word, data in zip(("expected", "got", "difference"), fault.pictures or (), strict=False)
        if data is not None
    }


def write_pictures(fault: Difference, name: str) -> Iterator[str]:
    """Write the pictures of a difference to a new temporary folder; yields the lines that say where.

    Args:
        fault: a difference that has pictures.
        name: what the folder's name begins with.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    for word, png in pictures(fault).items():
        path = folder / f"{word}.png"
        path.write_bytes(png)
        yield f"  {word + ':':12}{path}"


def _png(data: bytes) -> bytes:
    """An image file of any kind as PNG."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "PNG")
    return out.getvalue()


def _paired(
    old: Sequence[str], new: Sequence[str], form: Callable[[str], str]
) -> Iterator[tuple[str | None, str | None]]:
    """The items of two sequences, each beside the one whose form is the same; None where there is none."""
    forms = [list(map(form, items)) for items in (old, new)]
    for _, a0, a1, b0, b1 in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        yield from zip_longest(old[a0:a1], new[b0:b1])


def _marked(expected: str, got: str, policy: Policy) -> tuple[Pieces, Pieces]:
    """The pieces of two lines that differ; if no piece does by itself (their number, say), all of both."""
    pattern = re.compile("|".join([*(TIMINGS.values() if policy.timing else ()), _PIECE]))
    pieces: tuple[Pieces, Pieces] = ([], [])
    for pair in _paired(
        pattern.findall(expected), pattern.findall(got), lambda p: NUMBER.sub("0", p)
    ):
        differs = None in pair or bool(difference(*pair, policy))
        for side, piece in zip(pieces, pair, strict=True):
            if piece is not None:
                side.append((piece, differs))
    if not any(differs for side in pieces for _, differs in side):
        return [(expected, True)], [(got, True)]
    return tuple(
        [
            ("".join(text for text, _ in run), differs)
            for differs, run in groupby(side, itemgetter(1))
        ]
        for side in pieces
    )


def _window(pieces: Pieces, width: int) -> tuple[str, str]:
    """The part of a line about its first mark that fits a column, and the marks to set under it."""
    text = "".join(text for text, _ in pieces)
    marks = "".join(("^" if differs else " ") * len(text) for text, differs in pieces)
    if len(text) > width:
        first = max(0, min(marks.find("^") - width // 3, len(text) - width))
        cut = slice(first, first + width)
        text = (
            ("…" if first else text[0])
            + text[cut][1:-1]
            + ("…" if first + width < len(text) else text[-1])
        )
        marks = marks[cut]
    return text, marks.rstrip()
