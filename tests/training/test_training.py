"""The training loop, its schedule, budget, checkpoints and speed; with small nets and drawn images."""

import math
from collections import namedtuple
from dataclasses import replace
from functools import partial

import pytest
import torch

from helpers import data
from helpers.training import batches, checkpoints, loop
from helpers.training.baseline_nets import BASELINES
from helpers.training.evaluation import evaluate
from helpers.training.gpu import RecordedStep
from helpers.training.loop import Budget, Interrupted, TrainingConfig, train
from helpers.training.recipe import Recipe, lr_factor, resolution_at
from tests.support.small_training import SMALL

MUON = replace(SMALL, muon_lr=0.1, resolutions=((20, 0.5), (32, 1.0)))
DATALOADER = replace(BASELINES["LeNet, classic recipe"], batch_size=32)


def small(images, recipe=SMALL, budget=(2, "epochs"), save_every=60, **how):
    config = TrainingConfig(recipe, Budget(*budget), save_every=save_every)
    return train(config, images, **how)


class Clock:
    """Says what time it would be if each look at it took ``pace(n)`` seconds."""

    def __init__(self, pace):
        self.now, self.looks, self.pace = 0.0, 0, pace

    def __call__(self):
        self.now += self.pace(self.looks)
        self.looks += 1
        return self.now


# --- the schedule


def test_triangle_rises_and_falls_and_resolutions_grow():
    triangle = Recipe(initial_lr_factor=0.2, warmup=0.25, final_lr_factor=0.1)
    factors = [lr_factor(triangle, p) for p in (0, 0.125, 0.25, 0.625, 1, 1.2)]
    assert factors == pytest.approx([0.2, 0.6, 1, 0.55, 0.1, 0.1])
    assert lr_factor(Recipe(schedule="constant"), 0.9) == 1
    growing = Recipe(resolutions=((20, 0.4), (26, 0.7), (32, 1.0)))
    sizes = [resolution_at(growing, p) for p in (0, 0.39, 0.4, 0.7, 1.0)]
    assert sizes == [20, 20, 26, 32, 32]


def test_cosine_is_torchs_one_cycle():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=101, pct_start=0.3, div_factor=25, final_div_factor=1e9
    )
    ours = Recipe(schedule="cosine", initial_lr_factor=0.04, warmup=29.3 / 100)
    for n in range(101):
        assert lr_factor(ours, n / 100) == pytest.approx(theirs.get_last_lr()[0], abs=1e-3), n
        optimizer.step()
        theirs.step()


# --- the training


def test_it_learns(images):
    training = small(images, budget=(20, "epochs"))
    assert sum(training.losses[-8:]) < 0.95 * sum(training.losses[:8])
    accuracy = evaluate(training.net, images.train, images.train_labels, training.stats)
    assert accuracy.plain > 20  # chance: 10


def test_epochs_and_work_are_kept(images):
    training = small(images)
    assert (training.steps, training.epochs) == (16, 2)
    one = loop.flops_of_step(SMALL, 32, 32) / 1e12
    assert training.tflop == pytest.approx(16 * one)
    assert small(images, budget=(9.7 * one, "TFLOP")).steps == 10
    assert small(images, budget=(9.3 * one, "TFLOP")).steps == 9


PACES = {
    "even": lambda n: 0.5,
    "slower": lambda n: 0.3 if n < 70 else 1.3,  # the machine becomes busy
    "faster": lambda n: 1.3 if n < 15 else 0.5,
    "restless": lambda n: 0.5 * (1 + math.sin(n)),
}


@pytest.mark.parametrize("pace", PACES)
def test_the_budget_is_kept_at_any_pace(images, pace):
    training = small(images, budget=(60, "s"), clock=Clock(PACES[pace]))
    assert 57 <= training.seconds <= 63
    assert training.seconds_at == sorted(training.seconds_at)


def test_with_a_budget_the_lr_follows_the_clock(images, monkeypatch):
    factors = []
    monkeypatch.setattr(loop, "set_lr", lambda optimizers, factor: factors.append(factor))
    small(images, budget=(40, "s"), clock=Clock(lambda n: 0.4 if n < 30 else 1.0))
    peak = factors.index(max(factors))
    assert factors[peak] > 0.9
    assert factors[-1] < 0.2
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_work_is_counted_as_by_hand():
    without_bias = replace(SMALL, stem_bias=False)
    stem = 2 * 16 * 16 * 8 * 3 * 4 * 4  # no gradient at all
    first = 2 * 16 * 16 * 4 * 8 * 9  # from 16x16, gradient of the weights only
    second = 2 * 8 * 8 * 8 * 4 * 9
    third = 2 * 4 * 4 * 8 * 8 * 9
    head = 2 * 8 * 10
    expected = stem + 2 * first + 3 * (second + third + head)
    assert loop.flops_of_step(without_bias, 5, 32) == 5 * expected
    assert loop.flops_of_step(SMALL, 5, 32) == 5 * (expected + first)
    assert loop.flops_of_step(MUON, 5, 32) > 5 * (expected + first)


