"""The exercises of the page on indexing."""

from collections.abc import Callable, Iterator

import torch

from helpers.exercises.calls import loops
from helpers.exercises.exercise import differences, exercise


@exercise
def check_clean(clean: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``clean(x)``: each -999 replaced by the mean of the others, in a copy."""

    def right(x: torch.Tensor) -> torch.Tensor:
        good = [value for value in x.flatten().tolist() if value != -999]
        return x.clone().masked_fill_(x.eq(-999), sum(good) / len(good))

    series, table = torch.tensor([4.0, -999.0, 6.0, -999.0, 8.0]), torch.randn(4, 5)
    table[1:3, ::2] = -999.0
    healthy = torch.randn(6)
    yield from differences(clean, right, (series,), (table,), (healthy,))
    yield from _without_a_copy(clean, healthy)


@exercise
def check_border(border: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``border(x)``: a copy of a matrix, with zeros inside its border."""

    def right(x: torch.Tensor) -> torch.Tensor:
        rows, columns = torch.arange(x.shape[0])[:, None], torch.arange(x.shape[1])
        inside = (rows > 0) & (rows < len(x) - 1) & (columns > 0) & (columns < x.shape[1] - 1)
        return x.masked_fill(inside, 0)

    given = torch.arange(1, 21).view(4, 5)
    thin = torch.ones(2, 4)
    yield from differences(border, right, (given,), (torch.randn(6, 3),), (thin,))
    yield from _without_a_copy(border, thin)


@exercise
def check_top_rows(top_rows: Callable[[torch.Tensor, int], torch.Tensor]) -> Iterator[str]:
    """``top_rows(x, k)``: the rows of the k largest elements, ascending, each once."""

    def right(x: torch.Tensor, k: int) -> torch.Tensor:
        ranked = sorted(
            ((value, i) for i, row in enumerate(x.tolist()) for value in row), reverse=True
        )
        return torch.tensor(sorted({i for _, i in ranked[:k]}))

    small = torch.tensor([[1.0, 2.0, 3.0], [9.0, 8.0, 0.0], [4.0, 7.0, 5.0]])
    yield from differences(top_rows, right, (small, 3), (small, 1), (torch.randn(30, 4), 12))
    if loops(top_rows):
        yield "the result is right, but there is a loop in your function."


@exercise
def check_group_means(group_means: Callable) -> Iterator[str]:
    """``group_means(points, group, groups)``: the mean of the rows of each group."""

    def right(points: torch.Tensor, group: torch.Tensor, groups: int) -> torch.Tensor:
        return torch.stack([points[group == g].mean(0) for g in range(groups)])

    points = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0], [6.0, 2.0]])
    group = torch.tensor([0, 0, 1, 2])
    many = torch.cat([torch.arange(5), torch.randint(5, (40,))])
    yield from differences(group_means, right, (points, group, 3), (torch.randn(45, 3), many, 5))
    if loops(group_means):
        yield "the result is right, but there is a loop in your function."


def _without_a_copy(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
) -> Iterator[str]:
    """Tell of a function that returns its argument, or a view of it, where nothing in it is to be replaced."""
    if function(x).untyped_storage().data_ptr() == x.untyped_storage().data_ptr():
        yield "the elements are right, but where nothing is to be replaced, x itself comes back: return a copy."
