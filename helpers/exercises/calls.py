"""Which calls a reader's function makes, and what with: for exercises that allow only some."""

import dis
import functools
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves

from helpers.exercises.values import how_often

FAMILIES = {  # names that count as one call
    "gather": ("gather", "take_along_dim"),
    "scatter": ("scatter", "scatter_"),
    "scatter_add": ("scatter_add", "scatter_add_"),
    "argsort": ("argsort", "sort"),
}
# The same by another name: where one call is asked for, these are not allowed beside it.
MOVERS = {
    "take", "index_select", "masked_select", "index_put_", "index_put", "index_add_", "index_add", "index_copy_",
    "put_", "scatter_reduce", "scatter_reduce_",
}  # fmt: skip
LOOPING = {"map", "filter", "reduce", "vmap", "apply_"}  # loops by another name
SHAPED = {  # take only the shape or the dtype
    "zeros_like", "ones_like", "empty_like", "full_like", "rand_like",
    "new_zeros", "new_ones", "new_empty", "new_full",
}  # fmt: skip
SHAPED_AS = {"expand_as", "view_as", "reshape_as", "type_as", "to"}  # take only that of the second


class Recorder(TorchFunctionMode):
    """Counts the calls of torch inside a ``with`` block by their names, and watches gather and scatter.

    Attributes:
        counts: how often each name was called.
        advanced_indexing: how often an index tensor or a list stood in brackets.
        outputs: what the calls of gather and scatter returned, each with a copy of its values.
        faults: sentences on those whose data do not come from where they should.
    """

    def __init__(self, arguments: tuple = ()) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.advanced_indexing = 0
        self.outputs: list[tuple[Tensor, Tensor]] = []
        self.faults: list[str] = []
        self.arguments = [(a, a.clone()) for a in arguments if isinstance(a, Tensor)]
        self.computed = [a for a, _ in self.arguments]  # from the data; kept, so that ids stay

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = (resolve_name(func) or getattr(func, "__name__", "")).rpartition(".")[2]
        self.counts[name] += 1
        if name in ("__getitem__", "__setitem__"):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            self.advanced_indexing += any(
                hasattr(part, "dim") or isinstance(part, list) for part in index
            )
        inputs = [] if name in SHAPED else args[:1] if name in SHAPED_AS else [args, kwargs]
        if name in FAMILIES["gather"]:
            source = args[0] if args else kwargs["input"]
            if not self.is_argument(source):
                self.faults.append("gather must pick from the argument itself")
        is_scatter = name in FAMILIES["scatter"] + FAMILIES["scatter_add"]
        if is_scatter:
            src = kwargs.get("src", args[3] if len(args) > 3 else None)
            if self.is_computed(src) and not self.is_argument(src):
                self.faults.append("what is scattered must not be computed from the data")
            fresh = func(torch.zeros_like(args[0]), *args[1:], **kwargs) if args else None
        result = func(*args, **kwargs)
        if is_scatter and fresh is not None and not fresh.equal(result):
            self.faults.append("the target must not hold any of the answer before")
        if is_scatter or name in FAMILIES["gather"]:
            self.outputs.append((result, result.clone()))
        if self.is_computed(inputs):
            self.computed += [t for t in tree_leaves(result) if isinstance(t, Tensor)]
            self.computed += args[:1] if name == "__setitem__" else ()
        return result

    def is_computed(self, value: Any) -> bool:
        """Tell whether there is a tensor in a value that was computed from the arguments, or is one."""
        known = {id(t) for t in self.computed}
        return any(id(leaf) in known for leaf in tree_leaves(value))

    def is_argument(self, tensor: Tensor) -> bool:
        """Tell whether a tensor is an argument as it was given, in whatever shape."""
        return any(_is_same(tensor, *argument) for argument in self.arguments)


def breaches(function: Callable, arguments: tuple, wanted: tuple[str, ...]) -> Iterator[str]:
    """Yield what a function does that a puzzle does not allow.

    Args:
        function: the reader's.
        arguments: of one call that is made to watch it.
        wanted: the families of which exactly one call each is asked for: "gather", "scatter", ...; no other family,
            no loop and no other way of picking by index is allowed, and the result must be what the call returned.
    """
    if loops(function):
        yield "the result is right, but there is a loop in your function."
    with Recorder(arguments) as recorder:
        result = function(*arguments)
    for family, names in FAMILIES.items():
        count = sum(recorder.counts[name] for name in names)
        if family in wanted and count != 1:
            yield f"the result is right, but {family} is called {how_often(count)} instead of once."
        elif family not in wanted and count:
            yield f"the result is right, but {family} is called {how_often(count)}; it is not allowed here."
    if recorder.advanced_indexing:
        yield "the result is right, but there is an index tensor in brackets: use the call that is asked for."
    if others := sorted(MOVERS & set(recorder.counts)):
        yield f"the result is right, but `{others[0]}` is not allowed here: use the call that is asked for."
    for fault in recorder.faults:
        yield f"the result is right, but {fault}: the index is to do the work."
    if not any(_is_same(result, *output) for output in recorder.outputs):
        yield "the result is right, but it is not what the call returned: the index is to do the work."


def forbidden(function: Callable, arguments: tuple, *names: str) -> Iterator[str]:
    """Watch one call, so that a forbidden function is found in a module or in a function of the reader's, too."""
    with Recorder() as recorder:
        function(*arguments)
    if used := sorted(set(names) & set(recorder.counts)):
        yield f"write it without `{used[0]}`."


def names_in(function: Callable) -> set[str]:
    """Return the global names and the attributes in a function of the reader's; of one that is built in, its own."""
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None)
    return set(code.co_names) if code else {getattr(function, "__name__", "")}


def loops(function: Callable) -> bool:
    """Tell whether a function loops, or one that is defined beside it and that it calls; recursion is a loop too."""
    return _loops(function, ())


def has_loop(code: CodeType) -> bool:
    """Tell whether a function, or one that is defined in it, loops: for, while or a comprehension."""
    if any("FOR_ITER" in i.opname or "BACKWARD" in i.opname for i in dis.get_instructions(code)):
        return True
    return any(has_loop(part) for part in code.co_consts if isinstance(part, CodeType))


def _loops(function: Any, callers: tuple) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    if not isinstance(function, FunctionType):
        function = inspect.getattr_static(type(function), "__call__", None)
    if not isinstance(function, FunctionType):
        return False  # built in
    if function in callers or has_loop(function.__code__):
        return True
    names = _names(function.__code__)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    called = [function.__globals__.get(name) for name in names] + cells
    own = [f for f in called if getattr(f, "__module__", None) == function.__module__]
    return bool(LOOPING & names) or any(
        _loops(f, (*callers, function)) for f in own if isinstance(f, FunctionType)
    )


def _names(code: CodeType) -> set[str]:
    """The global names in a function and those defined in it, and the attributes that are loops."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    names |= LOOPING & set(code.co_names)
    for part in code.co_consts:
        if isinstance(part, CodeType):
            names |= _names(part)
    return names


def _is_same(tensor: Tensor, original: Tensor, values: Tensor) -> bool:
    """Tell whether a tensor is another one, which had these values: a view of all of it, or the values in order."""
    if not isinstance(tensor, Tensor) or tensor.numel() != values.numel():
        return False
    is_view = tensor.untyped_storage().data_ptr() == original.untyped_storage().data_ptr()
    in_order = tensor.flatten().double().equal(values.flatten().double())
    return in_order or (is_view and original.equal(values))
