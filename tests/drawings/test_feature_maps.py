"""The pictures of filters and feature maps show what the convolutions compute."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.drawings.feature_maps import (
    TITLES,
    maps_of,
    show_feature_maps,
    show_filters,
    six_filters,
)
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def features():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU()
    )


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


def test_the_maps_of_each_layer(features):
    picture = torch.rand(1, 32, 32)
    maps = maps_of(features, picture)
    assert list(maps) == ["ReLU 1", "pool 1", "ReLU 2"]
    assert torch.equal(maps["pool 1"], features[:3](picture))
    assert not maps["ReLU 2"].requires_grad


def test_a_row_for_each_layer_each_map_on_its_own_scale(features):
    figure, alt = shown(show_feature_maps, features, torch.rand(1, 32, 32))
    labels = [axis.get_ylabel() for axis in figure.axes]
    assert labels == ["ReLU 1\n6 x 28 x 28", "pool 1\n6 x 14 x 14", "ReLU 2\n16 x 10 x 10"]
    row = figure.axes[0].images[0].get_array()
    assert row.shape == (28, 6 * 29)
    assert row.min() == 0 and row.max() == 1
    assert "after ReLU 2 16 of 10 x 10" in alt
