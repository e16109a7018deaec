"""The result of a training as data for JSON, as lines of text, and as a file; the test set is read here only."""

import json
import os
import platform
import shlex
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import torch
import torchvision

from helpers import data, environment
from helpers.training.batches import Images
from helpers.training.evaluation import evaluate
from helpers.training.loop import Training
from helpers.training.speed import best_convolution
from helpers.verification.files import write_file

SETTINGS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")  # can take instructions from a CPU


def result_of(trained: Training, images: Images, processes: int = 1) -> dict:
    """Evaluate a trained net on ``images.test``, and return all that was measured, ready for JSON.

    Args:
        trained: the training, over.
        images: those that it was trained with.
        processes: how many it was shared by.
    """
    config, test = trained.config, (images.test, images.test_labels)
    accuracy = evaluate(trained.net, *test, trained.stats, config.precision)
    reached = trained.tflop * 1e12 / trained.seconds
    best = None
    if config.recipe.net == "fast":
        best = best_convolution(config.recipe, config.device, config.precision)
    return {
        "budget": config.budget.amount,
        "budget_unit": config.budget.unit,
        "seconds": round(trained.seconds, 3),
        "tflop": round(trained.tflop, 4),
        "accuracy": round(accuracy.plain, 2),
        "accuracy_tta": round(accuracy.tta, 2),
        "split": images.split,
        "evaluation_seconds": round(accuracy.seconds, 2),
        "steps": trained.steps,
        "epochs": round(trained.epochs, 3),
        "seed": config.seed,
        "resumed_at_step": trained.resumed_at_step,
        "flop_per_second": reached,
        "best_convolution_flop_per_second": best,
        "efficiency": best and reached / best,
        "precision": config.precision,
        "compiled": config.compiled,
        "warm_up_seconds": round(trained.warm_up_seconds, 2),
        "device": config.device,
        "processes": processes,
        **machine(config.device),
        "recipe": asdict(config.recipe),
        "parameters": sum(weight.numel() for weight in trained.net.parameters()),
        "losses": [round(statistics.fmean(part), 4) for part in _parts(trained.losses)],
        "seconds_at": [round(part[-1], 2) for part in _parts(trained.seconds_at)],
        "pictures_are_real": data.is_real(),
    }


def machine(device: str) -> dict:
    """What a result was measured on, ready for JSON."""
    return {
        "threads": torch.get_num_threads(),
        "cpu": environment.cpu_name(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }


def _parts(values: Sequence[float]) -> list[Sequence[float]]:
    """Values in 100 pieces of about one length, in order; each alone where there are fewer."""
    count = min(100, len(values))
    ends = [n * len(values) // count for n in range(count + 1)]
    return [values[start:end] for start, end in pairwise(ends)]


def mean(runs: Sequence[dict], key: str) -> float:
    """Return the mean of one figure over runs; ``key`` is one of those that `result_of` returns."""
    return statistics.fmean(run[key] for run in runs)


def last_line(results: Sequence[dict]) -> str:
    """What one run, or the mean of several, has come to, on one line."""
    names = ("seconds", "tflop", "accuracy", "accuracy_tta")
    means = {name: mean(results, name) for name in names}
    text = (
        "budget {budget:g} {budget_unit}: used {seconds:.1f} s, {tflop:.1f} TFLOP, "
        "with test-time augmentation {accuracy_tta:.2f} %, {split} accuracy {accuracy:.2f} %"
    ).format_map(results[0] | means)
    if len(results) > 1:
        each = [result["accuracy"] for result in results]
        text += (
            f" (mean of {len(each)} runs, standard deviation {statistics.stdev(each):.2f}, "
            f"smallest {min(each):.2f})"
        )
    return text


def details(result: dict) -> str:
    """Two or three lines about a run: what was trained, how well the machine was used, what had been predicted."""
    recipe, best = result["recipe"], result["best_convolution_flop_per_second"]
    shape = "-".join(map(str, recipe["widths"])) if recipe["net"] == "fast" else recipe["net"]
    predicted = result.get("predicted_accuracy")
    text = (
        f"{shape}, {result['precision']}, batch size {recipe['batch_size']}, {result['steps']} steps, "
        f"{result['epochs']:.2f} epochs; evaluation {result['evaluation_seconds']:.1f} s"
    )
    if best:
        text += (
            f"\n{result['flop_per_second'] / 1e9:.0f} GFLOP/s, {100 * result['efficiency']:.0f} % of the "
            f"{best / 1e9:.0f} of the best 3x3 convolution of these widths alone"
        )
    if predicted:
        text += f"\npredicted {predicted:.1f} %, reached {result['accuracy']:.1f} %"
    return text


def write_results(path: Path, results: dict, arguments: Sequence[str]) -> None:
    """Write results as JSON, with the arguments of `python -m helpers.training` that made them.

    Raises:
        OutputError: see `helpers.verification.files.write_file`.
        ValueError: a number is infinite or none, which JSON cannot say.
    """
    program = ["python"]
    if count := os.environ.get("LOCAL_WORLD_SIZE"):
        program = ["torchrun", f"--nproc-per-node={count}"]
    command = shlex.join([*program, "-m", "helpers.training", *arguments])
    text = json.dumps({"command": command, **results}, indent=1, allow_nan=False)
    write_file(path, f"{text}\n")
