"""CIFAR-10 in a minute on two CPU cores: the whole training program of page 05.

    python -m helpers.training --budget 60s                 # as well as can be in 60 seconds; or 180s, 10min
    python -m helpers.training --tflop 12 --seed 1          # by work: TFLOP, forward and backward
    python -m helpers.training --epochs 2 --set rate=0.2    # by passes, with something else than the recipe says
    python -m helpers.training --target 94                  # with the work that should give 94 %
    python -m helpers.training --budget 60s --runs 3 --out result.json
    python -m helpers.training --budget 60s --validation    # judged on 5,000 training pictures held out
    python -m helpers.training --budget 60s --peers         # against other people's nets, a table
    python -m helpers.training --resume                     # go on after Ctrl-C
    torchrun --nproc-per-node=2 -m helpers.training --budget 60s    # the same in two processes

The clock starts when the uint8 pictures are in memory, and runs through preparation, whitening and training. Imports
and the evaluation at the end are outside of it. With ``--budget`` the schedule follows the clock, so the budget is kept
on a slow or busy machine too; with ``--tflop`` and ``--epochs`` it follows the work, and one machine gives one result
for a seed.
"""

import os

if __name__ == "__main__":
    # GNU's OpenMP threads wait for each other by spinning, for long; on busy cores that makes a step up to 30 times
    # slower. It is read once, when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")

import argparse
import ast
import copy
import json
import platform
import re
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torchvision
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from helpers import data as cifar10_data
from helpers import environment
from helpers.training import baselines as peers
from helpers.training.batches import Moments, batches, moments, normalised, resized
from helpers.training.checkpoints import CheckpointError, read_checkpoint, write, write_checkpoint
from helpers.training.distributed import Processes, joined, mean_over_processes
from helpers.training.loader import loader_batches
from helpers.training.net import FastNet
from helpers.training.recipe import (
    Recipe,
    for_gpu,
    for_work,
    picture_size,
    rate_factor,
    recipe_of,
    work_for,
)
from helpers.training.speed import best_convolution, best_precision, measure_speed
from helpers.training.step import (
    autocast,
    build,
    flops_of_step,
    optimisers_of,
    set_rates,
    step,
    synchronise,
)

CHECKPOINT = cifar10_data.BOOK / "data" / "training.pt"
HELD_OUT = 5_000
SETTINGS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")  # can take instructions from a CPU


# --- the pictures


class Pictures(NamedTuple):
    """What is learned from and what is judged by: uint8 pictures N x 32 x 32 x 3, int64 labels N."""

    train: torch.Tensor
    train_labels: torch.Tensor
    judge: torch.Tensor
    judge_labels: torch.Tensor
    judged_on: str = "test"  # or "held-out"


def load(validation: bool = False) -> Pictures:
    """CIFAR-10 as arrays. With ``validation``, 5,000 training pictures are held out and the test set is not touched."""
    train = cifar10_data.cifar10(train=True)
    pictures, labels = torch.from_numpy(train.data), torch.tensor(train.targets)
    if not validation:
        test = cifar10_data.cifar10(train=False)
        return Pictures(pictures, labels, torch.from_numpy(test.data), torch.tensor(test.targets))
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(1234))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    return Pictures(pictures[kept], labels[kept], pictures[held], labels[held], "held-out")


# --- how long


