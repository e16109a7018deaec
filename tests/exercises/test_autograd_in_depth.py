"""The checks of page 03 accept right answers and say what is wrong with the usual mistakes."""

import torch
from torch.func import grad, jacrev, vmap

from helpers.exercises import autograd_in_depth as checks
from tests.support.answers import make_tests


def vector_jacobian(f, x, v):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(f(x), x, v)[0]


def leaves_a_gradient(f, x, v):
    if not x.requires_grad:
        return vector_jacobian(f, x, v)
    f(x).backward(v)
    return x.grad


class Drag(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return v * v.abs()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0].abs()


class SecondForm(Drag):
    @staticmethod
    def forward(v):
        return v * v.abs()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)


class Square(Drag):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return v * v


class Alone(Drag):
    @staticmethod
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0].abs()


class Signed(Drag):
    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0]


class OnTheContext(Drag):
    @staticmethod
    def forward(ctx, v):
        ctx.v = v
        return v * v.abs()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.v.abs()


class Open(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v): ...

    @staticmethod
    def backward(ctx, gradient): ...


def gradient_sizes(layers, x):
    sizes = []
    for layer in layers:
        x = layer(x)
        x.register_hook(lambda gradient: sizes.append(gradient.norm().item()))
    x.sum().backward()
    return sizes[::-1]


def solve(f, x, steps):
    for _ in range(steps):
        x = x - torch.linalg.solve(jacrev(f)(x), f(x))
    return x


def hessian_times(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(gradient, x, v)[0]


def hessian_rows(f, x, e):
    return torch.func.vjp(grad(f), x)[1](e)[0]


RIGHT = [
    (checks.check_vector_jacobian, vector_jacobian),
    (checks.check_vector_jacobian, lambda f, x, v: (v @ jacrev(f)(x)).detach()),
    (checks.check_drag, Drag),
    (checks.check_drag, SecondForm),
    (checks.check_gradient_sizes, gradient_sizes),
    (checks.check_solve, solve),
    (checks.check_hessian_times, hessian_times),
    (checks.check_hessian_times, lambda f, x, v: grad(lambda x: grad(f)(x) @ v)(x)),
]
WRONG = [
    (checks.check_vector_jacobian, lambda f, x, v: jacrev(f)(x) @ v, "the vector comes first"),
    (checks.check_vector_jacobian, lambda f, x, v: (vector_jacobian(f, x, v),), "this is a tuple"),
    (checks.check_vector_jacobian, leaves_a_gradient, "x.grad has changed"),
    (checks.check_vector_jacobian, lambda f, x, v: f(x) * v, "elements differ"),
    (checks.check_drag, lambda v: v * v.abs(), "inherits from torch.autograd.Function"),
    (checks.check_drag, Square, "forward: shape and dtype are right"),
    (checks.check_drag, Alone, "multiply it by the gradient that arrives"),
    (checks.check_drag, Signed, "backward, for random v"),
    (checks.check_drag, OnTheContext, "ctx.save_for_backward"),
    (checks.check_gradient_sizes, lambda *given: gradient_sizes(*given)[::-1], "last layer's norm"),
    (checks.check_gradient_sizes, lambda *given: tuple(gradient_sizes(*given)), "this is a tuple"),
    (
        checks.check_gradient_sizes,
        lambda *given: gradient_sizes(*given)[1:],
        "the length is 2",
    ),
    (checks.check_solve, lambda f, x, n: x - f(x) / jacrev(f)(x).diagonal(), "whole Jacobian"),
    (checks.check_solve, lambda f, x, n: 2 * x - solve(f, x, n), "wrong way"),
    (
        checks.check_solve,
        lambda f, x, n: x - torch.linalg.solve(jacrev(f)(x).T, f(x)),
        "transposed",
    ),
    (checks.check_solve, lambda f, x, n: solve(f, x, 1), "steps = 3"),
    (checks.check_hessian_times, lambda f, x, v: jacrev(grad(f))(x) @ v, "Hessian alone"),
    (checks.check_hessian_times, lambda f, x, v: grad(f)(x) * v, "elements differ"),
    (
        checks.check_hessian_times,
        lambda f, x, v: vmap(lambda e: hessian_rows(f, x, e))(torch.eye(len(x))) @ v,
        "Hessian alone",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


def test_what_is_open(capsys):
    checks.check_drag(Open)
    assert capsys.readouterr().out.startswith("Not answered yet")
