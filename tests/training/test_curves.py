"""The curves of the candidates: their points, what lies between and beyond them, the work for an accuracy."""

from dataclasses import replace

import pytest

from helpers.training.curves import (
    BEYOND,
    FLATTER,
    MOVED_FROM,
    START,
    Curve,
    curves,
    curves_of,
    for_epochs,
    for_work,
    suited,
    tflop_per_epoch,
    work_for,
)
from helpers.training.loop import flops_of_step
from helpers.training.recipe import CANDIDATES, GPU, Recipe
from tests.support.small_training import SMALL


def test_a_curve_goes_through_its_points_and_between_them():
    curve = Curve(SMALL, ((1.0, 60.0), (4.0, 80.0), (8.0, 90.0)), level_from=16.0)
    assert [curve.accuracy(epochs) for epochs in (1, 4, 8)] == pytest.approx([60, 80, 90])
    assert curve.accuracy(2) == pytest.approx(100 - 40 / 2**0.5)  # halved from 1 to 4 epochs
    assert curve.accuracy(16) == pytest.approx(100 - 10 / 2**FLATTER)  # it was halved from 4 to 8
    assert curve.accuracy(160) == curve.accuracy(16)
    assert curve.accuracy(1e-9) == 10


def test_a_curve_is_made_of_searches_at_several_lengths():
    def searched(tflop, accuracy, runs, base_lr="0.2"):
        changes = f"widths=8,16,32 translate=0 base_lr={base_lr}"
        return {"tflop": tflop, "accuracy": accuracy, "runs": runs, "changes": changes}

    recipe = Recipe(widths=(8, 16, 32), translate=0, base_lr=0.2)
    runs = [searched(2.0, 70.0, 1), searched(1.0, 60.0, 2), searched(1.0, 66.0, 1)]
    (curve,) = curves_of([recipe], [*runs, searched(1.0, 99.0, 1, base_lr="0.3")])
    one = 1.0 / tflop_per_epoch(recipe)
    assert curve == Curve(recipe, (START, (one, 62.0), (2 * one, 70.0)))
    first, _ = curves_of([recipe, recipe], runs)
    assert first.level_from == BEYOND * 2 * one
    with pytest.raises(ValueError, match="no two lengths"):
        curves_of([recipe], runs[:1])


def test_a_short_training_does_not_move_the_images_and_its_point_is_of_one_that_did_not():
    recipe = Recipe(widths=(8, 16, 32), translate=2)
    assert suited(recipe, MOVED_FROM) == recipe
    assert suited(recipe, MOVED_FROM - 0.1) == replace(recipe, translate=0)
    one = tflop_per_epoch(recipe)
    runs = [
        {"tflop": epochs * one, "accuracy": accuracy, "runs": 1, "changes": changes}
        for epochs, accuracy, changes in (
            (2, 70.0, "widths=8,16,32 translate=0"),
            (2, 69.0, "widths=8,16,32"),
            (8, 79.0, "widths=8,16,32 translate=0"),
            (8, 80.0, "widths=8,16,32"),
        )
    ]
    (curve,) = curves_of([recipe], runs)
    assert [accuracy for _, accuracy in curve.points[1:]] == [70.0, 80.0]
    assert for_work(1.0).translate == 0
    assert for_work(1000.0).translate == 2
    assert [for_epochs(epochs).translate for epochs in (1, 10)] == [0, 2]
    assert for_epochs(1, "cuda") == GPU


def test_the_work_of_an_epoch_is_that_of_its_steps():
    recipe = Recipe(resolutions=((20, 0.5), (32, 1.0)), batch_size=50)
    small, large = (flops_of_step(recipe, 50, size) for size in (20, 32))
    steps_of_a_flop = 0.5 / small + 0.5 / large
    assert tflop_per_epoch(recipe) == pytest.approx(1000 / steps_of_a_flop / 1e12)


def test_more_accuracy_takes_more_work_and_more_work_a_wider_net():
    for accuracy in (60, 80, 85, 90, 93, 94):
        tflop = work_for(accuracy)
        reached = [curve.accuracy_by_work(tflop) for curve in curves()]
        assert max(reached) == pytest.approx(accuracy, abs=0.05)
    widths = [sum(for_work(tflop).widths) for tflop in (0.2, 1, 3, 6, 12, 25, 50, 100, 200, 1e6)]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (sum(CANDIDATES[0].widths), sum(CANDIDATES[-1].widths))
