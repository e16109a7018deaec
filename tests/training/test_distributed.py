"""The training in several processes under torchrun: the numbers of one process, one writer, and what a death does."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from helpers.training import checkpoints

PROGRAM = Path(__file__).parents[1] / "support/small_training.py"
KILLS = pytest.mark.skipif(os.name == "nt", reason="kills a worker by SIGKILL")


def start(processes, *arguments, torchrun=()):
    """The program under torchrun, or alone if ``processes`` is 1."""
    launcher = [
        *("-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"),
        *torchrun,
    ]
    return subprocess.Popen(
        [sys.executable, *(launcher if processes > 1 else []), PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GOMP_SPINCOUNT": "30000", "OMP_NUM_THREADS": "1"},
    )


def results(processes, folder):
    out = folder / f"{processes}.json"
    kept = folder / f"{processes}.pt"
    started = start(processes, "--epochs", 2, "--out", out, "--checkpoint", kept)
    said, err = started.communicate(timeout=240)
    assert started.returncode == 0, err
    return json.loads(out.read_text(encoding="utf-8"))["runs"][0], said


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return results(1, tmp_path_factory.mktemp("alone"))[0]


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_find_the_losses_of_one(alone, processes, tmp_path):
    found, said = results(processes, tmp_path)
    assert found["processes"] == processes
    assert found["steps"] == alone["steps"] == 16
    # the sums are taken in another order, and 16 steps of training let such differences grow
    assert found["losses"][:4] == pytest.approx(alone["losses"][:4], abs=2e-4)
    assert found["losses"] == pytest.approx(alone["losses"], abs=5e-3)
    assert found["losses"][0] != pytest.approx(found["losses"][-1], abs=5e-3)  # it has moved
    assert found["tflop"] == pytest.approx(alone["tflop"], rel=0.01)
    assert len(re.findall("^budget 2 epochs", said, re.MULTILINE)) == 1  # one process prints
    assert [path.name for path in tmp_path.iterdir()] == [f"{processes}.json"]  # and writes


def workers_of(started):
    """The identifiers of torchrun's processes, in the order of their ranks."""
    found = {}
    for child in psutil.Process(started.pid).children(recursive=True):
        try:
            if "small_training" in " ".join(child.cmdline()):
                found[int(child.environ()["RANK"])] = child.pid
        except (psutil.Error, KeyError):
            continue
    return [found[rank] for rank in sorted(found)]


def end(started):
    """End torchrun and its workers, which would live on without it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(started.pid).children(recursive=True):
            process.kill()
    started.kill()


def wait_for(path, started):
    latest = time.monotonic() + 120
    while not path.exists() and started.poll() is None and time.monotonic() < latest:
        time.sleep(0.05)
    assert path.exists(), started.communicate(timeout=10)[1]


@KILLS
def test_a_killed_worker_ends_the_run_in_a_clear_error(tmp_path):
    kept = tmp_path / "kept.pt"
    started = start(2, "--epochs", 1e6, "--checkpoint", kept, "--checkpoint-every", 0.2)
    try:
        wait_for(kept, started)
        os.kill(workers_of(started)[1], signal.SIGKILL)
        _, err = started.communicate(timeout=240)
    finally:
        end(started)
    assert started.returncode != 0
    assert re.search(r"rank\s*: 1 .*\n.*exitcode\s*: -9", err)  # torchrun's report
    assert checkpoints.read_checkpoint(kept)["steps"] > 0


@KILLS
def test_after_a_death_torchrun_goes_on_from_the_checkpoint(tmp_path):
    kept, out = tmp_path / "kept.pt", tmp_path / "out.json"
    started = start(
        *(2, "--budget", "6s", "--checkpoint", kept, "--checkpoint-every", 0.2, "--out", out),
        torchrun=["--max-restarts=1"],
    )
    try:
        wait_for(kept, started)
        steps = checkpoints.read_checkpoint(kept)["steps"]
        os.kill(workers_of(started)[1], signal.SIGKILL)
        said, err = started.communicate(timeout=240)
    finally:
        end(started)
    assert started.returncode == 0, err
    found = json.loads(out.read_text(encoding="utf-8"))["runs"][0]
    assert found["steps"] > steps
    assert found["seconds"] < 7  # not begun anew: the clock went on too
    assert found["resumed_at_step"] >= steps
    assert said.splitlines()[-1].startswith("budget 6 s: used ")
