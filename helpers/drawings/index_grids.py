"""Draws the grids of gather and scatter, in a row or in a column, and arrows that follow one element.

Colors follow the coordinate that the index names: place ``k`` along ``dim`` of the tensor that is picked from
(gather's input) or written to (scatter's target). An index cell that says ``k`` has the color of that place, and so
has the element that travels. All other coordinates stay as they are.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch import Tensor

from helpers import plotting
from helpers.plotting import BLUE, GRAY, GREEN, ORANGE, PURPLE, SKY, VERMILION
from helpers.tables import number

PLACES = BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY  # the color of place 0, 1, ... along dim
INCHES = 0.52  # the side of a cell
GAP = 1.1  # between two grids, in cells
LINE = 0.5  # the height of a line of text, in cells

Point = tuple[float, float]
Place = tuple[int, int]  # a row and a column


@dataclass(frozen=True)
class Cell:
    """One element of a grid as it is drawn.

    Attributes:
        text: what stands in it.
        place: the place along ``dim`` whose color it has; None for no color.
        state: 'plain', 'idle' (gather: picked by no index; scatter: not written) or 'repeated' (written more
            than once).
    """

    text: str
    place: int | None = None
    state: str = "plain"


Grid = list[list[Cell]]


def check_drawable(tensor: Tensor, dim: int, index: Tensor) -> int:
    """Return ``dim`` counted from the end, -1 or -2, or raise ``ValueError`` if there is no drawing for the tensor."""
    if tensor.ndim not in (2, 3):
        raise ValueError(f"the tensor has {tensor.ndim} dimensions, drawn are 2 or 3")
    dim = range(tensor.ndim)[dim] - tensor.ndim
    if dim == -3:
        raise ValueError("dim 0 runs across the slices that are drawn: put it last with movedim")
    if not index.numel():
        raise ValueError("the index is empty")
    if (places := tensor.shape[dim]) > len(PLACES):
        raise ValueError(f"there are {places} places along the dim, drawn are {len(PLACES)}")
    return dim


def slices_of(*tensors: Tensor) -> list[tuple[Tensor, ...]]:
    """Return the matrices of 3-D tensors, side by side; as many as the smallest tensor has."""
    return [tensors] if tensors[0].ndim == 2 else list(zip(*tensors, strict=False))


def grid_of(tensor: Tensor, cell: Callable[[int, int], Cell]) -> Grid:
    """Make the cells of a matrix by row and column."""
    rows, columns = tensor.shape
    return [[cell(i, j) for j in range(columns)] for i in range(rows)]


def index_grid(index: Tensor) -> Grid:
    """Make the cells of an index: each has the color of the place that it names."""
    return [[Cell(str(k), k) for k in row] for row in index.tolist()]


def ways(index: Tensor, dim: int) -> Iterator[tuple[Place, Place]]:
    """Yield for each element of an index its own row and column, and those that it leads to."""
    for i, j in product(*map(range, index.shape)):
        k = index[i, j].item()
        yield (i, j), ((k, j) if dim == -2 else (i, k))


def value_text(value: Tensor) -> str:
    """Write one element as it stands in a cell."""
    return number(value.item(), 3)


def tint(color: str, strength: float) -> tuple[float, ...]:
    """Mix a color with white: 1 is the color, 0 is white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(color))


