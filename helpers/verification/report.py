"""A failure as text: expected and got side by side, pictures as files."""

import tempfile
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

from .outputs import Difference


def failure(differences: Iterable[Difference], name: str) -> list[str]:
    """The lines of a report on the differences of a cell; its pictures are written to a folder named after it."""
    lines = []
    for fault in differences:
        lines += [fault.text, *_side_by_side(fault.stored, fault.new), ""]
        if fault.pictures:
            lines += [*_written(fault.pictures, name), ""]
    return lines


def _side_by_side(stored: str, new: str, width: int = 58) -> list[str]:
    """Two texts in two columns, ``!`` between lines that differ."""

    def cut(line: str) -> str:
        return line if len(line) <= width else line[: width - 1] + "…"

    lines = [f"  {'expected':{width}}   got", f"  {'-' * width}   {'-' * width}"]
    a, b = stored.splitlines(), new.splitlines()
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        mark = " " if tag == "equal" else "!"
        lines += [
            f"  {cut(x):{width}} {mark} {cut(y)}"
            for x, y in zip_longest(a[a0:a1], b[b0:b1], fillvalue="")
        ]
    return lines


def _written(pictures: tuple[bytes, bytes, bytes | None], name: str) -> list[str]:
    """Write the pictures of a failure to a new temporary folder; the lines that say where."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    lines = []
    for word, data in zip(("expected", "got", "difference"), pictures, strict=True):
        if data is not None:
            path = folder / f"{word}.png"
            path.write_bytes(data)
            lines.append(f"  {word + ':':12}{path}")
    return lines
