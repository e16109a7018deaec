"""How recipes are chosen: candidates get the same work and are judged by the validation images.

    python -m helpers.training search --tflop 12 --set widths=24,48,96 muon_lr=0.04 --set skip=True --out search.json

Each --set is a candidate: what it changes in the default `Recipe`. Results are added to those that the file has.
"""

import argparse
import json
from pathlib import Path

import torch

from helpers.training import batches
from helpers.training.distributed import joined
from helpers.training.loop import Budget, TrainingConfig, train
from helpers.training.recipe import Recipe
from helpers.training.results import machine, mean, result_of, write_results
from helpers.training.run import changed_recipe


def run(args: argparse.Namespace) -> int:
    """Train and judge each candidate. Raises `argparse.ArgumentTypeError`, `ValueError`."""
    recipes = [changed_recipe(Recipe(), changes) for changes in args.set]
    with joined("cpu", args.threads):
        command = ["search", "--tflop", "TFLOP", "--runs", "RUNS", "--precision", args.precision]
        command += ["--threads", f"{torch.get_num_threads()}", "--set", "CHANGES"]
        about = {key: machine("cpu")[key] for key in ("versions", "cpu")}
        text = " ".join(["python", "-m", "helpers.training", *command])
        candidates = earlier_candidates(args.out, {"command": text, **about})
        images = batches.load(validation=True)
        for changes, recipe in zip(args.set, recipes, strict=True):
            runs = []
            for seed in range(args.runs):
                budget = Budget(args.tflop, "TFLOP")
                config = TrainingConfig(recipe, budget, seed, precision=args.precision)
                runs.append(result_of(train(config, images), images))
            candidate = {"tflop": args.tflop, "runs": args.runs}
            for key in ("accuracy", "accuracy_tta"):
                candidate[key] = round(mean(runs, key), 2)
            candidates.append({**candidate, "changes": " ".join(changes)})
            print(f"{candidate['accuracy']:.2f} %  {' '.join(changes)}", flush=True)
            if args.out:
                write_results(args.out, {**about, "candidates": candidates}, command)
    return 0


def earlier_candidates(path: Path | None, same: dict) -> list[dict]:
    """Return what a file has of the same search. Raises ValueError: it has something else."""
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
