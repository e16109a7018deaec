"""What page 13 says of element-wise functions (C45 to C49), number by number against Python's ``math``."""

import math
import operator

import pytest
import torch
import torch.nn.functional as F

from helpers.drawings.functions import steepest

NUMBERS = [0.25, 0.5, 1.0]
OTHERS = [2.0, -3.0, 0.3]
ONE = {
    name: getattr(math, name) for name in ("sqrt", "exp", "log", "cos", "sin", "asin", "cosh")
} | {"abs": abs}
TWO = {"div": operator.truediv, "fmod": math.fmod, "pow": math.pow, "atan2": math.atan2}
ROUNDING = {"floor": math.floor, "ceil": math.ceil, "trunc": math.trunc, "round": round}


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_C45_C46_function_and_method_are_as_in_math(name):
    inputs = [NUMBERS, OTHERS] if name in TWO else [NUMBERS]
    tensors = [torch.tensor(numbers) for numbers in inputs]
    result = getattr(torch, name)(*tensors)
    assert result.equal(getattr(tensors[0], name)(*tensors[1:]))
    expected = [(ONE | TWO)[name](*numbers) for numbers in zip(*inputs, strict=True)]
    assert result.shape == (3,) and torch.allclose(result, torch.tensor(expected))


def test_C49_the_steepest_slopes_that_are_drawn():
    assert steepest(torch.sigmoid) == 0.25
    for activation in (torch.tanh, F.relu, F.leaky_relu, F.elu, F.softplus):
        assert 0.999 < steepest(activation) <= 1
    for activation in (F.gelu, F.silu):
        assert 1.05 < steepest(activation) < 1.15


def test_in_place_after_exp_and_after_sin():
    for function, fails in ((torch.exp, True), (torch.sin, False)):
        e = function(torch.ones(3, requires_grad=True))
        e.add_(1)
        if fails:
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                e.sum().backward()
        else:
            e.sum().backward()


def test_C45_outside_the_domain():
    assert torch.tensor(-1.0).sqrt().isnan() and torch.tensor(2.0).asin().isnan()
    assert torch.tensor(0.0).log() == -torch.inf
    assert torch.tensor(88.0).exp().isfinite() and torch.tensor(89.0).exp() == torch.inf
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        math.sqrt(-1)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        torch.tensor([1]) // 0


@pytest.mark.parametrize("divisor", [2, -2, 3, -3])
def test_C45_two_divisions_and_their_remainders(divisor):
    a = torch.arange(-9, 10)
    down, cut = a // divisor, torch.div(a, divisor, rounding_mode="trunc")
    assert (divisor * down + a % divisor).equal(a)
    assert (divisor * cut + torch.fmod(a, divisor)).equal(a)
    assert down.tolist() == [n // divisor for n in a.tolist()]
    assert cut.tolist() == [int(n / divisor) for n in a.tolist()]
    assert ((a % divisor) * divisor >= 0).all() and (torch.fmod(a, divisor) * a >= 0).all()
    assert (a / divisor).dtype == torch.float32


def test_C46_atan2_tells_all_directions_apart():
    angle = torch.linspace(-3.1, 3.1, 63)
    assert torch.allclose(torch.atan2(angle.sin(), angle.cos()), angle, atol=1e-5)


@pytest.mark.parametrize("name", ROUNDING)
def test_C47_rounding_is_as_in_python(name):
    values = torch.arange(-20, 21) / 4
    result = getattr(torch, name)(values) + 0.0
    assert result.tolist() == [ROUNDING[name](value) for value in values.tolist()]


def test_C47_halves_go_to_the_even_neighbor_as_in_numpy():
    halves = torch.arange(-50, 50) + 0.5
    assert (halves.round() % 2 == 0).all()
    assert halves.round().tolist() == halves.numpy().round().tolist()


def test_C48_clamp():
    v = torch.linspace(-3, 3, 25)
    assert v.clamp(-1, 2).tolist() == [min(max(number, -1), 2) for number in v.tolist()]
    assert v.clamp(min=3, max=1).eq(1).all() and torch.tensor(torch.nan).clamp(0, 1).isnan()
    w = v.clone().requires_grad_()
    w.clamp(-1, 2).sum().backward()
    inside, outside = (v > -1) & (v < 2), (v < -1) | (v > 2)
    assert (w.grad[inside] == 1).all() and (w.grad[outside] == 0).all()


def test_C49_activations():
    x = torch.linspace(-5, 5, 101)
    assert torch.allclose(x.sigmoid(), 1 / (1 + torch.exp(-x)))
    assert torch.allclose(x.tanh(), 2 * torch.sigmoid(2 * x) - 1, atol=1e-6)
    assert not hasattr(torch, "sigmod")
    w = torch.linspace(-50, 50, 1001, requires_grad=True)
    (slope,) = torch.autograd.grad(w.sigmoid().sum(), w)
    assert slope.max() == 0.25
    assert F.logsigmoid(torch.tensor(-200.0)) == -200
    assert torch.tensor(-200.0).sigmoid().log() == -torch.inf


def test_a_star_is_no_matrix_product():
    a, b = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    for i, k in ((0, 0), (1, 3), (2, 1)):
        assert (a * b)[i, k] == a[i, k] * b[i, k]
        assert torch.isclose((a @ b)[i, k], sum(a[i, j] * b[j, k] for j in range(4)))
    assert (a**2).equal(a * a) and not torch.allclose(a**2, a @ a)
