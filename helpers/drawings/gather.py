"""Pictures of indexing, gather and scatter: which elements are picked, and which one goes where.

In those of gather and scatter the colours follow the coordinate that the index names: place ``k`` along ``dim`` of
the tensor that is picked from (gather's input) or written to (scatter's target). An index cell that says ``k`` has the
colour of that place, and so has the element that travels. All other coordinates stay as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.pyplot import figure as new_figure
from torch import Tensor

from helpers.plotting import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, bare

PLACES = BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY  # the colour of place 0, 1, ... along dim
INCHES = 0.52  # the side of a cell
GAP = 1.1  # between two grids, in cells
LINE = 0.5  # the height of a line of text, in cells


@dataclass(frozen=True)
class Cell:
    """One element of a grid as it is drawn.

    Attributes:
        text: what stands in it.
        place: the place along ``dim`` whose colour it has; None for no colour.
        state: 'plain', 'idle' (gather: picked by no index; scatter: not written) or 'repeated' (written more
            than once).
    """

    text: str
    place: int | None = None
    state: str = "plain"


Grid = list[list[Cell]]
Grids = dict[str, Grid]


def draw_gather(
    input: Tensor,
    dim: int,
    index: Tensor,
    *,
    follow: int | None = None,
    hide: Collection[str] = (),
) -> Figure:
    """Draw ``input.gather(dim, index)``: index, input and output, in the order in which an element is found.

    The grids stand in a row for the last dimension and in a column for the one before, so that an element moves
    along its own row or column. Elements that no index picks are pale.

    Args:
        input: R x C of any dtype, or N x R x C, drawn slice by slice (then ``dim`` is 1 or 2).
        dim: the dimension that the index runs along; at most six places.
        index: as many dimensions as the input, whole numbers.
        follow: a place in the index along ``dim``: arrows show the way of that element in the first row (in the
            last column, if the grids stand in a column).
        hide: names of grids to show empty, for puzzles: "index", "input" or "output".

    Returns:
        The figure, to be passed to ``plotting.show``. The text of each cell has its name and position as ``gid``,
        such as "output[0, 1]" (of slice 2: "output[2][0, 1]").

    Raises:
        TypeError: the index does not hold whole numbers.
        ValueError: a shape, ``dim``, an index or ``follow`` does not fit.
    """
    dim = _checked(input, dim, index, "the input") - input.ndim
    pairs = zip(_slices(input), _slices(index), strict=False)
    slices = [_gather_grids(*pair, dim) for pair in pairs]
    route = {"index": "here", "input": "there", "output": "here"}
    notes = {"idle": "pale: picked by no index"}
    return _draw(slices, dim, route, notes, follow=follow, hide=hide)


def draw_scatter(
    target: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    *,
    follow: int | None = None,
    hide: Collection[str] = (),
    add: bool = False,
) -> Figure:
    """Draw ``target.scatter(dim, index, src)``: source, index and the target as it is afterwards.

    The way of ``draw_gather`` backwards. Elements of the target that are not written are dashed and show their old
    value. Elements written more than once are framed; since it is not defined which value stays, all are shown.

    Args:
        target: R x C of any dtype, or N x R x C, drawn slice by slice (then ``dim`` is 1 or 2); it is not changed.
        dim: the dimension that the index runs along; at most six places.
        index: as many dimensions as the target, whole numbers.
        src: the values, in the dtype of the target, at least as large as the index.
        follow: a place in the index along ``dim``: arrows show the way of that element in the first row (in the
            last column, if the grids stand in a column).
        hide: names of grids to show empty, for puzzles: "src", "index" or "target".
        add: True for ``scatter_add``: an element written more than once shows the sum.

    Returns:
        The figure, to be passed to ``plotting.show``. The text of each cell has its name and position as ``gid``,
        such as "target[0, 1]" (of slice 2: "target[2][0, 1]").

    Raises:
        TypeError: the index does not hold whole numbers, or the dtypes of source and target differ.
        ValueError: a shape, ``dim``, an index or ``follow`` does not fit.
    """
    dim = _checked(target, dim, index, "the target") - target.ndim
    if src.dtype != target.dtype:
        raise TypeError(f"the source has dtype {src.dtype}, the target {target.dtype}")
    if src.ndim != index.ndim or any(i > s for i, s in zip(index.shape, src.shape, strict=True)):
        raise ValueError(
            f"the index, {tuple(index.shape)}, is larger than the source, {tuple(src.shape)}"
        )
    threes = zip(_slices(target), _slices(index), _slices(src), strict=False)
    slices = [_scatter_grids(*three, dim, add) for three in threes]
    route = {"src": "here", "index": "here", "target": "there"}
    several = "several values added" if add else "written more than once, any may stay"
    notes = {"idle": "dashed: not written, keeps its value", "repeated": f"framed: {several}"}
    return _draw(slices, dim, route, notes, follow=follow, hide=hide)


def draw_picks(input: Tensor, picks: Mapping[str, Tensor], columns: int = 4) -> Figure:
    """Draw for each of several picks the input, with the picked elements in colour: blue for a view, orange for a copy.

    Args:
        input: R x C, all values different.
        picks: what was picked out of the input, by the expression that did it; of any shape.
        columns: how many stand in a row.

    Returns:
        The figure, to be passed to ``plotting.show``. The box of each cell has the expression and its position as
        ``gid``, such as "x[1][0, 2]"; below each grid stands "view" or "copy", and the shape.

    Raises:
        ValueError: the input is not two-dimensional, a value is in it twice, or a pick holds another value.
    """
    if input.ndim != 2 or len(input.unique()) < input.numel():
        raise ValueError("wanted is an input of two dimensions, all values different")
    high, wide = input.shape[0] + 2.9, input.shape[1] + 1.4
    rows = -(-len(picks) // columns)
    size = 0.3 * wide * min(columns, len(picks)), 0.3 * high * rows
    figure = new_figure(figsize=size, layout="none")
    ends = {"xlim": (0, wide * min(columns, len(picks))), "ylim": (high * rows, 0)}
    axis = figure.add_axes((0, 0, 1, 1), **ends)
    bare(axis)
    for n, (name, picked) in enumerate(picks.items()):
        if not torch.isin(picked.flatten(), input.flatten()).all():
            raise ValueError(f"{name} holds a value that is not in the input")
        shares = picked.untyped_storage().data_ptr() == input.untyped_storage().data_ptr()
        x, y = n % columns * wide + 0.7, n // columns * high + 1.3
        chosen_cells = torch.isin(input, picked.flatten())
        for i, j in product(*map(range, input.shape)):
            chosen = chosen_cells[i, j]
            colour = _tint(BLUE if shares else ORANGE, 0.55) if chosen else "#F2F2F2"
            box = Rectangle((x + j + 0.04, y + i + 0.04), 0.92, 0.92, facecolor=colour)
            box.set_gid(f"{name}[{i}, {j}]")
            axis.add_patch(box)
            shade = "black" if chosen else "#AAAAAA"
            place = {"ha": "center", "va": "center_baseline", "fontsize": 7.5, "color": shade}
            axis.text(x + j + 0.5, y + i + 0.5, _text(input[i, j]), **place)
        middle, kind = x + input.shape[1] / 2, "view" if shares else "copy"
        axis.text(middle, y - 0.25, name, ha="center", family="DejaVu Sans Mono", fontsize=9.5)
        below = f"{kind} {tuple(picked.shape)}"
        colour = BLUE if shares else VERMILION
        at = middle, y + input.shape[0] + 0.25
        axis.text(*at, below, ha="center", va="top", fontsize=9, color=colour)
    return figure


def find_index(input: Tensor, dim: int, output: Tensor) -> Tensor:
    """The index with which ``input.gather(dim, index)`` gives the output: the answer to a puzzle.

    Args:
        input: any shape and dtype; no value occurs twice along ``dim``.
        dim: the dimension that the index runs along.
        output: of the input's shape, except along ``dim``.

    Returns:
        An int64 tensor of the output's shape.

    Raises:
        ValueError: a value of the output is not in its line of the input, or is there twice.
    """
    places, wanted = input.movedim(dim, -1), output.movedim(dim, -1)
    if places.shape[:-1] != wanted.shape[:-1]:
        raise ValueError(
            f"shapes {tuple(input.shape)} and {tuple(output.shape)} differ not only in dim {dim}"
        )
    found = places.unsqueeze(-2) == wanted.unsqueeze(-1)
    if not (found.sum(-1) == 1).all():
        raise ValueError("a value of the output is not exactly once in its line of the input")
    return found.long().argmax(-1).movedim(-1, dim)


def _checked(big: Tensor, dim: int, index: Tensor, name: str) -> int:
    """``dim`` counted from the front, if gather and scatter would take these arguments and they can be drawn."""
    if big.ndim not in (2, 3):
        raise ValueError(f"{name} has {big.ndim} dimensions, drawn are 2 or 3")
    if index.is_floating_point() or index.is_complex() or index.dtype == torch.bool:
        raise TypeError(f"the index holds {index.dtype}, wanted are whole numbers")
    if not -big.ndim <= dim < big.ndim:
        raise ValueError(f"there is no dim {dim} in {big.ndim} dimensions")
    dim %= big.ndim
    if big.ndim == 3 and dim == 0:
        raise ValueError("dim 0 of 3 runs across the slices: put it last with movedim")
    if index.ndim != big.ndim:
        raise ValueError(f"the index has {index.ndim} dimensions, {name} has {big.ndim}")
    if index.numel() == 0:
        raise ValueError("the index is empty")
    if any(index.shape[d] > big.shape[d] for d in range(big.ndim) if d != dim):
        raise ValueError(
            f"the index, {tuple(index.shape)}, is larger than {name}, {tuple(big.shape)}, beside dim {dim}"
        )
    places = big.shape[dim]
    if places > len(PLACES):
        raise ValueError(f"there are {places} places along dim {dim}, drawn are {len(PLACES)}")
    outside = index[(index < 0) | (index >= places)]
    if outside.numel():
        raise ValueError(f"index {outside[0]} is out of range for {places} places along dim {dim}")
    return dim


def _slices(tensor: Tensor) -> list[Tensor]:
    return [tensor] if tensor.ndim == 2 else list(tensor)


def _gather_grids(input: Tensor, index: Tensor, dim: int) -> Grids:
    picked, index_grid, output_grid = set(), [], []
    for i, row in enumerate(index.tolist()):
        index_grid.append([Cell(str(k), k) for k in row])
        origins = [(k, j) if dim == -2 else (i, k) for j, k in enumerate(row)]
        output_grid.append([Cell(_text(input[at]), k) for at, k in zip(origins, row, strict=True)])
        picked.update(origins)
    input_grid = [
        [
            Cell(_text(value), (i, j)[dim], "plain" if (i, j) in picked else "idle")
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(input)
    ]
    return {"index": index_grid, "input": input_grid, "output": output_grid}


def _scatter_grids(target: Tensor, index: Tensor, src: Tensor, dim: int, add: bool) -> Grids:
    arrivals: dict[tuple[int, int], list[Tensor]] = {}
    index_grid = [[Cell(str(k), k) for k in row] for row in index.tolist()]
    src_grid = [[Cell(_text(value)) for value in row] for row in src]
    for i, row in enumerate(index.tolist()):
        for j, k in enumerate(row):
            src_grid[i][j] = replace(src_grid[i][j], place=k)
            arrivals.setdefault((k, j) if dim == -2 else (i, k), []).append(src[i, j])

    def cell(i: int, j: int) -> Cell:
        values = arrivals.get((i, j), [])
        if not values:
            return Cell(_text(target[i, j]), None, "idle")
        total = _text(sum(values, target[i, j]))
        text = total if add else "\nor ".join(map(_text, values))
        return Cell(text, (i, j)[dim], "plain" if len(values) == 1 else "repeated")

    rows, columns = target.shape
    target_grid = [[cell(i, j) for j in range(columns)] for i in range(rows)]
    return {"src": src_grid, "index": index_grid, "target": target_grid}


def _text(value: Tensor) -> str:
    number = value.item()
    return f"{number:.3g}" if isinstance(number, float) else str(number)


def _draw(
    slices: list[Grids],
    dim: int,
    route: dict[str, str],
    notes: dict[str, str],
    *,
    follow: int | None,
    hide: Collection[str],
) -> Figure:
    """The figure: for each slice three grids, in a row (``dim`` -1) or in a column (-2).

    Args:
        slices: the grids of each slice by name.
        dim: -1 or -2.
        route: the grids in their order, and where the followed element is in each: 'here', at the place of its
            index, or 'there', at the place that the index names.
        notes: for each state of a cell that needs one, its explanation.
        follow: the place in the index whose element the arrows follow.
        hide: the grids to show empty.
    """
    if unknown := sorted(set(hide) - set(route)):
        raise ValueError(f"no grid is called {unknown[0]}: they are {', '.join(route)}")
    steps = _steps(slices[0]["index"], dim, follow)
    bend = 0.9 if steps else 0.0  # room for the arrows
    shown = [{name: grids[name] for name in route if name not in hide} for grids in slices]
    states = {c.state for grids in shown for grid in grids.values() for row in grid for c in row}
    lines = [note for state, note in notes.items() if state in states]

    sizes = {name: (len(slices[0][name]), len(slices[0][name][0])) for name in route}
    corners, (right, bottom) = _arrange(sizes, len(slices), dim)
    if dim == -2:
        left, top, right, bottom = -2.6, -0.2, right + max(bend, 0.2), bottom + 0.2
    else:
        left, top, right, bottom = -0.3, -bend - LINE - 0.1, right + 0.3, bottom + LINE + 0.1
    if lines:
        right, bottom = max(right, left + 6.6), bottom + LINE * len(lines)
    size = (right - left) * INCHES, (bottom - top) * INCHES
    figure = new_figure(figsize=size, layout="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    bare(axis)

    for (n, name), (x, y) in corners.items():
        title = name if len(slices) == 1 else f"{name}[{n}]"
        _draw_grid(axis, title, slices[n][name], (x, y), name in hide)
        rows, columns = sizes[name]
        if dim == -2:
            axis.text(x - 0.75, y + rows / 2, title, ha="right", va="center", fontweight="bold")
        else:
            above = y - 0.12 - (bend if n == 0 else 0)
            axis.text(x + columns / 2, above, title, ha="center", va="bottom", fontweight="bold")
        if route[name] == "there":
            _draw_places(axis, (x, y), sizes[name], dim)
    if steps:
        ways = [(corners[0, name], steps[where]) for name, where in route.items()]
        for one, other in pairwise(ways):
            _draw_arrow(axis, one, other, dim, PLACES[steps["there"][dim]])
    for n, line in enumerate(reversed(lines)):
        y = bottom - LINE * (n + 0.5) - 0.05
        axis.text(left + 0.3, y, line, fontsize=8.5, color=GREY, va="center")
    return figure


def _arrange(
    sizes: dict[str, tuple[int, int]], slices: int, dim: int
) -> tuple[dict[tuple[int, str], tuple[float, float]], tuple[float, float]]:
    """The upper left corner (x, y) of each slice's grids, and the lower right corner of all, in cells."""
    corners, x, y, end = {}, 0.0, 0.0, (0.0, 0.0)
    for n in range(slices):
        for name, (rows, columns) in sizes.items():
            corners[n, name] = (x, y)
            end = max(end[0], x + columns), max(end[1], y + rows)
            if dim == -2:
                y += rows + GAP / 2
            else:
                x += columns + GAP
        if dim == -2:
            x, y = end[0] + 2.6, 0.0
        else:
            x, y = 0.0, end[1] + 2 * LINE + 0.35
    return corners, end


