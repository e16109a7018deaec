"""Recipes for CIFAR-10: all that decides a training but pictures, seed and machine; and which for what work.

The rates are for the mean loss of a batch. Recipes are chosen on 5,000 training pictures held out, never on the
test set.
"""

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A net and how it is trained."""

    net: str = (
        "fast"  # `helpers.training.net.FastNet`, or a name in `helpers.training.baselines.NETS`
    )
    # the shape of FastNet; see there
    widths: tuple[int, ...] = (32, 64, 128)
    depths: tuple[int, ...] = (2, 2, 2)
    pools: tuple[bool, ...] = (False, True, True)
    stem_size: int = 4
    stem_stride: int = 2
    stem_filters: int = 24
    stem_bias: bool = True
    whiten: bool = True  # compute the stem from the pictures; False: learn it from random filters
    skip: bool = False
    mirror: bool = False
    # the steps; see `helpers.training.optimizers.optimisers`
    batch: int = 256  # pictures, over all processes together
    rate: float = 0.4
    momentum: float = 0.85
    nesterov: bool = True
    bias_rate: float = 16.0
    weight_decay: float = 0.0
    muon_rate: float = 0.0  # 0: SGD alone
    muon_momentum: float = 0.9
    # the schedule; see `rate_factor` and `picture_size`
    schedule: str = "triangle"  # or "cosine" (one cycle), "constant"
    first: float = 0.0  # the rate's factor at the start,
    warm: float = 0.2  # the share of the work after which it is 1,
    last: float = 0.0  # and at the end
    sizes: tuple[tuple[int, float], ...] = ((32, 1.0),)  # pixels, until this share of the work
    # the pictures; see `helpers.training.batches.batches`
    shift: int = 2
    flip: bool = True
    hole: int = 0
    smoothing: float = 0.2  # of the labels, 0..1
    loader: bool = False  # through a DataLoader, one picture at a time, as the old tutorials do


def rate_factor(recipe: Recipe, progress: float) -> float:
    """What the peak rate is multiplied by when this share of the work (0..1) is done."""
    first, warm, last = recipe.first, recipe.warm, recipe.last
    if recipe.schedule == "constant":
        return 1.0
    if progress < warm:
        low, done = first, progress / warm
    else:
        low, done = last, (1 - progress) / (1 - warm)
    done = min(max(done, 0.0), 1.0)
    if recipe.schedule == "cosine":
        done = (1 - math.cos(math.pi * done)) / 2
    return low + (1 - low) * done


def picture_size(recipe: Recipe, progress: float) -> int:
    """Height and width in pixels of the training pictures when this share of the work (0..1) is done."""
    for size, until in recipe.sizes:
        if progress < until:
            return size
    return recipe.sizes[-1][0]


# Small pictures first: a step costs less, so more are made.
_GROWING = ((20, 0.3), (26, 0.6), (32, 1.0))
_MUON = Recipe(muon_rate=0.04, warm=0.05, smoothing=0.1, sizes=_GROWING)
_SHORT = replace(_MUON, widths=(16, 32, 64), batch=64, rate=0.1, muon_rate=0.03, shift=0)
_MIRROR = replace(_MUON, depths=(2, 2, 3), mirror=True, flip=False)

# The nets for a given work, the smallest first: up to so many TFLOP of training. What else was tried, and how each
# did on the held-out pictures, is in notebooks/records/training/search*.json.
BY_WORK: tuple[tuple[float, Recipe], ...] = (
    (0.4, replace(_SHORT, rate=0.2, muon_rate=0.06)),
    (3.0, _SHORT),
    (30.0, replace(_MIRROR, widths=(24, 48, 96))),
    (60.0, replace(_MIRROR, widths=(32, 64, 128))),
    (math.inf, replace(_MIRROR, widths=(64, 128, 256))),
)

# Work and the test accuracy that it gave, in the records of page 05 (TFLOP, percent); `work_for` reads between them.
ACCURACY_BY_WORK: tuple[tuple[float, float], ...] = (
    (12, 86.0),
    (50, 90.0),
    (200, 92.6),
)


def for_work(tflop: float) -> Recipe:
    """The recipe for a training of so many TFLOP, forward and backward."""
    return next(recipe for limit, recipe in BY_WORK if tflop <= limit)


def for_gpu(recipe: Recipe) -> Recipe:
    """The same with batches that fill a GPU: four times as large, SGD's rate in proportion, Muon's by the root.

    With 1,024 pictures and the default rate that is near airbench94's own: 1.6 against 1.5. Not measured on a GPU yet.
    """
    return replace(
        recipe, batch=4 * recipe.batch, rate=4 * recipe.rate, muon_rate=2 * recipe.muon_rate
    )


def work_for(accuracy: float) -> float:
    """TFLOP that should give this test accuracy (percent): straight lines in log(work), log(error) through the table.

    Raises:
        ValueError: the accuracy is not between 10 (chance) and 97.
    """
    if not 10 <= accuracy <= 97:
        raise ValueError(f"a target of {accuracy:g} % is not between 10 and 97 %")
    points = [(math.log(100 - percent), math.log(tflop)) for tflop, percent in ACCURACY_BY_WORK]
    wanted = math.log(100 - accuracy)
    n = sum(wanted < error for error, _ in points[1:-1])  # the piece that holds it, or the nearest
    (e1, w1), (e2, w2) = points[n], points[n + 1]
    return math.exp(w1 + (w2 - w1) * (wanted - e1) / (e2 - e1))


def recipe_of(values: dict) -> Recipe:
    """A recipe from its JSON or checkpoint form, where tuples may be lists. Raises TypeError, KeyError."""

    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value

    return Recipe(**{name: frozen(value) for name, value in values.items()})