@dataclass(frozen=True)
class Limit:
    """How long to train: so many ``"s"`` (seconds), ``"TFLOP"`` or ``"epochs"``."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"

    def progress(self, seconds: float, tflop: float, epochs: float) -> float:
        """The share that is done, 0..1, of what has been used."""
        used = {"s": seconds, "TFLOP": tflop, "epochs": epochs}[self.unit]
        return used / self.amount


def seconds_of(text: str) -> float:
    """'60s', '90', '10min' as seconds. Raises `argparse.ArgumentTypeError`."""
    found = re.fullmatch(r"([\d.]+)\s*(s|min)?", text)
    if not found or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 60s or 10min")
    return float(found[1]) * (60 if found[2] == "min" else 1)


# --- how good


class Accuracy(NamedTuple):
    """Percent right: of the pictures as they are, and with each one's logits averaged with its mirror image's."""

    plain: float
    flips_averaged: float
    seconds: float


def evaluate(
    net: nn.Module,
    pictures: torch.Tensor,
    labels: torch.Tensor,
    by: Moments,
    precision: str = "fp32",
) -> Accuracy:
    """Judge a net by uint8 pictures (N x H x W x 3) and labels (N), normalised by the training pictures' moments."""
    device, began = next(net.parameters()).device, time.perf_counter()
    right = right_averaged = 0
    net.eval()
    with torch.inference_mode(), autocast(device.type, precision):
        for part, truth in zip(pictures.split(500), labels.split(500), strict=True):
            x, y = normalised(part.to(device), by), truth.to(device)
            logits = net(x).float()
            right += (logits.argmax(1) == y).sum().item()
            right_averaged += ((logits + net(x.flip(3)).float()).argmax(1) == y).sum().item()
    net.train()
    share = 100 / len(labels)
    return Accuracy(right * share, right_averaged * share, time.perf_counter() - began)


# --- the training


@dataclass
class Trained:
    """A trained net and what its training used."""

    net: nn.Module
    by: Moments  # what its pictures have to be normalised by
    recipe: Recipe
    precision: str
    seconds: float  # on the clock
    tflop: float  # of all processes, forward, backward and optimiser
    steps: int
    epochs: float
    losses: list[float] = field(repr=False)  # of each step, mean over all processes
    seconds_at: list[float] = field(repr=False)  # on the clock, after each step
    measured: float  # FLOP/s found before the training; 0 if there was no need
    resumed_at_step: int  # 0: it was not interrupted


class Interrupted(Exception):
    """The training was asked to stop, and did, between two steps; the text says what was kept."""


def train(
    recipe: Recipe | None,
    pictures: Pictures,
    limit: Limit,
    *,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "auto",
    clock: Callable[[], float] = time.perf_counter,
    processes: Processes = Processes(),  # noqa: B008 (a constant)
    bar: bool = False,
    stop: Callable[[], bool] = lambda: False,
    keep: Callable[[dict], None] | None = None,
    keep_every: float = 60,
    resume: dict | None = None,
) -> Trained:
    """Train a net from nothing to the end of its schedule.

    Args:
        recipe: None to choose one for the budget, from this machine's speed; then ``limit`` is not in epochs.
        pictures: ``judge`` is not used.
        limit: how long.
        seed: of the first weights, the order of the pictures and what is done to them.
        device: "cpu" or "cuda".
        precision: "fp32", "bf16", or "auto" for the faster one here.
        clock: seconds, as of any moment.
        processes: among whom each batch is shared, see `joined`.
        bar: show a progress bar, with the time left?
        stop: asked between steps; True ends the training with `Interrupted`.
        keep: given the state of the training (tensors, numbers, text), for `resume`, now and then and when stopped,
        keep_every: so many seconds after the last time.
        resume: such a state; the recipe and the precision are then its own.

    Raises:
        Interrupted: ``stop`` said so; the state was kept.
        ValueError: see `helpers.training.batches.batches`.
    """
    began = clock() - (resume["seconds"] if resume else 0)
    if resume:
        recipe, precision, measured = recipe_of(resume["recipe"]), resume["precision"], 0.0
    else:
        recipe, precision, measured = decide(recipe, limit, device, precision, processes)
    run = prepare(recipe, pictures, seed, device, resume)
    runner = run.net
    if processes.count > 1:
        if isinstance(run.net, FastNet):
            run.net.norms_over_processes()
        runner = DistributedDataParallel(run.net)
    feed = feed_of(run, recipe, seed, processes)
    steps_of_epoch = len(run.pictures) / recipe.batch
    work: dict[int, float] = {}  # TFLOP of a step at each size of pictures
    seconds, last_step, last_kept = clock() - began, 0.0, clock()
    with tqdm(total=100, disable=not bar, bar_format=BAR, desc=f"{limit}") as shown:
        while True:
            progress = limit.progress(seconds, run.tflop, run.steps / steps_of_epoch)
            # a step of which more than half would be beyond the budget is not begun
            end = limit.progress(
                seconds + last_step / 2,
                run.tflop + min(work.values(), default=0) / 2,
                (run.steps + 0.5) / steps_of_epoch,
            )
            progress, end, stopping, due = processes.largest(
                progress, end, stop(), clock() - last_kept > keep_every
            )
            shown.update(min(100, 100 * progress) - shown.n)
            if stopping or due:
                if keep and processes.rank == 0:
                    names = {"seed": seed, "limit": limit.amount, "unit": limit.unit}
                    keep({**names, **state_of(run, recipe, precision, seconds)})
                last_kept = clock()
            if stopping:
                done = f"{seconds:.0f} s, at {100 * progress:.0f} % of {limit}"
                raise Interrupted(f"Stopped after {done}.")
            if end >= 1 and run.steps:
                break
            size = picture_size(recipe, progress)
            if size not in work:
                share = recipe.batch // processes.count
                work[size] = flops_of_step(recipe, share, size) * processes.count / 1e12
            set_rates(run.steppers, rate_factor(recipe, progress))
            x, y = next(feed)
            loss = step(
                *(runner, run.steppers, resized(x, size), y),
                smoothing=recipe.smoothing,
                device=device,
                precision=precision,
            )
            synchronise(device)
            before, seconds = seconds, clock() - began
            last_step = seconds - before
            run.count(loss, work[size], seconds)
    feed.close()
    return Trained(
        net=run.net,
        by=run.by,
        recipe=recipe,
        precision=precision,
        seconds=seconds,
        tflop=run.tflop,
        steps=run.steps,
        epochs=run.steps / steps_of_epoch,
        measured=measured,
        resumed_at_step=resume["steps"] if resume else 0,
        losses=mean_over_processes(run.losses, processes),
        seconds_at=run.seconds_at,
    )


