"""How much memory tensors take while a function runs."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_bytes(function: Callable[[], Any]) -> int:
    """Call a function and return the most bytes that the tensors made in it took at any one moment.

    Counted are the storages that PyTorch's operations return, on any device, from when they are made until the last
    tensor (or the graph of autograd) lets go of them. So the number is the same on every machine; scratch memory
    inside an operation is not in it. PyTorch's own ``torch.distributed._tools.mem_tracker`` counts in this way.

    Args:
        function: called once, without arguments; backward passes in it are counted too.
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
        self.bytes = self.peak = 0

    def __torch_dispatch__(
        self, operation: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        known = {self._key(tensor) for tensor in _tensors((args, kwargs))}
        result = operation(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            key = self._key(tensor)
            if key not in known and key not in self.alive:
                self._add(key, tensor.untyped_storage())
        return result

    def _add(self, key: int, storage: torch.UntypedStorage) -> None:
        self.bytes += storage.nbytes()
        self.peak = max(self.peak, self.bytes)
        self.alive[key] = weakref.finalize(storage, self._drop, key, storage.nbytes())

    def _drop(self, key: int, nbytes: int) -> None:
        self.bytes -= nbytes
        del self.alive[key]

    @staticmethod
    def _key(tensor: torch.Tensor) -> int:
        return tensor.untyped_storage()._cdata


def _tensors(values: Any) -> list[torch.Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]
