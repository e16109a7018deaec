"""Draws what floats can hold, what becomes of sums in few bits, and the memory of a network in training."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from torch import nn

from helpers import plotting
from helpers.memory import bytes_of, kept_for_backward

FLOATS = ["float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "float32", "float64"]
COLOR = dict(zip(["int8", *FLOATS], reversed(plotting.COLORS), strict=True))
SHORT = ["float16", "bfloat16", "float32"]


def show_float_bits() -> None:
    """Show how six float types share out their bits: sign, exponent, fraction."""
    plotting.use_style()
    info = [torch.finfo(getattr(torch, name)) for name in FLOATS]
    fraction = [round(-math.log2(i.eps)) for i in info]
    exponent = [i.bits - 1 - bits for i, bits in zip(info, fraction, strict=True)]
    figure, axis = plt.subplots(figsize=(8, 2.8))
    left = [0] * len(info)
    for part, widths in {
        "sign": [1] * len(info),
        "exponent": exponent,
        "fraction": fraction,
    }.items():
        bars = axis.barh(FLOATS, widths, left=left, label=part, edgecolor="white")
        axis.bar_label(bars, label_type="center", color="white", fontsize=9)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axis.set(xticks=[0, 8, 16, 32, 64], xlabel="bits")
    axis.invert_yaxis()
    axis.legend(loc="upper right")
    plotting.show(
        figure,
        alt="Bars of bits for six float types: one for the sign, then the exponent, then the fraction. bfloat16 has as "
        "many exponent bits as float32, float16 has more fraction bits.",
    )


def values_of(name: str) -> torch.Tensor:
    """Return every value of a float type of 8 or 16 bits, or of int8, as float64, by reading each pattern of bits."""
    dtype = getattr(torch, name)
    patterns = torch.arange(2 ** (8 * dtype.itemsize))
    bits = patterns.to(torch.uint8 if dtype.itemsize == 1 else torch.uint16)
    return bits.view(dtype).double()


def show_number_lines() -> None:
    """Show all values of 8-bit types from 0 to 8, and of the 16-bit floats just above 1, as marks on lines."""
    plotting.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.4), width_ratios=(5, 4))
    shown = {(0, 8): ["float8_e4m3fn", "float8_e5m2", "int8"], (1, 1.05): ["float16", "bfloat16"]}
    for axis, ((low, high), names) in zip(axes, shown.items(), strict=True):
        marks = [v[(v >= low) & (v <= high)] for v in map(values_of, names)]
        paint = [COLOR[name] for name in names]
        axis.eventplot(
            marks, lineoffsets=range(len(names)), linelengths=0.7, linewidths=1, colors=paint
        )
        axis.set_yticks(range(len(names)), names)
        axis.set_title(f"all values from {low} to {high}")
        axis.grid(False)
    plotting.show(
        figure,
        alt="Number lines. Left: int8 lies evenly; the float8 types are dense near zero and sparse further out. Right: "
        "float16 is eight times as dense as bfloat16.",
    )


def running_sums(name: str, count: int = 10_000, term: float = 0.001) -> torch.Tensor:
    """Add a term again and again in a float type; returns the total after each addition, as float64."""
    dtype = getattr(torch, name)
    total, step = torch.tensor(0, dtype=dtype), torch.tensor(term, dtype=dtype)
    return torch.stack([total := total + step for _ in range(count)]).double()


def show_running_sums() -> None:
    """Show the sum of ten thousand times 0.001, addition by addition, in three float types."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for name in SHORT:
        style = "--" if name == "float32" else "-"
        axis.plot(running_sums(name), style, color=COLOR[name], label=name)
    axis.set(xlabel="additions of 0.001", ylabel="sum", ylim=(0, 10.5))
    axis.legend()
    plotting.show(
        figure,
        alt="The float32 sum rises in a straight line to the end. Those of float16 and bfloat16 stop on the way, "
        "bfloat16 first.",
    )


def show_rounding_errors() -> None:
    """Show the worst relative error of a conversion against the size of the number, for three float types."""
    plotting.use_style()
    powers = 2.0 ** torch.arange(-152, 130, dtype=torch.float64)
    x = powers[:, None] * (1 + (torch.arange(1000) + 1 / 3).double() / 1000)
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for name in SHORT:
        error = ((x.to(getattr(torch, name)).double() - x).abs() / x).amax(1)
        axis.loglog(powers[error <= 1], error[error <= 1], color=COLOR[name], label=name)
    axis.set(xlabel="number", ylabel="worst relative error", ylim=(1e-8, 3))
    axis.legend(loc="center right")
    plotting.show(
        figure,
        alt="Worst relative rounding error against the size of the number. float16 is a narrow trough, bfloat16 a wide "
        "and shallow one, float32 a wide and deep one.",
    )


def show_training_memory(
    net: nn.Module, input_shape: tuple[int, ...], batch_sizes: Sequence[int]
) -> None:
    """Show what a network takes in training with Adam, for several batch sizes: measured, in megabytes.

    Args:
        net: on the CPU; its output is summed up for the backward pass. It is trained by no step.
        input_shape: of one sample, float32.
        batch_sizes: one bar each.
    """
    plotting.use_style()
    weights = bytes_of(net.parameters())
    parts = {"parameters": weights, "gradients": weights, "Adam": 2 * weights}
    figure, axis = plt.subplots(figsize=(7, 2.8))
    left = torch.zeros(len(batch_sizes))
    for name in [*parts, "activations"]:
        sizes = [parts.get(name) or activations(net, (n, *input_shape)) for n in batch_sizes]
        megabytes = torch.tensor(sizes) / 1e6
        axis.barh([str(n) for n in batch_sizes], megabytes, left=left, label=name)
        left += megabytes
    axis.set(xlabel="MB", ylabel="batch size")
    axis.legend(loc="lower right")
    plotting.show(
        figure,
        alt="Stacked bars for several batch sizes: parameters, gradients and Adam stay the same, activations grow in "
        "proportion to the batch.",
    )


def activations(net: nn.Module, shape: tuple[int, ...]) -> int:
    """Measure the bytes that autograd keeps for the backward pass of one batch, without the parameters."""
    kept = kept_for_backward(lambda: net(torch.zeros(shape)).sum())
    return bytes_of([*kept, *net.parameters()]) - bytes_of(net.parameters())
