"""The exercises on element-wise functions: right answers pass, in other ways too; mistakes are refused."""

import torch

from helpers.exercises import elementwise_functions as checks
from tests.support.answers import make_tests


def by_sign(x):
    return torch.where(x - x.floor() >= 0.5, x.ceil(), x.floor())


def shifted(a, b):
    d = (b - a).remainder(360)
    return torch.where(d >= 180, d - 360, d)


def ready_made(x):
    return torch.nn.functional.softplus(x)


RIGHT = [
    (checks.check_round_half_up, by_sign),
    (checks.check_turn, shifted),
    (checks.check_hard_swish, lambda x: x * torch.nn.functional.relu6(x + 3) / 6),
    (checks.check_softplus, lambda x: torch.log1p(torch.exp(-x.abs())) + (x + x.abs()) / 2),
    (
        checks.check_softplus,
        lambda x: torch.log1p(torch.exp(-x.abs())) + torch.stack([x, torch.zeros_like(x)]).amax(0),
    ),
]
WRONG = [
    (checks.check_round_half_up, lambda x: (x + 1e-6).round(), "for x = tensor([1000.5000"),
    (checks.check_hard_swish, torch.nn.Hardswish(), "without `hardswish`"),
    (checks.check_softplus, torch.nn.Softplus(), "without `softplus`"),
    (
        checks.check_round_half_up,
        lambda x: x.sign() * (x.abs() + 0.5).floor(),
        "for x = tensor([-0.5",
    ),
    (checks.check_round_half_up, lambda x: (x + 0.5).floor().int(), "the dtype is"),
    (checks.check_turn, lambda a, b: b - a, "elements differ"),
    (checks.check_turn, lambda a, b: 180 - (180 - (b - a)) % 360, "elements differ"),
    (checks.check_hard_swish, lambda x: torch.where(x < 0, 0, x), "without `where`"),
    (checks.check_hard_swish, lambda x: x.clamp(min=0), "elements differ"),
    (checks.check_softplus, ready_made, "without `softplus`"),
    (
        checks.check_softplus,
        lambda x: x.relu() + torch.log1p(torch.exp(-x.abs())),
        "the gradient, for x = tensor([0.])",
    ),
    (
        checks.check_softplus,
        lambda x: torch.relu(x) + torch.log1p(torch.exp(-x.abs())) + 0 * torch.exp(x).clamp(max=1),
        "the gradient, for x = ",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