def test_augmentation_at_test_time_averages_an_image_with_its_flip(images):
    class OneSided(torch.nn.Module):
        """Right if the first pixel is brighter than the last of its row, says nothing of the mirror image."""

        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x):
            scores = torch.zeros(len(x), 10)
            scores[:, 3] = torch.where(x[:, 0, 0, 0] > x[:, 0, 0, -1], 2.0, -1.0)
            return scores

    bright = torch.zeros(4, 32, 32, 3, dtype=torch.uint8)
    bright[:2, 0, 0] = 9
    bright[2:, 0, -1] = 9
    stats = batches.channel_stats(bright + images.train[:4] % 2)
    accuracy = evaluate(OneSided(), bright, torch.full((4,), 3), stats)
    assert (accuracy.plain, accuracy.tta) == (50, 100)


def test_validation_images_are_no_training_images(monkeypatch):
    numbered = torch.zeros(50_000, 1, 1, 3, dtype=torch.uint8)  # told apart by their first bytes
    numbered[:, 0, 0, 0] = torch.arange(50_000) % 256
    numbered[:, 0, 0, 1] = torch.arange(50_000) // 256

    def cifar10(train):
        assert train, "the test set was touched"
        return namedtuple("Set", "data targets")(numbered.numpy(), list(range(50_000)))

    monkeypatch.setattr(data, "cifar10", cifar10)
    split = batches.load(validation=True)
    assert (len(split.train), len(split.test), split.split) == (45_000, 5_000, "validation")
    labels = torch.cat([split.train_labels, split.test_labels])
    assert sorted(labels.tolist()) == list(range(50_000))
    assert torch.equal(torch.cat([split.train, split.test]), numbered[labels])


# --- going on


def stop_after(steps):
    looks = iter(range(steps))
    return lambda: next(looks, None) is None


@pytest.mark.parametrize("recipe", [SMALL, MUON, DATALOADER], ids=["sgd", "muon", "dataloader"])
def test_a_resumed_training_gives_the_numbers_of_an_uninterrupted_one(images, tmp_path, recipe):
    whole = small(images, recipe)
    path = tmp_path / "kept.pt"
    save = partial(checkpoints.write, path)
    with pytest.raises(Interrupted, match=r"Stopped after .* s, at 31 % of 2 epochs"):
        small(images, recipe, stop=stop_after(5), save=save)
    again = small(images, recipe, resume=checkpoints.read(path))
    assert again.losses == whole.losses
    assert (again.steps, again.tflop) == (whole.steps, pytest.approx(whole.tflop))
    for a, b in zip(again.net.state_dict().values(), whole.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_clock_goes_on_where_it_stopped(images):
    saved = []
    budget, pace = (20, "s"), lambda n: 0.2
    with pytest.raises(Interrupted):
        small(images, budget=budget, clock=Clock(pace), stop=stop_after(20), save=saved.append)
    rest = Clock(pace)
    training = small(images, budget=budget, clock=rest, resume=saved[0])
    assert 19 <= training.seconds <= 21
    assert rest.now == pytest.approx(20 - saved[0]["seconds"], abs=1)


def test_the_state_is_saved_now_and_then_and_at_the_end(images):
    saved = []
    clock = Clock(lambda n: 0.2)
    small(images, budget=(20, "s"), clock=clock, save=saved.append, save_every=5)
    assert [round(state["seconds"] / 5) for state in saved] == [1, 2, 3, 4]


@pytest.mark.parametrize("budget", [(2, "epochs"), (9.7e-6, "TFLOP"), (20, "s")])
def test_a_finished_training_is_not_trained_further(images, budget):
    saved = []
    clock = Clock(lambda n: 0.13)
    whole = small(images, MUON, budget, clock=clock, save=saved.append)
    again = small(images, MUON, budget, clock=Clock(lambda n: 0.0), resume=saved[-1])
    assert again.losses == whole.losses


# --- speed


def test_losses_that_are_read_a_step_later_are_the_same(images, monkeypatch):
    """As on a GPU, where the next step is prepared while the last is computed."""
    whole = small(images, budget=(9, "epochs"), clock=Clock(lambda n: 0.1))
    waiting = []

    def deferred_value(loss):
        waiting.append(loss)
        return lambda: waiting.pop(0).item()

    monkeypatch.setattr(loop, "deferred_value", deferred_value)
    monkeypatch.setattr(loop, "steps_ahead", lambda device: 1)
    saved = []
    late = small(images, budget=(9, "epochs"), clock=Clock(lambda n: 0.1), save=saved.append)
    assert late.losses == whole.losses == saved[-1]["losses"]
    # the clock is read when the last step is over
    assert late.seconds == late.seconds_at[-1] > whole.seconds
    assert not waiting


def test_a_recorded_step_is_plain_at_first_then_replayed(monkeypatch):
    """With a stand-in for `torch.cuda.CUDAGraph` that computes anew what was recorded."""

    class Graph:
        def replay(self):
            loss.copy_(step(images, labels))

    monkeypatch.setattr(torch.cuda, "Stream", lambda: None)
    recorder = RecordedStep(lambda x, y: x.sum() + y.sum(), plain_steps=2)
    monkeypatch.setattr(recorder, "on_stream", recorder.step)
    step, images, labels, loss = recorder.step, torch.zeros(2, 3), torch.zeros(2), torch.zeros(())
    recorded = []

    def record(x, y):
        recorded.append(x.shape)
        return Graph(), (images, labels, loss)

    monkeypatch.setattr(recorder, "record", record)
    for n in range(5):
        assert recorder(torch.full((2, 3), float(n)), torch.ones(2)) == 6 * n + 2
        assert len(recorded) == (n >= 2)
    assert recorder(torch.ones(2, 4), torch.ones(2)) == 10  # another shape begins plainly
    assert recorded == [(2, 3)]