def decide(
    recipe: Recipe | None, limit: Limit, device: str, precision: str, processes: Processes
) -> tuple[Recipe, str, float]:
    """Choose what was left open: the recipe (None) by the budget, the precision ("auto") by speed.

    Returns:
        Recipe, precision, and the FLOP/s of all processes together that the choice was made by, 0 without need.
    """
    if precision == "auto":
        precision = best_precision(device)
        (slow,) = processes.largest(precision == "fp32")  # all have to do the same
        precision = "fp32" if slow else "bf16"
    measured, tflop = 0.0, limit.amount
    if recipe is None:
        if limit.unit == "s":
            own = measure_speed(device, precision, Recipe())
            (slowest,) = processes.largest(-own)
            measured = -slowest * processes.count
            tflop = measured * limit.amount / 1e12
        recipe = for_gpu(for_work(tflop)) if device == "cuda" else for_work(tflop)
    return recipe, precision, measured


@dataclass
class Run:
    """A training under way."""

    net: nn.Module
    steppers: list[torch.optim.Optimizer]
    pictures: torch.Tensor  # uint8, on the device
    labels: torch.Tensor
    by: Moments
    steps: int = 0
    tflop: float = 0.0
    losses: list = field(default_factory=list)
    seconds_at: list[float] = field(default_factory=list)

    def count(self, loss: torch.Tensor, tflop: float, seconds: float) -> None:
        """One more step."""
        self.steps, self.tflop = self.steps + 1, self.tflop + tflop
        self.losses.append(loss)
        self.seconds_at.append(seconds)


