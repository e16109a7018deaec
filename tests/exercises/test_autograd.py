"""The exercises on autograd accept what is right and say what is wrong."""

import torch

from helpers.exercises import autograd as checks
from tests.support.answers import make_tests

# --- the gradient of any loss


def gradient(loss, w, b):
    w, b = torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)
    loss(w, b).backward()
    return w.grad, b.grad


def by_functional_gradient(loss, w, b):
    return torch.func.grad(loss, (0, 1))(torch.tensor(w), torch.tensor(b))


def at_one_point(loss, w, b):
    """Only the squared errors of the page's points."""
    x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 5.0])
    error = 2 * (w * x + b - y) / 3
    return (error * x).sum(), error.sum()


def without_requires_grad(loss, w, b):
    w, b = torch.tensor(w), torch.tensor(b)
    loss(w, b).backward()
    return w.grad, b.grad


def by_differences(loss, w, b):
    w, b, h = torch.tensor(w), torch.tensor(b), 1e-3
    return (loss(w + h, b) - loss(w, b)) / h, (loss(w, b + h) - loss(w, b)) / h


# --- all but one parameter


def freeze_all_but(parameters, name):
    for n, tensor in parameters.items():
        tensor.requires_grad_(n == name)
        tensor.grad = None


def freeze_only(parameters, name):
    for n, tensor in parameters.items():
        if n != name:
            tensor.requires_grad_(False)
            tensor.grad = None


def leave_gradients(parameters, name):
    for n, tensor in parameters.items():
        tensor.requires_grad_(n == name)


def zero_gradients(parameters, name):
    leave_gradients(parameters, name)
    for tensor in parameters.values():
        if tensor.grad is not None:
            tensor.grad.zero_()


def zero_the_others(parameters, name):
    freeze_all_but(parameters, name)
    for n, tensor in parameters.items():
        if n != name:
            tensor.data.zero_()


def other_way_round(parameters, name):
    for n, tensor in parameters.items():
        tensor.requires_grad_(n != name)


# --- a parabola


def fit_parabola(x, y, learning_rate, steps, *, clear=True, reduce=torch.mean):
    p = torch.zeros(3, requires_grad=True)
    for _ in range(steps):
        reduce((p[0] * x**2 + p[1] * x + p[2] - y) ** 2).backward()
        with torch.no_grad():
            p -= learning_rate * p.grad
        if clear:
            p.grad = None
    return p


# --- a batch in parts


def in_parts(weight):
    def backward_in_parts(w, b, x, y, sizes):
        for part_x, part_y in zip(x.split(sizes), y.split(sizes), strict=True):
            loss = (w * part_x + b - part_y).square().mean()
            (loss * weight(part_x, x, sizes)).backward()

    return backward_in_parts


def at_once(w, b, x, y, sizes):
    (w * x + b - y).square().mean().backward()


def one_backward(w, b, x, y, sizes):
    parts = zip(x.split(sizes), y.split(sizes), strict=True)
    sum(((w * p + b - q).square().sum() for p, q in parts), 0.0).div(len(x)).backward()


# --- by hand


def gradient_by_hand(x, y, *parameters, tanh_too=True):
    w, b, v, c = parameters
    hidden = torch.tanh(w * x + b)
    d_prediction = 2 * (v * hidden + c - y) / len(x)
    d_inner = d_prediction * v * (1 - hidden**2 if tanh_too else 1)
    return (
        (d_inner * x).sum(),
        d_inner.sum(),
        (d_prediction * hidden).sum(),
        d_prediction.sum(),
    )


def by_autograd(x, y, *parameters):
    leaves = [tensor.clone().requires_grad_() for tensor in parameters]
    w, b, v, c = leaves
    (v * torch.tanh(w * x + b) + c - y).square().mean().backward()
    return tuple(tensor.grad for tensor in leaves)


def by_functions(x, y, *parameters):
    def loss(w, b, v, c):
        return (v * torch.tanh(w * x + b) + c - y).square().mean()

    return torch.func.grad(loss, (0, 1, 2, 3))(*parameters)


# --- what is right and what is wrong

