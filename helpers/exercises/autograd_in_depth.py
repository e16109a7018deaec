"""Checks of the exercises on page 03, autograd in depth."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in
from helpers.memory import peak_bytes

MANY = 1000  # elements of an input whose Hessian would be large
MOST = 100  # times the input's size: more memory than any way without a Hessian needs


def _twist(x: Tensor) -> Tensor:
    """As many outputs as inputs, and a Jacobian that is not symmetric."""
    return x**2 * x.flip(0) + x.cumsum(0)


def _narrow(x: Tensor) -> Tensor:
    """Two outputs of any number of inputs."""
    return torch.stack([x.prod(), x.sin().sum()])


@exercise
def check_vector_jacobian(vector_jacobian: Callable) -> Iterable[str]:
    """``vector_jacobian(f, x, v)`` is v times the Jacobian of f at x."""

    def reference(f: Callable, x: Tensor, v: Tensor) -> Tensor:
        return v @ torch.func.jacrev(f)(x)

    x = torch.tensor([1.0, 2.0, 3.0])
    v = torch.tensor([1.0, 10.0, 100.0])
    if not fault_in(vector_jacobian(_twist, x, v), torch.func.jacrev(_twist)(x) @ v):
        yield "this is the product of the Jacobian and v; the vector comes first, v @ J."
    yield from differences(
        vector_jacobian,
        reference,
        (_twist, x, v),
        (_narrow, torch.randn(4), torch.randn(2)),
        (torch.exp, torch.randn(6), torch.randn(6)),
    )
    x = torch.randn(3, requires_grad=True)
    vector_jacobian(_twist, x, torch.randn(3))
    if x.grad is not None:
        yield "the result is right, but x.grad has changed: torch.autograd.grad leaves it alone."


@exercise
def check_drag(drag: type) -> Iterable[str]:
    """A Function: v |v|, element by element, with its derivative."""
    if not (isinstance(drag, type) and issubclass(drag, torch.autograd.Function)):
        yield "a class that inherits from torch.autograd.Function is expected."
        return
    v = torch.randn(8, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(8, dtype=torch.float64)
    output = drag.apply(v)
    if fault := fault_in(output, v * v.abs()):
        yield f"forward: {fault}"
    if not output.grad_fn.saved_tensors:
        yield "backward needs v: hand it to ctx.save_for_backward."
    (gradient,) = torch.autograd.grad(output, v, weights)
    expected = 2 * v.detach().abs()
    if not fault_in(gradient, expected):
        yield "backward returns the derivative alone: multiply it by the gradient that arrives."
    if fault := fault_in(gradient, expected * weights):
        yield f"backward, for random v and a random incoming gradient: {fault}"
    zeros = torch.tensor([0.0, -2.0, 0.0], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(drag.apply, (torch.randn(3, 2).double().requires_grad_(),))
    torch.autograd.gradcheck(drag.apply, zeros)


@exercise
def check_gradient_sizes(gradient_sizes: Callable) -> Iterable[str]:
    """``gradient_sizes(layers, x)``: the norm of the gradient at each layer's output, first layer first."""
    nets = [
        [nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)],
        [nn.Linear(5, 5), nn.Sigmoid(), nn.Linear(5, 5), nn.Sigmoid(), nn.Linear(5, 1)],
    ]
    for layers in nets:
        x = torch.randn(6, layers[0].in_features)
        expected = _sizes(layers, x)
        sizes = gradient_sizes(layers, x)
        if isinstance(sizes, list) and not fault_in(sizes[::-1], expected):
            yield "the last layer's norm comes first, as it arrived; turn the list around."
        if fault := fault_in(sizes, expected):
            yield f"for {len(layers)} layers: {fault}"


def _sizes(layers: list[nn.Module], x: Tensor) -> list[float]:
    outputs = []
    for layer in layers:
        x = layer(x)
        x.retain_grad()
        outputs.append(x)
    x.sum().backward()
    return [output.grad.norm().item() for output in outputs]


def _bent(x: Tensor) -> Tensor:
    """A curved valley, in any number of dimensions."""
    return ((1 - x) ** 2).sum() + 5 * ((x[1:] - x[:-1] ** 2) ** 2).sum()


def _bowl(x: Tensor) -> Tensor:
    """A quadratic function whose axes are turned against those of x."""
    return (x**2).sum() + x.sum() ** 2 - x[0]


def _circle_and_line(x: Tensor) -> Tensor:
    """Zero where a circle and a line meet."""
    return torch.stack([x.square().sum() - 4, x[0] - 2 * x[1]])


def _coupled(x: Tensor) -> Tensor:
    """As many equations as unknowns, each with two neighbors in it."""
    return x + 0.3 * x.roll(1).sin() - 1


def _solve(f: Callable, x: Tensor, steps: int) -> Tensor:
    for _ in range(steps):
        x = x - torch.linalg.solve(torch.func.jacrev(f)(x), f(x))
    return x


@exercise
def check_solve(solve: Callable) -> Iterable[str]:
    """``solve(f, x, steps)`` is where steps of Newton's method for the equations f(x) = 0 lead."""
    x = torch.tensor([1.0, 3.0], dtype=torch.float64)
    J, f = torch.func.jacrev(_circle_and_line)(x), _circle_and_line(x)
    one = solve(_circle_and_line, x.clone(), 1)
    if not fault_in(one, x - f / J.diagonal()):
        yield "each element is divided by its own derivative alone; solve with the whole Jacobian."
    if not fault_in(one, x + torch.linalg.solve(J, f)):
        yield "the step has the right length, but goes the wrong way."
    if not fault_in(one, x - torch.linalg.solve(J.T, f)):
        yield "this solves with the transposed Jacobian; a row of it belongs to one equation."
    yield from differences(
        solve,
        _solve,
        (_circle_and_line, x, 1),
        (_circle_and_line, x, 3),
        (_coupled, torch.randn(5, dtype=torch.float64), 2),
    )


@exercise
def check_hessian_times(hessian_times: Callable) -> Iterable[str]:
    """``hessian_times(f, x, v)`` is the Hessian times v, and no Hessian is made for it."""

    def reference(f: Callable, x: Tensor, v: Tensor) -> Tensor:
        return torch.func.jacrev(torch.func.grad(f))(x) @ v

    yield from differences(
        hessian_times,
        reference,
        (_bowl, torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.0, 1.0, 0.0])),
        (_bent, torch.randn(5), torch.randn(5)),
    )
    x, v = torch.randn(2, MANY)
    times = peak_bytes(lambda: hessian_times(_bent, x, v)) / x.nbytes
    if times > MOST:
        yield (
            f"the numbers are right, but for an x of {MANY} elements it holds {times:.0f} times as many "
            f"numbers as x has. The Hessian alone is {MANY} times as many: do without it."
        )
