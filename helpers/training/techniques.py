"""What each technique of page 07 adds to the accuracy: short runs that see the same images, over several seeds.

    python -m helpers.training techniques --runs 5 --out notebooks/records/training/techniques.json

Two ablations, both judged by the validation images, so that the test set is not read:

- one technique after the other, from the LeNet of the old tutorials to the book's recipe. Each training sees 18,000
  images, each of them once; when the images start small, a step costs less, and for the same work it is 25,600;
- what is done to the images, with only 5,000 of them, each seen eight times: there is something to learn by heart.

The budget is a number of images, so that it does not matter how busy the machine is. No seconds are kept.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import mean
from typing import Any

from helpers.training import batches
from helpers.training.ablation import steps_to
from helpers.training.distributed import joined
from helpers.training.evaluation import evaluate
from helpers.training.loop import Budget, TrainingConfig, train
from helpers.training.recipe import LESSON, SHORT, Recipe
from helpers.training.results import machine, write_results

SEEN = 18_000  # images of the first ablation, each once
SEEN_SMALL = 25_600  # for nearly the same work, when images start small
FEW, PASSES = 5_000, 8  # images of the second, and how often each is seen
ADDED = (  # the names that page 07 has for the steps of `helpers.training.ablation.steps_to`
    "LeNet, batches of 4",
    "batches of 64, one cycle",
    "small net, batch norm",
    "whitened first layer",
    "faster biases",
    "Muon",
    "small images first",
    "label smoothing",
)


@dataclass(frozen=True)
class Study:
    """An ablation: recipes, each with one technique more, and how many images each sees; how many there are."""

    trainings: dict[str, tuple[Recipe, int]]
    images: int | None  # None: all


def studies() -> dict[str, Study]:
    """Return both ablations by name."""
    # the first recipe differs from the second only in its DataLoader, which changes the time alone
    _, *recipes = steps_to(LESSON).values()
    added = {}
    for name, recipe in zip(ADDED, recipes, strict=True):
        starts_small = len(recipe.resolutions) > 1
        added[name] = (recipe, SEEN_SMALL if starts_small else SEEN)
    plain = replace(SHORT, flip=False)
    shifted = replace(plain, translate=2)
    augmented = {
        "no augmentation": plain,
        "flips": replace(plain, flip=True),
        "flips and shifts": replace(shifted, flip=True),
        "flip-equivariant net, shifts": replace(shifted, flip_equivariant=True),
    }
    return {
        "added": Study(added, None),
        "augmentation": Study({n: (r, FEW * PASSES) for n, r in augmented.items()}, FEW),
    }


def run(args: argparse.Namespace) -> int:
    """Train everything, print a line for each training, write the record after each seed."""
    with joined("cpu", args.threads):
        images = batches.load(validation=True)
        entries: dict[str, list[dict[str, Any]]] = {
            name: [
                {"technique": technique, "seen": seen, "recipe": asdict(recipe), "runs": []}
                for technique, (recipe, seen) in study.trainings.items()
            ]
            for name, study in studies().items()
        }
        for seed in range(args.runs):
            for name, study in studies().items():
                for entry, (recipe, seen) in zip(
                    entries[name], study.trainings.values(), strict=True
                ):
                    entry["runs"].append(train_once(recipe, seen, seed, few(images, study.images)))
                    print(f"{entry['technique']}: {entry['runs'][-1]}", flush=True)
            if args.out:
                about = {"split": images.split, "few_images": FEW, **machine("cpu")}
                write_results(args.out, {**about, **entries}, ["techniques", *args.command])
        return 0


def few(images: batches.Images, count: int | None) -> batches.Images:
    """Return the images with the first ``count`` of those for training only; None keeps all."""
    train_images, labels = images.train[:count], images.train_labels[:count]
    return images._replace(train=train_images, train_labels=labels)


def train_once(recipe: Recipe, seen: int, seed: int, images: batches.Images) -> dict:
    """Train until so many images were seen, and judge by the validation images: percent, and work in TFLOP."""
    config = TrainingConfig(recipe, Budget(seen / len(images.train), "epochs"), seed)
    trained = train(config, images)
    accuracy = evaluate(trained.net, images.test, images.test_labels, trained.stats)
    figures = {"accuracy": accuracy.plain, "accuracy_tta": accuracy.tta, "tflop": trained.tflop}
    return {"seed": seed, **{key: round(value, 3) for key, value in figures.items()}}


def print_gain(entries: Sequence[dict], technique: str) -> None:
    """Print the accuracies before and with a technique: mean and range over the seeds, and the difference.

    Args:
        entries: a list of the record, in the order in which the techniques were added.
        technique: the name of one, not the first.

    Raises:
        ValueError: there is no such technique, or none before it.
    """
    names = [entry["technique"] for entry in entries]
    if technique not in names[1:]:
        raise ValueError(f"{technique!r} is none of {', '.join(names[1:])}")
    n = names.index(technique)
    _print_change(technique, _accuracies(entries[n - 1]), _accuracies(entries[n]))


def _accuracies(entry: dict) -> list[float]:
    return [run["accuracy"] for run in entry["runs"]]


def _print_change(name: str, before: Sequence[float], after: Sequence[float]) -> None:
    ranges = (f"{mean(a):.1f} % ({min(a):.1f} to {max(a):.1f})" for a in (before, after))
    gain = round(mean(after), 1) - round(mean(before), 1)  # of the means as they are printed
    print(f"{name}: {gain:+.1f} points")
    print(f"    {' -> '.join(ranges)}, {len(after)} seeds")
