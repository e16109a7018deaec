"""Draws ``gather``: which elements of the input the index picks."""

from collections.abc import Collection

from torch import Tensor

from helpers.drawings import index_grids
from helpers.drawings.index_grids import Cell, Grid, grid_of, value_text


def show_gather(
    input: Tensor,
    dim: int,
    index: Tensor,
    *,
    follow: int | None = None,
    hide: Collection[str] = (),
) -> None:
    """Show ``input.gather(dim, index)``: index, input and output, in the order in which an element is found.

    Elements that no index picks are pale.

    Args:
        input: R x C of any dtype, or N x R x C, drawn slice by slice (then ``dim`` is 1 or 2).
        dim: the dimension that the index runs along; at most six places.
        index: as many dimensions as the input, int64 or int32.
        follow: a place in the index along ``dim``: arrows show the way of that element in the first row (in the
            last column, if the grids stand in a column).
        hide: names of grids to show empty, for puzzles: "index", "input" or "output".

    Raises:
        RuntimeError, IndexError: what ``gather`` itself refuses.
        ValueError: this cannot be drawn, or ``follow`` or ``hide`` does not fit.
    """
    output = input.gather(dim, index)
    dim = index_grids.check_drawable(input, dim, index)
    slices = [_grids(*parts, dim) for parts in index_grids.slices_of(index, input, output)]
    notes = {"idle": ("pale", "picked by no index")}
    title = f"Gather along dim {dim + input.ndim}"
    index_grids.show_grids(title, slices, dim, notes, indexed="input", follow=follow, hide=hide)


def _grids(index: Tensor, input: Tensor, output: Tensor, dim: int) -> dict[str, Grid]:
    picked = {goal for _, goal in index_grids.ways(index, dim)}

    def input_cell(i: int, j: int) -> Cell:
        state = "plain" if (i, j) in picked else "idle"
        return Cell(value_text(input[i, j]), (i, j)[dim], state)

    return {
        "index": index_grids.index_grid(index),
        "input": grid_of(input, input_cell),
        "output": grid_of(output, lambda i, j: Cell(value_text(output[i, j]), index[i, j].item())),
    }
