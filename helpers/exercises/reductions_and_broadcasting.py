"""The exercises of the page on reductions and broadcasting."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from helpers.exercises.calls import forbidden, loops
from helpers.exercises.exercise import differences, exercise


@exercise
def check_channel_stats(channel_stats: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Iterator[str]:
    """``channel_stats(images)``: mean and standard deviation of each channel, over all pictures and pixels."""

    def right(images: Tensor) -> tuple[Tensor, Tensor]:
        channels = [images[:, c].flatten() for c in range(images.shape[1])]
        means = [sum(c.tolist()) / len(c) for c in channels]
        squares = [
            sum((v - m) ** 2 for v in c.tolist()) / len(c)
            for c, m in zip(channels, means, strict=True)
        ]
        return torch.tensor(means), torch.tensor([math.sqrt(s) for s in squares])

    yield from differences(
        channel_stats, right, (torch.arange(96.0).view(2, 3, 4, 4),), (torch.rand(5, 2, 3, 6),)
    )


@exercise
def check_softmax(softmax: Callable[[Tensor], Tensor]) -> Iterator[str]:
    """``softmax(x)``: of each row, also for large elements."""
    small = torch.tensor([[0.0, 1.0], [2.0, 2.0]])
    large = torch.tensor([[2000.0, 2001.0, 300.0], [-2000.0, -2001.0, -3000.0]])
    yield from forbidden(softmax, (small,), "softmax", "log_softmax", "logsumexp", "softmin")
    yield from differences(
        softmax, lambda x: x.double().softmax(1).float(), (small,), (torch.randn(3, 5),), (large,)
    )


@exercise
def check_distances(distances: Callable[[Tensor, Tensor], Tensor]) -> Iterator[str]:
    """``distances(a, b)``: of each point of a to each point of b."""
    if loops(distances):
        yield "write it without a loop."

    def right(a: Tensor, b: Tensor) -> Tensor:
        return torch.tensor([[math.dist(p, q) for q in b.tolist()] for p in a.tolist()])

    a, b = (
        torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 0.0]]),
        torch.tensor([[0.0, 0.0], [3.0, 0.0]]),
    )
    yield from forbidden(distances, (a, b), "cdist", "pdist", "pairwise_distance")
    yield from differences(distances, right, (a, b), (torch.randn(4, 3), torch.randn(6, 3)))


@exercise
def check_attention(attention: Callable) -> Iterator[str]:
    """``attention(q, k, v, mask)``: scaled dot-product attention over the keys whose mask is true."""

    def right(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        out = torch.zeros(q.shape[0], q.shape[1], v.shape[2])
        for b in range(q.shape[0]):
            for n in range(q.shape[1]):
                scores = (k[b] * q[b, n]).sum(1) / math.sqrt(q.shape[2])
                shares = scores[mask[b]].softmax(0)
                out[b, n] = (shares[:, None] * v[b, mask[b]]).sum(0)
        return out

    def case(b: int, q: int, k: int, d: int, e: int) -> tuple[Tensor, ...]:
        mask = torch.rand(b, k) > 0.4
        mask[:, 0] = True
        return torch.randn(b, q, d), torch.randn(b, k, d), torch.randn(b, k, e), mask

    whole = case(2, 3, 4, 5, 6)
    whole[3].fill_(True)
    names = "scaled_dot_product_attention", "multi_head_attention_forward"
    yield from forbidden(attention, whole, *names)
    yield from differences(attention, right, whole, case(2, 3, 4, 5, 6), case(4, 1, 4, 2, 3))
