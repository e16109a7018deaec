"""How many cores this process may use, and PyTorch told so.

PyTorch takes one thread for each core of the machine. In a container (Binder, a school's JupyterHub, ``docker run
--cpus``) that may be many times more than the container gets, and threads that wait for each other make everything
slow. Linux states what a container gets as a quota: so many microseconds of processor time in each period. What the
user says in ``OMP_NUM_THREADS`` overrides all of this.
"""

from __future__ import annotations  # the environment check must load in Python 3.8 too

import os
import sys
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OMP = "OMP_NUM_THREADS"
AT_START = os.environ.get(OMP)  # before limit_threads sets it


def cores(groups: Path = GROUPS) -> int:
    """Return the cores that this process may use: those that it may run on, or fewer in a container with a quota.

    Args:
        groups: where Linux shows the container's limits (control groups, version 1 or 2); elsewhere there are none.
    """
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    quota = _quota(groups)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def _quota(groups: Path) -> float | None:
    """Return a container's quota, in cores; None if there is none."""
    v1 = groups / "cpu/cpu.cfs_quota_us", groups / "cpu/cpu.cfs_period_us"
    for files in ((groups / "cpu.max",), v1):
        with suppress(OSError, ValueError):  # no such file, or no limit: "max"
            quota, period = (int(n) for n in " ".join(file.read_text() for file in files).split())
            if quota > 0:
                return quota / period
    return None


def users_choice() -> int | None:
    """Return the threads that the user asks for in ``OMP_NUM_THREADS``; None if that says nothing.

    torchrun sets the variable to 1 in its processes if the user has not. On Linux it shows: torchrun itself began
    without the variable. Elsewhere that 1 is taken for the user's.
    """
    if "LOCAL_WORLD_SIZE" in os.environ:
        with suppress(OSError):
            if f"{OMP}=" not in Path(f"/proc/{os.getppid()}/environ").read_text(errors="replace"):
                return None
    with suppress(TypeError, ValueError):
        return max(1, int(AT_START))
    return None


def threads_for(processes: int = 1, groups: Path = GROUPS) -> int:
    """Return the threads for each of several processes on this machine: the user's choice, or a share of the cores.

    Args:
        processes: how many run at once.
        groups: as for ``cores``.
    """
    return users_choice() or max(1, cores(groups) // processes)


def limit_threads(processes: int = 1, groups: Path = GROUPS) -> None:
    """Give PyTorch, imported already or later, no more threads than its share; child processes inherit the limit.

    Args:
        processes: how many run at once.
        groups: as for ``cores``.
    """
    count = threads_for(processes, groups)
    if AT_START or count >= (os.cpu_count() or 1):
        return
    os.environ[OMP] = str(count)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(count)
