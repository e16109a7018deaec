"""The recorded results of pages 17 and 18 (notebooks/records/training/), put into tables and curves.

Nothing is measured here: each file is JSON and begins with the command that writes it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from helpers import paths
from helpers.training.baseline_nets import BASELINES
from helpers.training.recipe import changed
from helpers.training.results import mean

RECORDS = paths.RECORDS / "training"


class Goal(NamedTuple):
    """What the book set out to reach."""

    record: str  # the name of the file
    budget: str
    accuracy: float  # percent, test
    # none for runs by work, which ran beside other work, so that their seconds and speeds mean nothing
    curve: str = ""


# The curves of this book, by the machine.
AMX, BF16 = "this book, AMX", "this book, AVX512 with bfloat16"
AVX512, AVX2 = "this book, AVX512", "this book, AVX2"
GPU = "this book, one H200 GPU"
GOALS = (
    Goal("tflop_12", "12 TFLOP", 86.5),
    Goal("tflop_50", "50 TFLOP", 90.5),
    Goal("tflop_200", "200 TFLOP", 93.2),
    Goal("amx_60", "60 s, AMX", 89.5, AMX),
    Goal("amx_180", "180 s, AMX", 92.5, AMX),
    Goal("amx_600", "600 s, AMX", 94.3, AMX),
    Goal("bf16_60", "60 s, AVX512 with bfloat16", 87.0, BF16),
    Goal("bf16_180", "180 s, AVX512 with bfloat16", 91.0, BF16),
    Goal("bf16_600", "600 s, AVX512 with bfloat16", 93.5, BF16),
    Goal("seconds_60", "60 s, AVX512", 86.0, AVX512),
    Goal("seconds_180", "180 s, AVX512", 90.5, AVX512),
    Goal("seconds_600", "600 s, AVX512", 93.0, AVX512),
    Goal("avx2_60", "60 s, AVX2 only", 82.5, AVX2),
    Goal("avx2_180", "180 s, AVX2 only", 88.0, AVX2),
    Goal("avx2_600", "600 s, AVX2 only", 91.5, AVX2),
    Goal("gpu_epochs_14", "14 epochs, one H200 GPU", 94.0, GPU),
    Goal("gpu_epochs_18", "18 epochs, one H200 GPU", 94.0, GPU),
    Goal("gpu_10", "10 s, one H200 GPU", 94.0, GPU),
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


BASELINE_SECONDS = 60, 180, 600  # each has a record baselines_60 ...


def read(folder: Path = RECORDS) -> dict[str, dict]:
    """Return all records by name. Raises `OSError`, `ValueError` if one cannot be read."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def goal_rows(records: Mapping[str, dict]) -> list[tuple[str, ...]]:
    """Return of each goal that was tried: budget, goal, mean accuracy, its spread, seconds, TFLOP.

    What reaches its goal is in bold.
    """
    rows = [_ablation_row(records["ablation"])] if "ablation" in records else []
    tried = [goal for goal in GOALS if goal.record in records]
    return rows + [_goal_row(goal, records[goal.record]) for goal in tried]


def _ablation_row(record: dict) -> tuple[str, ...]:
    """The target of the ablation, to be reached in a thirtieth of the classic recipe's seconds."""
    first, last = (mean(record["variants"][n]["runs"], "seconds") for n in (0, -1))
    runs = record["variants"][-1]["runs"]
    spread = f"{_spread(runs)} %" if len(runs) > 1 else f"{runs[0]['accuracy']:.2f} %, one run"
    goal = f"to {record['target_accuracy']} % accuracy"
    times = _emphasized(f"{first / last:.1f} times", first / last >= 50)
    tflop = f"{mean(runs, 'tflop'):.1f}"
    return goal, "50 times faster", times, spread, f"{last:.1f} s", tflop


def _goal_row(goal: Goal, record: dict) -> tuple[str, ...]:
    wanted = f"{goal.accuracy:g} %"
    runs = record["runs"]
    seconds = f"{mean(runs, 'seconds'):.1f} s" if goal.curve else "not timed"
    mean_accuracy = mean(runs, "accuracy")
    accuracy = _emphasized(f"{mean_accuracy:.2f} %", mean_accuracy >= goal.accuracy)
    tflop = f"{mean(runs, 'tflop'):.1f}"
    return goal.budget, wanted, accuracy, _spread(runs), seconds, tflop


def _emphasized(text: str, reached: bool) -> str:
    """Put a result in bold if it reaches its goal."""
    return f"**{text}**" if reached else text


