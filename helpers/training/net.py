"""The net of page 05: small, early in stride, with a first layer that is computed instead of learned.

The shape follows airbench94 (Keller Jordan, arXiv 2404.00498) and David Page's bag of tricks (cifar10-fast): frozen
patch whitening, 3x3 convolutions that begin as identities, pooling before norm, batch-norm scales frozen at 1, the
largest value of each map, logits divided by 9. What differs is for a machine without a GPU: the stem has stride 2, so
that the first stage works on 16x16 instead of 31x31 positions, and the stages are narrow.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

from helpers.training.flip_equivariant import (
    MirrorConv,
    MirrorNorm,
    MirrorStem,
    half_of_pairs,
    mean_of_halves,
)


def whitening_filters(
    pictures: torch.Tensor, size: int, count: int, eps: float = 5e-4
) -> torch.Tensor:
    """Filters whose responses to these pictures' patches are uncorrelated and of one strength; and their negatives.

    They are the leading eigenvectors of the patches' second moments, each divided by the root of its eigenvalue. The
    net's first activation cuts negative responses, hence the negatives (David Page; in this form airbench).

    Args:
        pictures: float, N x C x H x W, normalised (mean 0).
        size: the side of a patch, in pixels.
        count: how many eigenvectors, the strongest first; at most ``C * size * size``.
        eps: added to the eigenvalues, so that mere noise is not blown up.

    Returns:
        float, 2 count x C x size x size.

    Raises:
        ValueError: more filters are asked for than a patch has numbers.
    """
    channels = pictures.shape[1]
    if count > channels * size * size:
        raise ValueError(f"a patch of {channels}x{size}x{size} has no {count} directions")
    moments = torch.zeros(channels * size * size, channels * size * size, device=pictures.device)
    patches_seen = 0
    for part in pictures.split(250):  # all patches at once would need gigabytes
        patches = F.unfold(part, size)  # pictures x numbers of a patch x patches
        moments += (patches @ patches.mT).sum(0)
        patches_seen += patches.shape[0] * patches.shape[2]
    values, vectors = torch.linalg.eigh(moments / patches_seen)  # the weakest first
    filters = (vectors / (values.clamp(min=0) + eps).sqrt()).T.flip(0)[:count]
    filters = filters.reshape(count, channels, size, size)
    return torch.cat([filters, -filters])


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is summed over all of them too."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """A new tensor of the shape of ``x``."""
        total = x.contiguous().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """Each process' loss depends on every process' ``x``."""
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


class FixedScaleNorm(nn.BatchNorm2d):
    """Batch normalisation whose scale stays 1; only its bias is learned (David Page, "frozen batch-norm scales").

    With ``over_processes`` the statistics are those of the batches of all processes together (``nn.SyncBatchNorm`` does
    that on GPUs only), so that N processes compute what one would.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, momentum=0.4)
        self.weight.requires_grad = False
        self.over_processes = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x C x H x W, to the same shape."""
        if not (self.training and self.over_processes):
            return super().forward(x)
        values = x.float()
        count = x.numel() / x.shape[1] * dist.get_world_size()
        mean = SumOverProcesses.apply(values.sum((0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = SumOverProcesses.apply(centred.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scaled = centred * (variance + self.eps).rsqrt()[:, None, None]
        return (scaled + self.bias[:, None, None]).to(x.dtype)


class IdentityConv(nn.Conv2d):
    """A 3x3 convolution without bias that begins by handing its inputs on (Dirac initialisation, airbench).

    The first ``inputs`` of its outputs are the inputs themselves; the others begin at random, as ever.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.weight[:inputs])


