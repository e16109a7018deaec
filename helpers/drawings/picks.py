"""Draws which elements of a tensor an index picks, and whether that gives a view or a copy."""

from collections.abc import Mapping
from itertools import product

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers import plotting
from helpers.drawings.index_grids import tint, value_text
from helpers.plotting import BLUE, ORANGE, VERMILION

IN_A_ROW = 4
LETTER = 0.27  # the width of a letter of the headings, in cells


def show_picks(input: Tensor, picks: Mapping[str, Tensor]) -> None:
    """Show for each of several picks the input, with the picked elements in color: blue for a view, orange for a copy.

    The box of each cell has the expression and its position as ``gid``, such as "x[1][0, 2]"; below each grid stands
    "view" or "copy", and the shape.

    Args:
        input: R x C, all values different.
        picks: what was picked out of the input, by the expression that did it; of any shape.

    Raises:
        ValueError: the input is not two-dimensional, a value is in it twice, or a pick holds another value.
    """
    if input.ndim != 2 or len(input.unique()) < input.numel():
        raise ValueError("wanted is an input of two dimensions, all values different")
    longest = max(map(len, picks))
    height, width = input.shape[0] + 2.9, max(input.shape[1] + 1.4, LETTER * longest + 0.8)
    columns = min(IN_A_ROW, len(picks))
    rows = -(-len(picks) // columns)
    figure = plt.figure(figsize=(0.3 * width * columns, 0.3 * height * rows), layout="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width * columns), ylim=(height * rows, 0))
    plotting.bare(axis)
    sentences = []
    for n, (name, pick) in enumerate(picks.items()):
        if not torch.isin(pick.flatten(), input.flatten()).all():
            raise ValueError(f"{name} holds a value that is not in the input")
        is_view = pick.untyped_storage().data_ptr() == input.untyped_storage().data_ptr()
        shade = tint(BLUE if is_view else ORANGE, 0.55)
        x, y = (n % columns + 0.5) * width - input.shape[1] / 2, n // columns * height + 1.3
        chosen = torch.isin(input, pick.flatten())
        for i, j in product(*map(range, input.shape)):
            box = Rectangle((x + j + 0.04, y + i + 0.04), 0.92, 0.92, gid=f"{name}[{i}, {j}]")
            box.set_facecolor(shade if chosen[i, j] else "#F2F2F2")
            axis.add_patch(box)
            style = {"ha": "center", "va": "center_baseline", "fontsize": 7.5}
            style["color"] = "black" if chosen[i, j] else "#AAAAAA"
            axis.text(x + j + 0.5, y + i + 0.5, value_text(input[i, j]), style)
        middle, bottom = x + input.shape[1] / 2, y + input.shape[0]
        axis.text(middle, y - 0.25, name, ha="center", family="DejaVu Sans Mono", fontsize=9.5)
        below = f"{'view' if is_view else 'copy'} {tuple(pick.shape)}"
        color = BLUE if is_view else VERMILION
        axis.text(middle, bottom + 0.25, below, ha="center", va="top", fontsize=9, color=color)
        values = " ".join(map(value_text, input[chosen]))
        sentences.append(f"{name}: {below}{f', picks {values}' if values else ''}.")
    plotting.show(figure, alt=" ".join(sentences))
