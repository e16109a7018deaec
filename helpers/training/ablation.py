"""Seconds to the accuracy of the old tutorials, after each technique of page 05 is added: one table.

    python -m helpers.training.ablation --out notebooks/records/training/ladder.json

The first rung is the classic recipe, two passes, as `helpers.training.classic_recipe` has it. The mark, 54.4 %, is
about what it
reaches (54.5 % in the record of page 04). Each further rung adds one thing and is trained for the fewest passes that
reach the mark on 5,000 training pictures held out; then with all training pictures, judged once by the test pictures.
All on one machine, one after the other, as often as ``--runs`` says.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from helpers.training import loop as training
from helpers.training.baselines import PEERS
from helpers.training.loop import Limit, Pictures
from helpers.training.recipe import Recipe, for_work

MARK = 54.4  # percent
# Passes over the training pictures that are tried, each about 1.25 times as many as the one before.
PASSES = (0.06, 0.08, 0.1, 0.125, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0)


def rungs() -> dict[str, Recipe]:
    """Each rung's recipe: it has what stands in its name, and all that the rungs above it have."""
    classic = PEERS["LeNet, classic recipe"]
    whole = replace(classic, loader=False)
    steps = PEERS["LeNet, whole tensors"]
    fast = for_work(0.25)
    conv = replace(
        fast, whiten=False, muon_rate=0.0, sizes=((32, 1.0),), smoothing=0.0, bias_rate=1.0
    )
    return {
        "classic recipe": classic,
        "whole tensors": whole,
        "larger batch, rate up and down": steps,
        "narrow conv net": conv,
        "whitened first layer": replace(conv, whiten=True),
        "fast biases": replace(conv, whiten=True, bias_rate=fast.bias_rate),
        "Muon": replace(fast, sizes=((32, 1.0),), smoothing=0.0),
        "small pictures first": replace(fast, smoothing=0.0),
        "smoothed labels": fast,
    }


def fewest(accuracy: Callable[[float], float]) -> tuple[float, float]:
    """The smallest of `PASSES` that reaches the mark, by halving; the largest if none does.

    Args:
        accuracy: what so many passes give, in percent.

    Returns:
        The passes, and what they gave.
    """
    low, high, found = 0, len(PASSES), {}
    while low < high:
        middle = (low + high) // 2
        found[middle] = accuracy(PASSES[middle])
        low, high = (low, middle) if found[middle] >= MARK else (middle + 1, high)
    chosen = min(low, len(PASSES) - 1)
    return PASSES[chosen], found[chosen]


class Trainer(NamedTuple):
    """Trains and judges in one way: on which pictures, in which precision."""

    pictures: Pictures
    precision: str

    def __call__(self, recipe: Recipe, passes: float, seed: int) -> tuple[training.Trained, float]:
        """Train once; the trained net, and its accuracy in percent on the pictures to judge by."""
        trained = training.train(
            *(recipe, self.pictures, Limit(passes, "epochs")),
            seed=seed,
            precision=self.precision,
        )
        judge = self.pictures.judge, self.pictures.judge_labels
        return trained, training.evaluate(trained.net, *judge, trained.by).plain


def climb(runs: int) -> list[dict]:
    """Train every rung; one entry each, with what was measured in each run.

    ``held_out`` is the accuracy in percent that the passes were chosen by; None where they were not searched for.
    """
    precision = training.best_precision("cpu")
    search = Trainer(training.load(validation=True), precision)
    final = Trainer(training.load(), precision)
    entries = []
    for name, recipe in rungs().items():

        def accuracy(passes: float, recipe: Recipe = recipe) -> float:
            return statistics.fmean(search(recipe, passes, seed)[1] for seed in (100, 101))

        # batches of 4 take a minute a pass: these two keep the two passes of the tutorial
        passes, held_out = (2.0, None) if recipe.batch == 4 else fewest(accuracy)
        entry = {"rung": name, "passes": passes, "held_out": held_out and round(held_out, 2)}
        entries.append({**entry, "recipe": asdict(recipe), "runs": []})
        print(f"{name}: {passes:g} passes{said_of(entry)}", flush=True)
    for seed in range(runs):
        for entry, recipe in zip(entries, rungs().values(), strict=True):
            trained, found = final(recipe, entry["passes"], seed)
            entry["runs"].append(
                {
                    "seconds": round(trained.seconds, 3),
                    "tflop": round(trained.tflop, 4),
                    "accuracy": round(found, 2),
                    "seed": seed,
                }
            )
            print(
                f"{entry['rung']}, seed {seed}: {trained.seconds:.2f} s, {found:.2f} %", flush=True
            )
    return entries


def said_of(entry: dict) -> str:
    """What the table says of how a rung's passes were chosen: nothing where they reached the mark."""
    held_out = entry.get("held_out", MARK)
    if held_out is None:
        return ", passes not searched for"
    return f", not reached: {held_out:.2f} % held-out" if held_out < MARK else ""


def lines(entries: Sequence[dict]) -> list[str]:
    """The table: passes, seconds, times faster than the first rung, work, test accuracy; means over the runs."""
    head = f"{'':32}{'passes':>7}{'seconds':>9}{'times faster':>14}{'TFLOP':>8}{'accuracy':>10}"
    made = [head]
    for entry in entries:
        first, mean = (
            {name: statistics.fmean(run[name] for run in rung["runs"]) for name in entry["runs"][0]}
            for rung in (entries[0], entry)
        )
        made.append(
            f"{entry['rung']:32}{entry['passes']:>7g}{mean['seconds']:>9.2f}"
            f"{first['seconds'] / mean['seconds']:>14.1f}{mean['tflop']:>8.2f}{mean['accuracy']:>8.2f} %"
            f"{said_of(entry)}"
        )
    if not any("held_out" in entry for entry in entries):
        made.append("held-out accuracy: not recorded")
    return made


def main() -> int:
    """Read the command line, climb, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.training.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=3, help="with all training pictures, each rung")
    parser.add_argument("--out", type=Path, help="write the results here, as JSON")
    options = parser.parse_args()
    entries = climb(options.runs)
    if options.out:
        training.write_results(
            options.out, {"mark": MARK, **training.machine("cpu"), "rungs": entries}, "training.ablation"
        )
    print("\n".join(lines(entries)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
