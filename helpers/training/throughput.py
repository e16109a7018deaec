"""How many images a second a training loop gets through, from whatever source of batches: page 07 compares two."""

import time
from collections.abc import Callable, Iterable
from itertools import islice

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.training.baseline_nets import lenet


def throughput(
    batches: Iterable[tuple[Tensor, Tensor]],
    steps: int,
    clock: Callable[[], float] = time.perf_counter,
) -> str:
    """Train a new LeNet with SGD for some steps, and return the images a second as text, "1234 pictures/s".

    Args:
        batches: pairs of images, N x 3 x 32 x 32, and labels; at least one, and no more than ``steps`` are taken.
        steps: of the optimizer, one for each batch.
        clock: seconds, looked at before the first batch is asked for and after the last step.
    """
    net = lenet()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    seen, start = 0, clock()
    for x, y in islice(batches, steps):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += len(y)
    return f"{seen / (clock() - start):.0f} pictures/s"
