"""Paths and learning rates are those of torch.optim, and are described as they run."""

from itertools import pairwise

import pytest
import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, StepLR

from helpers.drawings.optimizers import (
    course,
    descend,
    learning_rates,
    shape,
    show_learning_rates,
    show_valley,
)
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def sgd():
    return SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (descend(SGD, lr=0.1), "a slow path"),
        (descend(SGD, lr=0.9), "a zigzag"),
        (descend(SGD, lr=1.1), "one that flies out"),
        (descend(SGD, lr=0.1, momentum=0.8), "a curve that swings"),
        (descend(Adam, lr=0.5), "a curve"),
    ],
)
def test_paths_are_described(path, words):
    assert course(path) == words


def test_a_step_of_sgd_multiplies_by_what_the_page_says():
    path = descend(SGD, lr=0.9, steps=3)
    assert len(path) == 4
    for (_, before), (_, after) in pairwise(path):
        assert after == pytest.approx((1 - 2 * 0.9) * before)


def test_a_path_out_of_the_valley_ends():
    assert len(descend(SGD, lr=1.1)) < 10


def test_the_valley_is_described_from_left_to_right():
    paths = {"a": descend(SGD, lr=0.1)}
    figure, alt = shown(show_valley, paths, {"b": descend(SGD, lr=1.1)})
    assert alt.startswith("Left: a slow path. Right: one that flies out.")
    assert list(zip(*figure.axes[0].lines[1].get_data(), strict=True)) == [
        tuple(point) for point in paths["a"]
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: StepLR(o, step_size=30), "stairs"),
        (lambda o: CosineAnnealingLR(o, T_max=100), "down"),
        (lambda o: LinearLR(o, 0.1, total_iters=100), "up"),
        (lambda o: ConstantLR(o, factor=1.0), "stairs"),
    ],
)
def test_schedules_are_described(make, words):
    assert shape(learning_rates(make(sgd()))) == words


def test_both_directions_and_none_are_described():
    assert shape([1, 2, 3, 2, 1]) == "up, then down"


def test_learning_rates_are_those_of_each_step():
    figure, alt = shown(show_learning_rates, StepLR(sgd(), step_size=30))
    (line,) = figure.axes[0].lines
    rates = line.get_ydata()
    assert rates[[0, 29, 30, 60, 99]] == pytest.approx([1, 1, 0.1, 0.01, 0.001])
    assert alt == "Learning rates by step. StepLR: stairs."
