"""Draws points of several classes in a plane, and what a net says of each place."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from torch import Tensor, nn

from helpers import plotting
from helpers.drawings.index_grids import tint

COLORS = plotting.BLUE, plotting.ORANGE, plotting.GREEN
MARKS = "o", "s", "^"
EDGE = 1.3  # the plane is shown from -EDGE to EDGE
PIXELS = 201  # places along each side at which a net is asked


def show_points(x: Tensor, y: Tensor) -> None:
    """Show points in the plane, each class with a color and a mark of its own.

    Args:
        x: N x 2.
        y: N labels, 0 to 2.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(3.6, 3.6))
    _points(axis, x, y, size=14)
    plotting.show(figure, alt=f"Points of {len(y.unique())} classes in a plane: spiral arms.")


def show_regions(nets: Mapping[str, nn.Module], x: Tensor, y: Tensor) -> None:
    """Show for each net which class it would give to each place of the plane, and the points.

    Args:
        nets: nets that take N x 2 and return N x 3 scores, by the words above their pictures.
        x: N x 2.
        y: N labels, 0 to 2.
    """
    plotting.use_style()
    figure, axes = plt.subplots(1, len(nets), figsize=(3 * len(nets), 3.3), squeeze=False)
    counted = []
    for axis, (name, net) in zip(axes.flat, nets.items(), strict=True):
        axis.imshow(
            regions(net),
            cmap=ListedColormap([tint(color, 0.35) for color in COLORS]),
            vmin=0,
            vmax=2,
            extent=(-EDGE, EDGE, -EDGE, EDGE),
            origin="lower",
        )
        _points(axis, x, y, size=7)
        axis.set_title(name)
        with torch.no_grad():
            share = (net(x).argmax(1) == y).double().mean()
        counted.append(f"{name}: regions that {'fit' if share > 0.9 else 'cut across'} the arms.")
    plotting.show(figure, alt=" ".join(counted))


@torch.no_grad()
def regions(net: nn.Module) -> Tensor:
    """Return the class that a net gives to each place of the plane, row by row from below."""
    side = torch.linspace(-EDGE, EDGE, PIXELS)
    across, up = torch.meshgrid(side, side, indexing="xy")
    return net(torch.stack([across, up], dim=-1).flatten(0, 1)).argmax(1).view(PIXELS, PIXELS)


def _points(axis: plt.Axes, x: Tensor, y: Tensor, size: float) -> None:
    for label, (color, mark) in enumerate(zip(COLORS, MARKS, strict=True)):
        axis.scatter(*x[y == label].T, s=size, c=color, marker=mark, linewidths=0)
    axis.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), aspect="equal")
    plotting.bare(axis)
