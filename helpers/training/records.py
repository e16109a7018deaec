"""The recorded results of page 05 (records/training/, JSON, each with its command), put into tables and curves.

Nothing is measured here: `helpers.training.loop`, `helpers.training.ablation` and `helpers.training.profile` write
the files.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers import plotting


class Goal(NamedTuple):
    """What the book set out to reach.

    Attributes:
        record: the name of the file.
        limit: of the training.
        accuracy: percent, test.
        curve: that it is a point of; none for runs by work, which ran beside other work, so that their seconds and
            speeds mean nothing.
    """

    record: str
    limit: str
    accuracy: float
    curve: str = ""


_BF16, _WHOLE, _AVX2 = "this book, AVX512 with bfloat16", "this book, AVX512", "this book, AVX2"
GOALS = (
    Goal("tflop_12", "12 TFLOP", 85.0),
    Goal("tflop_50", "50 TFLOP", 90.0),
    Goal("tflop_200", "200 TFLOP", 93.0),
    Goal("bf16_60", "60 s, AVX512 with bfloat16", 86.0, _BF16),
    Goal("bf16_180", "180 s, AVX512 with bfloat16", 90.5, _BF16),
    Goal("bf16_600", "600 s, AVX512 with bfloat16", 93.5, _BF16),
    Goal("seconds_60", "60 s, AVX512", 86.0, _WHOLE),
    Goal("seconds_180", "180 s, AVX512", 90.5, _WHOLE),
    Goal("seconds_600", "600 s, AVX512", 93.5, _WHOLE),
    Goal("avx2_60", "60 s, AVX2 only", 81.0, _AVX2),
    Goal("avx2_180", "180 s, AVX2 only", 87.0, _AVX2),
    Goal("avx2_600", "600 s, AVX2 only", 91.0, _AVX2),
)


class Published(NamedTuple):
    """Somebody else's result, as published."""

    name: str
    hardware: str
    seconds: float
    accuracy: float  # percent, test; the last three average views of each test picture


PUBLISHED = (
    Published("ResNet-9, David Page 2018", "V100", 79.0, 94.1),
    Published("airbench94, Keller Jordan 2024", "A100", 3.83, 94.0),
    Published("airbench94_muon, Keller Jordan 2024", "A100", 2.59, 94.0),
    Published("Hiverge 2025", "A100", 1.99, 94.0),
)


def read(folder: Path = Path("records/training")) -> dict[str, dict]:
    """All records by name. Raises `OSError`, `ValueError` if one cannot be read."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def mean(runs: Sequence[dict], key: str) -> float:
    """The mean of one figure over runs."""
    return statistics.fmean(run[key] for run in runs)


def goal_rows(records: dict[str, dict]) -> list[tuple[str, ...]]:
    """For each goal: limit, goal, mean accuracy, smallest and largest, seconds, TFLOP; or that it was not run."""
    rows = [_ladder_row(records["ladder"])] if "ladder" in records else []
    for goal in GOALS:
        if goal.record not in records:
            rows.append((goal.limit, f"{goal.accuracy:g} %", "not run yet", "", "", ""))
            continue
        runs = records[goal.record]["runs"]
        found = [run["accuracy"] for run in runs]
        spread = f"{min(found):.2f} to {max(found):.2f}" if len(found) > 1 else "one run"
        seconds = f"{mean(runs, 'seconds'):.1f} s" if goal.curve else "not timed"
        reached = f"{mean(runs, 'accuracy'):.2f} %", spread, seconds, f"{mean(runs, 'tflop'):.1f}"
        rows.append((goal.limit, f"{goal.accuracy:g} %", *reached))
    return rows


def _ladder_row(record: dict) -> tuple[str, ...]:
    """The goal of the ladder: its mark in a thirtieth of the classic recipe's seconds."""
    first, last = record["rungs"][0]["runs"], record["rungs"][-1]["runs"]
    seconds, found = mean(last, "seconds"), [run["accuracy"] for run in last]
    spread = (
        f"{min(found):.2f} to {max(found):.2f} %"
        if len(found) > 1
        else f"{found[0]:.2f} %, one run"
    )
    return (
        *(
            f"to {record['mark']} % accuracy",
            "30 times faster",
            f"{mean(first, 'seconds') / seconds:.1f} times",
        ),
        *(spread, f"{seconds:.1f} s", f"{mean(last, 'tflop'):.1f}"),
    )


