"""Compare two pictures as a person would: lines may move by a pixel, nothing may look different.

Each pixel must lie, channel by channel, within the range of colors that the other picture has around the
same place, plus a few levels; and the other way round. Smoothing and anti-aliasing that differ by a pixel
pass; a curve that moved, a patch of another color, a missing mark do not. (The range filter is the gray
erosion and dilation of mathematical morphology: Serra, Image Analysis and Mathematical Morphology, 1982.)

Then the same is asked of both pictures blurred. A 0 and a 2 in small print have no pixel that is far from one
of the other, but the ink lies elsewhere; a line that moved by a part of a pixel has its ink where it was.

Why not what there is: by ``matplotlib.testing.compare`` (root mean square of all pixels) a figure that lies one pixel
to the right differs by more (36 levels) than one in which a mark is missing (1.6). To pixelmatch a line that moved by
a pixel is different. nbval compares no pictures.
"""

import io
from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

FEW = 3  # so many pixels out of range are not seen: a corner, the end of a line; of the blurred picture, none
BLUR = 0.8  # pixels, the standard deviation of the Gaussian: strokes of small letters just remain apart


class PictureDifference(NamedTuple):
    """Two pictures that differ: one line about it, and the difference drawn (PNG; None if sizes differ)."""

    text: str
    drawn: bytes | None


def compare_pictures(
    stored: bytes, new: bytes, shift: int = 1, color: int = 16
) -> PictureDifference | None:
    """Compare two pictures.

    Args:
        stored: an image file (PNG, JPEG, ...).
        new: the other.
        shift: how many pixels a line may lie from its place.
        color: how many of 255 levels a channel may be outside the range around its place.

    Returns:
        None if they look the same.
    """
    if stored == new:
        return None
    a, b = (_on_white(data) for data in (stored, new))
    if a.size != b.size:
        return PictureDifference(
            f"expected {a.size[0]}x{a.size[1]} pixels, got {b.size[0]}x{b.size[1]}", None
        )
    if a.tobytes() == b.tobytes():
        return None
    blur = ImageFilter.GaussianBlur(BLUR)
    blurred = a.filter(blur), b.filter(blur)
    for words, pair, few in (("", (a, b), FEW), (", seen from afar", blurred, 0)):
        wrong = _distance(*map(np.asarray, pair), shift) > color
        count = np.count_nonzero(wrong)
        if count > few:
            rows, columns = (np.flatnonzero(wrong.any(axis)) for axis in (1, 0))
            return PictureDifference(
                f"{count} pixels look different{words} "
                f"(x {columns[0]}..{columns[-1] + 1}, y {rows[0]}..{rows[-1] + 1} of {a.size[0]}x{a.size[1]}); "
                f"allowed: shift {shift}, color {color}",
                _drawn(a, wrong),
            )
    return None


def _on_white(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _distance(a: np.ndarray, b: np.ndarray, shift: int) -> np.ndarray:
    """Return how far each pixel lies outside the range of the other picture, in its worst channel (height, width)."""
    distances = []
    for picture, other in ((a, b), (b, a)):
        low, high = (_around(other, shift, pick) for pick in (np.minimum, np.maximum))
        distances += [np.maximum(picture, high) - high, low - np.minimum(picture, low)]
    return reduce(np.maximum, distances).max(2)


def _around(picture: np.ndarray, shift: int, pick: Callable) -> np.ndarray:
    """Return the least or greatest value within ``shift`` pixels of each: first along columns, then along rows."""
    height, width, _ = picture.shape
    wide = np.pad(picture, ((shift, shift), (shift, shift), (0, 0)), mode="edge")
    tall = reduce(pick, (wide[n : n + height] for n in range(2 * shift + 1)))
    return reduce(pick, (tall[:, n : n + width] for n in range(2 * shift + 1)))


def _drawn(picture: Image.Image, wrong: np.ndarray) -> bytes:
    """Return the picture in pale, with what is wrong in red (PNG)."""
    white, red = (Image.new("RGB", picture.size, name) for name in ("white", "red"))
    pale = Image.blend(picture, white, 0.7)
    out = io.BytesIO()
    Image.composite(red, pale, Image.fromarray(wrong)).save(out, "PNG")
    return out.getvalue()
