"""The recorded results of page 05 (notebooks/records/training/), put into tables and curves.

Nothing is measured here: each file is JSON and begins with the command that writes it.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers import plotting

RECORDS = Path(__file__).resolve().parents[2] / "notebooks/records/training"


class Goal(NamedTuple):
    """What the book set out to reach.

    Attributes:
        record: the name of the file.
        budget: of the training.
        accuracy: percent, test.
        curve: that it is a point of; none for runs by work, which ran beside other work, so that their seconds and
            speeds mean nothing.
    """

    record: str
    budget: str
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
    accuracy: float  # percent, test; the last three average views of each test image


PUBLISHED = (
    Published("ResNet-9, David Page 2018", "V100", 79.0, 94.1),
    Published("airbench94, Keller Jordan 2024", "A100", 3.83, 94.0),
    Published("airbench94_muon, Keller Jordan 2024", "A100", 2.59, 94.0),
    Published("Hiverge 2025", "A100", 1.99, 94.0),
)


def read(folder: Path = RECORDS) -> dict[str, dict]:
    """Return all records by name. Raises `OSError`, `ValueError` if one cannot be read."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def mean(runs: Sequence[dict], key: str) -> float:
    """Return the mean of one figure over runs."""
    return statistics.fmean(run[key] for run in runs)


def goal_rows(records: dict[str, dict]) -> list[tuple[str, ...]]:
    """Return of each goal: budget, goal, mean accuracy, its spread, seconds, TFLOP; or that it was not run."""
    rows = [_ablation_row(records["ablation"])] if "ablation" in records else []
    for goal in GOALS:
        result = ("not run yet", "", "", "")
        if goal.record in records:
            runs = records[goal.record]["runs"]
            seconds = f"{mean(runs, 'seconds'):.1f} s" if goal.curve else "not timed"
            tflop = f"{mean(runs, 'tflop'):.1f}"
            result = (f"{mean(runs, 'accuracy'):.2f} %", _spread(runs) or "one run", seconds, tflop)
        rows.append((goal.budget, f"{goal.accuracy:g} %", *result))
    return rows


def _spread(runs: Sequence[dict]) -> str:
    """Return the smallest and the largest accuracy in words; nothing for one run."""
    accuracies = [run["accuracy"] for run in runs]
    return f"{min(accuracies):.2f} to {max(accuracies):.2f}" if len(runs) > 1 else ""


def _ablation_row(record: dict) -> tuple[str, ...]:
    """Return the row of the ablation's goal: its target accuracy in a thirtieth of the classic recipe's seconds."""
    first, last = record["variants"][0]["runs"], record["variants"][-1]["runs"]
    seconds = mean(last, "seconds")
    spread = _spread(last)
    return (
        f"to {record['target_accuracy']} % accuracy",
        "30 times faster",
        f"{mean(first, 'seconds') / seconds:.1f} times",
        f"{spread} %" if spread else f"{last[0]['accuracy']:.2f} %, one run",
        f"{seconds:.1f} s",
        f"{mean(last, 'tflop'):.1f}",
    )


GROWING = "resolutions=((20,0.3),(26,0.6),(32,1.0))"


def searches(records: dict[str, dict]) -> list[dict]:
    """Return the records of searches, each with its command, versions, and processor."""
    return [record for name, record in records.items() if name.startswith("search")]


def search_rows(records: dict[str, dict], best: int = 5) -> list[tuple[str, ...]]:
    """Return, for each amount of work, the ``best`` candidates and the worst: TFLOP, runs, accuracy, changes."""
    by_work: dict[float, list[dict]] = {}
    for record in searches(records):
        for candidate in record["candidates"]:
            by_work.setdefault(candidate["tflop"], []).append(candidate)
    rows = []
    for tflop, candidates in sorted(by_work.items()):
        ordered = sorted(candidates, key=lambda candidate: -candidate["accuracy"])
        rows += map(_search_row, ordered[:best])
        if len(ordered) > best + 1:
            rows.append((f"{tflop:g}", "", f"({len(ordered) - best - 1} between)", ""))
        rows += map(_search_row, ordered[best:][-1:])
    return rows


def _search_row(candidate: dict) -> tuple[str, ...]:
    changes = candidate["changes"].replace(GROWING, "growing")
    accuracy = f"{candidate['accuracy']:.2f} %"
    return f"{candidate['tflop']:g}", str(candidate.get("runs", 1)), accuracy, changes


def commands(records: dict[str, dict]) -> list[str]:
    """Return how each goal was tried: settings, command, machine; of timed runs, how well the machine was used."""
    lines = [records["ablation"]["command"]] if "ablation" in records else []
    for goal in GOALS:
        if goal.record in records:
            runs = records[goal.record]["runs"]
            one = runs[0]
            settings = [f"{key}={value}" for key, value in one["settings"].items()]
            lines.append(" ".join([*settings, records[goal.record]["command"]]))
            threads = "1 thread" if one["threads"] == 1 else f"{one['threads']} threads"
            about = [f"{one['cpu']} {one['cpu_capability']}", threads, one["precision"]]
            if goal.curve:
                about.append(f"{mean(runs, 'efficiency'):.0%} of the best convolution alone")
            lines.append(f"    {', '.join(about)}")
    return lines


def curves(records: dict[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Return seconds and test accuracy, means over runs, of this book's net on each machine and of each baseline."""
    labeled = [
        (goal.curve, records[goal.record]["runs"])
        for goal in GOALS
        if goal.record in records and goal.curve
    ]
    for name, record in records.items():
        if name.startswith("baselines_"):
            nets = record["baselines"].items()
            labeled += [(net, runs) for net, runs in nets if net != "this book"]
    points: dict[str, list[tuple[float, float]]] = {}
    for label, runs in labeled:
        points.setdefault(label, []).append((mean(runs, "seconds"), mean(runs, "accuracy")))
    return {label: sorted(curve) for label, curve in points.items()}


def accuracy_and_time(records: dict[str, dict]) -> Figure:
    """Draw all curves, the classic recipe, and what others have published, with time on a logarithmic axis."""
    figure, axis = plt.subplots(figsize=(8, 4.4))
    others = iter(plotting.COLORS[1:])
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
    classic = records["ablation"]["variants"][0]["runs"][0]
    point = classic["seconds"], classic["accuracy"]
    axis.plot(*point, "x", color="black", label="classic recipe, two epochs")
    for n, p in enumerate(sorted(PUBLISHED, key=lambda p: p.seconds)):
        axis.plot(p.seconds, p.accuracy, "*", color=plotting.GRAY)
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
