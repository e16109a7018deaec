"""Checks of page 05: a loss, a schedule, a training loop, and two optimizers."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, kind

# --- a loss


def _focal(logits: Tensor, y: Tensor, gamma: float) -> Tensor:
    log_p = logits.log_softmax(1).gather(1, y.unsqueeze(1)).squeeze(1)
    return -((1 - log_p.exp()) ** gamma * log_p).mean()


@exercise
def check_focal_loss(focal_loss: Callable) -> Iterator[str]:
    """What a page asks for: focal_loss(logits, y, gamma), the mean over a batch."""
    logits, y = 3 * torch.randn(7, 4), torch.randint(4, (7,))
    value = focal_loss(logits, y, 2.0)
    if isinstance(value, Tensor) and torch.allclose(value, 7 * _focal(logits, y, 2.0)):
        yield "this is the sum over the batch, not the mean."
    if isinstance(value, Tensor) and torch.allclose(value, _focal(logits, 0 * y, 2.0)):
        yield "it takes class 0 whatever the labels say."
    cases = [(logits, y, gamma) for gamma in (0.0, 2.0, 0.5)]
    yield from differences(focal_loss, _focal, *cases, (torch.randn(1, 10), torch.tensor([9]), 3.0))
    large = focal_loss(torch.tensor([[0.0, 200.0]]), torch.tensor([0]), 2.0)
    if not torch.isclose(large, torch.tensor(200.0)):
        yield (
            f"for scores of 0 and 200 and the label 0 it gives {large.item():g}: the probability underflows before "
            "its logarithm is taken."
        )
    asked = torch.randn(3, 5, requires_grad=True)
    if not focal_loss(asked, torch.tensor([0, 1, 2]), 2.0).requires_grad:
        yield "the loss has no gradient with respect to the logits."


# --- a schedule


def _warm_up(optimizer: torch.optim.Optimizer, warm_up: int, total: int) -> LambdaLR:
    def factor(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return (1 + math.cos(math.pi * (step - warm_up) / (total - warm_up))) / 2

    return LambdaLR(optimizer, factor)


def _rates(make: Callable, lrs: Sequence[float], warm_up: int, total: int) -> list[list[float]]:
    """The learning rates that a schedule gives in each step, one of each group."""
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in lrs]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = make(optimizer, warm_up, total)
    rates = []
    for _ in range(total):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


@exercise
def check_warm_up(warm_up_and_cosine: Callable) -> Iterator[str]:
    """What a page asks for: warm_up_and_cosine(optimizer, warm_up, total), a LambdaLR."""
    made = warm_up_and_cosine(torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0), 2, 4)
    if not isinstance(made, LambdaLR):
        yield f"a LambdaLR is to be returned, but this is {kind(made)}."
        return
    for lrs, warm_up, total in (((1.0,), 4, 12), ((0.1,), 10, 60), ((0.3, 0.02), 7, 31)):
        got = _rates(warm_up_and_cosine, lrs, warm_up, total)
        expected = _rates(_warm_up, lrs, warm_up, total)
        squared = [[rate * lr for rate, lr in zip(row, lrs, strict=True)] for row in expected]
        if lrs != (1.0,) and not fault_in(got, squared):
            yield (
                "LambdaLR multiplies the optimizer's learning rate by what the function returns: return a factor, "
                "not a learning rate."
            )
        for step, pair in enumerate(zip(got, expected, strict=True)):
            if fault_in(*pair):
                name = f"for lr = {lrs}, warm_up = {warm_up}, total = {total}"
                yield f"{name}: the learning rate of step {step} is {got[step]}."


# --- a training loop

MOST = 100  # steps that the loop may take


def _loop(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    goal: float,
    *,
    zero: bool = True,
    clip: bool = True,
    steps: int = MOST,
) -> list[float]:
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(x), y)
        if zero:
            optimizer.zero_grad()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < goal:
            break
    return losses


def _small_net(scale: float) -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 4))
    with torch.no_grad():
        net[2].weight.mul_(scale)
    return net


def _weights(net: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(net.parameters()).detach()


@exercise
def check_overfit(overfit: Callable) -> Iterator[str]:
    """What a page asks for: overfit(net, optimizer, x, y, goal), the losses of all steps."""
    for scale, goal in ((20.0, 0.05), (1.0, 0.2), (1.0, 0.0)):
        net = _small_net(scale)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
        given = net, optimizer, torch.randn(12, 3), torch.randint(4, (12,)), goal
        mine, reference = copy.deepcopy(given), copy.deepcopy(given)
        expected = _loop(*reference)
        losses = overfit(*mine)
        if not isinstance(losses, list) or not all(type(loss) is float for loss in losses):
            yield "a list of Python numbers is to be returned: loss.item() makes one of a tensor."
            return
        first, few = losses[: len(expected)], losses[:9]
        for words, variant in (
            ("the gradients of all steps add up: is zero_grad called?", {"zero": False}),
            ("the gradients are not clipped before the step is taken.", {"clip": False}),
        ):
            wrong = _loop(*copy.deepcopy(given), **variant, steps=len(few))
            right = expected[: len(first)]
            if len(few) > 3 and fault_in(first, right) and not fault_in(few, wrong):
                yield words
        if len(losses) != len(expected) and not fault_in(first, expected[: len(first)]):
            yield (
                f"for a goal of {goal} the list of losses is {len(losses)} long, not {len(expected)}: the loop ends "
                f"as soon as a loss is below the goal, after {MOST} steps at most."
            )
        if fault := fault_in(losses, expected):
            yield f"the losses differ from those of a right loop: {fault}"
        with torch.no_grad():
            left = F.cross_entropy(mine[0](mine[2]), mine[3]).item()
        if left > max(2 * goal, 0.05):
            yield f"the losses are right, but the net itself still has a loss of {left:.3f}."
        if fault_in(_weights(mine[0]), _weights(reference[0])):
            yield "the losses are right, but the last step is missing: stop after it, not before."


# --- optimizers


class _Average:
    """Momentum with a mistake: an average of the gradients instead of a sum."""

    def __init__(self, parameters: Sequence[Tensor], lr: float, momentum: float) -> None:
        self.inner = torch.optim.SGD(parameters, lr=lr, momentum=momentum, dampening=momentum)
        self.first = True

    @torch.no_grad()
    def step(self) -> None:
        if self.first:  # torch.optim takes the first gradient whole
            for p in self.inner.param_groups[0]["params"]:
                if p.grad is not None:
                    p.grad.mul_(1 - self.inner.defaults["momentum"])
        self.first = False
        self.inner.step()


class _RawAdam:
    """Adam with a mistake: without its corrections for the start, or with eps inside the root."""

    def __init__(
        self,
        parameters: Sequence[Tensor],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        corrected: bool = False,
    ) -> None:
        self.parameters, self.lr, self.betas, self.eps = list(parameters), lr, betas, eps
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.s = [torch.zeros_like(p) for p in self.parameters]
        self.corrected, self.t = corrected, 0

    @torch.no_grad()
    def step(self) -> None:
        self.t += 1
        for p, m, s in zip(self.parameters, self.m, self.s, strict=True):
            m.lerp_(p.grad, 1 - self.betas[0])
            s.lerp_(p.grad**2, 1 - self.betas[1])
            if self.corrected:
                a, b = (1 - beta**self.t for beta in self.betas)
                p.sub_(self.lr * (m / a) / (s / b + self.eps).sqrt())
            else:
                p.sub_(self.lr * m / (s.sqrt() + self.eps))


def _walk(
    make: Callable, values: Sequence[Tensor], gradients: Sequence[Sequence[Tensor | None]]
) -> list[Tensor]:
    """All parameters, step by step, as one vector each time; make is given a generator of them."""
    parameters = [value.clone().requires_grad_() for value in values]
    optimizer = make(p for p in parameters)
    path = []
    for row in gradients:
        for p, gradient in zip(parameters, row, strict=True):
            p.grad = None if gradient is None else gradient.clone()
        optimizer.step()
        path.append(torch.cat([p.detach().flatten() for p in parameters]))
    return path


def _untouched(make: Callable, value: Tensor, gradients: Sequence[Tensor]) -> bool:
    """Tell whether the gradients are after each step what they were before; they stay in one tensor."""
    parameter = value.clone().requires_grad_()
    parameter.grad = torch.zeros_like(value)
    optimizer = make([parameter])
    for gradient in gradients:
        parameter.grad.copy_(gradient)
        optimizer.step()
        if not torch.equal(parameter.grad, gradient):
            return False
    return True


def _faults_of_optimizer(
    cls: type, reference: type, options: dict, mistakes: dict[str, Callable]
) -> Iterator[str]:
    """Sentences on an optimizer class that does not do the same as one of torch.optim."""
    values = torch.randn(3, 2), torch.randn(4)
    gradients = [[torch.randn(3, 2), torch.randn(4)] for _ in range(6)]
    small = [[1e-4 * a, 1e-7 * b] for a, b in gradients]
    gaps = [[a, None if step in (0, 2) else b] for step, (a, b) in enumerate(gradients)]

    def make(parameters: Iterator[Tensor]) -> object:
        return cls(parameters, **options)

    refusal = "torch.optim does the work here: write the step yourself."
    with mock.patch.object(torch.optim.Optimizer, "__init__", side_effect=RuntimeError(refusal)):
        try:
            paths = [_walk(make, values, rows) for rows in (gradients, small)]
        except RuntimeError as error:
            if str(error) != refusal:
                raise
            yield refusal
            return
    for name, rows, path in zip(("ordinary", "tiny"), (gradients, small), paths, strict=True):
        expected = _walk(lambda p: reference(p, **options), values, rows)
        if not fault_in(path, expected):
            continue
        for words, wrong in mistakes.items():
            if not fault_in(path, _walk(lambda p, make=wrong: make(p, **options), values, rows)):
                yield words
        yield from _first_difference(name, path, expected, torch.cat([v.flatten() for v in values]))
    if not _untouched(make, values[1], [row[1] for row in gradients]):
        yield (
            "step() changes the gradients: p.grad must be left as it is. (Is a velocity the same tensor as p.grad?)"
        )
    expected = _walk(lambda p: reference(p, **options), values, gaps)
    if fault_in(_walk(make, values, gaps), expected):
        yield "where a gradient is missing in some of the steps, the result is not that of torch.optim."


def _first_difference(
    name: str, path: list[Tensor], expected: list[Tensor], start: Tensor
) -> Iterator[str]:
    for step, pair in enumerate(zip(path, expected, strict=True), start=1):
        if torch.equal(pair[0], start):
            yield (
                "step() leaves the parameters where they are. They must be changed in place; and net.parameters() "
                "can be walked through only once, so keep a list of it."
            )
        if fault := fault_in(*pair):
            yield f"with {name} gradients, after step {step} of all parameters in a row: {fault}"


@exercise
def check_momentum(cls: type) -> Iterator[str]:
    """What a page asks for: a class Momentum(parameters, lr, momentum) with step()."""
    mistakes = {
        "this averages the gradients; the gradient is to be added whole to momentum times the velocity.": _Average,
        "the velocity has no effect: this is plain SGD.": lambda p, lr, momentum: torch.optim.SGD(
            p, lr=lr
        ),
    }
    for options in ({"lr": 0.1, "momentum": 0.9}, {"lr": 0.02, "momentum": 0.5}):
        yield from _faults_of_optimizer(cls, torch.optim.SGD, options, mistakes)


@exercise
def check_adam(cls: type) -> Iterator[str]:
    """What a page asks for: a class Adam(parameters, lr, betas, eps) with step()."""
    mistakes = {
        "both averages start at zero, and that is not corrected for: divide by 1 - beta**t.": _RawAdam,
        "eps stands inside the square root; it is added to the root.": (
            lambda p, **options: _RawAdam(p, **options, corrected=True)
        ),
    }
    for betas in ((0.9, 0.999), (0.8, 0.95)):
        options = {"lr": 0.05, "betas": betas, "eps": 1e-8}
        yield from _faults_of_optimizer(cls, torch.optim.Adam, options, mistakes)
