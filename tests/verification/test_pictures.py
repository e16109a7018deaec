"""Pictures: lines may move by a pixel, nothing may look different."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.testing.compare import calculate_rms
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from helpers.verification.pictures import compare_pictures

LOOKS = {"slope": 1.0, "color": "#0072B2", "width": 1.5, "patch": "#E69F00", "mark": True}
LOOKS |= {"title": "A title", "note": "", "legend": "upper left"}


def figure(size=(4, 2.5), **changes):
    """A plot with a curve, a patch, a mark, a legend and a title, as a PNG file's bytes."""
    looks = LOOKS | changes
    drawn, axes = plt.subplots(figsize=size, dpi=100)
    curve = {"color": looks["color"], "linewidth": looks["width"], "label": "a curve"}
    axes.plot([0, 1, 2, 3], [0, looks["slope"], 2, 3], **curve)
    axes.bar([2.5], [1], width=0.5, color=looks["patch"])
    if looks["mark"]:
        axes.plot([1], [2.5], "o", color="black", markersize=4)
    axes.set(xlim=(-0.2, 3.2), ylim=(-0.2, 3.5), title=looks["title"])
    axes.text(0.2, 0.2, looks["note"], fontsize=7, color="#444444")
    axes.legend(loc=looks["legend"])
    out = io.BytesIO()
    drawn.savefig(out, format="png")
    plt.close(drawn)
    return out.getvalue()


def png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.fixture(scope="module")
def stored():
    return figure()


def moved(data, x, y):
    picture = opened(data)
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, (x, y))
    return png(background)


def test_the_same_figure_passes_drawn_again_or_with_its_pixels_in_another_file(stored):
    assert compare_pictures(stored, figure()) is None
    assert compare_pictures(stored, png(opened(stored))) is None


@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, 1), (-1, -1)])
def test_a_shift_by_one_pixel_passes(stored, x, y):
    assert compare_pictures(stored, moved(stored, x, y)) is None


@pytest.mark.parametrize(
    "change", [{"slope": 1.002}, {"width": 1.6}, {"patch": "#E8A205"}], ids=str
)
def test_other_rounding_passes(stored, change):
    """A point of the curve a tenth of a pixel higher, a line a seventh of a pixel thicker, a shade."""
    assert compare_pictures(stored, figure(**change)) is None


def test_a_few_levels_of_color_pass(stored):
    picture = opened(stored)
    darker = ImageChops.subtract(picture, Image.new("RGB", picture.size, (8, 8, 8)))
    assert compare_pictures(stored, png(darker)) is None


SEEN = [{"slope": 1.2}, {"color": "#D55E00"}, {"patch": "#56B4E9"}, {"patch": "#CC9F00"}]
SEEN += [{"legend": "lower right"}, {"mark": False}, {"title": "A tittle"}, {"title": ""}]


@pytest.mark.parametrize("change", SEEN, ids=str)
def test_what_looks_different_fails(stored, change):
    new = figure(**change)
    assert compare_pictures(stored, new) is not None
    assert compare_pictures(new, stored) is not None


@pytest.mark.parametrize("pair", ["38", "02", "06", "oe", "on", "il"])
def test_a_letter_in_small_print_that_differs_fails(pair):
    a, b = (figure(note=f"1{letter}1") for letter in pair)
    assert compare_pictures(a, b) is not None
    assert compare_pictures(b, a) is not None


def test_a_line_of_one_pixel_that_is_missing_or_new_fails(stored):
    picture = opened(stored)
    ImageDraw.Draw(picture).line((80, 60, 300, 60), "#0072B2", 1)
    assert compare_pictures(stored, png(picture)) is not None
    assert compare_pictures(png(picture), stored) is not None


def test_a_shift_by_four_pixels_fails(stored):
    four = moved(stored, 4, 0)
    assert compare_pictures(stored, four) is not None
    assert compare_pictures(stored, four, shift=4) is None


def test_a_blurred_and_an_empty_picture_fail(stored):
    blurred = opened(stored).filter(ImageFilter.GaussianBlur(2))
    for other in (blurred, Image.new("RGB", blurred.size, "white")):
        assert compare_pictures(stored, png(other)) is not None


def test_another_size_fails_under_any_tolerance(stored):
    fault = compare_pictures(stored, figure(size=(4, 2.6)), shift=9, color=255)
    assert fault.text == "expected 400x250 pixels, got 400x260"
    assert fault.drawn is None


def test_transparency_is_seen_as_on_paper():
    clear, white = (png(Image.new("RGBA", (20, 20), c)) for c in ((0, 0, 0, 0), "white"))
    assert compare_pictures(clear, white) is None


def test_the_difference_is_drawn_and_placed(stored):
    fault = compare_pictures(stored, figure(patch="#56B4E9"))
    drawn = opened(fault.drawn)
    red = sum(n for n, color in drawn.getcolors(maxcolors=1 << 16) if color == (255, 0, 0))
    assert drawn.size == (400, 250)
    assert fault.text.startswith(f"{red} pixels look different")
    assert "of 400x250" in fault.text


def test_matplotlibs_own_comparison_could_not_tell_these_apart(stored):
    def rms(data):
        return calculate_rms(*(np.asarray(opened(d)) for d in (stored, data)))

    same, different = moved(stored, 1, 0), figure(mark=False)
    assert compare_pictures(stored, same) is None
    assert compare_pictures(stored, different) is not None
    assert rms(same) > rms(different)
