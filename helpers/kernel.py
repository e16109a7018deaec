"""The kernel that the pages run in, the same for making the outputs and for verifying them."""

import ast
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any

import matplotlib
from nbval.kernel import RunningKernel

# Asked of the kernel after a cell: only what the page has imported by itself is looked at.
_FACTS = """(lambda torch, data: {
    **({} if torch is None else {
        "torch": torch.__version__,
        "device": "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"}),
    **({} if data is None or not data._find.cache_info().currsize else {
        "data": data.origin(), "data_is_real": data.is_real()}),
})(*map(__import__("sys").modules.get, ("torch", "helpers.data")))"""


def settings(folder: Path, workers: int = 1) -> dict[str, str]:
    """Environment variables that keep a user's own settings out of the outputs.

    Args:
        folder: an empty folder for IPython's and Jupyter's own files (no HOME is needed).
        workers: how many kernels will run at once; they share the cores.
    """
    found = {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "MATPLOTLIBRC": str(Path(matplotlib.get_data_path()) / "matplotlibrc"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "COLUMNS": "100",
        # OpenMP threads (GNU's) that wait for each other spin for long; on busy cores that makes training
        # tens of times slower. This much spinning costs nothing on idle cores and is harmless on busy ones.
        "GOMP_SPINCOUNT": "30000",
        # A CUDA toolkit without a GPU makes torch log a line; the pages compile nothing, so none is looked for.
        "CUDA_HOME": "",
        "CUDA_PATH": "",
    }
    if workers > 1:
        found["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
    return found


class PageKernel(RunningKernel):
    """nbval's kernel, with an input history (for ``%hist``) and an end that is noticed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._facts: dict[str, Any] = {}

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

    def facts(self) -> dict[str, Any]:
        """What the running page knows of the machine: ``torch``, ``device``, ``data``, ``data_is_real``."""
        reply = self.kc.execute(
            "",
            silent=True,
            store_history=False,
            user_expressions={"facts": _FACTS},
            reply=True,
            timeout=120,
        )
        answer = reply["content"].get("user_expressions", {}).get("facts", {})
        if answer.get("status") == "ok":
            self._facts = ast.literal_eval(answer["data"]["text/plain"])
        return self._facts
