"""Recipes for CIFAR-10: what determines a training run except images, seed and machine.

A recipe names a net, its optimizers, the schedule of learning rate and resolution, and what is done to the images. The
learning rates are for the mean loss of a batch. Recipes are chosen on 5,000 training images held out, never on the test
set.
"""

import ast
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import torch
from torch import nn

from helpers.training.net import FastNet


@dataclass(frozen=True)
class Recipe:
    """A net and how it is trained."""

    net: str = "fast"  # `FastNet`, or a name in `helpers.training.baseline_nets.NETS`
    # the shape of FastNet
    widths: tuple[int, ...] = (32, 64, 128)  # channels of each stage; even if flip-equivariant
    depths: tuple[int, ...] = (2, 2, 2)  # convolutions of each stage
    pools: tuple[bool, ...] = (False, True, True)  # does the stage halve height and width?
    stem_size: int = 4  # side of the stem's filters, in pixels
    stem_stride: int = 2  # leaves 16x16 positions of 32x32, 1 nearly all
    stem_filters: int = 24  # eigenvectors used; the stem has twice as many channels
    stem_bias: bool = True  # learn one? Without, no gradient goes back through the largest map
    whiten: bool = True  # compute the stem from the images; False: learn it from random filters
    skip: bool = False  # add a stage's first activation to its last
    flip_equivariant: bool = False  # build it of flip-equivariant layers
    # the steps; see `build_optimizers`
    batch_size: int = 256  # images, over all processes together
    base_lr: float = 0.4  # SGD's learning rate at its peak
    momentum: float = 0.85
    nesterov: bool = True
    bias_lr_factor: float = 16.0  # learning-rate multiplier of biases and other 1-d weights
    weight_decay: float = 0.0  # a step takes off ``base_lr * weight_decay``, of biases too
    muon_lr: float = 0.0  # Muon's at its peak; 0: SGD alone
    muon_momentum: float = 0.9
    # the schedule; see `lr_factor` and `resolution_at`
    schedule: str = "triangle"  # of `SCHEDULES`
    initial_lr_factor: float = 0.0  # what the learning rates are multiplied by at the start
    warmup: float = 0.2  # the share of the work (0..1) after which that factor is 1
    final_lr_factor: float = 0.0  # the factor at the end
    # pixels, and the share of the work (0..1) until which the images have this size
    resolutions: tuple[tuple[int, float], ...] = ((32, 1.0),)
    # the images; see `helpers.training.batches.batches`
    translate: int = 2  # pixels that an image is moved by at most, each way
    flip: bool = True  # show each image mirrored in every other pass?
    cutout: int = 0  # pixels, the side of a square that is painted over; 0: none
    label_smoothing: float = 0.2  # 0..1
    dataloader: bool = False  # through a DataLoader, one image at a time, as the old tutorials do


# --- the schedule

SCHEDULES = ("triangle", "cosine", "constant")  # cosine: one cycle


def lr_factor(recipe: Recipe, progress: float) -> float:
    """What the base learning rates are multiplied by when this share of the work (0..1) is done."""
    if recipe.schedule == "constant":
        return 1.0
    if progress < recipe.warmup:
        low, done = recipe.initial_lr_factor, progress / recipe.warmup
    else:
        low, done = recipe.final_lr_factor, (1 - progress) / (1 - recipe.warmup)
    done = min(max(done, 0.0), 1.0)
    if recipe.schedule == "cosine":
        done = (1 - math.cos(math.pi * done)) / 2
    return low + (1 - low) * done


def resolution_at(recipe: Recipe, progress: float) -> int:
    """Height and width in pixels of the training images when this share of the work (0..1) is done."""
    for size, until in recipe.resolutions:
        if progress < until:
            return size
    return recipe.resolutions[-1][0]


# --- the net and its optimizers


