"""Where the time of a training step goes: torch's profiler over a few steps, its operations put into seven groups.

    python -m helpers.training profile --compile --out notebooks/records/training/step_profile.json
    python -m helpers.training profile --device cuda --out notebooks/records/training/gpu_profile.json

The training is that of the recipe for 12 TFLOP, in float32, with the real images; on a GPU, that of the recipe for
GPUs, in bfloat16, and the time is the GPU's own.
"""

import argparse
import statistics
import time
from typing import Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity
from torch.profiler import profile as profiler

from helpers.training import batches
from helpers.training.curves import for_work
from helpers.training.gpu import synchronize
from helpers.training.loop import Budget, TrainingConfig, train, training_step
from helpers.training.recipe import Recipe, build_net, build_optimizers
from helpers.training.results import machine, write_results

# The first name that an operation's name contains decides. Matrix products are nearly all Muon's; the head's few count
# as the optimizer's too.
GROUPS = {
    "convolution": ("convolution",),
    "normalization": ("batch_norm",),
    "activation": ("gelu",),
    "pooling": ("max_pool", "amax"),
    "optimizer": ("optimizer", "_foreach", "::mm", "::addmm", "norm"),
    "data": ("index", "upsample", "bilinear", "where"),
}
REST = "the rest"


def group_of(operation: str) -> str:
    """Return the group that an operation such as ``aten::gelu_backward`` belongs to."""
    name = operation.lower()
    return next((g for g, parts in GROUPS.items() if any(part in name for part in parts)), REST)


def run(args: argparse.Namespace) -> int:
    """Measure the shares of the time, with ``--compile`` seconds of a step too; print and write them."""
    result: dict[str, Any] = {"percent": time_shares(args.device)}
    for group, share in result["percent"].items():
        print(f"{group:15}{share:5.1f} %", flush=True)
    if args.compile:
        result["seconds_of_step"] = compilation(args.device)
        print(result["seconds_of_step"])
    if args.out:
        write_results(args.out, {**machine(args.device), **result}, ["profile", *args.command])
    return 0


def recipe_for(device: str) -> tuple[Recipe, str]:
    """The recipe that is profiled on a device, and the precision."""
    return for_work(device=device), "bf16" if device == "cuda" else "fp32"


def time_shares(device: str = "cpu", steps: int = 40) -> dict[str, float]:
    """Return each group's percent of the time of a training of so many steps: of the GPU's own time, if it is one."""
    recipe, precision = recipe_for(device)
    images = batches.load(validation=True)
    budget = Budget(steps * recipe.batch_size / len(images.train), "epochs")
    # recorded, the kernels would be one call to the profiler
    config = TrainingConfig(recipe, budget, device=device, precision=precision, cuda_graphs=False)
    train(config, images)  # what happens only once
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profiler(activities=activities) as events:
        train(config, images)
    times = dict.fromkeys([*GROUPS, REST], 0.0)
    for event in events.key_averages():
        # a kernel of a GPU is listed again as its own event, besides the call that it belongs to
        if event.device_type == DeviceType.CPU:
            own = event.self_device_time_total if device == "cuda" else event.self_cpu_time_total
            times[group_of(event.key)] += own
    return {group: round(100 * time / sum(times.values()), 1) for group, time in times.items()}


def compilation(device: str = "cpu", steps: int = 30) -> dict[str, float]:
    """Return seconds of a step, plain and compiled, and of the first of each; compiling needs a C++ compiler."""
    torch.manual_seed(0)
    recipe, precision = recipe_for(device)
    x = torch.randn(recipe.batch_size, 3, 32, 32, device=device)
    x = x.to(memory_format=torch.channels_last)
    labels = torch.arange(recipe.batch_size, device=device) % 10
    result = {}
    for name in ("plain", "compiled"):
        net = build_net(recipe).to(device, memory_format=torch.channels_last)
        optimizers = build_optimizers(net, recipe)
        model: Any = torch.compile(net, dynamic=False) if name == "compiled" else net
        seconds = []
        for _ in range(steps):
            start = time.perf_counter()
            training_step(model, optimizers, x, labels, device=device, precision=precision)
            synchronize(device)
            seconds.append(time.perf_counter() - start)
        result[f"{name}_first"] = round(seconds[0], 4)
        result[name] = round(statistics.median(seconds[1:]), 4)
    return result
