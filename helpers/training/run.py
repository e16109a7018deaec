"""CIFAR-10 in a minute on two CPU cores: the training program of page 07.

    python -m helpers.training --budget 60s                 # for 60 seconds; or 180s, 10min
    python -m helpers.training --tflop 12 --seed 1          # a budget of work: TFLOP, forward and backward
    python -m helpers.training --epochs 2 --set base_lr=0.2 # a budget of epochs, and a change to the recipe
    python -m helpers.training --target 94                  # the work that should give 94 %
    python -m helpers.training --budget 60s --runs 3 --out result.json
    python -m helpers.training --budget 60s --validation    # evaluated on 5,000 training images, not on the test set
    python -m helpers.training --target 94 --compile        # the same on a GPU, compiled
    python -m helpers.training --resume                     # continue after Ctrl-C
    python -m helpers.training --budget 60s --explain       # which recipe it would be here, and why; trains nothing
    torchrun --nproc-per-node=2 -m helpers.training --budget 60s    # the same in two processes

The clock starts when the uint8 images are in memory, and runs through preparation, whitening and training. Imports
and the evaluation at the end are outside of it; on a GPU, so is a warm-up of a few steps (what it took is recorded,
``--compile`` makes it longer). With ``--budget`` the schedule follows the clock, so the budget is kept
on a slow or busy machine too; with ``--tflop`` and ``--epochs`` it follows the work, and one machine gives one result
for a seed.

Other commands (each has its own --help):

    python -m helpers.training baselines                    # against other people's nets, a table
    python -m helpers.training ablation                     # what each technique adds: seconds
    python -m helpers.training techniques                   # the same: accuracy, over several seeds
    python -m helpers.training search --tflop 12 --set ...  # candidates for a recipe, on the validation set
    python -m helpers.training profile                      # where the time of a step goes
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from helpers import data
from helpers.training import batches, checkpoints
from helpers.training.choice import Choice, choose, explanation
from helpers.training.curves import USUAL_TFLOP, for_epochs, for_work, work_for
from helpers.training.distributed import Processes, joined
from helpers.training.loop import (
    Budget,
    Interrupted,
    Training,
    TrainingConfig,
    flops_of_step,
    train,
    warm_up,
)
from helpers.training.recipe import Recipe, changed, recipe_of
from helpers.training.results import details, last_line, result_of, write_results
from helpers.training.signals import interruptible
from helpers.verification.files import OutputError, check_output

# Of the command line, what decides a series of runs; --resume takes it from the checkpoint.
SERIES = ("seed", "runs", "set", "precision", "compile", "target", "validation", "out", "command")


def run(args: argparse.Namespace) -> int:
    """Train as often as the command line asks for, evaluate each net, print and write the results.

    Returns:
        The exit status: 0, or 130 if the training was interrupted.

    Raises:
        argparse.ArgumentTypeError: the command line asks for what cannot be.
        ValueError: a checkpoint cannot be used, or the training has diverged.
    """
    device = device_of(args)
    if args.explain:
        return explain(args, device)
    path, state = checkpoint_of(args)
    budget = Budget(**state["config"]["budget"]) if state else budget_of(args, device)
    recipe = recipe_of_command(args, budget, device)
    try:
        with joined(device, args.threads) as processes:
            if processes.largest(state is None)[0]:  # go on in all processes or in none
                state = None
            series = Series(args, recipe, budget, device, processes, path)
            with checkpoints.owned(path) if series.is_first else nullcontext():
                results = series.train(state)
    except Interrupted as stopped:
        if series.is_first:
            print(stopped, resume_line(path))
        return 130
    except KeyboardInterrupt:
        raise KeyboardInterrupt(resume_line(path)) from None
    except RuntimeError as error:
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            raise
        reason = str(error).strip().splitlines()[0]
        print(
            f"error: process {os.environ['RANK']} lost the others: {reason}\n"
            "--resume goes on from the last checkpoint; torchrun --max-restarts=1 does so by itself.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)  # what is left of the group would only wait
    if series.is_first:
        if args.target is not None:
            worst = min(result["accuracy"] for result in results)
            print(f"target {args.target:g} %: {'reached' if worst >= args.target else 'missed'}")
        print(last_line(results))
    return 0


@dataclass
class Series:
    """Trainings with one seed after the other, as the command line asks for them."""

    args: argparse.Namespace
    recipe: Recipe | None  # None: what this machine can do in the budget
    budget: Budget
    device: str
    processes: Processes
    path: Path  # of the checkpoint

    @property
    def is_first(self) -> bool:
        """Is this the process that prints and writes?"""
        return self.processes.rank == 0

    def train(self, state: dict | None) -> list[dict]:
        """Train, from a checkpoint's state if there is one; the results. The checkpoint is removed at the end."""
        args = self.args
        results: list[dict] = json.loads(state["results"]) if state else []
        images = batches.load(args.validation)
        if self.is_first:
            print(data.origin() + (f" Going on from {self.path}." if state else ""), flush=True)
        for seed in range(args.seed + len(results), args.seed + args.runs):
            training, choice = self.train_once(seed, images, state, json.dumps(results))
            state = None
            if self.is_first:
                result = result_of(training, images, self.processes.count)
                result["predicted_accuracy"] = choice and choice.predicted
                results.append(result)
                print(details(result), flush=True)
                if args.runs > 1:
                    print(f"seed {seed}: {result['accuracy']:.2f} %", flush=True)
                if args.out:
                    write_results(args.out, {"runs": results}, args.command)
        if self.is_first:
            self.path.unlink(missing_ok=True)
        return results

    def train_once(
        self, seed: int, images: batches.Images, state: dict | None, results: str
    ) -> tuple[Training, Choice | None]:
        """Train once; what came of it, and how its recipe was chosen (None: it goes on with what it had)."""
        began = time.perf_counter()
        warm, choice = 0.0, None
        if state:
            recipe, precision = recipe_of(state["config"]["recipe"]), state["config"]["precision"]
        else:
            choice = choose(
                self.recipe, self.budget, self.device, self.args.precision, self.processes
            )
            recipe, precision = choice.recipe, choice.precision
        config = TrainingConfig(
            recipe,
            self.budget,
            seed,
            self.device,
            precision,
            compiled=self.args.compile,
            show_progress=self.is_first,
            save_every=self.args.checkpoint_every,
        )
        if self.device == "cuda":
            warm = warm_up(config, images)
            began = time.perf_counter()
        series = json.dumps({name: getattr(self.args, name) for name in SERIES}, default=str)

        def save(state: dict) -> None:
            try:
                checkpoints.write(self.path, {**state, "series": series, "results": results})
            except OutputError as error:  # the training is worth more than its checkpoint
                print(f"warning: {error}", file=sys.stderr)

        with interruptible() as stop:
            training = train(
                config, images, self.processes, began=began, stop=stop, save=save, resume=state
            )
        training.warm_up_seconds = warm
        return training, choice


