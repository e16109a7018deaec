"""The drawings of CIFAR-10's pictures: in the right order, under the right names."""

import numpy as np
import pytest
import torch

from helpers.data.stand_in import StandIn
from helpers.drawings import cifar10
from tests.support.figures import shown

CLASSES = ["cat", "dog", "frog"]
PICTURES = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 4, 4) * 100
pytestmark = pytest.mark.usefixtures("style")


def drawn(axis):
    (image,) = axis.images
    return np.asarray(image.get_array())


def test_each_row_has_the_first_pictures_of_a_class():
    dataset = StandIn(train=True, count=200)
    figure, alt = shown(cifar10.show_classes, dataset)
    assert len(figure.axes) == 100
    labels = np.array(dataset.targets)
    for c, name in enumerate(dataset.classes):
        row = figure.axes[10 * c : 10 * c + 10]
        assert row[0].get_ylabel() == name
        for axis, place in zip(row, np.flatnonzero(labels == c), strict=False):
            assert (drawn(axis) == dataset.data[place]).all()
    assert "Ten rows" in alt


def test_variants_stand_beside_the_original():
    figure, alt = shown(cifar10.show_variants, PICTURES[2], PICTURES[:2])
    assert [drawn(axis).max() for axis in figure.axes] == [200, 0, 100]
    assert [axis.get_title() for axis in figure.axes] == ["original", "", ""]
    assert "2 variants" in alt


def test_losses_are_two_curves():
    figure, _ = shown(cifar10.show_losses, [[2.0, 2.1], [1.0, 2.5]])
    lines = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {"training": [[1, 2.0], [2, 1.0]], "validation": [[1, 2.1], [2, 2.5]]}


def test_the_confusion_matrix_has_true_classes_by_row():
    confusion = torch.tensor([[5, 1, 0], [2, 3, 1], [0, 0, 6]])
    figure, _ = shown(cifar10.show_confusion, confusion, CLASSES)
    axis = figure.axes[0]
    assert (drawn(axis) == confusion.numpy()).all()
    assert axis.images[0].get_clim() == (0, 6)
    assert (axis.get_ylabel(), axis.get_xlabel()) == ("true class", "predicted class")
    assert [label.get_text() for label in axis.get_yticklabels()] == CLASSES


def test_mistakes_have_the_answer_and_the_truth():
    predicted, labels = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0])
    figure, _ = shown(cifar10.show_mistakes, PICTURES, predicted, labels, CLASSES)
    titles = [axis.get_title() for axis in figure.axes[:3]]
    assert titles == ["cat?\nis dog", "dog?\nis frog", "frog?\nis cat"]
    assert [drawn(axis).max() for axis in figure.axes[:3]] == [0, 100, 200]