def show_grids(
    title: str,
    slices: list[dict[str, Grid]],
    dim: int,
    notes: dict[str, tuple[str, str]],
    *,
    indexed: str,
    follow: int | None,
    hide: Collection[str],
) -> None:
    """Show grids, with what stands in each cell as their description.

    The text of each cell has its name and position as ``gid``, such as "output[0, 1]" (of slice 2: "output[2][0, 1]").

    Args:
        title: for the description, such as "Gather along dim 1".
        slices: for each slice of a 3-D tensor (or the one of a 2-D tensor) its grids by name, in their order.
        dim: -1: the grids stand in a row; -2: in a column. So an element moves along its own row or column.
        notes: for each state of a cell that needs one: how it looks, and why.
        indexed: the grid whose places along ``dim`` the index names.
        follow: see ``show_gather``; a ``ValueError`` says that it does not fit.
        hide: likewise.
    """
    names = list(slices[0])
    if unknown := sorted(set(hide) - set(names)):
        raise ValueError(f"no grid is called {unknown[0]}: they are {', '.join(names)}")
    steps = []
    if follow is not None:
        here, there = _followed(slices[0]["index"], dim, follow)
        steps = [there if name == indexed else here for name in names]
    grids = _labeled(slices, hide)
    states = {cell.state for grid in grids.values() for row in grid for cell in row}
    notes = {state: note for state, note in notes.items() if state in states}

    bend = 0.9 if steps else 0.0  # room for the arrows
    corners, end = _arrange(list(grids.values()), len(names), dim)
    axis = _empty_axis(end, dim, bend, len(notes))
    for (label, grid), (x, y) in zip(grids.items(), corners, strict=True):
        _draw_grid(axis, label, grid, (x, y))
        if dim == -2:
            at, style = (x - 0.75, y + len(grid) / 2), {"ha": "right", "va": "center"}
        else:
            above = y - 0.12 - (bend if y == 0 else 0)
            at, style = (x + len(grid[0]) / 2, above), {"ha": "center", "va": "bottom"}
        axis.text(*at, label, style, fontweight="bold")
        if label.startswith(indexed):
            _draw_places(axis, (x, y), grid, dim)
    # Arrows touch cells above those of the first row, or to the right of the last column.
    dx, dy = (0.98, 0.5) if dim == -2 else (0.5, 0.02)
    ends = [(x + j + dx, y + i + dy) for (x, y), (i, j) in zip(corners, steps, strict=False)]
    for start, stop in pairwise(ends):
        bow = min(0.5, 1.5 / (abs(stop[0] - start[0]) + abs(stop[1] - start[1])))
        arrow = FancyArrowPatch(start, stop, arrowstyle="-|>", shrinkA=1, shrinkB=0)
        arrow.set(connectionstyle=f"arc3,rad={-bow}", mutation_scale=11)
        arrow.set(linewidth=1.8, color=PLACES[there[dim]])
        axis.add_patch(arrow)
    left, bottom = axis.get_xlim()[0], axis.get_ylim()[0]
    for n, (look, why) in enumerate(reversed(notes.values())):
        at = left + 0.3, bottom - LINE * (n + 0.5) - 0.05
        axis.text(*at, f"{look}: {why}", fontsize=8.5, color=GRAY, va="center")
    way = [f"{name}[{i}, {j}]" for name, (i, j) in zip(names, steps, strict=False)]
    plotting.show(axis.figure, alt=f"{title}. {_describe(grids, notes, way)}")


def _followed(index: Grid, dim: int, follow: int) -> tuple[Place, Place]:
    """Return where the followed element stands: at the place of its index, and at the place that this names."""
    length = len(index) if dim == -2 else len(index[0])
    if not 0 <= follow < length:
        raise ValueError(f"there is nothing to follow at {follow}: the index has {length} places")
    i, j = (follow, len(index[0]) - 1) if dim == -2 else (0, follow)
    k = index[i][j].place
    return (i, j), ((k, j) if dim == -2 else (i, k))


def _labeled(slices: list[dict[str, Grid]], hide: Collection[str]) -> dict[str, Grid]:
    """Return the grids of all slices by the label that is drawn, those to hide with question marks."""
    grids = {}
    for n, slice_grids in enumerate(slices):
        for name, grid in slice_grids.items():
            label = name if len(slices) == 1 else f"{name}[{n}]"
            hidden = [[Cell("?")] * len(row) for row in grid]
            grids[label] = hidden if name in hide else grid
    return grids


