"""Draws element-wise functions: their curves, angles in the plane, the two remainders, activations and their slopes."""

import math
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import plotting

CURVES = {
    "abs(x)": (torch.abs, (-3, 3)),
    "sqrt(x)": (torch.sqrt, (0, 4)),
    "exp(x)": (torch.exp, (-3, 2)),
    "log(x)": (torch.log, (0.02, 4)),
    "pow(x, 3)": (lambda x: x.pow(3), (-2, 2)),
    "sin(x)": (torch.sin, (-6.3, 6.3)),
    "asin(x)": (torch.asin, (-1, 1)),
    "cosh(x)": (torch.cosh, (-3, 3)),
}
ACTIVATIONS = [torch.sigmoid, torch.tanh, F.relu, F.leaky_relu, F.elu, F.gelu, F.silu, F.softplus]


def show_functions() -> None:
    """Show eight of the functions of the notes as curves."""
    plotting.use_style()
    figure, axes = plt.subplots(2, 4, figsize=(8, 3.8))
    for axis, (name, (function, ends)) in zip(axes.flat, CURVES.items(), strict=True):
        x = torch.linspace(*ends, 400)
        axis.plot(x, function(x))
        axis.set_title(name, fontsize=10)
    plotting.show(
        figure, alt="Eight curves: abs, sqrt, exp, log, the third power, sin, asin, cosh."
    )


def show_angles() -> None:
    """Show atan(y / x) and atan2(y, x) as colors in the plane, with four points and their angles in degrees."""
    plotting.use_style()
    line = torch.linspace(-2, 2, 200)
    y, x = torch.meshgrid(line.flip(0), line, indexing="ij")
    functions = {"atan(y / x)": lambda y, x: torch.atan(y / x), "atan2(y, x)": torch.atan2}
    corners = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    look = {"ha": "center", "backgroundcolor": "white"}
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.2))
    for axis, (name, angle) in zip(axes, functions.items(), strict=True):
        image = axis.imshow(
            angle(y, x).rad2deg(), "twilight", vmin=-180, vmax=180, extent=(-2, 2, -2, 2)
        )
        axis.plot(*corners.T, "o", color="black", markersize=4)
        for a, b in corners:
            axis.text(a, b + 0.25, f"{angle(b, a).rad2deg():.0f}\u00b0", look)
        axis.set(xticks=range(-2, 3), yticks=range(-2, 3), xlabel="x (east)", ylabel="y (north)")
        axis.set_title(name)
        axis.grid(False)
    figure.colorbar(image, ax=axes, label="degrees", ticks=range(-180, 181, 90))
    plotting.show(
        figure,
        alt="Two planes. Left, opposite quadrants have the same angle. Right, all four differ.",
    )


def show_remainders() -> None:
    """Show fmod(x, 3) and x % 3 as curves over negative and positive x."""
    plotting.use_style()
    x = torch.linspace(-7, 7, 1401)
    remainders = {"fmod(x, 3)": torch.fmod(x, 3), "x % 3": x % 3}
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True)
    for axis, (name, y), color in zip(axes, remainders.items(), plotting.COLORS, strict=False):
        y[1:][y.diff().abs() > 1] = math.nan  # no line across the jumps
        axis.plot(x, y, color=color)
        axis.set(title=name, xlabel="x", ylim=(-3.2, 3.2))
    plotting.show(
        figure,
        alt="Saw teeth. Left of zero those of fmod hang below the axis, those of % do not.",
    )


def steepest(activation: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """Return the largest slope of an activation function, over numbers far beyond those that are drawn."""
    x = torch.linspace(-20, 20, 4001, requires_grad=True)
    return torch.autograd.grad(activation(x).sum(), x)[0].max().item()


def show_activations() -> None:
    """Show eight activation functions with their slopes, which autograd finds; above each its steepest slope."""
    plotting.use_style()
    figure, axes = plt.subplots(2, 4, figsize=(8, 4.2), sharex=True)
    for axis, activation in zip(axes.flat, ACTIVATIONS, strict=True):
        x = torch.linspace(-5, 5, 1001, requires_grad=True)
        y = activation(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        axis.plot(x.detach(), y.detach(), label="value")
        axis.plot(x.detach(), slope, "--", label="slope")
        axis.set_title(
            f"{activation.__name__}, slope \u2264 {steepest(activation):.2f}", fontsize=9
        )
        axis.set_ylim((-1.1, 1.3) if activation in ACTIVATIONS[:2] else (-1.1, 3))
    axes[0, 0].legend(loc="lower right", fontsize=8)
    plotting.show(
        figure,
        alt="Eight activation functions with their slopes. Sigmoid and tanh are flat on both sides; the others rise on "
        "the right and are flat, or nearly so, on the left.",
    )
