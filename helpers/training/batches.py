"""The data set in memory, and batches out of it: shuffled, shifted, flipped, many images at a time.

A ``DataLoader`` handles images one by one, in Python, in other processes; for images as small as CIFAR-10's, that
costs more than the training. Here a batch is a few operations on the uint8 array. Everything random follows from the
seed and the number of the pass, so a training can go on in the middle and several processes can share a batch without
talking. The old way is at the end, to be compared with.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional as F

from helpers import data

if TYPE_CHECKING:
    from torchvision.datasets import VisionDataset

VALIDATION_SIZE = 5_000
Batches = Generator[tuple[torch.Tensor, torch.Tensor], None, None]  # images and labels


class Images(NamedTuple):
    """What is learned from and what is judged by: uint8 images N x 32 x 32 x 3, int64 labels N."""

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor
    split: str = "test"  # or "validation": then ``test`` is a part of the training set


def load(validation: bool = False) -> Images:
    """CIFAR-10; for ``validation`` 5,000 training images are taken out to judge by, and the test set is not read."""
    images, labels = _tensors(data.cifar10(train=True))
    if not validation:
        return Images(images, labels, *_tensors(data.cifar10(train=False)))
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1234))
    test, train = order[:VALIDATION_SIZE], order[VALIDATION_SIZE:]
    return Images(images[train], labels[train], images[test], labels[test], "validation")


def _tensors(dataset: "VisionDataset") -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels of a data set, channels last in memory too: torchvision's arrays have them first there."""
    return torch.from_numpy(dataset.data).contiguous(), torch.tensor(dataset.targets)


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
    rows = images.flatten(2)  # rows of 3 W numbers: several times faster than 3 numbers at a time
    mean, std = (each.repeat(images.shape[2]) for each in stats)
    return ((rows - mean) / std).unflatten(2, (-1, 3)).permute(0, 3, 1, 2)


def resize(images: torch.Tensor, size: int) -> torch.Tensor:
    """Images, N x 3 x H x H, scaled to N x 3 x size x size, smoothed where they shrink; uint8 on a CPU only."""
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True)


def resized_and_normalized(images: torch.Tensor, size: int, stats: ChannelStats) -> torch.Tensor:
    """uint8, N x H x H x 3, to normalized floats, N x 3 x size x size in channels-last order.

    A CPU scales bytes several times faster than floats; what is lost is the rounding to whole numbers of 0..255. A GPU
    scales floats only. Floats (N x 3 x H x H) are normalized already, as those of `dataloader_batches` are.
    """
    if images.is_floating_point():
        return resize(images, size)
    if images.device.type != "cpu":
        return resize(normalize(images, stats), size)
    return normalize(resize(images.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1), stats)


def crop(
    images: torch.Tensor,
    indices: torch.Tensor,
    shifts: torch.Tensor,
    flipped: torch.Tensor | None = None,
    reach: int | None = None,
) -> torch.Tensor:
    """Take some images, each shifted by its own amount and flipped or not; beyond its edge an image is reflected.

    Whole rows of pixels are copied, which is faster than pixels one by one.

    Args:
        images: uint8, N x H x W x 3, contiguous: else all of them are copied for each call.
        indices: int64, B, which of them; what is returned is uint8, B x H x W x 3.
        shifts: int64, B x 2, by how many pixels the window moves down and right (negative: up and left), less than H.
        flipped: bool, B, left and right swapped? None: no image is.
        reach: the most that a window moves sideways; None for anything less than W.
    """
    height, width, channels = images.shape[1:]
    reach = width - 1 if reach is None else reach
    rows = _reflect(torch.arange(height, device=indices.device) + shifts[:, :1], height)
    rows = (indices[:, None] * height + rows).flatten()
    x = images.flatten(0, 1).index_select(0, rows).view(-1, height, width, channels)
    left, right = x[:, :, 1 : reach + 1], x[:, :, width - 1 - reach : width - 1]
    wide = torch.cat([left.flip(2), x, right.flip(2)], 2)
    windows = wide.flatten(2).unfold(2, width * channels, channels)
    which = torch.arange(len(indices), device=indices.device)
    x = windows[which, :, shifts[:, 1] + reach].view(-1, height, width, channels)
    return x if flipped is None else torch.where(flipped[:, None, None, None], x.flip(2), x)


