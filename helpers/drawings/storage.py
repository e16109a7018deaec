"""Draws how a tensor lies in memory: its elements, its storage, and which cells its strides lead to."""

from collections.abc import Collection, Iterator
from itertools import pairwise, product

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.plotting import GREEN, GREY, ORANGE, PURPLE, SKY, bare, show

MOST_CELLS = 24  # of a storage; more would be too small to read
MOST_COLUMNS, MOST_ROWS = 12, 12  # of the drawn grid
GRADIENT = LinearSegmentedColormap.from_list(
    "storage", [tuple(0.2 + 0.8 * c for c in to_rgb(x)) for x in (SKY, GREEN, ORANGE, PURPLE)]
)
PALE, LINE, GUIDE = "#F6F6F6", "#BBBBBB", "#EEEEEE"
CELL, WIDEST = 0.42, 8.5  # the side of a cell, the width of all cells, at most, in inches
GAP = 1.0  # between grid and storage, in cells
BLOCK_GAP = 0.5  # between the matrices of a 3-D tensor


def show_storage(tensor: torch.Tensor, name: str = "", unknown: Collection[int] = ()) -> None:
    """Show what ``draw_storage`` draws, with what ``describe_storage`` says of it as its description.

    Args:
        tensor: see ``draw_storage``.
        name: what to call it in the title.
        unknown: positions in the storage whose content is not to be read.

    Raises:
        ValueError: the tensor cannot be drawn.
    """
    show(draw_storage(tensor, name, unknown), alt=describe_storage(tensor, name, unknown))


def draw_storage(tensor: torch.Tensor, name: str = "", unknown: Collection[int] = ()) -> Figure:
    """Draw a tensor's elements, its whole storage, and the walk from element to element.

    On the left the elements: a row for a 1-D tensor, a grid for a 2-D one, grids one below the other for 3-D. On the
    right the storage, cell by cell. A cell and each element that is read from it have the same colour; cells that
    the tensor does not read are pale. Beside each row of the grid, dots mark the cells that the row reads, arrows
    the steps of the last dimension, dotted lines the way to the next row. "x4" at a dot: the row reads it four times.

    Args:
        tensor: dense, of any dtype, with 0 to 3 dimensions; at most 24 cells of storage, 12 rows and 12 columns.
        name: what to call it in the title.
        unknown: positions in the storage whose content is not to be read (uninitialised memory): drawn as "?".

    Returns:
        The figure, to be passed to ``plotting.show``.

    Raises:
        ValueError: the tensor has no elements, no strides or no data, too many dimensions, or is too large.
    """
    _refuse_what_cannot_be_drawn(tensor)
    cells = _texts(tensor, unknown)
    rows = list(_rows(tensor))
    columns, height = len(rows[0][1]), 1 - rows[-1][0]
    left = columns + GAP  # where the storage begins
    colours = GRADIENT.resampled(max(2, len(cells)))

    side = min(CELL, WIDEST / (left + len(cells)))
    axes = _empty_axes(left + len(cells), height, side, _title(tensor, name))
    small = max(7, 19 * side)
    axes.text(left - 0.25, 2.3, "position", fontsize=small, **_LABEL)
    axes.text(left - 0.25, 1.4, "storage", fontsize=small, **_LABEL)
    read = {k for _, indices in rows for k in indices}
    for k, text in enumerate(cells):
        axes.text(left + k + 0.5, 2.3, str(k), color=GREY, fontsize=small, **_CENTRED)
        _draw_cell(axes, left + k, 0.9, text, side=side, colour=colours(k) if k in read else None)
        if k in read:
            axes.plot([left + k + 0.5] * 2, [0.85, 0.7 - height], color=GUIDE, lw=1, zorder=0)
    for y, indices in rows:
        for column, k in enumerate(indices):
            _draw_cell(axes, column, y - 0.5, cells[k], side=side, colour=colours(k))
    _draw_walk(axes, rows, left, side, colours)
    return axes.figure


def describe_storage(tensor: torch.Tensor, name: str = "", unknown: Collection[int] = ()) -> str:
    """Say in words what the drawing of a tensor shows: the storage, and which of its cells each row reads.

    Args:
        tensor: see ``draw_storage``.
        name: what to call it.
        unknown: positions in the storage whose content is not to be read: described as "?".

    Returns:
        Three or four sentences, such as "t:  shape (2, 2),  strides (2, 1),  offset 0. Storage: 7 8 9 9 5. The rows
        read cells 0 1, 2 3. Cells 4 are not read."
    """
    cells, rows = _texts(tensor, unknown), [indices for _, indices in _rows(tensor)]
    unread = [k for k in range(len(cells)) if not any(k in indices for indices in rows)]
    sentences = [
        _title(tensor, name),
        f"Storage: {_listed(cells)}",
        f"The rows read cells {', '.join(map(_listed, rows))}",
        *([f"Cells {_listed(unread)} are not read"] if unread else []),
    ]
    return ". ".join(sentences) + "."


def storage_cells(tensor: torch.Tensor) -> torch.Tensor:
    """The whole storage of a tensor as a 1-D tensor of the same dtype, sharing its memory.

    Args:
        tensor: dense, of any shape; it may read a part of its storage only.

    Returns:
        A 1-D tensor: element k is cell k of the storage.
    """
    return tensor.new_empty(0).set_(tensor.untyped_storage())


