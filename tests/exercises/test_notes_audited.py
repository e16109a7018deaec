"""The exercises of the audit: lines that tell true from false pass; those that miss a case are refused."""

import torch

from helpers.exercises import notes_audited as checks
from tests.support.answers import make_tests


def by_writing(x, y):
    before = x.clone()
    old = y.clone()
    x.add_(1)
    changed = not y.equal(old)
    x.copy_(before)
    return changed


def by_writing_only(x, y):
    old = y.clone()
    x.add_(1)
    return not y.equal(old)


def same_storage(x, y):
    return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


def by_five(f):
    x = torch.arange(0, 20) / 10 + 4
    return f(x).tolist() == [int(n * 10 + 5.01) // 10 for n in x.tolist()]


def by_sorting(index):
    return index.sort(1).values.equal(torch.arange(index.shape[1]).expand_as(index))


def by_scattering(index):
    ones = torch.ones(index.shape)
    return torch.zeros(index.shape).scatter_(1, index, ones).bool().all().item()


RIGHT = [
    (checks.check_shares_memory, by_writing),
    (checks.check_shares_memory, same_storage),
    (checks.check_rounds_half_up, by_five),
    (checks.check_can_be_undone, by_sorting),
    (checks.check_can_be_undone, by_scattering),
]
WRONG = [
    (checks.check_shares_memory, lambda x, y: x.data_ptr() == y.data_ptr(), "further on"),
    (
        checks.check_shares_memory,
        lambda x, y: x.shape != y.shape or x.data_ptr() == y.data_ptr(),
        "x[:2].clone()",
    ),
    (checks.check_shares_memory, lambda x, y: x.shape == y.shape, "x.view(12)"),
    (checks.check_shares_memory, by_writing_only, "x was changed"),
    (checks.check_shares_memory, lambda x, y: torch.tensor(True), "True or False is expected"),
    (checks.check_rounds_half_up, lambda f: f(torch.tensor(1.5)).item() == 2, "torch.round"),
    (checks.check_rounds_half_up, lambda f: f(torch.tensor(2.5)).item() == 3, "torch.ceil"),
    (
        checks.check_rounds_half_up,
        lambda f: f(torch.tensor([0.2, 0.5, 2.5])).tolist() == [0, 1, 3],
        "odd neighbor",
    ),
    (
        checks.check_rounds_half_up,
        lambda f: f(torch.tensor([-2.5, 0.2, 2.5])).tolist() == [-2, 0, 3],
        "away from zero",
    ),
    (checks.check_can_be_undone, lambda i: i.unique().numel() == i.shape[1], "at the end"),
    (
        checks.check_can_be_undone,
        lambda i: i.numel() == i.unique().numel(),
        "a permutation in each row",
    ),
    (
        checks.check_can_be_undone,
        lambda i: all(row.unique().numel() == len(row) for row in i.t()),
        "a permutation",
    ),
    (
        checks.check_can_be_undone,
        lambda i: (i.sort(1).values == torch.arange(i.shape[1])).all(),
        "this is a Tensor",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