def _steps(index: Grid, dim: int, follow: int | None) -> dict[str, tuple[int, int]]:
    """The places 'here' and 'there' of the followed element; empty if none is followed."""
    if follow is None:
        return {}
    length = len(index) if dim == -2 else len(index[0])
    if not 0 <= follow < length:
        raise ValueError(f"there is nothing to follow at {follow}: the index has {length} places")
    i, j = (follow, len(index[0]) - 1) if dim == -2 else (0, follow)
    k = index[i][j].place
    return {"here": (i, j), "there": (k, j) if dim == -2 else (i, k)}


def _draw_grid(
    axis: Axes, name: str, grid: Grid, corner: tuple[float, float], hidden: bool
) -> None:
    for i, row in enumerate(grid):
        for j, cell in enumerate(row):
            shown = Cell("?") if hidden else cell
            x, y = corner[0] + j, corner[1] + i
            box = Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, gid=f"{name}[{i}, {j}]")
            box.set(**_look(shown))
            axis.add_patch(box)
            lines = shown.text.count("\n") + 1
            longest = max(map(len, shown.text.split("\n")))
            axis.text(
                x + 0.5,
                y + 0.5,
                shown.text,
                gid=f"{name}[{i}, {j}]",
                ha="center",
                va="center_baseline" if lines == 1 else "center",
                fontsize=min(11 if lines == 1 else 8, 40 / longest, 24 / lines),
                linespacing=1.05,
                color="#999999" if shown.state == "idle" else "black",
                fontweight="bold" if shown.state == "repeated" else "normal",
            )


