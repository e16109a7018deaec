"""Tables of calls and what they give, made by running each call."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from IPython.display import Markdown


def results(*calls: str, dtypes: bool = False) -> Markdown:
    """Run each call, written as text, and set its result beside it, or its error.

    Args:
        calls: expressions over the names of the page that this is called from.
        dtypes: whether a third column gives the dtype of each result that has one.

    Returns:
        A table of two or three columns, to be the last line of a cell.
    """
    names = sys._getframe(1).f_globals
    rows = [(f"`{call}`", *_run(call, names)[: 2 if dtypes else 1]) for call in calls]
    return table(["call", "result", *["dtype"] * dtypes], rows)


def attempt(call: str, **names: Any) -> str:
    """Run one expression over the names of the calling page, and ``names``: the result in short, or the error."""
    return _run(call, sys._getframe(1).f_globals | names)[0]


def _run(call: str, names: dict[str, Any]) -> tuple[str, str]:
    """What a call gives, in short, and the dtype of that ('' if it has none).

    Of an error it is the first line of the message, without the list of details that some have after a colon.
    """
    try:
        value = eval(call, names)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return f"error: {str(error).splitlines()[0].split(': [')[0]}", ""
    return text(value), str(getattr(value, "dtype", "")).removeprefix("torch.")


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markdown:
    """A Markdown table, which JupyterLab and GitHub render alike.

    Raises:
        ValueError: a row is longer or shorter than the head; some viewers would show no table at all.
    """
    lines = [head, [":--"] * len(head), *rows]
    if wrong := [line for line in lines if len(line) != len(head)]:
        raise ValueError(f"a table of {len(head)} columns has no place for {wrong[0]}")
    return Markdown("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))


def text(value: Any) -> str:
    """A value in short: numbers to five digits, tensors and tuples as nested lists, shapes as tuples."""
    if isinstance(value, torch.Size):
        return str(tuple(value))
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text, value))}]"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
