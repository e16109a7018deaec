"""Regions are what a net says, with the row below first."""

import pytest
import torch

from helpers.drawings.decision_regions import EDGE, PIXELS, regions, show_points, show_regions
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")
X = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
Y = torch.arange(3)


def by_place(x):
    """Scores of class 2 for the upper half, of 0 and 1 for left and right below."""
    return torch.stack([-x[:, 0], x[:, 0], 9 * x[:, 1]], dim=1)


def constant(x):
    return torch.tensor([1.0, 0.0, 0.0]).expand(len(x), 3)


def test_regions_lie_where_the_net_says():
    classes = regions(by_place)
    assert classes.shape == (PIXELS, PIXELS)
    assert classes[0, 0] == 0
    assert classes[0, -1] == 1
    assert (classes[-1] == 2).all()
    assert EDGE > 1


def test_each_class_has_points_of_its_own():
    figure, alt = shown(show_points, X, Y)
    assert [len(points.get_offsets()) for points in figure.axes[0].collections] == [1, 1, 1]
    assert alt.startswith("Points of 3 classes")


def test_the_description_tells_which_net_fits():
    figure, alt = shown(show_regions, {"good": by_place, "poor": constant}, X, Y)
    assert [axis.get_title() for axis in figure.axes] == ["good", "poor"]
    assert alt == "good: regions that fit the arms. poor: regions that cut across the arms."
