"""Which net for how long: the accuracy of each candidate after so many epochs, as recorded, read between the points.

A small net learns much from little work and then no more; a large one needs longer and ends higher. Where two curves
cross depends on how fast a machine goes through an epoch with each net (`helpers.training.choice` measures that), or,
where work counts and not time, on how much work an epoch is.
"""

import functools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from helpers.training.loop import flops_of_step
from helpers.training.recipe import CANDIDATES, GPU, Recipe, changed
from helpers.training.records import RECORDS

IMAGES = 50_000
# The work of a training where no budget of work is given: about that of a minute on two cores.
USUAL_TFLOP = 12.0
START = (0.05, 10.0)  # so few epochs teach nothing yet: every curve begins here
BEYOND = 2.0  # beyond its last point a curve goes on to so many times its epochs, and is level from there;
FLATTER = 0.75  # it goes on with this share of its last slope, as gains become smaller
# Epochs: in a shorter training an image comes back too rarely to be worth moving, and it is shown where it is.
MOVED_FROM = 4.5

# Work and the test accuracy that it gave on a GPU, with its one recipe, in the records of page 17 (TFLOP, percent).
ACCURACY_BY_WORK_GPU: tuple[tuple[float, float], ...] = ((356, 93.1), (457, 93.15), (1499, 93.5))


@dataclass(frozen=True)
class Curve:
    """The accuracy of one recipe on the validation images, by epochs; see also `suited`."""

    recipe: Recipe
    # epochs (of `IMAGES`), percent; epochs grow; two at least
    points: tuple[tuple[float, float], ...]
    level_from: float = math.inf  # epochs that were never tried: more may bring nothing

    def accuracy(self, epochs: float) -> float:
        """Percent after so many epochs: a straight line in log(epochs) and log(error) through the next two points."""
        epochs = min(max(epochs, 1e-9), self.level_from)
        pieces = list(pairwise(self.points))
        (e1, a1), (e2, a2) = next((piece for piece in pieces if epochs <= piece[1][0]), pieces[-1])
        slope = math.log((100 - a2) / (100 - a1)) / math.log(e2 / e1)
        if epochs > e2:
            slope *= FLATTER
        error = (100 - a2) * (epochs / e2) ** slope
        return 100 - min(error, 90.0)  # ten classes: guessing is wrong nine times in ten

    def accuracy_by_work(self, tflop: float) -> float:
        """Return the accuracy to expect after ``tflop`` TFLOP of work, in percent."""
        return self.accuracy(tflop / tflop_per_epoch(self.recipe))


def suited(recipe: Recipe, epochs: float) -> Recipe:
    """The recipe as it does best in so many epochs: a short training does not move the images."""
    return recipe if epochs >= MOVED_FROM else replace(recipe, translate=0)


def tflop_per_epoch(recipe: Recipe) -> float:
    """Work of one pass over the training images, when each resolution has its share of the work."""
    done = images = 0.0
    for size, until in recipe.resolutions:  # images of one FLOP
        step = flops_of_step(recipe, recipe.batch_size, size)
        images += (until - done) * recipe.batch_size / step
        done = until
    return IMAGES / images / 1e12


def curves_of(recipes: Iterable[Recipe], searched: Iterable[dict]) -> tuple[Curve, ...]:
    """The curve of each recipe from the candidates of searches; several runs of one length count by their mean.

    A point is one of the recipe as it is `suited` to so many epochs. The recipes come with the smallest net first.

    Raises:
        ValueError: a recipe was not searched at two lengths.
    """
    tried = [(changed(Recipe(), one["changes"].split()), one) for one in searched]
    curves = []
    for recipe in recipes:
        epoch = tflop_per_epoch(recipe)
        runs: dict[float, list[tuple[float, int]]] = {}  # by epochs
        for candidate, one in tried:
            if candidate == suited(recipe, epochs := one["tflop"] / epoch):
                runs.setdefault(epochs, []).append((one["accuracy"], one["runs"]))
        if len(runs) < 2:
            raise ValueError(f"no two lengths were searched of {recipe}")
        points = [START]
        for epochs in sorted(runs):
            count = sum(number for _, number in runs[epochs])
            mean = sum(accuracy * number for accuracy, number in runs[epochs]) / count
            points.append((epochs, mean))
        curves.append(Curve(recipe, tuple(points), BEYOND * points[-1][0]))
    curves[-1] = replace(curves[-1], level_from=math.inf)  # there is no larger net to turn to
    return tuple(curves)


@functools.cache
def curves() -> tuple[Curve, ...]:
    """The curves of `CANDIDATES`, from the record of ``python -m helpers.training search``."""
    record = json.loads((RECORDS / "curves.json").read_text(encoding="utf-8"))
    return curves_of(CANDIDATES, record["candidates"])


def for_work(tflop: float = USUAL_TFLOP, device: str = "cpu") -> Recipe:
    """The recipe for a budget of this many TFLOP, forward and backward: the one that should get furthest.

    A GPU has one recipe for every budget.
    """
    if device == "cuda":
        return GPU
    best = _best_for(tflop)
    return suited(best, tflop / tflop_per_epoch(best))


def for_epochs(epochs: float, device: str = "cpu") -> Recipe:
    """The recipe for a budget of epochs, whatever work they are: the net for the usual work."""
    return GPU if device == "cuda" else suited(_best_for(USUAL_TFLOP), epochs)


def _best_for(tflop: float) -> Recipe:
    return max(curves(), key=lambda curve: curve.accuracy_by_work(tflop)).recipe


def work_for(accuracy: float, device: str = "cpu") -> float:
    """TFLOP for this accuracy (percent): the least with which a candidate should get there."""
    if device == "cuda":
        return _work_for_on_gpu(accuracy)

    def reached(tflop: float) -> float:
        return max(curve.accuracy_by_work(tflop) for curve in curves())

    low, high = 1e-6, 1e9
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if reached(middle) < accuracy else (low, middle)
    return high


def _work_for_on_gpu(accuracy: float) -> float:
    """The same for the one recipe for GPUs: straight lines in log(work) and log(error) through the points."""
    points = [(math.log(100 - percent), math.log(tflop)) for tflop, percent in ACCURACY_BY_WORK_GPU]
    wanted = math.log(100 - accuracy)
    n = sum(wanted < error for error, _ in points[1:-1])  # the piece that holds it, or the nearest
    (e1, w1), (e2, w2) = points[n], points[n + 1]
    return math.exp(w1 + (w2 - w1) * (wanted - e1) / (e2 - e1))
