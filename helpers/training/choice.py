"""Which net this machine should train in a given time: chosen by what its own steps take.

FLOP alone would not do. A CPU goes through the same work with one net up to twice as fast as with another, because of
the widths that its instructions like, and each CPU likes others. So the candidates that come into question make a few
real steps, in turn, and the recorded curves (`helpers.training.curves`) say what each would reach in the epochs that
this machine has time for.

Machines are noisy, and a neighbor's work may slow one step down and not the next: everything is decided by medians
over several rounds.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from helpers.training.curves import Curve, curves, for_work, tflop_per_epoch
from helpers.training.distributed import Processes
from helpers.training.loop import ALONE, Budget, flops_of_step
from helpers.training.recipe import Recipe, for_gpu
from helpers.training.speed import TimedStep, faster, precisions_to_try, step_seconds

PROBE_SIZE = 26  # pixels, of the steps that are timed; those of other sizes take time in proportion to their FLOP
PROBE_SHARE = 0.03  # of the time, for timing steps
FEWEST_ROUNDS = 3  # of steps, even if they take longer than that
# The first, rough speed may be off by so much: candidates that are among the best three at none of these are not timed.
DOUBT = (0.6, 1.0, 1.6)


class Prospect(NamedTuple):
    """What a candidate should come to in the time that there is."""

    recipe: Recipe
    step_seconds: float  # measured, with images of `PROBE_SIZE` pixels
    epochs: float  # that the time is enough for
    accuracy: float  # percent of the validation images, predicted


class Choice(NamedTuple):
    """What a training was left to choose, and by what."""

    recipe: Recipe
    precision: str  # "fp32" or "bf16"
    flop_per_second: float = 0.0  # of all processes, a rough measure; 0 if there was no need
    prospects: tuple[Prospect, ...] = ()  # of the candidates that were timed, the best first

    @property
    def predicted(self) -> float | None:
        """The accuracy to expect, in percent of the validation images; None if the choice was not made by it."""
        return self.prospects[0].accuracy if self.prospects else None


def choose(
    recipe: Recipe | None,
    budget: Budget,
    device: str,
    precision: str,
    processes: Processes = ALONE,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Choice:
    """Choose what was left open: the recipe (None) by the budget, the precision ("auto") by speed.

    Without a recipe, the budget is in seconds or TFLOP; the time that choosing takes is a part of it. All processes
    choose the same.
    """
    began = clock()
    tried = precisions_to_try(device) if precision == "auto" else (precision,)
    by_time = recipe is None and budget.unit == "s"
    times: list[list[float]] = []
    if len(tried) > 1 or by_time:
        steps = [TimedStep(Recipe(), each) for each in tried]
        most = PROBE_SHARE * budget.amount if by_time else 1.0
        times = step_seconds(device, steps, seconds=min(0.5 * len(tried), most))
    fastest = faster(*times) if len(tried) > 1 else tried[0]
    (must_be_fp32,) = processes.largest(fastest == "fp32")
    precision = "fp32" if must_be_fp32 else "bf16"
    if recipe is not None:
        return Choice(recipe, precision)
    if not by_time:
        return Choice(for_gpu() if device == "cuda" else for_work(budget.amount), precision)
    if precision not in tried:  # another process' GPU has no bf16
        tried, times = (precision,), step_seconds(device, [TimedStep(Recipe(), precision)])
    (slowest,) = processes.largest(statistics.median(times[tried.index(precision)]))
    speed = flops_of_step(Recipe(), 64, 32) / slowest * processes.count
    if device == "cuda":
        return Choice(for_gpu(), precision, speed)
    candidates = shortlist(budget.amount, speed)
    steps = [
        TimedStep(
            curve.recipe, precision, max(1, curve.recipe.batch_size // processes.count), PROBE_SIZE
        )
        for curve in candidates
    ]
    times = step_seconds(device, steps, PROBE_SHARE * budget.amount, least=FEWEST_ROUNDS)
    *medians, spent = processes.largest(*map(statistics.median, times), clock() - began)
    prospects = ranked(candidates, medians, budget.amount - spent)
    return Choice(prospects[0].recipe, precision, speed, prospects)


def shortlist(seconds: float, flop_per_second: float) -> list[Curve]:
    """The candidates worth timing: the best three if FLOP were all that counts, also at other speeds than this."""
    found = []
    for factor in DOUBT:
        tflop = seconds * factor * flop_per_second / 1e12
        ranked = sorted(curves(), key=lambda curve: curve.accuracy_by_work(tflop))
        found += [curve for curve in ranked[-3:] if curve not in found]
    return found


def ranked(
    candidates: Sequence[Curve], step_seconds: Sequence[float], seconds: float
) -> tuple[Prospect, ...]:
    """What each candidate should come to in so many seconds by its steps of `PROBE_SIZE`, the best first."""
    prospects = []
    for curve, step in zip(candidates, step_seconds, strict=True):
        epochs = max(seconds, 0.0) / epoch_seconds(curve.recipe, step)
        prospects.append(Prospect(curve.recipe, step, epochs, curve.accuracy(epochs)))
    return tuple(sorted(prospects, key=lambda prospect: -prospect.accuracy))


def epoch_seconds(recipe: Recipe, step_seconds: float) -> float:
    """Seconds of a pass over the training images, by those of a step with images of `PROBE_SIZE`."""
    work = flops_of_step(recipe, recipe.batch_size, PROBE_SIZE)
    return step_seconds * tflop_per_epoch(recipe) * 1e12 / work


def explanation(choice: Choice) -> str:
    """A table of the candidates that were timed, the chosen one first."""
    text = f"{'widths':>14}{'depths':>9}{'batch':>7}{'ms a step':>11}{'epochs':>9}{'predicted':>12}"
    for recipe, seconds, epochs, accuracy in choice.prospects:
        widths, depths = ("-".join(map(str, each)) for each in (recipe.widths, recipe.depths))
        text += f"\n{widths:>14}{depths:>9}{recipe.batch_size:>7}{1000 * seconds:>11.1f}"
        text += f"{epochs:>9.1f}{accuracy:>10.1f} %"
    return text
