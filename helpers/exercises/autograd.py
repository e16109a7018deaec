"""The exercises of the page on autograd."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in


def mean_squared_error(w: Tensor, b: Tensor) -> Tensor:
    """The error of a line for three points, none of them on the page."""
    x, y = torch.tensor([-1.0, 0.5, 4.0]), torch.tensor([3.0, 1.0, -2.0])
    return (w * x + b - y).square().mean()


def wave(w: Tensor, b: Tensor) -> Tensor:
    """A loss that nobody differentiates by hand for fun."""
    return (w * b).sin() + (w / (1 + b**2)).exp()


def robust(w: Tensor, b: Tensor) -> Tensor:
    """A loss with a branch that depends on the data."""
    error = w - 3 * b
    return error**2 if error.abs() < 1 else 2 * error.abs() - 1


def _gradient(loss: Callable, w: float, b: float) -> tuple[Tensor, Tensor]:
    tensors = [torch.tensor(number, requires_grad=True) for number in (w, b)]
    return torch.autograd.grad(loss(*tensors), tensors)


@exercise
def check_gradient(gradient: Callable) -> Iterable[str]:
    """``gradient(loss, w, b)``: the gradient of ``loss(w, b)`` with respect to two numbers, as a tuple."""

    def reference(loss: Callable, w: float, b: float) -> tuple[Tensor, Tensor]:
        return _gradient(loss, w, b)

    cases = [(mean_squared_error, 0.5, -1.0), (wave, 1.5, 0.25), (robust, 0.5, 0.25)]
    yield from differences(gradient, reference, *cases, (robust, -2.0, 1.0))


@exercise
def check_freeze(freeze_all_but: Callable) -> Iterable[str]:
    """``freeze_all_but(parameters, name)``: of a dict of tensors, only one still moves in a training step."""
    for names, name, frozen in (("wb", "w", ""), ("abc", "b", ""), ("pqrs", "s", "qs")):
        case = f"with the parameters {', '.join(names)}, of which {name!r} may move,"
        parameters = {n: torch.randn(2, requires_grad=n not in frozen) for n in names}
        for tensor in parameters.values():
            tensor.grad = torch.ones(2) if tensor.requires_grad else None
        before = {n: tensor.detach().clone() for n, tensor in parameters.items()}
        freeze_all_but(parameters, name)
        if not parameters[name].requires_grad:
            yield f"{case} {name!r} does not require a gradient."
            return
        for n, tensor in parameters.items():
            if n != name and tensor.requires_grad:
                yield f"{case} {n!r} still requires a gradient."
        if any(not tensor.detach().equal(before[n]) for n, tensor in parameters.items()):
            yield f"{case} your function changed the numbers in a parameter."
        sum(tensor.square().sum() for tensor in parameters.values()).backward()
        torch.optim.SGD(parameters.values(), lr=0.1).step()
        moved = [n for n, tensor in parameters.items() if not tensor.detach().equal(before[n])]
        if others := [n for n in moved if n != name]:
            yield (
                f"{case} the next step of an optimizer moved {others[0]!r} too: "
                "the gradient of an earlier backward was still in its grad."
            )
            return
        torch.optim.SGD(parameters.values(), lr=0.1, weight_decay=0.1).step()
        if any(not parameters[n].detach().equal(before[n]) for n in parameters if n != name):
            yield (
                f"{case} an optimizer with weight decay moved another one too, since it had "
                "a gradient, though of zeros: set grad to None."
            )


def _parabola(
    x: Tensor,
    y: Tensor,
    learning_rate: float,
    steps: int,
    *,
    keep: bool = False,
    total: bool = False,
) -> Tensor:
    """Fit a parabola.

    Args:
        x: first coordinates of the points.
        y: second coordinates.
        learning_rate: of gradient descent.
        steps: how many.
        keep: make the mistake of never clearing the gradients.
        total: make the mistake of summing the squared errors.
    """
    p, gradient = torch.zeros(3), torch.zeros(3)
    powers = torch.stack([x**2, x, torch.ones_like(x)])
    for _ in range(steps):
        new = 2 * powers @ (p @ powers - y) / (1 if total else len(x))
        gradient = gradient + new if keep else new
        p = p - learning_rate * gradient
    return p


@exercise
def check_parabola(fit_parabola: Callable) -> Iterable[str]:
    """``fit_parabola(x, y, learning_rate, steps)``: a tensor of the three coefficients after so many steps."""
    x = torch.rand(12) * 2 - 1
    y = 3 * x**2 - x + 0.5 + 0.1 * torch.randn(12)
    if _same(fit_parabola(x, y, 0.1, 3), _parabola(x, y, 0.1, 3, keep=True)):
        yield "each step still contains the gradients of the steps before: clear them."
    if _same(fit_parabola(x, y, 0.01, 3), _parabola(x, y, 0.01, 3, total=True)):
        yield "the loss is the mean of the squared errors, but yours is their sum."

    def reference(x: Tensor, y: Tensor, learning_rate: float, steps: int) -> Tensor:
        return _parabola(x, y, learning_rate, steps)

    cases = [(x, y, 0.1, 0), (x, y, 0.1, 1), (x, y, 0.3, 2), (x[:5], y[:5].flip(0), 0.2, 150)]
    yield from differences(fit_parabola, reference, *cases)


@exercise
def check_parts(backward_in_parts: Callable) -> Iterable[str]:
    """``backward_in_parts(w, b, x, y, sizes)``: leaves the gradient of the whole batch's mean squared error in grad."""
    for sizes in ((3, 1), (1, 2, 5), (4, 4), (7,)):
        x, y = torch.randn(sum(sizes)), torch.randn(sum(sizes))
        w, b = (torch.randn((), requires_grad=True) for _ in range(2))
        saved, calls = [], []

        def note(tensor: Tensor, saved: list = saved) -> Tensor:
            saved.append(tensor.numel())
            return tensor

        handle = w.register_hook(calls.append)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            backward_in_parts(w, b, x, y, list(sizes))
        handle.remove()
        case = f"for parts of {' and '.join(map(str, sizes))} points:"
        if w.grad is None or b.grad is None:
            yield f"{case} w.grad or b.grad is still None."
            return
        if max(saved, default=0) > max(sizes):
            yield f"{case} a graph for {max(saved)} points was recorded at once: go part by part."
        if len(calls) < len(sizes):
            yield f"{case} {len(calls)} backward for {len(sizes)} parts: call it for each part."
        yield from _fault_of_parts(case, (w, b), (x, y), sizes)


