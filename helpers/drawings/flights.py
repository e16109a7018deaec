"""Draws the flights of a ball: each throw as a line of dots, and the hoop."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from helpers import plotting

State = tuple[Tensor, Tensor]  # position and velocity


def show_flights(
    start: Callable[[Tensor], State],
    step: Callable[[Tensor, Tensor], State],
    hoop: Tensor,
    throws: Mapping[str, Tensor],
    steps: int = 50,
) -> None:
    """Show where the ball goes, step by step, and where it is at the end.

    Args:
        start: makes the first position and velocity of a throw.
        step: makes the next position and velocity.
        hoop: a position, of two elements.
        throws: what ``start`` takes, by name.
        steps: how many steps a flight has.
    """
    plotting.use_style()
    figure, axis = plt.subplots()
    for (name, throw), color in zip(throws.items(), plotting.COLORS, strict=False):
        path = flight(start, step, throw, steps)
        axis.plot(*path.T, ".-", color=color, linewidth=1, markersize=4, label=name)
        axis.plot(*path[-1], "o", color=color, markersize=12)
    axis.plot(*hoop, "x", color=plotting.GRAY, markersize=12, markeredgewidth=3, label="hoop")
    axis.set(xlabel="distance in meters", ylabel="height in meters", ylim=(0, None))
    axis.set_aspect("equal")
    axis.legend(loc="lower left")
    names = ", ".join(throws)
    plotting.show(figure, alt=f"Curves of the ball's flight: {names}; a cross marks the hoop.")


def flight(
    start: Callable[[Tensor], State],
    step: Callable[[Tensor, Tensor], State],
    throw: Tensor,
    steps: int,
) -> Tensor:
    """Follow a throw: the positions of the ball as rows, the first one included."""
    with torch.no_grad():
        position, velocity = start(throw)
        path = [position]
        for _ in range(steps):
            position, velocity = step(position, velocity)
            path.append(position)
    return torch.stack(path)
