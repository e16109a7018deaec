"""The exercises of the page of speed: Amdahl's law, a fair comparison of two calls, what several processes compute."""

import copy
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, how_often


@exercise
def check_speedup(speedup: Callable[[dict[str, float], str, float], float]) -> Iterator[str]:
    """``speedup(percent, group, factor)``: how many times faster a step becomes if one group does."""

    def right(percent: dict[str, float], group: str, factor: float) -> float:
        share = percent[group] / sum(percent.values())
        return 1 / (1 - share + share / factor)

    halves = {"convolution": 50.0, "the rest": 50.0}
    first, second, factor = (10 + 30 * torch.rand(3)).tolist()
    drawn = {"convolution": first, "pooling": second, "the rest": 100 - first - second}
    yield from differences(
        speedup,
        right,
        (halves, "convolution", 2.0),
        (drawn, "pooling", factor),
        (drawn, "convolution", 1.5),
        (halves, "the rest", float("inf")),
    )


class BusyMachine:
    """A simulated machine: whatever else it does makes some of the calls slower.

    Attributes:
        now: its clock, in seconds.
        calls: which calls were made, in order.
    """

    def __init__(self, slower: Callable[[int], float]) -> None:
        self.slower = slower  # by which factor, for the n-th call
        self.now = 50.0
        self.calls: list[str] = []

    def clock(self) -> float:
        """Return the time, in seconds."""
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        """Return a function that takes so many seconds on this machine when it is idle."""

        def run() -> None:
            self.now += seconds * self.slower(len(self.calls))
            self.calls.append(name)

        return run


@exercise
def check_ratio(ratio: Callable) -> Iterator[str]:
    """``ratio(a, b, rounds, clock)``: how many times as long as ``b`` does ``a`` take, on a machine that is busy."""
    for rounds, long, short in ((5, 0.3, 0.2), (7, 0.01, 0.04), (9, *torch.rand(2).tolist())):
        for words, slower in (
            ("on an idle machine", lambda n: 1.0),
            ("on a machine that is busy at the beginning", lambda n, r=rounds: 3.0 if n < r else 1),
            ("on a machine that becomes busy", lambda n, r=rounds: 2.5 if n >= r else 1.0),
            ("with one call that was held up", lambda n, r=rounds: 40.0 if n == r + 1 else 1.0),
        ):
            machine = BusyMachine(slower)
            a, b = machine.call("a", long), machine.call("b", short)
            given = ratio(a, b, rounds, machine.clock)
            least = min(machine.calls.count("a"), machine.calls.count("b"))
            if least < rounds:
                yield f"each function should be called {how_often(rounds)}, but one was called {how_often(least)}."
            if fault := fault_in(given, long / short):
                yield f"{words}, with calls of {long:.3g} s and {short:.3g} s: {fault}"


@exercise
def check_shared_gradients(
    shared_gradients: Callable[[nn.Module, Tensor, Tensor, int], list[Tensor]],
) -> Iterator[str]:
    """``shared_gradients(net, x, y, processes)``: of the mean loss over all of a batch, worked out part by part."""
    for images, processes in ((12, 3), (8, 2), (10, 4), (7, 2)):
        net = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
        x, y = torch.randn(images, 5), torch.randint(3, (images,))
        judge = copy.deepcopy(net)
        loss = F.cross_entropy(judge(x), y)
        expected = list(torch.autograd.grad(loss, list(judge.parameters())))
        sizes: list[int] = []
        net.register_forward_hook(lambda net, args, output, sizes=sizes: sizes.append(len(output)))
        given = shared_gradients(net, x.clone(), y.clone(), processes)
        about = f"for {images} images and {processes} processes"
        wanted = [len(part) for part in x.chunk(processes)]
        if isinstance(given, list | tuple) and len(given) == len(expected):
            given = [each.detach() if isinstance(each, Tensor) else each for each in given]
        if fault := fault_in(given, expected):
            yield f"{about}: {fault}"
        if sorted(sizes) != sorted(wanted):
            yield f"{about}: the network saw batches of {sizes}, but each process has its part, {wanted}."
