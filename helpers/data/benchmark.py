"""How long it takes to have CIFAR-10 ready, against torchvision's constructor, in one run.

    python -m helpers.data.benchmark        # the real pictures must be here

Measured in turn, so that whatever else the machine does hits all alike; each builds both data sets, 60,000 pictures.
All read from files that the operating system has in memory already: the disk is not measured.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from torchvision.datasets import CIFAR10

from helpers import data
from helpers.data import files
from helpers.environment import cpu_name


def measure(source: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, by name.

    Args:
        source: the folder of the seven official files.
        rounds: how often each is measured, after one round that does not count.
    """
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="cifar10-", ignore_cleanup_errors=True) as folder:
        data.FOLDER = Path(folder)
        for n in range(rounds + 1):
            (data.FOLDER / files.CACHE).unlink(missing_ok=True)
            for name, start in (
                ("cold: files checked and decoded, cache written", _ours),
                ("warm: cache checked and mapped", _ours),
                ("torchvision: files checked (MD5) and unpickled", lambda: _theirs(source.parent)),
            ):
                took = _timed(start)
                if n:
                    seconds.setdefault(name, []).append(took)
    return seconds


def _ours() -> list:
    data._find.cache_clear()  # as in a new process
    return [data.cifar10(train=True), data.cifar10(train=False)]


def _theirs(root: Path) -> list:
    return [CIFAR10(root, train=True), CIFAR10(root, train=False)]


def _timed(start: Callable[[], list]) -> float:
    """Seconds to build both data sets and to read every pixel once: what is mapped is read only then."""
    began = time.perf_counter()
    for part in start():
        part.data.max()
    return time.perf_counter() - began


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m helpers.data.benchmark")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured")
    rounds = parser.parse_args().rounds
    found = [path for _, root in data._places() for path in files.sources(root)[0]]
    source = next((path for path in found if path.is_dir()), None)
    if source is None:
        print(f"{files.FOLDER} is nowhere: set CIFAR10_ROOT to the folder that holds it.")
        return 1
    os.environ["CIFAR10_ROOT"] = str(source)
    seconds = measure(source, rounds)
    if not data.is_real():
        print(data.origin())
        return 1
    *_, reference = (statistics.median(took) for took in seconds.values())
    print(f"{cpu_name()}, {os.cpu_count()} cores, torchvision {version('torchvision')}.")
    print(f"Until 60,000 pictures are read, in s: median (least, most) of {rounds}")
    for name, took in seconds.items():
        median = statistics.median(took)
        spread = f"({min(took):.2f}, {max(took):.2f})"
        print(f"{name:47} {median:5.2f} {spread}   {median / reference:.2f} x torchvision")
    return 0


if __name__ == "__main__":
    sys.exit(main())
