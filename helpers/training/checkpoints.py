"""Checkpoints: the state of a training as a file, for a later one to go on from.

Each training keeps its state in a file of its own, which is locked while the training runs: no other one writes it,
removes it or goes on from it.
"""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from helpers import paths
from helpers.training.loop import COUNTED
from helpers.training.recipe import recipe_of
from helpers.verification.files import write_file

CHECKPOINTS = paths.DATA / "checkpoints"
NEEDED = {"net", "optimizers", "config", *COUNTED}
DIGEST_BYTES = 32  # of the SHA-256 at the end of the file
MOMENT = 0.3  # seconds: longer than others hold a lock who only want to know whether it is free


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the text says why and what to do."""


def write(path: Path, state: dict) -> None:
    """Keep the state of a training, for `read`. Raises `OutputError`."""
    file = io.BytesIO()
    torch.save(state, file)
    content = file.getvalue()  # torch does not notice when a number in it is changed: hence the sum
    write_file(path, content + hashlib.sha256(content).digest())


def read(path: Path) -> dict:
    """The state of a training. Only tensors, numbers, text are read: no code in the file is ever run.

    Raises:
        CheckpointError: there is none, or it is damaged, or is something else.
    """
    try:
        file = path.read_bytes()
        content = file[:-DIGEST_BYTES]
        if hashlib.sha256(content).digest() != file[-DIGEST_BYTES:]:
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


def new_path(seed: int) -> Path:
    """A name for the checkpoint of a training that begins now; the folder is made, the file is not."""
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    return CHECKPOINTS / f"{time.strftime('%Y-%m-%d_%H.%M.%S')}_seed{seed}_{job()}.pt"


def existing(of_job: str = "*") -> list[Path]:
    """The checkpoints that training runs have left under names of `new_path`, the newest first."""
    files = CHECKPOINTS.glob(f"*_seed*_{of_job}.pt")
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def newest() -> Path:
    """Print which checkpoints there are; the newest whose training does not run. Raises `CheckpointError`."""
    free = []
    for path in existing():
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
