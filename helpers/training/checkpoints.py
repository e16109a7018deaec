"""Files that are written whole or not at all, and checkpoints of a training that run no code when they are read."""

import hashlib
import io
import os
from pathlib import Path

import torch

from helpers.training.recipe import recipe_of


class CheckpointError(Exception):
    """A checkpoint cannot be used; the text says why and what to do."""


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: never is there half of one under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_checkpoint(path: Path, state: dict) -> None:
    """Keep the state of a training, for `read_checkpoint`."""
    file = io.BytesIO()
    torch.save(state, file)
    content = file.getvalue()  # torch does not notice when a number in it is changed: hence the sum
    write(path, content + hashlib.sha256(content).digest())


def read_checkpoint(path: Path) -> dict:
    """The state of a training. Only tensors, numbers, text are read: no code in the file is ever run.

    Raises:
        CheckpointError: there is none, or it is damaged, or is something else.
    """
    try:
        content = path.read_bytes()
        content, digest = content[:-32], content[-32:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError("the checksum is wrong")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        recipe_of(state["recipe"])
        needed = {"net", "optimisers", "steps", "seconds", "limit", "unit", "seed"}
        missing = needed - state.keys()
    except FileNotFoundError:
        raise CheckpointError(f"There is nothing to resume: {path} does not exist.") from None
    except Exception as error:
        raise CheckpointError(
            f"{path} is damaged, or no checkpoint of this program ({type(error).__name__}): start without --resume."
        ) from error
    if missing:
        raise CheckpointError(f"{path} is no checkpoint of this program: start without --resume.")
    return state
