"""Where the time of a training step goes: torch's profiler over a few steps, its operations put into seven groups.

python -m helpers.training.profile --compile --out notebooks/records/training/step_profile.json

The training is that of the recipe for 12 TFLOP, in float32, with the real pictures.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from helpers.training.batches import load
from helpers.training.loop import Budget, TrainingConfig, train, training_step
from helpers.training.recipe import build_net, build_optimizers, for_work
from helpers.training.results import machine, write_results

# The first name that an operation's name contains decides. Matrix products are nearly all Muon's; the head's few count
# as the optimiser's too.
GROUPS = {
    "convolution": ("convolution",),
    "normalisation": ("batch_norm",),
    "activation": ("gelu",),
    "pooling": ("max_pool", "amax"),
    "optimiser": ("optimizer", "_foreach", "::mm", "::addmm", "norm"),
    "pictures": ("index", "upsample", "bilinear", "where"),
}
REST = "the rest"


def group_of(operation: str) -> str:
    """The group that an operation such as ``aten::gelu_backward`` belongs to."""
    name = operation.lower()
    return next((g for g, parts in GROUPS.items() if any(part in name for part in parts)), REST)


def shares(steps: int = 40) -> dict[str, float]:
    """Percent of the time of each group, over a training of so many steps with the recipe for 12 TFLOP."""
    recipe, images = for_work(12.0), load(validation=True)
    config = TrainingConfig(recipe, Budget(steps * recipe.batch_size / len(images.train), "epochs"))
    train(config, images)  # what happens only once
    with profile(activities=[ProfilerActivity.CPU]) as found:
        train(config, images)
    times = dict.fromkeys([*GROUPS, REST], 0.0)
    for event in found.key_averages():
        times[group_of(event.key)] += event.self_cpu_time_total
    return {group: round(100 * time / sum(times.values()), 1) for group, time in times.items()}


def compilation(steps: int = 30) -> dict[str, float]:
    """Seconds of a step, plain and compiled, and of the first of each; compiling needs a C++ compiler."""
    recipe = for_work(12.0)
    x = torch.randn(recipe.batch_size, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.arange(recipe.batch_size) % 10
    found = {}
    for name, change in (("plain", lambda net: net), ("compiled", torch.compile)):
        net = build_net(recipe).to(memory_format=torch.channels_last)
        optimizers, runner, took = build_optimizers(net, recipe), change(net), []
        for _ in range(steps):
            start = time.perf_counter()
            training_step(runner, optimizers, x, labels)
            took.append(time.perf_counter() - start)
        found |= {f"{name}_first": took[0], name: statistics.median(took[1:])}
    return {name: round(seconds, 4) for name, seconds in found.items()}


def main() -> int:
    """Read the command line, measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.training.profile", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--compile", action="store_true", help="time compiled steps too")
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    options = parser.parse_args()
    found = {"percent": shares()}
    for group, share in found["percent"].items():
        print(f"{group:15}{share:5.1f} %")
    if options.compile:
        found["seconds_of_step"] = compilation()
        print(found["seconds_of_step"])
    if options.out:
        write_results(options.out, {**machine("cpu"), **found})
    return 0


if __name__ == "__main__":
    torch.manual_seed(0)
    sys.exit(main())
