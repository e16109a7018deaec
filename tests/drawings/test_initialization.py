"""What page 05 says of the signal in a deep stack holds for more than one seed."""

import pytest
import torch

from helpers.drawings.initialization import DEPTH, STARTS, show_signal, spreads
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("twice He", 1e4, 1e8),
        ("He", 0.1, 10),
        ("half of He", 1e-8, 1e-4),
        ("default", 1e-11, 1e-5),
    ],
)
def test_the_spread_grows_stays_or_fades(name, low, high):
    forward, backward = spreads(STARTS[name])
    assert len(forward) == len(backward) == DEPTH
    assert low < forward[-1] < high
    assert low < backward[0] < high


def test_the_picture_leaves_the_random_numbers_alone():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    figure, alt = shown(show_signal)
    assert torch.rand(2).equal(expected)
    assert [len(axis.lines) for axis in figure.axes] == [4, 4]
    assert "He's rule" in alt
