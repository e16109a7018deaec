"""What page 05 says of losses and optimizers, for more cases than it shows; named after the notes' statements."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR


def test_C16():
    losses = {name for name in dir(nn) if name.endswith("Loss")}
    assert len(losses) > 20
    assert "MSELoss" in losses
    assert "MESLoss" not in losses
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    assert torch.allclose(nn.MSELoss()(x, y), ((x - y) ** 2).mean())
    assert torch.allclose(nn.MSELoss(reduction="sum")(x, y), ((x - y) ** 2).sum())
    with pytest.warns(UserWarning, match="reduction='sum'"):
        old = nn.MSELoss(size_average=False)
    assert torch.equal(old(x, y), nn.MSELoss(reduction="sum")(x, y))


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss])
def test_C16_shapes_that_broadcast_warn(loss):
    x = torch.arange(3.0)
    with pytest.warns(UserWarning, match="incorrect results due to broadcasting"):
        assert loss(x.unsqueeze(1), x) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loss(x, x) == 0


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_C17(classes):
    torch.manual_seed(classes)
    scores, y = 5 * torch.randn(20, classes), torch.randint(classes, (20,))
    log_p = scores - scores.exp().sum(1, keepdim=True).log()
    by_hand = -log_p[torch.arange(20), y]
    assert torch.allclose(nn.CrossEntropyLoss(reduction="none")(scores, y), by_hand, atol=1e-4)
    assert torch.allclose(F.nll_loss(scores.log_softmax(1), y), by_hand.mean())
    assert torch.allclose(F.cross_entropy(scores + 50, y), F.cross_entropy(scores, y), atol=1e-4)
    guess = F.cross_entropy(torch.zeros(20, classes), y)
    assert guess.item() == pytest.approx(math.log(classes))


def test_C17_targets():
    scores, y = torch.randn(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
    soft = 0.9 * F.one_hot(y, 3) + 0.1 / 3
    assert torch.allclose(
        F.cross_entropy(scores, soft), F.cross_entropy(scores, y, label_smoothing=0.1)
    )
    ignored = torch.tensor([-100, 1, 2, 2, 1, 0])
    assert torch.allclose(F.cross_entropy(scores, ignored), F.cross_entropy(scores[1:], y[1:]))


@pytest.mark.parametrize(("label", "twice"), [(0, "right"), (1, "wrong")])
def test_C17_softmax_twice_has_no_gradient(label, twice):
    sure = torch.tensor([[20.0] + [0.0] * 9], requires_grad=True)
    y = torch.tensor([label])
    (gradient,) = torch.autograd.grad(F.cross_entropy(sure.softmax(1), y), sure)
    assert gradient.abs().max() < 1e-6
    (gradient,) = torch.autograd.grad(F.cross_entropy(sure, y), sure)
    assert (gradient.abs().max() > 0.9) == (twice == "wrong")


def test_C17_exp_overflows_at_89():
    whole = torch.arange(100.0)
    assert whole[whole.exp().isinf()].min() == 89
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        F.softmax(torch.zeros(2, 3))


@pytest.mark.parametrize("score", [17.0, 20.0, 200.0])
def test_no_gradient_comes_through_a_sigmoid_that_is_one(score):
    z, no = torch.tensor([score], requires_grad=True), torch.zeros(1)
    if score > 17:
        (gradient,) = torch.autograd.grad(F.binary_cross_entropy(z.sigmoid(), no), z)
        assert gradient == 0
    (gradient,) = torch.autograd.grad(F.binary_cross_entropy_with_logits(z, no), z)
    assert torch.isclose(gradient, torch.ones(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
        lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
        lambda p: optim.AdamW(p, lr=0.1),
    ],
)
def test_an_optimizer_skips_a_parameter_without_gradient(make):
    w = torch.ones(2, requires_grad=True)
    optimizer = make([w])
    w.sum().backward()
    optimizer.step()
    before = w.detach().clone()
    optimizer.zero_grad()
    assert w.grad is None
    optimizer.step()
    assert torch.equal(w, before)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(size):
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.tensor([size, -size])
    optim.Adam([w], lr=0.1).step()
    assert torch.allclose(w, torch.tensor([0.9, 1.1]), atol=1e-4)


def test_schedulers_in_the_old_order_skip_the_first_learning_rate():
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = StepLR(optimizer, step_size=1)
    with pytest.warns(UserWarning, match="skipping the first value"):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_clipping_keeps_the_direction_and_short_gradients():
    w = torch.zeros(3, requires_grad=True)
    w.grad = torch.tensor([3.0, 0.0, 4.0])
    assert nn.utils.clip_grad_norm_([w], max_norm=1.0) == 5
    assert torch.allclose(w.grad, torch.tensor([0.6, 0.0, 0.8]))
    nn.utils.clip_grad_norm_([w], max_norm=2.0)
    assert torch.allclose(w.grad, torch.tensor([0.6, 0.0, 0.8]))


@pytest.mark.parametrize("old", ["constant", "normal"])
def test_the_old_names_of_initialization_warn(old):
    with pytest.warns(FutureWarning, match=f"{old}_"):
        getattr(nn.init, old)(torch.empty(2), 0)


@pytest.mark.parametrize("inputs", [8, 128])
def test_the_default_of_linear(inputs):
    weight = nn.Linear(inputs, 1000).weight.detach().abs()
    assert 0.99 * inputs**-0.5 < weight.max() <= inputs**-0.5
    assert weight.mean().item() == pytest.approx(inputs**-0.5 / 2, rel=0.05)


def train_on_spirals(steps=200, **options):
    """What page 05 does with plain SGD or momentum, without its pictures: the last loss and the right answers."""
    torch.manual_seed(0)
    y = torch.arange(3).repeat_interleave(100)
    radius = torch.linspace(0.1, 1, 100).repeat(3)
    angle = 4 * radius + 2 * torch.pi / 3 * y + 0.2 * torch.randn(300)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 3))
    make = options.pop("make", optim.SGD)
    optimizer = make(net.parameters(), **options)
    for _ in range(steps):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item(), (net(x).argmax(1) == y).sum().item()


def test_plain_sgd_does_as_well_as_momentum_with_a_larger_learning_rate():
    plain, heavy = train_on_spirals(lr=1.0), train_on_spirals(lr=0.1, momentum=0.9)
    assert plain == pytest.approx(heavy, rel=0.1)
    larger, adam = train_on_spirals(lr=2.0), train_on_spirals(lr=0.01, make=optim.Adam)
    assert larger == pytest.approx(adam, rel=0.1)
    assert train_on_spirals(40, lr=1.0) < train_on_spirals(200, lr=0.1)


def test_a_first_loss_far_above_the_logarithm_comes_from_large_inputs():
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 3)), torch.rand(300, 2)
    y = torch.randint(3, (300,))
    assert abs(F.cross_entropy(net(x), y) - math.log(3)) < 0.1
    assert F.cross_entropy(net(255 * x), y) > 3 * math.log(3)


def test_adamw_decays_even_if_not_asked():
    kinds = optim.SGD, optim.Adam, optim.AdamW
    made = [kind([torch.zeros(1)], lr=0.1).defaults["weight_decay"] > 0 for kind in kinds]
    assert made == [False, False, True]


def test_log_softmax_of_far_apart_scores():
    s = torch.tensor([0.0, 200.0])
    assert s.softmax(0).log()[0] == -math.inf
    assert s.exp()[1] == math.inf
    assert F.cross_entropy(s, torch.tensor(0)) == 200
