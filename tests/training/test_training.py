"""The training program: schedule, clock, counting, files, command line; with small nets and drawn pictures."""

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers.data.stand_in import draw_shapes
from helpers.training import baselines as peers
from helpers.training import checkpoints
from helpers.training import loop as training
from helpers.training import recipe as recipes
from helpers.training import speed as machine_speed
from helpers.training import step as training_step
from helpers.training.loop import Interrupted, Limit, Pictures, train
from helpers.training.recipe import Recipe, picture_size, rate_factor

SMALL = Recipe(widths=(4, 8), depths=(1, 2), pools=(True, True), stem_filters=4, batch=32)
TWO_EPOCHS = Limit(2, "epochs")
MUON = replace(SMALL, muon_rate=0.1, sizes=((20, 0.5), (32, 1.0)))


@pytest.fixture(scope="module")
def pictures():
    drawn, labels = draw_shapes(320, seed=0)
    drawn, labels = torch.as_tensor(drawn), torch.as_tensor(labels)
    return Pictures(drawn[:256], labels[:256], drawn[256:], labels[256:])


def small(pictures, recipe=SMALL, limit=TWO_EPOCHS, **how):
    return train(recipe, pictures, limit, **{"precision": "fp32", **how})


class Clock:
    """Says what time it would be if each look at it took ``pace(n)`` seconds."""

    def __init__(self, pace):
        self.now, self.looks, self.pace = 0.0, 0, pace

    def __call__(self):
        self.now += self.pace(self.looks)
        self.looks += 1
        return self.now


# --- the schedule


def test_triangle_rises_and_falls():
    recipe = Recipe(first=0.2, warm=0.25, last=0.1)
    found = [rate_factor(recipe, p) for p in (0, 0.125, 0.25, 0.625, 1, 1.2)]
    assert found == pytest.approx([0.2, 0.6, 1, 0.55, 0.1, 0.1])


def test_cosine_is_torchs_one_cycle():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1.0, total_steps=101, pct_start=0.3, div_factor=25, final_div_factor=1e9
    )
    recipe = Recipe(schedule="cosine", first=0.04, warm=29.3 / 100, last=0.0)
    for n in range(101):
        assert rate_factor(recipe, n / 100) == pytest.approx(theirs.get_last_lr()[0], abs=1e-3), n
        optimiser.step()
        theirs.step()


def test_constant_and_sizes():
    assert rate_factor(Recipe(schedule="constant"), 0.9) == 1
    recipe = Recipe(sizes=((20, 0.4), (26, 0.7), (32, 1.0)))
    assert [picture_size(recipe, p) for p in (0, 0.39, 0.4, 0.7, 1.0)] == [20, 20, 26, 32, 32]


def test_work_for_reads_between_the_measured_points():
    for tflop, accuracy in recipes.ACCURACY_BY_WORK:
        assert recipes.work_for(accuracy) == pytest.approx(tflop)
    work = [recipes.work_for(accuracy) for accuracy in (60, 80, 85, 90, 93, 94)]
    assert work == sorted(work)
    with pytest.raises(ValueError, match="not between 10 and 97"):
        recipes.work_for(99)


