"""The data set in memory, and batches out of it: shuffled, shifted, flipped by indexing, many images at a time.

A ``DataLoader`` handles images one by one, in Python, in other processes; for images as small as CIFAR-10's, that
costs more than the training. Here a batch is one indexing of the uint8 array. Everything random follows from the seed
and the number of the pass, so a training can go on in the middle and several processes can share a batch without
talking. The old way is at the end, to be compared with.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch.nn import functional as F

from helpers import data

VALIDATION_SIZE = 5_000


class Images(NamedTuple):
    """What is learned from and what is judged by: uint8 images N x 32 x 32 x 3, int64 labels N."""

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor
    split: str = "test"  # or "validation": then ``test`` is a part of the training set


def load(validation: bool = False) -> Images:
    """CIFAR-10; for ``validation`` 5,000 training images are taken out to judge by, and the test set is not read."""
    train_set = data.cifar10(train=True)
    images, labels = torch.from_numpy(train_set.data), torch.tensor(train_set.targets)
    if not validation:
        test_set = data.cifar10(train=False)
        test, test_labels = torch.from_numpy(test_set.data), torch.tensor(test_set.targets)
        return Images(images, labels, test, test_labels)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1234))
    test, train = order[:VALIDATION_SIZE], order[VALIDATION_SIZE:]
    return Images(images[train], labels[train], images[test], labels[test], "validation")


class ChannelStats(NamedTuple):
    """Mean and standard deviation of each color of uint8 images: float, one number a channel, in 0..255."""

    mean: torch.Tensor
    std: torch.Tensor


def channel_stats(images: torch.Tensor) -> ChannelStats:
    """Mean and standard deviation of each color of the first 5,000 images (uint8, N x H x W x 3)."""
    parts = [part.float() for part in images[:5_000].flatten(0, 2).split(500_000)]
    count = sum(len(part) for part in parts)
    mean = sum(part.sum(0) for part in parts) / count
    variance = sum((part - mean).square().sum(0) for part in parts) / count
    return ChannelStats(mean, variance.sqrt())


def normalize(images: torch.Tensor, stats: ChannelStats) -> torch.Tensor:
    """uint8, N x H x W x 3, to float with mean 0 and deviation 1, N x 3 x H x W in channels-last order."""
    return ((images - stats.mean) / stats.std).permute(0, 3, 1, 2)


def resize(images: torch.Tensor, size: int) -> torch.Tensor:
    """Float images, N x 3 x H x H, scaled to N x 3 x size x size, smoothed where they shrink."""
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True)


def crop(
    images: torch.Tensor, indices: torch.Tensor, shifts: torch.Tensor, flipped: torch.Tensor
) -> torch.Tensor:
    """Take some images, each shifted by its own amount and flipped or not; beyond its edge an image is reflected.

    Args:
        images: uint8, N x H x W x 3.
        indices: int64, B, which of them; what is returned is uint8, B x H x W x 3.
        shifts: int64, B x 2, by how many pixels the window moves down and right (negative: up and left), less than H.
        flipped: bool, B, left and right swapped?
    """
    height, width = images.shape[1:3]
    rows = torch.arange(height, device=indices.device) + shifts[:, :1]
    columns = torch.arange(width, device=indices.device) + shifts[:, 1:]
    columns = torch.where(flipped[:, None], columns.flip(1), columns)
    return images[
        indices[:, None, None],
        _reflect(rows, height)[:, :, None],
        _reflect(columns, width)[:, None],
    ]


def _reflect(index: torch.Tensor, length: int) -> torch.Tensor:
    """Indices into ``length`` things, mirrored where they are outside: -1 is 1, length is length - 2."""
    index = index.abs()
    return torch.where(index < length, index, 2 * (length - 1) - index)


def cutout(images: torch.Tensor, corners: torch.Tensor, size: int) -> torch.Tensor:
    """Images (float, B x 3 x H x W) with a square of zeros each, ``corners`` B x 2 its upper left (cutout)."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device) - corners[:, :1]
    columns = torch.arange(width, device=images.device) - corners[:, 1:]
    in_rows = (rows >= 0) & (rows < size)
    in_columns = (columns >= 0) & (columns < size)
    return images.masked_fill((in_rows[:, :, None] & in_columns[:, None])[:, None], 0)


