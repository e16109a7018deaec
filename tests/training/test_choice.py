"""The choice of recipe and precision, on machines that are pretended: fast, slow, noisy, each with its own liking."""

import math
import random
import statistics
from functools import partial
from statistics import median

import pytest

from helpers.training import choice, speed
from helpers.training.choice import epoch_seconds, explanation, shortlist
from helpers.training.curves import curves, for_work
from helpers.training.distributed import Processes
from helpers.training.loop import Budget, flops_of_step
from helpers.training.recipe import GPU, Recipe
from helpers.training.speed import TimedStep
from tests.support.small_training import SMALL

choose = partial(choice.choose, clock=lambda: 0.0)  # choosing takes no time


# --- the recipe, by this machine's steps

MACHINES = {  # FLOP/s of a step, by the widths of its net
    "AVX2": lambda widths: 95e9,
    "AVX512": lambda widths: 140e9 if widths[0] < 32 else 180e9,
    "bfloat16": lambda widths: 160e9 * (widths[0] / 24) ** 0.5,
    "AMX": lambda widths: 400e9 if all(width % 32 == 0 for width in widths) else 150e9,
    "slow": lambda widths: 12e9,
    "fast": lambda widths: 3e12,
}


def step_of(machine, recipe, images, size):
    """Seconds of a step on a pretended machine."""
    return flops_of_step(recipe, images, size) / MACHINES[machine](recipe.widths)


def pretend(monkeypatch, machine, noise=lambda n, k: 1.0):
    """Measure on this machine from now on; ``noise(n, k)`` is the factor of the k-th time of the n-th step."""

    def step_seconds(device, steps, seconds, least=5):
        return [
            [
                step_of(machine, step.recipe, step.images, step.size) * noise(n, k)
                for k in range(least)
            ]
            for n, step in enumerate(steps)
        ]

    monkeypatch.setattr(choice, "step_seconds", step_seconds)
    monkeypatch.setattr(choice, "precisions_to_try", lambda device: ("fp32",))


def net_of(recipe):
    """What tells candidates apart; whether images are moved depends on the epochs."""
    return recipe.widths, recipe.depths


def truth(machine, seconds):
    """What each candidate would really come to in so many seconds, the best first: accuracy and net."""
    come_to = []
    for curve in curves():
        recipe = curve.recipe
        step = step_of(machine, recipe, recipe.batch_size, choice.PROBE_SIZE)
        come_to.append((curve.accuracy(seconds / epoch_seconds(recipe, step)), net_of(recipe)))
    return sorted(come_to, key=lambda pair: -pair[0])


@pytest.mark.parametrize("seconds", [5, 60, 180, 600])
@pytest.mark.parametrize("machine", MACHINES)
def test_each_machine_gets_the_net_that_comes_furthest_there(monkeypatch, machine, seconds):
    pretend(monkeypatch, machine)
    chosen = choose(None, Budget(seconds, "s"), "cpu", "auto")
    (best, _), *_ = truth(machine, seconds)
    assert chosen.predicted == pytest.approx(best, abs=0.2)
    assert chosen.recipe == chosen.prospects[0].recipe
    accuracies = [prospect.accuracy for prospect in chosen.prospects]
    assert accuracies == sorted(accuracies, reverse=True)


def test_widths_that_a_machine_likes_win_against_equal_work(monkeypatch):
    """A minute's FLOP alone would have taken another net there."""
    pretend(monkeypatch, "AMX")
    chosen = choose(None, Budget(60, "s"), "cpu", "auto")
    assert all(width % 32 == 0 for width in chosen.recipe.widths)


@pytest.mark.parametrize("machine", MACHINES)
def test_one_bad_round_decides_nothing(monkeypatch, machine):
    pretend(monkeypatch, machine)
    quiet = choose(None, Budget(60, "s"), "cpu", "auto")
    for bad in range(choice.FEWEST_ROUNDS):
        pretend(monkeypatch, machine, lambda n, k, bad=bad: 30.0 if k == bad else 1.0)
        assert choose(None, Budget(60, "s"), "cpu", "auto") == quiet
        for one in range(6):
            pretend(
                monkeypatch, machine, lambda n, k, b=bad, o=one: 30.0 if (n, k) == (o, b) else 1.0
            )
            assert choose(None, Budget(60, "s"), "cpu", "auto") == quiet


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_machine_that_is_busy_while_it_is_measured_loses_little(monkeypatch, machine, factor):
    """All steps are timed twice too slow, or too fast; that costs no more than half of the time would."""
    pretend(monkeypatch, machine, lambda n, k: factor)
    chosen = net_of(choose(None, Budget(60, "s"), "cpu", "auto").recipe)
    really = next(accuracy for accuracy, net in truth(machine, 60) if net == chosen)
    assert really >= truth(machine, 30)[0][0]


def test_jitter_of_a_tenth_loses_little(monkeypatch):
    """Never more than a third of the time would, and a quarter of a point on average."""
    jitter = random.Random(0)
    for machine in MACHINES:
        come_to = {net: accuracy for accuracy, net in truth(machine, 60)}
        reached = []
        for _ in range(20):
            pretend(monkeypatch, machine, lambda n, k: jitter.lognormvariate(0, 0.1))
            reached.append(come_to[net_of(choose(None, Budget(60, "s"), "cpu", "auto").recipe)])
        assert min(reached) >= truth(machine, 40)[0][0]
        assert statistics.fmean(reached) > max(come_to.values()) - 0.25