def _reflect(index: torch.Tensor, length: int) -> torch.Tensor:
    """Indices into ``length`` things, mirrored where they are outside: -1 is 1, length is length - 2."""
    index = index.abs()
    return torch.where(index < length, index, 2 * (length - 1) - index)


def cutout(
    images: torch.Tensor, corners: torch.Tensor, size: int, color: torch.Tensor
) -> torch.Tensor:
    """Images (B x H x W x 3) with a square of one color (3 numbers) each, ``corners`` B x 2 its upper left (cutout)."""
    height, width = images.shape[1:3]
    rows = torch.arange(height, device=images.device) - corners[:, :1]
    columns = torch.arange(width, device=images.device) - corners[:, 1:]
    in_rows = (rows >= 0) & (rows < size)
    in_columns = (columns >= 0) & (columns < size)
    return torch.where((in_rows[:, :, None] & in_columns[:, None])[..., None], color, images)


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
) -> Batches:
    """Training batches without end; each pass takes every image once, in an order of its own.

    An image that is flipped in one pass is not in the next ("alternating flip", airbench): chance alone would show
    the same side twice in a row in half of the cases. What does not fill a batch at the end of a pass is left out.

    Args:
        images: uint8, N x H x W x 3, on the device where the batches are wanted.
        labels: int64, N.
        stats: their mean is the color of cutouts.
        batch_size: images of a batch, over all processes together.
        seed: the same numbers give the same batches, on any device.
        translate: move the window by up to so many pixels each way.
        flip: flip half of the images?
        cutout_size: side of a square of the mean color in each image, in pixels; 0 for none.
        start: the number of the first batch.
        rank: which share of each batch is wanted: 0, 1, ...
        processes: how many equal shares a batch has; no image is in two of them.

    Yields:
        uint8 images, batch_size/processes x H x W x 3, and labels, int64.

    Raises:
        ValueError: a batch cannot be shared equally, or is larger than the data set.
    """
    images, count, device = images.contiguous(), len(images), images.device
    per_epoch = _batches_per_epoch(count, batch_size, processes)
    first_sides = torch.rand(count, generator=torch.Generator().manual_seed(seed)) < 0.5
    room, color = images.shape[1] - cutout_size + 1, stats.mean.round().to(torch.uint8)
    epoch, first = divmod(start, per_epoch)
    while True:
        random = _epoch_generator(seed, epoch)
        order = torch.randperm(count, generator=random)
        shifts = torch.randint(-translate, translate + 1, (count, 2), generator=random).to(device)
        flipped = (first_sides ^ bool(epoch % 2))[order].to(device)
        order = order.to(device)
        if cutout_size:
            corners = torch.randint(0, room, (count, 2), generator=random).to(device)
        for n in range(first, per_epoch):
            share = slice(n * batch_size + rank, (n + 1) * batch_size, processes)
            indices, sides = order[share], flipped[share] if flip else None
            x = crop(images, indices, shifts[share], sides, translate)
            if cutout_size:
                x = cutout(x, corners[share], cutout_size, color)
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
) -> Batches:
    """Training batches without end, in the old way: a ``DataLoader`` that handles one image at a time.

    Args:
        images: uint8, N x H x W x 3.
        labels: int64, N.
        batch_size: images of a batch, over all processes together.
        seed: the same numbers give the same batches.
        start: the number of the first batch.
        rank: which share of each batch is wanted: 0, 1, ...
        processes: how many equal shares a batch has; no image is in two of them.
        workers: processes that load images; 0 in a notebook.

    Yields:
        float images in -1..1, batch_size/processes x 3 x H x W, and labels, int64.

    Raises:
        ValueError: see `batches`.
    """
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
