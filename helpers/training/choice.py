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

from helpers.training.curves import Curve, curves, for_work, suited, tflop_per_epoch
from helpers.training.distributed import Processes
from helpers.training.loop import ALONE, Budget, flops_of_step
from helpers.training.recipe import Recipe
from helpers.training.speed import (
    IMAGES,
    SIZE,
    TimedStep,
    faster,
    precisions_to_try,
    step_seconds,
)

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
    flop_per_second: float = 0.0  # see `flop_rate`; 0 if there was no need to know it
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
    if recipe is not None or budget.unit != "s":
        precision, _ = choose_precision(device, precision, processes)
        return Choice(recipe or for_work(budget.amount, device), precision)
    limit = PROBE_SHARE * budget.amount
    precision, times = choose_precision(device, precision, processes, limit)
    times = times or default_steps(device, (precision,), limit)[0]
    rate = flop_rate(times, processes)
    if device == "cuda":
        return Choice(for_work(device=device), precision, rate)
    candidates = shortlist(budget.amount, rate)
    medians = time_candidates(candidates, device, precision, processes, limit)
    (spent,) = processes.largest(clock() - began)
    prospects = ranked(candidates, medians, budget.amount - spent)
    return Choice(prospects[0].recipe, precision, rate, prospects)


def choose_precision(
    device: str, precision: str, processes: Processes, limit: float = 1.0
) -> tuple[str, list[float]]:
    """The precision that was asked for; for "auto" the fastest that all processes have.

    Returns:
        "fp32" or "bf16"; and the seconds of the steps in it, if some had to be timed (for about ``limit`` seconds).
    """
    tried = precisions_to_try(device) if precision == "auto" else (precision,)
    fastest, times = tried[0], {}
    if len(tried) > 1:
        times = dict(zip(tried, default_steps(device, tried, limit), strict=True))
        fastest = faster(times["fp32"], times["bf16"])
    (must_be_fp32,) = processes.largest(fastest == "fp32")  # another process' GPU may have no bf16
    precision = "fp32" if must_be_fp32 else "bf16"
    return precision, times.get(precision, [])


def default_steps(device: str, precisions: Sequence[str], limit: float) -> list[list[float]]:
    """Seconds of steps of the default recipe in each precision, for half a second each or ``limit`` in all."""
    steps = [TimedStep(Recipe(), precision) for precision in precisions]
    return step_seconds(device, steps, seconds=min(0.5 * len(steps), limit))


def flop_rate(times: Sequence[float], processes: Processes) -> float:
    """FLOP/s of all processes together, roughly: by the seconds of this one's `default_steps`, and the slowest one."""
    (slowest,) = processes.largest(statistics.median(times))
    return flops_of_step(Recipe(), IMAGES, SIZE) / slowest * processes.count


def time_candidates(
    candidates: Sequence[Curve], device: str, precision: str, processes: Processes, limit: float
) -> list[float]:
    """Seconds of a step of each candidate, in the slowest process: the median of what fits into ``limit`` seconds."""
    steps = []
    for curve in candidates:
        share = max(1, curve.recipe.batch_size // processes.count)
        steps.append(TimedStep(curve.recipe, precision, share, PROBE_SIZE))
    times = step_seconds(device, steps, limit, least=FEWEST_ROUNDS)
    return processes.largest(*map(statistics.median, times))


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
        recipe = suited(curve.recipe, epochs)
        prospects.append(Prospect(recipe, step, epochs, curve.accuracy(epochs)))
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
