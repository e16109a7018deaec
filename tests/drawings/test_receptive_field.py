"""The receptive field by arithmetic is the one that gradients find."""

import pytest
import torch
from torch import nn

from helpers.drawings.receptive_field import SIDE, dependence, fields, show_receptive_fields
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def features():
    torch.manual_seed(0)
    first = [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))


def test_the_sides_of_the_fields(features):
    sides = {name: size for name, (_, size) in fields(features).items()}
    assert sides == {"conv 1": 5, "pool 1": 6, "conv 2": 14, "pool 2": 16}


@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_fill_the_box_exactly(features, stride):
    features[3].stride = (stride, stride)
    found = dependence(features)
    for name, (first, size) in fields(features).items():
        box = torch.zeros(SIDE, SIDE, dtype=torch.bool)
        box[first : first + size, first : first + size] = True
        assert torch.equal(found[name] > 0, box)


def test_a_frame_is_drawn_around_each_field(features):
    figure, alt = shown(show_receptive_fields, features)
    boxes = fields(features)
    assert [axis.get_title() for axis in figure.axes] == [
        f"{name}: {size} x {size}" for name, (_, size) in boxes.items()
    ]
    for axis, (first, size) in zip(figure.axes, boxes.values(), strict=True):
        (frame,) = axis.patches
        assert (*frame.get_xy(), frame.get_width()) == (first - 0.5, first - 0.5, size)
    assert "pool 2 16 x 16" in alt


def test_the_random_numbers_of_the_page_stay(features):
    torch.manual_seed(1)
    first = torch.rand(1)
    torch.manual_seed(1)
    dependence(features)
    assert torch.rand(1) == first