def cells_read(tensor: torch.Tensor) -> list[int]:
    """Which cell of its storage each element of a tensor is read from, last dimension fastest.

    The rule of strides: the cell of element (i, j, ...) is offset + i * stride(0) + j * stride(1) + ...

    Args:
        tensor: dense, of any shape.

    Returns:
        As many positions as the tensor has elements; a position occurs more than once if elements share a cell.
    """
    return [
        tensor.storage_offset() + sum(i * s for i, s in zip(index, tensor.stride(), strict=True))
        for index in product(*map(range, tensor.shape))
    ]


_CENTRED = {"ha": "center", "va": "center_baseline"}
_LABEL = {"ha": "right", "va": "center_baseline", "color": GREY}


def _refuse_what_cannot_be_drawn(tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_meta:
        raise ValueError("only a dense tensor with data has a storage to draw")
    if tensor.dim() > 3:
        raise ValueError(f"at most 3 dimensions can be drawn, not {tensor.dim()}")
    if not tensor.numel():
        raise ValueError("a tensor without elements cannot be drawn")
    *outer, columns = (1, *tensor.shape)
    rows = torch.Size(outer).numel()
    cells = tensor.untyped_storage().nbytes() // tensor.element_size()
    for count, most, what in (
        (columns, MOST_COLUMNS, "columns"),
        (rows, MOST_ROWS, "rows"),
        (cells, MOST_CELLS, "cells of storage"),
    ):
        if count > most:
            raise ValueError(f"at most {most} {what} can be drawn, not {count}")


def _rows(tensor: torch.Tensor) -> Iterator[tuple[float, list[int]]]:
    """The rows of the grid, from the top: the height of each row's middle, and the cells that it reads."""
    read = cells_read(tensor)
    columns = tensor.shape[-1] if tensor.dim() else 1
    rows_of_matrix = tensor.shape[-2] if tensor.dim() > 1 else 1
    for n in range(len(read) // columns):
        yield -n - BLOCK_GAP * (n // rows_of_matrix), read[n * columns : (n + 1) * columns]


def _empty_axes(width: float, height: float, side: float, title: str) -> Axes:
    """Axes of a figure of their size, in units of a cell, with room for the title and for "x4" at the right."""
    low, high = 0.3 - height, 2.8
    inches = max((width + 0.9) * side, 0.09 * len(title))
    figure = plt.figure(figsize=(inches, (high - low) * side + 0.35), layout="none")
    axes = figure.add_axes((0, 0, 1, (high - low) * side / figure.get_figheight()))
    axes.set(xlim=(-0.2, inches / side - 0.2), ylim=(low, high))
    bare(axes)
    figure.text(0.1 / inches, 1 - 0.25 / figure.get_figheight(), title, weight="bold")
    return axes


def _title(tensor: torch.Tensor, name: str) -> str:
    return (
        f"{name}{':  ' if name else ''}shape {tuple(tensor.shape)},  "
        f"strides {tensor.stride()},  offset {tensor.storage_offset()}"
    )


def _listed(things: Collection[int | str]) -> str:
    return " ".join(map(str, things))


def _texts(tensor: torch.Tensor, unknown: Collection[int]) -> list[str]:
    """What to write into the cells of the storage."""
    return ["?" if k in unknown else _text(c) for k, c in enumerate(storage_cells(tensor))]


def _text(cell: torch.Tensor) -> str:
    return f"{cell.item():.3g}"


def _draw_cell(
    axes: Axes, x: float, y: float, text: str, *, side: float, colour: tuple | None
) -> None:
    """A square with its text; pale if there is no colour, hatched if the text is "?"."""
    if colour is None:
        style = {"facecolor": PALE, "edgecolor": LINE, "linestyle": ":"}
    elif text == "?":
        style = {"facecolor": "white", "edgecolor": colour, "hatch": "////"}
    else:
        style = {"facecolor": colour, "edgecolor": "white"}
    box = FancyBboxPatch(
        (x + 0.06, y + 0.06), 0.88, 0.88, boxstyle="round,pad=0,rounding_size=0.12", **style
    )
    axes.add_patch(box)
    size = 25 * side * min(1, 3.4 / len(text))
    axes.text(
        x + 0.5, y + 0.5, text, fontsize=size, color=GREY if colour is None else "black", **_CENTRED
    )


def _draw_walk(
    axes: Axes, rows: list[tuple[float, list[int]]], left: float, side: float, colours: Colormap
) -> None:
    before = None
    for y, indices in rows:
        spots = [left + k + 0.5 for k in indices]
        if before:
            axes.plot(
                (before[0], spots[0]), (before[1], y), ":", color=LINE, lw=3.5 * side, zorder=1
            )
        for a, b in pairwise(spots):
            if a != b:
                arrow = FancyArrowPatch(
                    (a, y), (b, y), arrowstyle="-|>", mutation_scale=22 * side, shrinkA=0,
                    shrinkB=11 * side, color=GREY, lw=3 * side, zorder=2,
                )  # fmt: skip
                axes.add_patch(arrow)
        for spot, k in zip(spots, indices, strict=True):
            dot = Circle((spot, y), 0.2, facecolor=colours(k), edgecolor=GREY, zorder=3)
            dot.set_gid(f"dot {k}")
            axes.add_patch(dot)
        if len(spots) > 1 and spots[0] == spots[-1]:
            axes.text(
                spots[0] + 0.35, y, f"\u00d7{len(spots)}", fontsize=22 * side, va="center_baseline"
            )
        before = spots[-1], y
