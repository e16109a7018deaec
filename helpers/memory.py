"""How much memory tensors take: given ones, those kept for the backward pass, all while a function runs."""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def bytes_of(tensors: Iterable[torch.Tensor]) -> int:
    """Return the bytes of the tensors' storages; one that several of them share counts once."""
    return sum(storage.nbytes() for storage in _storages(list(tensors)).values())


def kept_for_backward(function: Callable[[], Any]) -> list[torch.Tensor]:
    """Call a function and return every tensor that autograd keeps for the backward pass, parameters among them."""
    tensors = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        tensors.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        function()
    return tensors


def peak_bytes(function: Callable[[], Any]) -> int:
    """Call a function and return the most bytes that the tensors made in it took at any one moment.

    Counted are the storages that PyTorch's operations return, on any device, from when they are made until the last
    tensor (or the graph of autograd) lets go of them. So the number is the same on every machine; scratch memory
    inside an operation is not in it; backward passes are. PyTorch's own ``torch.distributed._tools.mem_tracker``
    counts in this way.
    """
    counter = _Counter()
    with counter:
        function()
    return counter.peak


class _Counter(TorchDispatchMode):
    """Sees every operation below autograd, and the storages that it returns."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, weakref.finalize] = {}
        self.bytes = 0
        self.peak = 0

    def __torch_dispatch__(
        self, operation: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        known = _storages((args, kwargs))
        result = operation(*args, **(kwargs or {}))
        for key, storage in _storages(result).items():
            if key not in known and key not in self.alive:
                self.bytes += storage.nbytes()
                self.peak = max(self.peak, self.bytes)
                self.alive[key] = weakref.finalize(storage, self._drop, key, storage.nbytes())
        return result

    def _drop(self, key: int, nbytes: int) -> None:
        self.bytes -= nbytes
        del self.alive[key]


def _storages(values: Any) -> dict[int, torch.UntypedStorage]:
    """Return the storages of all tensors in nested lists, tuples and dicts, each once."""
    tensors = [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]
    storages = [tensor.untyped_storage() for tensor in tensors]
    return {storage._cdata: storage for storage in storages}
