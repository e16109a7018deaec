"""Tables in Markdown, and values in short as they stand in tables and drawings."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from IPython.display import Markdown


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markdown:
    """Make a Markdown table, which JupyterLab and GitHub render alike.

    A ``|`` in a cell is escaped, and a line break in it becomes a space: either would end the cell.

    Raises:
        ValueError: a row is longer or shorter than the head; some viewers would show no table at all.
    """
    lines = [head, [":--"] * len(head), *rows]
    if wrong := [line for line in lines if len(line) != len(head)]:
        raise ValueError(f"a table of {len(head)} columns has no place for {wrong[0]}")
    return Markdown("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))


def _cell(value: Any) -> str:
    return re.sub(r"\s*[\n\r]\s*", " ", str(value)).replace("|", r"\|")


def text(value: Any) -> str:
    """Write a value in short: numbers to five digits, tensors and tuples as nested lists, shapes as tuples."""
    import torch  # takes a second: tables of words need none

    if isinstance(value, torch.Size):
        return str(tuple(value))
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text, value))}]"
    return number(value) if isinstance(value, float) else str(value)


def number(value: complex, digits: int = 5) -> str:
    """Write a number in short: a bool or an int in full, a float or complex number to some significant digits.

    Below a million the whole part of a float is written out too: 1234.5 to three digits is 1234, not 1.23e+03.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and 10**digits - 0.5 <= abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"