def build_net(recipe: Recipe) -> nn.Module:
    """The net of a recipe, not yet whitened."""
    if recipe.net != "fast":
        from helpers.training.baseline_nets import NETS  # which knows recipes itself

        return NETS[recipe.net]()
    return FastNet(recipe)


def orthogonalize(matrix: torch.Tensor, rounds: int = 3) -> torch.Tensor:
    """Nearly the orthogonal matrix next to this one: all its singular values are brought to about 1 (0.7 to 1.2).

    Newton and Schulz' iteration with the coefficients of Keller Jordan: only products of matrices, no decomposition.

    The matrix is float, R x C. Three rounds bring singular values down to a twentieth of the norm near 1; five, down to
    a hundredth.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm() + 1e-7)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(rounds):
        square = wide @ wide.T
        polynomial = torch.addmm(square, square, square, beta=b, alpha=c)
        wide = torch.addmm(wide, polynomial, wide, beta=a)
    return wide if x.shape[0] <= x.shape[1] else wide.T


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose step is made orthogonal, for filters (4-d) that are followed by a normalization.

    Keller Jordan's (2024); here as in airbench94_muon, but in float32: published code computes in bfloat16, which most
    CPUs do slowly.

    A filter bank of O outputs is seen as an O x rest matrix and kept at the norm sqrt(O): a normalization follows, so
    its size means nothing, but a step's size relative to it does.

    The size of a step, ``lr``, is about the length of each row of the matrix.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float, momentum: float) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> None:
        """Take one step; a weight without a gradient stays as it is."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight.grad)
                mean = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                direction = weight.grad.add(mean, alpha=group["momentum"])
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                update = orthogonalize(direction.reshape(len(weight), -1))
                weight.sub_(update.view(weight.shape) * group["lr"])


