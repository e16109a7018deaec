"""With the helpers imported, PyTorch's profiler writes nothing about itself, which would stand on page 18."""

import os
import subprocess
import sys

from tests.support import small_book

PROFILED = """import helpers, torch
from torch.profiler import ProfilerActivity, profile
with profile(activities=[ProfilerActivity.CPU]) as profiler:
    torch.ones(3).sum()
print("aten::sum" in [event.key for event in profiler.key_averages()])
"""


def test_the_profiler_is_quiet():
    """A build for CUDA would write on any computer, and of an error where there is no GPU."""
    environment = {name: value for name, value in os.environ.items() if "KINETO" not in name}
    done = subprocess.run(
        [sys.executable, "-c", PROFILED],
        cwd=small_book.BOOK,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
