"""How the figures of the book look, and how they are shown: with a description for those who cannot see them."""

import base64
import io
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# Colors that remain apart with the common kinds of color blindness (Okabe and Ito, 2008), darkest first.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
ORANGE, SKY, PURPLE, GRAY = "#E69F00", "#56B4E9", "#CC79A7", "#444444"
COLORS = BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, GRAY
DPI = 100
STYLE = {
    "figure.figsize": (7, 3.5),
    "figure.dpi": DPI,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same on every machine
    "font.size": 10,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,  # the grid behind bars too
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "savefig.facecolor": "white",
}


def use_style() -> None:
    """Set the look of the book for all figures that follow, starting from matplotlib's defaults."""
    plt.rcdefaults()
    plt.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Show a figure as a PNG with a description, and close it.

    Args:
        figure: the finished figure.
        alt: what there is to see, for readers who cannot see it; also its text form, so without measured numbers.
    """
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI)
    plt.close(figure)
    width, height = Image.open(out).size  # matplotlib rounds down, sometimes one pixel too far
    bundle = {"image/png": base64.b64encode(out.getvalue()).decode("ascii"), "text/plain": alt}
    details = {"alt": alt, "width": width, "height": height}
    display(bundle, raw=True, metadata={"image/png": details})


def picture_grid(
    pictures: np.ndarray,
    titles: Sequence[str] = (),
    columns: int = 10,
    size: float = 0.9,
    cmap: str | None = None,
) -> Figure:
    """Draw pictures in rows; the figure is for ``show``.

    Args:
        pictures: N x H x W x 3 (or N x H x W for gray values), uint8 in 0..255 or float in 0..1.
        titles: one above each picture, if given.
        columns: pictures in a row.
        size: width and height of one, in inches.
        cmap: matplotlib's color map for gray values.
    """
    rows = -(-len(pictures) // columns)
    height = size * rows * (1.3 if titles else 1.0) + 0.1
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for axis in axes.flat:
        bare(axis)
        axis.set_visible(False)
    for n, (axis, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        axis.set_visible(True)
        axis.imshow(picture, cmap=cmap)
        if titles:
            axis.set_title(titles[n], fontsize=8, pad=3)
    return figure


def bare(axis: Axes) -> None:
    """Take ticks, frame and grid off an axis: for pictures."""
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