def test_more_work_gets_a_wider_net():
    widths = [sum(recipes.for_work(tflop).widths) for tflop in (1, 12, 50, 200, 1e6)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


# --- the training


def test_the_seed_decides_the_result(pictures):
    first, second, other = (small(pictures, MUON, seed=seed) for seed in (0, 0, 1))
    assert first.losses == second.losses
    for a, b in zip(first.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(a, b)
    assert first.losses != other.losses


def test_it_learns(pictures):
    trained = small(pictures, limit=Limit(20, "epochs"))
    assert sum(trained.losses[-8:]) < 0.95 * sum(trained.losses[:8])
    accuracy = training.evaluate(trained.net, pictures.train, pictures.train_labels, trained.by)
    assert accuracy.plain > 20  # chance: 10


def test_epochs_and_work_are_kept(pictures):
    trained = small(pictures)
    assert (trained.steps, trained.epochs) == (16, 2)
    one = training_step.flops_of_step(SMALL, 32, 32) / 1e12
    assert trained.tflop == pytest.approx(16 * one)
    assert small(pictures, limit=Limit(9.7 * one, "TFLOP")).steps == 10
    assert small(pictures, limit=Limit(9.3 * one, "TFLOP")).steps == 9


@pytest.mark.parametrize(
    "pace",
    [
        lambda n: 0.1,
        lambda n: 0.1 if n < 100 else 0.9,  # the machine becomes busy
        lambda n: 0.9 if n < 20 else 0.1,
        lambda n: 0.3 * (1 + math.sin(n)),
    ],
    ids=["even", "slower", "faster", "restless"],
)
def test_the_budget_is_kept_at_any_pace(pictures, pace):
    trained = small(pictures, limit=Limit(60, "s"), clock=Clock(pace))
    assert 57 <= trained.seconds <= 63
    assert trained.seconds_at == sorted(trained.seconds_at)


def test_with_a_budget_the_rate_follows_the_clock(pictures, monkeypatch):
    factors = []
    monkeypatch.setattr(training, "set_rates", lambda steppers, factor: factors.append(factor))
    small(pictures, limit=Limit(20, "s"), clock=Clock(lambda n: 0.1 if n < 60 else 1.0))
    peak = factors.index(max(factors))
    assert factors[peak] > 0.9
    assert factors[-1] < 0.2
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_without_a_recipe_the_speed_decides(pictures, monkeypatch):
    asked = []
    monkeypatch.setattr(training, "measure_speed", lambda *about: 2e12)
    monkeypatch.setattr(training, "for_work", lambda tflop: asked.append(tflop) or SMALL)
    trained = small(pictures, None, Limit(3, "s"), clock=Clock(lambda n: 0.1))
    assert asked == [6]
    assert (trained.recipe, trained.measured) == (SMALL, 2e12)


@pytest.mark.parametrize("slower", [{1: 6.0, 4: 1.0}, {1: 1.0, 4: 2.1}])
def test_bf16_is_refused_where_a_tiny_convolution_is_slow(monkeypatch, slower):
    monkeypatch.setattr(
        machine_speed,
        "convolution_speed",
        lambda width, size, batch, *, precision, **_: slower[batch] if precision == "fp32" else 1.0,
    )
    monkeypatch.setattr(machine_speed, "measure_speed", lambda *_, **__: pytest.fail("was asked"))
    assert machine_speed.best_precision("cpu") == "fp32"


@pytest.mark.parametrize(("gain", "choice"), [(1.7, "bf16"), (1.1, "fp32")])
def test_bf16_is_chosen_where_steps_are_faster(monkeypatch, gain, choice):
    # as on a Xeon with AMX: the call's own cost weighs most on one picture
    slower = {1: 3.0, 4: 1.5}
    monkeypatch.setattr(
        machine_speed,
        "convolution_speed",
        lambda width, size, batch, *, precision, **_: slower[batch] if precision == "fp32" else 1.0,
    )
    monkeypatch.setattr(
        machine_speed,
        "measure_speed",
        lambda _, precision, *__, **___: gain if precision == "bf16" else 1,
    )
    assert machine_speed.best_precision("cpu") == choice


def test_work_is_counted_as_by_hand():
    recipe = replace(SMALL, stem_bias=False)
    stem = 2 * 16 * 16 * 8 * 3 * 4 * 4  # no gradient at all
    first = 2 * 16 * 16 * 4 * 8 * 9  # from 16x16, gradient of the weights only
    second = 2 * 8 * 8 * 8 * 4 * 9
    third = 2 * 4 * 4 * 8 * 8 * 9
    head = 2 * 8 * 10
    expected = stem + 2 * first + 3 * (second + third + head)
    assert training_step.flops_of_step(recipe, 5, 32) == 5 * expected
    assert training_step.flops_of_step(SMALL, 5, 32) == 5 * (expected + first)
    assert training_step.flops_of_step(MUON, 5, 32) > 5 * (expected + first)


def test_flips_are_averaged(pictures):
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
    found = training.evaluate(
        OneSided(), bright, torch.full((4,), 3), training.moments(bright + pictures.train[:4] % 2)
    )
    assert (found.plain, found.flips_averaged) == (50, 100)


# --- going on


def stop_after(steps):
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


@pytest.mark.parametrize("recipe", [SMALL, MUON], ids=["sgd", "muon"])
def test_a_resumed_training_gives_the_numbers_of_an_uninterrupted_one(pictures, tmp_path, recipe):
    whole = small(pictures, recipe)
    path = tmp_path / "kept.pt"

    def keep(state):
        checkpoints.write_checkpoint(path, state)

    with pytest.raises(Interrupted, match=r"Stopped after .* s, at 31 % of 2 epochs"):
        small(pictures, recipe, stop=stop_after(5), keep=keep)
    again = small(pictures, recipe, resume=checkpoints.read_checkpoint(path))
    assert again.losses == whole.losses
    assert (again.steps, again.tflop) == (whole.steps, pytest.approx(whole.tflop))
    for a, b in zip(again.net.state_dict().values(), whole.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_clock_goes_on_where_it_stopped(pictures):
    kept = []
    limit, pace = Limit(20, "s"), lambda n: 0.1
    with pytest.raises(Interrupted):
        small(pictures, limit=limit, clock=Clock(pace), stop=stop_after(40), keep=kept.append)
    rest = Clock(pace)
    trained = small(pictures, limit=limit, clock=rest, resume=kept[0])
    assert 19 <= trained.seconds <= 21
    assert rest.now == pytest.approx(20 - kept[0]["seconds"], abs=1)


def test_checkpoints_are_kept_now_and_then(pictures):
    kept = []
    small(
        pictures,
        limit=Limit(20, "s"),
        clock=Clock(lambda n: 0.1),
        keep=lambda state: kept.append(state["seconds"]),
        keep_every=5,
    )
    assert [round(seconds / 5) for seconds in kept] == [1, 2, 3]


def damaged_in_the_middle(content):
    return content[: len(content) // 2] + b"\x00" * 64 + content[len(content) // 2 + 64 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"something else",
        damaged_in_the_middle,
    ],
    ids=["half", "empty", "other", "changed"],
)
def test_a_damaged_checkpoint_is_refused_in_one_sentence(pictures, tmp_path, damage, capsys):
    path = tmp_path / "kept.pt"
    with pytest.raises(Interrupted):
        small(
            *(pictures,),
            stop=stop_after(3),
            keep=lambda state: checkpoints.write_checkpoint(path, state),
        )
    assert checkpoints.read_checkpoint(path)["steps"] == 3
    path.write_bytes(damage(path.read_bytes()))
    assert training.main(["--resume", "--checkpoint", str(path)]) == 1
    said = capsys.readouterr().err.strip()
    assert re.fullmatch(r"error: .*kept.pt is damaged, or .*: start without --resume\.", said)


def test_a_checkpoint_runs_no_code(tmp_path):
    path = tmp_path / "bad.pt"
    checkpoints.write_checkpoint(path, {"recipe": Path("x")})
    with pytest.raises(checkpoints.CheckpointError, match="UnpicklingError"):
        checkpoints.read_checkpoint(path)


def test_no_checkpoint_and_wrong_names_are_said(tmp_path, capsys):
    assert training.main(["--resume", "--checkpoint", str(tmp_path / "none.pt")]) == 1
    assert "nothing to resume" in capsys.readouterr().err
    path = tmp_path / "other.pt"
    checkpoints.write_checkpoint(path, {"recipe": {}})
    with pytest.raises(checkpoints.CheckpointError, match="no checkpoint of this program"):
        checkpoints.read_checkpoint(path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "result.json"
    checkpoints.write(path, b"first")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(OSError, match="no room"):
            checkpoints.write(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


# --- the command


@pytest.fixture
def command(pictures, tmp_path, monkeypatch, capsys):
    """Runs the program on the small pictures: exit status and what it printed."""
    monkeypatch.setattr(training, "load", lambda validation: pictures)
    monkeypatch.setattr(training.cifar10_data, "origin", lambda: "small pictures")
    monkeypatch.setattr(training.cifar10_data, "is_real", lambda: False)
    net = ["widths=4,8", "depths=1,2", "pools=True,True", "stem_filters=4", "batch=32"]
    net += ["muon_rate=0.0", "warm=0.2", "smoothing=0.2", "sizes=((32,1.0),)", "mirror=False"]
    net += ["flip=True"]

    def run(*arguments, small=True):
        always = [
            "--device",
            "cpu",
            "--precision",
            "fp32",
            "--checkpoint",
            str(tmp_path / "kept.pt"),
        ]
        status = training.main([*arguments, *always, *(["--set", *net] if small else [])])
        return status, capsys.readouterr()

    return run


NUMBER = r"\d+\.\d"
LAST = rf"used {NUMBER} s, {NUMBER} TFLOP, with flips averaged {NUMBER}\d %, test accuracy {NUMBER}\d %"


def test_the_last_line(command):
    status, said = command("--budget", "0.3s")
    assert status == 0
    assert re.fullmatch(rf"budget 0\.3 s: {LAST}", said.out.splitlines()[-1])
    assert re.search(r"GFLOP/s, \d+ % of the \d+ of the best 3x3 convolution", said.out)


def test_several_runs_and_their_results(command, tmp_path):
    out = tmp_path / "results.json"
    status, said = command("--epochs", "1", "--runs", "3", "--seed", "5", "--out", str(out))
    assert status == 0
    last = said.out.splitlines()[-1]
    found = re.fullmatch(
        rf"budget 1 epochs: {LAST} \(mean of 3 runs, deviation (\S+), smallest (\S+)\)", last
    )
    results = json.loads(out.read_text(encoding="utf-8"))
    runs = results["runs"]
    assert [run["seed"] for run in runs] == [5, 6, 7]
    assert float(found[2]) == pytest.approx(min(run["accuracy"] for run in runs), abs=0.006)
    for run in runs:
        assert run["judged_on"] == "test"
        assert run["pictures_are_real"] is False
        assert len(run["losses"]) == len(run["seconds_at"]) == run["steps"] == 8
        assert set(run["versions"]) == {"python", "torch", "torchvision"}
        assert {"cpu", "threads", "precision", "tflop", "efficiency"} <= run.keys()
        assert recipes.recipe_of(run["recipe"]) == SMALL
        assert run["efficiency"] == pytest.approx(
            run["flop_per_second"] / run["best_convolution_flop_per_second"]
        )
    assert results["command"].startswith("python -m helpers.training")
    assert not (tmp_path / "kept.pt").exists()


@pytest.mark.parametrize("interrupted", [3, 11], ids=["in the first run", "in the second"])
def test_an_interrupted_series_goes_on_as_it_was_asked_for(
    command, tmp_path, monkeypatch, interrupted
):
    out, other = tmp_path / "results.json", tmp_path / "other.json"
    series = ("--epochs", "1", "--runs", "2", "--seed", "4", "--out", str(out))
    monkeypatch.setattr("sys.argv", ["training.py", *series])
    command(*series)
    expected = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()
    real, count = training.step, iter(range(100))

    def step(*arguments, **how):
        if next(count) == interrupted:
            signal.raise_signal(signal.SIGINT)
        return real(*arguments, **how)

    monkeypatch.setattr(training, "step", step)
    status, said = command(*series)
    assert status == 130
    assert "--resume goes on from" in said.out.splitlines()[-1]
    monkeypatch.setattr("sys.argv", ["training.py", "--resume"])
    kept = tmp_path / "kept.pt"
    again = tmp_path / "again.pt"
    again.write_bytes(kept.read_bytes())
    for path, more, written in ((kept, [], out), (again, ["--out", str(other)], other)):
        assert training.main(["--resume", "--device", "cpu", "--checkpoint", str(path), *more]) == 0
        found = json.loads(written.read_text(encoding="utf-8"))
        assert found["command"] == expected["command"]
        for run, wanted in zip(found["runs"], expected["runs"], strict=True):
            for name in ("recipe", "precision", "seed", "losses", "accuracy"):
                assert run[name] == wanted[name]


def test_a_state_that_the_command_did_not_keep_is_refused(pictures, tmp_path, command):
    path = tmp_path / "kept.pt"
    with pytest.raises(Interrupted):
        small(
            *(pictures,),
            stop=stop_after(3),
            keep=lambda state: checkpoints.write_checkpoint(path, state),
        )
    status, said = command("--resume")
    assert status == 1
    assert said.err.strip().endswith("was not kept by this command: start without --resume.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "size=3"], "a recipe has batch, bias_rate"),
        (["--set", "rate=fast"], "rate is a float, like 0.4"),
        (["--runs", "0"], "--runs needs at least 1"),
        (["--tflop", "-1"], "-1 TFLOP is nothing"),
        (["--target", "99"], "a target of 99 % is not between"),
    ],
)
def test_wrong_arguments_are_said_in_one_line(command, arguments, says):
    status, said = command(*arguments, small=False)
    assert status == 1
    assert says in said.err
    assert len(said.err.splitlines()) == 1


def test_a_target_is_work(command, monkeypatch):
    monkeypatch.setattr(training, "work_for", lambda accuracy: accuracy * 1e-6)
    status, said = command("--target", "94")
    assert status == 0
    assert re.search(r"^target 94 %: (reached|missed)$", said.out, re.MULTILINE)
    assert said.out.splitlines()[-1].startswith("budget 9.4e-05 TFLOP: ")


def test_times_are_read():
    assert [training.seconds_of(text) for text in ("60s", "90", "10min", "1.5 s")] == [
        60,
        90,
        600,
        1.5,
    ]
    for text in ("soon", "0s", "-3s"):
        with pytest.raises(argparse.ArgumentTypeError):
            training.seconds_of(text)


def test_held_out_pictures_are_no_training_pictures(monkeypatch):
    class Numbered:
        """50,000 pictures that are told apart by their first bytes."""

        def __init__(self):
            self.data = torch.zeros(50_000, 1, 1, 3, dtype=torch.uint8).numpy()
            self.data[:, 0, 0, 0] = torch.arange(50_000) % 256
            self.data[:, 0, 0, 1] = torch.arange(50_000) // 256
            self.targets = list(range(50_000))

    def cifar10(train):
        assert train, "the test set was touched"
        return Numbered()

    monkeypatch.setattr(training.cifar10_data, "cifar10", cifar10)
    found = training.load(validation=True)
    assert (len(found.train), len(found.judge), found.judged_on) == (45_000, 5_000, "held-out")
    assert sorted(torch.cat([found.train_labels, found.judge_labels]).tolist()) == list(
        range(50_000)
    )
    for pictures, labels in ((found.train, found.train_labels), (found.judge, found.judge_labels)):
        numbers = pictures[:, 0, 0].long()
        assert torch.equal(numbers[:, 0] + 256 * numbers[:, 1], labels)


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_leaves_a_checkpoint_and_a_line(tmp_path):
    program, kept = Path(__file__).parents[1] / "support/small_training.py", tmp_path / "kept.pt"
    started = subprocess.Popen(
        [
            sys.executable,
            program,
            "--epochs",
            "1e6",
            "--checkpoint",
            kept,
            "--checkpoint-every",
            "0.2",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GOMP_SPINCOUNT": "30000"},
    )
    try:
        for _ in range(600):
            if kept.exists() or started.poll() is not None:
                break
            time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode == 130
    assert re.fullmatch(
        r"Stopped after \d+ s, at \d+ % of 1e\+06 epochs\. --resume goes on from .*kept\.pt\.",
        out.splitlines()[-1],
    )
    assert "Traceback" not in err
    assert checkpoints.read_checkpoint(kept)["steps"] > 0


# --- the peers


@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_trains_a_step(pictures, name):
    recipe = peers.shrunk(peers.PEERS[name], 1000, least=4)
    recipe = replace(recipe, batch=4)
    trained = small(pictures, recipe, Limit(1e-6, "TFLOP"))
    assert trained.steps >= 1
    assert math.isfinite(trained.losses[-1])


def test_a_shrunk_recipe_makes_more_steps_at_smaller_rates():
    recipe = peers.PEERS["airbench94"]
    found = peers.shrunk(recipe, 10_000)
    assert (found.batch, found.rate) == (64, 1.5 / 16)
    assert peers.shrunk(recipe, 1e7) == recipe
    assert peers.shrunk(recipe, 10).batch == 32


def test_the_peers_table(pictures, command, monkeypatch, tmp_path):
    two = {name: peers.PEERS[name] for name in ("LeNet, classic recipe", "LeNet, whole tensors")}
    monkeypatch.setattr(peers, "PEERS", two)
    monkeypatch.setattr(training, "measure_speed", lambda *_: 1e9)
    out = tmp_path / "peers.json"
    status, said = command("--peers", "--tflop", "0.0003", "--runs", "2", "--out", str(out))
    assert status == 0
    table = said.out.splitlines()[-4:]
    assert table[0].split() == ["accuracy", "deviation", "seconds", "TFLOP", "epochs", "batch"]
    assert [line[:24].strip() for line in table[1:]] == ["this book", *two]
    found = json.loads(out.read_text(encoding="utf-8"))["peers"]
    assert [len(runs) for runs in found.values()] == [2, 2, 2]
