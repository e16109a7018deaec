"""The stand-in: it has CIFAR-10's form, is always the same, and can be learned by its shapes only."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from helpers.data import stand_in
from helpers.data.stand_in import StandIn


@pytest.fixture(scope="module")
def train():
    return StandIn(train=True, count=4000)


@pytest.fixture(scope="module")
def test():
    return StandIn(train=False, count=1000)


def test_it_has_as_many_pictures_as_cifar10(monkeypatch):
    monkeypatch.setattr(stand_in, "draw_shapes", lambda count, seed: (np.zeros(count), []))
    assert len(StandIn(train=True)) == 50_000
    assert len(StandIn(train=False)) == 10_000


def test_pictures_and_labels_have_the_types_of_cifar10(train):
    assert train.data.shape == (4000, 32, 32, 3)
    assert train.data.dtype == np.uint8
    assert {type(label) for label in train.targets} == {int}
    assert len(train.classes) == len(set(train.classes)) == 10
    assert train.class_to_idx == {name: n for n, name in enumerate(train.classes)}
    picture, label = train[7]
    assert isinstance(picture, Image.Image)
    assert picture.size == (32, 32)
    assert picture.mode == "RGB"
    assert np.array_equal(np.asarray(picture), train.data[7])
    assert label == train.targets[7]
    sizes = StandIn(train=False, transform=lambda picture: picture.size, count=10)
    assert sizes[0] == ((32, 32), sizes.targets[0])


def test_the_classes_are_balanced_and_mixed(train):
    assert np.bincount(train.targets).tolist() == [400] * 10
    assert train.targets[:20] != [n % 10 for n in range(20)]


def test_its_pictures_never_change():
    """Outputs of pages depend on them; another processor may round a pixel differently."""
    pictures, labels = stand_in.draw_shapes(5003, seed=0)  # more than one part
    means = pictures[[0, 1, 2, 5001, 5002]].mean((1, 2, 3)).tolist()
    assert labels[:12] == [2, 8, 5, 3, 0, 2, 9, 4, 5, 2, 3, 7]
    assert means == pytest.approx([136.17, 121.9, 153.99, 78.15, 138.41], abs=0.05)


def test_the_same_seed_draws_the_same(test):
    again = StandIn(train=False, count=1000)
    assert np.array_equal(again.data, test.data)
    assert again.targets == test.targets


def test_drawing_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    stand_in.draw_shapes(10, seed=5)
    assert torch.equal(torch.rand(3), expected)


def test_no_test_picture_is_a_training_picture(train, test):
    seen = {picture.tobytes() for picture in train.data}
    assert len(seen) == len(train)
    assert not seen & {picture.tobytes() for picture in test.data}


def tensors(drawn):
    return torch.tensor(drawn.data).permute(0, 3, 1, 2) / 255 - 0.5, torch.tensor(drawn.targets)


@pytest.mark.slow
def test_a_small_net_learns_it_but_not_at_once(train, test):
    torch.manual_seed(0)
    (x, y), (new_x, new_y) = tensors(train), tensors(test)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(1024, 10),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    accuracy = []
    for _ in range(6):
        for part in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[part]), y[part]).backward()
            optimizer.step()
        with torch.inference_mode():
            accuracy.append((net(new_x).argmax(1) == new_y).float().mean().item())
    assert accuracy[0] < 0.5
    assert accuracy[-1] > 0.6


def test_colors_do_not_tell_the_class(train, test):
    (x, y), (new_x, new_y) = tensors(train), tensors(test)
    features, new = (torch.cat([p.mean((2, 3)), p.std((2, 3))], 1) for p in (x, new_x))
    model = nn.Linear(6, 10)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(model(features), y)
        value.backward()
        return value

    optimizer.step(loss)
    assert (model(new).argmax(1) == new_y).float().mean() < 0.2
