"""The exercises of page 01: tensors of a kind, and timers, which are tried on a machine that is only simulated."""

import statistics
from collections.abc import Callable, Iterator

import torch

from helpers.exercises.calls import names_in
from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, how_often


@exercise
def check_blank(blank: Callable) -> Iterator[str]:
    """A tensor of 64-bit integers, all -1."""
    yield from differences(blank, _blank, (3, 4), (1, 7), (0, 2))


def _blank(rows: int, columns: int) -> torch.Tensor:
    return torch.full((rows, columns), -1, dtype=torch.int64)


@exercise
def check_data_of_2017(data_of_2017: Callable) -> Iterator[str]:
    """What ``torch.Tensor`` makes of a list, without ``torch.Tensor``."""
    lists = [1, 2], [0.5, 3], [[1], [-4]], torch.randn(2, 3).tolist(), []
    cases = [(values,) for values in lists]
    yield from differences(data_of_2017, _data_of_2017, *cases)
    for name in sorted({"Tensor", "FloatTensor"} & names_in(data_of_2017)):
        yield f"the tensors are right, but the task is to do without `torch.{name}`."


def _data_of_2017(values: list) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


@exercise
def check_gigabytes_per_second(gigabytes_per_second: Callable) -> Iterator[str]:
    """Bytes over seconds, for elements of several sizes."""
    inputs = (
        (torch.ones(1_000_000), 1e-4),
        (torch.ones(300, 200, dtype=torch.float64), 0.5),
        (torch.ones(5_000_000, dtype=torch.bool), 0.002),
        (torch.ones(10, 10, dtype=torch.complex64), 1e-6),
        (torch.ones(1000, 400)[:, :100], 0.001),
    )
    yield from differences(gigabytes_per_second, _gigabytes_per_second, *inputs)


def _gigabytes_per_second(x: torch.Tensor, seconds: float) -> float:
    return x.nbytes / seconds / 1e9


class Machine:
    """A simulated machine: its clock goes on only by what is done on it, and its GPU works when it is waited for."""

    def __init__(self) -> None:
        self.now = 100.0
        self.queued = 0.0  # seconds of work that the GPU still has

    def clock(self) -> float:
        """Return the time, in seconds."""
        return self.now

    def work(self, seconds: float) -> None:
        """Work on the CPU."""
        self.now += seconds

    def launch(self, seconds: float) -> None:
        """Give work to the GPU, which takes a millisecond."""
        self.now += 0.001
        self.queued += seconds

    def wait(self) -> None:
        """Return when the GPU has done all its work."""
        self.now += self.queued
        self.queued = 0.0


@exercise
def check_median_seconds(median_seconds: Callable) -> Iterator[str]:
    """The median of repeated calls, after one to warm up."""
    for times in ([9.0, 1.0, 3.0, 2.0], [0.5, 0.2, 0.1, 0.9, 0.3, 0.2], [5.0, 1.0, 8.0, 2.0, 4.0]):
        machine, calls = Machine(), iter(times)
        count, repeats = 0, len(times) - 1

        def call(machine: Machine = machine, calls: Iterator[float] = calls) -> None:
            nonlocal count
            count += 1
            machine.work(next(calls, 1.0))

        given = median_seconds(call, repeats, machine.clock)
        about = f"for {repeats} repeats, of calls that take {times} seconds"
        if count != len(times):
            yield (
                f"{about}: `call` was called {how_often(count)}; call it once to warm up, and {how_often(repeats)} "
                "after that."
            )
        if fault := fault_in(given, statistics.median(times[1:])):
            middle = statistics.median_low(times[1:]), statistics.median_high(times[1:])
            is_one = any(not fault_in(given, time) for time in middle)
            advice = " The median of an even number of times is the mean of the two in the middle."
            yield f"{about}: {fault}{advice if is_one else ''}"


@exercise
def check_stopwatch(stopwatch: type) -> Iterator[str]:
    """The time of the work inside a ``with`` block, on a simulated GPU."""
    for before, on_cpu, on_gpu in (
        (0.0, 0.5, 0.0),
        (0.0, 0.1, 2.0),
        (3.0, 0.0, 0.7),
        (1.0, 0.0, 0.0),
    ):
        machine = Machine()
        machine.queued = before
        made = stopwatch(machine.wait, machine.clock)
        if not hasattr(made, "__enter__") or not hasattr(made, "__exit__"):
            yield "a class for `with` is expected: it needs the methods `__enter__` and `__exit__`."
            return
        with made as watch:
            machine.work(on_cpu)
            if on_gpu:
                machine.launch(on_gpu)
        machine.work(5.0)
        if watch is None:
            yield "`__enter__` has to return the stopwatch, which `as watch` gives its name."
        expected = on_cpu + on_gpu + (0.001 if on_gpu else 0.0)
        given = getattr(watch, "seconds", None)
        if fault := fault_in(given, expected):
            yield (
                f"with {before:g} s of earlier work in the queue, then {on_cpu:g} s of work on the CPU "
                f"and {on_gpu:g} s on the GPU inside the block: {fault}"
            )
