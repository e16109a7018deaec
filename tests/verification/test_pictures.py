"""Pictures: lines may move by a pixel, nothing may look different."""

import io
import zlib

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.testing.compare import calculate_rms
from PIL import Image, ImageDraw, ImageFilter

from helpers.verification.pictures import compare_pictures, why_unreadable

LOOKS = {"slope": 1.0, "color": "#0072B2", "width": 1.5, "patch": "#E69F00", "mark": True}
LOOKS |= {"title": "A title", "note": "", "legend": "upper left"}


@pytest.fixture(scope="module", autouse=True)
def plain_style():
    """Matplotlib's own style, whatever other tests have set."""
    with plt.rc_context():
        plt.rcdefaults()
        yield


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


def moved(picture, x, y):
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, (x, y))
    return background


def with_line(picture):
    ImageDraw.Draw(picture).line((80, 60, 300, 60), "#0072B2", 1)
    return picture


@pytest.fixture(scope="module")
def stored():
    return figure()


SAME = {
    "in another file": lambda picture: picture,
    "one pixel to the right": lambda picture: moved(picture, 1, 0),
    "one pixel down": lambda picture: moved(picture, 0, 1),
    "one pixel up and to the left": lambda picture: moved(picture, -1, -1),
    "a little darker": lambda picture: picture.point(lambda level: max(0, level - 8)),
    "a curve a tenth of a pixel higher": lambda _: opened(figure(slope=1.002)),
    "a curve a seventh of a pixel thicker": lambda _: opened(figure(width=1.6)),
    "another shade": lambda _: opened(figure(patch="#E8A205")),
}
DIFFERENT = {
    "four pixels to the right": lambda picture: moved(picture, 4, 0),
    "a new line of one pixel": with_line,
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "empty": lambda picture: Image.new("RGB", picture.size, "white"),
    "a steeper curve": lambda _: opened(figure(slope=1.2)),
    "a curve of another color": lambda _: opened(figure(color="#D55E00")),
    "a patch of another color": lambda _: opened(figure(patch="#56B4E9")),
    "a patch of a similar color": lambda _: opened(figure(patch="#CC9F00")),
    "the legend elsewhere": lambda _: opened(figure(legend="lower right")),
    "no mark": lambda _: opened(figure(mark=False)),
    "a letter more": lambda _: opened(figure(title="A tittle")),
    "no title": lambda _: opened(figure(title="")),
}


def test_the_same_figure_passes_drawn_again(stored):
    assert compare_pictures(stored, figure()) is None


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_looks_the_same_passes(stored, change):
    assert compare_pictures(stored, png(change(opened(stored)))) is None


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_what_looks_different_fails(stored, change):
    new = png(change(opened(stored)))
    assert compare_pictures(stored, new) is not None
    assert compare_pictures(new, stored) is not None


@pytest.mark.parametrize("pair", ["38", "02", "06", "oe", "on", "il"])
def test_a_letter_in_small_print_that_differs_fails(pair):
    a, b = (figure(note=f"1{letter}1") for letter in pair)
    assert compare_pictures(a, b) is not None
    assert compare_pictures(b, a) is not None


@pytest.mark.parametrize(
    ("ink", "paper"),
    [("black", "#444444"), ("#CCCCCC", "white"), ("#F0F0F0", "white"), ("white", "#E0E0E0")],
)
@pytest.mark.parametrize("pair", ["38", "02", "17", "46"])
def test_a_pale_digit_that_differs_fails(ink, paper, pair):
    def note(digit):
        drawn = plt.figure(figsize=(2, 1), dpi=100, facecolor=paper)
        drawn.text(0.3, 0.5, f"0.{digit}5", color=ink, fontsize=12)
        out = io.BytesIO()
        drawn.savefig(out, format="png")
        plt.close(drawn)
        return out.getvalue()

    a, b = map(note, pair)
    assert compare_pictures(a, b)
    assert compare_pictures(b, a)
    assert compare_pictures(a, note(pair[0])) is None


def test_a_word_hardly_darker_than_the_paper_is_seen(stored):
    new = opened(stored)
    ImageDraw.Draw(new).text((100, 90), "A WORD", fill="#F0F0F0", font_size=40)
    assert compare_pictures(stored, png(new))


def test_a_wider_shift_may_be_allowed(stored):
    assert compare_pictures(stored, png(moved(opened(stored), 4, 0)), shift=4) is None


def test_another_size_fails_under_any_tolerance(stored):
    fault = compare_pictures(stored, figure(size=(4, 2.6)), shift=9, color=255)
    assert fault.text == "expected 400x250 pixels, got 400x260"
    assert fault.drawn is None


CLEAR = (0, 0, 0, 0)


def filled(mode, color, size=(40, 40)):
    return Image.new(mode, size, color)