RIGHT = [
    (checks.check_gradient, gradient),
    (checks.check_gradient, by_functional_gradient),
    (checks.check_freeze, freeze_all_but),
    (checks.check_parabola, fit_parabola),
    (checks.check_parts, in_parts(lambda part, x, _: len(part) / len(x))),
    (checks.check_chain, gradient_by_hand),
]
WRONG = [
    (
        checks.check_gradient,
        without_requires_grad,
        "your code raised RuntimeError: element 0 of tensors does not",
    ),
    (
        checks.check_gradient,
        at_one_point,
        "for loss = mean_squared_error, w = 0.5, b = -1.0: element 0: ",
    ),
    (checks.check_gradient, by_differences, "is not right"),
    (checks.check_gradient, lambda *given: gradient(*given)[::-1], "element 0: "),
    (
        checks.check_gradient,
        lambda *given: gradient(*given)[0],
        "a tuple is expected, but this is a tensor of shape ().",
    ),
    (checks.check_gradient, lambda *given: torch.stack(gradient(*given)), "of shape (2,)."),
    (
        checks.check_gradient,
        lambda loss, w, b: [].clear(),
        "but this is None. Is a `return` missing?",
    ),
    (
        checks.check_freeze,
        freeze_only,
        "with the parameters p, q, r, s, of which 's' may move, 's' does not require a gradient.",
    ),
    (
        checks.check_freeze,
        leave_gradients,
        "with the parameters w, b, of which 'w' may move, the next step of an optimizer moved 'b' too: the gradient of "
        "an ear",
    ),
    (
        checks.check_freeze,
        zero_gradients,
        "with the parameters w, b, of which 'w' may move, an optimizer with weight decay moved another one too",
    ),
    (
        checks.check_freeze,
        zero_the_others,
        "with the parameters w, b, of which 'w' may move, your function changed the numbers in a parameter.",
    ),
    (
        checks.check_freeze,
        other_way_round,
        "with the parameters w, b, of which 'w' may move, 'w' does not require",
    ),
    (
        checks.check_freeze,
        lambda parameters, name: [].clear(),
        "with the parameters w, b, of which 'w' may move, 'b' still requires a gradient.",
    ),
    (
        checks.check_parabola,
        lambda *given: fit_parabola(*given, clear=False),
        "the gradients of the steps before: clear",
    ),
    (
        checks.check_parabola,
        lambda *given: fit_parabola(*given, reduce=torch.sum),
        "the mean of the squared errors, but",
    ),
    (
        checks.check_parabola,
        lambda *given: fit_parabola(*given).flip(0),
        "elements differ, the first at [0]",
    ),
    (
        checks.check_parabola,
        lambda *given: tuple(fit_parabola(*given)),
        "the numbers are right; a tensor is expected",
    ),
    (
        checks.check_parabola,
        lambda x, y, rate, steps: fit_parabola(x, y, rate, steps + 1),
        "3 elements differ",
    ),
    (
        checks.check_parts,
        in_parts(lambda *_: 1),
        "for parts of 3 and 1 points: the gradients of the means were",
    ),
    (
        checks.check_parts,
        in_parts(lambda part, x, sizes: 1 / len(sizes)),
        "for parts of 3 and 1 points: each part counts alike;",
    ),
    (
        checks.check_parts,
        in_parts(lambda part, *_: len(part)),
        "for parts of 3 and 1 points: in (w.grad, b.grad), element 0: ",
    ),
    (
        checks.check_parts,
        at_once,
        "for parts of 3 and 1 points: a graph for 4 points was recorded at once: go part by part.",
    ),
    (checks.check_parts, one_backward, "for parts of 3 and 1 points: 1 backward for 2 parts"),
    (
        checks.check_parts,
        lambda w, b, x, y, sizes: [].clear(),
        "for parts of 3 and 1 points: w.grad or b.grad is still None.",
    ),
    (
        checks.check_chain,
        lambda *given: gradient_by_hand(*given, tanh_too=False),
        "the derivative of tanh is missing.",
    ),
    (checks.check_chain, by_autograd, "your code raised RuntimeError: "),
    (checks.check_chain, by_functions, "autograd has found them; do without it."),
    (checks.check_chain, lambda *given: gradient_by_hand(*given)[::-1], "element 0: "),
    (
        checks.check_chain,
        lambda *given: gradient_by_hand(*given)[:2],
        "the length is 2, but 4 is expected.",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
