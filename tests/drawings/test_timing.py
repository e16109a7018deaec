"""The picture of time against size shows what was measured, and the rate that follows from it."""

import pytest

from helpers.drawings.timing import show_time_and_rate
from tests.support.figures import shown


@pytest.mark.usefixtures("style")
def test_time_and_rate():
    figure, alt = shown(show_time_and_rate, [1000, 1_000_000], [1e-6, 2e-3], bytes_each=8)
    left, right = figure.axes
    assert left.lines[0].get_xydata().tolist() == [[1000, 1], [1_000_000, 2000]]
    assert right.lines[0].get_xydata().tolist() == [[1000, 8], [1_000_000, 4]]
    assert (left.get_xscale(), left.get_yscale(), right.get_xscale()) == ("log",) * 3
    assert alt.startswith("Left: time against size")
