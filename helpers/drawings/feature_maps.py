"""Draws what a convolution makes of a picture: filters with their feature maps."""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from torch import Tensor

from helpers import plotting

TITLES = "left to right", "downwards", "diagonal", "other diagonal", "detail", "blur"


def six_filters() -> Tensor:
    """Return six filters of 5 x 5 made by hand, as the weight of ``Conv2d(1, 6, 5)``: 6 x 1 x 5 x 5."""
    ramp, bell = torch.tensor([-2.0, -1, 0, 1, 2]), torch.tensor([1.0, 4, 6, 4, 1]) / 16
    blur = torch.outer(bell, bell)
    detail = -blur
    detail[2, 2] += 1
    slope = ramp + ramp.unsqueeze(1)
    edges = [torch.outer(bell, ramp), torch.outer(ramp, bell), slope * blur, slope.flip(1) * blur]
    return torch.stack([*edges, detail, blur]).unsqueeze(1)


def show_filters(picture: Tensor, filters: Tensor) -> None:
    """Show a picture, the six filters, and below each of them the feature map that it makes of the picture.

    Red is positive and blue negative, each panel on a scale of its own.

    Args:
        picture: 1 x H x W.
        filters: ``six_filters()``.
    """
    plotting.use_style()
    maps = F.conv2d(picture, filters)
    figure, axes = plt.subplots(2, len(TITLES) + 1, figsize=(9, 2.9))
    axes[0, 0].imshow(picture[0].numpy(), cmap="gray")
    axes[0, 0].set_title("picture", fontsize=10)
    for n, title in enumerate(TITLES):
        _signed(axes[0, n + 1], filters[n, 0])
        _signed(axes[1, n + 1], maps[n])
        axes[0, n + 1].set_title(title, fontsize=10)
    for axis in axes.flat:
        plotting.bare(axis)
    alt = "A picture, six filters of 5 x 5, below each the map that it makes."
    plotting.show(figure, alt=alt)


def _signed(axis: Axes, values: Tensor) -> None:
    largest = values.abs().max().item()
    axis.imshow(values.numpy(), cmap="RdBu_r", vmin=-largest, vmax=largest)
