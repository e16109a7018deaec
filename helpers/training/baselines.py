"""Other people's nets, trained for the same budget on the same machine as the book's: one table.

    python -m helpers.training baselines --budget 60s --out notebooks/records/training/baselines_60.json

With seconds or TFLOP each schedule is fitted to the budget, and batch size and learning rate are those that did best in
a search at about a minute's work. With --epochs all is as published; so the recipe of the old tutorials, which page 06
compares itself with, is timed (it takes minutes):

    python -m helpers.training baselines --only "LeNet, classic recipe" --epochs 2
"""

import argparse
import json
import statistics

from helpers import data
from helpers.training import batches
from helpers.training.baseline_nets import BASELINES, SHORT_BASELINES
from helpers.training.choice import choose
from helpers.training.curves import for_epochs
from helpers.training.distributed import joined
from helpers.training.loop import TrainingConfig, train
from helpers.training.recipe import Recipe
from helpers.training.results import last_line, mean, result_of, write_results
from helpers.training.run import budget_of, changed_recipe, device_of

OURS = "this book"


def run(args: argparse.Namespace) -> int:
    """Train ours and each baseline, one after the other, and again; print the table."""
    device, budget = device_of(args), budget_of(args)
    all_names = [OURS, *BASELINES]
    if unknown := set(args.only or ()).difference(all_names):
        raise argparse.ArgumentTypeError(f"--only: there is no {unknown.pop()!r}, only {all_names}")
    names = [name for name in all_names if name in (args.only or all_names)]
    changed_recipe(Recipe(), args.set)
    with joined(device, args.threads):
        given = for_epochs(budget.amount) if budget.unit == "epochs" else None
        choice = choose(given, budget, device, args.precision)
        baselines = BASELINES if budget.unit == "epochs" else SHORT_BASELINES
        recipes = {**baselines, OURS: changed_recipe(choice.recipe, args.set)}
        images = batches.load(args.validation)
        print(data.origin(), flush=True)
        known = results_of_others(args)
        results = {name: known.get(name, []) for name in all_names if name in (*names, *known)}
        for seed in range(args.seed, args.seed + args.runs):
            for name in names:
                config = TrainingConfig(
                    recipes[name], budget, seed, device, choice.precision, show_progress=True
                )
                result = result_of(train(config, images), images)
                results[name].append(result)
                print(f"{name}: {last_line([result])}", flush=True)
                if args.out:
                    write_results(args.out, {"baselines": results}, ["baselines", *args.command])
    print(table(results))
    return 0


def results_of_others(args: argparse.Namespace) -> dict[str, list[dict]]:
    """Return what --out has of the nets that --only leaves out; they stay in the file. Raises ValueError."""
    if not (args.only and args.out and args.out.exists()):
        return {}
    try:
        results = json.loads(args.out.read_text(encoding="utf-8"))["baselines"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{args.out} has no baselines: name another file for --out") from error
    return {name: runs for name, runs in results.items() if name not in args.only}


def table(results: dict[str, list[dict]]) -> str:
    """Return a line for each net: accuracy (mean, standard deviation), seconds, TFLOP, epochs, batch size."""
    text = f"{'':24}{'accuracy':>10}{'std':>11}{'seconds':>9}{'TFLOP':>8}{'epochs':>8}{'batch':>7}"
    for name, runs in results.items():
        each = [run["accuracy"] for run in runs]
        std = f"{statistics.stdev(each):.2f}" if len(each) > 1 else "-"
        seconds, tflop, epochs = (mean(runs, key) for key in ("seconds", "tflop", "epochs"))
        text += f"\n{name:24}{mean(runs, 'accuracy'):>8.2f} %{std:>11}{seconds:>9.1f}{tflop:>8.2f}"
        text += f"{epochs:>8.2f}{runs[0]['recipe']['batch_size']:>7}"
    return text
