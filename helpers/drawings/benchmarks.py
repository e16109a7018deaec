"""Draws the recorded results of training: accuracy against time and work, the profile of a step, the search."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from helpers import plotting
from helpers.plotting import BLUE, GRAY, GREEN, PURPLE, VERMILION
from helpers.training import records
from helpers.training.curves import Curve, tflop_per_epoch

OURS = {  # the color of each of this book's curves
    "this book": BLUE,
    records.AMX: PURPLE,
    records.BF16: BLUE,
    records.AVX512: VERMILION,
    records.AVX2: GREEN,
    records.GPU: GRAY,
}
OTHERS = "#767676"
MARKERS = "svD^P<>"
# How far above its star each published result's name stands, in points, the fastest first: no two overlap.
NAME_HEIGHTS = (44, 30, 16, 16)
# Where a curve's name stands, in points to the right of its end and above, if it would meet another one or a curve.
BESIDE_SECONDS = {
    records.BF16: (9, 7),
    records.AVX512: (9, 1),
    records.AVX2: (9, -10),
    "LeNet, whole tensors": (9, 6),
    "LeNet, classic recipe": (9, -5),
}
BESIDE_WORK = {"LeNet, whole tensors": (-75, 14), "LeNet, classic recipe": (-30, -16)}


def show_accuracy_against_seconds(recorded: Mapping[str, dict]) -> None:
    """Show this book's net on each machine, other nets on two CPU cores, published results on other GPUs."""
    figure, axis = _figure()
    _draw(axis, records.accuracy_by_seconds(recorded), BESIDE_SECONDS)
    fastest_first = sorted(records.PUBLISHED, key=lambda each: each.seconds)
    for published, height in zip(fastest_first, NAME_HEIGHTS, strict=True):
        point = published.seconds, 100 - published.accuracy
        axis.plot(*point, "*", color=GRAY, markersize=9)
        axis.annotate(
            f"{published.name.split(',')[0]} ({published.hardware})",
            point,
            (0, height),
            textcoords="offset points",
            fontsize=9,
            color=GRAY,
            arrowprops={"arrowstyle": "-", "color": OTHERS, "linewidth": 0.7, "relpos": (0, 0)},
        )
    ticks = {2: "2 s", 5: "5 s", 20: "20 s", 60: "1 min", 180: "3 min", 600: "10 min"}
    axis.set_xticks(list(ticks), list(ticks.values()))
    axis.set(xlim=(1.6, 700), xlabel="time of training (logarithmic)")
    plotting.show(
        figure,
        alt="Accuracy against seconds, both logarithmic. Right: on two CPU cores, the curves of this book in three "
        "settings lie above those of the other nets, and all rise. Left, at a few seconds: this book's curve "
        "on one GPU, and published results on GPUs as stars, above all curves.",
    )


def show_accuracy_against_work(recorded: Mapping[str, dict]) -> None:
    """Show this book's net and the others by the work of the training, in TFLOP."""
    figure, axis = _figure()
    _draw(axis, records.accuracy_by_tflop(recorded), BESIDE_WORK)
    ticks = (0.2, 0.5, 1, 3, 12, 50, 200)
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set(xlim=(0.12, 240), xlabel="work of training, TFLOP (logarithmic)")
    plotting.show(
        figure,
        alt="Accuracy against work, both logarithmic. The curve of this book lies far above those of the nets that do "
        "as much work; LeNet's two curves begin far to the left, at much less work.",
    )


def show_candidates(curves: Sequence[Curve]) -> None:
    """Show the recorded accuracies of the nets that a training is chosen from, by the work that they took."""
    figure, axis = _figure()
    colors = plt.get_cmap("viridis")([n / len(curves) for n in range(len(curves))])
    for curve, color, marker in zip(curves, colors, "osvD^P", strict=True):
        recipe = curve.recipe
        epochs, accuracies = zip(*curve.points[1:], strict=True)  # the first is common to all
        axis.plot(
            [each * tflop_per_epoch(recipe) for each in epochs],
            [100 - each for each in accuracies],
            f"{marker}-",
            color=color,
            label=f"{'-'.join(map(str, recipe.widths))}: {recipe.batch_size}, {recipe.base_lr}",
        )
    ticks = (0.15, 0.25, 0.5, 1, 3, 6, 12, 25, 50, 100)
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set(xlim=(0.12, 130), ylim=(55, 7), ylabel="validation accuracy, %")
    axis.set_xlabel("work of training, TFLOP (logarithmic)")
    axis.legend(title="channels of the three stages: batch size, learning rate")
    plotting.show(
        figure,
        alt="Accuracy against work for six nets, both logarithmic. The curves of the narrowest nets begin at the lower "
        "left, the curve of the widest ends at the upper right, and the three between them nearly coincide.",
    )


