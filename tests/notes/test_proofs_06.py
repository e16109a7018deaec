"""What page 06 says without a cell that shows it, or shows by one example only."""

import copy
import inspect
import os
import pickle

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

from helpers.data.process_ids import ProcessIds


def test_C18_only_imagenet_does_not_download():
    classes = datasets.ImageNet, datasets.CIFAR10, datasets.MNIST
    can = ["download" in inspect.signature(cls).parameters for cls in classes]
    assert can == [False, True, True]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_C24_workers_are_processes(count):
    loader = DataLoader(ProcessIds(12), batch_size=None, num_workers=count)
    workers = {int(number) for number in loader}
    assert len(workers) == count
    assert os.getpid() not in workers


@pytest.mark.parametrize("size", [7, 128, 5000, 5120])
def test_C25_only_drop_last_leaves_samples_out(size):
    def seen(**options):
        return [int(n) for batch in DataLoader(range(5000), size, **options) for n in batch]

    assert sorted(seen(shuffle=True)) == list(range(5000))
    assert len(seen(drop_last=True)) == 5000 // size * size


@pytest.mark.parametrize("transform", [v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
def test_a_random_transform_draws_once_for_a_batch(transform):
    torch.manual_seed(0)
    picture = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    for _ in range(20):
        batch = transform(picture.expand(8, -1, -1, -1))
        assert (batch == batch[0]).all()
    singly = [transform(picture) for _ in range(50)]
    assert any(not torch.equal(one, singly[0]) for one in singly)


@pytest.mark.skipif(torch.accelerator.is_available(), reason="the batch is pinned for the GPU")
def test_without_a_gpu_nothing_is_pinned_and_the_loader_says_so():
    loader = DataLoader(torch.ones(4, 2), batch_size=2, pin_memory=True)
    with pytest.warns(UserWarning, match="no accelerator is found"):
        batch = next(iter(loader))
    assert not batch.is_pinned()
    assert batch.to("cpu", non_blocking=True) is batch


def _epoch(net, optimizer):
    torch.manual_seed(2)
    for x, y in DataLoader([(torch.randn(4), n % 3) for n in range(40)], 10, shuffle=True):
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize(
    "kind", [torch.optim.Adam, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9)]
)
@pytest.mark.parametrize("whole", [True, False])
def test_without_the_state_of_the_optimizer_a_resumed_run_is_another(kind, whole):
    net = nn.Linear(4, 3)
    optimizer = kind(net.parameters(), lr=0.01)
    _epoch(net, optimizer)
    state = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
    _epoch(net, optimizer)
    resumed = nn.Linear(4, 3)
    resumed.load_state_dict(state[0])
    optimizer = kind(resumed.parameters(), lr=0.01)
    if whole:
        optimizer.load_state_dict(state[1])
    _epoch(resumed, optimizer)
    assert net.weight.allclose(resumed.weight, atol=1e-6) == whole


def test_torch_load_warns_of_strangers():
    assert "Never load data from an untrusted source." in torch.load.__doc__


def test_weights_only_refuses_other_objects(tmp_path):
    net, path = nn.Linear(2, 2), tmp_path / "net.pt"
    torch.save(net.state_dict(), path)
    assert torch.load(path)["weight"].equal(net.weight)
    torch.save(net, path)
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(path)