def batches(
    images: torch.Tensor,
    labels: torch.Tensor,
    stats: ChannelStats,
    batch_size: int,
    seed: int,
    *,
    translate: int = 2,
    flip: bool = True,
    cutout_size: int = 0,
    start: int = 0,
    rank: int = 0,
    processes: int = 1,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Training batches without end; each pass takes every image once, in an order of its own.

    An image that is flipped in one pass is not in the next ("alternating flip", airbench): chance alone would show
    the same side twice in a row in half of the cases. What does not fill a batch at the end of a pass is left out.

    Args:
        images: uint8, N x H x W x 3, on the device where the batches are wanted.
        labels: int64, N.
        stats: what to normalize by.
        batch_size: images of a batch, over all processes together.
        seed: the same numbers give the same batches, on any device.
        translate: move the window by up to so many pixels each way.
        flip: flip half of the images?
        cutout_size: side of a square of zeros in each image, in pixels; 0 for none.
        start: the number of the first batch.
        rank: which share of each batch is wanted,
        processes: of how many equal shares. No image is in two.

    Yields:
        Float images, batch_size/processes x 3 x H x W (channels last), and labels, int64.

    Raises:
        ValueError: a batch cannot be shared equally, or is larger than the data set.
    """
    count, device = len(images), images.device
    per_epoch = _batches_per_epoch(count, batch_size, processes)
    first_sides = torch.rand(count, generator=torch.Generator().manual_seed(seed)) < 0.5
    room = images.shape[1] - cutout_size + 1
    epoch, first = divmod(start, per_epoch)
    while True:
        random = _epoch_generator(seed, epoch)
        order = torch.randperm(count, generator=random)
        shifts = torch.randint(-translate, translate + 1, (count, 2), generator=random).to(device)
        flipped = ((first_sides ^ bool(epoch % 2)) & flip)[order].to(device)
        order = order.to(device)
        if cutout_size:
            corners = torch.randint(0, room, (count, 2), generator=random).to(device)
        for n in range(first, per_epoch):
            share = slice(n * batch_size + rank, (n + 1) * batch_size, processes)
            indices = order[share]
            x = normalize(crop(images, indices, shifts[share], flipped[share]), stats)
            if cutout_size:
                x = cutout(x, corners[share], cutout_size)
            yield x, labels[indices]
        epoch, first = epoch + 1, 0


def _batches_per_epoch(count: int, batch_size: int, processes: int) -> int:
    """How many whole batches a pass has. Raises ValueError, see `batches`."""
    batch = f"a batch of {batch_size}"
    if batch_size % processes:
        raise ValueError(f"{batch} cannot be shared equally by {processes} processes")
    if batch_size > count:
        raise ValueError(f"{batch} is more than the {count} images there are")
    return count // batch_size


def _epoch_generator(seed: int, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed << 20) + epoch + 1)


# --- the old way


class _OneByOne(torch.utils.data.Dataset):
    """PIL images through torchvision's transforms to floats in -1..1, as in the old tutorials."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        from torchvision.transforms import v2

        self.images, self.labels = images.cpu().numpy(), labels.tolist()
        to_float, scale = v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)
        self.transform = v2.Compose([v2.ToImage(), to_float, scale])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def dataloader_batches(
    images: torch.Tensor,
    labels: torch.Tensor,
    batch_size: int,
    seed: int,
    *,
    start: int = 0,
    rank: int = 0,
    processes: int = 1,
    workers: int = 2,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The old way: a ``DataLoader`` with workers (0 in a notebook), one image at a time, in -1..1; see `batches`."""
    dataset = _OneByOne(images, labels)
    per_epoch = _batches_per_epoch(len(images), batch_size, processes)
    epoch, first = divmod(start, per_epoch)
    while True:
        random = _epoch_generator(seed, epoch)
        order = torch.randperm(len(images), generator=random)[: per_epoch * batch_size]
        shares = [batch[rank::processes].tolist() for batch in order.split(batch_size)[first:]]
        loader = torch.utils.data.DataLoader(
            dataset, batch_sampler=shares, num_workers=workers, generator=random
        )
        for x, y in loader:
            yield x.to(images.device), y.to(images.device)
        epoch, first = epoch + 1, 0