def _spread(runs: Sequence[dict]) -> str:
    accuracies = [run["accuracy"] for run in runs]
    return f"{min(accuracies):.2f} to {max(accuracies):.2f}" if len(runs) > 1 else "one run"


def searches(records: Mapping[str, dict]) -> list[dict]:
    """Return the records of searches, each with its command, versions, and processor."""
    return [record for name, record in records.items() if name.startswith("search")]


def command_rows(records: Mapping[str, dict]) -> list[tuple[str, ...]]:
    """Return of each record that has runs: its name, command, machine; of timed ones, how well it was used.

    The command is without its ``--out``, which is the same for all but for the name, and begins with the settings of
    the environment.
    """
    rows = []
    timed = {goal.record for goal in GOALS if goal.curve}
    for name in (goal.record for goal in GOALS if goal.record in records):
        runs = records[name]["runs"]
        one = runs[0]
        settings = [f"{key}={value}" for key, value in one["settings"].items()]
        command = " ".join([*settings, command_of(records[name])])
        threads = "1 thread" if one["threads"] == 1 else f"{one['threads']} threads"
        machine = f"{one['cpu']}, {one['cpu_capability']}, {threads}, {one['precision']}"
        if one.get("gpu"):
            machine = f"{one['gpu']}, {one['precision']}, compiled"
        used = f"{mean(runs, 'efficiency'):.0%}" if name in timed else "not timed"
        rows.append((name, f"`{command}`", machine, used))
    return rows


def command_of(record: Mapping[str, Any]) -> str:
    """Return the command that wrote a record, without its ``--out``."""
    return record["command"].partition(" --out ")[0]


def baseline_rows(records: Mapping[str, dict]) -> list[tuple[str, ...]]:
    """Return of each net that was trained for the same seconds as this book's: its name, then its accuracies."""
    by_budget = [records[f"baselines_{seconds}"]["baselines"] for seconds in BASELINE_SECONDS]
    return [
        (name, *(f"{mean(results[name], 'accuracy'):.1f} %" for results in by_budget))
        for name in by_budget[0]
    ]


RATE_FACTORS = 0.125, 0.25, 0.5, 1, 2, 4, 8


def rate_rows(records: Mapping[str, dict]) -> list[tuple[str, ...]]:
    """Return of each searched baseline: its name, TFLOP, and its validation accuracy at each of `RATE_FACTORS`.

    A factor is that of the published learning rate, scaled down with the batch; "" where none was tried.
    """
    accuracies: dict[str, dict[float, float]] = {}
    tflop: dict[str, float] = {}
    for candidate in records["baseline_rates"]["candidates"]:
        name = candidate["baseline"]
        published = BASELINES[name]
        recipe = changed(published, candidate["changes"].split())
        scaled = published.base_lr * recipe.batch_size / published.batch_size
        accuracies.setdefault(name, {})[round(recipe.base_lr / scaled, 3)] = candidate["accuracy"]
        tflop[name] = candidate["tflop"]
    return [
        (name, f"{tflop[name]:g}", *(f"{of[f]:.1f} %" if f in of else "" for f in RATE_FACTORS))
        for name, of in accuracies.items()
    ]


def accuracy_by_seconds(records: Mapping[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Return seconds and test accuracy, means over runs, of this book's net on each machine and of each baseline."""
    timed = [goal for goal in GOALS if goal.curve and goal.record in records]
    ours = [(goal.curve, records[goal.record]["runs"]) for goal in timed]
    return _points([*ours, *_baselines(records)], "seconds")


def accuracy_by_tflop(records: Mapping[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Return TFLOP and test accuracy, means over runs, of this book's training runs by work and of each baseline."""
    by_work = [record["runs"] for name, record in records.items() if name.startswith("tflop_")]
    ours = [("this book", runs) for runs in by_work]
    return _points([*ours, *_baselines(records)], "tflop")


def _baselines(records: Mapping[str, dict]) -> list[tuple[str, list[dict]]]:
    """The runs of other people's nets, each with the net's name."""
    tables = [record["baselines"] for name, record in records.items() if name[:10] == "baselines_"]
    return [(name, runs) for table in tables for name, runs in table.items() if name != "this book"]


def _points(
    labeled: Iterable[tuple[str, list[dict]]], key: str
) -> dict[str, list[tuple[float, float]]]:
    """The means of one figure and of the accuracy, for each label in the order of the figure."""
    points: dict[str, list[tuple[float, float]]] = {}
    for label, runs in labeled:
        points.setdefault(label, []).append((mean(runs, key), mean(runs, "accuracy")))
    return {label: sorted(curve) for label, curve in points.items()}
