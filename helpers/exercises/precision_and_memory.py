"""The exercises of the page on precision and memory."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from helpers.exercises.calls import forbidden, names_in
from helpers.exercises.exercise import exercise
from helpers.exercises.values import kind
from helpers.memory import bytes_of

WIDER = {"bfloat16", "float", "double", "float32", "float64", "numpy", "tolist", "item", "fsum"}
SUMS = "sum", "mean", "cumsum", "dot", "matmul", "einsum", "norm"


class Widening(TorchFunctionMode):
    """Watches calls of torch inside a ``with`` block.

    Attributes:
        found: for each call that made another float type of float16, a sentence.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if torch.float16 in _float_types((args, kwargs)):
            name = getattr(func, "__name__", "a call")
            self.found += [
                f"stay in float16: the result of `{name}` is {dtype}."
                for dtype in _float_types(result)
                if dtype != torch.float16
            ]
        return result


@exercise
def check_counts_to(counts_to: Callable[[torch.dtype], int]) -> Iterator[str]:
    """``counts_to(dtype)``: the first whole number n with n + 1 == n."""
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        given = counts_to(dtype)
        if type(given) is not int:
            yield f"for {dtype}: an int is expected, but this is {kind(given)}."
        for n, stops in ((given, True), (given - 1, False)):
            x = torch.tensor(n, dtype=dtype)
            if bool(x + 1 == x) is not stops:
                yield f"for {dtype}: {given} is not right, {n} + 1 is {'more than' if stops else 'the same as'} {n}."


@exercise
def check_training_bytes(training_bytes: Callable[[nn.Module], int]) -> Iterator[str]:
    """``training_bytes(net)``: parameters, gradients and Adam's two means, in bytes, as measured."""
    frozen = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 2, 1))
    frozen[0].requires_grad_(requires_grad=False)
    mixed = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2).double())
    nets = {
        "nn.Linear(20, 5)": nn.Linear(20, 5),
        "nn.Linear(20, 5).double()": nn.Linear(20, 5).double(),
        "a network of three layers whose first is frozen": frozen,
        "a network whose second layer is float64": mixed,
    }
    for name, net in nets.items():
        parameters = list(net.parameters())
        trained = [p for p in parameters if p.requires_grad]
        adam = torch.optim.Adam(trained)
        sum(p.sum() for p in trained).backward()
        adam.step()
        gradients = [p.grad for p in parameters if p.grad is not None]
        means = [t for s in adam.state.values() for key, t in s.items() if key != "step"]
        given, expected = training_bytes(net), bytes_of([*parameters, *gradients, *means])
        if type(given) is not int:
            yield f"for {name}: an int is expected, but this is {kind(given)}."
        elif given != expected:
            yield f"for {name}: {given!r} is not right, {'more' if given < expected else 'less'} is expected."


@exercise
def check_length(length: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``length(x)``: the Euclidean length of a float16 vector, computed in float16."""
    yield from _only_half(length, torch.tensor([3.0, 4.0]))
    lengths = {"norm", "vector_norm", "linalg_norm", "linalg_vector_norm", "cdist", "dist"}
    if ready := sorted(lengths & names_in(length)):
        yield f"work it out from the elements, without `{ready[0]}`."
    vectors = [
        torch.tensor([3.0, 4.0]),
        torch.tensor([300.0, 400.0]),
        torch.tensor([30000.0, -40000.0]),
        torch.tensor([-30000.0, -40000.0]),
        torch.tensor([3e-5, 4e-5]),
        torch.zeros(3),
        100 * torch.randn(50),
    ]
    for vector in vectors:
        x = vector.half()
        expected = x.double().norm()
        given = length(x.clone())
        if fault := _form_fault(given):
            yield fault
        elif not torch.isclose(given.double(), expected, rtol=0.01, atol=1e-7):
            elements = ", ".join(f"{element:g}" for element in vector.tolist())
            name = f"[{elements}]" if len(vector) < 5 else "a random vector"
            yield f"for x = {name}: {given.item():g} is not right."


@exercise
def check_careful_sum(careful_sum: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``careful_sum(x)``: the sum of float16 numbers, one after the other, in float16."""
    few = torch.tensor([1.0, 2.0])
    yield from _only_half(careful_sum, few)
    if set(SUMS) & names_in(careful_sum) or any(forbidden(careful_sum, (few.half(),), *SUMS)):
        yield "add the elements one after the other, without `sum` or the like."
    tensors = {
        "3000 times 0.001": torch.full((3000,), 0.001),
        "1000 followed by 2000 times 0.1": torch.cat(
            [torch.tensor([1000.0]), torch.full((2000,), 0.1)]
        ),
        "1500 random numbers from 0 to 1": torch.rand(1500),
    }
    for name, numbers in tensors.items():
        x = numbers.half()
        given = careful_sum(x.clone())
        if fault := _form_fault(given):
            yield fault
        elif not torch.isclose(given.double(), x.double().sum(), rtol=0.003, atol=0.0):
            yield f"for {name}: {given.item():g} is too far from the exact sum."


def _form_fault(given: object) -> str:
    """What is wrong with a result that is no single number in float16; '' if it is one."""
    if not isinstance(given, torch.Tensor):
        return f"a tensor is expected, but this is {kind(given)}."
    if given.dtype != torch.float16:
        return f"the result must be a tensor of dtype torch.float16, but has {given.dtype}."
    return (
        "" if given.numel() == 1 else f"the shape is {tuple(given.shape)}; one number is expected."
    )


def _only_half(function: Callable, x: torch.Tensor) -> Iterator[str]:
    """Tell whether a function of a float16 vector leaves float16, by its names and in one call."""
    if wider := sorted(WIDER & names_in(function)):
        yield f"stay in float16: `{wider[0]}` leaves it."
    with Widening() as widening:
        function(x.half())
    yield from widening.found


def _float_types(values: Any) -> list[torch.dtype]:
    """The types of the tensors of floats in a value."""
    tensors = [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]
    return [t.dtype for t in tensors if t.dtype.is_floating_point]
