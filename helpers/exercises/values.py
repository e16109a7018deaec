"""Compares a reader's answer with the expected value, and says in one sentence what is wrong with it."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from helpers.tables import number


def fault_in(answer: Any, expected: Any) -> str:
    """Return one sentence that says what is wrong with an answer; '' if it is right.

    Args:
        answer: the reader's.
        expected: what is right: a tensor (shape, dtype and device must agree, floats to 1e-4), a number, a list or
            tuple of such, or any other value.
    """
    if isinstance(expected, torch.Tensor):
        return _tensor_fault(answer, expected)
    if isinstance(answer, torch.Tensor):
        return f"{kind(expected)} is expected, but this is a tensor of shape {tuple(answer.shape)}."
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    if is_number and type(expected) in (int, float):
        return _number_fault(answer, expected)
    are_tuples = isinstance(answer, tuple) and isinstance(expected, tuple)  # torch.Size is one too
    if type(answer) is not type(expected) and not are_tuples:
        return f"{kind(expected)} is expected, but this is {kind(answer)}."
    if isinstance(expected, list | tuple):
        return _list_fault(answer, expected)
    return "" if answer == expected else f"{answer!r} is not right."


def _number_fault(answer: float, expected: float) -> str:
    if isinstance(expected, float):
        close = math.isclose(answer, expected, rel_tol=1e-4, abs_tol=1e-4)
        # 0.3, not 0.30000000000000004
        shown = answer if isinstance(answer, int) else float(f"{answer:.10g}")
        return "" if close else f"{shown!r} is not the right number."
    if answer != expected:
        return f"{answer!r} is not right."
    if isinstance(answer, float):
        return "the number is right, but must be an int: write it without a point or an e."
    return ""


def _tensor_fault(answer: Any, expected: torch.Tensor) -> str:
    if not isinstance(answer, torch.Tensor):
        fault = f"a tensor is expected, but this is {kind(answer)}."
        return f"the numbers are right; {fault}" if _same_numbers(answer, expected) else fault
    if answer.shape != expected.shape:
        return f"the shape is {tuple(answer.shape)}, but {tuple(expected.shape)} is expected."
    for name in ("dtype", "device"):
        if getattr(answer, name) != getattr(expected, name):
            return (
                f"the {name} is {getattr(answer, name)}, but {getattr(expected, name)} is expected."
            )
    if expected.dtype.is_floating_point or expected.dtype.is_complex:
        right = torch.isclose(answer, expected, rtol=1e-4, atol=1e-6, equal_nan=True)
    else:
        right = answer == expected
    wrong = int((~right).sum())
    if not wrong:
        return ""
    if right.numel() == 1:
        return f"{number(answer.item(), 6)} is not right."
    differ = "differs," if wrong == 1 else "differ, the first"
    first = (~right).nonzero()[0].tolist()
    return (
        f"shape and dtype are right, but {wrong} of {right.numel()} elements {differ} at {first}."
    )


def _same_numbers(answer: Any, expected: torch.Tensor) -> bool:
    """Tell whether an answer that is no tensor, such as a list, would be right if it were made one."""
    try:
        with warnings.catch_warnings(action="ignore"):  # a list of tensors that require a gradient
            numbers = torch.tensor(answer, dtype=torch.complex128)
    except (TypeError, ValueError, RuntimeError):  # no numbers, or lists of unequal length
        return False
    return not _tensor_fault(numbers, expected.detach().cpu().to(torch.complex128))


def _list_fault(answer: Sequence, expected: Sequence) -> str:
    if len(answer) != len(expected):
        return f"the length is {len(answer)}, but {len(expected)} is expected."
    for n, pair in enumerate(zip(answer, expected, strict=True)):
        if fault := fault_in(*pair):
            return f"element {n}: {fault}"
    return ""


def kind(value: Any) -> str:
    """Return a value's type in words: 'an int', 'a str'; None is called by its name."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def how_often(count: int) -> str:
    """Return a count of calls in words: 'once', 'twice', '3 times'."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
