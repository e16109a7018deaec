"""Draws the receptive field of an output: the part of the picture that it can depend on, found by gradients."""

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from helpers import plotting

SIDE = 32  # pixels, of the noise that the layers are tried on
SAMPLES = 200  # pictures of noise: a maximum listens to one pixel at a time, many find all of them


def show_receptive_fields(features: nn.Sequential) -> None:
    """Show, for each convolution and pooling, which pixels one output near the middle depends on.

    Color is the size of the gradient of that output with respect to the pixels; the frame is where arithmetic with
    the sizes of the layers (``fields``) says that it must lie.

    Args:
        features: convolutions, ReLU and pooling in the order in which they are applied; of one input channel.
    """
    plotting.use_style()
    boxes = fields(features)
    gradients = dependence(features)
    figure, axes = plt.subplots(1, len(boxes), figsize=(8.7, 2.6))
    for axis, (name, (first, size)) in zip(axes, boxes.items(), strict=True):
        axis.imshow(gradients[name].numpy(), vmin=0)
        corner = (first - 0.5, first - 0.5)
        frame = Rectangle(corner, size, size, fill=False, linewidth=2, color=plotting.ORANGE)
        axis.add_patch(frame)
        axis.set_title(f"{name}: {size} x {size}", fontsize=11)
        plotting.bare(axis)
    parts = ", ".join(f"{name} {size} x {size}" for name, (_, size) in boxes.items())
    alt = f"What one output depends on, a framed box that grows from layer to layer: {parts}."
    plotting.show(figure, alt=alt)


def fields(features: nn.Sequential) -> dict[str, tuple[int, int]]:
    """Find by arithmetic where the receptive field of the middle output begins and how long its side is.

    By a name such as "pool 2"; no layer may have padding or dilation.
    """
    boxes, block, size, field, step = {}, 0, SIDE, 1, 1
    for layer in features:
        if isinstance(layer, nn.ReLU):
            continue
        kernel, stride = _numbers(layer)
        block += isinstance(layer, nn.Conv2d)
        size = (size - kernel) // stride + 1
        field, step = field + (kernel - 1) * step, step * stride
        boxes[_name(layer, block)] = size // 2 * step, field
    return boxes


def dependence(features: nn.Sequential) -> dict[str, Tensor]:
    """Find by autograd how much the middle output of each convolution and pooling depends on each pixel."""
    noise = torch.randn(SAMPLES, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    maps = noise.requires_grad_()
    found, block = {}, 0
    for layer in features:
        maps = layer(maps)
        block += isinstance(layer, nn.Conv2d)
        if not isinstance(layer, nn.ReLU):
            middle = maps.shape[-1] // 2
            output = maps[:, :, middle, middle].sum()
            (gradient,) = torch.autograd.grad(output, noise, retain_graph=True)
            found[_name(layer, block)] = gradient.abs().sum((0, 1))
    return found


def _name(layer: nn.Module, block: int) -> str:
    return f"{'conv' if isinstance(layer, nn.Conv2d) else 'pool'} {block}"


def _numbers(layer: nn.Module) -> tuple[int, int]:
    """The side of a filter or a window, and the stride; Conv2d keeps pairs of them."""
    pairs = layer.kernel_size, layer.stride
    kernel, stride = (pair[0] if isinstance(pair, tuple) else pair for pair in pairs)
    return kernel, stride
