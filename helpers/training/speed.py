"""How fast this machine is, in training steps and single convolutions; and which recipe and precision to choose.

Machines are noisy, and a neighbor's work may slow one probe down and not the next. So candidates are tried in turn,
again and again, and the median decides.
"""

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from helpers.training.distributed import Processes
from helpers.training.gpu import synchronize
from helpers.training.loop import ALONE, Budget, flops_of_step, training_step
from helpers.training.recipe import Recipe, build_net, build_optimizers, for_gpu, for_work

GAIN = 1.05  # bf16 is chosen if it is so many times faster


class Choice(NamedTuple):
    """What a training was left to choose, and by what."""

    recipe: Recipe
    precision: str  # "fp32" or "bf16"
    flop_per_second: float  # of all processes, measured for the choice; 0 if there was no need


def choose(
    recipe: Recipe | None, budget: Budget, device: str, precision: str, processes: Processes = ALONE
) -> Choice:
    """Choose what was left open: the recipe (None) by the budget, the precision ("auto") by speed.

    Without a recipe, the budget is in seconds or TFLOP. All processes choose the same.
    """
    candidates = precisions_to_try(device) if precision == "auto" else (precision,)
    times = {}
    if len(candidates) > 1:
        times = step_seconds(device, candidates, Recipe(), seconds=1.0)
    fastest = faster(times) if times else candidates[0]
    (must_be_fp32,) = processes.largest(fastest == "fp32")
    precision = "fp32" if must_be_fp32 else "bf16"
    measured, tflop = 0.0, budget.amount
    if recipe is None:
        if budget.unit == "s":
            if precision not in times:
                times = step_seconds(device, (precision,), Recipe())
            own = flops_of_step(Recipe(), 64, 32) / statistics.median(times[precision])
            (slowest,) = processes.largest(-own)
            measured = -slowest * processes.count
            tflop = measured * budget.amount / 1e12
        recipe = for_gpu() if device == "cuda" else for_work(tflop)
    return Choice(recipe, precision, measured)


def step_seconds(
    device: str, precisions: Sequence[str], recipe: Recipe, seconds: float = 0.5, least: int = 5
) -> dict[str, list[float]]:
    """Seconds of training steps of a recipe's net with 64 random images, the precisions tried in turn.

    It goes on for so many seconds, and for ``least`` rounds at least; a first round, with all that happens only once,
    does not count. The n-th numbers of the lists were measured one after the other.
    """
    images = torch.randn(64, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.arange(64, device=device) % 10
    nets = {}
    for precision in precisions:
        net = build_net(recipe).to(device, memory_format=torch.channels_last)
        nets[precision] = net, build_optimizers(net, recipe)
    times: dict[str, list[float]] = {precision: [] for precision in precisions}
    began = time.perf_counter()
    while len(times[precisions[0]]) <= least or time.perf_counter() - began < seconds:
        for precision, (net, optimizers) in nets.items():
            start = time.perf_counter()
            training_step(net, optimizers, images, labels, device=device, precision=precision)
            synchronize(device)
            times[precision].append(time.perf_counter() - start)
    return {precision: each[1:] for precision, each in times.items()}


def measure_speed(device: str, precision: str, recipe: Recipe, seconds: float = 0.5) -> float:
    """FLOP/s of this machine in training steps of a recipe's net, with 64 random images: the median step."""
    times = step_seconds(device, (precision,), recipe, seconds)
    return flops_of_step(recipe, 64, 32) / statistics.median(times[precision])


def faster(times: dict[str, list[float]]) -> str:
    """The precision to take by the result of `step_seconds` for both: by the median of the rounds' ratios."""
    ratios = [slow / fast for slow, fast in zip(times["fp32"], times["bf16"], strict=True)]
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
