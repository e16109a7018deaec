"""The cores of a container, from the files in which Linux shows its limits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import threads as cores

BOOK = Path(cores.__file__).resolve().parents[1]
QUOTAS = [
    ({}, None),
    ({"cpu.max": "max 100000\n"}, None),
    ({"cpu.max": "250000 100000\n"}, 2),
    ({"cpu.max": "50000 100000\n"}, 1),
    ({"cpu.max": "nothing known\n"}, None),
    ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
]


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(("files", "expected"), QUOTAS)
def test_the_quota_of_a_container(tmp_path, monkeypatch, files, expected):
    write(tmp_path, files)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert cores.cores(tmp_path) == (expected or 8)


def test_a_quota_larger_than_the_cores_that_it_may_run_on(tmp_path, monkeypatch):
    write(tmp_path, {"cpu.max": "800000 100000\n"})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5}, raising=False)
    assert cores.cores(tmp_path) == 2


PROGRAM = """import os, pathlib, sys
{first}
os.cpu_count = lambda: 8
os.sched_getaffinity = lambda _: set(range(8))
import helpers
from helpers import threads as cores
assert ("torch" in sys.modules) == {early}
os.environ.pop("OMP_NUM_THREADS", None)
cores.limit_threads(pathlib.Path(sys.argv[1]))
import torch
print(torch.get_num_threads())"""


@pytest.mark.parametrize("first", ["import torch; torch.set_num_threads(8)", ""])
def test_torch_takes_the_threads_of_the_container(tmp_path, first):
    """Whether it was imported before the helpers or is afterwards."""
    write(tmp_path, {"cpu.max": "100000 100000\n"})
    program = PROGRAM.format(first=first, early=bool(first))
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=BOOK, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_what_the_user_says_stays(tmp_path, monkeypatch):
    write(tmp_path, {"cpu.max": "100000 100000\n"})
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    cores.limit_threads(tmp_path)
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_every_import_of_the_helpers_sets_it():
    """In a container that says nothing of a quota nothing is set."""
    program = (
        "import os, helpers, sys; print('helpers.threads' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BOOK,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True False\n"
