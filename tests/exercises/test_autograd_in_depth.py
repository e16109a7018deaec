"""The checks of page 03 accept right answers and say what is wrong with the usual mistakes."""

import pytest
import torch
from torch.func import grad, jacrev, vmap

from helpers.exercises.autograd_in_depth import (
    check_drag,
    check_gradient_sizes,
    check_hessian_times,
    check_solve,
    check_vector_jacobian,
)


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


RIGHT = [
    (check_vector_jacobian, vector_jacobian),
    (check_vector_jacobian, lambda f, x, v: (v @ jacrev(f)(x)).detach()),
    (check_drag, Drag),
    (check_drag, SecondForm),
    (check_gradient_sizes, gradient_sizes),
    (check_solve, solve),
    (check_hessian_times, hessian_times),
    (check_hessian_times, lambda f, x, v: grad(lambda x: grad(f)(x) @ v)(x)),
]
MISTAKES = [
    (check_vector_jacobian, lambda f, x, v: jacrev(f)(x) @ v, "the vector comes first"),
    (check_vector_jacobian, lambda f, x, v: (vector_jacobian(f, x, v),), "this is a tuple"),
    (check_vector_jacobian, leaves_a_gradient, "x.grad has changed"),
    (check_vector_jacobian, lambda f, x, v: f(x) * v, "elements differ"),
    (check_drag, lambda v: v * v.abs(), "inherits from torch.autograd.Function"),
    (check_drag, Square, "forward: "),
    (check_drag, Alone, "multiply it by the gradient that arrives"),
    (check_drag, Signed, "backward, for random v"),
    (check_drag, OnTheContext, "ctx.save_for_backward"),
    (check_gradient_sizes, lambda *given: gradient_sizes(*given)[::-1], "last layer's norm"),
    (check_gradient_sizes, lambda *given: tuple(gradient_sizes(*given)), "this is a tuple"),
    (check_gradient_sizes, lambda *given: gradient_sizes(*given)[1:], "there are 2 elements"),
    (check_solve, lambda f, x, n: x - f(x) / jacrev(f)(x).diagonal(), "whole Jacobian"),
    (check_solve, lambda f, x, n: 2 * x - solve(f, x, n), "wrong way"),
    (
        check_solve,
        lambda f, x, n: x - torch.linalg.solve(jacrev(f)(x).T, f(x)),
        "transposed",
    ),
    (check_solve, lambda f, x, n: solve(f, x, 1), "steps = 3"),
    (check_hessian_times, lambda f, x, v: jacrev(grad(f))(x) @ v, "whole Hessian"),
    (check_hessian_times, lambda f, x, v: grad(f)(x) * v, "elements differ"),
    (
        check_hessian_times,
        lambda f, x, v: vmap(lambda e: hessian_rows(f, x, e))(torch.eye(len(x))) @ v,
        "whole Hessian",
    ),
]


def hessian_rows(f, x, e):
    return torch.func.vjp(grad(f), x)[1](e)[0]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer(check, answer, capsys):
    check(answer)
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("check", "answer", "said"), MISTAKES)
def test_a_mistake_is_told(check, answer, said, capsys):
    check(answer)
    out = capsys.readouterr().out
    assert out.startswith("Not yet: ")
    assert said in out
    assert "raised" not in out


def test_what_is_open(capsys):
    check_drag(Open)
    assert capsys.readouterr().out.startswith("Not answered yet")