GROWING = "resolutions=((20,0.3),(26,0.6),(32,1.0))"


def searches(records: dict[str, dict]) -> list[dict]:
    """What was searched by: of each such record its command, versions, and processor."""
    return [record for name, record in records.items() if name.startswith("search")]


def search_rows(records: dict[str, dict], best: int = 5) -> list[tuple[str, ...]]:
    """Of all that was tried with so much work the ``best`` and the worst: TFLOP, runs, held-out accuracy, changes."""
    found: dict[float, list[dict]] = {}
    for record in searches(records):
        for tried in record["tried"]:
            found.setdefault(tried["tflop"], []).append(tried)
    rows = []
    for tflop, tried in sorted(found.items()):
        ordered = sorted(tried, key=lambda one: -one["accuracy"])
        left_out = len(ordered) - best - 1
        rows += [_search_row(one) for one in ordered[: best + (left_out <= 0)]]
        if left_out > 0:
            between = f"({left_out} between)"
            rows += [(f"{tflop:g}", "", between, ""), _search_row(ordered[-1])]
    return rows


def _search_row(tried: dict) -> tuple[str, ...]:
    changes = tried["changes"].replace(GROWING, "growing")
    return f"{tried['tflop']:g}", str(tried.get("runs", 1)), f"{tried['accuracy']:.2f} %", changes


def commands(records: dict[str, dict]) -> list[str]:
    """How each goal's figures were made: command, settings, machine; of timed runs, how well the machine was used."""
    lines = [records["ladder"]["command"]] if "ladder" in records else []
    for goal in GOALS:
        if goal.record in records:
            runs = records[goal.record]["runs"]
            settings = [f"{key}={value}" for key, value in runs[0]["settings"].items()]
            lines.append(" ".join([*settings, records[goal.record]["command"]]))
            count = runs[0]["threads"]
            threads = f"{count} thread{'s' * (count != 1)}"
            about = [f"{runs[0]['cpu']} {runs[0]['cpu_capability']}", threads, runs[0]["precision"]]
            if goal.curve:
                about.append(f"{mean(runs, 'efficiency'):.0%} of the best convolution alone")
            lines.append(f"    {', '.join(about)}")
    return lines


def curves(records: dict[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Seconds and test accuracy, means over runs, for this book's net on each kind of machine, and for each peer."""
    found: dict[str, list[tuple[float, float]]] = {}

    def add(label: str, runs: Sequence[dict]) -> None:
        found.setdefault(label, []).append((mean(runs, "seconds"), mean(runs, "accuracy")))

    for goal in GOALS:
        if goal.record in records and goal.curve:
            add(goal.curve, records[goal.record]["runs"])
    for name, record in records.items():
        if name.startswith("peers_"):
            for peer, runs in record["peers"].items():
                if peer != "this book":
                    add(peer, runs)
    return {label: sorted(points) for label, points in found.items()}


def accuracy_and_time(records: dict[str, dict]) -> Figure:
    """All curves, the first rung of the ladder, and what others have published, with time on a logarithmic axis."""
    figure, axis = plt.subplots(figsize=(8, 4.4))
    others = iter(plotting.COLOURS[1:])
    for marker, (label, points) in zip("o^sDv<>P", curves(records).items(), strict=True):
        ours = label.startswith("this book")
        axis.plot(
            *zip(*points, strict=True),
            "-" if ours else "--",
            color=plotting.BLUE if ours else next(others),
            marker=marker,
            markersize=5,
            label=label,
        )
    first = records["ladder"]["rungs"][0]["runs"][0]
    axis.plot(
        first["seconds"], first["accuracy"], "x", color="black", label="classic recipe, two passes"
    )
    for n, p in enumerate(sorted(PUBLISHED, key=lambda p: p.seconds)):
        axis.plot(p.seconds, p.accuracy, "*", color=plotting.GREY)
        axis.annotate(
            f"{p.name.split(',')[0]}, {p.hardware}",
            (p.seconds, p.accuracy),
            (0, (6, 18, 30)[n % 3]),
            textcoords="offset points",
            fontsize=8,
        )
    axis.set(
        xscale="log",
        xlim=(1, 1500),
        ylim=(0, 110),
        yticks=range(0, 101, 20),
        xlabel="seconds of training",
        ylabel="test accuracy, %",
    )
    axis.legend(fontsize=8, loc="lower left")
    return figure
