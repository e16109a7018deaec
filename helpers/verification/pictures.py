"""Compare two pictures as a person would: lines may move by a pixel, nothing may look different.

Each pixel must lie, channel by channel, within the range of colors that the other picture has around the
same place, plus a few levels; and the other way round. Smoothing and anti-aliasing that differ by a pixel
pass; a curve that moved, a patch of another color, a missing mark do not. (The range filter is the gray
erosion and dilation of mathematical morphology: Serra, Image Analysis and Mathematical Morphology, 1982.)

Then the same is asked of both pictures blurred. A 0 and a 2 in small print have no pixel that is far from one
of the other, but the ink lies elsewhere; a line that moved by a part of a pixel has its ink where it was.

Last, what stands out from its ground is compared in proportion to how far it stands out: pale digits differ by few
levels, and so does a word that is hardly darker than the paper.

Why not what there is: by ``matplotlib.testing.compare`` (root mean square of all pixels) a figure that lies one pixel
to the right differs by more (36 levels) than one in which a mark is missing (1.6). To pixelmatch a line that moved by
a pixel is different. nbval compares no pictures.
"""

import io
from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps, ImageSequence

from .policy import Policy

FEW = 3  # so many pixels out of range are not seen: a corner, the end of a line; of the blurred picture, none
GROUND = 4.0  # pixels, of the Gaussian that leaves only the ground of small print
QUANTUM = 2.0  # levels: what rounding to whole levels may do to a blurred picture less its ground
# The grounds of JupyterLab's light and dark theme; the second matters to what is transparent.
GROUNDS = ("white", "black")
BLUR = 0.8  # pixels, the standard deviation of the Gaussian: strokes of small letters just remain apart


class PictureDifference(NamedTuple):
    """Two pictures that differ: one line about it, and the difference drawn (PNG; None if sizes differ)."""

    text: str
    drawn: bytes | None


def compare_pictures(
    stored: bytes, new: bytes, shift: int = Policy.shift, color: int = Policy.color
) -> PictureDifference | None:
    """Compare two pictures.

    Args:
        stored: an image file (PNG, JPEG, ...).
        new: the other.
        shift: how many pixels a line may lie from its place.
        color: how many of 255 levels a channel may be outside the range around its place; with 255, only sizes count.

    Returns:
        None if they look the same.
    """
    if stored == new:
        return None
    if says := _file_fault(stored, new):
        return PictureDifference(says, None)
    frames = [_frames(data) for data in (stored, new)]
    if len(frames[0]) != len(frames[1]):
        return PictureDifference(f"expected {len(frames[0])} frames, got {len(frames[1])}", None)
    for n, (expected, got) in enumerate(zip(*frames, strict=True)):
        times = [frame.info.get("duration", 0) for frame in (expected, got)]
        if times[0] != times[1]:
            says = f"expected frame {n} to be shown for {times[0]:g} ms, got {times[1]:g} ms"
            return PictureDifference(says, None)
        is_transparent = any(frame.getextrema()[3][0] < 255 for frame in (expected, got))
        for ground in GROUNDS if is_transparent else GROUNDS[:1]:
            fault = _compare(_laid_on(expected, ground), _laid_on(got, ground), shift, color)
            if fault:
                words = [fault.text]
                if len(frames[0]) > 1:
                    words.append(f"frame {n}")
                if ground != "white":
                    words.append(f"on {ground}")
                return fault._replace(text=", ".join(words))
    return None


def why_unreadable(stored: bytes, new: bytes) -> str:
    """Return which of two pictures is none that can be shown, in words; '' if both can."""
    for word, data in (("stored", stored), ("new", new)):
        try:
            Image.open(io.BytesIO(data)).verify()  # checksums, which a browser goes by
            _frames(data)
        except Exception as error:  # what is wrong with a file decides which of many
            return f"the {word} picture is damaged ({type(error).__name__})"
    return ""


