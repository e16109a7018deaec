"""The curves of losses are what PyTorch computes, and runs are shown from their beginning."""

import pytest

from helpers.drawings.losses import show_losses_of_errors, show_training
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def curves(axis):
    return {
        line.get_label(): dict(zip(*map(list, line.get_data()), strict=True)) for line in axis.lines
    }


def at(curve, x):
    """The value of a curve at the drawn place that is nearest to x."""
    return curve[min(curve, key=lambda place: abs(place - x))]


@pytest.mark.parametrize(("name", "value"), [("squared", 4.0), ("absolute", 2.0), ("Huber", 1.5)])
def test_losses_of_an_error_of_two(name, value):
    figure, _ = shown(show_losses_of_errors)
    curve = curves(figure.axes[0])[name]
    assert at(curve, 2) == at(curve, -2) == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize(("losses", "top"), [([1.0, 0.5], 1.05), ([1.0, 30.0], 3.0)])
def test_runs_are_cut_at_three_times_the_start(losses, top):
    figure, alt = shown(show_training, {"one": losses}, alt="as given")
    assert figure.axes[0].get_ylim() == (0, pytest.approx(top))
    assert alt == "as given"
