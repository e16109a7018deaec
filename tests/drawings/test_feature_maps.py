"""The pictures of filters and feature maps show what the convolutions compute."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.drawings.feature_maps import (
    TITLES,
    show_filters,
    six_filters,
)
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def test_the_filters_find_what_their_names_say():
    brighter = torch.arange(9.0).expand(1, 9, 9)  # from left to right
    right, down, diagonal, other, detail, blur = F.conv2d(brighter, six_filters())[:, 2, 2]
    assert right > diagonal > 0 and diagonal > other == -diagonal
    assert down.abs() < 1e-6 and detail.abs() < 1e-6
    assert blur == brighter[0, 4, 4]


def test_a_filter_stands_above_its_map():
    picture = torch.rand(1, 12, 12)
    figure, alt = shown(show_filters, picture, six_filters())
    panels = [axis.images[0].get_array() if axis.images else None for axis in figure.axes]
    assert np.array_equal(panels[0], picture[0]) and panels[7] is None
    assert [axis.get_title() for axis in figure.axes[:7]] == ["picture", *TITLES]
    maps = F.conv2d(picture, six_filters())
    for n in range(6):
        assert np.array_equal(panels[1 + n], six_filters()[n, 0])
        assert np.array_equal(panels[8 + n], maps[n])
    assert alt.startswith("A picture, six filters")  # the README finds its picture by this
