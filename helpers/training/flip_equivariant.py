"""Layers that know mirror images: what they make of a mirrored picture is the mirror image of what they make of it.

A net of them cannot tell left from right, so it need not learn that a ship in a mirror is a ship, nor be shown one; it
has half the weights for the same work. Channels come in two halves: the second half sees in the picture what the
first half sees in its mirror image. (Group-equivariant convolutions for the group of two mirror images, in its regular
representation: Cohen and Welling, arXiv 1602.07576.)
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize


class MirrorStem(nn.Conv2d):
    """A convolution of pictures: each of its filters, and then the mirror image of each.

    Args:
        inputs: channels of the picture.
        outputs: channels of the answer, even; ``weight`` and ``bias`` hold half as many.
        size: side of the filters, in pixels.
        stride: of the convolution; the padding is 1 if it is over 1.
    """

    def __init__(self, inputs: int, outputs: int, size: int, stride: int) -> None:
        super().__init__(inputs, outputs // 2, size, stride, padding=int(stride > 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x inputs x H x W, to N x outputs x H' x W'."""
        weight, bias = torch.cat([self.weight, self.weight.flip(3)]), torch.cat([self.bias] * 2)
        return F.conv2d(x, weight, bias, self.stride, self.padding)


class MirrorConv(nn.Conv2d):
    """A 3x3 convolution without bias from halves to halves; it begins by handing its inputs on, as `IdentityConv` does.

    The filters of the second half are those of the first, mirrored, with the two halves of their inputs exchanged.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs // 2, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.weight[: inputs // 2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x inputs x H x W, to N x outputs x H x W."""
        first, second = self.weight.flip(3).chunk(2, dim=1)
        mirrored = torch.cat([second, first], dim=1)
        return F.conv2d(x, torch.cat([self.weight, mirrored]), padding=1)


class Twice(nn.Module):
    """A parametrization: the same numbers for both halves."""

    def forward(self, half: torch.Tensor) -> torch.Tensor:
        """C/2 numbers to C."""
        return torch.cat([half, half])

    def right_inverse(self, whole: torch.Tensor) -> torch.Tensor:
        """C numbers to C/2."""
        return whole[: len(whole) // 2]


class MirrorNorm(nn.Module):
    """A batch norm that treats both halves alike: a channel and its mirror image share bias, mean and variance.

    In training each is normalised by its own mean and variance, which is faster and differs by chance only; after
    training both are normalised by the mean of what both have kept.
    """

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm
        parametrize.register_parametrization(norm, "bias", Twice())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float, N x C x H x W, to the same shape."""
        if not self.training:
            for kept in (self.norm.running_mean, self.norm.running_var):
                kept.copy_(kept.view(2, -1).mean(0).repeat(2))
        return self.norm(x)


def mean_of_halves(x: torch.Tensor) -> torch.Tensor:
    """N x C to N x C/2: what is left does not change at all when the picture is mirrored."""
    first, second = x.chunk(2, dim=1)
    return (first + second) / 2


def half_of_pairs(filters: torch.Tensor, count: int) -> torch.Tensor:
    """Turn whitening filters so that they form pairs of mirror images, and take one of each pair.

    The directions in which pictures and their mirror images vary are even (their own mirror image) or odd (its
    negative). The sum and the difference of an even and an odd one, divided by the root of 2, are mirror images of each
    other, and their answers are as uncorrelated as before.

    Args:
        filters: float, K x C x S x S, of pictures together with their mirror images, the strongest first.
        count: how many pairs.

    Returns:
        float, count x C x S x S.

    Raises:
        ValueError: there are not so many even ones, or odd ones.
    """
    mirrored = filters.flip(3)
    is_even = (filters * mirrored).sum((1, 2, 3)) > 0
    even, odd = filters[is_even][:count], filters[~is_even][:count]
    if min(len(even), len(odd)) < count:
        raise ValueError(f"{len(even)} even and {len(odd)} odd filters make no {count} pairs")
    return (even + odd) / 2**0.5
