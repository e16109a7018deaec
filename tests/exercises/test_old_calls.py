"""The exercises of the page of old calls: right translations pass, in other ways too; mistakes are refused."""

import torch

from helpers.exercises import old_calls as checks
from tests.support.answers import make_tests


def by_mean(net, batches):
    net.train(False)
    with torch.inference_mode():
        return torch.cat([net(x).argmax(1) == y for x, y in batches]).double().mean().item() * 100


def in_training_mode(net, batches):
    with torch.no_grad():
        return torch.cat([net(x).argmax(1) == y for x, y in batches]).double().mean().item() * 100


def mean_of_batches(net, batches):
    net.eval()
    with torch.no_grad():
        return sum(100 * (net(x).argmax(1) == y).double().mean().item() for x, y in batches) / 3


def a_tensor(net, batches):
    return torch.tensor(by_mean(net, batches))


RIGHT = [
    (checks.check_not_above, lambda v, limit: v[v <= limit]),
    (checks.check_halves, lambda n: (n.double() / 2).trunc().long()),
    (checks.check_total, lambda losses: torch.stack(losses).sum().item()),
    (checks.check_evaluate, by_mean),
]
WRONG = [
    (checks.check_not_above, lambda v, limit: v[v < limit], "for v ="),
    (checks.check_not_above, lambda v, limit: v[v > limit], "for v ="),
    (checks.check_halves, lambda n: n / 2, "the dtype is"),
    (checks.check_total, lambda losses: losses[0].item(), "not the right number"),
    (checks.check_total, lambda losses: torch.stack(losses).sum(), "this is a tensor"),
    (checks.check_evaluate, in_training_mode, "evaluation mode"),
    (checks.check_evaluate, mean_of_batches, "last batch"),
    (checks.check_evaluate, a_tensor, "a number is expected"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
