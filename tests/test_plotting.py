"""The figures: one look, and a description for those who cannot see them."""

import base64
import io
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from helpers import plotting

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: a list of (bundle, metadata)."""
    outputs = []

    def display(bundle, raw, metadata):
        outputs.append((bundle, metadata))

    monkeypatch.setattr(plotting, "display", display)
    return outputs


def picture(bundle):
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


@pytest.mark.parametrize("size", [(7, 3.5), (9, 1.27), (11.5, 1.595), (3.333, 2.777)])
def test_a_figure_is_shown_with_description_and_size(shown, size):
    figure, axes = plt.subplots(figsize=size)
    axes.plot([0, 1])
    plotting.show(figure, "a line that rises")
    assert plt.get_fignums() == []  # it is closed
    ((bundle, metadata),) = shown
    assert bundle["text/plain"] == "a line that rises"
    width, height = picture(bundle).size
    assert metadata == {"image/png": {"alt": "a line that rises", "width": width, "height": height}}
    assert (width, height) == pytest.approx([100 * inches for inches in size], abs=1.01)


def test_a_figure_is_the_same_each_time(shown):
    for _ in range(2):
        figure, axes = plt.subplots()
        axes.plot([0, 1], label="a")
        axes.legend()
        plotting.show(figure, "a line")
    assert shown[0] == shown[1]


def test_the_style_starts_from_the_defaults():
    plt.rcParams["axes.facecolor"] = "black"
    plotting.use_style()
    assert plt.rcParams["axes.facecolor"] == "white"
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plotting.COLORS)


@pytest.mark.parametrize(
    ("count", "titles", "grid"), [(12, (), (2, 10)), (3, list("abc"), (1, 10)), (1, (), (1, 10))]
)
def test_a_grid_of_pictures(shown, count, titles, grid):
    figure = plotting.picture_grid(np.zeros((count, 8, 8, 3), np.uint8), titles, cmap="gray")
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert len(figure.axes) == grid[0] * grid[1]
    assert [axis.images[0].get_cmap().name for axis in visible] == ["gray"] * count
    assert [axis.get_title() for axis in visible] == list(titles or [""] * count)
    plotting.show(figure, "black squares")
    assert np.asarray(picture(shown[0][0]).convert("L")).min() == 0


# --- colors

# How the three kinds of color blindness see linear RGB, at full strength (Machado, Oliveira and Fernandes, 2009).
SIGHTS = {
    "protanopia": "0.152286 1.052583 -0.204868 0.114503 0.786281 0.099216 -0.003882 -0.048116 1.051998",
    "deuteranopia": "0.367322 0.860646 -0.227968 0.280085 0.672501 0.047413 -0.011820 0.042940 0.968881",
    "tritanopia": "1.255528 -0.076749 -0.178779 -0.078411 0.930809 0.147602 0.004733 0.691367 0.303900",
    "full sight": "1 0 0 0 1 0 0 0 1",
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
JUST_NOTICEABLE = 2.3  # in CIELAB (Mahy, Van Eycken and Oosterlinck, 1994)


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)


def lab(color, sight):
    """A color in CIELAB, where distances are those that one sees, as somebody with this sight sees it."""
    matrix = np.array(SIGHTS[sight].split(), float).reshape(3, 3)
    xyz = XYZ @ np.clip(matrix @ linear(color), 0, 1) / XYZ.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_distance(colors, sight):
    points = [lab(color, sight) for color in colors]
    return min(np.linalg.norm(a - b) for a, b in combinations(points, 2))


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_colors_remain_apart(sight):
    assert smallest_distance(plotting.COLORS, sight) > 4 * JUST_NOTICEABLE


CONFUSED = [
    ("protanopia", ["#D55E00", "#6B7F00"]),
    ("deuteranopia", ["#D55E00", "#8C8A00"]),
    ("tritanopia", ["#009E73", "#0098A0"]),
]


@pytest.mark.parametrize(("sight", "pair"), CONFUSED)
def test_colors_that_are_confused_have_a_small_distance(sight, pair):
    assert smallest_distance(pair, sight) < 0.5 * smallest_distance(pair, "full sight")


def test_the_colors_stand_out_on_white():
    luminances = [XYZ[1] @ linear(color) for color in plotting.COLORS]
    assert min(1.05 / (luminance + 0.05) for luminance in luminances) > 2
