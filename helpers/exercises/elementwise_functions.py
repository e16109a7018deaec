"""The exercises of the page on element-wise functions."""

import math
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

import torch
from torch import Tensor

from helpers.exercises.calls import forbidden, loops, names_in
from helpers.exercises.exercise import differences, exercise


@exercise
def check_round_half_up(round_half_up: Callable[[Tensor], Tensor]) -> Iterator[str]:
    """``round_half_up(x)``: to whole numbers, halves up."""

    def one(value: float) -> float:
        way = ROUND_HALF_UP if value > 0 else ROUND_HALF_DOWN
        return float(Decimal(value).quantize(Decimal(1), way))

    def right(x: Tensor) -> Tensor:
        return torch.tensor([one(value) for value in x.tolist()])

    few = torch.tensor([0.5, 1.5, 2.5, 1.4, 1.6])
    large = torch.tensor([1000.5, 1001.5])
    yield from differences(
        round_half_up, right, (few,), (-few,), (large,), (torch.randint(-40, 40, (30,)) / 4,)
    )


@exercise
def check_turn(turn: Callable[[Tensor, Tensor], Tensor]) -> Iterator[str]:
    """``turn(a, b)``: from one compass direction to another, at least -180 and less than 180."""

    def right(a: Tensor, b: Tensor) -> Tensor:
        angle = torch.deg2rad((b - a).double())
        degrees = torch.atan2(angle.sin(), angle.cos()).rad2deg().round(decimals=3)
        return torch.where(degrees == 180, -180.0, degrees).float()

    a, b = torch.tensor([350.0, 10.0, 90.0, 0.0]), torch.tensor([10.0, 350.0, 90.0, 180.0])
    yield from differences(
        turn, right, (a, b), (a, b - 1), (torch.arange(0, 360, 40.0), torch.full((9,), 5.0))
    )


@exercise
def check_hard_swish(hard_swish: Callable[[Tensor], Tensor]) -> Iterator[str]:
    """``hard_swish(x)``: x times a factor that grows from 0 at -3 to 1 at 3."""
    if {"where", "hardswish"} & names_in(hard_swish) or loops(hard_swish):
        yield "write it without `where`, a loop, or `F.hardswish`."

    def one(x: float) -> float:
        return 0.0 if x <= -3 else x if x >= 3 else x * (x + 3) / 6

    def right(x: Tensor) -> Tensor:
        return torch.tensor([one(value) for value in x.flatten().tolist()]).view(x.shape)

    few = torch.tensor([-5.0, -3.0, -1.0, 0.0, 3.0, 4.0])
    yield from forbidden(hard_swish, (few.clone(),), "hardswish")
    yield from differences(hard_swish, right, (few,), (4 * torch.randn(5, 6),))


@exercise
def check_softplus(softplus: Callable[[Tensor], Tensor]) -> Iterator[str]:
    """``softplus(x)``: values and gradients from -1000 to 1000."""
    names = "softplus", "logaddexp", "logsumexp", "logsigmoid", "log_softmax"
    yield from forbidden(softplus, (torch.tensor([-2.0, 0.5]),), *names)

    def value(x: Tensor) -> Tensor:
        exact = [v if v > 700 else math.log1p(math.exp(v)) for v in x.tolist()]
        return torch.tensor(exact)

    def slope(x: Tensor) -> Tensor:
        exact = [1 / (1 + math.exp(min(-v, 700))) for v in x.tolist()]
        return torch.tensor(exact)

    def slope_of_answer(x: Tensor) -> Tensor:
        x = x.requires_grad_()
        return torch.autograd.grad(softplus(x).sum(), x)[0]

    near, far = torch.tensor([-2.0, 0.5, 3.0]), torch.tensor([-1000.0, -100.0, 89.0, 1000.0])
    yield from differences(softplus, value, (near,), (far,), (10 * torch.randn(20),))
    for fault in differences(slope_of_answer, slope, (near,), (far,), (torch.zeros(1),)):
        yield f"the values are right; the gradient, {fault}"
