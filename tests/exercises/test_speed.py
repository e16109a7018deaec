"""The exercises of the page of speed: right answers pass, plausible mistakes are refused with a sentence that helps."""

import statistics

import pytest
import torch
import torch.nn.functional as F

from helpers.exercises import speed as checks
from tests.support.answers import make_tests


def speedup(percent, group, factor):
    left = 100 - percent[group]
    return 100 / (left + percent[group] / factor)


def share_of_the_factor(percent, group, factor):
    return factor * percent[group] / 100


def without_the_factor(percent, group, factor):
    return 100 / (100 - percent[group])


def timed(call, clock):
    start = clock()
    call()
    return clock() - start


def in_turn(a, b, rounds, clock):
    return statistics.median(timed(a, clock) / timed(b, clock) for _ in range(rounds))


def in_turn_after_a_warm_up(a, b, rounds, clock):
    a(), b()
    times = [(timed(a, clock), timed(b, clock)) for _ in range(rounds)]
    return min(each[0] for each in times) / min(each[1] for each in times)


def one_after_the_other(a, b, rounds, clock):
    first = [timed(a, clock) for _ in range(rounds)]
    return statistics.median(first) / statistics.median(timed(b, clock) for _ in range(rounds))


def sum_of_all(a, b, rounds, clock):
    times = [(timed(a, clock), timed(b, clock)) for _ in range(rounds)]
    return sum(each[0] for each in times) / sum(each[1] for each in times)


def once(a, b, rounds, clock):
    return timed(a, clock) / timed(b, clock)


def weighted(net, x, y, processes):
    total = [torch.zeros_like(p) for p in net.parameters()]
    for part, labels in zip(x.chunk(processes), y.chunk(processes), strict=True):
        loss = F.cross_entropy(net(part), labels) * len(part) / len(x)
        for so_far, grad in zip(total, torch.autograd.grad(loss, net.parameters()), strict=True):
            so_far.add_(grad)
    return total


def summed_by_backward(net, x, y, processes):
    for part, labels in zip(x.chunk(processes), y.chunk(processes), strict=True):
        (F.cross_entropy(net(part), labels, reduction="sum") / len(x)).backward()
    return tuple(p.grad for p in net.parameters())


def plain_mean(net, x, y, processes):
    for part, labels in zip(x.chunk(processes), y.chunk(processes), strict=True):
        (F.cross_entropy(net(part), labels) / processes).backward()
    return [p.grad for p in net.parameters()]


def not_divided(net, x, y, processes):
    for part, labels in zip(x.chunk(processes), y.chunk(processes), strict=True):
        F.cross_entropy(net(part), labels).backward()
    return [p.grad for p in net.parameters()]


def in_one_process(net, x, y, processes):
    return list(torch.autograd.grad(F.cross_entropy(net(x), y), net.parameters()))


RIGHT = [
    (checks.check_speedup, speedup),
    (checks.check_ratio, in_turn),
    (checks.check_ratio, in_turn_after_a_warm_up),
    (checks.check_shared_gradients, weighted),
    (checks.check_shared_gradients, lambda *given: list(summed_by_backward(*given))),
]
WRONG = [
    (checks.check_speedup, share_of_the_factor, "group = 'convolution', factor = 2.0"),
    (checks.check_speedup, without_the_factor, "group = 'convolution', factor = 2.0"),
    (checks.check_ratio, one_after_the_other, "busy at the beginning"),
    (checks.check_ratio, sum_of_all, "busy at the beginning"),
    (checks.check_ratio, once, "called 5 times, but one was called once"),
    (checks.check_shared_gradients, plain_mean, "for 10 images and 4 processes"),
    (checks.check_shared_gradients, not_divided, "for 12 images and 3 processes"),
    (checks.check_shared_gradients, in_one_process, "saw batches of [12]"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


def test_a_call_that_was_held_up_does_not_count(capsys):
    """The mean of the ratios stands on every round; a single one may not spoil the answer."""

    def mean_of_ratios(a, b, rounds, clock):
        times = [(timed(a, clock), timed(b, clock)) for _ in range(rounds)]
        return statistics.mean(first / second for first, second in times)

    machine = checks.BusyMachine(lambda n: 40.0 if n == 3 else 1.0)
    calls = machine.call("a", 0.2), machine.call("b", 0.1)
    assert in_turn(*calls, 5, machine.clock) == pytest.approx(2)
    checks.check_ratio(mean_of_ratios)
    assert capsys.readouterr().out.startswith("Not yet: ")
