"""Processes: several that torchrun has started, how one is stopped, and the checkpoints that it leaves for later ones.

Each training keeps its state in a file of its own, which is locked while the training runs: no other one writes it,
removes it or goes on from it.
"""

import hashlib
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from filelock import FileLock, Timeout

from helpers.threads import threads_for
from helpers.training.recipe import recipe_of
from helpers.verification.files import write_file

CHECKPOINTS = Path(__file__).resolve().parents[2] / "data" / "checkpoints"
COUNTED = ("steps", "tflop", "seconds", "last_step", "losses", "seconds_at")  # of a `Training`
NEEDED = {"net", "optimizers", "config", *COUNTED}
DIGEST = 32  # bytes
MOMENT = 0.3  # seconds: longer than others hold a lock who only want to know whether it is free


# --- processes


class Processes(NamedTuple):
    """This process among those that torchrun has started, or alone."""

    rank: int = 0
    count: int = 1

    def largest(self, *numbers: float) -> list[float]:
        """The largest value that any process gives, for each of the numbers: what all have to agree on."""
        if self.count == 1:
            return list(numbers)
        shared = torch.tensor(numbers, dtype=torch.float64, device=_collective_device())
        dist.all_reduce(shared, op=dist.ReduceOp.MAX)
        return shared.tolist()


def _collective_device() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"


def _store() -> dist.Store:
    """Where the processes find each other: torchrun's store, with the addresses of each restart kept apart.

    torch 2.15 by itself keeps those of the processes that have died, and the new ones call there in vain.
    """
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    has_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    is_master = not has_agent and os.environ["RANK"] == "0"
    store = dist.TCPStore(address, port, int(os.environ["WORLD_SIZE"]), is_master)
    return dist.PrefixStore(f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


@contextmanager
def joined(device: str, threads: int | None = None) -> Iterator[Processes]:
    """Join the other processes if torchrun has started this one, and share the cores with those of this machine.

    Args:
        device: "cpu" or "cuda".
        threads: of this process; None for what the user asks for in OMP_NUM_THREADS, or else a share of the cores.
    """
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if threads or "LOCAL_WORLD_SIZE" in os.environ:
        torch.set_num_threads(threads or threads_for(local))
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes()
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    backend = "nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, store=_store(), rank=rank, world_size=count)
    try:
        yield Processes(rank, count)
    finally:
        dist.destroy_process_group()


def mean_over_processes(losses: list[float], processes: Processes) -> list[float]:
    """Each step's loss, as the mean of what the processes found for their shares."""
    if processes.count == 1:
        return losses
    mean = torch.tensor(losses, device=_collective_device())
    dist.all_reduce(mean)
    return (mean / processes.count).tolist()


# --- signals


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM only raise a flag, which is asked for between steps; a second Ctrl-C ends at once."""
    received: list[int] = []

    def note(number: int, frame: Any) -> None:
        if number == signal.SIGINT and signal.SIGINT in received:
            raise KeyboardInterrupt
        received.append(number)

    with handled(note, signal.SIGINT, signal.SIGTERM):
        yield lambda: bool(received)


@contextmanager
def handled(handler: Callable[[int, Any], None], *signals: int) -> Iterator[None]:
    """Handle signals so inside; nothing is changed in a thread other than the main one, which gets none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


# --- checkpoints


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the text says why and what to do."""


def write_checkpoint(path: Path, state: dict) -> None:
    """Keep the state of a training, for `read_checkpoint`. Raises `OutputError`."""
    file = io.BytesIO()
    torch.save(state, file)
    content = file.getvalue()  # torch does not notice when a number in it is changed: hence the sum
    write_file(path, content + hashlib.sha256(content).digest())


def read_checkpoint(path: Path) -> dict:
    """The state of a training. Only tensors, numbers, text are read: no code in the file is ever run.

    Raises:
        CheckpointError: there is none, or it is damaged, or is something else.
    """
    try:
        file = path.read_bytes()
        content = file[:-DIGEST]
        if hashlib.sha256(content).digest() != file[-DIGEST:]:
            raise ValueError("the checksum is wrong")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        recipe_of(state["config"]["recipe"])
        missing = NEEDED - state.keys()
    except FileNotFoundError:
        raise CheckpointError(f"There is nothing to resume: {path} does not exist.") from None
    except Exception as error:
        raise CheckpointError(
            f"{path} is damaged, or no checkpoint of this program ({type(error).__name__}): start without --resume."
        ) from error
    if missing:
        raise CheckpointError(f"{path} is no checkpoint of this program: start without --resume.")
    return state


def job() -> str:
    """What tells this training from all others on this machine: a process id, the same after torchrun's restarts."""
    return f"torchrun{os.getppid()}" if "TORCHELASTIC_RUN_ID" in os.environ else str(os.getpid())


def new_checkpoint(seed: int) -> Path:
    """A name for the checkpoint of a training that begins now; the folder is made, the file is not."""
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    return CHECKPOINTS / f"{time.strftime('%Y-%m-%d_%H.%M.%S')}_seed{seed}_{job()}.pt"


def checkpoints(of_job: str = "*") -> list[Path]:
    """The checkpoints that trainings have left under names of `new_checkpoint`, the newest first."""
    files = CHECKPOINTS.glob(f"*_seed*_{of_job}.pt")
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def newest_checkpoint() -> Path:
    """Print which checkpoints there are; the newest whose training does not run. Raises `CheckpointError`."""
    free = []
    for path in checkpoints():
        in_use = is_in_use(path)
        written = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
        if os.environ.get("RANK", "0") == "0":
            print(f"{path.name}  written {written}{', its training runs' if in_use else ''}")
        if not in_use:
            free.append(path)
    if not free:
        raise CheckpointError(f"There is nothing to resume in {CHECKPOINTS}.")
    return free[0]


def is_in_use(path: Path) -> bool:
    """Does a training that still runs keep its state in this file?"""
    if not _lock(path).exists():
        return False
    try:
        with FileLock(_lock(path), timeout=MOMENT):
            return False
    except Timeout:
        return True


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Hold a checkpoint's lock while its training runs. Raises `CheckpointError`: another training holds it."""
    lock = FileLock(_lock(path))
    try:
        lock.acquire(timeout=MOMENT)
    except Timeout:
        raise CheckpointError(
            f"{path} belongs to a training that still runs: wait for it, or name another file."
        ) from None
    try:
        yield
    finally:
        lock.release()
        _lock(path).unlink(missing_ok=True)


def _lock(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")
