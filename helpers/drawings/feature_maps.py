"""Draws what convolutions make of a picture: filters with their feature maps, and the maps of each layer in turn."""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from torch import Tensor, nn

from helpers import plotting

TITLES = "left to right", "downwards", "diagonal", "other diagonal", "detail", "blur"
SMALLEST = 1e-6  # a map that is zero everywhere stays so


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


def show_feature_maps(features: nn.Sequential, picture: Tensor) -> None:
    """Show the maps of a picture after each ReLU and each pooling of a Sequential, a row for each.

    Each map fills its own scale: dark is zero, light the largest number in it.

    Args:
        features: convolutions, ReLU and pooling in the order in which they are applied.
        picture: 1 x H x W.
    """
    plotting.use_style()
    rows = maps_of(features, picture)
    heights = [maps.shape[1] / (maps.shape[0] * (maps.shape[2] + 1)) for maps in rows.values()]
    figure, axes = plt.subplots(len(rows), 1, figsize=(8.7, 4.1), height_ratios=heights)
    parts = []
    for axis, (name, maps) in zip(axes, rows.items(), strict=True):
        scaled = maps / maps.amax((1, 2), keepdim=True).clamp(min=SMALLEST)
        side_by_side = torch.cat(list(F.pad(scaled, (0, 1), value=torch.nan)), dim=1)
        axis.imshow(side_by_side.numpy(), vmin=0, vmax=1)
        shape = " x ".join(str(n) for n in maps.shape)
        axis.set_ylabel(f"{name}\n{shape}", rotation=0, ha="right", va="center")
        plotting.bare(axis)
        parts.append(f"after {name} {maps.shape[0]} of {maps.shape[1]} x {maps.shape[2]}")
    plotting.show(figure, alt=f"Rows of feature maps: {', '.join(parts)}.")


def maps_of(features: nn.Sequential, picture: Tensor) -> dict[str, Tensor]:
    """Return the maps of a picture after each ReLU and pooling, by a name such as "pool 2"; no gradients."""
    rows, block, maps = {}, 0, picture
    with torch.no_grad():
        for layer in features:
            maps = layer(maps)
            if isinstance(layer, nn.Conv2d):
                block += 1
            else:
                kind = "ReLU" if isinstance(layer, nn.ReLU) else "pool"
                rows[f"{kind} {block}"] = maps
    return rows


def _signed(axis: Axes, values: Tensor) -> None:
    largest = values.abs().max().item()
    axis.imshow(values.numpy(), cmap="RdBu_r", vmin=-largest, vmax=largest)
