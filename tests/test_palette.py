"""The figures' colours remain apart for readers who see colours otherwise."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from helpers import plotting

# How the three kinds of colour blindness see linear RGB, at full strength (Machado, Oliveira and Fernandes, 2009).
SEEN_BY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "full sight": np.eye(3),
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
JUST_NOTICEABLE = 2.3  # in CIELAB (Mahy, Van Eycken and Oosterlinck, 1994)


def lab(colour, matrix):
    """A colour in CIELAB, where distances are those that one sees, as somebody with this sight sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = XYZ @ np.clip(np.array(matrix) @ linear, 0, 1) / XYZ.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_distance(colours, sight):
    found = [lab(colour, SEEN_BY[sight]) for colour in colours]
    return min(np.linalg.norm(a - b) for a, b in combinations(found, 2))


@pytest.mark.parametrize("sight", SEEN_BY)
def test_the_colours_remain_apart(sight):
    assert smallest_distance(plotting.COLORS, sight) > 4 * JUST_NOTICEABLE


def test_the_distance_is_that_of_the_eye():
    assert smallest_distance(["white", "black"], "full sight") == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    ("sight", "one", "other"),
    [
        ("protanopia", "#D55E00", "#6B7F00"),
        ("deuteranopia", "#D55E00", "#8C8A00"),
        ("tritanopia", "#009E73", "#0098A0"),
    ],
)
def test_confused_colours_are_found_out(sight, one, other):
    assert smallest_distance([one, other], sight) < 0.5 * smallest_distance(
        [one, other], "full sight"
    )
