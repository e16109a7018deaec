"""The kernel that notebooks run in, the same for making the outputs and for verifying them."""

import ast
import math
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager
from nbval.kernel import NbvalKernelspecManager, RunningKernel

from .prepared import Preparation, Provisioner


def settings(folder: Path) -> dict[str, str]:
    """Return environment variables that keep a user's own settings out of the outputs.

    Args:
        folder: an empty folder for IPython's and Jupyter's own files (no HOME is needed).
    """
    variables = {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONOPTIMIZE": "",
        "PYTHONWARNINGS": "",
        "PYTHONDEVMODE": "",
        "COLUMNS": "80",  # as in JupyterLab, even where pytest runs in a wide terminal
    }
    if find_spec("matplotlib"):
        import matplotlib

        variables["MATPLOTLIBRC"] = str(Path(matplotlib.get_data_path()) / "matplotlibrc")
    return variables


class KernelDiedError(RuntimeError):
    """The kernel ended while a cell ran or before it."""


class PageKernel(RunningKernel):
    """nbval's kernel, with an input history (for ``%hist``) and an end that is noticed.

    Attributes:
        refusal: why it was started fresh though a preparation was there; '' if it was forked or none was.
    """

    patience = 5.0  # seconds that an interrupted cell has to end
    interrupted = False
    _last_moment = math.inf  # no message is waited for longer

    def __init__(
        self,
        name: str,
        folder: Path,
        variables: Mapping[str, str],
        startup_timeout: float,
        preparation: Preparation | None = None,
    ) -> None:
        """Start a kernel.

        Args:
            name: the registered kernel.
            folder: where it runs.
            variables: environment variables, besides those of this process.
            startup_timeout: seconds that it has to start.
            preparation: what it is forked from, where that can be; without one it is started fresh.
        """
        environment = {**os.environ, **variables}
        environment.pop("PYTEST_CURRENT_TEST", None)  # with it, ipykernel drops a child's output
        self.reply: dict[str, Any] = {}  # what the kernel said to the last request
        self.km = KernelManager(kernel_name=name, kernel_spec_manager=NbvalKernelspecManager())
        if preparation:
            self.km.provisioner = Provisioner(preparation, self.km)
        self.km.start_kernel(cwd=str(folder), env=environment, stderr=subprocess.DEVNULL)
        self.refusal = self.km.provisioner.refusal if preparation else ""
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self._wait_until_ready(startup_timeout)
        except RuntimeError:
            self.stop()
            raise

    def _wait_until_ready(self, timeout: float) -> None:
        """Wait until the kernel answers and what it publishes arrives."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            request = self.kc.kernel_info()
            with suppress(Empty):
                self.await_reply(request, left)
                self.await_idle(request, 0.1)  # what came before this process listened is lost
                return
        raise RuntimeError(f"it did not answer within {timeout:g} s")

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell as a notebook does, with its input kept; return the message's identifier."""
        return self.kc.execute(
            cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
        )

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Wait for the reply to a request, and keep what it says in ``reply``."""
        while (message := self.get_message("shell", timeout))["parent_header"].get(
            "msg_id"
        ) != msg_id:
            pass
        self.reply = message["content"]

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message from the kernel, within so many seconds.

        Raises:
            queue.Empty: there was none in time, or the cell goes on though it was interrupted.
            KernelDiedError: the kernel has ended.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        while (now := time.monotonic()) < self._last_moment:
            left = max(0, min(end, self._last_moment) - now)
            try:
                return super().get_message(stream, timeout=min(1, left))
            except Empty:
                if not self.is_alive():
                    raise KernelDiedError(self.cause_of_death()) from None
                if left <= 1:
                    raise
        raise Empty

    def late_streams(self, lateness: float = 0.5, longest: float = 5.0) -> Iterator[dict[str, Any]]:
        """Yield what is printed after a cell's end: a thread of the kernel passes on what other processes print.

        Args:
            lateness: seconds without a message after which nothing more is expected.
            longest: seconds in all, for a process may print for ever.
        """
        end = time.monotonic() + longest
        with suppress(Empty, KernelDiedError):
            while (left := end - time.monotonic()) > 0:
                message = self.get_message("iopub", timeout=min(lateness, left))
                if message["msg_type"] == "stream":
                    yield message

    def interrupt(self) -> None:
        """Interrupt the cell that runs; what it sends is waited for only ``patience`` longer."""
        self.interrupted = True
        self._last_moment = time.monotonic() + self.patience
        super().interrupt()

    def cause_of_death(self) -> str:
        """Return how the kernel's process ended, as far as the operating system tells: 'killed by SIGKILL'."""
        status = getattr(self.km.provisioner.process, "returncode", None)
        if status is None or status >= 0:
            return f"exit status {status}"
        name = signal.Signals(-status).name
        return f"killed by {name}" + (", perhaps for want of memory" if name == "SIGKILL" else "")

    def stop(self) -> None:
        """End the kernel, dead or alive, and the processes it has started."""
        if not hasattr(self, "km"):
            return
        if hasattr(signal, "SIGKILL") and self.is_alive():
            self.km.signal_kernel(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):  # jupyter_client looks every 0.1 s
                self.km.provisioner.process.wait(timeout=5)
        super().stop()

    def ask(self, expression: str) -> Any:
        """Return the value of a Python expression in the kernel, a literal; None if the expression fails."""
        message = self.kc.execute(
            "", silent=True, store_history=False, user_expressions={"value": expression}
        )
        reply = {"parent_header": {"msg_id": ""}}
        while reply["parent_header"]["msg_id"] != message:
            reply = self.get_message("shell", timeout=120)
        answer = reply["content"].get("user_expressions", {}).get("value", {})
        if answer.get("status") != "ok":
            return None
        return ast.literal_eval(answer["data"]["text/plain"])
