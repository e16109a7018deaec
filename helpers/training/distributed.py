"""Several processes that torchrun has started: how they find each other, and what all have to agree on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist

from helpers.threads import threads_for


@dataclass(frozen=True)
class Processes:
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
