"""Batches the old way: pictures one by one through torchvision's transforms and a ``DataLoader`` with workers."""

from collections.abc import Iterator

import torch


class _PicturesOneByOne(torch.utils.data.Dataset):
    """PIL pictures through torchvision's transforms to floats in -1..1, as in the old tutorials."""

    def __init__(self, pictures: torch.Tensor, labels: torch.Tensor) -> None:
        from torchvision.transforms import v2

        self.pictures, self.labels = pictures.cpu().numpy(), labels.tolist()
        self.transform = v2.Compose(
            [
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5] * 3, [0.5] * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        return self.transform(Image.fromarray(self.pictures[index])), self.labels[index]


def loader_batches(
    pictures: torch.Tensor, labels: torch.Tensor, size: int, seed: int, workers: int = 2
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of the old way, without end: a ``DataLoader`` with workers, one picture at a time, floats in -1..1."""
    loader = torch.utils.data.DataLoader(
        _PicturesOneByOne(pictures, labels),
        batch_size=size,
        shuffle=True,
        num_workers=workers,
        generator=torch.Generator().manual_seed(seed),
        drop_last=True,
    )
    while True:
        for x, y in loader:
            yield x.to(pictures.device), y.to(pictures.device)