def _fault_of_parts(
    case: str, line: tuple[Tensor, ...], points: tuple[Tensor, ...], sizes: tuple[int, ...]
) -> Iterable[str]:
    (w, b), (x, y) = line, points
    squares = (w * x + b - y).square()
    means = torch.stack([part.mean() for part in squares.split(sizes)])
    expected = torch.autograd.grad(squares.mean(), (w, b), retain_graph=True)
    of_means = torch.autograd.grad(means.sum(), (w, b))
    if not (fault := fault_in((w.grad, b.grad), expected)):
        return
    if _same((w.grad, b.grad), of_means):
        yield f"{case} the gradients of the means were added as they are; the whole has one mean."
    elif _same((w.grad, b.grad), tuple(g / len(sizes) for g in of_means)):
        yield f"{case} each part counts alike; a part should count by how many points it has."
    else:
        yield f"{case} in (w.grad, b.grad), {fault}"


@exercise
def check_chain(gradient_by_hand: Callable) -> Iterable[str]:
    """``gradient_by_hand(x, y, w, b, v, c)``: four gradients for ``v * tanh(w * x + b) + c``, without autograd."""
    watch = _Watch()

    def without_autograd(*arguments: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode(), watch:
            return gradient_by_hand(*arguments)

    def reference(  # noqa: PLR0917, the signature that the page asks for
        x: Tensor, y: Tensor, w: Tensor, b: Tensor, v: Tensor, c: Tensor
    ) -> tuple[Tensor, ...]:
        leaves = [tensor.clone().requires_grad_() for tensor in (w, b, v, c)]
        w, b, v, c = leaves
        return torch.autograd.grad((v * torch.tanh(w * x + b) + c - y).square().mean(), leaves)

    cases = [(torch.randn(n), torch.randn(n), *torch.randn(4).unbind()) for n in (1, 3, 40)]
    for x, y, w, b, v, c in cases:
        error = 2 * (v * torch.tanh(w * x + b) + c - y) / len(x)
        answer = without_autograd(x, y, w, b, v, c)
        flat = ((error * v * x).sum(), (error * v).sum())
        if isinstance(answer, tuple) and _same(answer[:2], flat):
            yield "in the gradients with respect to w and b, the derivative of tanh is missing."
    yield from differences(without_autograd, reference, *cases)
    if watch.seen:
        yield "the numbers are right, but autograd has found them; do without it."


class _Watch(TorchDispatchMode):
    """Notes whether an operation of a backward pass ran, whoever asked for it."""

    seen = False

    def __torch_dispatch__(
        self, func: Callable, types: Iterable, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        self.seen = self.seen or "backward" in str(func)
        return func(*args, **(kwargs or {}))


def _same(answer: object, expected: object) -> bool:
    return not fault_in(answer, expected)
