"""What page 03 says and does not show."""

import warnings

import pytest
import torch
from torch.func import grad, hessian, jacrev
from torch.utils.checkpoint import checkpoint

START = torch.tensor([6.0, 0.6])
HOOP = torch.tensor([4.2, 3.05])


def miss(throw):
    """The page's flight, with a length that is safe at zero."""
    (speed, angle), position = throw, torch.tensor([0.0, 2.0])
    velocity = speed * torch.stack([angle.cos(), angle.sin()])
    for _ in range(50):
        drag = 0.1 * torch.linalg.vector_norm(velocity) * velocity
        velocity = velocity + 0.02 * (torch.tensor([0.0, -9.81]) - drag)
        position = position + 0.02 * velocity
    return (position - HOOP).square().sum()


@pytest.mark.parametrize(("learning_rate", "lost"), [(0.02, False), (0.04, True)])
def test_twice_the_learning_rate_loses_the_way(learning_rate, lost):
    throw = START
    for _ in range(100):
        throw = throw - learning_rate * grad(miss)(throw)
    assert (miss(throw) > miss(START)) == lost
    assert lost or miss(throw) < 0.2


def test_the_nan_of_a_length_comes_from_what_is_done_with_it():
    """In a drag, sqrt gets a gradient of zero; alone it gets a one, and its inf meets the square's zero."""
    for of_length, culprit in ((lambda length, v: length * v, "Sqrt"), (torch.add, "Pow")):
        v = torch.zeros(2, requires_grad=True)
        result = of_length(v.square().sum().sqrt(), v).sum()
        with (
            pytest.warns(UserWarning),
            torch.autograd.detect_anomaly(),
            pytest.raises(RuntimeError, match=f"'{culprit}Backward0' returned nan"),
        ):
            result.backward()


def test_twice_the_weights_are_a_factor_of_two_for_each_layer():
    def first_norm(scale):
        torch.manual_seed(0)
        x = torch.randn(100, 64)
        first = x = torch.relu(x @ (scale * torch.randn(64, 64))).requires_grad_()
        for _ in range(29):
            x = torch.relu(x @ (scale * torch.randn(64, 64)))
        return torch.autograd.grad(x.sum(), first)[0].norm()

    assert torch.isclose(first_norm(0.25) / first_norm(0.125), torch.tensor(2.0**29), rtol=1e-3)


def test_a_hook_may_replace_the_gradient_until_it_is_removed():
    x = torch.tensor(1.0, requires_grad=True)
    y = 2 * x
    handle = y.register_hook(lambda gradient: 10 * gradient)
    assert torch.autograd.grad(3 * y, x, retain_graph=True)[0] == 60
    handle.remove()
    assert torch.autograd.grad(3 * y, x)[0] == 6


def test_a_function_needs_its_second_form_for_jacrev():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    class Second(Twice):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return 2 * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    x = torch.ones(2)
    with pytest.raises(RuntimeError, match=r"setup_context[\s\S]*extending.func.html"):
        jacrev(Twice.apply)(x)
    assert jacrev(Second.apply)(x).tolist() == [[2, 0], [0, 2]]


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
    assert type(y.grad_fn).__name__ == "TwiceBackward"
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
