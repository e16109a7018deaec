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
    found = []
    monkeypatch.setattr(
        plotting, "display", lambda bundle, raw, metadata: found.append((bundle, metadata))
    )
    return found


def picture(bundle):
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


@pytest.mark.parametrize("size", [(7, 3.5), (9, 1.27), (11.5, 1.595), (3.333, 2.777)])
def test_a_figure_is_shown_with_description_and_size(shown, size):
    figure, axes = plt.subplots(figsize=size)
    axes.plot([0, 1])
    plotting.show(figure, "a line that rises")
    ((bundle, metadata),) = shown
    assert bundle["text/plain"] == "a line that rises"
    width, height = picture(bundle).size
    assert metadata == {"image/png": {"alt": "a line that rises", "width": width, "height": height}}
    assert (width, height) == pytest.approx([100 * inches for inches in size], abs=1.01)


def test_a_shown_figure_is_closed(shown):
    plotting.show(plt.figure(), "nothing")
    assert plt.get_fignums() == []


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
    figure = plotting.picture_grid(np.zeros((count, 8, 8, 3), np.uint8), titles)
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert len(figure.axes) == grid[0] * grid[1]
    assert len(visible) == count
    assert [axis.get_title() for axis in visible] == list(titles or [""] * count)
    plotting.show(figure, "black squares")
    assert np.asarray(picture(shown[0][0]).convert("L")).min() == 0


def test_a_grid_takes_grey_values():
    figure = plotting.picture_grid(np.zeros((2, 4, 4)), columns=2, cmap="gray")
    assert figure.axes[0].images[0].get_cmap().name == "gray"


# How people without red, green or blue cones see linear RGB (Machado, Oliveira and Fernandes, 2009).
BLINDNESS = {
    "none": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_colours_remain_apart(kind):
    def seen(colour):
        linear = np.array(to_rgb(colour)) ** 2.2
        return (np.asarray(BLINDNESS[kind]) @ linear).clip(0, 1) ** (1 / 2.2)

    distances = [np.linalg.norm(seen(a) - seen(b)) for a, b in combinations(plotting.COLORS, 2)]
    assert min(distances) > 0.1


def test_the_colours_stand_out_on_white():
    def luminance(colour):
        return np.dot(np.array(to_rgb(colour)) ** 2.2, [0.2126, 0.7152, 0.0722])

    assert min(1.05 / (luminance(c) + 0.05) for c in plotting.COLORS) > 2
