"""A data set whose samples say which process made them; in a module, so that worker processes can import it."""

import os

from torch.utils.data import Dataset


class ProcessIds(Dataset):
    """``count`` samples, each the identifier of the process that made it."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return os.getpid()
