"""What is drawn of a fitted line is where the line and its errors are."""

import numpy as np
import pytest
import torch

from helpers.drawings.line_fit import show_lines, show_losses
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")
X, Y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 5.0])


def test_lines_lie_where_their_numbers_say():
    w = torch.tensor(1.5, requires_grad=True)
    figure, alt = shown(show_lines, X, Y, {"guess": (0.5, 0.0), "best": (w, torch.tensor(0.25))})
    (axis,) = figure.axes
    assert [line.get_label() for line in axis.lines] == ["guess", "best"]
    for line, (slope, intercept) in zip(axis.lines, [(0.5, 0.0), (1.5, 0.25)], strict=True):
        x, y = line.get_data()
        assert min(x) < 1 and max(x) > 3
        assert np.allclose(y, slope * np.asarray(x) + intercept)
    assert alt == '3 points and the lines "guess" and "best".'


def test_a_single_line_has_its_errors():
    figure, alt = shown(show_lines, X, Y, {"guess": (0.5, 0.0)})
    errors, points = figure.axes[0].collections
    assert [segment.tolist() for segment in errors.get_segments()] == [
        [[1.0, 0.5], [1.0, 2.0]],
        [[2.0, 1.0], [2.0, 4.0]],
        [[3.0, 1.5], [3.0, 5.0]],
    ]
    assert points.get_offsets().tolist() == [[1.0, 2.0], [2.0, 4.0], [3.0, 5.0]]
    assert alt == '3 points and the line "guess", and the error of each point.'


@pytest.mark.parametrize("count", [0, 5])
def test_too_few_or_too_many_lines(count):
    with pytest.raises(ValueError, match="one to 4 lines"):
        show_lines(X, Y, {str(n): (0.0, 0.0) for n in range(count)})


def test_losses_are_drawn_as_they_are():
    curves = {"0.1": [8.0, 2.0, 0.5], "9": [8.0, 80.0]}
    figure, alt = shown(show_losses, curves, "learning rate")
    (axis,) = figure.axes
    assert [line.get_ydata().tolist() for line in axis.lines] == list(curves.values())
    assert [text.get_text() for text in axis.get_legend().get_texts()] == list(curves)
    assert axis.get_legend().get_title().get_text() == "learning rate"
    assert axis.get_yscale() == "log"
    assert alt == "The loss by step. With learning rate 0.1 it falls, with 9 it rises."