def compare_amounts(stored: bytes, new: bytes) -> str:
    """Return how much less or more is drawn in one of two pictures, if one has less than a half of the other; else ''.

    What is not of the commonest color is drawn.
    """
    shares = []
    for data in (stored, new):
        colors = np.asarray(_laid_on(_frames(data)[0], "white")).reshape(-1, 3)
        _, counts = np.unique(colors.astype(int) @ (65536, 256, 1), return_counts=True)
        shares.append(1 - counts.max() / counts.sum())
    if min(shares) * 2 >= max(shares):
        return ""
    return f"expected {shares[0]:.1%} of it to be drawn on, got {shares[1]:.1%}"


def _compare(a: Image.Image, b: Image.Image, shift: int, color: int) -> PictureDifference | None:
    """Compare two opaque pictures."""
    if a.size != b.size:
        return PictureDifference(
            f"expected {a.size[0]}x{a.size[1]} pixels, got {b.size[0]}x{b.size[1]}", None
        )
    if color >= 255 or a.tobytes() == b.tobytes():
        return None
    blur = ImageFilter.GaussianBlur(BLUR)
    blurred = a.filter(blur), b.filter(blur)
    arrays = [np.asarray(picture) for picture in (a, b)]
    details = [_detail(picture) for picture in blurred]
    # a cell that states a wider color means levels; where lines may move further, the ground moves too
    if color > Policy.color or shift > Policy.shift:
        allowed = color
    else:
        allowed = np.maximum(QUANTUM, color / 255 * _contrast(arrays, shift))
    pale = _distance(*details, shift) > allowed
    edge = shift + 2 * int(GROUND)  # where the ground depends on what lies outside
    pale[:edge] = pale[-edge:] = pale[:, :edge] = pale[:, -edge:] = False
    for words, wrong, few in (
        ("", _distance(*arrays, shift) > color, FEW),
        (", seen from afar", _distance(*map(np.asarray, blurred), shift) > color, 0),
        (", in what hardly stands out", pale, 0),
    ):
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


def _file_fault(stored: bytes, new: bytes) -> str:
    """Return how two files differ in what a browser goes by, beside the pixels; '' if they do not."""
    a, b = (Image.open(io.BytesIO(data)) for data in (stored, new))
    pairs = {"format": (a.format, b.format)}
    # how often frames are repeated, how bright they are shown, what their colors mean
    for name in ("loop", "gamma", "chromaticity", "icc_profile"):
        pairs[name] = a.info.get(name), b.info.get(name)
    faults = (
        f"the file's {name} differs"
        + ("" if isinstance(expected or got, bytes) else f": expected {expected}, got {got}")
        for name, (expected, got) in pairs.items()
        if expected != got
    )
    return next(faults, "")


def _frames(data: bytes) -> list[Image.Image]:
    """Return the frames of an image file as a reader sees them: turned as it says, 8 bits a channel (RGBA)."""
    frames = []
    for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data))):
        picture = ImageOps.exif_transpose(frame)
        if picture.mode.startswith("I"):  # 16 bits: convert() would cut, not scale
            levels = np.asarray(picture).astype(np.int64) >> 8
            picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
        frames.append(picture.convert("RGBA"))
    return frames


def _laid_on(picture: Image.Image, ground: str) -> Image.Image:
    """Return a picture without transparency: on a page of this color."""
    page = Image.new("RGBA", picture.size, ground)
    return Image.alpha_composite(page, picture).convert("RGB")


def _detail(blurred: Image.Image) -> np.ndarray:
    """Return a picture less its ground, from -255 to 255 (height, width, channels)."""
    ground = blurred.filter(ImageFilter.GaussianBlur(GROUND))
    return np.asarray(blurred).astype(np.int16) - np.asarray(ground)


def _contrast(pictures: list[np.ndarray], shift: int) -> np.ndarray:
    """Return how far apart the colors around each pixel are, in levels (height, width): the larger of the pictures'."""
    reach = shift + int(GROUND)
    spans = (
        _around(picture, reach, np.maximum) - _around(picture, reach, np.minimum)
        for picture in pictures
    )
    return reduce(np.maximum, spans).max(2)


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
