"""The pictures of page 03: flights of a ball, walks over a landscape, gradients layer by layer."""

import pytest
import torch

from helpers.drawings.flights import flight, show_flights
from helpers.drawings.gradient_norms import show_gradient_norms
from helpers.drawings.valley import show_valley
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def start(throw):
    return torch.zeros(2), throw


def step(position, velocity):
    return position + velocity, velocity


def test_a_flight_has_every_position():
    path = flight(start, step, torch.tensor([1.0, 2.0]), 3)
    assert path.tolist() == [[0, 0], [1, 2], [2, 4], [3, 6]]


def test_flights_end_with_a_ball_and_meet_the_hoop_or_not():
    hoop = torch.tensor([2.0, 3.0])
    throws = {"one": torch.tensor([1.0, 2.0], requires_grad=True), "two": torch.ones(2)}
    figure, alt = shown(show_flights, start, step, hoop, throws, steps=2)
    one, end, *_, cross = figure.axes[0].lines
    assert one.get_xydata().tolist() == [[0, 0], [1, 2], [2, 4]]
    assert end.get_xydata().tolist() == [[2, 4]]
    assert cross.get_xydata().tolist() == [[2, 3]]
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["one", "two", "hoop"]
    assert "one, two" in alt


def test_a_walk_is_drawn_point_by_point():
    walk = [torch.tensor([6.0, 0.6]), torch.tensor([7.0, 0.8]), torch.tensor([9.0, 0.9])]
    figure, alt = shown(show_valley, lambda x: (x - walk[-1]).square().sum(), {"walk": walk})
    path, last, first = figure.axes[0].lines
    assert torch.tensor(path.get_xydata()).allclose(torch.stack(walk).double())
    assert torch.tensor(last.get_xydata()[0]).allclose(walk[-1].double())
    assert torch.tensor(first.get_xydata()[0]).allclose(walk[0].double())
    assert alt.endswith("the path of walk.")


def test_norms_are_drawn_for_each_layer_and_told_in_words():
    norms = {
        "a": [torch.tensor(100.0), torch.tensor(1.0)],
        "b": [2.0, 1.0],
        "c": [0.01, 1.0],
    }
    figure, alt = shown(show_gradient_norms, norms)
    assert [line.get_ydata().tolist() for line in figure.axes[0].lines] == [
        [100, 1],
        [2, 1],
        [0.01, 1],
    ]
    assert figure.axes[0].lines[0].get_xdata().tolist() == [1, 2]
    assert alt.endswith("a rises, b stays level, c falls.")
