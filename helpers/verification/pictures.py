"""Compare two pictures as a person would: lines may move by a pixel, nothing may look different.

Each pixel must lie, channel by channel, within the range of colours that the other picture has around the
same place, plus a few levels; and the other way round. Smoothing and anti-aliasing that differ by a pixel
pass; a curve that moved, a patch of another colour, a missing mark do not. (The range filter is the grey
erosion and dilation of mathematical morphology: Serra, Image Analysis and Mathematical Morphology, 1982.)
"""

import io
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter

FEW = 3  # so many pixels out of range are not seen: a corner, the end of a line


class PictureDifference(NamedTuple):
    """Two pictures that differ: one line about it, and the difference drawn (PNG; None if sizes differ)."""

    text: str
    drawn: bytes | None


def compare_pictures(
    stored: bytes, new: bytes, shift: int = 1, colour: int = 16
) -> PictureDifference | None:
    """Compare two pictures.

    Args:
        stored: an image file (PNG, JPEG, ...).
        new: another.
        shift: how many pixels a line may lie from its place.
        colour: how many of 255 levels a channel may be outside the range around its place.

    Returns:
        None if they look the same.
    """
    a, b = (Image.open(io.BytesIO(data)).convert("RGBA") for data in (stored, new))
    if a.size != b.size:
        return PictureDifference(
            f"expected {a.size[0]}x{a.size[1]} pixels, got {b.size[0]}x{b.size[1]}", None
        )
    if a.tobytes() == b.tobytes():
        return None
    a, b = (
        Image.alpha_composite(Image.new("RGBA", p.size, "white"), p).convert("RGB") for p in (a, b)
    )
    outside = ImageChops.lighter(_outside_range(a, b, shift), _outside_range(b, a, shift))
    strength = _largest_channel(outside)
    wrong = strength.point(lambda level: 255 if level > colour else 0)
    count = wrong.histogram()[255]
    if count <= FEW:
        return None
    left, top, right, bottom = wrong.getbbox()
    drawn = Image.composite(
        Image.new("RGB", a.size, "red"),
        Image.blend(a, Image.new("RGB", a.size, "white"), 0.7),
        wrong,
    )
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return PictureDifference(
        f"{count} pixels look different (x {left}..{right}, y {top}..{bottom} of {a.size[0]}x{a.size[1]}); "
        f"allowed: shift {shift}, colour {colour}",
        out.getvalue(),
    )


def _outside_range(picture: Image.Image, other: Image.Image, shift: int) -> Image.Image:
    """How far each channel of each pixel lies outside the range of ``other`` within ``shift`` pixels."""
    window = 2 * shift + 1
    low, high = (
        other.filter(ImageFilter.MinFilter(window)),
        other.filter(ImageFilter.MaxFilter(window)),
    )
    return ImageChops.lighter(ImageChops.subtract(picture, high), ImageChops.subtract(low, picture))


def _largest_channel(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return ImageChops.lighter(red, ImageChops.lighter(green, blue))
