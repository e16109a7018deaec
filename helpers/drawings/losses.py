"""Draws losses as functions of what a net says."""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import plotting

STYLES = "-", "--", "-.", ":"


def show_losses_of_errors() -> None:
    """Show the squared, the absolute and the Huber loss of one error, from -3 to 3."""
    plotting.use_style()
    error = torch.linspace(-3, 3, 121)
    zero = torch.zeros_like(error)
    curves = {
        "squared": F.mse_loss(error, zero, reduction="none"),
        "absolute": F.l1_loss(error, zero, reduction="none"),
        "Huber": F.huber_loss(error, zero, reduction="none"),
    }
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for (name, loss), style in zip(curves.items(), STYLES, strict=False):
        axis.plot(error, loss, style, label=name)
    axis.set(xlabel="prediction - target", ylabel="loss", xlim=(-3, 3), ylim=(0, 5))
    axis.legend(loc="upper center")
    plotting.show(
        figure,
        alt="Three curves with their minimum at zero: the squared error grows ever steeper, the absolute error is a "
        "V, the Huber loss is round at the bottom and straight on both sides.",
    )


def show_training(curves: dict[str, list[float]], alt: str) -> None:
    """Show the losses of several training runs, step by step, up to three times the loss of the beginning.

    Args:
        curves: the losses of each run by its name.
        alt: what there is to see.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for (name, losses), style in zip(curves.items(), STYLES, strict=False):
        axis.plot(losses, style, label=name)
    longest = max(map(len, curves.values()))
    start = max(losses[0] for losses in curves.values())
    top = min(3 * start, 1.05 * max(map(max, curves.values())))
    axis.set(xlabel="step", ylabel="loss", xlim=(0, longest - 1), ylim=(0, top))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plotting.show(figure, alt=alt)