class Stage(nn.Module):
    """``depth`` convolutions of one width, each with norm and GELU; the first is followed by 2x2 pooling if ``pool``.

    Pooling comes before norm and activation, which then have a quarter to do (David Page). With ``skip``, what the
    first convolution gives is added to what the last one gives. With ``mirror`` all layers know mirror images.
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        depth: int,
        pool: bool,
        *,
        skip: bool = False,
        mirror: bool = False,
    ) -> None:
        super().__init__()
        conv = MirrorConv if mirror else IdentityConv
        self.convs = nn.ModuleList(conv(width if n else inputs, width) for n in range(depth))
        self.norms = nn.ModuleList(
            MirrorNorm(FixedScaleNorm(width)) if mirror else FixedScaleNorm(width)
            for _ in range(depth)
        )
        self.pool = pool
        self.skip = skip and depth > 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N x inputs x H x W to N x width x H x W, or H/2 x W/2 if it pools."""
        x = self.convs[0](x)
        if self.pool:
            x = F.max_pool2d(x, 2)
        x = first = F.gelu(self.norms[0](x))
        for conv, norm in zip(self.convs[1:], self.norms[1:], strict=True):
            x = F.gelu(norm(conv(x)))
        return x + first if self.skip else x


class FastNet(nn.Module):
    """Whitening stem, stages, the largest value of each map, a linear layer.

    Args:
        widths: channels of each stage.
        depths: convolutions of each stage.
        pools: does the stage halve height and width?
        stem_size: side of the whitening filters, in pixels.
        stem_stride: 2 leaves 16x16 positions of 32x32, 1 nearly all.
        stem_filters: eigenvectors used; the stem has twice as many channels.
        stem_bias: learn a bias for the stem? Without, no gradient goes back through the largest map.
        skip: add a stage's first activation to its last.
        mirror: build it of layers that know mirror images (`helpers.training.flip_equivariant`); widths and
        stem_filters are even then.
        learn_stem: train the stem from random filters, as nets usually do, instead of computing it.
        classes: how many logits.

    Without ``learn_stem``, the convolutions of the stem are of use only after `whiten`.
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 64, 128),
        depths: Sequence[int] = (2, 2, 2),
        pools: Sequence[bool] = (False, True, True),
        stem_size: int = 4,
        stem_stride: int = 2,
        stem_filters: int = 24,
        stem_bias: bool = True,
        skip: bool = False,
        mirror: bool = False,
        learn_stem: bool = False,
        classes: int = 10,
    ) -> None:
        super().__init__()
        channels = 2 * stem_filters
        self.mirror = mirror
        self.stem = (
            MirrorStem(3, channels, stem_size, stem_stride)
            if mirror
            else nn.Conv2d(3, channels, stem_size, stem_stride, padding=int(stem_stride > 1))
        )
        nn.init.zeros_(self.stem.bias)
        self.stem.weight.requires_grad = learn_stem
        self.stem.bias.requires_grad = stem_bias
        stages = []
        for width, depth, pool in zip(widths, depths, pools, strict=True):
            stages.append(Stage(channels, width, depth, pool, skip=skip, mirror=mirror))
            channels = width
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(channels // 2 if mirror else channels, classes, bias=False)

    def whiten(self, pictures: torch.Tensor) -> None:
        """Compute the stem from normalised pictures (float, N x 3 x H x W; a few thousand are plenty)."""
        size, count = self.stem.kernel_size[0], self.stem.out_channels // 2
        if self.mirror:
            both = torch.cat([pictures, pictures.flip(3)])
            every = len(self.stem.weight[0].flatten())
            half = half_of_pairs(whitening_filters(both, size, every)[:every], count)
            filters = torch.cat([half, -half])
        else:
            filters = whitening_filters(pictures, size, count)
        with torch.no_grad():
            self.stem.weight.copy_(filters)

    def norms_over_processes(self) -> None:
        """From now on normalise by the batches of all processes together; they have to be joined."""
        for module in self.modules():
            if isinstance(module, FixedScaleNorm):
                module.over_processes = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float pictures, N x 3 x H x W, to logits, N x classes; H and W may differ from call to call."""
        x = self.stages(F.gelu(self.stem(x))).amax((2, 3))
        return self.head(mean_of_halves(x) if self.mirror else x) / 9
