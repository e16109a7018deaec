"""Draws which type two operands of different types are promoted to."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import plotting
from helpers.drawings.index_grids import tint

# The kinds from left to right, each with its types from small to large; two on one level need the next one up.
KINDS = {
    "bool": [["bool"]],
    "integer": [["uint8", "int8"], ["int16"], ["int32"], ["int64"]],
    "float": [["float16", "bfloat16"], ["float32"], ["float64"]],
    "complex": [["complex64"], ["complex128"]],
}
WIDTH, HEIGHT = 2.3, 0.62  # of a kind and of a level, in inches


def show_promotion() -> None:
    """Show the kinds as columns, smaller types below; the sum of two types is found by going right, then up."""
    plotting.use_style()
    tall = max(map(len, KINDS.values()))
    figure, axis = plt.subplots(figsize=(8.4, 3.9), layout="none")
    axis.set_position((0, 0, 1, 1))
    axis.set(xlim=(-0.2, 4 * WIDTH + 0.2), ylim=(-0.95, (tall + 0.2) * HEIGHT + 0.5))
    plotting.bare(axis)
    for n, ((kind, levels), color) in enumerate(zip(KINDS.items(), plotting.COLORS, strict=False)):
        left, middle = n * WIDTH + 0.15, (n + 0.5) * WIDTH
        height = len(levels) * HEIGHT + 0.1
        box = FancyBboxPatch((left, 0), WIDTH - 0.5, height, "round,pad=0.05,rounding_size=0.1")
        box.set(facecolor=tint(color, 0.16), edgecolor=color)
        axis.add_patch(box)
        axis.text(
            middle - 0.1, height + 0.17, kind, ha="center", weight="bold", color=color, fontsize=12
        )
        for level, names in enumerate(levels):
            y = (level + 0.5) * HEIGHT + 0.05
            axis.text(middle - 0.1, y, "   ".join(names), ha="center", va="center", fontsize=10.5)
            if level:
                arrow = FancyArrowPatch((middle - 0.1, y - 0.44), (middle - 0.1, y - 0.15))
                axis.add_patch(_gray(arrow))
        if n < len(KINDS) - 1:
            start = (left + WIDTH - 0.43, HEIGHT * 0.55)
            axis.add_patch(_gray(FancyArrowPatch(start, (start[0] + 0.42, start[1]))))
    axis.text(
        2 * WIDTH,
        -0.55,
        "The kind further to the right wins. Within a kind, the larger type wins; two types on one level\n"
        "(uint8 and int8, float16 and bfloat16) need the next one up.",
        ha="center",
        va="center",
        fontsize=10,
        color=plotting.GRAY,
    )
    plotting.show(
        figure,
        alt="Four groups from left to right: bool, integers, floats, complex numbers; one further right wins. In "
        "each, larger types stand higher and win; uint8 with int8 gives int16, float16 with bfloat16 gives float32.",
    )


def _gray(arrow: FancyArrowPatch) -> FancyArrowPatch:
    arrow.set(arrowstyle="-|>", mutation_scale=11, color=plotting.GRAY, linewidth=1.2)
    return arrow
