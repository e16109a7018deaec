"""The recipe of the old tutorials, timed: LeNet on CIFAR-10, one picture at a time from disk to batch of 4.

    python -m helpers.training.classic_recipe --out notebooks/records/training/classic_recipe.json

It takes minutes, so it is run once and its result is kept as data; page 04 compares itself with it. The
recipe is that of PyTorch's own "Training a classifier" tutorial: SGD with rate 0.001 and momentum 0.9,
batches of 4, two loader workers, two passes, pictures scaled to -1..1.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path

import torch
import torchvision
from torch import nn
from torchvision.transforms import v2
from tqdm import tqdm

from helpers import data
from helpers.environment import cpu_name
from helpers.training.baselines import lenet


def train(epochs: int = 2, workers: int = 2, seed: int = 0) -> dict:
    """Train and test once.

    Args:
        epochs: passes over the 50,000 training pictures.
        workers: loader processes.
        seed: of the initial weights and the order of the pictures.

    Returns:
        What was measured, ready for JSON: ``train_seconds``, ``test_accuracy`` (percent), ``epochs``,
        ``batch``, ``workers``, ``seed`` and the machine it ran on.
    """
    torch.manual_seed(seed)
    transform = v2.Compose(
        [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
    )
    loader = torch.utils.data.DataLoader(
        data.cifar10(train=True, transform=transform),
        batch_size=4,
        shuffle=True,
        num_workers=workers,
    )
    net = lenet()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    start = time.perf_counter()
    for epoch in range(epochs):
        for pictures, labels in tqdm(loader, desc=f"epoch {epoch + 1}"):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(pictures), labels).backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    test = data.cifar10(train=False, transform=transform)
    with torch.inference_mode():
        right = sum(
            (net(pictures).argmax(1) == labels).sum().item()
            for pictures, labels in torch.utils.data.DataLoader(test, batch_size=500)
        )
    return {
        "train_seconds": round(seconds, 1),
        "test_accuracy": round(100 * right / len(test), 2),
        "pictures_are_real": data.is_real(),
        "epochs": epochs,
        "batch": 4,
        "workers": workers,
        "seed": seed,
        "cpu": cpu_name(),
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }


def main() -> None:
    """Read the command line, run the recipe, print and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    options = parser.parse_args()
    result = train(options.epochs, options.workers, options.seed)
    result["command"] = "python -m helpers.training.classic_recipe " + " ".join(sys.argv[1:])
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
