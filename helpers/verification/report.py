"""What is shown of a failure: expected and got side by side, what differs marked within the line.

Lines are set beside each other by their position where both texts have as many; else those that are equal, and between
them by their words, so that a number that changed does not part a line from its counterpart; the pieces of a line by
their words (``difflib``, as in pytest's own reports). What agrees under the cell's policy is not marked. However long
the texts are, few rows are shown and little time is taken.
"""

import base64
import io
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, islice, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from .outputs import Difference
from .policy import Policy
from .text import NUMBER, TIMINGS, difference, normalize

Pieces = list[tuple[str, bool]]  # a line in pieces: the text, and whether it differs

CONTEXT = 3  # so many equal lines are shown on either side of one that differs
ROWS = 40  # no more are shown
# So many lines, or pieces of a line, are aligned by their words: the time for it grows with their square.
ALIGNED = 500
_PIECE = rf"{NUMBER.pattern}|\w+|[ \t]+|."
_TERMINAL_COLOR = re.compile(r"\x1b\[[0-9;]*m")
# control characters, lone surrogates
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

# A line, or a piece of one, and its counterpart; None where there is none.
Pair = tuple[str | None, str | None]


class Row(NamedTuple):
    """A line of the expected output and its counterpart in the new one; no pieces where there is none."""

    expected: Pieces
    got: Pieces
    differs: bool


def side_by_side(expected: str, got: str, policy: Policy) -> list[Row | str]:
    """Return what differs in two texts, line beside line and marked, with the lines near it.

    Returns:
        At most ``ROWS`` rows; for each gap, how many lines it holds ("7 equal lines"). Nothing if the texts agree.
    """

    def words(line: str) -> str:
        return re.sub(r"[ \t]+", " ", NUMBER.sub("0", normalize(line, policy)))

    old, new = expected.splitlines(), got.splitlines()
    as_many = len(old) == len(new)
    pairs = list(zip(old, new, strict=True) if as_many else _pairs(old, new, str, words))
    differing = [n for n, pair in enumerate(pairs) if _differs(*pair, policy)]
    near = sorted({n + step for n in differing[:ROWS] for step in range(-CONTEXT, CONTEXT + 1)})
    shown = list(islice((n for n in near if 0 <= n < len(pairs)), ROWS))
    rows: list[Row | str] = []
    end = 0  # the pair after the last that is shown
    marked = set(differing)
    for n in shown:
        if n > end:
            rows.append(_lines(n - end, "equal"))
        rows.append(_row(*pairs[n], policy, n in marked))
        end = n + 1
    if shown and end < len(pairs):
        left = sum(n >= end for n in differing)
        more = f"{_lines(len(pairs) - end, 'more')}, {left:,} of which differ"
        rows.append(more if left else _lines(len(pairs) - end, "equal"))
    return rows


def _lines(n: int, kind: str) -> str:
    return f"{n:,} {kind} line{'' if n == 1 else 's'}"


def _differs(expected: str | None, got: str | None, policy: Policy) -> bool:
    if expected is None or got is None:
        return True
    return expected != got and bool(difference(expected, got, policy))


def _row(expected: str | None, got: str | None, policy: Policy, differs: bool) -> Row:
    if expected is None or got is None:
        left, right = ([(line, True)] if line else [] for line in (expected, got))
        return Row(left, right, True)
    if differs:
        return Row(*_mark(expected, got, policy), True)
    return Row([(expected, False)], [(got, False)], False)


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
    for row in rows:
        if isinstance(row, str):
            lines.append(f"  ... {row} ...")
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
        ``text``: what it is; ``rows``: as of `side_by_side`; ``pictures``: PNGs in base64 by what they are, for
        pictures, and ``alt``: their text.
    """
    return {
        "text": fault.text,
        "rows": side_by_side(fault.stored, fault.new, policy),
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


def _pairs(old: Sequence[str], new: Sequence[str], *forms: Callable[[str], str]) -> Iterator[Pair]:
    """Yield the items of two sequences, each beside the one whose form is the same; None where there is none.

    What the first form leaves without counterparts is aligned by the next.

    What is equal at the beginning and at the end is set apart first; of a long rest only the beginning is aligned
    by forms, and what comes after stands in order.
    """
    shorter = min(len(old), len(new))
    first = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    equal = next((n for n in range(shorter - first) if old[-1 - n] != new[-1 - n]), shorter - first)
    ends = len(old) - equal, len(new) - equal
    cuts = [min(end, first + ALIGNED) for end in ends]
    yield from zip(old[:first], new[:first], strict=True)
    parts = old[first : cuts[0]], new[first : cuts[1]]
    old_forms, new_forms = (list(map(forms[0], part)) for part in parts)
    matcher = SequenceMatcher(None, old_forms, new_forms, autojunk=False)
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        between = parts[0][a0:a1], parts[1][b0:b1]
        if tag == "replace" and a1 - a0 != b1 - b0 and forms[1:]:
            yield from _pairs(*between, *forms[1:])
        else:
            yield from zip_longest(*between)
    yield from zip_longest(old[cuts[0] : ends[0]], new[cuts[1] : ends[1]])
    yield from zip(old[ends[0] :], new[ends[1] :], strict=True)


def _mark(expected: str, got: str, policy: Policy) -> tuple[Pieces, Pieces]:
    """Return the pieces of two lines that differ; if no piece does by itself (their number, say), all of both."""
    timings = TIMINGS.values() if policy.timing else ()
    pieces = re.compile("|".join([*timings, _PIECE])).findall
    left, right = [], []
    sides = [_few(pieces(line)) for line in (expected, got)]
    for a, b in _pairs(*sides, lambda piece: NUMBER.sub("0", piece)):
        differs = _differs(a, b, policy)
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


def _few(pieces: list[str]) -> list[str]:
    """Return the pieces of a line; the end of a very long one, which no column shows, as one piece."""
    most = 4 * ALIGNED
    return pieces if len(pieces) <= most else [*pieces[:most], "".join(pieces[most:])]


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
