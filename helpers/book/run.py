"""Run the cells of a page in a fresh kernel of the environment that this program runs in."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

from helpers.book import BookError, kernel
from helpers.verification.headings import headings_of_code_cells

TIMEOUT = 600  # seconds for a cell


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that leaves signals to Python: nbclient's own answer to Ctrl-C ends in an assertion."""

    def add_signal_handler(self, *_: Any) -> None:
        raise RuntimeError("signals are left to Python")


class CurrentEnvironment(AsyncKernelManager):
    """Starts the kernel of the environment that this program runs in, whatever is registered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kernel_spec_manager=NbvalKernelspecManager(), **kwargs)


@contextmanager
def kernel_variables() -> Iterator[None]:
    """Set the environment variables that kernels inherit: no GPU, none of the user's own settings."""
    with tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True) as folder:
        os.environ.update(kernel.settings(Path(folder)), CUDA_VISIBLE_DEVICES="")
        yield


def execute(notebook: nbformat.NotebookNode, folder: Path, allow_errors: bool = False) -> None:
    """Run all cells in a fresh kernel, in place.

    Args:
        notebook: the cells.
        folder: where the kernel starts.
        allow_errors: True to go on after a cell that fails; the error is its output then.

    Raises:
        BookError: a cell failed, took too long, or the kernel died.
    """
    client = NotebookClient(
        notebook,
        kernel_manager_class=CurrentEnvironment,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        timeout=TIMEOUT,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        run_client(client)
    except CellExecutionError as error:
        raise BookError(f"{_last_cell(notebook)} failed:\n{error}") from None
    except CellTimeoutError as error:
        raise BookError(f"{_last_cell(notebook)} took too long: {error}") from None
    except DeadKernelError:
        raise BookError(
            f"the kernel died in {_last_cell(notebook)} killed or out of memory."
        ) from None


def run_client(client: NotebookClient, **options: Any) -> None:
    """Run a client's notebook; Ctrl-C ends it. The options are those of its kernel's process."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_execute(client, **options))


async def _execute(client: NotebookClient, **options: Any) -> None:
    try:
        await client.async_execute(stderr=subprocess.DEVNULL, **options)  # the kernel's own log
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient takes Ctrl-C for the kernel's death
            raise asyncio.CancelledError from None
        raise


def _last_cell(notebook: nbformat.NotebookNode) -> str:
    """The cell that a run ended in, for a message."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    n = max((n for n, cell in enumerate(code) if cell.execution_count), default=0)
    return f"cell {n} (In [{n + 1}]), under {headings_of_code_cells(notebook)[n]!r},"
