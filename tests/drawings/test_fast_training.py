"""The pictures of page 07 show what they were given."""

import pytest
import torch

from helpers.drawings import fast_training
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def test_a_schedule_is_drawn_over_the_whole_training():
    figure, _ = shown(fast_training.show_schedule, lambda progress: 1 - progress)
    (line,) = figure.axes[0].lines
    assert list(line.get_xdata()) == list(range(101))
    assert [line.get_ydata()[n] for n in (0, 50, 100)] == pytest.approx([1.0, 0.5, 0.0])


def test_versions_of_an_image_stand_in_a_row():
    images = torch.randint(0, 256, (3, 8, 8, 3), dtype=torch.uint8)
    figure, alt = shown(fast_training.show_versions, images, ["a", "b", "c"])
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "c"]
    for axis, image in zip(figure.axes, images, strict=True):
        assert (axis.images[0].get_array() == image.numpy()).all()
    assert alt == "The same picture 3 times: a; b; c."


def test_covariances_stand_beside_each_other():
    before, after = torch.full((4, 4), 0.5), torch.eye(2)
    figure, alt = shown(fast_training.show_covariances, before, after)
    left, right, _ = figure.axes
    assert (left.images[0].get_array() == before.numpy()).all()
    assert (right.images[0].get_array() == after.numpy()).all()
    assert left.get_title() == "4 numbers of a patch"
    assert "diagonal" in alt


def test_a_filter_and_its_negative_look_the_same():
    filters = torch.randn(4, 3, 4, 4)
    pictures = []
    for sign in (1, -1):
        figure, _ = shown(fast_training.show_filters, sign * filters)
        pictures.append([torch.tensor(axis.images[0].get_array()) for axis in figure.axes])
    for one, other in zip(*pictures, strict=True):
        assert torch.equal(one, other)
        assert one.shape == (4, 4, 3)
        assert 0 <= one.min() < one.max() == 1


def test_singular_values_are_drawn():
    figure, _ = shown(
        fast_training.show_singular_values, torch.diag(torch.tensor([3.0, 4.0])), torch.eye(2)
    )
    gradient, update = (torch.tensor(line.get_ydata()) for line in figure.axes[0].lines)
    assert torch.allclose(gradient, torch.tensor([1.0, 0.75]))
    assert torch.allclose(update, torch.ones(2))


def test_gains_are_drawn_with_each_seed_and_the_mean():
    entries = [
        {"technique": name, "runs": [{"accuracy": a, "tflop": 0.5} for a in accuracies]}
        for name, accuracies in (("first", [50.0, 52.0]), ("second", [60.0, 61.0]))
    ]
    figure, alt = shown(fast_training.show_gains, entries, "A title")
    axis = figure.axes[0]
    dots, means = axis.lines[::2], axis.lines[1::2]
    assert [list(line.get_xdata()) for line in dots] == [[50.0, 52.0], [60.0, 61.0]]
    assert [line.get_xdata()[0] for line in means] == [51.0, 60.5]
    assert [text.get_text() for text in axis.texts] == [
        "51.0 %,  0.50 TFLOP",
        "60.5 %,  0.50 TFLOP",
    ]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["first", "second"]
    assert axis.yaxis_inverted()
    assert alt.startswith("A title. A row of dots for each of: first, second;")
