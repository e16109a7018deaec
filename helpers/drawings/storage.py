"""Draws how a tensor lies in memory: its elements, its storage, and which cells its strides lead to."""

from collections.abc import Collection
from itertools import pairwise, product

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers import plotting
from helpers.plotting import GRAY, GREEN, ORANGE, PURPLE, SKY
from helpers.tables import number

MOST = {"columns": 12, "rows": 12, "cells of storage": 24}  # more would be too small to read
GRADIENT = LinearSegmentedColormap.from_list(
    "storage", [[0.2 + 0.8 * c for c in to_rgb(color)] for color in (SKY, GREEN, ORANGE, PURPLE)]
)
PALE, LINE, GUIDE = "#F6F6F6", "#BBBBBB", "#EEEEEE"
CELL, WIDEST = 0.42, 8.5  # the side of a cell, the width of all cells, at most, in inches
GAP = 1.0  # between grid and storage, in cells
BLOCK_GAP = 0.5  # between the matrices of a 3-D tensor
CENTERED = {"ha": "center", "va": "center_baseline"}

Rows = list[tuple[float, list[int]]]  # the height of each row's middle, and the cells that it reads


def show_storage(tensor: torch.Tensor, name: str, unknown: Collection[int] = ()) -> None:
    """Show a tensor's elements, its whole storage, and the walk from element to element.

    On the left the elements: a row for a 1-D tensor, a grid for a 2-D one, grids one below the other for 3-D. On the
    right the storage, cell by cell. A cell and each element that is read from it have the same color; cells that
    the tensor does not read are pale. Beside each row of the grid, dots mark the cells that the row reads, arrows
    the steps of the last dimension, dotted lines the way to the next row. "x4" at a dot: the row reads it four times.

    Args:
        tensor: dense, of any dtype, with 0 to 3 dimensions; at most 24 cells of storage, 12 rows and 12 columns.
        name: what to call it in the title.
        unknown: positions in the storage whose content is not to be read (uninitialized memory): drawn as "?".

    Raises:
        ValueError: the tensor has no elements, no strides or no data, too many dimensions, or is too large.
    """
    _check_drawable(tensor)
    texts = [
        "?" if k in unknown else number(cell.item(), 3)
        for k, cell in enumerate(storage_cells(tensor))
    ]
    rows = _rows(tensor)
    columns, height = len(rows[0][1]), 1 - rows[-1][0]
    left = columns + GAP  # where the storage begins
    colors = GRADIENT.resampled(max(2, len(texts)))
    geometry = f"strides {tensor.stride()},  offset {tensor.storage_offset()}"
    title = f"{name}:  shape {tuple(tensor.shape)},  {geometry}"

    side = min(CELL, WIDEST / (left + len(texts)))
    axes = _empty_axes(left + len(texts), height, side, title)
    small = max(7, 19 * side)
    for y, label in ((2.3, "position"), (1.4, "storage")):
        style = {"ha": "right", "va": "center_baseline", "color": GRAY, "fontsize": small}
        axes.text(left - 0.25, y, label, style)
    read = {k for _, indices in rows for k in indices}
    for k, text in enumerate(texts):
        axes.text(left + k + 0.5, 2.3, str(k), CENTERED, color=GRAY, fontsize=small)
        _draw_cell(axes, (left + k, 0.9), text, side, colors(k) if k in read else None)
        if k in read:
            axes.plot([left + k + 0.5] * 2, [0.85, 0.7 - height], color=GUIDE, lw=1, zorder=0)
    for y, indices in rows:
        for column, k in enumerate(indices):
            _draw_cell(axes, (column, y - 0.5), texts[k], side, colors(k))
    _draw_walk(axes, rows, left, side, colors)
    plotting.show(axes.figure, alt=_describe(title, texts, rows))


def storage_cells(tensor: torch.Tensor) -> torch.Tensor:
    """Return the whole storage of a dense tensor as a 1-D tensor of the same dtype, sharing its memory."""
    return tensor.new_empty(0).set_(tensor.untyped_storage())


def cells_read(tensor: torch.Tensor) -> list[int]:
    """Return the cell of its storage that each element of a tensor is read from, last dimension fastest.

    The rule of strides: the cell of element (i, j, ...) is offset + i * stride(0) + j * stride(1) + ...

    Returns:
        As many positions as the tensor has elements; a position occurs more than once if elements share a cell.
    """
    return [
        tensor.storage_offset() + sum(i * s for i, s in zip(index, tensor.stride(), strict=True))
        for index in product(*map(range, tensor.shape))
    ]


