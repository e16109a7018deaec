"""Other people's nets and recipes for CIFAR-10, to be trained for the same seconds on the same machine as the book's.

Each keeps its published settings; what is shrunk to the budget is its schedule, and its batch (`shrunk`).
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18 as imagenet_resnet18

from helpers.training.recipe import Recipe


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
_PLAIN = Recipe(bias_rate=1.0, smoothing=0.0, shift=0, flip=False)

PEERS: dict[str, Recipe] = {
    # PyTorch's tutorial: batch 4, two loader workers, constant rate
    "LeNet, classic recipe": replace(
        _PLAIN,
        net="lenet",
        loader=True,
        batch=4,
        rate=0.001,
        momentum=0.9,
        nesterov=False,
        schedule="constant",
    ),
    # the same net, everything else as it is done today
    "LeNet, whole tensors": replace(
        _PLAIN, net="lenet", batch=64, rate=0.08, momentum=0.9, flip=True
    ),
    # airbench94.py: 11.5 per 1024 pictures "decoupled" is 1.5 for the mean of 1024; without its lookahead, and its
    # stem's bias is trained throughout, at the biases' rate, instead of for three passes
    "airbench94": Recipe(
        widths=(64, 256, 256),
        pools=(True, True, True),
        stem_size=2,
        stem_stride=1,
        stem_filters=12,
        batch=1024,
        rate=1.5,
        bias_rate=64.0,
        weight_decay=0.00133,
        first=0.2,
        warm=0.23,
        last=0.07,
    ),
    # cifar10-fast, dawn.py: rate 0 -> 0.4 in 5 passes of 24, then to 0; crops by 4 pixels, mirror, 8x8 holes
    "ResNet-9": replace(
        _PLAIN,
        net="resnet9",
        batch=512,
        rate=0.4,
        momentum=0.9,
        weight_decay=5e-4,
        warm=5 / 24,
        shift=4,
        flip=True,
        hole=8,
    ),
    # the usual settings (kuangliu: 0.1, 5e-4, batch 128), one cycle as in torch's OneCycleLR
    "ResNet-18": replace(
        _PLAIN,
        net="resnet18",
        batch=128,
        rate=0.1,
        momentum=0.9,
        nesterov=False,
        weight_decay=5e-4,
        schedule="cosine",
        first=0.04,
        warm=0.3,
        shift=4,
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
    while recipe.batch // 2 >= least and pictures / recipe.batch < steps:
        recipe = replace(recipe, batch=recipe.batch // 2, rate=recipe.rate / 2)
    return recipe
