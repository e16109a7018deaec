"""A process that imports modules once and forks a kernel for each notebook; `prepared` starts it, as a script.

Its one argument says what to import: names of modules, joined by commas. Requests, lines of JSON, come on its
standard input, a socket; each is answered with a line. The first line of all comes unasked.
"""

import atexit
import json
import os
import socket
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

INLINE = "module://matplotlib_inline.backend_inline"


def prepare(modules: Iterable[str]) -> str:
    """Import modules; return why kernels cannot be forked from this process then, '' if they can.

    Only one thread goes on in a forked process, so there may be no other; nor does a GPU that is in use; a file that
    is open here would be shared; what the imports print would be missing in a notebook that imports them again.
    """
    files = open_files()
    for name in modules:
        try:
            __import__(name)
        except Exception as error:
            return f"{name} cannot be imported ({type(error).__name__}: {error})"
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fstat(1).st_size:  # standard error goes to the same file
        return "the imports print something"
    if opened := open_files() - files:
        return f"the imports leave files open: {', '.join(sorted(opened))}"
    # OpenBLAS ends its threads before a fork, and starts them when it needs them again
    child = os.fork()
    if not child:
        os._exit(gpu_is_lost())
    if os.waitpid(child, 0)[1]:
        return "the imports use the GPU"
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        return "the imports start threads"
    return ""


def gpu_is_lost() -> bool:
    """Return whether torch could not use a GPU in this forked process, since its parent has looked for one."""
    torch = sys.modules.get("torch")
    kinds = [getattr(torch, name, None) for name in ("cuda", "xpu", "mtia")]
    return any(kind._is_in_bad_fork() for kind in kinds if hasattr(kind, "_is_in_bad_fork"))


def open_files() -> set[str]:
    """Return what the file descriptors of this process point to."""
    files = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        link = Path("/proc/self/fd", number)
        if link.exists() or link.is_symlink():  # not the one that lists the folder
            files.add(str(link.readlink()))
    return files


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Answer requests; return at the end of the connection, and in each forked kernel with the request for it.

    ``{"poll": PID}`` is answered with ``{"status": EXIT_STATUS}``, null as long as the kernel lives;
    ``{"argv": [...], "env": {...}}`` and three standard streams, with ``{"pid": PID}``.
    """
    while True:
        data, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        while data and not data.endswith(b"\n"):
            data += connection.recv(1 << 16)
        if not data:
            return None
        request = json.loads(data)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer(connection, status=os.waitstatus_to_exitcode(status) if pid else None)
            continue
        if pid := os.fork():
            answer(connection, pid=pid)
            for stream in streams:
                os.close(stream)
            continue
        os.setsid()
        connection.close()
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
            os.close(stream)
        return request


def answer(connection: socket.socket, **values: Any) -> None:
    """Answer a request with these values, as a line of JSON."""
    connection.sendall(json.dumps(values).encode() + b"\n")


def refresh(request: dict[str, Any], imported: dict[str, str], parent: int) -> None:
    """Give this process what a fresh one would have of its own: arguments, environment, random seeds.

    Args:
        request: the one for this kernel.
        imported: the variables that the imports have set.
        parent: the process that has forked this one; it may have ended by now.
    """
    os.environ.clear()
    os.environ.update(request["env"] | imported, JPY_PARENT_PID=str(parent))
    sys.argv[:] = request["argv"]
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Python's own generator sees to itself
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()


def run_kernel(own_filters: int, parent: int) -> None:
    """Run a kernel until it ends, with its own filters of warnings behind those of the imports, as in a fresh one.

    It ends with its parent. Where that has ended already, a kernel would be left over for good: none begins.

    Args:
        own_filters: how many there were before the imports.
        parent: the process that has forked this one.
    """
    from ipykernel.kernelapp import IPKernelApp

    if os.getppid() != parent:
        os._exit(1)
    imported = warnings.filters[: len(warnings.filters) - own_filters]
    del warnings.filters[: len(imported)]
    kernel = IPKernelApp.instance(parent_handle=parent)
    kernel.initialize()
    warnings.filters[:0] = imported
    kernel.start()


if __name__ == "__main__":
    if sys.path[0] == str(Path(__file__).parent):
        del sys.path[0]
    os.environ.setdefault("MPLBACKEND", INLINE)  # as every kernel does before the first cell
    import ipykernel.kernelapp  # noqa: F401

    before, own_filters, own_pid = dict(os.environ), len(warnings.filters), os.getpid()
    connection = socket.socket(fileno=os.dup(0))
    answer(connection, refusal=prepare(sys.argv[1].split(",")))
    variables = {name: value for name, value in os.environ.items() if before.get(name) != value}
    request = serve(connection)
    if request is None:
        atexit._run_exitfuncs()
        os._exit(0)  # to take apart what was imported takes a second, and the run waits for it
    refresh(request, variables, own_pid)
    run_kernel(own_filters, own_pid)
