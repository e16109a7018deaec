"""The checks of page 07 accept what is right, in more than one way, and say what is wrong with the rest."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import cifar10_fast as checks
from tests.support.answers import make_tests


def cycle(progress, warmup):
    done = (progress - warmup) / (1 - warmup)
    return progress / warmup if done < 0 else math.cos(done * math.pi / 2) ** 2


def cutout(x, corners, size):
    places = torch.stack(torch.meshgrid(*map(torch.arange, x.shape[2:]), indexing="ij"), -1)
    away = places - corners[:, None, None]
    return x * ~((away >= 0) & (away < size)).all(-1)[:, None]


class SixViews(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.inner = net

    def forward(self, x):
        wide = F.pad(x, (1, 1, 0, 0), mode="reflect")
        views = torch.cat([wide[..., :-2], x, wide[..., 2:]])
        both = torch.cat([views, views.flip(3)])
        return self.inner(both).unflatten(0, (6, len(x))).mean(0)


def orthogonal(matrix):
    x = matrix / matrix.norm()
    for _ in range(40):
        x = 1.5 * x - 0.5 * x @ x.T @ x
    return x


def of_another_scale(matrix):
    """The same for any positive factor: the first step of ``orthogonal`` divides by the norm."""
    return orthogonal(matrix * matrix.norm() ** 3)


RIGHT = [
    (checks.check_cycle, cycle),
    (checks.check_cutout, cutout),
    (checks.check_views, SixViews),
    (checks.check_orthogonal, orthogonal),
    (checks.check_orthogonal, of_another_scale),
]


def in_place(x, corners, size):
    return x.copy_(cutout(x, corners, size))


def one_by_one(x, corners, size):
    x = x.clone()
    for n, (i, j) in enumerate(corners.tolist()):
        x[n, :, max(i, 0) : max(i + size, 0), max(j, 0) : max(j + size, 0)] = 0
    return x


def upper_left_only(x, corners, size):
    return cutout(x, corners.clamp(min=0), size)


class Sum(SixViews):
    def forward(self, x):
        return 6 * super().forward(x)


class Rolled(SixViews):
    def forward(self, x):
        views = [x.roll(n, 3) for n in (-1, 0, 1)]
        return sum(self.inner(v) + self.inner(v.flip(3)) for v in views) / 6


class Unflipped(SixViews):
    def forward(self, x):
        wide = F.pad(x, (1, 1, 0, 0), mode="reflect")
        return sum(map(self.inner, (wide[..., :-2], x, wide[..., 2:]))) / 3


class Copied(SixViews):
    def __init__(self, net):
        import copy

        super().__init__(copy.deepcopy(net))


class NoModule:
    def __init__(self, net):
        self.forward = SixViews(net)

    def parameters(self):
        return self.forward.parameters()

    def __call__(self, x):
        return self.forward(x)


def by_svd(matrix):
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    return u @ v


WRONG = [
    (checks.check_cycle, lambda p, w: min(p / w, (1 - p) / (1 - w)), "not the right number"),
    (checks.check_cycle, lambda p, w: torch.tensor(cycle(p, w)), "a float is expected"),
    (checks.check_cutout, in_place, "return a copy"),
    (checks.check_cutout, one_by_one, "tensor operations for 64 pictures"),
    (checks.check_cutout, upper_left_only, "elements differ"),
    (checks.check_views, Sum, "return their mean"),
    (checks.check_views, Rolled, "reflect the picture"),
    (checks.check_views, Unflipped, "elements differ"),
    (checks.check_views, Copied, "keep the net itself"),
    (checks.check_views, NoModule, "has to be an nn.Module"),
    (checks.check_orthogonal, by_svd, "only matrix products are allowed"),
    (checks.check_orthogonal, lambda m: orthogonal(m) / 2, "singular values become"),
    (checks.check_orthogonal, lambda m: orthogonal(m).T, "same shape"),
    (checks.check_orthogonal, lambda m: m / 0 * 0, "not finite"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


@pytest.mark.parametrize("check", [check for check, _ in RIGHT])
def test_no_answer_yet(check, capsys):
    check(...)
    assert capsys.readouterr().out.startswith("Not answered yet")
