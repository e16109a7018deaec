"""How many cores this process may use, and PyTorch told so.

PyTorch takes one thread for each core of the machine. In a container (Binder, a school's JupyterHub, ``docker run
--cpus``) that may be many times more than the container gets, and threads that wait for each other make everything
slow. Linux states what a container gets as a quota: so many microseconds of processor time in each period.
"""

from __future__ import annotations  # the environment check must load in Python 3.8 too

import os
import sys
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")


def cores(groups: Path = GROUPS) -> int:
    """The cores that this process may use: those that it may run on, or fewer if a container's quota is smaller.

    Args:
        groups: where Linux shows the container's limits (control groups, version 1 or 2); elsewhere there are none.
    """
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    quota = _quota(groups)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def _quota(groups: Path) -> float | None:
    """A container's quota, in cores; None if there is none."""
    v1 = groups / "cpu/cpu.cfs_quota_us", groups / "cpu/cpu.cfs_period_us"
    for files in ((groups / "cpu.max",), v1):
        with suppress(OSError, ValueError):  # no such file, or no limit: "max"
            quota, period = (int(n) for n in " ".join(file.read_text() for file in files).split())
            if quota > 0:
                return quota / period
    return None


def limit_threads(groups: Path = GROUPS) -> None:
    """Give PyTorch, imported already or later, no more threads than there are cores; ``OMP_NUM_THREADS`` overrides."""
    if "OMP_NUM_THREADS" in os.environ or (count := cores(groups)) >= (os.cpu_count() or 1):
        return
    os.environ["OMP_NUM_THREADS"] = str(count)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(count)
