"""Draws how the time of an operation grows with the size of its tensor."""

from collections.abc import Sequence

import matplotlib.pyplot as plt

from helpers import plotting


def show_time_and_rate(sizes: Sequence[int], seconds: Sequence[float], bytes_each: int = 4) -> None:
    """Show time against size, and beside it the rate at which memory was read.

    Args:
        sizes: numbers of elements, rising.
        seconds: how long the operation took for each size, reading each element once.
        bytes_each: bytes of an element.
    """
    plotting.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    left.loglog(sizes, [1e6 * each for each in seconds], "o-")
    left.set(title="time of one sum", xlabel="numbers in the tensor", ylabel="microseconds")
    rates = [bytes_each * size / each / 1e9 for size, each in zip(sizes, seconds, strict=True)]
    right.semilogx(sizes, rates, "s-", color=plotting.VERMILION)
    right.set(title="memory read", xlabel="numbers in the tensor", ylabel="gigabytes per second")
    right.set_ylim(bottom=0)
    for axis in (left, right):
        axis.set_xticks(sizes)
    plotting.show(
        figure,
        alt="Left: time against size, flat for small tensors, then rising in proportion. "
        "Right: the rate at which memory is read; it begins near zero and rises with the size.",
    )
