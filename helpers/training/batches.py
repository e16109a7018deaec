"""Batches out of a whole data set in memory: shuffled, shifted, mirrored by indexing, many pictures at a time.

A ``DataLoader`` handles pictures one by one, in Python, in other processes; for pictures as small as CIFAR-10's, that
costs more than the training. Here a batch is one indexing of the uint8 array. Everything random follows from the seed
and the number of the pass, so a run can go on in the middle and several processes can share a batch without talking.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch.nn import functional as F


class Moments(NamedTuple):
    """Mean and deviation of the colours of uint8 pictures: float, one number a channel, in 0..255."""

    mean: torch.Tensor
    deviation: torch.Tensor


def moments(pictures: torch.Tensor) -> Moments:
    """Mean and deviation of each colour of the first 5,000 pictures (uint8, N x H x W x 3)."""
    parts = [part.float() for part in pictures[:5_000].flatten(0, 2).split(500_000)]
    count = sum(len(part) for part in parts)
    mean = sum(part.sum(0) for part in parts) / count
    variance = sum((part - mean).square().sum(0) for part in parts) / count
    return Moments(mean, variance.sqrt())


def normalised(pictures: torch.Tensor, by: Moments) -> torch.Tensor:
    """uint8, N x H x W x 3, to float with mean 0 and deviation 1, N x 3 x H x W in channels-last order."""
    return ((pictures - by.mean) / by.deviation).permute(0, 3, 1, 2)


def resized(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """Float pictures, N x 3 x H x H, scaled to N x 3 x size x size, smoothed where they shrink."""
    if pictures.shape[-1] == size:
        return pictures
    return F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True)


def cropped(
    pictures: torch.Tensor, chosen: torch.Tensor, shifts: torch.Tensor, mirrored: torch.Tensor
) -> torch.Tensor:
    """Choose pictures, each shifted by its own amount and mirrored or not; beyond the edge the picture is reflected.

    Args:
        pictures: uint8, N x H x W x 3.
        chosen: int64, B, which of them.
        shifts: int64, B x 2, by how many pixels the window moves down and right (negative: up and left), less than H.
        mirrored: bool, B, left and right swapped?

    Returns:
        uint8, B x H x W x 3.
    """
    height, width = pictures.shape[1:3]
    rows = torch.arange(height, device=chosen.device) + shifts[:, :1]
    columns = torch.arange(width, device=chosen.device) + shifts[:, 1:]
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    return pictures[
        chosen[:, None, None],
        _reflected(rows, height)[:, :, None],
        _reflected(columns, width)[:, None],
    ]


def _reflected(index: torch.Tensor, length: int) -> torch.Tensor:
    """Indices into ``length`` things, mirrored where they are outside: -1 is 1, length is length - 2."""
    index = index.abs()
    return torch.where(index < length, index, 2 * (length - 1) - index)


def with_holes(pictures: torch.Tensor, corners: torch.Tensor, side: int) -> torch.Tensor:
    """Pictures (float, B x 3 x H x W) with a square of zeros each, its upper left ``corners`` B x 2 (cutout)."""
    height, width = pictures.shape[2:]
    rows = torch.arange(height, device=pictures.device) - corners[:, :1]
    columns = torch.arange(width, device=pictures.device) - corners[:, 1:]
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[
        :, None
    ]
    return pictures.masked_fill(inside[:, None], 0)


def batches(
    pictures: torch.Tensor,
    labels: torch.Tensor,
    by: Moments,
    size: int,
    seed: int,
    *,
    shift: int = 2,
    flip: bool = True,
    hole: int = 0,
    start: int = 0,
    rank: int = 0,
    processes: int = 1,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Training batches without end; each pass takes every picture once, in an order of its own.

    A picture that is mirrored in one pass is not in the next ("alternating flip", airbench): chance alone would show
    the same side twice running in half of the cases. What does not fill a batch at the end of a pass is left out of it.

    Args:
        pictures: uint8, N x H x W x 3, on the device where the batches are wanted.
        labels: int64, N.
        by: what to normalise by.
        size: pictures of a batch, over all processes together.
        seed: the same numbers give the same batches, on any device.
        shift: move the window by up to so many pixels each way.
        flip: mirror half of the pictures?
        hole: side of a square of zeros in each picture, in pixels; 0 for none.
        start: the number of the first batch.
        rank: which share of each batch is wanted,
        processes: of how many equal shares. No picture is in two.

    Yields:
        Float pictures, size/processes x 3 x H x W (channels last), and labels, int64.

    Raises:
        ValueError: a batch cannot be shared equally, or is larger than the data set.
    """
    if size % processes:
        raise ValueError(f"a batch of {size} cannot be shared equally by {processes} processes")
    count, device = len(pictures), pictures.device
    if size > count:
        raise ValueError(f"a batch of {size} is more than the {count} pictures there are")
    each = count // size  # batches of a pass
    mirrored = torch.rand(count, generator=torch.Generator().manual_seed(seed)) < 0.5
    room = pictures.shape[1] - hole + 1
    epoch, first = divmod(start, each)
    while True:
        random = torch.Generator().manual_seed((seed << 20) + epoch + 1)
        order = torch.randperm(count, generator=random)
        shifts = torch.randint(-shift, shift + 1, (count, 2), generator=random).to(device)
        corners = torch.randint(0, room, (count, 2), generator=random).to(device)
        sides = ((mirrored ^ bool(epoch % 2)) & flip)[order].to(device)
        order = order.to(device)
        for n in range(first, each):
            mine = slice(n * size + rank, (n + 1) * size, processes)
            chosen = order[mine]
            x = normalised(cropped(pictures, chosen, shifts[mine], sides[mine]), by)
            if hole:
                x = with_holes(x, corners[mine], hole)
            yield x, labels[chosen]
        epoch, first = epoch + 1, 0
