"""The most memory that each page takes, in a fresh kernel: Binder gives 2 GB to all of it.

Printed are the kernel's peak (VmHWM, as Linux counts it: resident memory, the libraries' pages among it, so that a
build of torch with CUDA shows more than the CPU build), and the peak of the kernel with its worker processes, looked
at every 0.2 s, pages that they share counted once (PSS). Then the cells that raised the kernel's peak by 0.1 GB or
more. The exit status is 1 if a page takes 1.5 GB or more.
"""

import re
import threading
from argparse import ArgumentParser, Namespace
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import psutil

from helpers.book import UsageError
from helpers.environment import installed
from helpers.pages import Page
from tests.studies import running

LIMIT = 1.5e9  # bytes
RISE = 1e8  # of a cell, in bytes, that is printed


class Peak(NamedTuple):
    """Bytes: of the kernel, of the kernel with the processes that it started, and by how much cells raised it."""

    kernel: int
    total: int
    rises: dict[int, int]


class Watch(threading.Thread):
    """Looks at a process and its children until stopped.

    Attributes:
        kernel: the most bytes that the process itself has taken so far.
        total: the same for it and its children together.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.stopped = psutil.Process(pid), threading.Event()
        self.kernel = self.total = 0

    def run(self):
        while not self.stopped.wait(0.2):
            self.look()

    def look(self):
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
            if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.kernel = max(self.kernel, 1024 * int(peak[1]))
            family = [self.process, *self.process.children(recursive=True)]
            self.total = max(self.total, self.kernel)
            if len(family) > 1:
                pss = sum(process.memory_full_info().pss for process in family)
                self.total = max(self.total, pss)
        except (OSError, psutil.Error):  # it has just ended
            pass


def peak_of(page: Page) -> Peak:
    """Run a page in a fresh kernel; the most memory that it took. No file is written."""
    notebook = deepcopy(page.notebook)
    watches: list[Watch] = []
    peaks: dict[int, int] = {}

    def start(cell, cell_index):
        if not watches:
            watches.append(Watch(client.km.provisioner.pid))
            watches[0].start()

    def note(cell, cell_index, execute_reply):
        watches[0].look()
        number = sum(cell.cell_type == "code" for cell in notebook.cells[:cell_index])
        peaks[number] = watches[0].kernel

    client = running.client(
        notebook, page.path.parent, on_cell_execute=start, on_cell_executed=note
    )
    running.execute(client)
    watches[0].stopped.set()
    watches[0].join()
    before = [0, *peaks.values()]
    rises = {n: peak - before[k] for k, (n, peak) in enumerate(peaks.items())}
    return Peak(watches[0].kernel, watches[0].total, rises)


def add_arguments(parser: ArgumentParser) -> None:
    running.add_pages(parser)


def run(args: Namespace) -> int:
    """Run the pages; the exit status is 1 if one takes too much."""
    if not Path("/proc/self/status").exists():
        raise UsageError("memory is read from /proc, which only Linux has")
    high = []
    print(f"torch {installed('torch')}")
    for page in running.chosen(args.pages):
        peak = peak_of(page)
        line = f"{page.name}: {peak.kernel / 1e9:.2f} GB"
        if peak.total > peak.kernel:
            line += f", with its processes {peak.total / 1e9:.2f} GB"
        print(line, flush=True)
        for n, rise in peak.rises.items():
            if rise >= RISE:
                print(f"    cell {n}: {rise / 1e9:+.2f} GB")
        if peak.total >= LIMIT:
            high.append(page.name)
    for name in high:
        print(f"{name} takes {LIMIT / 1e9} GB or more")
    return 1 if high else 0
