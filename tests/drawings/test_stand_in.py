"""The drawing of the stand-in names the class of each shape."""

import pytest

from helpers.data.stand_in import StandIn
from helpers.drawings.stand_in import show_stand_in
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def test_each_shape_has_its_name():
    stand_in = StandIn(train=True, count=12)
    figure, alt = shown(show_stand_in, stand_in)
    axes = [axis for axis in figure.axes if axis.get_visible()]
    names = [stand_in.classes[label] for label in stand_in.targets]
    assert [axis.get_title() for axis in axes] == names
    for axis, picture in zip(axes, stand_in.data, strict=True):
        assert (axis.images[0].get_array() == picture).all()
    assert alt
