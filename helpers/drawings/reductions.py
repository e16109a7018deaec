"""Draws what a reduction adds up along each dim, how two shapes are broadcast, and sums in many orders."""

import itertools
import math

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from torch import Tensor

from helpers import plotting
from helpers.drawings.index_grids import tint

# A plain cell, two strong colors, and two pale ones for cells that exist in thought only.
PAINTS = [
    "#E8E8E8",
    plotting.BLUE,
    plotting.VERMILION,
    tint(plotting.SKY, 0.4),
    tint(plotting.ORANGE, 0.4),
]
PLAIN, FIRST, SECOND, PALE_FIRST, PALE_SECOND = range(5)


def show_reductions(x: Tensor) -> None:
    """Show a tensor as two slabs of three rows and four columns, and its sums along each dim.

    Cells of one color are added up and end in the cell of that color.

    Raises:
        ValueError: the tensor has another shape than (2, 3, 4).
    """
    if x.shape != (2, 3, 4):
        raise ValueError(f"drawn are tensors of shape (2, 3, 4), not {tuple(x.shape)}")
    plotting.use_style()
    figure, axes = plt.subplots(3, 3, figsize=(8, 6.8), gridspec_kw={"hspace": 0.08})
    for dim, (first, second, right) in enumerate(axes):
        total = x.sum(dim)
        marks = torch.zeros_like(total)
        marks[0, 0], marks[-1, -1] = FIRST, SECOND
        marks_of_x = marks.unsqueeze(dim).expand_as(x)
        _draw(first, "x[0]", x[0], marks_of_x[0])
        _draw(second, "x[1]", x[1], marks_of_x[1])
        _draw(right, f"x.sum(dim={dim}): {tuple(total.shape)}", total, marks)
    plotting.show(
        figure,
        alt="Three times two slabs of numbers and their sums. For dim 0 cells at the same place of both slabs meet, "
        "for dim 1 the cells of a column, for dim 2 the cells of a row.",
    )


def show_broadcast(column: Tensor, row: Tensor) -> None:
    """Show a column (3, 1) and a row (4,), with the copies that broadcasting adds in thought, and their sum."""
    plotting.use_style()
    column_marks, row_marks = torch.full((3, 4), PALE_FIRST), torch.full((3, 4), PALE_SECOND)
    column_marks[:, 0], row_marks[0] = FIRST, SECOND
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.2))
    _draw(axes[0], "column: (3, 1)", column.expand(3, 4), column_marks)
    _draw(axes[1], "row: (4,)", row.expand(3, 4), row_marks)
    _draw(axes[2], "column + row: (3, 4)", column + row, torch.full((3, 4), PLAIN))
    plotting.show(
        figure,
        alt="A column of three cells and a row of four, with pale copies, and the grid of their sums.",
    )


def sums_in_many_orders(count: int = 2000) -> tuple[Tensor, float]:
    """Add up a thousand random float32 numbers one after the other in random orders.

    Returns:
        The sum of each order, float32, and the exact sum.
    """
    generator = torch.Generator().manual_seed(0)
    numbers, total = torch.rand(1000, generator=generator), torch.zeros(count)
    orders = torch.rand(count, 1000, generator=generator).argsort(dim=1, stable=True)
    for column in numbers[orders].unbind(1):
        total += column
    return total, math.fsum(numbers.tolist())


def show_orders_of_a_sum() -> None:
    """Show how often each relative error occurs among the sums of ``sums_in_many_orders``."""
    plotting.use_style()
    total, exact = sums_in_many_orders()
    values, counts = total.unique(return_counts=True)
    figure, axis = plt.subplots(figsize=(7.5, 2.6))
    axis.bar(1e6 * (values.double() / exact - 1), counts, width=0.045)
    axis.axvline(0, color=plotting.VERMILION, label="exact sum")
    axis.set(xlabel="relative error, in millionths", ylabel="orders")
    axis.legend()
    plotting.show(
        figure,
        alt="Bars around the exact sum: most orders miss it a little, to either side.",
    )


def _draw(axis: Axes, title: str, values: Tensor, marks: Tensor) -> None:
    """Draw a grid of 3 x 4 numbers in the colors that the marks name."""
    colors = ListedColormap(PAINTS)
    most = len(PAINTS) - 1
    axis.pcolormesh(marks, cmap=colors, vmin=0, vmax=most, edgecolor="white", linewidth=2)
    for i, j in itertools.product(*map(range, values.shape)):
        ink = "white" if marks[i, j] in (FIRST, SECOND) else "black"
        axis.text(j + 0.5, i + 0.5, f"{values[i, j]}", ha="center", va="center", color=ink)
    axis.set_title(title, loc="left")
    axis.set(xlim=(0, 4), ylim=(3, 0), aspect="equal")
    plotting.bare(axis)
