"""Kernels that need not import what every notebook imports: a process that has done so forks one for each.

A notebook finds there what it finds in a fresh kernel. Where `forkserver` cannot promise that, or a notebook's kernel
would not be the one prepared for (another interpreter, folder or environment), it gets a fresh one.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbval.kernel import NbvalKernelspecManager

from .kernel import PageKernel

LAUNCHER = "ipykernel_launcher"
OF_THE_RUN = "PYTEST_", "JPY_"  # variables that no import reads


class Preparation:
    """The process that forks kernels; it begins with the first of them.

    Attributes:
        refusal: why kernels are not forked, as 'the imports start threads'; '' as long as they are.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        """Take the names of the modules to import."""
        self.refusal = "" if sys.platform == "linux" else "not on this system"
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
    ) -> "ForkedProcess | None":
        """Fork a kernel; return None if it must be started fresh.

        Args:
            command: starts a fresh one.
            env: its environment.
            cwd: its folder.
            stdout: its standard output, a file; None for that of this process.
            stderr: its standard error.
            **others: more arguments of ``subprocess.Popen``; there is a fresh kernel if there are any.
        """
        if self.refusal or others or command[1:3] != ["-m", LAUNCHER]:
            return None
        lasting = {k: v for k, v in env.items() if not k.startswith(OF_THE_RUN)}
        origin = (command[0], cwd, lasting)
        if self._process is None:
            self._origin = origin
            self._start()
        if self.refusal or origin != self._origin:
            return None
        nothing, end = os.pipe()  # standard input, as jupyter_client has it: at its end
        os.close(end)
        streams = [nothing, 1 if stdout is None else stdout.fileno()]
        streams.append(2 if stderr is None else stderr.fileno())
        argv = [find_spec(LAUNCHER).origin, *command[3:]]
        try:
            pid = self.ask({"argv": argv, "env": dict(env)}, streams)["pid"]
        except (OSError, ValueError):
            self.refusal = "the process that forks them has ended"
            return None
        finally:
            os.close(nothing)
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
            self.refusal = self._answer()["refusal"]
        except (OSError, ValueError):
            self.refusal = "the imports end the process"

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
        """End the process."""
        if self._process is not None:
            self._connection.close()
            self._process.wait()


PREPARATION = pytest.StashKey[
    Preparation
]()  # in the stash of pytest's configuration, if there is one


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
            except (OSError, ValueError):
                self.returncode = 1  # it ends with the process that has forked it
        return self.returncode

    def wait(self) -> int:
        """Wait for the end and return the exit status."""
        while self.poll() is None:
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
    """Gets kernels from a preparation, as long as it can give any."""

    preparation: Preparation

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork the kernel or start it."""
        self.process = self.preparation.fork(cmd, **self._scrub_kwargs(kwargs))
        if self.process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info


class ForkedKernel(PageKernel):
    """A kernel of a preparation; nbval's constructor, with another provisioner."""

    def __init__(
        self, preparation: Preparation, name: str, cwd: str, startup_timeout: float = 60
    ) -> None:
        self.km = KernelManager(kernel_name=name, kernel_spec_manager=NbvalKernelspecManager())
        self.km.provisioner = Provisioner(kernel_spec=self.km.kernel_spec, parent=self.km)
        self.km.provisioner.preparation = preparation
        with Path(os.devnull).open("w") as nothing:
            self.km.start_kernel(cwd=cwd, stderr=nothing)
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self.kc.wait_for_ready(timeout=startup_timeout)
            self._ensure_iopub_up()
        except RuntimeError:
            self.stop()
            raise
