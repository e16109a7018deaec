"""How recipes are chosen: candidates get the same work, time or epochs, and are judged by the validation images.

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
from helpers.training.loop import TrainingConfig, train, warm_up
from helpers.training.recipe import Recipe
from helpers.training.results import machine, mean, result_of, write_results
from helpers.training.run import budget_of, changed_recipe


def run(args: argparse.Namespace) -> int:
    """Train and judge each candidate. Raises `argparse.ArgumentTypeError`, `ValueError`."""
    if args.baseline and args.baseline not in BASELINES:
        names = "; ".join(BASELINES)
        raise argparse.ArgumentTypeError(f"--baseline: {args.baseline!r} is none of {names}")
    start = BASELINES[args.baseline] if args.baseline else Recipe()
    recipes = [changed_recipe(start, changes) for changes in args.set]
    budget = budget_of(args)
    with joined(args.device, args.threads):
        command, about = searched(args)
        text = " ".join(["python", "-m", "helpers.training", *command])
        candidates = earlier_candidates(args.out, {"command": text, **about})
        images = batches.load(validation=True)
        for changes, recipe in zip(args.set, recipes, strict=True):
            runs = []
            for seed in range(args.runs):
                config = TrainingConfig(
                    recipe, budget, seed, args.device, args.precision, args.compile
                )
                if args.device == "cuda" and seed == 0:
                    warm_up(config, images)
                runs.append(result_of(train(config, images), images))
            names = {"TFLOP": "tflop", "s": "seconds", "epochs": "epochs"}
            measured = {key: round(mean(runs, key), 2) for key in ("tflop", "epochs", "seconds")}
            judged = {key: round(mean(runs, key), 2) for key in ("accuracy", "accuracy_tta")}
            given = {names[budget.unit]: budget.amount, "runs": args.runs}
            candidate = {**measured, **given, **judged}
            if args.baseline:
                candidate["baseline"] = args.baseline
            candidates.append({**candidate, "changes": " ".join(changes)})
            print(f"{candidate['accuracy']:.2f} %  {' '.join(changes)}", flush=True)
            if args.out:
                write_results(args.out, {**about, "candidates": candidates}, command)
    return 0


def searched(args: argparse.Namespace) -> tuple[list[str], dict]:
    """The command that stands for all searches of one file, and on what they were made."""
    command = ["search", "--device", args.device] if args.device != "cpu" else ["search"]
    command += ["--baseline", "NAME"] if args.baseline else []
    for name, what in (("tflop", "TFLOP"), ("budget", "SECONDS"), ("epochs", "EPOCHS")):
        command += [f"--{name}", what] if getattr(args, name) else []
    command += ["--runs", "RUNS", "--precision", args.precision]
    command += ["--compile"] if args.compile else []
    command += ["--threads", f"{torch.get_num_threads()}", "--set", "CHANGES"]
    keys = ["versions", "cpu"] + (["gpu"] if args.device == "cuda" else [])
    about = machine(args.device)
    return command, {key: about[key] for key in keys}


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
