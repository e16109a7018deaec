"""CIFAR-10 as torchvision's data set, from arrays that have been checked."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10, VisionDataset

from helpers.data import files


class Cifar10(CIFAR10):
    """torchvision's data set of CIFAR-10; torchvision itself would unpickle the files.

    Args:
        flat: all pictures and labels, as `files.decode` or `files.read_cache` returns them; they stay as they are.
        train: True for the 50,000 training pictures, False for the 10,000 test pictures.
        transform: called with each PIL picture (32x32, RGB); None leaves the picture as it is.
        root: where the files lie.
    """

    def __init__(
        self, flat: np.ndarray, train: bool, transform: Callable | None, root: Path
    ) -> None:
        VisionDataset.__init__(self, root, transform=transform)
        self.train = train
        self.data, self.targets = files.own_part(flat, train)
        self.classes = list(files.CLASSES)
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
