"""The net of page 07: small, early in stride, with a first layer that is computed instead of learned.

The shape follows airbench94 (Keller Jordan, arXiv 2404.00498) and David Page's bag of tricks (cifar10-fast): frozen
patch whitening, 3x3 convolutions that begin as identities, pooling before norm, batch-norm scales frozen at 1, the
largest value of each map, logits divided by 9. What differs is for a machine without a GPU: the stem has stride 2, so
that the first stage works on 16x16 instead of 31x31 positions, and the stages are narrow.
"""

from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from helpers.training.recipe import Recipe


def whitening_filters(
    images: torch.Tensor, size: int, count: int, eps: float = 5e-4
) -> torch.Tensor:
    """Filters whose responses to these images' patches are uncorrelated and of equal variance; and their negatives.

    They are the leading eigenvectors of the patches' second moments, each divided by the root of its eigenvalue. The
    net's first activation cuts negative responses, hence the negatives (David Page; in this form airbench).

    Args:
        images: float, N x C x H x W, normalized (mean 0).
        size: the side of a patch, in pixels.
        count: how many eigenvectors, the strongest first.
        eps: added to the eigenvalues, so that mere noise is not blown up.

    Returns:
        float, 2 count x C x size x size.

    Raises:
        ValueError: ``count`` is more than ``C * size * size``.
    """
    channels = images.shape[1]
    if count > channels * size * size:
        raise ValueError(f"a patch of {channels}x{size}x{size} has no {count} directions")
    products = torch.zeros(channels * size * size, channels * size * size, device=images.device)
    patches_seen = 0
    for part in images.split(250):  # all patches at once would need gigabytes
        patches = F.unfold(part, size)  # images x numbers of a patch x patches
        products += (patches @ patches.mT).sum(0)
        patches_seen += patches.shape[0] * patches.shape[2]
    values, vectors = torch.linalg.eigh(products / patches_seen)  # the weakest first
    filters = (vectors / (values.clamp(min=0) + eps).sqrt()).T.flip(0)[:count]
    filters = filters.reshape(count, channels, size, size)
    return torch.cat([filters, -filters])


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient too, as each process' loss depends on every process' x."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.contiguous().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return _SumOverProcesses.forward(ctx, gradient)


class FixedScaleNorm(nn.BatchNorm2d):
    """Batch normalization whose scale stays 1; only its bias is learned (David Page, "frozen batch-norm scales").

    With ``over_processes`` the statistics are those of the batches of all processes together (``nn.SyncBatchNorm`` does
    that on GPUs only), so that N processes compute what one would.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, momentum=0.4)
        self.weight.requires_grad = False
        self.over_processes = False

    def bias_of_channels(self) -> torch.Tensor:
        """What is added to each channel, C."""
        return self.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x C x H x W, to the same shape."""
        bias = self.bias_of_channels()
        if not self.training:
            return F.batch_norm(x, *self.running_statistics(), self.weight, bias, eps=self.eps)
        if not self.over_processes:
            return F.batch_norm(
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                bias,
                training=True,
                momentum=self.momentum,
                eps=self.eps,
            )
        values = x.float()
        count = x.numel() / x.shape[1] * dist.get_world_size()
        mean = _SumOverProcesses.apply(values.sum((0, 2, 3))) / count
        centered = values - mean[:, None, None]
        variance = _SumOverProcesses.apply(centered.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scaled = centered * (variance + self.eps).rsqrt()[:, None, None]
        return (scaled + bias[:, None, None]).to(x.dtype)

    def running_statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The running mean and variance of each channel, by which images are normalized after the training."""
        return self.running_mean, self.running_var


class IdentityConv(nn.Conv2d):
    """A 3x3 convolution without bias that starts as the identity (Dirac initialization, airbench).

    The first ``inputs`` of its outputs are the inputs themselves; the others begin at random, as ever.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.weight[:inputs])


# --- flip-equivariant layers
#
# What they make of a mirrored image is the mirror image of what they make of the image. A net of them cannot tell
# left from right, so it need not learn that a ship in a mirror is a ship, nor be shown one; it has half the weights
# for the same work. Channels come in two halves: the second half sees in the image what the first half sees in its
# mirror image. (Group-equivariant convolutions for the group of two mirror images, in its regular representation:
# Cohen and Welling, arXiv 1602.07576.)


