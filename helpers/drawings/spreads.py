"""Draws how far outputs spread from machine to machine, each as a part of the tolerance that its cell states."""

import math

import matplotlib.pyplot as plt

from helpers import plotting
from helpers.measurements import widest
from helpers.plotting import BLUE, GRAY, GREEN, ORANGE, PURPLE

MARKS = {  # of each kind of setting: how its widest spread is drawn
    "threads": ("o", BLUE),
    "instructions": ("s", ORANGE),
    "simulated GPU": ("D", GREEN),
    "release": ("^", PURPLE),
    "seed": ("x", GRAY),
}
TICKS = 0.01, 0.05, 0.2, 1, 5
LABELS = {"release": "other release", "seed": "other seed"}


def show_spreads(spread: dict) -> None:
    """Draw a line for each tolerance, with a mark for the widest spread of each kind of setting.

    What did not differ is marked in a column of its own, so a missing mark says that nobody has measured. A cell that
    was not measured at all has no line.

    Args:
        spread: the record of the study ``spread``.
    """
    plotting.use_style()
    lines = [
        (cell, field, limit)
        for cell in spread["cells"]
        for field, limit in sorted(cell["tolerance"].items())
        if cell["needed"]
    ]
    height = 0.32 * len(lines) + 1.5
    figure, (none, axis) = plt.subplots(
        1, 2, figsize=(8.5, height), width_ratios=(1, 6), sharey=True
    )
    axis.axvspan(1 / 5, 1, color="#EEEEEE")
    for place, (kind, (marker, color)) in enumerate(MARKS.items()):
        parts = [_part(spread, cell, field, limit, kind) for cell, field, limit in lines]
        zeros = [place if part == 0 else math.nan for part in parts]
        none.plot(zeros, range(len(lines)), marker, color=color)
        shown = [part or math.nan for part in parts]
        axis.plot(shown, range(len(lines)), marker, color=color, label=LABELS.get(kind, kind))
    words = [_words(cell, field, limit) for cell, field, limit in lines]
    none.set_yticks(range(len(lines)), words)
    none.set(xlim=(-1, len(MARKS)))
    none.grid(visible=False, axis="x")
    none.set_xticks([(len(MARKS) - 1) / 2], ["none"])
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
        "seeds lie beyond the whole tolerance. A column on the left holds the marks of what did not differ.",
    )


def _part(spread: dict, cell: dict, field: str, limit: float, kind: str) -> float:
    """The part of a tolerance that settings of one kind needed at most; nan if none of them was measured."""
    measured = any(spread["runs"][name]["kind"] == kind for name in cell["needed"])
    return widest(spread, cell, field, kind) / limit if measured else math.nan


def _words(cell: dict, field: str, limit: float) -> str:
    """The page, the heading that the cell stands under, and its tolerance."""
    heading = cell["heading"].partition(" · ")[0]
    heading = heading if len(heading) <= 36 else f"{heading[:34].rstrip()} ..."
    return f"{cell['page'][:2]}, {heading}: {field} {limit:g}"
