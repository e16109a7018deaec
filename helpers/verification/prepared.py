"""Kernels that need not import what every notebook imports: a process that has done so forks one for each.

A notebook finds there what it finds in a fresh kernel. Where `forkserver` cannot promise that, or a notebook's kernel
would not be the one prepared for (another interpreter, folder or environment), it gets a fresh one.
"""

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner

LAUNCHER = "ipykernel_launcher"
OF_THE_RUN = "PYTEST_", "JPY_"  # variables that no import reads
# The process has ended, or an interrupt came between a request and its answer and the next answer is that one's.
BROKEN = OSError, ValueError, LookupError


class NotForkedError(RuntimeError):
    """A kernel must be started fresh; says why, as 'the imports start threads'."""


class Preparation:
    """The process that forks kernels; it begins with the first of them."""

    def __init__(self, modules: Iterable[str]) -> None:
        """Take the names of the modules to import."""
        self._refusal = "" if sys.platform == "linux" else "kernels are forked on Linux only"
        self._modules = ",".join(modules)
        self._process: subprocess.Popen | None = None
        self._origin: tuple[Any, ...] = ()  # interpreter, folder, environment

    def fork(
        self,
        command: list[str],
        env: Mapping[str, str],
        cwd: str | None = None,
        stdout: Any = None,
        stderr: Any = None,
        **others: Any,
    ) -> "ForkedProcess":
        """Fork a kernel.

        Args:
            command: starts a fresh one.
            env: its environment.
            cwd: its folder.
            stdout: its standard output, a file or what ``subprocess.Popen`` takes; None for that of this process.
            stderr: its standard error.
            **others: more arguments of ``subprocess.Popen``; there is a fresh kernel if there are any.

        Raises:
            NotForkedError: it must be started fresh.
        """
        if others or command[1:3] != ["-m", LAUNCHER]:
            raise NotForkedError("its command is not ipykernel's")
        lasting = {k: v for k, v in env.items() if not k.startswith(OF_THE_RUN)}
        origin = (command[0], cwd, lasting)
        if self._process is None and not self._refusal:
            self._origin = origin
            self._start()
        if self._refusal:
            raise NotForkedError(self._refusal)
        if origin != self._origin:
            raise NotForkedError("its interpreter, folder or variables are not the first kernel's")
        argv = [find_spec(LAUNCHER).origin, *command[3:]]
        with ExitStack() as opened:
            nothing, end = os.pipe()  # standard input, as jupyter_client has it: at its end
            opened.callback(os.close, nothing)
            os.close(end)
            streams = [nothing, *(_descriptor(n, s, opened) for n, s in [(1, stdout), (2, stderr)])]
            try:
                pid = self.ask({"argv": argv, "env": dict(env)}, streams)["pid"]
            except BROKEN:
                self._refusal = "the process that forks kernels has ended"
                raise NotForkedError(self._refusal) from None
        return ForkedProcess(pid, self)

    def _start(self) -> None:
        """Start the process, and wait until it has imported everything."""
        python, folder, variables = self._origin
        self._connection, theirs = socket.socketpair()
        script = str(Path(__file__).with_name("forkserver.py"))
        with theirs, tempfile.TemporaryFile() as printed:
            self._process = subprocess.Popen(
                [python, script, self._modules],
                stdin=theirs,
                stdout=printed,
                stderr=printed,
                cwd=folder,
                env=variables,
                start_new_session=True,  # Ctrl-C is for this process
            )
        try:
            self._refusal = self._answer()["refusal"]
        except BROKEN:
            self._refusal = "the imports end the process"

    def ask(self, request: dict[str, Any], streams: Iterable[int] = ()) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises:
            OSError, ValueError: the process has ended.
        """
        line = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(self._connection, [line], list(streams))
        self._connection.sendall(line[sent:])
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        data = b""
        while not data.endswith(b"\n"):
            piece = self._connection.recv(1 << 16)
            if not piece:
                raise ValueError("no answer")
            data += piece
        return json.loads(data)

    def stop(self) -> None:
        """End the process, even if imports go on or have left a thread that it would wait for."""
        if self._process is not None:
            self._connection.close()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _descriptor(default: int, stream: Any, opened: ExitStack) -> int:
    """Return the file descriptor of what ``subprocess.Popen`` takes as a stream of a process."""
    if stream is None:
        return default
    if stream == subprocess.DEVNULL:
        return opened.enter_context(Path(os.devnull).open("w")).fileno()
    return stream if isinstance(stream, int) else stream.fileno()


class ForkedProcess:
    """What jupyter_client needs of ``subprocess.Popen``, for a process that another one has forked."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, preparation: Preparation) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._preparation = preparation

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process lives."""
        if self.returncode is None:
            try:
                self.returncode = self._preparation.ask({"poll": self.pid})["status"]
            except BROKEN:
                self.returncode = 1  # it ends with the process that has forked it
        return self.returncode

    def wait(self, timeout: float = math.inf) -> int:
        """Wait for the end and return the exit status.

        Raises:
            subprocess.TimeoutExpired: the process lives longer.
        """
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("a forked kernel", timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(9)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(15)


class Provisioner(LocalProvisioner):
    """Gets a kernel from a preparation, or starts it fresh where that cannot be.

    Attributes:
        refusal: why it was started fresh.
    """

    refusal = ""

    def __init__(self, preparation: Preparation, manager: KernelManager) -> None:
        super().__init__(kernel_spec=manager.kernel_spec, parent=manager)
        self._preparation = preparation

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork the kernel or start it."""
        try:
            self.process = self._preparation.fork(cmd, **self._scrub_kwargs(kwargs))
        except NotForkedError as error:
            self.refusal = str(error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info
