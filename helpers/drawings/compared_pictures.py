"""Draws two curves, with faults on demand, and shows pictures side by side."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from PIL import Image

from helpers import plotting
from helpers.verification.pictures import PictureDifference

GAP = 20  # pixels between two pictures
ALT = "a bent curve with four marks, and a straight line"


def picture_of_curves(lift: float = 0, marks: int = 4) -> bytes:
    """Draw the squares of 0 to 3 and a straight line.

    Args:
        lift: how far the line is moved up.
        marks: how many of the four squares are marked, from the left.

    Returns:
        The picture as PNG.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(3.6, 2.4))
    axis.plot([0, 1, 2, 3], [0, 1, 4, 9], label="squares")
    axis.plot(range(marks), [n**2 for n in range(marks)], "o", color=plotting.BLUE)
    axis.plot([0, 1, 2, 3], [lift, lift + 1, lift + 2, lift + 3], "C1", label="line")
    axis.set(xlim=(-0.2, 3.2), ylim=(-0.5, 9.5))
    axis.legend()
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=plotting.DPI)
    plt.close(figure)
    return out.getvalue()


def one_pixel_to_the_right(picture: bytes) -> bytes:
    """Move all of a picture by one pixel."""
    return _png(Image.fromarray(np.roll(_array(picture), 1, axis=1).astype(np.uint8)))


def root_mean_square(picture: bytes, other: bytes) -> float:
    """The root of the mean squared difference of all pixels, as matplotlib's own tests compare pictures."""
    return float(np.sqrt(((_array(picture) - _array(other)) ** 2).mean()))


def show_lifted_line(stored: bytes, new: bytes) -> None:
    """Show two pictures of the curves, in the second of which the line lies higher."""
    _show(stored, new, alt=f"Left: {ALT}. Right: the same, but the line lies higher.")


def show_difference(fault: PictureDifference) -> None:
    """Show what a comparison of the two pictures of the curves has found."""
    _show(fault.drawn, alt="The stored picture, pale. Both places of the line are red.")


def _array(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=float)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _show(*pictures: bytes, alt: str) -> None:
    """Show pictures beside each other, pixel by pixel as they are."""
    parts = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    width = sum(part.width for part in parts) + GAP * (len(parts) - 1)
    row = Image.new("RGB", (width, max(part.height for part in parts)), "white")
    left = 0
    for part in parts:
        row.paste(part, (left, 0))
        left += part.width + GAP
    bundle = {"image/png": base64.b64encode(_png(row)).decode("ascii"), "text/plain": alt}
    details = {"alt": alt, "width": row.width, "height": row.height}
    display(bundle, raw=True, metadata={"image/png": details})
