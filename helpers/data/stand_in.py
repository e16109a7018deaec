"""Drawn shapes in the place of CIFAR-10, for when it cannot be had: the same form, other pictures."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.datasets import VisionDataset

SHAPES = [
    "circle", "square", "triangle", "cross", "ring", "diamond", "stripes", "moon", "frame", "hourglass",
]  # fmt: skip


class StandIn(VisionDataset):
    """Ten drawn shapes in the form of CIFAR-10: 50,000 + 10,000 RGB pictures of 32x32, drawn from a seed.

    Each picture shows one filled shape, of any color, size and place, over a striped, noisy background of
    any other color. Only the outline tells the class, so a net has to learn shapes, not colors.
    """

    classes = SHAPES

    def __init__(
        self, train: bool, transform: Callable | None = None, count: int | None = None
    ) -> None:
        """Draw the training or the test pictures.

        Args:
            train: which of the two sets; they are drawn from different seeds.
            transform: called with each PIL picture, as in torchvision.
            count: how many pictures; None for as many as CIFAR-10 has.
        """
        super().__init__(root="", transform=transform)
        self.train = train
        count = count or (50_000 if train else 10_000)
        self.data, self.targets = draw_shapes(count, seed=0 if train else 1)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        picture = Image.fromarray(self.data[index])
        return (picture if self.transform is None else self.transform(picture)), self.targets[index]


def draw_shapes(count: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Draw ``count`` pictures of the ten shapes: (uint8 array, count x 32 x 32 x 3; list of labels 0..9)."""
    random = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(shape, generator=random)

    labels = torch.arange(count) % len(SHAPES)
    labels = labels[torch.randperm(count, generator=random)]
    pictures = torch.empty(count, 32, 32, 3, dtype=torch.uint8)
    for start in range(0, count, 5000):  # the masks of all pictures at once would need gigabytes
        part = labels[start : start + 5000]
        n = len(part)
        y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
        size, turn = uniform(7, 12, n, 1, 1), uniform(-0.5, 0.5, n, 1, 1)
        dx, dy = x - uniform(12, 20, n, 1, 1), y - uniform(12, 20, n, 1, 1)
        # each shape is drawn in -1..1, turned and scaled
        u = (dx * turn.cos() + dy * turn.sin()) / size
        v = (dy * turn.cos() - dx * turn.sin()) / size
        inside = _shape_masks(u, v).gather(0, part.view(1, n, 1, 1).expand(1, n, 32, 32))[0]
        colors = uniform(0, 255, 2, n, 1, 1, 3)
        clash = (colors[0] - colors[1]).abs().mean(-1, keepdim=True) < 60
        colors[1] = torch.where(clash, 255 - colors[0].round(), colors[1])
        angle, wave = uniform(0, 3.14, n, 1, 1), uniform(0.3, 1.5, n, 1, 1)
        texture = 25 * torch.sin(wave * (x * angle.cos() + y * angle.sin())).unsqueeze(-1)
        noise = 20 * torch.randn(n, 32, 32, 3, generator=random)
        mixed = torch.where(inside.unsqueeze(-1), colors[0], colors[1] + texture) + noise
        pictures[start : start + n] = mixed.clamp(0, 255).to(torch.uint8)
    return pictures.numpy(), labels.tolist()


def _shape_masks(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Which points (u, v) lie inside each of the ten shapes, in the order of ``SHAPES``: bool, 10 x N x H x W."""
    r, box = (u**2 + v**2).sqrt(), torch.maximum(u.abs(), v.abs())
    shapes = {
        "circle": r < 1,
        "square": box < 0.85,
        "triangle": (v < 0.8) & (v > 2 * u.abs() - 0.9),
        "cross": (torch.minimum(u.abs(), v.abs()) < 0.3) & (box < 1),
        "ring": (r < 1) & (r > 0.55),
        "diamond": u.abs() + v.abs() < 1,
        "stripes": (box < 1) & (torch.remainder(v, 0.8) < 0.4),
        "moon": (r < 1) & ((u - 0.5) ** 2 + v**2 > 0.6),
        "frame": (box < 1) & (box > 0.6),
        "hourglass": (v.abs() < 1) & (u.abs() < v.abs()),
    }
    return torch.stack([shapes[name] for name in SHAPES])