def _check_drawable(tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_meta:
        raise ValueError("only a dense tensor with data has a storage to draw")
    if tensor.dim() > 3:
        raise ValueError(f"at most 3 dimensions can be drawn, not {tensor.dim()}")
    if not tensor.numel():
        raise ValueError("a tensor without elements cannot be drawn")
    columns = tensor.shape[-1] if tensor.dim() else 1
    cells = tensor.untyped_storage().nbytes() // tensor.element_size()
    counts = {"columns": columns, "rows": tensor.numel() // columns, "cells of storage": cells}
    for what, count in counts.items():
        if count > MOST[what]:
            raise ValueError(f"at most {MOST[what]} {what} can be drawn, not {count}")


def _rows(tensor: torch.Tensor) -> Rows:
    """Return the rows of the grid, from the top."""
    read = cells_read(tensor)
    columns = tensor.shape[-1] if tensor.dim() else 1
    rows_of_matrix = tensor.shape[-2] if tensor.dim() > 1 else 1
    return [
        (-n - BLOCK_GAP * (n // rows_of_matrix), read[n * columns : (n + 1) * columns])
        for n in range(len(read) // columns)
    ]


def _describe(title: str, texts: list[str], rows: Rows) -> str:
    """Say in words what is drawn: the storage, and which of its cells each row reads."""
    reads = ", ".join(" ".join(map(str, indices)) for _, indices in rows)
    read = {k for _, indices in rows for k in indices}
    unread = set(range(len(texts))) - read
    description = f"{title}. Storage: {' '.join(texts)}. The rows read cells {reads}."
    if unread:
        description += f" Cells {' '.join(map(str, sorted(unread)))} are not read."
    return description


def _empty_axes(width: float, height: float, side: float, title: str) -> Axes:
    """Make a figure with axes in units of a cell, with room for the title and for "x4" at the right."""
    low, high = 0.3 - height, 2.8
    inches = max((width + 0.9) * side, 0.09 * len(title))
    figure = plt.figure(figsize=(inches, (high - low) * side + 0.35), layout="none")
    axes = figure.add_axes((0, 0, 1, (high - low) * side / figure.get_figheight()))
    axes.set(xlim=(-0.2, inches / side - 0.2), ylim=(low, high))
    plotting.bare(axes)
    figure.text(0.1 / inches, 1 - 0.25 / figure.get_figheight(), title, weight="bold")
    return axes


def _draw_cell(
    axes: Axes, corner: tuple[float, float], text: str, side: float, color: tuple | None
) -> None:
    """Draw a square with its text; pale if there is no color, hatched if the text is "?"."""
    x, y = corner
    box = FancyBboxPatch((x + 0.06, y + 0.06), 0.88, 0.88, "round,pad=0,rounding_size=0.12")
    if color is None:
        box.set(facecolor=PALE, edgecolor=LINE, linestyle=":")
    elif text == "?":
        box.set(facecolor="white", edgecolor=color, hatch="////")
    else:
        box.set(facecolor=color, edgecolor="white")
    axes.add_patch(box)
    size = 25 * side * min(1, 3.4 / len(text))
    ink = GRAY if color is None else "black"
    axes.text(x + 0.5, y + 0.5, text, CENTERED, fontsize=size, color=ink)


def _draw_walk(axes: Axes, rows: Rows, left: float, side: float, colors: Colormap) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": 22 * side, "lw": 3 * side, "zorder": 2}
    style |= {"color": GRAY, "shrinkA": 0, "shrinkB": 11 * side}
    before = None
    for y, indices in rows:
        spots = [left + k + 0.5 for k in indices]
        if before:
            axes.plot(
                [before[0], spots[0]], [before[1], y], ":", color=LINE, lw=3.5 * side, zorder=1
            )
        for a, b in pairwise(spots):
            if a != b:
                axes.add_patch(FancyArrowPatch((a, y), (b, y), **style))
        for spot, k in zip(spots, indices, strict=True):
            axes.add_patch(Circle((spot, y), 0.2, facecolor=colors(k), edgecolor=GRAY, zorder=3))
        if len(spots) > 1 and spots[0] == spots[-1]:
            size = {"fontsize": 22 * side, "va": "center_baseline"}
            axes.text(spots[0] + 0.35, y, f"\u00d7{len(spots)}", size)
        before = spots[-1], y
