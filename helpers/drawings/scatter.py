"""Draws ``scatter``: where in the target the elements of the source go, the way of ``gather`` backwards."""

from collections import defaultdict
from collections.abc import Collection

from torch import Tensor

from helpers.drawings import index_grids
from helpers.drawings.index_grids import Cell, Grid, grid_of, value_text


def show_scatter(
    target: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    *,
    follow: int | None = None,
    hide: Collection[str] = (),
    add: bool = False,
) -> None:
    """Show ``target.scatter(dim, index, src)``: source, index and the target as it is afterwards.

    Elements of the target that are not written are dashed and show their old value. Elements written more than once
    are framed; since it is not defined which value stays, all are shown. With ``add``, for ``scatter_add``, their sum
    is. ``src`` has the dtype of the target, and is at least as large as the index; the target is not changed. The
    other arguments are those of ``show_gather``.

    Raises:
        RuntimeError, IndexError: what ``scatter`` itself refuses.
        ValueError: this cannot be drawn, or ``follow`` or ``hide`` does not fit.
    """
    target.scatter(dim, index, src)  # raises what is to be raised
    dim = index_grids.check_drawable(target, dim, index)
    slices = [_grids(*parts, dim, add) for parts in index_grids.slices_of(src, index, target)]
    several = "several values added" if add else "written more than once, any may stay"
    notes = {"idle": ("dashed", "not written, keeps its value"), "repeated": ("framed", several)}
    title = f"Scatter{'_add' if add else ''} along dim {dim + target.ndim}"
    index_grids.show_grids(title, slices, dim, notes, indexed="target", follow=follow, hide=hide)


def _grids(src: Tensor, index: Tensor, target: Tensor, dim: int, add: bool) -> dict[str, Grid]:
    arrivals: dict[tuple[int, int], list[Tensor]] = defaultdict(list)
    for place, goal in index_grids.ways(index, dim):
        arrivals[goal].append(src[place])

    def src_cell(i: int, j: int) -> Cell:
        is_sent = i < len(index) and j < len(index[0])
        return Cell(value_text(src[i, j]), index[i, j].item() if is_sent else None)

    def target_cell(i: int, j: int) -> Cell:
        values = arrivals.get((i, j))
        if values is None:
            return Cell(value_text(target[i, j]), None, "idle")
        total = value_text(sum(values, target[i, j]))
        text = total if add else "\nor ".join(map(value_text, values))
        return Cell(text, (i, j)[dim], "plain" if len(values) == 1 else "repeated")

    return {
        "src": grid_of(src, src_cell),
        "index": index_grids.index_grid(index),
        "target": grid_of(target, target_cell),
    }
