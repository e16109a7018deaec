"""The checks of page 05 accept right answers of several kinds and say what is wrong with others."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim.lr_scheduler import LambdaLR, StepLR

from helpers.exercises import losses_and_optimizers as checks
from tests.support.answers import make_tests

# --- a loss


def focal(logits, y, gamma):
    log_p = -F.cross_entropy(logits, y, reduction="none")
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


def unstable(logits, y, gamma):
    p = logits.softmax(1)[torch.arange(len(y)), y]
    return (-((1 - p) ** gamma) * p.log()).mean()


# --- a schedule


def other_names(o, n, m):
    return LambdaLR(o, lambda step: right_factor(step, n, m))


def warm_up(factor, scale=False):
    def make(optimizer, warm_up, total):
        lr = optimizer.param_groups[0]["lr"] if scale else 1
        return LambdaLR(optimizer, lambda step: lr * factor(step, warm_up, total))

    return make


def right_factor(step, warm_up, total):
    cosine = (1 + math.cos(math.pi * (step - warm_up) / (total - warm_up))) / 2
    return min((step + 1) / warm_up, 1) if step < warm_up else cosine


# --- a training loop


def loop(zero=True, clip="before", item=True, stop="after", steps=100):
    def overfit(net, optimizer, x, y, goal):
        losses = []
        for _ in range(steps):
            optimizer.zero_grad() if zero else None
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            if stop == "before" and loss < goal:
                return [*losses, loss.item()]
            if clip == "before":
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            if clip == "after":
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            losses.append(loss.item() if item else loss.detach())
            if stop == "after" and loss < goal:
                break
        return losses

    return overfit


def made_up(net, optimizer, x, y, goal):
    """The losses of a right loop, of a copy of the net."""
    return loop()(*copy.deepcopy((net, optimizer, x, y)), goal)


# --- optimizers


class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocity = {}

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is not None:
                v = self.velocity.get(p, torch.zeros_like(p))
                self.velocity[p] = self.momentum * v + p.grad
                self.move(p, self.velocity[p])

    def move(self, p, v):
        p -= self.lr * v


class Adam(Momentum):
    corrected, inside = True, False

    def __init__(self, parameters, lr, betas, eps):
        super().__init__(parameters, lr, 0)
        self.betas, self.eps, self.t = betas, eps, {}

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is not None:
                t = self.t[p] = self.t.get(p, 0) + 1
                m, s = self.velocity.get(p, (0, 0))
                a, b = self.betas
                m, s = a * m + (1 - a) * p.grad, b * s + (1 - b) * p.grad**2
                self.velocity[p] = m, s
                if self.corrected:
                    m, s = m / (1 - a**t), s / (1 - b**t)
                root = (s + self.eps).sqrt() if self.inside else s.sqrt() + self.eps
                p.sub_(self.lr * m / root)


def changed(cls, **attributes):
    return type(cls.__name__, (cls,), attributes)


def step_with_memory(self):
    """The velocity is kept in the place of the gradient."""
    with torch.no_grad():
        for p in self.parameters:
            if p.grad is not None:
                self.velocity[p] = p.grad.add_(
                    self.velocity.get(p, torch.zeros_like(p)), alpha=self.momentum
                )
                p.sub_(self.lr * self.velocity[p])


def step_with_alias(self):
    """The first velocity is the gradient itself, not a copy."""
    with torch.no_grad():
        for p in self.parameters:
            if p.grad is not None and p not in self.velocity:
                self.velocity[p] = p.grad
            elif p.grad is not None:
                self.velocity[p].mul_(self.momentum).add_(p.grad)
            if p.grad is not None:
                p.sub_(self.lr * self.velocity[p])


def downhill(self):
    """The velocity points downhill: the same for a constant learning rate."""
    with torch.no_grad():
        for p in self.parameters:
            if p.grad is not None:
                v = self.velocity.get(p, 0)
                self.velocity[p] = self.momentum * v - self.lr * p.grad
                p.add_(self.velocity[p])


class Borrowed:
    def __init__(self, parameters, lr, **options):
        cls = optim.SGD if "momentum" in options else optim.Adam
        self.inner = cls(parameters, lr=lr, **options)

    def step(self):
        self.inner.step()


def average(self, p, v):
    p -= self.lr * (1 - self.momentum) * v


def plain(self, p, v):
    p -= self.lr * p.grad


def nowhere(self, p, v):
    p = p - self.lr * v


def shared_count(self):
    """One count of steps for all parameters."""
    self.calls = getattr(self, "calls", -1) + 1
    self.t = dict.fromkeys(self.parameters, self.calls)
    Adam.step(self)


# --- what is right and what is wrong

RIGHT = [
    (checks.check_focal_loss, focal),
    (checks.check_warm_up, warm_up(right_factor)),
    (checks.check_warm_up, other_names),
    (checks.check_overfit, loop()),
    (checks.check_momentum, Momentum),
    (checks.check_momentum, changed(Momentum, step=downhill)),
    (checks.check_adam, Adam),
]
WRONG = [
    (checks.check_focal_loss, unstable, "the probability underflows"),
    (checks.check_focal_loss, lambda s, y, gamma: len(y) * focal(s, y, gamma), "this is the sum"),
    (checks.check_focal_loss, lambda s, y, gamma: focal(s, 0 * y, gamma), "it takes class 0"),
    (checks.check_focal_loss, lambda s, y, gamma: F.cross_entropy(s, y), "gamma = 2.0: "),
    (checks.check_focal_loss, lambda s, y, gamma: focal(s, y, 2.0), "gamma = 0.0: "),
    (
        checks.check_focal_loss,
        lambda s, y, gamma: focal(s, y, gamma).item(),
        "a tensor is expected",
    ),
    (
        checks.check_focal_loss,
        lambda s, y, gamma: focal(s.detach(), y, gamma),
        "no gradient with respect to the logits",
    ),
    (
        checks.check_warm_up,
        warm_up(right_factor, scale=True),
        "return a factor, not a learning rate",
    ),
    (checks.check_warm_up, warm_up(lambda step, n, total: min(1, step / n)), "of step 0 is [0.0]"),
    (
        checks.check_warm_up,
        warm_up(lambda step, n, total: min(1, (step + 1) / n)),
        "of step 5 is [1.0]",
    ),
    (
        checks.check_warm_up,
        lambda optimizer, warm_up, total: StepLR(optimizer, 3),
        "but this is a StepLR",
    ),
    (checks.check_warm_up, lambda optimizer, warm_up, total: 0, "but this is an int"),
    (checks.check_overfit, loop(zero=False), "is zero_grad called?"),
    (checks.check_overfit, loop(clip="never"), "not clipped before the step"),
    (checks.check_overfit, loop(clip="after"), "not clipped before the step"),
    (checks.check_overfit, loop(item=False), "a list of Python numbers"),
    (
        checks.check_overfit,
        loop(stop="never"),
        "the loop ends as soon as a loss is below the goal, after 100 steps",
    ),
    (checks.check_overfit, loop(steps=99), "the list of losses is 99 long, not 100"),
    (checks.check_overfit, loop(stop="before"), "the last step is missing"),
    (checks.check_overfit, made_up, "the net itself still has a loss of"),
    (
        checks.check_overfit,
        lambda *given: [1.0, 0.01],
        "the losses differ from those of a right loop",
    ),
    (checks.check_overfit, lambda *given: 0, "a list of Python numbers"),
    (checks.check_momentum, changed(Momentum, move=average), "this averages the gradients"),
    (checks.check_momentum, changed(Momentum, move=plain), "this is plain SGD"),
    (checks.check_momentum, changed(Momentum, move=nowhere), "must be changed in place"),
    (
        checks.check_momentum,
        changed(Momentum, step=step_with_memory),
        "step() changes the gradients",
    ),
    (checks.check_momentum, changed(Momentum, step=step_with_alias), "the same tensor as p.grad"),
    (checks.check_momentum, Borrowed, "write the step yourself"),
    (
        checks.check_adam,
        changed(Adam, corrected=False, step=Adam.step),
        "divide by 1 - beta**t",
    ),
    (
        checks.check_adam,
        changed(Adam, inside=True, step=Adam.step),
        "eps stands inside the square root",
    ),
    (checks.check_adam, changed(Adam, step=shared_count), "where a gradient is missing"),
    (checks.check_adam, Borrowed, "write the step yourself"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in RIGHT))
def test_open_answers(check, capsys):
    def function(*given): ...

    check(function)
    assert capsys.readouterr().out.startswith("Not answered yet")