def build_optimizers(net: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """What trains a net: SGD for all its weights, or with ``muon_lr`` Muon for its filters (4-d) and SGD for the rest.

    Biases and other 1-d weights learn ``bias_lr_factor`` times faster (airbench: batch-norm biases, x 64). Parameters
    with ``requires_grad`` off are left alone.

    Returns:
        One or two optimizers. Each group keeps its learning rate as ``base_lr``, for a schedule to scale.
    """
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    filters = [weight for weight in learned if weight.ndim == 4]
    biases = [weight for weight in learned if weight.ndim == 1]
    rest = [weight for weight in learned if weight.ndim not in (1, 4)]
    groups = []
    for weights, factor in (
        (rest if recipe.muon_lr else filters + rest, 1.0),
        (biases, recipe.bias_lr_factor),
    ):
        lr, decay = recipe.base_lr * factor, recipe.weight_decay / factor
        if weights:
            groups.append({"params": weights, "lr": lr, "weight_decay": decay})
    # on a GPU the learning rate is a tensor (helpers.training.gpu), which the fused form takes
    fused = all(weight.device.type == "cuda" for weight in learned)
    sgd = torch.optim.SGD(groups, momentum=recipe.momentum, nesterov=recipe.nesterov, fused=fused)
    optimizers: list[torch.optim.Optimizer] = [sgd]
    if recipe.muon_lr:
        optimizers.append(Muon(filters, recipe.muon_lr, recipe.muon_momentum))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return optimizers


# --- which recipe


# Small images first: a step costs less, so more are made.
_GROWING = ((20, 0.3), (26, 0.6), (32, 1.0))
_MUON = Recipe(muon_lr=0.04, warmup=0.05, label_smoothing=0.1, resolutions=_GROWING)
SHORT = replace(_MUON, widths=(16, 32, 64), batch_size=64, base_lr=0.1, muon_lr=0.03, translate=0)
LESSON = replace(SHORT, base_lr=0.2, muon_lr=0.06)  # what page 07 arrives at
SPRINT = replace(LESSON, depths=(1, 1, 2), skip=True, base_lr=0.3, final_lr_factor=0.1)
_FLIP = replace(_MUON, depths=(2, 2, 3), flip_equivariant=True, flip=False)

# For CPUs, the smallest first; `helpers.training.curves` says which for how long. What else was tried, and how each did
# on the validation images, is in notebooks/records/training/search*.json.
CANDIDATES: tuple[Recipe, ...] = (
    SPRINT,
    SHORT,
    replace(_FLIP, widths=(24, 48, 96)),
    replace(_FLIP, widths=(32, 64, 96)),
    replace(_FLIP, widths=(32, 64, 128)),
    replace(_FLIP, widths=(64, 128, 256)),
)

# For a GPU, whatever the budget: nearly the shape of airbench94's net, and batches of 1,024 images. What else was
# tried, in two seconds each, is in notebooks/records/training/gpu_search.json.
GPU = replace(
    _FLIP,
    widths=(64, 256, 256),
    depths=(2, 2, 2),
    pools=(True, True, True),
    stem_size=2,
    stem_stride=1,
    stem_filters=12,
    batch_size=1024,
    base_lr=1.6,
    bias_lr_factor=4.0,
    muon_lr=0.1,
    warmup=0.15,
)


def recipe_of(values: dict) -> Recipe:
    """A recipe from its JSON or checkpoint form, where tuples may be lists.

    Raises:
        TypeError: a name is none of `Recipe`'s.
    """

    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value

    settings = {name: frozen(value) for name, value in values.items()}
    return Recipe(**settings)


# --- changes from the command line


def changed(recipe: Recipe, changes: Iterable[str]) -> Recipe:
    """A recipe with ``name=value`` changes; values as in Python, sequences without brackets too.

    Raises:
        ValueError: no such name, or no such value.
    """
    known = {entry.name for entry in fields(Recipe)}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in known:
            raise ValueError(f"{change}: a recipe has {', '.join(sorted(known))}")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        default = getattr(recipe, name)
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        items = value if isinstance(value, tuple) else ()
        if type(value) is not type(default) or any(type(i) is not type(default[0]) for i in items):
            raise ValueError(f"{change}: {name} is a {type(default).__name__}, like {default!r}")
        low, high = RANGES.get(name, (0, math.inf))
        if not isinstance(value, str | tuple) and not low <= value < high:
            raise ValueError(f"{change}: {name} is at least {low} and below {high}")
        recipe = recipe_of({**asdict(recipe), name: value})
    _check_combination(recipe)
    return recipe


def _check_combination(recipe: Recipe) -> None:
    """Raise ValueError for what no single number shows, and no net refuses when it is built."""
    from helpers.training.baseline_nets import NETS

    if recipe.net not in ("fast", *NETS):
        raise ValueError(f"net is one of fast, {', '.join(NETS)}")
    if recipe.schedule not in SCHEDULES:
        raise ValueError(f"schedule is one of {', '.join(SCHEDULES)}")
    in_range = (8 <= size <= 64 and 0 < until <= 1 for size, until in recipe.resolutions)
    if not recipe.resolutions or not all(in_range):
        raise ValueError("resolutions are 8 to 64 pixels, each until a share of the work")
    size = recipe.stem_size
    most = 3 * size**2
    if recipe.flip_equivariant:
        # pairs of an even and an odd direction; in a middle column, all are even
        most = 2 * 3 * size * (size // 2)
        if recipe.stem_filters % 2:
            raise ValueError("a flip-equivariant net has an even number of stem_filters")
    if recipe.whiten and recipe.stem_filters > most:
        raise ValueError(f"a stem of size {recipe.stem_size} has at most {most} filters")


# From the first to less than the second; all other numbers of a recipe are from 0 on.
RANGES = {
    "batch_size": (2, 50_001),
    "bias_lr_factor": (1e-6, math.inf),
    "warmup": (0, 1),
    "momentum": (0, 1),
    "muon_momentum": (0, 1),
    "label_smoothing": (0, 1),
    "translate": (0, 32),
    "cutout": (0, 32),
}
