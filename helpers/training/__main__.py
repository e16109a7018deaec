"""CIFAR-10 in a minute on two CPU cores: the training program of page 05.

    python -m helpers.training --budget 60s                 # as well as can be in 60 seconds; or 180s, 10min
    python -m helpers.training --tflop 12 --seed 1          # by work: TFLOP, forward and backward
    python -m helpers.training --epochs 2 --set base_lr=0.2 # by passes, with something else than the recipe says
    python -m helpers.training --target 94                  # with the work that should give 94 %
    python -m helpers.training --budget 60s --runs 3 --out result.json
    python -m helpers.training --budget 60s --validation    # judged by 5,000 training images, not by the test set
    python -m helpers.training --resume                     # go on after Ctrl-C
    torchrun --nproc-per-node=2 -m helpers.training --budget 60s    # the same in two processes

The clock starts when the uint8 images are in memory, and runs through preparation, whitening and training. Imports
and the evaluation at the end are outside of it. With ``--budget`` the schedule follows the clock, so the budget is kept
on a slow or busy machine too; with ``--tflop`` and ``--epochs`` it follows the work, and one machine gives one result
for a seed.

Other commands (each has its own --help):

    python -m helpers.training baselines                    # against other people's nets, a table
    python -m helpers.training ablation                     # what each technique of page 05 adds
    python -m helpers.training search --tflop 12 --set ...  # candidates for a recipe, judged by validation images
    python -m helpers.training profile                      # where the time of a step goes
"""

import os

# GNU's OpenMP threads wait for each other by spinning, for long; on busy cores that makes a step up to 30 times
# slower. It is read once, when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")

import argparse
import importlib
import json
import math
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.verification.files import OutputError, check_output

if TYPE_CHECKING:
    from helpers.training.batches import Images
    from helpers.training.distributed import Processes
    from helpers.training.loop import Budget, Training
    from helpers.training.recipe import Recipe

# Each is a module with add_arguments(parser) and run(args) -> exit status. A ``run`` raises ArgumentTypeError for what
# is wrong with the command line and shows only after its imports.
COMMANDS = ("baselines", "ablation", "search", "profile")
NEWEST = "the newest"
RESUME = "go on from a checkpoint; without FILE from the newest, after a list of all"
CHECKPOINT = "keep the state here; default: a file of its own in data/checkpoints/"


# --- the command line


def seconds_of(text: str) -> float:
    """'60s', '90', '10min' as seconds. Raises `argparse.ArgumentTypeError`."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(s|min)?", text)
    seconds = float(match[1]) * (60 if match[2] == "min" else 1) if match else 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 60s or 10min")
    return seconds


def number(low: float, high: float, kind: type = float) -> Callable[[str], Any]:
    """The type of an argument that is a number (``kind``: int or float) from ``low`` to ``high``."""

    def convert(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            name = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is no {name} from {low:g} to {high:g}")
        return value

    return convert


positive = number(1e-9, 1e9)


def whole(least: int, most: int = 10**9) -> Callable[[str], int]:
    """The type of an argument that is a whole number from ``least`` to ``most``."""
    return number(least, most, int)


def output(text: str) -> Path:
    """A file that can be written. Raises `argparse.ArgumentTypeError`."""
    try:
        check_output(Path(text))
    except OutputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return Path(text)


def add_common_arguments(parser: argparse.ArgumentParser) -> Any:
    """What every command that trains for a budget understands; the group of arguments that say how long.

    See `budget_of`, `device_of`, `changed_recipe`.
    """
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--budget", type=seconds_of, help="time: 60s (the default), 180s, 10min")
    budget.add_argument("--tflop", type=positive, help="work, forward and backward")
    budget.add_argument("--epochs", type=positive, help="passes over the training images")
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--runs", type=whole(1), default=1, help="with seeds one after the other")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: a GPU if there is one")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--threads", type=whole(1, 1024), help="default: a share of the cores")
    parser.add_argument("--validation", action="store_true", help="judge by 5,000 training images")
    parser.add_argument("--out", type=output, help="write the results here, as JSON")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=VALUE", help="change the recipe: base_lr=0.2"
    )
    return budget


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of a training."""
    budget = add_common_arguments(parser)
    budget.add_argument("--target", type=number(10, 97), help="percent; the work is chosen so")
    checkpoint = parser.add_mutually_exclusive_group()
    checkpoint.add_argument("--resume", nargs="?", const=NEWEST, metavar="FILE", help=RESUME)
    checkpoint.add_argument("--checkpoint", type=output, metavar="FILE", help=CHECKPOINT)
    parser.add_argument("--checkpoint-every", type=positive, default=60, metavar="SECONDS")


