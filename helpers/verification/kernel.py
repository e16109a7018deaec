"""The kernel that notebooks run in, the same for making the outputs and for verifying them."""

import ast
import os
import time
from importlib.util import find_spec
from pathlib import Path
from queue import Empty
from typing import Any

from nbval.kernel import RunningKernel


def settings(folder: Path, workers: int = 1) -> dict[str, str]:
    """Environment variables that keep a user's own settings out of the outputs.

    Args:
        folder: an empty folder for IPython's and Jupyter's own files (no HOME is needed).
        workers: how many kernels will run at once; they share the cores.
    """
    found = {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "COLUMNS": "100",
    }
    if find_spec("matplotlib"):
        import matplotlib

        found["MATPLOTLIBRC"] = str(Path(matplotlib.get_data_path()) / "matplotlibrc")
    if workers > 1:
        found["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
    return found


class PageKernel(RunningKernel):
    """nbval's kernel, with an input history (for ``%hist``) and an end that is noticed."""

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell as a notebook does, with its input kept; returns the message's identifier."""
        return self.kc.execute(
            cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
        )

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """The next message; raises ``RuntimeError`` soon after the kernel has died, ``Empty`` on a timeout."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = 1.0 if end is None else min(1.0, end - time.monotonic())
            try:
                return super().get_message(stream, timeout=max(left, 0.01))
            except Empty:
                if not self.is_alive():
                    raise RuntimeError(
                        "the kernel died while this cell ran (out of memory, or killed)"
                    ) from None
                if end is not None and time.monotonic() >= end:
                    raise

    def ask(self, expression: str) -> Any:
        """The value of a Python expression in the kernel, a literal; None if it cannot be had."""
        reply = self.kc.execute(
            "",
            silent=True,
            store_history=False,
            user_expressions={"asked": expression},
            reply=True,
            timeout=120,
        )
        answer = reply["content"].get("user_expressions", {}).get("asked", {})
        if answer.get("status") != "ok":
            return None
        return ast.literal_eval(answer["data"]["text/plain"])
