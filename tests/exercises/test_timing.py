"""The checks of page 01: right answers pass, plausible mistakes are refused with a sentence that helps."""

import statistics
from itertools import pairwise

import torch

from helpers.exercises import timing
from tests.support.answers import make_tests


def median_seconds(call, repeats, clock):
    call()
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def timed(call, clock):
    start = clock()
    call()
    return clock() - start


class Stopwatch:
    def __init__(self, wait, clock):
        self.wait, self.clock = wait, clock

    def __enter__(self):
        self.wait()
        self.start = self.clock()
        return self

    def __exit__(self, *error):
        self.wait()
        self.seconds = self.clock() - self.start


RIGHT = [
    (timing.check_blank, lambda rows, columns: -torch.ones(rows, columns).long()),
    (timing.check_blank, lambda *shape: torch.zeros(shape, dtype=torch.int64) - 1),
    (timing.check_data_of_2017, lambda values: torch.tensor(values).float()),
    (timing.check_gigabytes_per_second, lambda x, s: x.numel() * x.element_size() / s / 1e9),
    (timing.check_median_seconds, median_seconds),
    (timing.check_stopwatch, Stopwatch),
]


def without_warm_up(call, repeats, clock):
    times = [clock()]
    for _ in range(repeats):
        call()
        times.append(clock())
    return statistics.median(b - a for a, b in pairwise(times))


def mean_of_all(call, repeats, clock):
    start = clock()
    for _ in range(repeats + 1):
        call()
    return (clock() - start) / (repeats + 1)


def upper_median(call, repeats, clock):
    call()
    return sorted(timed(call, clock) for _ in range(repeats))[repeats // 2]


class StartsLate(Stopwatch):
    def __enter__(self):
        self.start = self.clock()
        return self


class StopsEarly(Stopwatch):
    def __exit__(self, *error):
        self.seconds = self.clock() - self.start


class ReturnsNothing(Stopwatch):
    def __enter__(self):
        super().__enter__()


WRONG = [
    (timing.check_blank, torch.zeros, "the dtype is torch.float32"),
    (timing.check_blank, lambda r, c: torch.full((c, r), -1), "the shape is (4, 3)"),
    (timing.check_data_of_2017, torch.tensor, "the dtype is torch.int64"),
    (timing.check_data_of_2017, lambda v: torch.Tensor(v), "do without `torch.Tensor`"),  # noqa: PLW0108
    (timing.check_data_of_2017, torch.FloatTensor, "do without `torch.FloatTensor`"),
    (timing.check_gigabytes_per_second, lambda x, s: x.numel() / s / 1e9, "not the right"),
    (
        timing.check_gigabytes_per_second,
        lambda x, s: x.untyped_storage().nbytes() / s / 1e9,
        "1.6 is not the right",
    ),
    (timing.check_gigabytes_per_second, lambda x, s: 4 * x.numel() / s / 1e9, "float64"),
    (timing.check_median_seconds, without_warm_up, "was called 3 times; call it once"),
    (
        timing.check_median_seconds,
        upper_median,
        "4.0 is not the right number. The median of an even",
    ),
    (timing.check_median_seconds, mean_of_all, "is not the right number"),
    (timing.check_stopwatch, StartsLate, "with 3 s of earlier work in the queue"),
    (timing.check_stopwatch, StopsEarly, "and 2 s on the GPU inside the block: 0.101 is not"),
    (timing.check_stopwatch, ReturnsNothing, "has to return the stopwatch"),
]


test_right, test_wrong = make_tests(timing, RIGHT, WRONG)
