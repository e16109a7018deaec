"""Seconds to the accuracy of the old tutorials, with the techniques of page 07 added one by one: a table.

    python -m helpers.training ablation --runs 1 --out notebooks/records/training/ablation.json

The first variant is the classic recipe of the old tutorials, two epochs. The target, 54.4 %, is about what it reaches
(54.5 % in the record of page 06). Each further variant adds one thing and is trained for the fewest epochs that reach
the target on the validation images; then with all training images, judged once by the test set. All on one machine,
one after the other, as often as --runs says.
"""

import argparse
import functools
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

from helpers.training import batches
from helpers.training.baseline_nets import BASELINES
from helpers.training.choice import choose
from helpers.training.loop import Budget, TrainingConfig, train
from helpers.training.recipe import SPRINT, Recipe
from helpers.training.results import machine, mean, result_of, write_results

TARGET = 54.4  # percent
# Passes over the training images that are tried, each an eighth more than the one before, up to the tutorials' two.
EPOCHS = tuple(round(2 / 1.125**n, 3) for n in range(30, -1, -1))


class Variant(NamedTuple):
    """What is trained, and how it is computed."""

    name: str
    recipe: Recipe
    precision: str = "fp32"  # as in the tutorials


def steps_to(final: Recipe) -> dict[str, Recipe]:
    """Return the recipes from the classic one to ``final``: each has what its name says and all that came before."""
    classic = BASELINES["LeNet, classic recipe"]
    small_first = replace(final, label_smoothing=0.0)
    muon = replace(small_first, resolutions=((32, 1.0),))
    fast_biases = replace(muon, muon_lr=0.0)
    whitened = replace(fast_biases, bias_lr_factor=1.0)
    return {
        "classic recipe": classic,
        "whole tensors": replace(classic, dataloader=False),
        "larger batch, lr up and down": BASELINES["LeNet, whole tensors"],
        "narrow conv net": replace(whitened, whiten=False),
        "whitened first layer": whitened,
        "fast biases": fast_biases,
        "Muon": muon,
        "small images first": small_first,
        "label smoothing": final,
    }


def variants(fastest: str) -> list[Variant]:
    """Return the variants; the last one takes ``fastest``, the machine's faster precision, if that is not fp32."""
    in_fp32 = [Variant(name, recipe) for name, recipe in steps_to(SPRINT).items()]
    return in_fp32 + ([Variant("bfloat16", SPRINT, fastest)] if fastest != "fp32" else [])


def fewest_epochs(accuracy: Callable[[float], float]) -> tuple[float, float]:
    """The smallest of `EPOCHS` whose accuracy (percent) reaches the target, by bisection; the largest if none does.

    What these epochs gave is returned too.
    """
    accuracy = functools.cache(accuracy)
    epochs = EPOCHS[min(bisect_left(EPOCHS, TARGET, key=accuracy), len(EPOCHS) - 1)]
    return epochs, accuracy(epochs)


def run(args: argparse.Namespace) -> int:
    """Choose each variant's epochs, train all of them, print the table."""
    fastest = choose(Recipe(), Budget(1, "epochs"), "cpu", "auto").precision
    tried = variants(fastest)
    entries = choose_epochs(tried, batches.load(validation=True))
    images = batches.load()
    for seed in range(args.runs):
        for entry, variant in zip(entries, tried, strict=True):
            result = train_once(variant, entry["epochs"], seed, images)
            figures = {key: result[key] for key in ("seconds", "tflop", "accuracy", "seed")}
            entry["runs"].append(figures)
            text = "{seconds:.2f} s, {accuracy:.2f} %".format_map(figures)
            print(f"{entry['variant']}, seed {seed}: {text}", flush=True)
        if args.out:
            about = {"target_accuracy": TARGET, **machine("cpu")}
            write_results(args.out, {**about, "variants": entries}, ["ablation", *args.command])
    print(*lines(entries), sep="\n")
    return 0


def choose_epochs(tried: Sequence[Variant], images: batches.Images) -> list[dict]:
    """Find how long each variant has to be trained, from two training runs each for every number of epochs.

    Of each variant an entry is returned, without runs. Its ``validation_accuracy``, in percent, is what its epochs were
    chosen by; None where they were not searched for.
    """
    entries = []
    for variant in tried:
        name, recipe, precision = variant

        def accuracy(epochs: float, variant: Variant = variant) -> float:
            return mean(
                [train_once(variant, epochs, seed, images) for seed in (100, 101)], "accuracy"
            )

        entry = {
            "variant": name,
            "precision": precision,
            "epochs": 2.0,
            "validation_accuracy": None,
        }
        if recipe.batch_size > 4:  # those of 4 take a minute an epoch, and keep the tutorial's two
            entry["epochs"], reached = fewest_epochs(accuracy)
            entry["validation_accuracy"] = round(reached, 2)
        entries.append({**entry, "recipe": asdict(recipe), "runs": []})
        print(f"{name}: {entry['epochs']:g} epochs{remark(entry)}", flush=True)
    return entries


def train_once(variant: Variant, epochs: float, seed: int, images: batches.Images) -> dict:
    """Train, and judge by ``images.test``; see `helpers.training.results.result_of`."""
    budget = Budget(epochs, "epochs")
    config = TrainingConfig(variant.recipe, budget, seed, precision=variant.precision)
    return result_of(train(config, images), images)


def remark(entry: dict) -> str:
    """Return what the table says of how a variant's epochs were chosen: nothing where they reached the target."""
    accuracy = entry["validation_accuracy"]
    if accuracy is None:
        return ", epochs not searched for"
    return f", not reached: {accuracy:.2f} % validation" if accuracy < TARGET else ""


def lines(entries: Sequence[dict]) -> list[str]:
    """Return the table, means over the runs: epochs, seconds, times faster than the first, work, test accuracy."""
    table = [f"{'':32}{'epochs':>7}{'seconds':>9}{'times faster':>14}{'TFLOP':>8}{'accuracy':>10}"]
    first = mean(entries[0]["runs"], "seconds")
    for entry in entries:
        seconds, tflop, accuracy = (
            mean(entry["runs"], key) for key in ("seconds", "tflop", "accuracy")
        )
        table.append(
            f"{entry['variant']:32}{entry['epochs']:>7g}{seconds:>9.2f}{first / seconds:>14.1f}"
            f"{tflop:>8.2f}{accuracy:>8.2f} %{remark(entry)}"
        )
    return table
