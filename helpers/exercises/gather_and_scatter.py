"""The eight puzzles of the page on gather and scatter, and their pictures."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from helpers.drawings.gather import show_gather
from helpers.drawings.scatter import show_scatter
from helpers.exercises.calls import breaches
from helpers.exercises.exercise import Exercise, differences


def place_values(rows: int, columns: int) -> Tensor:
    """Make a matrix in which each value says where it stands: 12 is in row 1, column 2."""
    return 10 * torch.arange(rows)[:, None] + torch.arange(columns)


def _puzzle(
    reference: Callable, wanted: tuple[str, ...], make: Callable[[], list[tuple]]
) -> Exercise:
    """Make a check: right on several arguments, and with just the calls that are wanted."""

    def faults(answer: Callable) -> Iterator[str]:
        arguments = make()
        yield from differences(answer, reference, *arguments)
        yield from breaches(answer, arguments[0], wanted)

    return Exercise(faults)


def _shuffled(rows: int, columns: int) -> Tensor:
    """Rows of different whole numbers in random order."""
    return torch.rand(rows, columns).argsort(1) * 7 + 3


def _sorted(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    values, order = _shuffled(rows, columns).sort(dim=1)
    return values, order


check_diagonal = _puzzle(
    lambda x: x.diagonal()[:, None],
    ("gather",),
    lambda: [(place_values(4, 4),), (torch.randn(6, 6),), (torch.randn(1, 1),)],
)
check_backwards = _puzzle(
    lambda x: x.flip(1),
    ("gather",),
    lambda: [(place_values(3, 4),), (torch.randn(5, 7),), (torch.randn(4, 1),)],
)
check_staircase = _puzzle(
    lambda x: torch.stack([x[:, j].roll(j) for j in range(x.shape[1])], dim=1),
    ("gather",),
    lambda: [(place_values(4, 4),), (torch.randn(3, 8),), (torch.randn(7, 2),)],
)
check_right_words = _puzzle(
    lambda logits, words: torch.stack(
        [
            torch.stack([step[w] for step, w in zip(*pair, strict=True)])
            for pair in zip(logits, words, strict=True)
        ]
    ),
    ("gather",),
    lambda: [
        (torch.randn(2, 3, 5), torch.randint(5, (2, 3))),
        (torch.randn(4, 1, 9), torch.randint(9, (4, 1))),
    ],
)
check_windows = _puzzle(
    lambda x, starts, size: torch.stack(
        [row[s : s + size] for row, s in zip(x, starts, strict=True)]
    ),
    ("gather",),
    lambda: [
        (place_values(3, 6), torch.tensor([0, 3, 1]), 3),
        (torch.randn(8, 9), torch.randint(5, (8,)), 5),
    ],
)
check_unsorted = _puzzle(
    lambda values, order: values.gather(1, order.argsort(1)),
    ("scatter",),
    lambda: [_sorted(2, 4), _sorted(5, 9)],
)
check_histograms = _puzzle(
    lambda x, bins: torch.stack([row.bincount(minlength=bins) for row in x]),
    ("scatter_add",),
    lambda: [(torch.tensor([[0, 2, 2], [1, 1, 1]]), 4), (torch.randint(6, (5, 30)), 6)],
)
check_ranks = _puzzle(
    lambda x: (x[:, :, None] > x[:, None, :]).sum(2),
    ("argsort", "scatter"),
    lambda: [(torch.tensor([[40, 10, 30, 20], [5, 6, 8, 7]]),), (_shuffled(4, 9),)],
)


def show_puzzle(name: str) -> None:
    """Show an example of a puzzle as a picture in which the index is hidden.

    Args:
        name: "diagonal", "backwards", "staircase", "windows", "unsorted" or "ranks".

    Raises:
        KeyError: there is no picture of that name.
    """
    i = torch.arange(4)[:, None]
    mixed = torch.tensor([[40, 10, 30, 20], [20, 40, 10, 30]])
    values, order = mixed.sort(dim=1)
    starts = torch.tensor([[0], [3], [1]])
    gathers = {
        "diagonal": (place_values(4, 4), 1, i),
        "backwards": (place_values(3, 4), 1, (3 - torch.arange(4)).expand(3, 4)),
        "staircase": (place_values(4, 4), 0, (i - torch.arange(4)) % 4),
        "windows": (place_values(3, 6), 1, starts + torch.arange(3)),
    }
    scatters = {
        "unsorted": (torch.zeros_like(mixed), 1, order, values),
        "ranks": (torch.zeros_like(mixed), 1, order, torch.arange(4).expand(2, 4)),
    }
    if name in gathers:
        show_gather(*gathers[name], hide=["index"])
    else:
        show_scatter(*scatters[name], hide=["index"])
