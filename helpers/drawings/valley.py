"""Draws a function of two numbers as a landscape, and the ways that methods take through it to its lowest point."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from helpers import plotting

SPEEDS, ANGLES = (4.0, 11.0), (0.4, 1.4)  # what the picture covers
POINTS = 60  # in each direction, where the function is evaluated
STEEPNESS = 0.4  # levels close together at the bottom of the valley


def show_valley(
    function: Callable[[Tensor], Tensor], walks: Mapping[str, Sequence[Tensor]]
) -> None:
    """Show lines of equal height of a function of a speed and an angle, and walks over it.

    Args:
        function: takes one point, a tensor of two elements, and returns one number.
        walks: the points of each walk, by its name; the last is marked with a larger dot.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(7, 4.2))
    speeds, angles = (torch.linspace(*ends, POINTS) for ends in (SPEEDS, ANGLES))
    points = torch.cartesian_prod(speeds, angles)
    with torch.no_grad():
        heights = torch.func.vmap(function)(points).view(POINTS, POINTS).T
    levels = torch.linspace(0, heights.max().item() ** STEEPNESS, 16) ** (1 / STEEPNESS)
    axis.contourf(speeds, angles, heights, levels=levels.tolist(), cmap="Blues", alpha=0.7)
    colors = (plotting.VERMILION, plotting.GREEN, plotting.PURPLE)
    for (name, walk), color in zip(walks.items(), colors, strict=False):
        path = torch.stack(list(walk)).detach()
        axis.plot(*path.T, ".-", color=color, linewidth=1.5, markersize=6, label=name)
        axis.plot(*path[-1], "o", color=color, markersize=10)
    axis.plot(*path[0], "s", color=plotting.GRAY, markersize=8, label="start")
    axis.grid(False)
    axis.set(xlim=SPEEDS, ylim=ANGLES, xlabel="speed in m/s", ylabel="angle in radians")
    axis.legend(loc="upper left")
    names = " and ".join(walks)
    plotting.show(
        figure,
        alt=f"A long, narrow valley of the miss over speed and angle, with the path of {names}.",
    )
