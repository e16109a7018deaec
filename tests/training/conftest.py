"""What the tests of trainings share: a tiny net and a few drawn images in the place of CIFAR-10."""

import pytest
import torch

from helpers.data.stand_in import draw_shapes
from helpers.training import batches, speed
from helpers.training.recipe import Recipe


@pytest.fixture
def small(monkeypatch):
    """The recipe of a tiny net; what is loaded are 320 drawn images; no precision is tried, one thread computes."""
    drawn, labels = map(torch.as_tensor, draw_shapes(320, seed=0))
    images = batches.Images(drawn[:256], labels[:256], drawn[256:], labels[256:])
    recipe = Recipe(widths=(4, 8), depths=(1, 2), pools=(True, True), stem_filters=4, batch_size=32)
    monkeypatch.setattr(batches, "load", lambda validation=False: images)
    monkeypatch.setattr(speed, "precisions_to_try", lambda device: ("fp32",))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more than one wait for each other when other tests run beside this
    yield recipe
    torch.set_num_threads(threads)
