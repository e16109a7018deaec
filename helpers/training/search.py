"""How recipes are chosen: candidates get the same work, time or epochs, and are compared on the validation images.

    python -m helpers.training search --tflop 12 --set widths=24,48,96 muon_lr=0.04 --set skip=True --out search.json
    python -m helpers.training search --device cuda --precision bf16 --budget 4s --set batch_size=1024 --out gpu.json
    python -m helpers.training search --baseline ResNet-9 --tflop 12 --set base_lr=0.05 --set base_lr=0.1

Each --set is a candidate: what it changes in the default `Recipe`, or in that of a baseline. Results are added to those
that the file has.
"""

import argparse
import json
from pathlib import Path

import torch

from helpers.training import batches
from helpers.training.baseline_nets import BASELINES
from helpers.training.distributed import joined
from helpers.training.loop import Budget, TrainingConfig, train, warm_up
from helpers.training.recipe import Recipe
from helpers.training.results import machine, mean, result_of, write_results
from helpers.training.run import budget_of, changed_recipe

# The figure of a candidate that its budget fixes, by the budget's unit.
KEYS = {"TFLOP": "tflop", "s": "seconds", "epochs": "epochs"}


def run(args: argparse.Namespace) -> int:
    """Train and evaluate each candidate. Raises `argparse.ArgumentTypeError`, `ValueError`."""
    if args.baseline and args.baseline not in BASELINES:
        names = "; ".join(BASELINES)
        raise argparse.ArgumentTypeError(f"--baseline: {args.baseline!r} is none of {names}")
    start = BASELINES[args.baseline] if args.baseline else Recipe()
    recipes = [changed_recipe(start, changes) for changes in args.set]
    budget = budget_of(args)
    with joined(args.device, args.threads):
        command, about = shared_command(args), shared_facts(args.device)
        text = " ".join(["python", "-m", "helpers.training", *command])
        candidates = earlier_candidates(args.out, {"command": text, **about})
        images = batches.load(validation=True)
        for changes, recipe in zip(args.set, recipes, strict=True):
            candidate = candidate_of(recipe, budget, args, images)
            candidate["changes"] = " ".join(changes)
            candidates.append(candidate)
            print(f"{candidate['accuracy']:.2f} %  {candidate['changes']}", flush=True)
            if args.out:
                write_results(args.out, {**about, "candidates": candidates}, command)
    return 0


def candidate_of(
    recipe: Recipe, budget: Budget, args: argparse.Namespace, images: batches.Images
) -> dict:
    """Train a recipe ``args.runs`` times and return its entry for the file, all but its changes.

    The figures are means over the runs: percent, TFLOP, seconds, epochs; of the budget, what was asked for.
    """
    runs = []
    for seed in range(args.runs):
        config = TrainingConfig(recipe, budget, seed, args.device, args.precision, args.compile)
        if args.device == "cuda" and seed == 0:
            warm_up(config, images)
        runs.append(result_of(train(config, images), images))
    candidate = {key: round(mean(runs, key), 2) for key in ("tflop", "epochs", "seconds")}
    candidate[KEYS[budget.unit]] = budget.amount
    candidate["runs"] = args.runs
    for key in ("accuracy", "accuracy_tta"):
        candidate[key] = round(mean(runs, key), 2)
    if args.baseline:
        candidate["baseline"] = args.baseline
    return candidate


def shared_command(args: argparse.Namespace) -> list[str]:
    """Return the arguments that stand for all searches of one file, with words such as TFLOP for what varies."""
    command = ["search"]
    if args.device != "cpu":
        command += ["--device", args.device]
    if args.baseline:
        command += ["--baseline", "NAME"]
    if args.tflop:
        command += ["--tflop", "TFLOP"]
    if args.budget:
        command += ["--budget", "SECONDS"]
    if args.epochs:
        command += ["--epochs", "EPOCHS"]
    command += ["--runs", "RUNS", "--precision", args.precision]
    if args.compile:
        command.append("--compile")
    return [*command, "--threads", str(torch.get_num_threads()), "--set", "CHANGES"]


def shared_facts(device: str) -> dict:
    """Return what all searches of one file were made with: the releases, the processor and, on a GPU, its name."""
    facts = machine(device)
    keys = ("versions", "cpu", "gpu") if device == "cuda" else ("versions", "cpu")
    return {key: facts[key] for key in keys}


def earlier_candidates(path: Path | None, same: dict) -> list[dict]:
    """Return the candidates that a file has already; none if there is no file.

    Args:
        path: the file; None if none is to be written.
        same: the command and the facts that the file has to have besides its candidates.

    Raises:
        ValueError: the file is no search, or one of another machine or command.
    """
    if path is None or not path.exists():
        return []
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        candidates = record.pop("candidates")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is no search: name another file for --out") from error
    if record != same:
        raise ValueError(f"{path} is of another machine or command: name another file for --out")
    return candidates
