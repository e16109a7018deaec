"""Threads: what the user says, else a share of the cores that a container has."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers import threads
from tests.support import small_book

QUOTAS = [  # and the cores that are left of 8
    ({}, 8),
    ({"cpu.max": "max 100000\n"}, 8),
    ({"cpu.max": "250000 100000\n"}, 2),
    ({"cpu.max": "50000 100000\n"}, 1),
    ({"cpu.max": "900000 100000\n"}, 8),
    ({"cpu.max": "nothing known\n"}, 8),
    ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
]


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def python(program, *arguments, **variables):
    """What a program prints, run by a Python of its own under these environment variables."""
    environment = {name: value for name, value in os.environ.items() if name != threads.OMP}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=small_book.BOOK,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(("files", "expected"), QUOTAS)
def test_the_quota_of_a_container(tmp_path, monkeypatch, files, expected):
    write(tmp_path, files)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert threads.cores(tmp_path) == expected


MACHINE = """import os, pathlib, sys
os.cpu_count = lambda: 64
os.sched_getaffinity = lambda _: set(range(64))
"""
LIMITED = """{first}
from helpers import threads
assert ("torch" in sys.modules) == {early}
threads.limit_threads(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
import torch
print(torch.get_num_threads())"""


@pytest.mark.parametrize("first", ["import torch; torch.set_num_threads(8)", ""])
def test_torch_takes_the_threads_of_the_container(tmp_path, first):
    """Whether it was imported before the helpers or is afterwards."""
    write(tmp_path, {"cpu.max": "100000 100000\n"})
    program = LIMITED.format(first=first, early=bool(first))
    assert python(MACHINE + program, 1, tmp_path) == "1"


SHARE = """from helpers import threads
groups = pathlib.Path(sys.argv[2])
threads.limit_threads(groups=groups)
threads.limit_threads(int(sys.argv[1]), groups)
print(os.environ.get("OMP_NUM_THREADS"), threads.threads_for(int(sys.argv[1]), groups))"""


SHARES = [
    ({}, None, 1, "None 64"),
    ({}, None, 2, "32 32"),
    ({}, "600000", 1, "6 6"),
    ({}, "600000", 2, "3 3"),
    ({}, "100000", 2, "1 1"),
    ({"OMP_NUM_THREADS": "1"}, None, 2, "1 1"),
    ({"OMP_NUM_THREADS": "5"}, "200000", 2, "5 5"),
    ({"OMP_NUM_THREADS": "nonsense"}, "600000", 2, "nonsense 3"),
    ({"OMP_NUM_THREADS": ""}, "600000", 2, "3 3"),
]


@pytest.mark.parametrize(("said", "quota", "processes", "printed"), SHARES)
def test_the_users_choice_wins_over_a_quota_and_a_quota_over_the_machine(
    tmp_path, said, quota, processes, printed
):
    write(tmp_path, {"cpu.max": f"{quota} 100000\n"} if quota else {})
    assert python(MACHINE + SHARE, processes, tmp_path, **said) == printed


UNDER_TORCHRUN = """import os, subprocess, sys
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["LOCAL_WORLD_SIZE"] = "2"
program = "from helpers import threads; print(threads.users_choice())"
subprocess.run([sys.executable, "-c", program], check=True)"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(("said", "printed"), [({}, "None"), ({"OMP_NUM_THREADS": "1"}, "1")])
def test_what_torchrun_sets_is_not_taken_for_the_users_choice(said, printed):
    assert python(UNDER_TORCHRUN, **said) == printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "seen"), [({}, str(max(1, threads.cores() // 2))), ({"OMP_NUM_THREADS": "3"}, "3")]
)
def test_the_workers_of_pytest_share_the_cores_unless_the_user_says_otherwise(tmp_path, said, seen):
    """The kernels that they start inherit what they have."""
    shutil.copy(small_book.BOOK / "conftest.py", tmp_path)
    shutil.copytree(small_book.BOOK / "helpers", tmp_path / "helpers")
    test = f"import os\ndef test(): assert os.environ['OMP_NUM_THREADS'] == '{seen}'\n"
    (tmp_path / "test_it.py").write_text(test)
    options = ["-q", "--nbval", "-n", "2", "--import-mode=importlib", "-p", "no:cacheprovider"]
    program = f"import pytest; assert not pytest.main({[str(tmp_path / 'test_it.py'), *options]})"
    assert "1 passed" in python(program, **said)


def test_every_import_of_the_helpers_sets_it_and_brings_no_torch():
    program = "import helpers, sys; print('helpers.threads' in sys.modules, 'torch' in sys.modules)"
    assert python(program) == "True False"
