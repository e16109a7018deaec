"""Where the time of a training step goes: torch's profiler over a few steps, its operations put into seven groups.

python -m helpers.step_profile --out notebooks/05_records/step_profile.json

The training is that of the recipe for 12 TFLOP, in float32, with the real pictures.
"""

import argparse
import sys
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from helpers import training
from helpers.recipes import for_work
from helpers.training import Limit

# The first name that an operation's name contains decides.
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


def main() -> int:
    """Read the command line, measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.step_profile", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    options = parser.parse_args()
    found = shares()
    for group, share in found.items():
        print(f"{group:15}{share:5.1f} %")
    if options.out:
        training.write_results(options.out, {**training.machine("cpu"), "percent": found})
    return 0


if __name__ == "__main__":
    torch.manual_seed(0)
    sys.exit(main())