def explain(args: argparse.Namespace, device: str) -> int:
    """Print what `choose` would go by, and train nothing. Raises `argparse.ArgumentTypeError`."""
    budget = budget_of(args, device)
    if budget.unit != "s" or device != "cpu":
        raise argparse.ArgumentTypeError(
            "--explain shows how a recipe is chosen for a time on a CPU: give it --budget, with --device cpu "
            "where there is a GPU"
        )
    of_a_training = {
        "--set": args.set,
        "--resume": args.resume,
        "--checkpoint": args.checkpoint,
        "--out": args.out,
        "--validation": args.validation,
        "--runs": args.runs > 1,
    }
    if given := [name for name, value in of_a_training.items() if value]:
        raise argparse.ArgumentTypeError(f"--explain trains nothing: leave out {', '.join(given)}")
    with joined(device, args.threads) as processes:
        choice = choose(None, budget, device, args.precision, processes)
        if processes.rank == 0:
            print(f"{budget} in {choice.precision}, the best first:\n{explanation(choice)}")
    return 0


# --- what the command line asks for


def budget_of(args: argparse.Namespace, device: str = "cpu") -> Budget:
    """Return the budget that the command line asks for; 60 seconds if it names none."""
    if vars(args).get("target") is not None:
        return Budget(work_for(args.target, device), "TFLOP")
    if args.tflop is not None:
        return Budget(args.tflop, "TFLOP")
    if args.epochs is not None:
        return Budget(args.epochs, "epochs")
    return Budget(args.budget or 60.0, "s")


def device_of(args: argparse.Namespace) -> str:
    """Return the device that the command line asks for, "cpu" or "cuda"; a GPU if there is one and it names none.

    Raises:
        argparse.ArgumentTypeError: a GPU is asked for, and PyTorch finds none.
    """
    has_gpu = torch.cuda.is_available()
    if args.device == "cuda" and not has_gpu:
        raise argparse.ArgumentTypeError("--device cuda: PyTorch finds no GPU here")
    return args.device or ("cuda" if has_gpu else "cpu")


def changed_recipe(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """The recipe with the changes of ``--set``; a training step of it is tried with shapes alone, so at no cost.

    Raises:
        argparse.ArgumentTypeError: there is no such setting or value, or the recipe cannot be trained.
    """
    try:
        recipe = changed(recipe, changes)
        for size, _ in recipe.resolutions:
            flops_of_step(recipe, 2, size)
    except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:
        reason = str(error).strip().splitlines()[0]
        raise argparse.ArgumentTypeError(
            f"--set: this recipe cannot be trained: {reason}"
        ) from None
    return recipe


def recipe_of_command(args: argparse.Namespace, budget: Budget, device: str) -> Recipe | None:
    """The recipe that the command line asks for; None for "what this machine can do in the budget"."""
    if budget.unit == "s" and not args.set:
        return None
    if budget.unit == "epochs":
        return changed_recipe(for_epochs(budget.amount, device), args.set)
    tflop = budget.amount if budget.unit == "TFLOP" else USUAL_TFLOP
    return changed_recipe(for_work(tflop, device), args.set)


def checkpoint_of(args: argparse.Namespace) -> tuple[Path, dict | None]:
    """Where this training keeps its state, and the state that it goes on from; then ``args`` become those of that one.

    Only an ``--out`` of its own stays. torchrun starts all processes anew when one has died: then it is what the last
    checkpoint says.
    """
    path = None
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0 and args.resume is None:
        named = [args.checkpoint] if args.checkpoint else checkpoints.existing(checkpoints.job())
        path = next((file for file in named if file.exists()), None)
    elif args.resume is not None:
        path = checkpoints.newest() if args.resume is True else Path(args.resume)
    elif args.checkpoint and args.checkpoint.exists():
        raise argparse.ArgumentTypeError(
            f"--checkpoint {args.checkpoint}: it is there already and is not replaced; "
            "--resume FILE goes on from a checkpoint"
        )
    if path is None:
        return args.checkpoint or checkpoints.new_path(args.seed), None
    state = checkpoints.read(path)
    if not {"series", "results"} <= state.keys():
        raise ValueError(f"{path} was not kept by this command: start without --resume.")
    series = json.loads(state["series"])
    out = args.out or series["out"]
    vars(args).update(series, out=check_output(Path(out)) if out else None)
    return path, state


def resume_line(path: Path) -> str:
    """What to do after an interruption."""
    return f"--resume {path} goes on." if path.exists() else "There is no checkpoint yet."
