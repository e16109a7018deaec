"""The most memory that each page takes, in a fresh kernel: Binder gives 2 GB to all of it.

    python -m tests.studies.page_memory          # every page
    python -m tests.studies.page_memory 04 05    # these

Printed are the kernel's peak (VmHWM, as Linux counts it: resident memory, the libraries' pages among it, so that a
build of torch with CUDA shows more than the CPU build), and the peak of the kernel with its worker processes, looked
at every 0.2 s, pages that they share counted once (PSS). Then the cells that raised the kernel's peak by 0.1 GB or
more. The exit status is 1 if a page takes 1.5 GB or more.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
import torch
from nbclient import NotebookClient
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from helpers import pages
from helpers.book import kernel
from helpers.book.run import CurrentEnvironment

LIMIT = 1.5e9  # bytes


class Peak(NamedTuple):
    """Bytes: of the kernel, of the kernel with the processes that it started, and by how much cells raised it."""

    kernel: int
    all: int
    rises: dict[int, int]


class Watch(threading.Thread):
    """Looks at a process and its children until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.stopped = psutil.Process(pid), threading.Event()
        self.highest = self.together = 0

    def run(self):
        while not self.stopped.wait(0.2):
            self.look()

    def look(self):
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
            if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.highest = max(self.highest, 1024 * int(found[1]))
            if children := self.process.children(recursive=True):
                total = sum(p.memory_full_info().pss for p in [self.process, *children])
                self.together = max(self.together, total)
        except (OSError, psutil.Error):  # it has just ended
            pass


def peak(notebook: nbformat.NotebookNode, folder: Path) -> Peak:
    """Run a notebook in a fresh kernel; the most memory that it took. Its outputs are replaced."""
    watches, rises = [], {}

    def watch(cell, cell_index):
        if not watches:
            watches.append(Watch(client.km.provisioner.pid))
            watches[0].start()

    def note(cell, cell_index, execute_reply):
        before = sum(rises.values())
        watches[0].look()
        rises[sum(c.cell_type == "code" for c in notebook.cells[:cell_index])] = (
            watches[0].highest - before
        )

    client = NotebookClient(
        notebook,
        kernel_manager_class=CurrentEnvironment,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=watch,
        on_cell_executed=note,
    )
    client.execute(stderr=subprocess.DEVNULL)  # the log of the kernel
    watches[0].stopped.set()
    watches[0].join()
    return Peak(watches[0].highest, max(watches[0].highest, watches[0].together), rises)


def main(numbers: list[str]) -> int:
    """Run the pages with these numbers, all if there are none; returns the exit status."""
    high = []
    print(f"torch {torch.__version__}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ.update(kernel.settings(Path(folder)))
        for page in pages.all_pages():
            if page.name.startswith(tuple(numbers or [""])):
                found = peak(page.notebook, page.path.parent)
                together = f", with its processes {found.all / 1e9:.2f} GB" * (
                    found.all > found.kernel
                )
                print(f"{page.name}: {found.kernel / 1e9:.2f} GB{together}", flush=True)
                for n, rise in found.rises.items():
                    if rise >= 1e8:
                        print(f"    cell {n}: {rise / 1e9:+.2f} GB")
                high += [page.name] * (found.all >= LIMIT)
    print(
        *(f"{name} takes {LIMIT / 1e9} GB or more" for name in high),
        sep="\n",
        end="\n" * bool(high),
    )
    return 1 if high else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
