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

from helpers.training import loop as training
from helpers.training.loop import Limit
from helpers.training.recipe import for_work
from helpers.training.step import build, optimisers_of, step

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
    recipe, pictures = for_work(12.0), training.load(validation=True)
    limit = Limit(steps * recipe.batch / len(pictures.train), "epochs")
    training.train(recipe, pictures, limit, precision="fp32")  # what happens only once
    with profile(activities=[ProfilerActivity.CPU]) as found:
        training.train(recipe, pictures, limit, precision="fp32")
    times = dict.fromkeys([*GROUPS, REST], 0.0)
    for event in found.key_averages():
        times[group_of(event.key)] += event.self_cpu_time_total
    return {group: round(100 * time / sum(times.values()), 1) for group, time in times.items()}


def compilation(steps: int = 30) -> dict[str, float]:
    """Seconds of a step, plain and compiled, and of the first of each; compiling needs a C++ compiler."""
    recipe = for_work(12.0)
    x = torch.randn(recipe.batch, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.arange(recipe.batch) % 10
    found = {}
    for name, change in (("plain", lambda net: net), ("compiled", torch.compile)):
        net = build(recipe).to(memory_format=torch.channels_last)
        steppers, runner, took = optimisers_of(net, recipe), change(net), []
        for _ in range(steps):
            start = time.perf_counter()
            step(runner, steppers, x, labels)
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
        training.write_results(options.out, {**training.machine("cpu"), **found}, "step_profile")
    return 0


if __name__ == "__main__":
    torch.manual_seed(0)
    sys.exit(main())
