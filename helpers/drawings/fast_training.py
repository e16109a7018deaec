"""Draws what page 07 is about: augmented images, whitening, the steps of Muon, and what each technique adds."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from helpers import plotting
from helpers.plotting import BLUE, GRAY, VERMILION


def show_schedule(factor: Callable[[float], float]) -> None:
    """Show the factor of the learning rate over the course of a training; ``factor`` is given 0 to 1."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(7, 2.6))
    axis.plot(range(101), [factor(percent / 100) for percent in range(101)])
    axis.set(xlabel="% of the training", ylabel="factor of the learning rate", ylim=(0, 1.1))
    plotting.show(figure, alt="A steep rise from zero to one, then a long straight fall to zero.")


def show_versions(images: Tensor, titles: Sequence[str]) -> None:
    """Show versions of one image in a row.

    Args:
        images: uint8, N x H x W x 3.
        titles: one of each.
    """
    plotting.use_style()
    figure = plotting.picture_grid(images.numpy(), titles, columns=len(images), size=1.45)
    for axis in figure.axes:
        axis.title.set_fontsize(10)
    plotting.show(figure, alt=f"The same picture {len(images)} times: {'; '.join(titles)}.")


def show_covariances(before: Tensor, after: Tensor) -> None:
    """Show two covariance matrices beside each other, of the pixels of a patch and of what the filters answer."""
    plotting.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8))
    titles = f"{len(before)} numbers of a patch", f"answers of {len(after)} filters"
    for axis, matrix, title in zip(axes, (before, after), titles, strict=True):
        shown = axis.imshow(matrix.numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
        axis.set_title(title)
        axis.grid(False)
    figure.colorbar(shown, ax=axes, label="covariance")
    plotting.show(
        figure,
        alt="Two covariance matrices. Left, of the pixels: red nearly everywhere. "
        "Right, of the answers: red on the diagonal, white elsewhere.",
    )


def show_filters(filters: Tensor) -> None:
    """Show filters as color pictures, in two rows; gray is zero.

    A filter and its negative do the same work, so the sign is free: here the largest number of each is positive.

    Args:
        filters: float, an even number x 3 x H x W.
    """
    plotting.use_style()
    flat = filters.detach().flatten(1)
    largest = flat.gather(1, flat.abs().argmax(1, keepdim=True))
    pictures = 0.5 + 0.5 * filters.detach() / largest[:, :, None, None]
    columns = len(filters) // 2
    figure = plotting.picture_grid(
        pictures.permute(0, 2, 3, 1).numpy(), columns=columns, size=8.4 / columns
    )
    plotting.show(
        figure,
        alt="Small color patches: flat ones first, then steps in brightness, "
        "steps in color, and finer and finer stripes and checks.",
    )


def show_singular_values(gradient: Tensor, update: Tensor) -> None:
    """Show the singular values of a gradient, as shares of the largest, and of the step that Muon makes of it."""
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(7.6, 3.2))
    of_gradient, of_update = torch.linalg.svdvals(gradient), torch.linalg.svdvals(update)
    style = {"markersize": 4, "linewidth": 1}
    axis.plot((of_gradient / of_gradient[0]).numpy(), "o-", label="the gradient", **style)
    axis.plot(of_update.numpy(), "s-", label="the step of Muon", **style)
    axis.set(xlabel="singular value, the largest first", ylabel="size", ylim=(0, 1.5))
    axis.legend(loc="upper right", ncols=2)
    plotting.show(
        figure,
        alt="Singular values. Those of the gradient, as shares of the largest, fall steadily to nearly nothing; "
        "those of Muon's step fall slowly from 1.2 to 0.7, and only the last lies below.",
    )


def show_gains(entries: Sequence[dict], title: str) -> None:
    """Show the validation accuracy with one technique after the other: a dot for each seed, a line at the mean.

    At the right of each row stands the work of a training.

    Args:
        entries: a list of ``techniques.json``, each a technique with its runs.
        title: above the picture.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(8.8, 1.2 + 0.42 * len(entries)))
    names = [entry["technique"] for entry in entries]
    for row, entry in enumerate(entries):
        accuracies = [run["accuracy"] for run in entry["runs"]]
        mean = sum(accuracies) / len(accuracies)
        axis.plot(accuracies, [row] * len(accuracies), "o", color=BLUE, markersize=5, alpha=0.55)
        axis.plot([mean, mean], [row - 0.3, row + 0.3], color=VERMILION, linewidth=2.5)
        work = sum(run["tflop"] for run in entry["runs"]) / len(entry["runs"])
        axis.text(
            1.02,
            row,
            f"{mean:.1f} %,  {work:.2f} TFLOP",
            transform=axis.get_yaxis_transform(),
            va="center",
            color=GRAY,
        )
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="validation accuracy, %", title=title)
    axis.invert_yaxis()
    plotting.show(
        figure,
        alt=f"{title}. A row of dots for each of: {', '.join(names)}; "
        "how far apart the dots of a row lie is the spread over the seeds.",
    )
