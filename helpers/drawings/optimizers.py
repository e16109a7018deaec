"""Draws what optimizers and learning rate schedules do, step by step."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from helpers import plotting

STYLES = "-", "--", "-.", ":"
TOP = 3  # the valley is shown from -TOP to TOP
STEPS = 100  # of a schedule
Path = Sequence[Sequence[float]]


def descend(optimizer_class: type[Optimizer], steps: int = 40, **options: float) -> Path:
    """Walk down the valley a**2 / 20 + b**2 from (-9, 2), and return the points; a walk that has left it ends there.

    Args:
        optimizer_class: such as ``torch.optim.SGD``.
        steps: at most as many.
        options: of the optimizer, such as ``lr``.
    """
    p = torch.tensor([-9.0, 2.0], requires_grad=True)
    optimizer = optimizer_class([p], **options)
    path = [p.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        (p[0] ** 2 / 20 + p[1] ** 2).backward()
        optimizer.step()
        path.append(p.tolist())
        if abs(path[-1][1]) > TOP:
            break
    return path


def show_valley(left: Mapping[str, Path], right: Mapping[str, Path]) -> None:
    """Show paths through the valley a**2 / 20 + b**2, in two panels.

    Args:
        left: paths by name; each is a list of points (a, b).
        right: the same for the other panel.
    """
    plotting.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    for axis, paths in zip(axes, (left, right), strict=True):
        _valley(axis)
        for name, path in paths.items():
            axis.plot(*zip(*path, strict=True), marker=".", markersize=5, linewidth=1.2, label=name)
        axis.legend(loc="upper right")
    words = [", ".join(map(course, paths.values())) for paths in (left, right)]
    plotting.show(
        figure, alt=f"Left: {words[0]}. Right: {words[1]}. A star marks the lowest point."
    )


def course(path: Path) -> str:
    """Say in words how a path runs: slow, zigzag, swinging, curved, or out of the valley."""
    (_, first), (x, last) = path[0], path[-1]
    turns = sum(a[1] * b[1] < 0 for a, b in pairwise(path))
    if abs(last) > abs(first):
        return "one that flies out"
    if turns > len(path) / 2:
        return "a zigzag"
    if abs(x) > 1:
        return "a slow path"
    return "a curve that swings" if turns > 4 else "a curve"


def _valley(axis: Axes) -> None:
    x, y = torch.meshgrid(torch.linspace(-10, 4, 141), torch.linspace(-3, 3, 61), indexing="xy")
    axis.contour(x, y, x**2 / 20 + y**2, levels=8, colors="#BBBBBB", linewidths=0.8)
    axis.plot(0, 0, "k*", markersize=11)
    axis.set(xlim=(-10, 4), ylim=(-TOP, TOP), xlabel="a", ylabel="b")


def show_learning_rates(*schedulers: LRScheduler) -> None:
    """Take 100 steps with each scheduler, and show the learning rates.

    Args:
        schedulers: new ones, each of an optimizer of its own; the first group's learning rate is shown.
    """
    plotting.use_style()
    schedules = {type(scheduler).__name__: learning_rates(scheduler) for scheduler in schedulers}
    figure, axis = plt.subplots(figsize=(8, 3))
    for (name, rates), style in zip(schedules.items(), STYLES, strict=False):
        axis.plot(rates, style, label=name)
    axis.set(xlabel="step", ylabel="learning rate", xlim=(0, STEPS), ylim=(0, None))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    words = [f"{name}: {shape(rates)}" for name, rates in schedules.items()]
    plotting.show(figure, alt=f"Learning rates by step. {'. '.join(words)}.")


def learning_rates(scheduler: LRScheduler) -> list[float]:
    """Return the learning rate of each of 100 steps."""
    rates = []
    for _ in range(STEPS):
        rates += scheduler.get_last_lr()[:1]
        scheduler.optimizer.step()
        scheduler.step()
    return rates


def shape(rates: Sequence[float]) -> str:
    """Say in words how a learning rate runs: in stairs, up, down, or both."""
    differences = [b - a for a, b in pairwise(rates)]
    if sum(d == 0 for d in differences) > len(differences) / 2:
        return "stairs"
    rises = any(d > 1e-9 for d in differences)
    falls = any(d < -1e-9 for d in differences)
    if rises and falls:
        return "up, then down"
    if rises:
        return "up"
    return "down" if falls else "level"
