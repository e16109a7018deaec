"""The exercises of the page of benchmarks: what a few runs are worth, a curve read off, two nets on one test set."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in


@exercise
def check_mean_and_error(
    mean_and_error: Callable[[list[float]], tuple[float, float]],
) -> Iterator[str]:
    """``mean_and_error(accuracies)``: the mean of a few runs, and the standard error of that mean."""

    def right(accuracies: list[float]) -> tuple[float, float]:
        x = torch.tensor(accuracies, dtype=torch.float64)
        return x.mean().item(), x.std().item() / math.sqrt(len(x))

    drawn = (80 + 5 * torch.randn(7, dtype=torch.float64)).tolist()
    yield from differences(
        mean_and_error, right, ([70.0, 74.0],), ([90.0, 91.5, 93.0, 93.5],), (drawn,)
    )


@exercise
def check_accuracy_after(
    accuracy_after: Callable[[list[tuple[float, float]], float], float],
) -> Iterator[str]:
    """``accuracy_after(points, seconds)``: read off a curve, straight in log(time) and log(error) between points."""

    def right(points: list[tuple[float, float]], seconds: float) -> float:
        n = max(i for i in range(len(points) - 1) if points[i][0] <= seconds)
        (t1, a1), (t2, a2) = points[n], points[n + 1]
        share = math.log(seconds / t1) / math.log(t2 / t1)
        return 100 - (100 - a1) * ((100 - a2) / (100 - a1)) ** share

    curve = [(10.0, 60.0), (40.0, 80.0), (160.0, 95.0)]
    cases = [(curve, 20.0), (curve, 80.0), (curve, 10.0), (curve, 40.0)]
    for low, high, share in torch.rand(3, 3).tolist():
        points = [(5.0, 40 + 20 * low), (50.0, 65 + 20 * high), (700.0, 93.0)]
        cases.append((points, 60 + 600 * share))
    yield from differences(accuracy_after, right, *cases)


@exercise
def check_compare(compare: Callable[[Tensor, Tensor], tuple[float, float]]) -> Iterator[str]:
    """``compare(right_a, right_b)``: by how much a is more accurate on the same images, and the standard error."""
    for images, alike in ((10_000, 0.9), (5_000, 0.6), (10_000, 0.0)):
        a = torch.rand(images) < 0.9
        b = torch.where(torch.rand(images) < alike, a, torch.rand(images) < 0.85)
        each = a.double() - b.double()  # of an image: 1 if only a has it right, -1 if only b has
        expected = 100 * each.mean().item(), 100 * each.std().item() / math.sqrt(images)
        about = f"for {images:,} images, of which {(a == b).double().mean():.0%} count for both or for neither"
        if fault := fault_in(compare(a.clone(), b.clone()), expected):
            yield f"{about}: {fault}"
