"""What this machine does in a second, in training steps and in single convolutions; and which precision is faster."""

import statistics
import time

import torch
from torch.nn import functional as F

from helpers.training.recipe import Recipe
from helpers.training.step import build, flops_of_step, optimisers_of, step, synchronise


def measure_speed(device: str, precision: str, recipe: Recipe, seconds: float = 0.5) -> float:
    """FLOP/s of this machine in training steps of a recipe's net, with 64 random pictures: the median step."""
    net = build(recipe).to(device, memory_format=torch.channels_last)
    steppers = optimisers_of(net, recipe)
    pictures = torch.randn(64, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.arange(64, device=device) % 10
    took, began = [], time.perf_counter()
    while len(took) < 3 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        step(net, steppers, pictures, labels, device=device, precision=precision)
        synchronise(device)
        took.append(time.perf_counter() - start)
    return flops_of_step(recipe, 64, 32) / statistics.median(took[1:])


def best_precision(device: str) -> str:
    """``"bf16"`` if training steps are at least 1.2 times faster so here, else ``"fp32"``.

    Without instructions for it bf16 is up to hundreds of times slower, so tiny convolutions are asked first. With them
    the tiniest may still be a few times slower, where each call's own cost weighs most.
    """
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device != "cpu":
        return "fp32"
    for width, size, batch, bearable in ((32, 8, 1, 5), (32, 16, 4, 2)):
        tiny = {
            precision: convolution_speed(width, size, batch, device=device, precision=precision)
            for precision in ("fp32", "bf16")
        }
        if tiny["bf16"] < tiny["fp32"] / bearable:
            return "fp32"
    speed = {p: measure_speed(device, p, Recipe(), seconds=0.3) for p in ("fp32", "bf16")}
    return "bf16" if speed["bf16"] > 1.2 * speed["fp32"] else "fp32"


def convolution_speed(
    width: int, size: int, batch: int, *, device: str, precision: str, repeats: int = 5
) -> float:
    """FLOP/s of one 3x3 convolution alone, forward and backward: ``width`` channels to as many, the best of a few."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    shape = {"device": device, "dtype": kind}
    x = torch.randn(batch, width, size, size, **shape).to(memory_format=torch.channels_last)
    weight = torch.randn(width, width, 3, 3, **shape).to(memory_format=torch.channels_last)
    x.requires_grad, weight.requires_grad = True, True
    took = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        y = F.conv2d(x, weight, padding=1)
        torch.autograd.grad(y, (x, weight), y.detach())
        synchronise(device)
        took.append(time.perf_counter() - start)
    return 3 * 2 * 9 * width * width * size * size * batch / min(took[1:])


def best_convolution(recipe: Recipe, device: str, precision: str) -> float:
    """FLOP/s of the fastest of the 3x3 convolutions of this recipe's widths, each at its stage's map size."""
    size = 32 // recipe.stem_stride
    speeds = []
    for width, pool in zip(recipe.widths, recipe.pools, strict=True):
        size = size // 2 if pool else size
        speeds.append(
            convolution_speed(width, size, recipe.batch, device=device, precision=precision)
        )
    return max(speeds)
