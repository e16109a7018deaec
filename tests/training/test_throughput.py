"""The throughput of page 07 counts the images of all steps, and takes no more batches than there are steps."""

import torch

from helpers.training.throughput import throughput


def test_the_images_of_so_many_steps_are_counted():
    taken, times = [], iter([10.0, 12.5])

    def batches():
        while True:
            taken.append(next(sizes))
            yield torch.randn(taken[-1], 3, 32, 32), torch.zeros(taken[-1], dtype=torch.int64)

    sizes = iter([4, 4, 2, 4])
    assert throughput(batches(), steps=3, clock=lambda: next(times)) == "4 pictures/s"
    assert taken == [4, 4, 2]


def test_each_batch_is_trained_on(monkeypatch):
    steps = []

    def counted(optimizer):
        steps.append(optimizer)

    monkeypatch.setattr(torch.optim.SGD, "step", counted)
    batch = torch.randn(2, 3, 32, 32), torch.tensor([1, 2])
    throughput([batch] * 5, steps=9)
    assert len(steps) == 5
