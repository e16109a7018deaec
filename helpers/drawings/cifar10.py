"""Draws the pictures of CIFAR-10: some of each class, random variants of one, what a net takes for what."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torchvision.datasets import VisionDataset

from helpers import plotting

SHOWN = 10  # pictures of a class


def show_classes(dataset: VisionDataset) -> None:
    """Show the first ten pictures of each class, one class a row.

    Args:
        dataset: with ``data`` (N x H x W x 3), ``targets`` and ``classes``.
    """
    plotting.use_style()
    labels = torch.tensor(dataset.targets)
    rows = [(labels == c).nonzero().flatten()[:SHOWN] for c in range(len(dataset.classes))]
    figure = plotting.picture_grid(dataset.data[torch.cat(rows)], columns=SHOWN, size=0.66)
    for c, name in enumerate(dataset.classes):
        axis = figure.axes[SHOWN * c]
        axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
    plotting.show(figure, alt="Ten rows of ten small color pictures, one row for each class.")


def show_variants(original: Tensor, variants: Tensor) -> None:
    """Show a picture, and beside it what a random transform made of it.

    Args:
        original: 3 x H x W, uint8.
        variants: N x 3 x H x W, uint8.
    """
    plotting.use_style()
    pictures = torch.cat([original.unsqueeze(0), variants]).permute(0, 2, 3, 1)
    titles = ["original", *("" for _ in variants)]
    figure = plotting.picture_grid(pictures.numpy(), titles, columns=len(pictures), size=1.1)
    figure.axes[0].set_title("original", fontsize=11, pad=4)
    alt = f"A picture, and {len(variants)} variants of it: moved by some pixels, some of them mirrored."
    plotting.show(figure, alt=alt)


def show_losses(history: Sequence[Sequence[float]]) -> None:
    """Show training and validation loss by epoch.

    Args:
        history: training and validation loss of each epoch.
    """
    plotting.use_style()
    figure, axis = plt.subplots()
    training, validation = zip(*history, strict=True)
    epochs = range(1, len(history) + 1)
    axis.plot(epochs, training, label="training", color=plotting.BLUE)
    axis.plot(epochs, validation, label="validation", color=plotting.VERMILION, linestyle="--")
    axis.set(xlabel="epoch", ylabel="cross entropy", xlim=(0, len(history)), ylim=(0, 5))
    axis.set_xticks(range(0, len(history) + 1, max(1, len(history) // 4)))
    axis.legend(loc="upper left", fontsize=11)
    plotting.show(figure, alt="Training and validation loss, epoch by epoch, as two curves.")


def show_confusion(confusion: Tensor, classes: Sequence[str]) -> None:
    """Show a confusion matrix; the darker a cell, the more samples it counts.

    Args:
        confusion: C x C counts, the true class by row and the predicted class by column.
        classes: their names.
    """
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(6.5, 5.4))
    image = axis.imshow(confusion.numpy(), cmap="Blues", vmin=0, vmax=int(confusion.sum(1).max()))
    figure.colorbar(image, label="pictures")
    axis.set_xticks(range(len(classes)), classes, rotation=60, ha="right", fontsize=11)
    axis.set_yticks(range(len(classes)), classes, fontsize=11)
    axis.set(xlabel="predicted class", ylabel="true class")
    axis.grid(False)
    plotting.show(
        figure, alt="Confusion matrix: how often each true class is taken for each class."
    )


def show_mistakes(
    pictures: Tensor, predicted: Tensor, labels: Tensor, classes: Sequence[str]
) -> None:
    """Show pictures under what the net took them for, and what they are.

    Args:
        pictures: N x 3 x H x W, uint8.
        predicted: N classes by number.
        labels: N classes by number, the right ones.
        classes: their names.
    """
    plotting.use_style()
    pairs = zip(predicted.tolist(), labels.tolist(), strict=True)
    titles = [f"{classes[guess]}?\nis {classes[label]}" for guess, label in pairs]
    shown = pictures.permute(0, 2, 3, 1).numpy()
    figure = plotting.picture_grid(shown, titles, columns=5, size=1.5)
    for axis, title in zip(figure.axes, titles, strict=False):
        axis.set_title(title, fontsize=10, pad=4)
    plotting.show(figure, alt="Test pictures, each with the net's wrong answer and the right one.")
