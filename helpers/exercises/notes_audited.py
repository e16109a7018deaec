"""The exercises of the page that audits the notes: lines that tell whether a statement is true."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from helpers.exercises.exercise import exercise
from helpers.exercises.values import kind


def _verdict_fault(given: object, expected: bool) -> str:
    """What is wrong with a verdict; '' if it is right."""
    if not isinstance(given, bool):
        return f"True or False is expected, but this is {kind(given)}."
    return "" if given == expected else f"it says {given}."


@exercise
def check_shares_memory(shares_memory: Callable[[Tensor, Tensor], bool]) -> Iterator[str]:
    """``shares_memory(x, y)``: whether ``y`` was made from the memory of ``x``."""
    x = torch.randn(4, 3)
    pairs = {
        "y = x.view(12)": (x.view(12), True),
        "y = x.clone()": (x.clone(), False),
        "y = x[1:], which begins further on": (x[1:], True),
        "y = x.t()": (x.t(), True),
        "y = x[[0, 1, 2, 3]]": (x[[0, 1, 2, 3]], False),
        "y = x.detach()": (x.detach(), True),
        "y = x[:2].clone()": (x[:2].clone(), False),
        "y = torch.zeros_like(x)": (torch.zeros_like(x), False),
    }
    before = x.clone()
    for words, (y, expected) in pairs.items():
        if fault := _verdict_fault(shares_memory(x, y), expected):
            yield f"for {words}: {fault}"
        if not x.equal(before):
            yield f"for {words}: x was changed. To look is enough; if you write, put back what was there."
            x.copy_(before)


def _half_away(x: Tensor) -> Tensor:
    return x.sign() * (x.abs() + 0.5).floor()


def _half_to_odd(x: Tensor) -> Tensor:
    return torch.where(x - x.floor() == 0.5, 2 * (x / 2).floor() + 1, x.round())


@exercise
def check_rounds_half_up(
    rounds_half_up: Callable[[Callable[[Tensor], Tensor]], bool],
) -> Iterator[str]:
    """``rounds_half_up(f)``: whether ``f`` rounds positive numbers to the nearest, and halves up."""
    functions = {
        "torch.round": (torch.round, False),
        "(x + 0.5).floor()": (lambda x: (x + 0.5).floor(), True),
        "torch.ceil, which sends 0.2 up as well": (torch.ceil, False),
        "torch.floor": (torch.floor, False),
        "halves away from zero, the same for positive numbers": (_half_away, True),
        "halves to the odd neighbor": (_half_to_odd, False),
    }
    for words, (function, expected) in functions.items():
        if fault := _verdict_fault(rounds_half_up(function), expected):
            yield f"for the function {words}: {fault}"


@exercise
def check_can_be_undone(can_be_undone: Callable[[Tensor], bool]) -> Iterator[str]:
    """``can_be_undone(index)``: whether ``scatter_`` along dim 1 puts back what ``gather`` took."""
    rows = [torch.randperm(5) for _ in range(3)]
    repeated = torch.stack([*rows, torch.tensor([0, 1, 2, 3, 3])])
    indices = {
        "a permutation in each row": (torch.stack(rows), True),
        "0 1 2 in one row, 2 1 0 in the other": (torch.tensor([[0, 1, 2], [2, 1, 0]]), True),
        "all zeros": (torch.zeros(2, 3, dtype=torch.int64), False),
        "one row with a 3 twice, at the end": (repeated, False),
        "rows 0 0 1 1 and 2 2 3 3, each number twice": (
            torch.tensor([[0, 0, 1, 1], [2, 2, 3, 3]]),
            False,
        ),
        "columns that are permutations, rows that are not": (torch.tensor([[0, 0], [1, 1]]), False),
        "one column": (torch.zeros(4, 1, dtype=torch.int64), True),
    }
    for words, (index, expected) in indices.items():
        if fault := _verdict_fault(can_be_undone(index.clone()), expected):
            yield f"for {words}: {fault}"
