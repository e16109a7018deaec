"""Which calls a reader's function makes: for exercises that allow only some."""

import dis
from collections import Counter
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from torch.overrides import TorchFunctionMode, resolve_name

FAMILIES = {  # names that count as one call
    "gather": ("gather", "take_along_dim"),
    "scatter": ("scatter", "scatter_"),
    "scatter_add": ("scatter_add", "scatter_add_"),
    "argsort": ("argsort", "sort"),
}
# Other ways of moving elements about: where one call is asked for, these are not allowed beside it.
MOVERS = {
    "flip", "fliplr", "flipud", "roll", "diagonal", "diag", "take", "index_select", "masked_select", "index_put_",
    "index_put", "index_add_", "index_add", "bincount", "one_hot", "unfold", "as_strided", "einsum", "matmul", "trace",
    "scatter_reduce", "scatter_reduce_", "index_copy_", "put_", "rot90",
}  # fmt: skip


class Recorder(TorchFunctionMode):
    """Counts the calls of torch inside a ``with`` block, by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.advanced_indexing = 0

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        name = (resolve_name(func) or getattr(func, "__name__", "")).rpartition(".")[2]
        self.counts[name] += 1
        if name in ("__getitem__", "__setitem__"):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            self.advanced_indexing += any(
                hasattr(part, "dim") or isinstance(part, list) for part in index
            )
        return func(*args, **(kwargs or {}))


def breaches(function: Callable, arguments: tuple, wanted: tuple[str, ...]) -> Iterator[str]:
    """Yield what a function does that a puzzle does not allow.

    Args:
        function: the reader's.
        arguments: of one call that is made to watch it.
        wanted: the families of which exactly one call each is asked for: "gather", "scatter", ...; no other family,
            no loop and no other way of moving elements is allowed.
    """
    if has_loop(function.__code__):
        yield "the result is right, but there is a loop in your function."
    with Recorder() as recorder:
        function(*arguments)
    for family, names in FAMILIES.items():
        count, expected = sum(recorder.counts[name] for name in names), int(family in wanted)
        if count != expected:
            yield f"the result is right, but {family} is called {count} times; {expected} is asked for."
    if recorder.advanced_indexing:
        yield "the result is right, but there is an index tensor in brackets: use the call that is asked for."
    if others := sorted(MOVERS & set(recorder.counts)):
        yield f"the result is right, but `{others[0]}` is not allowed here: use the call that is asked for."


def has_loop(code: CodeType) -> bool:
    """Tell whether a function, or one that is defined in it, loops: for, while or a comprehension."""
    if any("FOR_ITER" in i.opname or "BACKWARD" in i.opname for i in dis.get_instructions(code)):
        return True
    return any(has_loop(part) for part in code.co_consts if isinstance(part, CodeType))