def test_the_time_that_choosing_takes_is_gone(monkeypatch):
    pretend(monkeypatch, "AVX512")
    clock = iter([100.0, 130.0])  # at the beginning, and when the steps are timed
    late = choice.choose(None, Budget(60, "s"), "cpu", "auto", clock=lambda: next(clock))
    half = choose(None, Budget(30, "s"), "cpu", "auto")
    assert late.predicted == pytest.approx(half.predicted, abs=0.2)
    clock = iter([0.0, 2.0])
    assert choice.choose(None, Budget(1, "s"), "cpu", "auto", clock=lambda: next(clock)).recipe


def test_processes_go_by_the_slowest(monkeypatch):
    """What this process measures is three times as fast as what another one does."""

    class Two(Processes):
        def largest(self, *numbers):
            return [3 * number for number in numbers]

    pretend(monkeypatch, "bfloat16")
    together = choose(None, Budget(60, "s"), "cpu", "fp32", Two(count=2))
    alone = choose(None, Budget(60, "s"), "cpu", "fp32")
    assert together.flop_per_second == pytest.approx(alone.flop_per_second * 2 / 3)
    assert together.predicted < alone.predicted


def test_a_process_without_bf16_decides_for_all(monkeypatch):
    class WithAnOlderGpu(Processes):
        def largest(self, *numbers):
            return [True if number is False else number for number in numbers]

    timed = []

    def step_seconds(device, steps, seconds):
        timed.extend(step.precision for step in steps)
        return [[0.5, 0.25, 0.25]]

    monkeypatch.setattr(choice, "precisions_to_try", lambda device: ("bf16",))
    monkeypatch.setattr(choice, "step_seconds", step_seconds)
    chosen = choose(None, Budget(60, "s"), "cuda", "auto", WithAnOlderGpu(count=2))
    assert (chosen.recipe, chosen.precision, timed) == (GPU, "fp32", ["fp32"])
    assert chosen.flop_per_second == 2 * flops_of_step(Recipe(), 64, 32) / 0.25


def test_few_candidates_are_timed(monkeypatch):
    for tflop_a_second in (0.01, 0.1, 0.3, 1, 10):
        assert 3 <= len(shortlist(60, tflop_a_second * 1e12)) <= 5


def test_the_table_names_all_that_were_timed(monkeypatch):
    pretend(monkeypatch, "AVX512")
    chosen = choose(None, Budget(60, "s"), "cpu", "auto")
    head, *rows = explanation(chosen).splitlines()
    assert head.split() == ["widths", "depths", "batch", "ms", "a", "step", "epochs", "predicted"]
    assert [row.split()[0] for row in rows] == [
        "-".join(map(str, prospect.recipe.widths)) for prospect in chosen.prospects
    ]


def test_work_and_a_given_recipe_need_no_timing(monkeypatch):
    monkeypatch.setattr(choice, "step_seconds", lambda *_, **__: pytest.fail("was timed"))
    chosen = choose(None, Budget(50, "TFLOP"), "cpu", "fp32")
    assert (chosen.recipe, chosen.predicted) == (for_work(50), None)
    assert choose(SMALL, Budget(60, "s"), "cpu", "bf16").recipe == SMALL


# --- the precision, by steps too

TINY = {1: 3.0, 4: 1.5}


def measure(monkeypatch, gain, tiny=TINY):
    """Stand in for measurements: steps of bf16 take 1 s, of fp32 ``gain``, now and then 50 times as long."""
    noise = [1.0, 50.0, 1.0, 50.0, 1.0]
    times = {"fp32": [gain * n for n in noise], "bf16": noise}

    def convolution_speed(width, size, batch, *, device, precision):
        return tiny[batch] if precision == "fp32" else 1.0

    monkeypatch.setattr(speed, "convolution_speed", convolution_speed)
    monkeypatch.setattr(
        choice, "step_seconds", lambda _, steps, *__, **___: [times[s.precision] for s in steps]
    )


@pytest.mark.parametrize("tiny", [{1: 6.0, 4: 1.0}, {1: 1.0, 4: 2.1}])
def test_bf16_is_not_even_tried_where_a_tiny_convolution_is_slow(monkeypatch, tiny):
    measure(monkeypatch, gain=2.0, tiny=tiny)
    monkeypatch.setattr(choice, "step_seconds", lambda *_, **__: pytest.fail("was tried"))
    assert choose(SMALL, Budget(1, "epochs"), "cpu", "auto").precision == "fp32"


@pytest.mark.parametrize(("gain", "precision"), [(1.7, "bf16"), (1.06, "bf16"), (1.04, "fp32")])
def test_bf16_is_chosen_where_steps_are_faster_by_5_percent(monkeypatch, gain, precision):
    measure(monkeypatch, gain)
    assert choose(SMALL, Budget(1, "epochs"), "cpu", "auto").precision == precision


def test_a_burst_of_noise_decides_nothing():
    fp32 = [1.2, 1.2, 1.2, 1.2, 1.2]
    assert speed.faster(fp32, [1.0, 9.0, 1.0, 9.0, 1.0]) == "bf16"
    assert speed.faster(fp32, [1.0, 9.0, 9.0, 9.0, 1.0]) == "fp32"


def test_steps_are_timed_in_turn(monkeypatch):
    taken = []
    real = speed.training_step

    def training_step(net, optimizers, images, labels, *, precision, **how):
        taken.append((precision, *images.shape))
        return real(net, optimizers, images, labels, precision=precision, **how)

    monkeypatch.setattr(speed, "training_step", training_step)
    steps = [TimedStep(SMALL, "fp32", 8, 20), TimedStep(SMALL, "bf16")]
    times = speed.step_seconds("cpu", steps, seconds=0)
    assert [len(each) for each in times] == [5, 5]
    assert all(0 < median(each) < math.inf for each in times)
    assert taken == [("fp32", 8, 3, 20, 20), ("bf16", 64, 3, 32, 32)] * 6
