"""How good a net is: its accuracy on images that it was not trained on."""

import time
from typing import NamedTuple

import torch
from torch import nn

from helpers.training.batches import ChannelStats, normalize
from helpers.training.loop import autocast


class Accuracy(NamedTuple):
    """Accuracy in percent: on the images as they are, and with test-time augmentation (each averaged with its flip)."""

    plain: float
    tta: float
    seconds: float  # that it took


def evaluate(
    net: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    stats: ChannelStats,
    precision: str = "fp32",
) -> Accuracy:
    """Evaluate a net on uint8 images (N x H x W x 3) and labels (N), normalized by the training images' stats."""
    device, began = next(net.parameters()).device, time.perf_counter()
    right = right_tta = 0
    was_training = net.training
    net.eval()
    with torch.inference_mode(), autocast(device.type, precision):
        for part, truth in zip(images.split(500), labels.split(500), strict=True):
            x, y = normalize(part.to(device), stats), truth.to(device)
            logits = net(x).float()
            right += (logits.argmax(1) == y).sum().item()
            right_tta += ((logits + net(x.flip(3)).float()).argmax(1) == y).sum().item()
    net.train(was_training)
    share = 100 / len(labels)
    return Accuracy(right * share, right_tta * share, time.perf_counter() - began)
