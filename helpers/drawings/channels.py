"""Draws what becomes of a picture's color channels by ``permute``, and by ``view``, which mixes them."""

import matplotlib.pyplot as plt
import torch

from helpers import plotting

SIDE = 48  # of the picture, in pixels


def show_permute_and_view() -> None:
    """Show a picture of SIDE x SIDE x 3, and its three channels as ``permute(2, 0, 1)`` and as ``view`` find them."""
    picture = disc_and_gradients()
    rows = {
        "permute(2, 0, 1)": picture.permute(2, 0, 1),
        "view(3, 48, 48)": picture.view(3, SIDE, SIDE),
    }
    plotting.use_style()
    figure, axes = plt.subplots(2, 4, figsize=(7, 3.8))
    for axis in axes.flat:
        plotting.bare(axis)
    axes[0, 0].imshow(picture.numpy())
    axes[0, 0].set_title("the picture")
    axes[1, 0].set_visible(False)
    for n, (name, channels) in enumerate(rows.items()):
        for c in range(3):
            axes[n, c + 1].imshow(channels[c].numpy(), cmap="gray", vmin=0, vmax=1)
            axes[n, c + 1].set_title(f"channel {c}", fontsize=9)
        axes[n, 1].set_ylabel(name, weight="bold")
    plotting.show(
        figure,
        alt="A picture with a red disc. Its channels by permute: a disc and two gradients. By view: three mixtures of "
        "stripes, each with a part of the disc.",
    )


def disc_and_gradients() -> torch.Tensor:
    """Make a picture, SIDE x SIDE x 3, float in 0..1: a red disc, green from left to right, blue from top to bottom."""
    line = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([(x**2 + y**2 < 0.6).float(), (x + 1) / 2, (y + 1) / 2], dim=2)
