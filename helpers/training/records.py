"""The recorded results of pages 17 and 18 (notebooks/records/training/), put into tables and curves.

Nothing is measured here: each file is JSON and begins with the command that writes it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.training.results import mean

RECORDS = Path(__file__).resolve().parents[2] / "notebooks/records/training"


class Goal(NamedTuple):
    """What the book set out to reach."""

    record: str  # the name of the file
    budget: str
    accuracy: float  # percent, test
    # none for runs by work, which ran beside other work, so that their seconds and speeds mean nothing
    curve: str = ""


_BF16, _WHOLE, _AVX2 = "this book, AVX512 with bfloat16", "this book, AVX512", "this book, AVX2"
_GPU = "this book, one H200 GPU"
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
    Goal("gpu_epochs_14", "14 epochs, one H200 GPU", 94.0, _GPU),
    Goal("gpu_epochs_18", "18 epochs, one H200 GPU", 94.0, _GPU),
    Goal("gpu_10", "10 s, one H200 GPU", 94.0, _GPU),
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
    paths = sorted(folder.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def goal_rows(records: dict[str, dict]) -> list[tuple[str, ...]]:
    """Return of each goal: budget, goal, mean accuracy, its spread, seconds, TFLOP; or that it was not run."""
    rows: list[tuple[str, ...]] = []
    if "ablation" in records:  # its target in a thirtieth of the classic recipe's seconds
        record = records["ablation"]
        first, last = (mean(record["variants"][n]["runs"], "seconds") for n in (0, -1))
        runs = record["variants"][-1]["runs"]
        spread = f"{_spread(runs)} %" if len(runs) > 1 else f"{runs[0]['accuracy']:.2f} %, one run"
        goal = f"to {record['target_accuracy']} % accuracy", "30 times faster"
        tflop = f"{mean(runs, 'tflop'):.1f}"
        rows.append((*goal, f"{first / last:.1f} times", spread, f"{last:.1f} s", tflop))
    for record, budget, accuracy, curve in GOALS:
        result = ("not run yet", "", "", "")
        if record in records:
            runs = records[record]["runs"]
            seconds = f"{mean(runs, 'seconds'):.1f} s" if curve else "not timed"
            tflop = f"{mean(runs, 'tflop'):.1f}"
            result = (f"{mean(runs, 'accuracy'):.2f} %", _spread(runs), seconds, tflop)
        rows.append((budget, f"{accuracy:g} %", *result))
    return rows


def _spread(runs: Sequence[dict]) -> str:
    accuracies = [run["accuracy"] for run in runs]
    return f"{min(accuracies):.2f} to {max(accuracies):.2f}" if len(runs) > 1 else "one run"


def searches(records: dict[str, dict]) -> list[dict]:
    """Return the records of searches, each with its command, versions, and processor."""
    return [record for name, record in records.items() if name.startswith("search")]


def command_rows(records: dict[str, dict]) -> list[tuple[str, ...]]:
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
        command = " ".join([*settings, records[name]["command"].partition(" --out")[0]])
        threads = "1 thread" if one["threads"] == 1 else f"{one['threads']} threads"
        machine = f"{one['cpu']}, {one['cpu_capability']}, {threads}, {one['precision']}"
        if one.get("gpu"):
            machine = f"{one['gpu']}, {one['precision']}, compiled"
        used = f"{mean(runs, 'efficiency'):.0%}" if name in timed else "not timed"
        rows.append((name, f"`{command}`", machine, used))
    return rows


def baseline_rows(records: dict[str, dict]) -> list[tuple[str, ...]]:
    """Return of each net that was trained for the same seconds as this book's: its name, then its accuracies."""
    by_budget = [records[f"baselines_{seconds}"]["baselines"] for seconds in BASELINE_SECONDS]
    return [
        (name, *(f"{mean(results[name], 'accuracy'):.1f} %" for results in by_budget))
        for name in by_budget[0]
    ]


def curves(records: dict[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Return seconds and test accuracy, means over runs, of this book's net on each machine and of each baseline."""
    labeled = [
        (goal.curve, records[goal.record]["runs"]) for goal in GOALS if goal.record in records
    ]
    for name, record in records.items():
        if name.startswith("baselines_"):
            labeled += record["baselines"].items()
    points: dict[str, list[tuple[float, float]]] = {}
    for label, runs in labeled:
        if label not in ("", "this book"):
            points.setdefault(label, []).append((mean(runs, "seconds"), mean(runs, "accuracy")))
    return {label: sorted(curve) for label, curve in points.items()}


def work_curves(records: dict[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Return TFLOP and test accuracy, means over runs, of this book's trainings by work and of each baseline."""
    labeled = [
        ("this book", record["runs"]) for name, record in records.items() if name[:6] == "tflop_"
    ]
    for name, record in records.items():
        if name.startswith("baselines_"):
            labeled += [each for each in record["baselines"].items() if each[0] != "this book"]
    points: dict[str, list[tuple[float, float]]] = {}
    for label, runs in labeled:
        points.setdefault(label, []).append((mean(runs, "tflop"), mean(runs, "accuracy")))
    return {label: sorted(curve) for label, curve in points.items()}
