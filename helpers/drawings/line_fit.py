"""Draws points, the straight lines that are fitted to them, and how the loss falls on the way."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from helpers import plotting

COLORS = plotting.VERMILION, plotting.ORANGE, plotting.BLUE, plotting.GREEN
MARGIN = 0.5  # how far a line goes beyond the first and the last point


def show_lines(x: Tensor, y: Tensor, lines: Mapping[str, tuple[float, float]]) -> None:
    """Show points and lines; of a single line also how far each point lies from it, upwards or downwards.

    Args:
        x: the points' first coordinates, 1-D.
        y: their second coordinates, of the same shape.
        lines: slope and intercept of each line by its name, at most four; numbers or tensors of one element.

    Raises:
        ValueError: there are no lines, or more than there are colors.
    """
    if not 1 <= len(lines) <= len(COLORS):
        raise ValueError(f"wanted are one to {len(COLORS)} lines, not {len(lines)}")
    plotting.use_style()
    plt.rcParams["font.size"] = 11
    figure, axis = plt.subplots(figsize=(6, 3.4))
    ends = torch.tensor([float(x.min()) - MARGIN, float(x.max()) + MARGIN])
    for color, (name, (slope, intercept)) in zip(COLORS, lines.items(), strict=False):
        w, b = (torch.as_tensor(number).item() for number in (slope, intercept))
        axis.plot(ends, w * ends + b, color=color, label=name)
        if len(lines) == 1:
            axis.vlines(x, w * x + b, y, color=plotting.GRAY, linestyles="dotted", label="error")
    axis.scatter(x, y, s=55, color="black", zorder=3, label="data")
    axis.set(xlabel="x", ylabel="y", ylim=(min(0.0, float(y.min())), float(y.max()) + 1))
    axis.legend(loc="upper left")
    errors = ", and the error of each point" if len(lines) == 1 else ""
    plotting.show(figure, alt=f"{len(x)} points and {_list(list(lines))}{errors}.")


def _list(names: list[str]) -> str:
    """Join names: 'the line "a"', 'the lines "a", "b" and "c"'."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) == 1:
        return f"the line {quoted[0]}"
    return f"the lines {', '.join(quoted[:-1])} and {quoted[-1]}"


def show_losses(curves: Mapping[str, Sequence[float]], what: str) -> None:
    """Show how the loss changed from step to step, on a logarithmic scale.

    Args:
        curves: the losses before each step, by what differs between the runs; all positive.
        what: the title of the legend: the name of what differs.
    """
    plotting.use_style()
    plt.rcParams["font.size"] = 11
    figure, axis = plt.subplots(figsize=(6, 3.2))
    for name, losses in curves.items():
        axis.semilogy(losses, label=name)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="steps taken", ylabel="loss")
    axis.legend(title=what)
    ends = [
        f"{name} it {'rises' if losses[-1] > losses[0] else 'falls'}"
        for name, losses in curves.items()
    ]
    plotting.show(figure, alt=f"The loss by step. With {what} {', with '.join(ends)}.")
