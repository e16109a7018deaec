"""What page 02 says in its prose, and statements C05 to C09 and C13, in more cases than the page shows."""

import numpy as np
import pytest
import torch
from torch.autograd import Variable

X, Y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 5.0])


@pytest.fixture
def w():
    return torch.tensor([0.5, 0.7], requires_grad=True)


def test_C05_a_variable_is_a_tensor_and_leaves_the_old_one_alone():
    t = torch.ones(2)
    v = Variable(t, requires_grad=True)
    now = t.detach().requires_grad_()  # the table's line for it
    assert type(v) is type(now) is torch.Tensor
    assert v.data_ptr() == now.data_ptr() == t.data_ptr()
    assert (v.requires_grad, now.requires_grad, t.requires_grad) == (True, True, False)


def test_C05_volatile_has_no_effect_but_a_warning(w):
    with pytest.warns(UserWarning, match="volatile was removed and now has no effect"):
        v = Variable(w * 1, volatile=True)
    assert (v * w).requires_grad


def test_C06_data_and_detach_share_memory_and_only_detach_shares_the_version(w):
    out = w.exp()
    assert out.data.data_ptr() == out.detach().data_ptr() == out.data_ptr()
    out.data.zero_()
    assert out._version == 0
    out.detach().zero_()
    assert out._version == 1


def test_C06_a_change_by_data_is_silent_and_one_by_detach_is_found():
    t = torch.tensor(1.0, requires_grad=True)
    out = t.exp()
    out.data.zero_()
    out.backward()
    assert t.grad == 0
    out = t.exp()
    out.detach().zero_()
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0"):
        out.backward()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_C07_grad_is_a_tensor_of_the_shape_of_data(shape):
    p = torch.ones(shape, requires_grad=True)
    for n in (1, 2):
        (3 * p).sum().backward()
        assert type(p.grad) is torch.Tensor and p.grad.shape == p.data.shape
        assert p.grad.equal(torch.full(shape, 3.0 * n))


def test_C08_a_grad_fn_takes_the_gradient_back_through_its_operation(w):
    assert w.grad_fn is None
    assert w.exp().grad_fn(torch.ones(2)).allclose(w.exp())
    assert w.mean().grad_fn(torch.tensor(1.0)).equal(torch.full((2,), 0.5))
    assert (w**2).sum().grad_fn.next_functions[0][0](torch.ones(2)).equal(2 * w)


def test_C09_nn_finds_the_line_of_autograd_alone():
    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    p = torch.stack([net.weight.detach()[0, 0], net.bias.detach()[0]]).requires_grad_()
    for _ in range(5):
        ((net(X.unsqueeze(1)).squeeze(1) - Y) ** 2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        ((p[0] * X + p[1] - Y) ** 2).mean().backward()
        with torch.no_grad():
            p -= 0.1 * p.grad
        p.grad = None
    assert torch.allclose(torch.cat([net.weight[0], net.bias]), p, atol=1e-5)


def test_C13_a_layer_takes_and_returns_plain_tensors():
    out = torch.nn.Linear(1, 1)(X.unsqueeze(1))
    assert type(out) is torch.Tensor and out.requires_grad and out.grad_fn is not None


def test_least_squares_finds_the_line_of_gradient_descent():
    columns = torch.stack([X, torch.ones(3)], dim=1)
    line = torch.linalg.lstsq(columns, Y.unsqueeze(1)).solution.squeeze(1)
    assert line.allclose(torch.tensor([1.5, 2 / 3]))


def test_a_training_that_does_not_clear_goes_astray():
    def last_loss(*, clear):
        p = torch.tensor([0.5, 0.0], requires_grad=True)
        for _ in range(500):
            loss = ((p[0] * X + p[1] - Y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                p -= 0.1 * p.grad
            if clear:
                p.grad = None
        return loss

    assert last_loss(clear=True) < 0.06
    assert last_loss(clear=False) > 0.6


# --- what is recorded


def test_comparisons_are_not_recorded(w):
    assert not any(t.requires_grad for t in (w > 1, w == 1, w.argmax(), w.isnan()))


def test_from_one_the_loop_of_the_page_doubles_four_times():
    t = start = torch.tensor(1.0, requires_grad=True)
    while t < 10:
        t = 2 * t
    t.backward()
    assert start.grad == 16


def test_results_of_inference_mode_may_be_added_but_not_saved(w):
    with torch.inference_mode():
        fixed = w * 2
    (fixed + w).sum().backward()
    assert w.grad.equal(torch.ones(2))
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        fixed * w
    (fixed.clone() * w).sum().backward()


def test_numpy_wants_a_detached_tensor(w):
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        w.numpy()
    assert np.shares_memory(w.detach().numpy(), w.detach().numpy())


def test_an_optimizer_moves_a_frozen_parameter_that_has_a_gradient(w):
    w.sum().backward()
    w.requires_grad_(False)
    torch.optim.SGD([w], lr=0.1).step()
    assert w.allclose(torch.tensor([0.4, 0.6]))


# --- leaves


def test_a_conversion_makes_no_leaf_and_no_conversion_leaves_one():
    p = torch.ones(2, requires_grad=True)
    assert p.to(torch.float32) is p and p.to("cpu") is p
    made = [p.to(torch.float64), p * 0.01, p.to("meta")]
    assert not any(t.is_leaf for t in made)
    last = torch.ones(2).to(torch.float64).requires_grad_()
    at_once = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert last.is_leaf and at_once.is_leaf
    assert (torch.ones(2) * 3).is_leaf


def test_retain_grad_shows_what_the_page_finds_by_hand():
    w, b = torch.tensor(0.5, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    error = w * X + b - Y
    error.retain_grad()
    (error**2).mean().backward()
    assert error.grad.allclose(2 * (0.5 * X - Y) / 3)


# --- traps


@pytest.mark.parametrize("reduce", [torch.sum, lambda t: (t + 1)[0], lambda t: -t[1]])
def test_a_graph_that_saved_nothing_takes_a_second_backward(w, reduce):
    out = reduce(w + 1)
    out.backward()
    out.backward()


@pytest.mark.parametrize(
    ("operation", "survives"),
    [
        (torch.exp, False),
        (torch.sigmoid, False),
        (torch.tanh, False),
        (torch.relu, False),
        (torch.sqrt, False),
        (torch.sin, True),
        (torch.log, True),
        (torch.square, True),
        (torch.neg, True),
    ],
)
def test_a_result_may_be_changed_in_place_unless_it_was_saved(w, operation, survives):
    out = operation(w)
    out.add_(1)
    if survives:
        out.sum().backward()
    else:
        with pytest.raises(RuntimeError, match="is at version 1; expected version 0"):
            out.sum().backward()