def _describe(grids: dict[str, Grid], notes: dict[str, tuple[str, str]], way: list[str]) -> str:
    """Write down what stands in the cells, row by row; idle cells are in parentheses."""

    def words(cell: Cell) -> str:
        return f"({cell.text})" if cell.state == "idle" else cell.text.replace("\n", " ")

    sentences = []
    for label, grid in grids.items():
        rows = [" ".join(map(words, row)) for row in grid]
        sentences.append(f"{label}: {', '.join(rows)}.")
    if "idle" in notes:
        sentences.append(f"In parentheses: {notes['idle'][1]}.")
    if way:
        sentences.append(f"Arrows lead from {' to '.join(way)}.")
    return " ".join(sentences)


def _arrange(grids: list[Grid], per_slice: int, dim: int) -> tuple[list[Point], Point]:
    """Return the upper left corner (x, y) of each grid, and the lower right corner of all, in cells."""
    corners, x, y, right, bottom = [], 0.0, 0.0, 0.0, 0.0
    for n, grid in enumerate(grids):
        if n and n % per_slice == 0:  # the next slice: a column to the right, or a row below
            x, y = (right + 2.6, 0.0) if dim == -2 else (0.0, bottom + 2 * LINE + 0.35)
        corners.append((x, y))
        rows, columns = len(grid), len(grid[0])
        right, bottom = max(right, x + columns), max(bottom, y + rows)
        if dim == -2:
            y += rows + GAP / 2
        else:
            x += columns + GAP
    return corners, (right, bottom)


def _empty_axis(end: Point, dim: int, bend: float, notes: int) -> Axes:
    """Make a figure for grids that end there, with room for their labels, arrows and notes, in units of a cell."""
    if dim == -2:
        left, top, right, bottom = -2.6, -0.2, end[0] + max(bend, 0.2), end[1] + 0.2
    else:
        left, top, right, bottom = -0.3, -bend - LINE - 0.1, end[0] + 0.3, end[1] + LINE + 0.1
    if notes:
        right, bottom = max(right, left + 6.6), bottom + LINE * notes
    size = (right - left) * INCHES, (bottom - top) * INCHES
    figure = plt.figure(figsize=size, layout="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    plotting.bare(axis)
    return axis


def _draw_grid(axis: Axes, label: str, grid: Grid, corner: Point) -> None:
    for i, j in product(range(len(grid)), range(len(grid[0]))):
        cell, gid = grid[i][j], f"{label}[{i}, {j}]"
        x, y = corner[0] + j, corner[1] + i
        axis.add_patch(Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, gid=gid, **_box_style(cell)))
        lines = cell.text.split("\n")
        size = min(8 if len(lines) > 1 else 11, 40 / max(map(len, lines)), 24 / len(lines))
        style = {"ha": "center", "va": "center" if len(lines) > 1 else "center_baseline"}
        style["color"] = "#999999" if cell.state == "idle" else "black"
        style["fontweight"] = "bold" if cell.state == "repeated" else "normal"
        axis.text(x + 0.5, y + 0.5, cell.text, style, gid=gid, fontsize=size, linespacing=1.05)


def _box_style(cell: Cell) -> dict[str, object]:
    if cell.place is None:
        line = (0, (3, 2)) if cell.state == "idle" else "solid"
        return {"facecolor": "white", "edgecolor": "#999999", "linewidth": 1, "linestyle": line}
    strength = 0.16 if cell.state == "idle" else 0.5
    color = PLACES[cell.place]
    style = {"facecolor": tint(color, strength), "edgecolor": tint(color, strength + 0.2)}
    return style | ({"edgecolor": "black", "linewidth": 2.2} if cell.state == "repeated" else {})


def _draw_places(axis: Axes, corner: Point, grid: Grid, dim: int) -> None:
    """Write the numbers 0, 1, ... along ``dim`` of the tensor that the index names."""
    x, y = corner
    for k in range(len(grid) if dim == -2 else len(grid[0])):
        at = (x - 0.3, y + k + 0.5) if dim == -2 else (x + k + 0.5, y + len(grid) + 0.3)
        style = {"color": PLACES[k], "fontsize": 9, "fontweight": "bold"}
        axis.text(*at, str(k), style, ha="center", va="center")
