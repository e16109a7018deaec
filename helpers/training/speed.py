"""How fast this machine is, in training steps and single convolutions; and which precision is the faster one.

Machines are noisy, and a neighbor's work may slow one probe down and not the next. So candidates are tried in turn,
again and again, and the median decides.
"""

import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch.nn import functional as F

from helpers.training.gpu import synchronize
from helpers.training.loop import flops_of_step, training_step
from helpers.training.recipe import Recipe, build_net, build_optimizers

GAIN = 1.05  # bf16 is chosen if it is so many times faster
IMAGES = 64  # in the batch of a timed step, if nothing else is said
SIZE = 32  # pixels, their height and width


class TimedStep(NamedTuple):
    """A training step whose time is wanted."""

    recipe: Recipe
    precision: str  # "fp32" or "bf16"
    images: int = IMAGES
    size: int = SIZE


def step_seconds(
    device: str, steps: Sequence[TimedStep], seconds: float = 0.5, least: int = 5
) -> list[list[float]]:
    """Seconds of training steps with random images, tried in turn, again and again.

    It goes on for so many seconds, and for ``least`` rounds at least; a first round, with all that happens only once,
    does not count. The n-th numbers of the lists were measured one after the other.
    """
    ready = []
    for recipe, precision, count, size in steps:
        images = torch.randn(count, 3, size, size, device=device)
        images = images.to(memory_format=torch.channels_last)
        labels = torch.arange(count, device=device) % 10
        net = build_net(recipe).to(device, memory_format=torch.channels_last)
        what = net, build_optimizers(net, recipe), images, labels
        ready.append(partial(training_step, *what, device=device, precision=precision))
    times: list[list[float]] = [[] for _ in steps]
    began = time.perf_counter()
    while len(times[0]) <= least or time.perf_counter() - began < seconds:
        for measured, step in zip(times, ready, strict=True):
            start = time.perf_counter()
            step()
            synchronize(device)
            measured.append(time.perf_counter() - start)
    return [each[1:] for each in times]


def measure_speed(device: str, precision: str, recipe: Recipe, seconds: float = 0.5) -> float:
    """FLOP/s of this machine in training steps of a recipe's net, with `IMAGES` random images: the median step."""
    (times,) = step_seconds(device, [TimedStep(recipe, precision)], seconds)
    return flops_of_step(recipe, IMAGES, SIZE) / statistics.median(times)


def faster(fp32: Sequence[float], bf16: Sequence[float]) -> str:
    """The precision to take by the seconds of steps in both, tried in turn: by the median of the rounds' ratios."""
    ratios = [slow / fast for slow, fast in zip(fp32, bf16, strict=True)]
    return "bf16" if statistics.median(ratios) >= GAIN else "fp32"


def precisions_to_try(device: str) -> tuple[str, ...]:
    """The precisions that can be the fastest: one, or on a CPU that has instructions for bf16 both.

    Without such instructions bf16 is up to hundreds of times slower, so tiny convolutions are tried first. With them
    the tiniest may still be a few times slower, where each call's own cost weighs most.
    """
    if device == "cuda":
        return ("bf16",) if torch.cuda.is_bf16_supported(including_emulation=False) else ("fp32",)
    if device != "cpu":
        return ("fp32",)
    for width, size, batch, max_slowdown in ((32, 8, 1, 5), (32, 16, 4, 2)):
        fp32, bf16 = (
            convolution_speed(width, size, batch, device=device, precision=precision)
            for precision in ("fp32", "bf16")
        )
        if bf16 < fp32 / max_slowdown:
            return ("fp32",)
    return ("fp32", "bf16")


def convolution_speed(
    width: int, size: int, batch: int, *, device: str, precision: str, repeats: int = 5
) -> float:
    """FLOP/s of one 3x3 convolution alone, forward and backward: ``width`` channels to as many, the best of a few."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    x = torch.randn(batch, width, size, size, device=device, dtype=dtype)
    weight = torch.randn(width, width, 3, 3, device=device, dtype=dtype)
    x, weight = (
        tensor.to(memory_format=torch.channels_last).requires_grad_() for tensor in (x, weight)
    )
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        y = F.conv2d(x, weight, padding=1)
        torch.autograd.grad(y, (x, weight), y.detach())
        synchronize(device)
        times.append(time.perf_counter() - start)
    return 3 * 2 * 9 * width * width * size * size * batch / min(times[1:])


def best_convolution(recipe: Recipe, device: str, precision: str) -> float:
    """FLOP/s of the fastest of the 3x3 convolutions of this recipe's widths, each at its stage's map size."""
    size = 32 // recipe.stem_stride
    best = 0.0
    for width, pool in zip(recipe.widths, recipe.pools, strict=True):
        size = size // 2 if pool else size
        shape = width, size, recipe.batch_size
        best = max(best, convolution_speed(*shape, device=device, precision=precision))
    return best
