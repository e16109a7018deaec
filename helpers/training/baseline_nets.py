"""Other people's nets and recipes for CIFAR-10, each with its published settings; `baselines` trains them."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18 as imagenet_resnet18

from helpers.training.recipe import Recipe


def lenet() -> nn.Sequential:
    """Return the net of PyTorch's tutorial "Training a classifier", after LeNet-5."""
    convolutions = [nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
    convolutions += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    linear = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*convolutions, *linear)


def conv_norm_relu(inputs: int, outputs: int) -> nn.Sequential:
    """Return a 3x3 convolution, batch norm and ReLU: the brick of ResNet-9."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    """The input plus what two bricks make of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(conv_norm_relu(width, width), conv_norm_relu(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map N x width x H x W to the same shape."""
        return x + self.inner(x)


class ResNet9(nn.Module):
    """David Page's net of 2018 (cifar10-fast, "How to train your ResNet"): 94 % in 24 epochs, 79 s on a V100."""

    def __init__(self) -> None:
        super().__init__()
        first = [conv_norm_relu(3, 64), conv_norm_relu(64, 128), nn.MaxPool2d(2), Residual(128)]
        second = [conv_norm_relu(128, 256), nn.MaxPool2d(2)]
        third = [conv_norm_relu(256, 512), nn.MaxPool2d(2), Residual(512)]
        self.body = nn.Sequential(*first, *second, *third)
        self.head = nn.Linear(512, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map float images, N x 3 x 32 x 32, to logits, N x 10."""
        return self.head(F.adaptive_max_pool2d(self.body(x), 1).flatten(1)) * 0.125


def resnet18() -> nn.Module:
    """Return torchvision's ResNet-18 with the usual first layer for 32x32 images: 3x3, no stride, no pooling."""
    net = imagenet_resnet18(num_classes=10)
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return net


NETS: dict[str, Callable] = {"lenet": lenet, "resnet9": ResNet9, "resnet18": resnet18}

# What most recipes share: no augmentation, no label smoothing, biases that learn as fast as all else.
_PLAIN = Recipe(momentum=0.9, bias_lr_factor=1.0, label_smoothing=0.0, translate=0, flip=False)
_LENET = replace(_PLAIN, net="lenet")
_RESNET = replace(_PLAIN, weight_decay=5e-4, translate=4, flip=True)

BASELINES: dict[str, Recipe] = {
    # PyTorch's tutorial: batches of 4, two loader workers, a constant lr
    "LeNet, classic recipe": replace(
        _LENET, dataloader=True, batch_size=4, base_lr=0.001, nesterov=False, schedule="constant"
    ),
    # the same net, everything else as it is done today
    "LeNet, whole tensors": replace(_LENET, batch_size=64, base_lr=0.08, flip=True),
    # airbench94.py: 11.5 per 1024 images "decoupled" is 1.5 for the mean of 1024; without its lookahead, and its
    # stem's bias is trained throughout, at the biases' lr, instead of for three epochs
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
    # cifar10-fast, dawn.py: lr 0 -> 0.4 in 5 epochs of 24, then to 0; crops by 4 pixels, flips, 8x8 cutout
    "ResNet-9": replace(
        _RESNET, net="resnet9", batch_size=512, base_lr=0.4, warmup=5 / 24, cutout=8
    ),
    # the usual settings (kuangliu: 0.1, 5e-4, batches of 128), one cycle as in torch's OneCycleLR
    "ResNet-18": replace(
        _RESNET,
        net="resnet18",
        batch_size=128,
        base_lr=0.1,
        nesterov=False,
        schedule="cosine",
        initial_lr_factor=0.04,
        warmup=0.3,
    ),
}

# In a training far shorter than theirs, other batch sizes and learning rates than the published ones may be better.
# These did best on the validation images, after about a minute's work of two cores, and longer runs keep them:
# notebooks/records/training/baseline_rates.json. The classic recipe stays what it is.
_SEARCHED = {
    "LeNet, whole tensors": (64, 0.02),
    "airbench94": (128, 0.75),
    "ResNet-9": (32, 0.025),
    "ResNet-18": (32, 0.00625),
}
SHORT_BASELINES: dict[str, Recipe] = BASELINES | {
    name: replace(BASELINES[name], batch_size=batch_size, base_lr=base_lr)
    for name, (batch_size, base_lr) in _SEARCHED.items()
}
