"""The exercises of the page of benchmarks: right answers pass, plausible mistakes are refused and told why."""

import math
import statistics
from itertools import pairwise

from helpers.exercises import benchmarks as checks
from tests.support.answers import make_tests


def mean_and_error(accuracies):
    return statistics.mean(accuracies), statistics.stdev(accuracies) / len(accuracies) ** 0.5


def spread_of_the_runs(accuracies):
    return statistics.mean(accuracies), statistics.stdev(accuracies)


def piece(points, seconds):
    return next(pair for pair in pairwise(points) if seconds <= pair[1][0])


def accuracy_after(points, seconds):
    (t1, a1), (t2, a2) = piece(points, seconds)
    slope = (math.log(100 - a2) - math.log(100 - a1)) / (math.log(t2) - math.log(t1))
    return 100 - math.exp(math.log(100 - a1) + slope * (math.log(seconds) - math.log(t1)))


def straight(points, seconds):
    (t1, a1), (t2, a2) = piece(points, seconds)
    return a1 + (a2 - a1) * (seconds - t1) / (t2 - t1)


def first_piece_only(points, seconds):
    return accuracy_after(points[:2], min(seconds, points[1][0]))


def compare(a, b):
    each = 100 * (a.float() - b.float())
    return each.mean().item(), each.std(correction=0).item() / len(each) ** 0.5


def as_if_apart(a, b):
    p, q = a.float().mean().item(), b.float().mean().item()
    return 100 * (p - q), 100 * ((p * (1 - p) + q * (1 - q)) / len(a)) ** 0.5


def the_other_way_round(a, b):
    return compare(b, a)


RIGHT = [
    (checks.check_mean_and_error, mean_and_error),
    (checks.check_accuracy_after, accuracy_after),
    (checks.check_compare, compare),
]
WRONG = [
    (checks.check_mean_and_error, spread_of_the_runs, "for accuracies = [70.0, 74.0]: element 1"),
    (checks.check_mean_and_error, statistics.mean, "a tuple is expected"),
    (checks.check_accuracy_after, straight, "seconds = 20.0: "),
    (checks.check_accuracy_after, first_piece_only, "seconds = 80.0: "),
    (checks.check_compare, as_if_apart, "element 1: "),
    (checks.check_compare, the_other_way_round, "element 0: "),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
