"""What page 03 says and does not show."""

import warnings

import pytest
import torch
from torch.func import grad, hessian, jacrev
from torch.utils.checkpoint import checkpoint


def test_hessian_is_a_shorter_way():
    def f(x):
        return (x.exp() * x.flip(0)).sum()

    x = torch.tensor([1.0, -0.5, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit, at the first use
        assert hessian(f)(x).allclose(jacrev(grad(f))(x))


def test_vector_norm_has_a_derivative_at_zero():
    zero = torch.zeros(2, requires_grad=True)
    torch.linalg.vector_norm(zero).backward()
    assert zero.grad.tolist() == [0, 0]


def test_a_checkpoint_changes_no_gradient():
    torch.manual_seed(0)
    x = torch.randn(100, requires_grad=True)

    def segment(x):
        return (x.sin() * x).exp()

    (plain,) = torch.autograd.grad(segment(x).sum(), x)
    (again,) = torch.autograd.grad(checkpoint(segment, x, use_reentrant=False).sum(), x)
    assert again.equal(plain)


def test_C08_grad_fn_points_to_a_function_of_ones_own():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    x = torch.ones(3, requires_grad=True)
    y = Twice.apply(x)
    assert y.grad_fn.name() == "TwiceBackward"
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [2, 2, 2]


def test_an_ordinary_forward_is_an_error():
    class Cube(torch.autograd.Function):
        def forward(self, x):
            return x**3

    with (
        pytest.warns(DeprecationWarning, match="should not be instantiated"),
        pytest.raises(RuntimeError, match="Legacy autograd function"),
    ):
        Cube()(torch.ones(1))
