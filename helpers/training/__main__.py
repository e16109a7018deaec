"""The fast training of CIFAR-10, and what it is compared with: python -m helpers.training --help.

Here is its command line: what is understood and refused, before torch is loaded.
"""

import os

# GNU's OpenMP threads wait for each other by spinning, for long; on busy cores that makes a step up to 30 times
# slower. It is read once, when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")

import argparse
import ast
import importlib
import math
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.verification.files import OutputError, check_output

# Each is a module whose docstring is its --help, with a run(args) -> exit status; that raises ArgumentTypeError for
# what is wrong with the command line and shows only when torch is there.
COMMANDS = {
    "run": "train for a budget of time, work or epochs; this is what is done without a command",
    "baselines": "other people's nets in the same time",
    "ablation": "seconds to the accuracy of the old tutorials, technique by technique",
    "techniques": "accuracy after the same images, technique by technique, over several seeds",
    "search": "candidates for a recipe, compared on the validation images",
    "profile": "where the time of a training step goes",
}
RESUME = "continue from a checkpoint; without FILE: list them, and take the newest"
SET = "change the recipe: base_lr=0.2"
CHECKPOINT = "keep the state here; default: a file of its own in data/checkpoints/"


def seconds_of(text: str) -> float:
    """'60s', '90', '10min' as seconds. Raises `argparse.ArgumentTypeError`."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(s|min)?", text)
    seconds = float(match[1]) * (60 if match[2] == "min" else 1) if match else 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 60s or 10min")
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
            raise argparse.ArgumentTypeError(f"{text!r} is not a {name} from {low:g} to {high:g}")
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


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """The command line of a command."""
    add = parser.add_argument
    if name in ("run", "baselines"):
        budget = parser.add_mutually_exclusive_group()
        budget.add_argument(
            "--budget", type=seconds_of, help="time: 60s (the default), 180s, 10min"
        )
        budget.add_argument("--tflop", type=positive, help="work, forward and backward")
        budget.add_argument("--epochs", type=positive, help="passes over the training images")
        add("--seed", type=whole(0), default=0)
        add("--runs", type=whole(1), default=1, help="number of runs, with consecutive seeds")
        add("--device", choices=["cpu", "cuda"], help="default: a GPU if there is one")
        add("--precision", choices=["auto", "fp32", "bf16"], default="auto")
        add("--validation", action="store_true", help="evaluate on 5,000 training images")
        if name == "run":
            add("--compile", action="store_true", help="compile the net: for GPUs")
        add("--set", nargs="+", default=[], metavar="NAME=VALUE", help=SET)
    if name == "run":
        budget.add_argument(
            "--target",
            type=number(10, 97),
            help="accuracy to aim for, in percent; the work is estimated",
        )
        add("--explain", action="store_true", help="show how the recipe is chosen; no training")
        checkpoint = parser.add_mutually_exclusive_group()
        checkpoint.add_argument("--resume", nargs="?", const=True, metavar="FILE", help=RESUME)
        checkpoint.add_argument("--checkpoint", type=output, metavar="FILE", help=CHECKPOINT)
        add("--checkpoint-every", type=positive, default=60, metavar="SECONDS")
    elif name == "baselines":
        add(
            "--only",
            nargs="+",
            metavar="NAME",
            help="nets, by their names in the table; what --out has of others stays",
        )
    elif name == "ablation":
        add("--runs", type=whole(1), default=3, help="of each variant, for the table")
    elif name == "techniques":
        add("--runs", type=whole(1), default=5, help="of each technique, with consecutive seeds")
    elif name == "search":
        equal = parser.add_mutually_exclusive_group(required=True)
        equal.add_argument("--tflop", type=positive, help="work of each training")
        equal.add_argument("--budget", type=seconds_of, help="time of each training")
        equal.add_argument("--epochs", type=positive, help="passes over the training images")
        add("--runs", type=whole(1), default=1, help="of each candidate")
        add("--device", choices=["cpu", "cuda"], default="cpu")
        add("--precision", choices=["fp32", "bf16"], default="fp32")
        add("--compile", action="store_true", help="compile the nets: for GPUs")
        add("--baseline", metavar="NAME", help="change its recipe instead of the book's default")
        add("--set", nargs="+", action="append", required=True, metavar="NAME=VALUE")
    else:
        add("--compile", action="store_true", help="time compiled steps too")
        add("--device", choices=["cpu", "cuda"], default="cpu")
    if name in ("run", "baselines", "techniques", "search"):
        add("--threads", type=whole(1, 1024), help="default: a share of the cores")
    out = (
        "add the results to this JSON file"
        if name == "search"
        else "write the results here, as JSON"
    )
    add("--out", type=output, help=out)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 0, 1 for what went wrong, 130 when interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    name = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "run"
    module = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(
        prog="python -m helpers.training" + (f" {name}" if name != "run" else ""),
        usage="%(prog)s [OPTION ...], see --help",
        description=ast.get_docstring(ast.parse(module)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser, name)
    args = parser.parse_args(arguments)
    args.command = arguments
    try:
        from helpers.training.signals import handled

        command = importlib.import_module(f"helpers.training.{name}")
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
    """End what is done like Ctrl-C: what SIGTERM does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
