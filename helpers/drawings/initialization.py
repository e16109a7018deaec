"""Draws how the spread of a signal changes on its way through many layers, for several ways to initialize them."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from helpers import plotting

WIDTH, DEPTH = 128, 20
HE = (2 / WIDTH) ** 0.5
STARTS: dict[str, Callable[[Tensor], object]] = {
    "twice He": lambda weight: nn.init.normal_(weight, std=2 * HE),
    "He": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "half of He": lambda weight: nn.init.normal_(weight, std=HE / 2),
    "default": lambda weight: weight,
}
STYLES = "-.", "-", "--", ":"


def spreads(start: Callable[[Tensor], object]) -> tuple[list[float], list[float]]:
    """Return the standard deviations of the activations behind each layer, and of the gradients there.

    Args:
        start: initializes the weight of a linear layer in place; the layers have a ReLU behind and no bias.
    """
    torch.manual_seed(0)
    hidden = [torch.randn(128, WIDTH)]
    for _ in range(DEPTH):
        layer = nn.Linear(WIDTH, WIDTH, bias=False)
        start(layer.weight)
        hidden.append(layer(hidden[-1]).relu())
    gradients = torch.autograd.grad(hidden[-1], hidden[1:], torch.randn(128, WIDTH))
    return [h.std().item() for h in hidden[1:]], [g.std().item() for g in gradients]


def show_signal() -> None:
    """Show the spread of activations and gradients through 20 layers of 128, for four ways to initialize them."""
    plotting.use_style()
    with torch.random.fork_rng(devices=[]):
        runs = {name: spreads(start) for name, start in STARTS.items()}
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True)
    for (name, both), style in zip(runs.items(), STYLES, strict=True):
        for axis, spread in zip(axes, both, strict=True):
            axis.semilogy(range(1, DEPTH + 1), spread, style, label=name)
    axes[0].set(title="forward: activations", ylim=(1e-9, 1e9), ylabel="standard deviation")
    axes[1].set(title="backward: gradients")
    plt.setp(axes, xlabel="layer", xticks=[1, 5, 10, 15, 20])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    plotting.show(
        figure,
        alt="Standard deviation by layer, on a logarithmic scale, forward and backward: with He's rule it stays "
        "level, twice as much makes it grow, half as much and the default make it fade.",
    )
