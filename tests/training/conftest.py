"""What the tests of trainings share: a tiny net and a few drawn images in the place of CIFAR-10."""

import signal

import pytest
import torch

from helpers.training import batches, choice
from tests.support import small_training


@pytest.fixture(autouse=True)
def no_gpu(request, monkeypatch):
    """What is tested here is tested on the CPU, also where there is a GPU; but for test_gpu.py."""
    if request.path.name != "test_gpu.py":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C interrupts, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def images():
    return small_training.load()


@pytest.fixture
def small(monkeypatch, images):
    """The recipe of a tiny net; what is loaded are 320 drawn images; no precision is tried, one thread computes."""
    monkeypatch.setattr(batches, "load", lambda validation=False: images)
    monkeypatch.setattr(choice, "precisions_to_try", lambda device: ("fp32",))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more than one wait for each other when other tests run beside this
    yield small_training.SMALL
    torch.set_num_threads(threads)
