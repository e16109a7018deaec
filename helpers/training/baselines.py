"""Other people's nets and recipes for CIFAR-10, to be trained for the same seconds on the same machine as the book's.

Each keeps its published settings; what is shrunk to the budget is its schedule, and its batch (`shrunk`).
"""

import argparse
import statistics
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18 as imagenet_resnet18

from helpers import data
from helpers.training.__main__ import (
    add_common_arguments,
    budget_of,
    changed_recipe,
    device_of,
)
from helpers.training.batches import load
from helpers.training.loop import TrainingConfig, flops_of_step, train
from helpers.training.recipe import Recipe, for_gpu, for_work
from helpers.training.results import last_line, result_of, write_results
from helpers.training.speed import best_precision, measure_speed


def lenet() -> nn.Sequential:
    """The net of PyTorch's tutorial "Training a classifier", after LeNet-5."""
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def conv_norm_relu(inputs: int, outputs: int, pool: bool = False) -> nn.Sequential:
    """A 3x3 convolution, batch norm and ReLU, then 2x2 pooling if ``pool``: the brick of ResNet-9."""
    parts = [
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]
    return nn.Sequential(*parts, *([nn.MaxPool2d(2)] if pool else []))


class Residual(nn.Module):
    """The input plus what two bricks make of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(conv_norm_relu(width, width), conv_norm_relu(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N x width x H x W to the same shape."""
        return x + self.inner(x)


class ResNet9(nn.Module):
    """David Page's net of 2018 (cifar10-fast, "How to train your ResNet"): 94 % in 24 passes, 79 s on a V100."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_norm_relu(3, 64),
            *(conv_norm_relu(64, 128, pool=True), Residual(128)),
            conv_norm_relu(128, 256, pool=True),
            *(conv_norm_relu(256, 512, pool=True), Residual(512)),
        )
        self.head = nn.Linear(512, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float pictures, N x 3 x 32 x 32, to logits, N x 10."""
        return self.head(F.adaptive_max_pool2d(self.body(x), 1).flatten(1)) * 0.125


def resnet18() -> nn.Module:
    """ResNet-18 of torchvision with the usual first layer for 32x32 pictures: 3x3, no stride, no pooling (kuangliu)."""
    net = imagenet_resnet18(num_classes=10)
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return net


NETS: dict[str, Callable[[], nn.Module]] = {
    "lenet": lenet,
    "resnet9": ResNet9,
    "resnet18": resnet18,
}

# No augmentation, plain biases, unsmoothed labels: what most recipes share.
_PLAIN = Recipe(bias_lr_factor=1.0, label_smoothing=0.0, translate=0, flip=False)

BASELINES: dict[str, Recipe] = {
    # PyTorch's tutorial: batch 4, two loader workers, constant rate
    "LeNet, classic recipe": replace(
        _PLAIN,
        net="lenet",
        dataloader=True,
        batch_size=4,
        base_lr=0.001,
        momentum=0.9,
        nesterov=False,
        schedule="constant",
    ),
    # the same net, everything else as it is done today
    "LeNet, whole tensors": replace(
        _PLAIN, net="lenet", batch_size=64, base_lr=0.08, momentum=0.9, flip=True
    ),
    # airbench94.py: 11.5 per 1024 pictures "decoupled" is 1.5 for the mean of 1024; without its lookahead, and its
    # stem's bias is trained throughout, at the biases' rate, instead of for three passes
    "airbench94": Recipe(
        widths=(64, 256, 256),
        pools=(True, True, True),
        stem_size=2,
        stem_stride=1,
        stem_filters=12,
        batch_size=1024,
        base_lr=1.5,
        bias_lr_factor=64.0,
        weight_decay=0.00133,
        initial_lr_factor=0.2,
        warmup=0.23,
        final_lr_factor=0.07,
    ),
    # cifar10-fast, dawn.py: rate 0 -> 0.4 in 5 passes of 24, then to 0; crops by 4 pixels, mirror, 8x8 holes
    "ResNet-9": replace(
        _PLAIN,
        net="resnet9",
        batch_size=512,
        base_lr=0.4,
        momentum=0.9,
        weight_decay=5e-4,
        warmup=5 / 24,
        translate=4,
        flip=True,
        cutout=8,
    ),
    # the usual settings (kuangliu: 0.1, 5e-4, batch 128), one cycle as in torch's OneCycleLR
    "ResNet-18": replace(
        _PLAIN,
        net="resnet18",
        batch_size=128,
        base_lr=0.1,
        momentum=0.9,
        nesterov=False,
        weight_decay=5e-4,
        schedule="cosine",
        initial_lr_factor=0.04,
        warmup=0.3,
        translate=4,
        flip=True,
    ),
}


def shrunk(recipe: Recipe, pictures: float, steps: int = 100, least: int = 32) -> Recipe:
    """A recipe for far fewer pictures than it was made for: half the batch and the rate until it makes enough steps.

    Args:
        recipe: the published one.
        pictures: how many pictures the budget pays for.
        steps: how many steps the training should have,
        least: unless the batch would become smaller than this.
    """
    while recipe.batch_size // 2 >= least and pictures / recipe.batch_size < steps:
        recipe = replace(recipe, batch_size=recipe.batch_size // 2, base_lr=recipe.base_lr / 2)
    return recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    add_common_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train ours and each of the baselines for the same budget, one after the other, and again; print one table."""
    budget, device = budget_of(args), device_of(args)
    images = load(args.validation)
    print(data.origin())
    precision = best_precision(device) if args.precision == "auto" else args.precision
    speed = measure_speed(device, precision, Recipe())
    tflop = speed * budget.amount / 1e12 if budget.unit == "s" else budget.amount
    ours = for_gpu(for_work(tflop)) if device == "cuda" else for_work(tflop)
    entries = {"this book": changed_recipe(ours, args)}
    for name, recipe in BASELINES.items():
        if budget.unit == "epochs" or recipe.dataloader:
            entries[name] = recipe
        else:
            affordable = tflop * 1e12 / (flops_of_step(recipe, 32, 32) / 32)
            entries[name] = shrunk(recipe, affordable)
    results: dict[str, list[dict]] = {name: [] for name in entries}
    for seed in range(args.seed, args.seed + args.runs):
        for name, recipe in entries.items():
            config = TrainingConfig(recipe, budget, seed, device, precision, show_progress=True)
            results[name].append(result_of(train(config, images), images))
            print(f"{name}: {last_line(results[name][-1:])}")
            if args.out:
                write_results(args.out, {"baselines": results})
    print(baselines_table(results))
    return 0


def baselines_table(results: dict[str, list[dict]]) -> str:
    """One line an entry: mean accuracy, deviation, seconds, TFLOP, passes over the images, batch size."""
    lines = [
        f"{'':24}{'accuracy':>10}{'deviation':>11}{'seconds':>9}{'TFLOP':>8}{'epochs':>8}{'batch':>7}"
    ]
    for name, runs in results.items():
        found = [run["accuracy"] for run in runs]
        spread = f"{statistics.stdev(found):.2f}" if len(found) > 1 else "-"
        mean = {
            key: statistics.fmean(run[key] for run in runs)
            for key in ("seconds", "tflop", "epochs")
        }
        lines.append(
            f"{name:24}{statistics.fmean(found):>8.2f} %{spread:>11}{mean['seconds']:>9.1f}{mean['tflop']:>8.2f}"
            f"{mean['epochs']:>8.2f}{runs[0]['recipe']['batch_size']:>7}"
        )
    return "\n".join(lines)
