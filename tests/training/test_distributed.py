"""The training in several processes under torchrun: one writer, and what a death leaves."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import chain

import psutil
import pytest
import torch

from helpers.training import batches, checkpoints, distributed
from helpers.training.distributed import Processes
from helpers.training.loop import Budget, TrainingConfig, make_loader, prepare
from helpers.training.recipe import Recipe
from tests.support.small_training import __file__ as PROGRAM

ENVIRONMENT = {"GOMP_SPINCOUNT": "30000", "OMP_NUM_THREADS": "1"}
KILLS = pytest.mark.skipif(os.name == "nt", reason="kills a worker by SIGKILL")


def start(processes, *arguments, torchrun=()):
    """The program under torchrun, or alone if ``processes`` is 1."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    launcher += torchrun
    return subprocess.Popen(
        [sys.executable, *(launcher if processes > 1 else []), PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT,
    )


def results(processes, folder):
    out, kept = folder / "run.json", folder / "kept.pt"
    started = start(processes, "--epochs", 2, "--out", out, "--checkpoint", kept)
    said, err = started.communicate(timeout=240)
    assert started.returncode == 0, err
    return json.loads(out.read_text(encoding="utf-8"))["runs"][0], said


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return results(1, tmp_path_factory.mktemp("alone"))[0]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
def test_processes_find_the_losses_of_one(alone, processes, tmp_path):
    run, said = results(processes, tmp_path)
    assert (run["processes"], run["threads"]) == (processes, 1)
    assert run["steps"] == alone["steps"] == 16
    # the sums are taken in another order, and 16 steps of training let such differences grow
    assert run["losses"][:4] == pytest.approx(alone["losses"][:4], abs=2e-4)
    assert run["losses"] == pytest.approx(alone["losses"], abs=5e-3)
    assert run["losses"][0] != pytest.approx(run["losses"][-1], abs=5e-3)  # it has moved
    assert run["tflop"] == pytest.approx(alone["tflop"], rel=0.01)
    assert len(re.findall("^budget 2 epochs", said, re.MULTILINE)) == 1  # one process prints
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]  # and writes


def workers_of(started):
    """The identifiers of torchrun's processes, in the order of their ranks."""
    pids = {}
    for child in psutil.Process(started.pid).children(recursive=True):
        try:
            if "small_training" in " ".join(child.cmdline()):
                pids[int(child.environ()["RANK"])] = child.pid
        except (psutil.Error, KeyError):
            continue
    return [pids[rank] for rank in sorted(pids)]


def kill_one_of_two(kept, *arguments, torchrun=()):
    """Kill one of two workers when there is a checkpoint: its steps, the exit status of the rest, what it printed."""
    checkpoint = ("--checkpoint", kept, "--checkpoint-every", 0.2)
    started = start(2, *arguments, *checkpoint, torchrun=torchrun)
    latest = time.monotonic() + 120
    try:
        while not kept.exists() and started.poll() is None and time.monotonic() < latest:
            time.sleep(0.05)
        assert kept.exists(), started.communicate(timeout=10)[1]
        steps = checkpoints.read(kept)["steps"]
        os.kill(workers_of(started)[1], signal.SIGKILL)
        said, err = started.communicate(timeout=240)
        return steps, started.returncode, said, err
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(started.pid).children(recursive=True):
                process.kill()  # workers would live on without torchrun
        started.kill()


@pytest.mark.slow
@KILLS
def test_a_killed_worker_ends_the_run_in_a_clear_error(tmp_path):
    kept = tmp_path / "kept.pt"
    _, status, _, err = kill_one_of_two(kept, "--epochs", 1e6)
    assert status != 0
    assert re.search(r"rank\s*: 1 .*\n.*exitcode\s*: -9", err)  # torchrun's report
    assert checkpoints.read(kept)["steps"] > 0


@pytest.mark.slow
@KILLS
def test_after_a_death_torchrun_goes_on_from_the_checkpoint(tmp_path):
    out, torchrun = tmp_path / "out.json", ["--max-restarts=1"]
    arguments = ["--budget", "6s", "--out", out]
    steps, status, said, err = kill_one_of_two(tmp_path / "kept.pt", *arguments, torchrun=torchrun)
    assert status == 0, err
    run = json.loads(out.read_text(encoding="utf-8"))["runs"][0]
    assert run["steps"] > steps
    assert run["seconds"] < 7  # not begun anew: the clock went on too
    assert run["resumed_at_step"] >= steps
    assert said.splitlines()[-1].startswith("budget 6 s: used ")


# --- without torchrun


@pytest.mark.parametrize("dataloader", [False, True])
def test_ranks_share_each_batch_and_a_resumed_one_goes_on(dataloader):
    pixels = torch.arange(40, dtype=torch.uint8).view(-1, 1, 1, 1).expand(40, 32, 32, 3)
    images = batches.Images(pixels, torch.arange(40), pixels[:0], torch.arange(0))
    net = {"widths": (4,), "depths": (1,), "pools": (True,), "whiten": False}
    recipe = Recipe(batch_size=8, dataloader=dataloader, **net)

    def labels(start, *processes):
        training = prepare(TrainingConfig(recipe, Budget(1, "epochs")), images)
        training.steps = start
        loader = make_loader(training, Processes(*processes))
        return [next(loader)[1].tolist() for _ in range(12 - start)]

    whole = labels(0)
    assert [sorted(chain(*whole[n : n + 5])) for n in (0, 5)] == [list(range(40))] * 2
    assert whole[:5] != whole[5:10]
    assert labels(7) == whole[7:]
    first, second = labels(0, 0, 2), labels(0, 1, 2)
    for one, two, both in zip(first, second, whole, strict=True):
        assert both == [label for pair in zip(one, two, strict=True) for label in pair]


@pytest.mark.parametrize(
    ("of_the_user", "threads", "expected"),
    [(0, None, 4), (3, None, 3), (3, 1, 1)],
    ids=["half of the cores", "the user", "--threads"],
)
def test_each_process_gets_its_threads(monkeypatch, of_the_user, threads, expected):
    counts = []
    monkeypatch.setattr(torch, "set_num_threads", counts.append)
    monkeypatch.setattr("helpers.threads.cores", lambda *_: 8)
    monkeypatch.setattr("helpers.threads.users_choice", lambda: of_the_user)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed.joined("cpu", threads) as processes:
        assert processes == Processes()
    assert counts == [expected]