def _figure() -> tuple[plt.Figure, Axes]:
    """Return a figure whose height is the logarithm of the error, with the best at the top."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(9, 5))
    axis.set(xscale="log", yscale="log", ylim=(95, 3), ylabel="test accuracy, %")
    accuracies = (10, 30, 50, 70, 80, 90, 95)
    axis.set_yticks([100 - each for each in accuracies], [str(each) for each in accuracies])
    axis.minorticks_off()
    return figure, axis


def _draw(
    axis: Axes,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    beside: Mapping[str, tuple[int, int]],
) -> None:
    """Draw curves of (seconds or TFLOP, accuracy), this book's in color, each with its name at its end.

    Args:
        axis: where.
        curves: the points of each curve, by its name.
        beside: how many points to the right of the end and above it a name stands; (9, 0) where none is given.
    """
    markers = iter(MARKERS)
    for label, points in curves.items():
        ours = label in OURS
        color = OURS.get(label, OTHERS)
        x, accuracy = zip(*points, strict=True)
        look = {"linewidth": 2, "markersize": 6} if ours else {"linewidth": 1.2, "markersize": 5}
        marker = "o" if ours else next(markers)
        axis.plot(
            x,
            [100 - each for each in accuracy],
            marker + ("-" if ours else "--"),
            color=color,
            label=label,
            **look,
        )
        axis.annotate(
            label,
            (x[-1], 100 - accuracy[-1]),
            beside.get(label, (9, 0)),
            color=color,
            fontsize=9,
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


def show_step_profile(percent: Mapping[str, float]) -> None:
    """Show which share of the time of a training step each group of operations takes."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(8, 2.8))
    bars = axis.barh(list(percent), list(percent.values()), color=BLUE)
    axis.bar_label(bars, fmt="%.1f %%", padding=3)
    axis.set(xlabel="% of the time of a step", xlim=(0, 70))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    largest = max(percent, key=percent.__getitem__)
    plotting.show(
        figure, alt=f"Bars for {', '.join(percent)}. The longest, by far, is that of {largest}."
    )


def show_search(recorded: Mapping[str, dict]) -> None:
    """Show the validation accuracy of all candidates of the search, in columns of the same work."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(8, 3.4))
    candidates = [each for record in records.searches(recorded) for each in record["candidates"]]
    candidates.sort(key=lambda each: each["tflop"])
    labels = []
    for n, (tflop, group) in enumerate(groupby(candidates, lambda each: each["tflop"])):
        accuracies = sorted(each["accuracy"] for each in group)
        step = 0.7 / max(len(accuracies) - 1, 1)  # side by side, the best on the right
        x = [n - 0.35 + step * i for i in range(len(accuracies))]
        axis.plot(x, accuracies, "o", color=BLUE, markersize=5)
        axis.plot(x[-1], accuracies[-1], "o", color=VERMILION, markersize=7)
        labels.append(f"{tflop:g}\n({len(accuracies)} recipes)")
    axis.set_xticks(range(len(labels)), labels)
    axis.set(xlabel="work of each training, TFLOP", ylabel="validation accuracy, %")
    axis.set(xlim=(-0.5, len(labels) - 0.5), ylim=(40, 100))
    axis.grid(axis="x", visible=False)
    plotting.show(
        figure,
        alt="Groups of points, one for each amount of work; a point is a recipe that was tried, the best of each "
        "group is orange. More work gives more accuracy, and recipes of the same work lie several points apart.",
    )