def saved(kind, picture, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_transparency_is_seen_on_a_light_page_and_on_a_dark_one():
    clear, white, black = (png(filled("RGBA", color)) for color in (CLEAR, "white", "black"))
    assert compare_pictures(clear, png(filled("RGBA", (255, 255, 255, 0)))) is None
    assert compare_pictures(clear, white).text.endswith(", on black")
    assert "on" not in compare_pictures(clear, black).text.split("; ")[1]


def test_each_frame_of_an_animation_is_compared():
    def gif(*colors):
        first, *others = [filled("RGB", color) for color in colors]
        return saved("GIF", first, save_all=True, append_images=others)

    assert compare_pictures(gif("red", "green", "blue"), gif("red", "green", "blue")) is None
    assert (
        "frame 2"
        in compare_pictures(gif("red", "green", "blue"), gif("red", "green", "white")).text
    )
    fault = compare_pictures(gif("red", "green", "blue"), gif("red", "green"))
    assert fault.text == "expected 3 frames, got 2"


def test_how_long_each_frame_is_shown_is_compared():
    def gif(*times):
        first, *others = [filled("RGB", color) for color in ("red", "green")]
        return saved("GIF", first, save_all=True, append_images=others, duration=list(times))

    assert compare_pictures(gif(100, 200), gif(100, 200)) is None
    fault = compare_pictures(gif(100, 200), gif(100, 500))
    assert fault.text == "expected frame 1 to be shown for 200 ms, got 500 ms"


def test_a_photograph_that_says_how_it_is_to_be_turned_is_turned():
    upright = filled("RGB", "white")
    upright.paste("black", (0, 0, 40, 10))
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    asis, other = saved("JPEG", upright), saved("JPEG", upright, exif=turned)
    assert compare_pictures(asis, other)
    assert compare_pictures(other, saved("JPEG", upright.rotate(180))) is None


def test_pictures_of_16_bits_are_compared_by_their_upper_half():
    dark, bright, same = (png(filled("I;16", level)) for level in (0x3000, 0xF000, 0x3010))
    assert compare_pictures(dark, bright)
    assert compare_pictures(dark, same) is None


def test_the_difference_is_drawn_and_placed(stored):
    fault = compare_pictures(stored, figure(patch="#56B4E9"))
    drawn = opened(fault.drawn)
    red = sum(n for n, color in drawn.getcolors(maxcolors=1 << 16) if color == (255, 0, 0))
    assert drawn.size == (400, 250)
    assert fault.text.startswith(f"{red} pixels look different")
    assert "of 400x250" in fault.text


def test_matplotlibs_own_comparison_could_not_tell_these_apart(stored):
    def rms(data):
        return calculate_rms(np.asarray(opened(stored)), np.asarray(opened(data)))

    assert rms(png(moved(opened(stored), 1, 0))) > rms(figure(mark=False))  # see SAME, DIFFERENT


def with_chunk(data, name, content):
    """The same PNG with a part more, by which browsers go."""
    chunk = name + content
    whole = len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return data[:33] + whole + data[33:]  # behind the header


def brighter(data):
    return with_chunk(data, b"gAMA", (20_000).to_bytes(4, "big"))


def in_other_colors(data):
    return with_chunk(data, b"iCCP", b"other\0\0" + zlib.compress(b"a profile"))


def with_other_primaries(data):
    """Red where a browser else has green, and the other way round."""
    places = (31270, 32900, 30000, 60000, 64000, 33000, 15000, 6000)
    return with_chunk(data, b"cHRM", b"".join(n.to_bytes(4, "big") for n in places))


def test_a_file_that_a_browser_shows_in_another_way_is_another_picture():
    red, blue = (Image.new("RGB", (30, 20), color) for color in ("red", "blue"))
    frames = {"save_all": True, "append_images": [blue], "duration": 100}
    cases = {
        "format": (saved("TIFF", red), png(red)),
        "gamma": (brighter(png(red)), png(red)),
        "icc_profile": (in_other_colors(png(red)), png(red)),
        "chromaticity": (with_other_primaries(png(red)), png(red)),
        "loop": (saved("GIF", red, **frames), saved("GIF", red, loop=0, **frames)),
    }
    for name, files in cases.items():
        for stored, new in (files, files[::-1]):
            assert f"the file's {name} differs" in compare_pictures(stored, new).text
            assert compare_pictures(stored, new, color=255)
    assert compare_pictures(png(red), saved("PNG", red, compress_level=0)) is None


def test_a_file_with_a_wrong_checksum_or_cut_off_is_damaged():
    """A browser shows none of it, or a part; Pillow shows a PNG all the same, and cannot tell where a GIF ends."""
    red = Image.new("RGB", (30, 20), "red")
    whole = png(red)
    wrong = bytearray(whole)
    wrong[-13] ^= 1  # the last byte before the end: of the checksum of the pixels
    picture = saved("GIF", red, save_all=True, append_images=[Image.new("RGB", (30, 20), "blue")])
    for stored, other in ((bytes(wrong), whole), (whole[:-12], whole), (picture[:-400], picture)):
        for pair in ((stored, other), (other, stored)):
            assert "picture is damaged" in why_unreadable(*pair)
    assert why_unreadable(whole, brighter(whole)) == ""
