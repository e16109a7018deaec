"""Reads files of code, .py or .ipynb, so that Python can parse them: as they are, or with what stops it set aside."""

import ast
import copy
import io
import json
import re
import tokenize
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.notes.old_code import lexer
from helpers.notes.old_code.lexer import Edit

TRIES = 40  # lines that may be left out before a file counts as unreadable
PRINT_TO = re.compile(r"\bprint[ \t]*>>")  # Python 3 takes it for arithmetic


class SourceError(Exception):
    """A file cannot be read; the text says why, in one sentence."""


@dataclass(frozen=True)
class Part:
    """A piece of code: a whole .py file, or one cell.

    Attributes:
        text: as it is in the file.
        edits: what is read otherwise.
        cell: the number of the cell, from 1 on, text cells not counted; 0 for a .py file.
        first: the number of its first line in the text that is parsed.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    cell: int = 0
    first: int = 1

    @cached_property
    def view(self) -> str:
        """The text as it is parsed."""
        return lexer.apply(self.text, list(self.edits))

    @cached_property
    def lines(self) -> list[str]:
        """The lines of ``view``."""
        return self.view.split("\n")

    def original(self, offset: int) -> int:
        """Return where in ``text`` an offset in ``view`` is."""
        shift = 0
        for edit in sorted(self.edits, key=lambda edit: edit.start):
            if edit.start + shift >= offset:
                break
            if offset < edit.start + shift + len(edit.new):
                return edit.start
            shift += len(edit.new) - (edit.end - edit.start)
        return offset - shift


@dataclass(frozen=True)
class Source:
    """A file of code.

    Attributes:
        path: the file.
        parts: its pieces of code.
        notebook: the content of a .ipynb file.
        newline: how the lines of a .py file end.
        unread: lines that are not Python in any reading: the place, and why.
        encoding: of a .py file.
    """

    path: Path
    parts: tuple[Part, ...]
    notebook: dict[str, Any] | None = None
    newline: str = "\n"
    unread: tuple[str, ...] = ()
    encoding: str = "utf-8"

    @cached_property
    def tree(self) -> ast.Module:
        """The code of all parts, parsed as one."""
        return parse("\n".join(part.view for part in self.parts))

    def place(self, line: int, column: int) -> tuple[Part, int]:
        """Return the part and the offset in its ``view`` of a place in ``tree`` (``column`` counts bytes)."""
        part = next(part for part in reversed(self.parts) if part.first <= line)
        row = line - part.first
        before = part.lines[row].encode()[:column].decode(errors="replace")
        return part, sum(len(text) + 1 for text in part.lines[:row]) + len(before)

    def line(self, line: int) -> tuple[int, int]:
        """Return the number of the cell (0: none) and of the line in it, for a line of ``tree``."""
        part = next(part for part in reversed(self.parts) if part.first <= line)
        return part.cell, line - part.first + 1

    @property
    def seen(self) -> list[str]:
        """What was not plain Python 3, in words: kinds with their number and first line, and lines left out."""
        counts: Counter[str] = Counter()
        places: dict[str, str] = {}
        for part in self.parts:
            for edit in sorted(part.edits, key=lambda edit: edit.start):
                if edit.what:
                    counts[edit.what] += 1
                    line = part.text.count("\n", 0, edit.start) + 1
                    places.setdefault(edit.what, words_for_place(part.cell, line))
        result = []
        for what, count in counts.items():
            times = "" if count == 1 else f" ({count} times)"
            result.append(f"{what}, {places[what]}{times}")
        return [*result, *self.unread]

    def changed(self, texts: list[str]) -> "Source":
        """Return this file with other texts for its parts."""
        return _source(self.path, texts, self.notebook, self.newline, self.encoding)

    def content(self) -> bytes:
        """Return what is to be written: for a notebook, the same one with these texts in its cells."""
        if self.notebook is None:
            return self.parts[0].text.replace("\n", self.newline).encode(self.encoding)
        notebook = copy.deepcopy(self.notebook)
        for cell, part in zip(_code_cells(notebook), self.parts, strict=True):
            key = "source" if "source" in cell else "input"
            if isinstance(cell.get(key), str):
                cell[key] = part.text
            else:
                cell[key] = part.text.splitlines(keepends=True)
        return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def words_for_place(cell: int, line: int) -> str:
    """Name a place: 'line 3', or 'cell 2, line 3'."""
    return f"cell {cell}, line {line}" if cell else f"line {line}"


def parse(text: str) -> ast.Module:
    """Parse code without a warning; ``await`` may stand outside of functions, as in a notebook."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(text, "<code>", "exec", flags, dont_inherit=True)


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        SourceError: it is not there, not text, not a notebook, or not Python at all.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from None
    if path.suffix == ".ipynb":
        notebook = _notebook(path, data)
        texts = [_text(cell) for cell in _code_cells(notebook)]
        return _source(path, texts, notebook)
    if b"\0" in data:
        raise SourceError(f"{path} is not text.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise SourceError(
            f"{path} is not text in UTF-8, nor in an encoding that it names."
        ) from None
    newline = "\r\n" if "\r\n" in text else "\n"
    return _source(path, [text.replace("\r\n", "\n").replace("\r", "\n")], None, newline, encoding)


