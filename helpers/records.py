"""The recorded results of page 05 (05_records/, JSON, each with its command), put into tables and curves.

Nothing is measured here: `helpers.training`, `helpers.ladder` and `helpers.step_profile` write the files.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# What the book set out to reach: record, limit, test accuracy in percent.
GOALS = (
    ("tflop_12", "12 TFLOP", 85.0),
    ("tflop_50", "50 TFLOP", 90.0),
    ("tflop_200", "200 TFLOP", 93.0),
    ("seconds_60", "60 s", 86.0),
    ("seconds_180", "180 s", 90.5),
    ("seconds_600", "600 s", 93.5),
    ("avx2_60", "60 s, AVX2 only", 81.0),
    ("avx2_180", "180 s, AVX2 only", 87.0),
    ("avx2_600", "600 s, AVX2 only", 91.0),
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


def read(folder: Path = Path("05_records")) -> dict[str, dict]:
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
    for name, limit, goal in GOALS:
        if name not in records:
            rows.append((limit, f"{goal:g} %", "not run yet", "", "", ""))
            continue
        runs = records[name]["runs"]
        found = [run["accuracy"] for run in runs]
        spread = f"{min(found):.2f} to {max(found):.2f}" if len(found) > 1 else "one run"
        used = f"{mean(runs, 'seconds'):.1f} s", f"{mean(runs, 'tflop'):.1f}"
        rows.append((limit, f"{goal:g} %", f"{mean(runs, 'accuracy'):.2f} %", spread, *used))
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
            f"{record['mark']} %",
            "30 times faster",
            f"{mean(first, 'seconds') / seconds:.1f} times",
        ),
        *(spread, f"{seconds:.1f} s", f"{mean(last, 'tflop'):.1f}"),
    )


def commands(records: dict[str, dict]) -> list[str]:
    """How each goal's figures were made: command, settings, machine, and how well the machine was used."""
    lines = [records["ladder"]["command"]] if "ladder" in records else []
    for name, _, _ in GOALS:
        if name in records:
            run = records[name]["runs"][0]
            settings = [f"{key}={value}" for key, value in run["settings"].items()]
            lines.append(" ".join([*settings, records[name]["command"]]))
            lines.append(
                f"    {run['cpu']} {run['cpu_capability']}, {run['threads']} threads, {run['precision']}, "
                f"{mean(records[name]['runs'], 'efficiency'):.0%} of the best convolution alone"
            )
    return lines


def curves(records: dict[str, dict]) -> dict[str, list[tuple[float, float]]]:
    """Seconds and test accuracy, means over runs, for this book's net with and without AVX512, and for each peer."""
    found: dict[str, list[tuple[float, float]]] = {}

    def add(label: str, runs: Sequence[dict]) -> None:
        found.setdefault(label, []).append((mean(runs, "seconds"), mean(runs, "accuracy")))

    for name, limit, _ in GOALS:
        if name in records and limit.endswith(("s", "only")):
            add(f"this book, {'AVX2' if 'avx2' in name else 'AVX512'}", records[name]["runs"])
    for name, record in records.items():
        if name.startswith("peers_"):
            for peer, runs in record["peers"].items():
                if peer != "this book":
                    add(peer, runs)
    return {label: sorted(points) for label, points in found.items()}