class FlipEquivariantStem(nn.Conv2d):
    """A convolution of images: each of its filters, and then the mirror image of each.

    ``outputs`` is even; ``weight`` and ``bias`` hold half as many. The padding is 1 if the stride is over 1.
    """

    def __init__(self, inputs: int, outputs: int, size: int, stride: int) -> None:
        super().__init__(inputs, outputs // 2, size, stride, padding=int(stride > 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x inputs x H x W, to N x outputs x H' x W'."""
        weight, bias = torch.cat([self.weight, self.weight.flip(3)]), torch.cat([self.bias] * 2)
        return F.conv2d(x, weight, bias, self.stride, self.padding)


class FlipEquivariantConv(nn.Conv2d):
    """A 3x3 convolution without bias from halves to halves; it starts as the identity, as `IdentityConv` does.

    The filters of the second half are those of the first, mirrored, with the two halves of their inputs exchanged.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs // 2, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.weight[: inputs // 2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x inputs x H x W, to N x outputs x H x W."""
        # outputs/2 x halves of the inputs x inputs/2 x 3 x 3
        halves = self.weight.unflatten(1, (2, -1))
        weight = torch.cat([halves, halves.flip(1, 4)]).flatten(1, 2)
        return F.conv2d(x, weight, padding=1)


class FlipEquivariantNorm(FixedScaleNorm):
    """A batch norm that treats both halves alike: a channel and its mirror image share bias, mean and variance.

    ``bias`` holds C/2 numbers. In training each channel is normalized by its own mean and variance, which is faster and
    differs by chance only; after training both are normalized by the mean of what both have kept.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.bias = nn.Parameter(torch.zeros(channels // 2))

    def bias_of_channels(self) -> torch.Tensor:
        """The bias of each half, twice: C."""
        return torch.cat([self.bias, self.bias])

    def running_statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean of what both halves have kept, twice."""
        mean, variance = mean_of_halves(self.running_mean), mean_of_halves(self.running_var)
        return mean.repeat(2), variance.repeat(2)


def mean_of_halves(x: torch.Tensor) -> torch.Tensor:
    """... x C to ... x C/2: what is left does not change at all when the image is mirrored."""
    first, second = x.chunk(2, dim=-1)
    return (first + second) / 2


def half_of_pairs(filters: torch.Tensor, count: int) -> torch.Tensor:
    """Turn whitening filters so that they form pairs of mirror images, and take one of each pair.

    The directions in which images and their mirror images vary are even (their own mirror image) or odd (its
    negative). The sum and the difference of an even and an odd one, divided by the root of 2, are mirror images of each
    other, and their answers are as uncorrelated as before.

    Args:
        filters: float, K x C x S x S, of images together with their mirror images, the strongest first.
        count: how many pairs. Raises ValueError if there are not so many even filters, or odd ones.
    """
    is_even = (filters * filters.flip(3)).sum((1, 2, 3)) > 0
    even, odd = filters[is_even][:count], filters[~is_even][:count]
    if min(len(even), len(odd)) < count:
        raise ValueError(f"{len(even)} even and {len(odd)} odd filters make no {count} pairs")
    return (even + odd) / 2**0.5


# --- the net


class Stage(nn.Module):
    """``depth`` convolutions of one width, each with norm and GELU.

    The first convolution is followed by 2x2 pooling if ``pool``: before norm and activation, which then have a quarter
    of the work (David Page).
    """

    def __init__(self, inputs: int, width: int, depth: int, pool: bool, recipe: "Recipe") -> None:
        super().__init__()
        conv = FlipEquivariantConv if recipe.flip_equivariant else IdentityConv
        self.convs = nn.ModuleList(conv(width if n else inputs, width) for n in range(depth))
        norm = FlipEquivariantNorm if recipe.flip_equivariant else FixedScaleNorm
        self.norms = nn.ModuleList(norm(width) for _ in range(depth))
        self.pool = pool
        self.skip = recipe.skip and depth > 1

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
    """Whitening stem, stages, the largest value of each map, a linear layer; of the shape that a recipe says.

    If the stem is to be computed, not learned (``recipe.whiten``), it is of use only after `whiten`.
    """

    def __init__(self, recipe: "Recipe", classes: int = 10) -> None:
        super().__init__()
        channels, size, stride = 2 * recipe.stem_filters, recipe.stem_size, recipe.stem_stride
        self.flip_equivariant = recipe.flip_equivariant
        self.stem: nn.Conv2d
        if self.flip_equivariant:
            self.stem = FlipEquivariantStem(3, channels, size, stride)
        else:
            self.stem = nn.Conv2d(3, channels, size, stride, padding=int(stride > 1))
        nn.init.zeros_(self.stem.bias)
        self.stem.weight.requires_grad = not recipe.whiten
        self.stem.bias.requires_grad = recipe.stem_bias
        stages = []
        for width, depth, pool in zip(recipe.widths, recipe.depths, recipe.pools, strict=True):
            stages.append(Stage(channels, width, depth, pool, recipe))
            channels = width
        self.stages = nn.Sequential(*stages)
        features = channels // 2 if self.flip_equivariant else channels
        self.head = nn.Linear(features, classes, bias=False)

    def whiten(self, images: torch.Tensor) -> None:
        """Compute the stem from normalized images (float, N x 3 x H x W; a few hundred are plenty)."""
        size, count = self.stem.kernel_size[0], self.stem.out_channels // 2
        if self.flip_equivariant:
            both = torch.cat([images, images.flip(3)])
            every = len(self.stem.weight[0].flatten())
            half = half_of_pairs(whitening_filters(both, size, every)[:every], count)
            filters = torch.cat([half, -half])
        else:
            filters = whitening_filters(images, size, count)
        with torch.no_grad():
            self.stem.weight.copy_(filters)

    def norms_over_processes(self) -> None:
        """From now on normalize by the batches of all processes together; they have to be joined."""
        for module in self.modules():
            if isinstance(module, FixedScaleNorm):
                module.over_processes = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float images, N x 3 x H x W, to logits, N x classes; H and W may differ from call to call."""
        x = self.stages(F.gelu(self.stem(x)))
        # amax would give the same; but its gradient looks for the maximum again, which a compiled net may have rounded
        # in another way and not find, and then it is nan
        x = F.max_pool2d(x, x.shape[2:]).flatten(1)
        return self.head(mean_of_halves(x) if self.flip_equivariant else x) / 9
