"""Old calls on trial: each is run, and so is today's, and what they give is compared."""

import ast
import contextlib
import random
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn, optim
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, models, transforms
from torchvision.transforms import v2

from helpers import tables
from helpers.notes.names import recorded_warnings
from helpers.notes.old_calls import OldCall


@dataclass(frozen=True)
class Outcome:
    """What a piece of code did.

    Attributes:
        value: of its last expression; None if it failed or does not end with one.
        error: what it raised, if anything.
        warnings: each as Python prints it, the type before the text.
    """

    value: Any = None
    error: Exception | None = None
    warnings: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """The error, or else the warnings: each with its type before its text."""
        if self.error is None:
            return self.warnings
        return (f"{type(self.error).__name__}: {self.error}",)


def names() -> dict[str, Any]:
    """Return the names that every row may use."""
    return {
        "torch": torch,
        "nn": nn,
        "F": F,
        "optim": optim,
        "np": np,
        "Variable": Variable,
        "datasets": datasets,
        "models": models,
        "transforms": transforms,
        "v2": v2,
        "Image": Image,
        "DataLoader": DataLoader,
        "TensorDataset": TensorDataset,
        "__name__": "trial",
    }


def run(code: str, setup: str = "") -> Outcome:
    """Run code after its setup, over names of its own and in an empty folder, with the same random numbers each time.

    Raises:
        Exception: the setup failed, with whatever error.
    """
    space = names()
    with _undisturbed():
        _value(setup, space)
        with recorded_warnings() as caught:
            try:
                value, error = _value(code, space), None
            except Exception as raised:
                value, error = None, raised
        lines = tuple(f"{w.category.__name__}: {w.message}" for w in caught)
        return Outcome(value, error, lines)


def run_old(call: OldCall) -> Outcome:
    """Run the old code of a row."""
    return run(call.old, call.setup)


def run_new(call: OldCall) -> Outcome:
    """Run the new code of a row."""
    return run(call.new, call.setup)


def expected(call: OldCall) -> Any:
    """Return what the old call gave in its day; None if the row does not say."""
    outcome = run(call.then)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def state(call: OldCall) -> str:
    """Run the old code: return what it does today, in the words of ``OldCall.today``."""
    return _state(call, run_old(call))


def _state(call: OldCall, old: Outcome) -> str:
    if old.messages:
        return "warns" if old.error is None else "error"
    return "differs" if call.then and not same(old.value, expected(call)) else "runs"


def check(call: OldCall) -> None:
    """Run both codes of a row, and hold them against what it says.

    Raises:
        AssertionError: something is not as the row says; it names the row.
    """
    old, new, then = run_old(call), run_new(call), expected(call)
    today = _state(call, old)
    _insist(today == call.today, call, f"the old code is '{today}' today: {_short(old)}")
    if call.message:
        is_given = any(_matches(call.message, message) for message in old.messages)
        _insist(is_given, call, f"the message is another one: {_short(old)}")
    _insist(not new.messages, call, f"the new code is not clean: {_short(new)}")
    _insist(new.value is not None, call, "the new code has no value to compare")
    if call.then:
        _insist(same(new.value, then), call, f"the new code gives {_short(new)}, not {call.then}")
    elif old.error is None:
        words = f"the new code gives {_short(new)}, the old one {_short(old)}"
        _insist(same(new.value, old.value), call, words)


def same(a: Any, b: Any) -> bool:
    """Tell whether two values are alike: tensors in type, shape, numbers and in whether they require a gradient."""
    for kind, alike in ALIKE.items():
        if isinstance(a, kind) or isinstance(b, kind):
            return isinstance(a, kind) and isinstance(b, kind) and alike(a, b)
    return type(a) is type(b) and bool(a == b)


def _same_tensors(a: torch.Tensor, b: torch.Tensor) -> bool:
    for of_it in ("dtype", "shape", "device", "layout", "requires_grad"):
        if getattr(a, of_it) != getattr(b, of_it):
            return False
    if a.is_sparse:
        a, b = a.to_dense(), b.to_dense()
    if a.is_meta or not (a.is_floating_point() or a.is_complex()):
        return a.is_meta or torch.equal(a, b)
    return torch.allclose(a.detach(), b.detach(), atol=1e-6, equal_nan=True)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b)


def _same_pictures(a: Image.Image, b: Image.Image) -> bool:
    return (a.mode, a.size, a.tobytes()) == (b.mode, b.size, b.tobytes())


def _same_modules(a: nn.Module, b: nn.Module) -> bool:
    return repr(a) == repr(b) and same(a.state_dict(), b.state_dict())


def _same_mappings(a: Mapping, b: Mapping) -> bool:
    return list(a) == list(b) and all(same(a[key], b[key]) for key in a)


def _same_rows(a: Sequence, b: Sequence) -> bool:
    return len(a) == len(b) and all(map(same, a, b))


def _same_floats(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=1e-5, atol=0, equal_nan=True))


ALIKE = {
    torch.Tensor: _same_tensors,
    np.ndarray: _same_arrays,
    Image.Image: _same_pictures,
    nn.Module: _same_modules,
    Mapping: _same_mappings,
    str: str.__eq__,
    bytes: bytes.__eq__,
    Sequence: _same_rows,
    float: _same_floats,
}


def _value(code: str, space: dict[str, Any]) -> Any:
    """Run code; return the value of its last line, if that is an expression."""
    tree = ast.parse(code)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, "<row>", "exec"), space)
    return eval(compile(last, "<row>", "eval"), space) if last else None


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Work in an empty folder, from the same random numbers, and put back what code can set for the whole process."""
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    torch.storage._reset_warn_typed_storage_removal()  # a warning that Python code gives only once
    with torch.random.fork_rng(devices=[]), tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 -- old code draws from it
        with contextlib.chdir(folder):
            try:
                yield
            finally:
                torch.set_grad_enabled(grad)
                torch.set_default_device(None)
                with warnings.catch_warnings(action="ignore"):  # the default type of GPUs, too
                    torch.set_default_tensor_type(torch.FloatTensor)
                torch.set_default_dtype(dtype)


def _matches(message: str, raised: str) -> bool:
    """Tell whether what was raised is of the type that a row's message names, and holds its text."""
    kind, _, text = message.partition(": ")
    return raised.partition(": ")[0] == kind.rpartition(".")[2] and text in raised


def _short(outcome: Outcome) -> str:
    return "; ".join(outcome.messages) or tables.text(outcome.value)


def _insist(holds: bool, call: OldCall, words: str) -> None:
    if not holds:
        raise AssertionError(f"{call.name}: {words}")
