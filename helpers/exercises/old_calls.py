"""The exercises of the page of old calls: old code to be translated."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, kind


@exercise
def check_not_above(not_above: Callable[[Tensor, float], Tensor]) -> Iterator[str]:
    """``not_above(v, limit)``: what ``v.masked_select(1 - (v > limit))`` gave."""

    def right(v: Tensor, limit: float) -> Tensor:
        return torch.tensor([n for n in v.flatten().tolist() if not n > limit], dtype=v.dtype)

    yield from differences(
        not_above,
        right,
        (torch.tensor([3, 1, 4, 1, 5, 2]), 2),
        (torch.randn(4, 5), 0.3),
        (torch.ones(3), 0),
    )


@exercise
def check_halves(halves: Callable[[Tensor], Tensor]) -> Iterator[str]:
    """``halves(n)``: what ``n / 2`` gave for whole numbers."""

    def right(n: Tensor) -> Tensor:
        return torch.tensor([int(k / 2) for k in n.tolist()], dtype=n.dtype)

    yield from differences(
        halves,
        right,
        (torch.tensor([7, 4, 9]),),
        (torch.tensor([-7, -4, -1]),),
        (torch.arange(-9, 9),),
    )


@exercise
def check_total(total: Callable[[list[Tensor]], float]) -> Iterator[str]:
    """``total(losses)``: their sum as a plain number."""
    w = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    for count in (4, 1, 7):
        losses = [(w * n).mean() for n in range(1, count + 1)]
        expected = sum(float(loss.detach()) for loss in losses)
        if fault := fault_in(total(losses), expected):
            yield f"for losses of which {count} were recorded: {fault}"


@exercise
def check_evaluate(evaluate: Callable[[nn.Module, list], float]) -> Iterator[str]:
    """``evaluate(net, batches)``: the accuracy in percent, in evaluation mode, with no graph recorded."""
    net = nn.Sequential(nn.Linear(6, 20), nn.Dropout(0.9), nn.ReLU(), nn.Linear(20, 3))
    batches = [(torch.randn(n, 6), torch.randint(3, (n,))) for n in (8, 8, 3)]
    judge = copy.deepcopy(net).eval()
    hits = sum(int((judge(x).argmax(1) == y).sum()) for x, y in batches)
    recorded: list[bool] = []
    net.register_forward_hook(lambda module, args, output: recorded.append(output.requires_grad))
    given = evaluate(net, batches)
    if not isinstance(given, int | float):
        yield f"a number is expected, but this is {kind(given)}."
    elif abs(given - 100 * hits / 19) > 1e-3:
        yield (
            f"{given:g} is not right. Was the network in evaluation mode, and does the last batch, which is smaller, "
            "count for what it is?"
        )
    if any(recorded):
        yield "the accuracy is right, but a graph was recorded: `volatile` has a successor."