def budget_of(args: argparse.Namespace) -> "Budget":
    """How long to train, from the command line."""
    from helpers.training.loop import Budget

    if args.tflop is not None:
        return Budget(args.tflop, "TFLOP")
    if args.epochs is not None:
        return Budget(args.epochs, "epochs")
    return Budget(args.budget or 60.0, "s")


def device_of(args: argparse.Namespace) -> str:
    """Where to train, from the command line. Raises `argparse.ArgumentTypeError`."""
    import torch

    has_gpu = torch.cuda.is_available()
    if args.device == "cuda" and not has_gpu:
        raise argparse.ArgumentTypeError("--device cuda: PyTorch finds no GPU here")
    return args.device or ("cuda" if has_gpu else "cpu")


def changed_recipe(recipe: "Recipe", args: argparse.Namespace) -> "Recipe":
    """The recipe with the changes of ``--set``, tried without numbers. Raises `argparse.ArgumentTypeError`."""
    from helpers.training.loop import flops_of_step
    from helpers.training.recipe import changed

    try:
        recipe = changed(recipe, args.set)
        for size, _ in recipe.resolutions:
            flops_of_step(recipe, 2, size)
    except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:
        reason = str(error).strip().splitlines()[0]
        raise argparse.ArgumentTypeError(f"--set: no training so: {reason}") from None
    return recipe


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 0, 1 for what went wrong, 130 when interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    name = arguments.pop(0) if arguments and arguments[0] in ("run", *COMMANDS) else "run"
    module = "__main__" if name == "run" else name
    command = importlib.import_module(f"helpers.training.{module}")
    parser = argparse.ArgumentParser(
        prog="python -m helpers.training" + (f" {name}" if name in COMMANDS else ""),
        usage="%(prog)s [OPTION ...], see --help",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    args = parser.parse_args(arguments)
    args.command = arguments
    try:
        from helpers.training.distributed import handled  # imports torch

        with handled(raise_interrupt, signal.SIGTERM):
            status = command.run(args)
            sys.stdout.flush()
        return status
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    except KeyboardInterrupt as stopped:
        print(f"Stopped. {stopped}".strip())
        return 130
    except BrokenPipeError:  # nobody reads any more; nor shall Python's last flush complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OutputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def raise_interrupt(number: int, frame: Any) -> None:
    """End what is done like Ctrl-C: what a polite kill does."""
    raise KeyboardInterrupt


# --- a training, or several

# Of the command line, what decides a series of runs; --resume takes it from the checkpoint.
SERIES = ("seed", "runs", "set", "precision", "target", "validation", "out", "command")


def run(args: argparse.Namespace) -> int:
    """Train as often as is asked for, judge, print, write."""
    device = device_of(args)  # first: it imports torch

    from helpers.training.distributed import joined, owned
    from helpers.training.loop import Interrupted
    from helpers.training.results import last_line

    path, state = checkpoint_of(args)
    budget = work_of(args, state)
    recipe = recipe_of_command(args, budget, device)
    try:
        with joined(device, args.threads) as processes:
            if processes.largest(state is None)[0]:  # go on in all processes or in none
                state = None
            series = Series(args, recipe, budget, device, processes, path)
            with owned(path) if series.is_first else nullcontext():
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
    recipe: "Recipe | None"  # None: what this machine can do in the budget
    budget: "Budget"
    device: str
    processes: "Processes"
    path: Path  # of the checkpoint

    @property
    def is_first(self) -> bool:
        """Is this the process that prints and writes?"""
        return self.processes.rank == 0

    def train(self, state: dict | None) -> list[dict]:
        """Train, from a checkpoint's state if there is one; the results. The checkpoint is removed at the end."""
        from helpers import data
        from helpers.training import batches
        from helpers.training.results import details, result_of, write_results

        args = self.args
        results: list[dict] = json.loads(state["results"]) if state else []
        images = batches.load(args.validation)
        if self.is_first:
            print(data.origin() + (f" Going on from {self.path}." if state else ""), flush=True)
        for seed in range(args.seed + len(results), args.seed + args.runs):
            training, speed = self.train_once(seed, images, state, json.dumps(results))
            state = None
            if self.is_first:
                results.append(result_of(training, images, self.processes.count, speed))
                print(details(results[-1]), flush=True)
                if args.runs > 1:
                    print(f"seed {seed}: {results[-1]['accuracy']:.2f} %", flush=True)
                if args.out:
                    write_results(args.out, {"runs": results}, args.command)
        if self.is_first:
            self.path.unlink(missing_ok=True)
        return results

    def train_once(
        self, seed: int, images: "Images", state: dict | None, results: str
    ) -> "tuple[Training, float]":
        """Train once; what came of it, and the FLOP/s that the recipe was chosen by."""
        from helpers.training.distributed import interruptible, write_checkpoint
        from helpers.training.loop import TrainingConfig, train
        from helpers.training.recipe import recipe_of
        from helpers.training.speed import choose

        began, speed = time.perf_counter(), 0.0
        if state:
            recipe, precision = recipe_of(state["config"]["recipe"]), state["config"]["precision"]
        else:
            recipe, precision, speed = choose(
                self.recipe, self.budget, self.device, self.args.precision, self.processes
            )
        what = recipe, self.budget, seed, self.device, precision
        config = TrainingConfig(*what, self.is_first, self.args.checkpoint_every)
        series = json.dumps({name: getattr(self.args, name) for name in SERIES}, default=str)

        def save(state: dict) -> None:
            try:
                write_checkpoint(self.path, {**state, "series": series, "results": results})
            except OutputError as error:  # the training is worth more than its checkpoint
                print(f"warning: {error}", file=sys.stderr)

        with interruptible() as stop:
            training = train(
                config, images, self.processes, began=began, stop=stop, save=save, resume=state
            )
        return training, speed


def work_of(args: argparse.Namespace, state: dict | None) -> "Budget":
    """How long to train: as a checkpoint says, to reach ``--target``, or see `budget_of`."""
    from helpers.training.loop import Budget
    from helpers.training.recipe import work_for

    if state:
        return Budget(**state["config"]["budget"])
    return Budget(work_for(args.target), "TFLOP") if args.target else budget_of(args)


def recipe_of_command(args: argparse.Namespace, budget: "Budget", device: str) -> "Recipe | None":
    """The recipe that the command line asks for; None for "what this machine can do in the budget"."""
    from helpers.training.recipe import for_gpu, for_work

    if budget.unit == "s" and not args.set:
        return None
    recipe = for_work(budget.amount if budget.unit == "TFLOP" else 12.0)
    return changed_recipe(for_gpu(recipe) if device == "cuda" else recipe, args)


# --- its checkpoint


def checkpoint_of(args: argparse.Namespace) -> tuple[Path, dict | None]:
    """Where this training keeps its state, and the state that it goes on from.

    torchrun starts all processes anew when one has died: then it is what the last checkpoint says.
    """
    from helpers.training import distributed

    path = None
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0 and args.resume is None:
        named = [args.checkpoint] if args.checkpoint else distributed.checkpoints(distributed.job())
        path = next((file for file in named if file.exists()), None)
    elif args.resume is not None:
        path = distributed.newest_checkpoint() if args.resume == NEWEST else Path(args.resume)
    elif args.checkpoint and args.checkpoint.exists():
        raise argparse.ArgumentTypeError(
            f"--checkpoint {args.checkpoint}: it is there already and is not replaced; "
            "--resume FILE goes on from a checkpoint"
        )
    if path is None:
        return args.checkpoint or distributed.new_checkpoint(args.seed), None
    state = distributed.read_checkpoint(path)
    ask_as_before(args, path, state)
    return path, state


def ask_as_before(args: argparse.Namespace, path: Path, state: dict) -> None:
    """Make the command line ask for what the interrupted one did, but for an ``--out`` of its own."""
    if not {"series", "results"} <= state.keys():
        raise ValueError(f"{path} was not kept by this command: start without --resume.")
    series = json.loads(state["series"])
    out = args.out or series["out"]
    vars(args).update(series, out=check_output(Path(out)) if out else None)


def resume_line(path: Path) -> str:
    """What to do after an interruption."""
    return f"--resume {path} goes on." if path.exists() else "There is no checkpoint yet."


if __name__ == "__main__":
    sys.exit(main())
