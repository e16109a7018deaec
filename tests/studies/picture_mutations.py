"""Corruptions of a picture, an array (height, width, 3); a function gives None if its kind does not apply."""

import base64
import io
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

Box = tuple[int, int, int, int]  # left, top, right, bottom


class Setting(NamedTuple):
    """What a corruption may need besides the picture."""

    choose: Random
    shift: int  # pixels, and
    color: int  # levels, that the cell allows
    other: np.ndarray  # a picture of another page


def patch_repainted(picture: np.ndarray, setting: Setting) -> np.ndarray:
    """A square of a tenth of the width is one color, the one farthest from what was there."""
    height, width = picture.shape[:2]
    side = max(4, width // 10)
    x = setting.choose.randrange(width - side)
    y = setting.choose.randrange(max(1, height - side))
    new = picture.copy()
    patch = new[y : y + side, x : x + side]
    patch[:] = np.where(patch.reshape(-1, 3).mean(0) < 128, 255, 0)
    return new


def colors_swapped(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """The two commonest bright colors, lines or areas, have changed places."""
    colors = _bright_colors(picture)
    apart = max(64, 3 * setting.color // 2)
    far = [color for color in colors if abs(color - colors[0]).max() >= apart]
    if not far:
        return None
    new = picture.copy()
    new[(picture == colors[0]).all(2)] = far[0]
    new[(picture == far[0]).all(2)] = colors[0]
    return new


def color_beyond(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """The commonest bright color is off by 1.5 times what the cell allows, in each channel."""
    colors = _bright_colors(picture)
    if not colors:
        return None
    new = picture.astype(int)
    step = math.ceil(1.5 * setting.color)
    new[(picture == colors[0]).all(2)] += np.where(colors[0] + step <= 255, step, -step)
    return new.clip(0, 255).astype(np.uint8)


def limit_changed(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """What lies in the axes is stretched by a tenth to the right, as if the limit were another."""
    axes = _axes(picture)
    if axes is None:
        return None
    left, top, right, bottom = axes
    inside = Image.fromarray(picture[top:bottom, left:right])
    wide = inside.resize((round(inside.width * 1.1), inside.height), Image.Resampling.BILINEAR)
    new = picture.copy()
    new[top:bottom, left:right] = np.asarray(wide)[:, : inside.width]
    return new


def label_missing(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """A word, or a number at an axis, is gone."""
    words = _words(picture)
    if not words:
        return None
    new = picture.copy()
    for box in setting.choose.choice(words):
        _erase(new, box)
    return new


def letter_changed(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """A letter or digit is another one of the same picture, in the color of the old one."""
    letters = [(box, _ink(picture, box)) for word in _words(picture) for box in word]
    setting.choose.shuffle(letters)
    for (old, old_ink), (_, ink) in itertools.product(letters, repeat=2):
        if _unlike(old_ink, ink):
            new = picture.copy()
            color = _erase(new, old)
            left, bottom = max(0, old[0] - 1), old[3] + 1
            part = new[max(0, bottom - len(ink)) :, left:][: ink.shape[0], : ink.shape[1]]
            share = ink[: part.shape[0], : part.shape[1], None]
            part[:] = (part * (1 - share) + color * share).round()
            return new
    return None


def another_picture(picture: np.ndarray, setting: Setting) -> np.ndarray:
    """A picture of another page, cut or widened to this size."""
    new = np.full_like(picture, 255)
    part = setting.other[: new.shape[0], : new.shape[1]]
    new[: part.shape[0], : part.shape[1]] = part
    return new


def pale_word(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """A word in large letters stands there, 15 levels from the ground."""
    height, width = picture.shape[:2]
    ink = Image.new("L", (width, height))
    size = max(12, min(width // 6, height // 2))
    ImageDraw.Draw(ink).text((width // 6, height // 4), "WRONG", fill=255, font_size=size)
    step = np.where(picture.mean() > 127, -15, 15)
    return (picture + np.asarray(ink)[..., None] / 255 * step).clip(0, 255).astype(np.uint8)


def without_color(picture: np.ndarray, setting: Setting) -> np.ndarray:
    """The picture is gray."""
    gray = np.asarray(Image.fromarray(picture).convert("L"))
    return np.repeat(gray[..., None], 3, axis=2)


def half_missing(picture: np.ndarray, setting: Setting) -> np.ndarray:
    """The lower half is not there: it has the color of the ground."""
    new = picture.copy()
    new[len(new) // 2 :] = picture[-1, 0]
    return new


def stretched_upward(picture: np.ndarray, setting: Setting) -> np.ndarray | None:
    """What lies in the axes is taller by a tenth, as if the limit were another."""
    axes = _axes(picture)
    if axes is None:
        return None
    left, top, right, bottom = axes
    inside = Image.fromarray(picture[top:bottom, left:right])
    tall = inside.resize((inside.width, round(inside.height * 1.1)), Image.Resampling.BILINEAR)
    new = picture.copy()
    new[top:bottom, left:right] = np.asarray(tall)[-inside.height :]
    return new


PICTURES = {
    "upside down": lambda picture, setting: picture[::-1],
    "a negative": lambda picture, setting: 255 - picture,
    "red and blue exchanged": lambda picture, setting: picture[..., ::-1],
    "without color": without_color,
    "half as strong": lambda picture, setting: 255 - (255 - picture) // 2,
    "the lower half missing": half_missing,
    "another upper limit": stretched_upward,
    "blank": lambda picture, setting: np.full_like(picture, 255),
    "mirrored": lambda picture, setting: picture[:, ::-1],
    "a patch repainted": patch_repainted,
    "shifted by a twentieth": lambda picture, setting: _moved(picture, picture.shape[1] // 20),
    "moved beyond the stated shift": lambda picture, setting: _moved(
        picture, math.ceil(1.5 * setting.shift)
    ),
    "two colors swapped": colors_swapped,
    "a color beyond the stated one": color_beyond,
    "an axis limit": limit_changed,
    "a label missing": label_missing,
    "a letter or digit in a label": letter_changed,
    "a pale word": pale_word,
    "another page's picture": another_picture,
    "another size": lambda picture, setting: np.pad(
        picture, ((0, 0), (0, 1), (0, 0)), constant_values=255
    ),
}


def picture_of(output: dict) -> np.ndarray | None:
    """The picture of an output on white; None if it has none."""
    data = output.get("data", {}).get("image/png")
    if data is None:
        return None
    picture = Image.open(io.BytesIO(base64.b64decode("".join(data)))).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def with_picture(output: dict, picture: np.ndarray) -> dict:
    """The output with another picture."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    data = {**output["data"], "image/png": base64.b64encode(file.getvalue()).decode()}
    return {**output, "data": data}


def _moved(picture: np.ndarray, pixels: int) -> np.ndarray:
    new = np.full_like(picture, 255)
    new[:, pixels:] = picture[:, :-pixels]
    return new


def _bright_colors(picture: np.ndarray) -> list[np.ndarray]:
    """The bright colors of a picture, the commonest first.

    The edges of lines, which are their color mixed with white, are no colors of their own.
    """
    values, counts = np.unique(picture.astype(int) @ (65536, 256, 1), return_counts=True)
    common = values[np.argsort(-counts, kind="stable")][: (counts >= 30).sum()]
    colors = np.stack([common >> 16, common >> 8 & 255, common & 255], axis=1)
    bright = colors[np.ptp(colors, axis=1) >= 40]
    return [
        color
        for color in bright
        if not any(_mixed(other, color) for other in bright if other.sum() < color.sum())
    ]


def _mixed(color: np.ndarray, pale: np.ndarray) -> bool:
    """Whether the pale color is the other with white in it."""
    share = (255 - pale).sum() / (255 - color).sum()
    return abs((255 - color) * share - (255 - pale)).max() < 8


def _axes(picture: np.ndarray) -> Box | None:
    """What two dark lines enclose that meet at the lower left; None without."""
    dark = picture.max(2) < 100
    columns = (_longest_run(column) for column in dark.T)
    height, x, top, bottom = max(
        (end - start, x, start, end) for x, (start, end) in enumerate(columns)
    )
    for y in range(bottom - 1, max(0, bottom - 8), -1):  # a tick may go on beyond the corner
        left, right = _longest_run(dark[y])
        if min(height, right - x) > 60 and left <= x + 2:
            return x + 2, top, right, y - 1
    return None


def _longest_run(row: np.ndarray) -> tuple[int, int]:
    """Start and end of the longest run of True; 0, 0 if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row, [0])))).reshape(-1, 2).tolist()
    return max(edges, key=lambda edge: edge[1] - edge[0], default=(0, 0))


def _words(picture: np.ndarray) -> list[list[Box]]:
    """Dark letters and digits, neighbors together."""
    dark = (picture.max(2) < 150) & (np.ptp(picture, axis=2) < 60)
    if dark.mean() > 0.2:
        return []  # a photograph
    words: list[list[Box]] = []
    for box in sorted(_components(dark)):
        left, top, right, bottom = box
        if not (6 <= bottom - top <= 14 and right - left <= 14):
            continue
        for letters in words:
            if 0 <= left - letters[-1][2] <= 4 and abs(bottom - letters[-1][3]) <= 3:
                letters.append(box)
                break
        else:
            words.append([box])
    return words


def _components(mask: np.ndarray) -> Iterator[Box]:
    """The bounding boxes of what hangs together in a mask, diagonally too."""
    rest = {(y, x) for y, x in np.argwhere(mask).tolist()}
    while rest:
        queue = [rest.pop()]
        for y, x in queue:
            near = {(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1)} & rest
            rest -= near
            queue += near
        ys, xs = zip(*queue, strict=True)
        yield min(xs), min(ys), max(xs) + 1, max(ys) + 1


def _around(picture: np.ndarray, box: Box) -> tuple[np.ndarray, tuple[int, int, int]]:
    """A view of a box and one pixel around it, and the color of its ground."""
    left, top, right, bottom = box
    part = picture[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1]
    colors = Counter(map(tuple, part.reshape(-1, 3).tolist()))
    return part, max(colors, key=lambda color: (colors[color], color))


def _erase(picture: np.ndarray, box: Box) -> np.ndarray:
    """Take away what is written in a box; returns its color."""
    part, ground = _around(picture, box)
    color = part.reshape(-1, 3)[part.sum(2).argmin()].copy()
    part[:] = ground
    return color


def _ink(picture: np.ndarray, box: Box) -> np.ndarray:
    """How black each pixel of a box and around it is, 0 to 1."""
    part, ground = _around(picture, box)
    darker = np.mean(ground) - part.mean(2)
    return (darker / max(1, darker.max())).clip(0, 1)


def _unlike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the ink of two letters is about as large and still different, wherever one lays them on each other.

    The same letter looks different if it stands a part of a pixel further on: quarters of pixels are tried.
    """
    if abs(np.subtract(one.shape, other.shape)).max() > 1:
        return False
    a, b = _blurred(one), _blurred(other)
    steps = itertools.product(np.arange(-1, 1.01, 0.25), repeat=2)
    apart = min(abs(a - _slid(_slid(b, down, 0), right, 1)).sum() for down, right in steps)
    return apart > 0.25 * max(a.sum(), b.sum())


def _blurred(ink: np.ndarray) -> np.ndarray:
    """A letter in the middle of an empty page, a little blurred."""
    page = np.pad(ink, 5)
    page = np.pad(page, [(0, 30 - size) for size in page.shape])
    for axis in (0, 1):
        page = _slid(page, 0.5, axis) / 2 + _slid(page, -0.5, axis) / 2
    return page


def _slid(page: np.ndarray, distance: float, axis: int) -> np.ndarray:
    whole = int(np.floor(distance))
    part = distance - whole
    return (1 - part) * np.roll(page, whole, axis) + part * np.roll(page, whole + 1, axis)
