"""Draws how far outputs spread from machine to machine, each as a part of the tolerance that its cell states."""

import math

import matplotlib.pyplot as plt

from helpers import plotting
from helpers.measurements import MACHINE, widest
from helpers.plotting import BLUE, GRAY, GREEN, ORANGE, PURPLE

MARKS = dict(zip((*MACHINE, "seed"), "osD^x", strict=True))
COLORS = BLUE, ORANGE, GREEN, PURPLE, GRAY
TICKS = 0.01, 0.05, 0.2, 1, 5
LABELS = {"release": "other release", "seed": "other seed"}


def show_spreads(spread: dict) -> None:
    """Draw a line for each tolerance, with a mark for the widest spread of each kind of setting.

    Args:
        spread: the record of the study ``spread``.
    """
    plotting.use_style()
    lines = [
        (cell, field, limit)
        for cell in spread["cells"]
        for field, limit in sorted(cell["tolerance"].items())
    ]
    figure, axis = plt.subplots(figsize=(8.5, 0.32 * len(lines) + 1.5))
    axis.axvspan(1 / 5, 1, color="#EEEEEE")
    for (kind, marker), color in zip(MARKS.items(), COLORS, strict=True):
        shares = [
            widest(spread, cell, field, kind) / limit or math.nan for cell, field, limit in lines
        ]
        axis.plot(shares, range(len(lines)), marker, color=color, label=LABELS.get(kind, kind))
    words = [_words(cell, field, limit) for cell, field, limit in lines]
    axis.set_yticks(range(len(lines)), words)
    axis.set(xscale="log", xlabel="widest spread, as a part of the tolerance (logarithmic)")
    axis.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS], minor=False)
    axis.set_xticks([], minor=True)
    left, right = axis.get_xlim()
    axis.set_xlim(min(left, TICKS[0]), max(right, TICKS[-1]))
    axis.set_ylim(max(1, len(lines)) - 0.5, -0.5)
    figure.legend(loc="outside upper right", ncols=len(MARKS))
    plotting.show(
        figure,
        alt="A line for each tolerance of a cell, with marks for the widest spread that threads, instructions, the "
        "simulated GPU, other releases and other seeds caused, as a part of that tolerance. Only marks of other "
        "seeds lie beyond the whole tolerance.",
    )


def _words(cell: dict, field: str, limit: float) -> str:
    """The page, the heading that the cell stands under, and its tolerance."""
    heading = cell["heading"].partition(" · ")[0]
    heading = heading if len(heading) <= 36 else f"{heading[:34].rstrip()} ..."
    return f"{cell['page'][:2]}, {heading}: {field} {limit:g}"
