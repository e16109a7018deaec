"""Draws how large the gradient is in each layer of a network."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from torch import Tensor

from helpers import plotting


def show_gradient_norms(norms: Mapping[str, Sequence[Tensor | float]]) -> None:
    """Show the norms of gradients layer by layer, on a logarithmic axis, a line for each network.

    Args:
        norms: for each network, by its name, the norm of the gradient in each layer, the first layer first.
    """
    plotting.use_style()
    figure, axis = plt.subplots()
    directions = []
    for name, values in norms.items():
        sizes = [float(value) for value in values]
        axis.semilogy(range(1, len(sizes) + 1), sizes, label=name)
        directions.append(f"{name} {_course(sizes[-1], sizes[0])}")
    axis.set(xlabel="layer", ylabel="norm of the gradient")
    axis.legend()
    plotting.show(
        figure,
        alt=f"Norm of the gradient from the last layer back to the first: {', '.join(directions)}.",
    )


def _course(last: float, first: float) -> str:
    """In words, where a gradient goes on its way from the last layer to the first."""
    if first > 10 * last:
        return "rises"
    return "falls" if first < last / 10 else "stays level"