def _look(cell: Cell) -> dict[str, object]:
    """Colours and lines of a cell's box."""
    if cell.place is None:
        dashed = cell.state == "idle"
        return {
            "facecolor": "white",
            "edgecolor": "#999999",
            "linewidth": 1,
            "linestyle": (0, (3, 2)) if dashed else "solid",
        }
    strength = 0.16 if cell.state == "idle" else 0.5
    colour = PLACES[cell.place]
    if cell.state == "repeated":
        return {"facecolor": _tint(colour, strength), "edgecolor": "black", "linewidth": 2.2}
    return {"facecolor": _tint(colour, strength), "edgecolor": _tint(colour, strength + 0.2)}


def _tint(colour: str, strength: float) -> tuple[float, ...]:
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))


def _draw_places(axis: Axes, corner: tuple[float, float], size: tuple[int, int], dim: int) -> None:
    """The numbers 0, 1, ... along ``dim`` of the tensor that the index names."""
    x, y = corner
    for k in range(size[dim]):
        at = (x - 0.3, y + k + 0.5) if dim == -2 else (x + k + 0.5, y + size[0] + 0.3)
        axis.text(
            *at, str(k), ha="center", va="center", color=PLACES[k], fontsize=9, fontweight="bold"
        )


def _draw_arrow(
    axis: Axes,
    one: tuple[tuple[float, float], tuple[int, int]],
    other: tuple[tuple[float, float], tuple[int, int]],
    dim: int,
    colour: str,
) -> None:
    """A curve beside the grids, from one cell to another: over the first row, or along the last column."""

    def end(corner: tuple[float, float], at: tuple[int, int]) -> tuple[float, float]:
        x, y = corner[0] + at[1], corner[1] + at[0]
        return (x + 0.98, y + 0.5) if dim == -2 else (x + 0.5, y + 0.02)

    start, stop = end(*one), end(*other)
    length = abs(stop[0] - start[0]) + abs(stop[1] - start[1])
    bend = min(0.5, 1.5 / length)
    axis.add_patch(
        FancyArrowPatch(
            start,
            stop,
            connectionstyle=f"arc3,rad={-bend}",
            arrowstyle="-|>",
            mutation_scale=11,
            linewidth=1.8,
            color=colour,
            shrinkA=1,
            shrinkB=0,
        )
    )