def prepare(
    recipe: Recipe, pictures: Pictures, seed: int, device: str, resume: dict | None = None
) -> Run:
    """All that comes before the first step: moments, a net from its seed, whitening; or as the checkpoint has it."""
    torch.manual_seed(seed)
    train_set, labels = pictures.train.to(device), pictures.train_labels.to(device)
    by = moments(train_set)
    if recipe.loader:  # its own transforms bring 0..255 to -1..1
        by = Moments(torch.full_like(by.mean, 127.5), torch.full_like(by.mean, 127.5))
    net = build(recipe).to(device, memory_format=torch.channels_last)
    if isinstance(net, FastNet) and recipe.whiten:
        net.whiten(normalised(train_set[:1000], by))
    run = Run(net, optimisers_of(net, recipe), train_set, labels, by)
    if resume:
        net.load_state_dict(resume["net"])
        for optimiser, state in zip(run.steppers, resume["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        run.steps, run.tflop = resume["steps"], resume["tflop"]
        run.losses, run.seconds_at = list(resume["losses"]), list(resume["seconds_at"])
    return run


def state_of(run: Run, recipe: Recipe, precision: str, seconds: float) -> dict:
    """What a checkpoint keeps of a training: tensors, numbers, text. The seed and the step give the pictures' order."""
    return {
        "net": run.net.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in run.steppers],
        "recipe": asdict(recipe),
        "precision": precision,
        "seconds": seconds,
        "steps": run.steps,
        "tflop": run.tflop,
        "losses": [float(loss) for loss in run.losses],
        "seconds_at": run.seconds_at,
    }


BAR = "{l_bar}{bar}| {elapsed} gone, {remaining} left"


def feed_of(
    run: Run, recipe: Recipe, seed: int, processes: Processes
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches that a recipe asks for, without end, from where the run stands."""
    if recipe.loader:
        return loader_batches(run.pictures, run.labels, recipe.batch, seed)
    return batches(
        run.pictures,
        run.labels,
        run.by,
        recipe.batch,
        seed,
        shift=recipe.shift,
        flip=recipe.flip,
        hole=recipe.hole,
        start=run.steps,
        rank=processes.rank,
        processes=processes.count,
    )


# --- one run, judged and put into words


def result_of(
    trained: Trained,
    accuracy: Accuracy,
    limit: Limit,
    *,
    seed: int,
    device: str,
    processes: int,
    judged: str,
) -> dict:
    """All that was measured in a run, ready for JSON; measures this machine's best convolution for comparison."""
    reached = trained.tflop * 1e12 / trained.seconds
    is_fast = trained.recipe.net == "fast"
    best = best_convolution(trained.recipe, device, trained.precision) if is_fast else None
    return {
        "budget": limit.amount,
        "budget_unit": limit.unit,
        "seconds": round(trained.seconds, 3),
        "tflop": round(trained.tflop, 4),
        "accuracy": round(accuracy.plain, 2),
        "accuracy_flips_averaged": round(accuracy.flips_averaged, 2),
        "judged_on": judged,
        "evaluation_seconds": round(accuracy.seconds, 2),
        "steps": trained.steps,
        "epochs": round(trained.epochs, 3),
        "seed": seed,
        "resumed_at_step": trained.resumed_at_step,
        "flop_per_second": reached,
        "best_convolution_flop_per_second": best,
        "efficiency": best and reached / best,
        "measured_before_flop_per_second": trained.measured,
        "precision": trained.precision,
        "device": device,
        "processes": processes,
        **machine(device),
        "recipe": asdict(trained.recipe),
        "parameters": sum(weight.numel() for weight in trained.net.parameters()),
        "losses": [round(statistics.fmean(part), 4) for part in parts_of(trained.losses)],
        "seconds_at": [round(part[-1], 2) for part in parts_of(trained.seconds_at)],
    }


def machine(device: str) -> dict:
    """What a result was measured on, ready for JSON."""
    return {
        "threads": torch.get_num_threads(),
        "cpu": environment.cpu_name(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }


def parts_of(values: Sequence[float], count: int = 100) -> list[Sequence[float]]:
    """Values in ``count`` pieces of about one length, in order; each alone where there are fewer."""
    count = min(count, len(values))
    ends = [n * len(values) // count for n in range(count + 1)]
    return [values[start:end] for start, end in pairwise(ends)]


def last_line(results: Sequence[dict]) -> str:
    """What one run, or the mean of several, has come to, on one line."""
    mean = {
        name: statistics.fmean(result[name] for result in results)
        for name in ("seconds", "tflop", "accuracy", "accuracy_flips_averaged")
    }
    one = results[0]
    text = (
        f"budget {one['budget']:g} {one['budget_unit']}: used {mean['seconds']:.1f} s, "
        f"{mean['tflop']:.1f} TFLOP, with flips averaged {mean['accuracy_flips_averaged']:.2f} %, "
        f"{one['judged_on']} accuracy {mean['accuracy']:.2f} %"
    )
    if len(results) > 1:
        found = [result["accuracy"] for result in results]
        text += f" (mean of {len(found)} runs, deviation {statistics.stdev(found):.2f}, smallest {min(found):.2f})"
    return text


def details(result: dict) -> str:
    """Two lines about a run: what was trained, and how well the machine was used."""
    recipe = result["recipe"]
    shape = "-".join(map(str, recipe["widths"])) if recipe["net"] == "fast" else recipe["net"]
    lines = [
        f"{shape}, {result['precision']}, batch {recipe['batch']}, {result['steps']} steps, "
        f"{result['epochs']:.2f} epochs; evaluation {result['evaluation_seconds']:.1f} s"
    ]
    if result["efficiency"]:
        lines.append(
            f"{result['flop_per_second'] / 1e9:.0f} GFLOP/s, {100 * result['efficiency']:.0f} % of the "
            f"{result['best_convolution_flop_per_second'] / 1e9:.0f} of the best 3x3 convolution of these widths alone"
        )
    return "\n".join(lines)


# --- as a command


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and a polite kill only raise a flag, which is asked for between steps; a second Ctrl-C ends at once."""
    asked: list[int] = []

    def note(number: int, frame: Any) -> None:
        if asked and number == signal.SIGINT and asked[0] == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m helpers.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    limit = made.add_mutually_exclusive_group()
    limit.add_argument("--budget", type=seconds_of, help="time: 60s (the default), 180s, 10min")
    limit.add_argument("--tflop", type=float, help="work, forward and backward")
    limit.add_argument("--epochs", type=float, help="passes over the training pictures")
    limit.add_argument(
        "--target", type=float, help="accuracy in percent; the work is chosen for it"
    )
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--runs", type=int, default=1, help="with seeds one after the other")
    made.add_argument("--device", choices=["cpu", "cuda"], help="default: a GPU if there is one")
    made.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    made.add_argument("--threads", type=int, help="default: torch's choice, or cores / processes")
    made.add_argument("--validation", action="store_true", help="hold 5,000 training pictures out")
    made.add_argument("--out", type=Path, help="write the results here, as JSON")
    made.add_argument("--checkpoint", type=Path, default=CHECKPOINT, metavar="FILE")
    made.add_argument("--checkpoint-every", type=float, default=60, metavar="SECONDS")
    made.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    made.add_argument("--peers", action="store_true", help="against other nets: one table")
    made.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=VALUE", help="change the recipe: rate=0.2"
    )
    return made


def changed(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """A recipe with ``name=value`` changes; values as in Python, sequences without brackets too.

    Raises:
        ValueError: no such name, or no such value.
    """
    known = {entry.name for entry in fields(Recipe)}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in known:
            raise ValueError(f"--set {change}: a recipe has {', '.join(sorted(known))}")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        default = getattr(recipe, name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, type(default)):
            raise ValueError(
                f"--set {change}: {name} is a {type(default).__name__}, like {default!r}"
            )
        recipe = recipe_of({**asdict(recipe), name: value})
    return recipe


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 0, 1 for what went wrong, 130 when interrupted."""
    asked = parser().parse_args(arguments)
    device = asked.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if asked.target is not None and asked.tflop is None:
        with suppress(ValueError):
            asked.tflop = work_for(asked.target)
    try:
        with joined(device, asked.threads) as processes:
            return run_peers(asked, device) if asked.peers else run(asked, device, processes)
    except Interrupted as stopped:
        print(stopped)
        return 130
    except KeyboardInterrupt:
        print("Stopped; nothing was kept of what came after the last checkpoint.")
        return 130
    except (CheckpointError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
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


def limit_of(asked: argparse.Namespace) -> Limit:
    """How long to train, from the command line."""
    if asked.target is not None and asked.tflop is None:
        work_for(asked.target)  # says what is wrong with it
    for amount, unit in ((asked.tflop, "TFLOP"), (asked.epochs, "epochs")):
        if amount is not None:
            if amount <= 0:
                raise ValueError(f"{amount:g} {unit} is nothing")
            return Limit(amount, unit)
    return Limit(asked.budget or 60.0, "s")


def run(asked: argparse.Namespace, device: str, processes: Processes) -> int:
    """Train as often as is asked for, judge, print, write."""
    limit, first = limit_of(asked), processes.rank == 0
    if asked.runs < 1:
        raise ValueError("--runs needs at least 1")
    changed(Recipe(), asked.set)  # says what is wrong, before anything is loaded
    # torchrun starts all processes anew when one has died: then go on from where the last checkpoint was written
    restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
    resume, command = None, sys.argv[1:]
    if asked.resume or (restarted and asked.checkpoint.exists()):
        resume = read_checkpoint(asked.checkpoint)
        limit, command = Limit(resume["limit"], resume["unit"]), ask_as_before(asked, resume)
    elif first and not restarted:
        asked.checkpoint.unlink(missing_ok=True)  # of another training
    results: list[dict] = json.loads(resume["results"]) if resume else []
    pictures = load(asked.validation)
    if first:
        print(cifar10_data.origin())
    with interruptible() as stop:
        for seed in range(asked.seed + len(results), asked.seed + asked.runs):
            recipe = chosen_recipe(asked, limit, device)

            def keep(state: dict) -> None:
                series = {"command": command} | {name: getattr(asked, name) for name in SERIES}
                state |= {"series": json.dumps(series, default=str), "results": json.dumps(results)}
                write_checkpoint(asked.checkpoint, state)

            try:
                trained = train(
                    *(recipe, pictures, limit),
                    seed=seed,
                    device=device,
                    precision=asked.precision,
                    processes=processes,
                    bar=first,
                    stop=stop,
                    resume=resume,
                    keep=keep,
                    keep_every=asked.checkpoint_every,
                )
            except Interrupted as stopped:
                how = f"{stopped} --resume goes on from {asked.checkpoint}."
                raise Interrupted(how if first else "") from None
            resume = None
            if first:
                results.append(
                    judged(
                        *(trained, pictures, limit),
                        seed=seed,
                        device=device,
                        processes=processes.count,
                    )
                )
                print(details(results[-1]))
                if asked.runs > 1:
                    print(f"seed {seed}: {results[-1]['accuracy']:.2f} %")
                if asked.out:
                    write_results(asked.out, {"runs": results}, command=command)
    if first:
        asked.checkpoint.unlink(missing_ok=True)
        if asked.target is not None:
            worst = min(result["accuracy"] for result in results)
            print(f"target {asked.target:g} %: {'reached' if worst >= asked.target else 'missed'}")
        print(last_line(results))
    return 0


# Of the command line, what decides a series of runs; --resume takes it from the checkpoint.
SERIES = ("seed", "runs", "set", "precision", "target", "validation", "out")


def ask_as_before(asked: argparse.Namespace, resume: dict) -> list[str]:
    """Make the command line ask for what the interrupted one did, but for an ``--out`` of its own.

    Returns:
        The arguments of the interrupted command.

    Raises:
        CheckpointError: the state is not one that the command kept.
    """
    if not {"series", "results"} <= resume.keys():
        raise CheckpointError(
            f"{asked.checkpoint} was not kept by this command: start without --resume."
        )
    series = json.loads(resume["series"])
    command, out = series.pop("command"), series.pop("out")
    vars(asked).update(series, out=asked.out or (Path(out) if out else None))
    return command


def chosen_recipe(asked: argparse.Namespace, limit: Limit, device: str) -> Recipe | None:
    """The recipe that the command line asks for; None for "what this machine can do in the budget"."""
    if limit.unit == "s" and not asked.set:
        return None
    recipe = for_work(limit.amount) if limit.unit == "TFLOP" else for_work(12.0)
    return changed(for_gpu(recipe) if device == "cuda" else recipe, asked.set)


def judged(trained: Trained, pictures: Pictures, limit: Limit, **about: Any) -> dict:
    """A run's result, with its accuracy; the test set is read here and nowhere else."""
    net = copy.deepcopy(trained.net)
    accuracy = evaluate(net, pictures.judge, pictures.judge_labels, trained.by, trained.precision)
    result = result_of(trained, accuracy, limit, **about, judged=pictures.judged_on)
    return {**result, "pictures_are_real": cifar10_data.is_real()}


def write_results(
    path: Path, results: dict, program: str = "training", command: Sequence[str] | None = None
) -> None:
    """Write results as JSON, with the command that made them.

    Args:
        path: of the file.
        results: ready for JSON.
        program: the module of helpers/ that was run.
        command: its arguments; None for those of this process.
    """
    arguments = sys.argv[1:] if command is None else command
    text = " ".join(["python", "-m", f"helpers.{program}", *arguments])
    write(path, (json.dumps({"command": text, **results}, indent=1) + "\n").encode())


def run_peers(asked: argparse.Namespace, device: str) -> int:
    """Train ours and each of the peers for the same seconds, one after the other, and again; print one table."""
    limit = limit_of(asked)
    pictures = load(asked.validation)
    print(cifar10_data.origin())
    precision = best_precision(device) if asked.precision == "auto" else asked.precision
    speed = measure_speed(device, precision, Recipe())
    tflop = speed * limit.amount / 1e12 if limit.unit == "s" else limit.amount
    ours = for_gpu(for_work(tflop)) if device == "cuda" else for_work(tflop)
    entries = {"this book": changed(ours, asked.set)}
    for name, peer in peers.PEERS.items():
        if limit.unit == "epochs" or peer.loader:
            entries[name] = peer
        else:
            affordable = tflop * 1e12 / (flops_of_step(peer, 32, 32) / 32)
            entries[name] = peers.shrunk(peer, affordable)
    results: dict[str, list[dict]] = {name: [] for name in entries}
    with interruptible() as stop:
        for seed in range(asked.seed, asked.seed + asked.runs):
            for name, recipe in entries.items():
                trained = train(
                    *(recipe, pictures, limit),
                    seed=seed,
                    device=device,
                    precision=precision,
                    bar=True,
                    stop=stop,
                )
                results[name].append(
                    judged(trained, pictures, limit, seed=seed, device=device, processes=1)
                )
                print(f"{name}: {last_line(results[name][-1:])}")
                if asked.out:
                    write_results(asked.out, {"peers": results})
    print(peers_table(results))
    return 0


def peers_table(results: dict[str, list[dict]]) -> str:
    """One line an entry: mean accuracy, deviation, seconds, TFLOP, passes over the pictures, batch."""
    lines = [
        f"{'':24}{'accuracy':>10}{'deviation':>11}{'seconds':>9}{'TFLOP':>8}{'epochs':>8}{'batch':>7}"
    ]
    for name, runs in results.items():
        found = [run["accuracy"] for run in runs]
        spread = f"{statistics.stdev(found):.2f}" if len(found) > 1 else "-"
        mean = {
            key: statistics.fmean(run[key] for run in runs)
            for key in ("seconds", "tflop", "epochs")
        }
        lines.append(
            f"{name:24}{statistics.fmean(found):>8.2f} %{spread:>11}{mean['seconds']:>9.1f}{mean['tflop']:>8.2f}"
            f"{mean['epochs']:>8.2f}{runs[0]['recipe']['batch']:>7}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
