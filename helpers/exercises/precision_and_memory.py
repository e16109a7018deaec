"""The exercises of the page on precision and memory."""

from collections.abc import Callable, Iterator

import torch
from torch import nn

from helpers.exercises.calls import names_in
from helpers.exercises.exercise import exercise
from helpers.exercises.values import kind
from helpers.memory import bytes_of

WIDER = {
    "bfloat16",
    "type_as",
    "float",
    "double",
    "to",
    "type",
    "float32",
    "float64",
    "numpy",
    "tolist",
    "item",
    "fsum",
}


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
    nets = {
        "nn.Linear(20, 5)": nn.Linear(20, 5),
        "nn.Linear(20, 5).double()": nn.Linear(20, 5).double(),
        "a network of three layers whose first is frozen": frozen,
    }
    for name, net in nets.items():
        adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad])
        shape = (2, 20) if isinstance(net, nn.Linear) else (2, 3, 5, 5)
        net(torch.randn(shape, dtype=next(net.parameters()).dtype)).sum().backward()
        adam.step()
        parameters = list(net.parameters())
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
    yield from _only_half(length)
    lengths = {"norm", "vector_norm", "linalg_norm", "linalg_vector_norm", "cdist", "dist"}
    if ready := sorted(lengths & names_in(length)):
        yield f"work it out from the elements, without `{ready[0]}`."
    vectors = [
        torch.tensor([3.0, 4.0]),
        torch.tensor([300.0, 400.0]),
        torch.tensor([30000.0, -40000.0]),
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
            yield f"for x = {vector.tolist() if len(vector) < 5 else 'a random vector'}: {given.item():g} is not right."


@exercise
def check_careful_sum(careful_sum: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[str]:
    """``careful_sum(x)``: the sum of float16 numbers, one after the other, in float16."""
    yield from _only_half(careful_sum)
    if {"sum", "mean", "cumsum", "dot", "matmul", "norm"} & names_in(careful_sum):
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


def _only_half(function: Callable) -> Iterator[str]:
    if wider := sorted(WIDER & names_in(function)):
        yield f"stay in float16: `{wider[0]}` leaves it."