def read_text(text: str, name: str = "code.py") -> Source:
    """Read code that is no file.

    Raises:
        SourceError: it is not Python at all.
    """
    return _source(Path(name), [text])


def _notebook(path: Path, data: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        cells = _code_cells(notebook)
        list(map(_text, cells))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SourceError(f"{path} is not a notebook: it has no cells in JSON.") from None
    return notebook


def _code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the code cells of a notebook, of format 4 or 3."""
    sheets = [notebook] if "cells" in notebook else notebook["worksheets"]
    return [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]


def _text(cell: dict[str, Any]) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    return source if isinstance(source, str) else "".join(source)


def _source(
    path: Path,
    texts: list[str],
    notebook: dict[str, Any] | None = None,
    newline: str = "\n",
    encoding: str = "utf-8",
) -> Source:
    parts, unread, first = [], [], 1
    for number, text in enumerate(texts, 1):
        cell = number if notebook is not None else 0
        edits, faults = readable(text)
        if faults is None:
            if notebook is None:
                raise SourceError(f"{path} is not Python.")
            blank = "\n".join("" for _ in text.split("\n"))
            edits, faults = [Edit(0, len(text), blank)], [(1, "the cell is not Python")]
        unread += [f"not read, {words_for_place(cell, line)}: {why}" for line, why in faults]
        part = Part(text, tuple(edits), cell, first)
        parts.append(part)
        first += part.view.count("\n") + 1
    return Source(path, tuple(parts), notebook, newline, tuple(unread), encoding)


def readable(text: str) -> tuple[list[Edit], list[tuple[int, str]] | None]:
    """Find the edits with which Python can parse a text.

    Returns:
        The edits, and the lines that had to be left out, each with the reason; None: there is too much of them.
    """
    edits: list[Edit] = []
    for more in (lambda text: [], lexer.magics, lexer.python2, lexer.tabs, lexer.indents):
        edits = _merged(edits, more(text))
        view = lexer.apply(text, edits)
        if not PRINT_TO.search(view) and _fault(view) is None:
            return edits, []
    return _without_lines(text, edits)


def _fault(text: str) -> SyntaxError | None:
    try:
        parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error), ("", 1, 1, ""))
    return None


def _without_lines(text: str, edits: list[Edit]) -> tuple[list[Edit], list[tuple[int, str]] | None]:
    """Leave out lines until Python can parse the rest."""
    faults: dict[int, str] = {}
    blank: set[int] = set()  # lines that not even ``pass`` may stand in
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for _ in range(TRIES):
        fault = _fault(lexer.apply(text, edits))
        if fault is None:
            return edits, sorted(faults.items())
        number = min(max(fault.lineno or 1, 1), len(lines))
        while number in blank and number > 1:
            number -= 1
        if number in blank or len(faults) > max(3, len(lines) // 4):
            break
        line, start = lines[number - 1], starts[number - 1]
        new = re.match(r"\s*", line)[0].expandtabs(8)
        new += "if 1:" if line.rstrip().endswith(":") else "pass"
        if number in faults:
            new = ""
            blank.add(number)
        end = start + len(line)
        edits = [edit for edit in edits if edit.end <= start or edit.start > end]
        edits.append(Edit(start, end, new))
        faults.setdefault(number, fault.msg or "invalid syntax")
    return edits, None


def _merged(edits: list[Edit], more: list[Edit]) -> list[Edit]:
    """Return both lists, without those of the second that overlap the first."""
    free = [e for e in more if all(e.end <= old.start or e.start >= old.end for old in edits)]
    return [*edits, *free]
