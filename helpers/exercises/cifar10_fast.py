"""The checks of page 07: a schedule, cutout, views at test time, orthogonal matrices."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from helpers.exercises.exercise import differences, exercise


def _cycle(progress: float, warmup: float) -> float:
    if progress < warmup:
        return progress / warmup
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


@exercise
def check_cycle(cosine_cycle: Callable) -> Iterable[str]:
    """A float for the factor of the learning rate."""
    progresses = (0.0, 0.02, 0.1, 0.25, 0.4, 0.6, 0.9, 1.0)
    cases = [(progress, warmup) for warmup in (0.1, 0.25) for progress in progresses]
    yield from differences(cosine_cycle, _cycle, *cases)


def _cutout(x: torch.Tensor, corners: torch.Tensor, size: int) -> torch.Tensor:
    out = x.clone()
    for picture, (row, column) in zip(out, corners.tolist(), strict=True):
        rows, columns = range(row, row + size), range(column, column + size)
        for i in set(rows) & set(range(x.shape[2])):
            for j in set(columns) & set(range(x.shape[3])):
                picture[:, i, j] = 0
    return out


@exercise
def check_cutout(cutout: Callable) -> Iterable[str]:
    """A copy of the pictures with a square of zeros in each, made without a loop over the pictures."""
    x = torch.randn(4, 3, 6, 7) + 10  # no zeros
    before = x.clone()
    corners = torch.tensor([[0, 0], [1, 3], [4, 5], [-1, 2]])
    cutout(x, corners, 2)
    if not torch.equal(x, before):
        yield "the pictures that were given have changed; return a copy."
    yield from differences(cutout, _cutout, (x, corners, 2), (x[:1], corners[1:2], 3))
    many = torch.randn(64, 3, 8, 8) + 10, torch.randint(-2, 8, (64, 2)), 4
    yield from differences(cutout, _cutout, many)
    with _Counted() as counted:
        cutout(*many)
    if counted.calls > 64:
        yield f"it makes {counted.calls} tensor operations for 64 pictures: do all of them in one."


class _SixViews(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = F.pad(x, (1, 1, 0, 0), mode="reflect")
        views = [wide[..., start : start + x.shape[3]] for start in range(3)]
        return sum(self.net(view) + self.net(view.flip(3)) for view in views) / 6


@exercise
def check_views(six_views: type) -> Iterable[str]:
    """A module that averages the logits of a net over six views of each picture."""

    def net_of(height: int, width: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(2 * height * width, 5), nn.Tanh())

    for height, width in ((6, 6), (4, 7)):
        net, x = net_of(height, width), torch.randn(3, 2, height, width)
        wrapped = six_views(net)
        if not isinstance(wrapped, nn.Module):
            yield "the class has to be an nn.Module."
        if {id(p) for p in wrapped.parameters()} != {id(p) for p in net.parameters()}:
            yield "its parameters are not those of the net: keep the net itself as an attribute."
        rolled = sum(net(v) + net(v.flip(3)) for v in (x.roll(shift, 3) for shift in (-1, 0, 1)))
        answer = wrapped(x)
        if isinstance(answer, torch.Tensor) and answer.shape == rolled.shape:
            if torch.allclose(answer, rolled / 6, atol=1e-5):
                yield "what leaves at one edge comes in at the other; reflect the picture there."
            if torch.allclose(answer, 6 * _SixViews(net)(x), atol=1e-4):
                yield "this is the sum of the six; return their mean."
        yield from differences(lambda x, w=wrapped: w(x), _SixViews(net), (x,))


class _Counted(TorchDispatchMode):
    """Counts the operations of a block, and remembers their names."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.names = 0, set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        self.names.add(func.name())
        return func(*args, **(kwargs or {}))


@exercise
def check_orthogonal(nearest_orthogonal: Callable) -> Iterable[str]:
    """The orthogonal factor of a matrix, found by matrix products."""
    for rows, columns, weakest in ((3, 5, 0.5), (8, 20, 0.3), (16, 24, 0.01), (20, 6, 0.1)):
        left = torch.linalg.qr(torch.randn(rows, rows))[0]
        right = torch.linalg.qr(torch.randn(columns, columns))[0]
        few = min(rows, columns)
        values = torch.logspace(0, math.log10(weakest), few) * 30
        matrix = left[:, :few] * values @ right[:few]
        with _Counted() as counted:
            answer = nearest_orthogonal(matrix.clone())
        if used := sorted(
            name for name in counted.names if "linalg" in name and "norm" not in name
        ):
            yield f"it uses {used[0].removeprefix('aten::')}: only matrix products are allowed."
        expected = left[:, :few] @ right[:few]
        kind = f"a matrix of {rows} x {columns} whose smallest singular value is {weakest:g} of the largest"
        if not isinstance(answer, torch.Tensor) or answer.shape != matrix.shape:
            yield f"for {kind}, a tensor of the same shape is expected."
            return
        if not torch.isfinite(answer).all():
            yield f"for {kind}, the result is not finite: what is it divided by at the start?"
        if not torch.allclose(answer, expected, atol=1e-3):
            sizes = torch.linalg.svdvals(answer)
            yield f"for {kind}, the singular values become {sizes.min():.3g} to {sizes.max():.3g}."
            return
