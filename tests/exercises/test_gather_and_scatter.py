"""The puzzles: what is right in another way passes; loops, other calls and wrong results are refused with a reason."""

import functools

import pytest
import torch

from helpers.exercises import gather_and_scatter as checks
from helpers.exercises.calls import loops
from tests.support.answers import make_tests
from tests.support.figures import shown

arange = torch.arange


def by_loop(x):
    return torch.stack([row[i] for i, row in enumerate(x)])[:, None]


def with_a_helper_that_loops(x):
    x.gather(1, arange(len(x))[:, None])
    return by_loop(x)


def same(x):
    """The index that leaves a matrix as it is along dim 1."""
    return arange(x.size(1)).expand_as(x)


RIGHT = [
    (
        checks.check_diagonal,
        functools.partial(lambda dim, x: x.gather(dim, same(x)[0, :, None]), 1),
    ),
    (
        checks.check_diagonal,
        lambda x: x.flatten().gather(0, arange(len(x)) * (len(x) + 1))[:, None],
    ),
    (checks.check_backwards, lambda x: x.gather(1, same(x).flip(1))),
    (
        checks.check_staircase,
        lambda x: x.T.gather(1, (arange(len(x)) - arange(x.size(1))[:, None]) % len(x)).T,
    ),
    (checks.check_unsorted, lambda v, o: v.clone().scatter_(1, o, v)),
    (
        checks.check_histograms,
        lambda x, n: x.new_zeros(len(x), n).scatter_add_(1, x, x.new_ones(x.shape)),
    ),
    (
        checks.check_ranks,
        lambda x: torch.zeros_like(x).scatter_(1, x.argsort(1), same(x).to(x)),
    ),
    (
        checks.check_histograms,
        lambda x, n: torch.zeros(len(x), n).scatter_add_(1, x, torch.ones(x.shape)).long(),
    ),
    (
        checks.check_ranks,
        lambda x: torch.empty_like(x).scatter_(1, x.argsort(1), torch.ones_like(x).cumsum(1) - 1),
    ),
    (checks.check_diagonal, lambda x: torch.gather(x, 1, arange(len(x)).unsqueeze(1))),
    (checks.check_diagonal, lambda x: torch.take_along_dim(x, arange(len(x))[:, None], dim=1)),
    (
        checks.check_backwards,
        lambda x: x.gather(1, arange(x.size(1) - 1, -1, -1).repeat(len(x), 1)),
    ),
    (
        checks.check_staircase,
        lambda x: x.gather(0, (arange(len(x)).view(-1, 1) - arange(x.size(1))).remainder(len(x))),
    ),
    (
        checks.check_right_words,
        lambda logits, words: logits.gather(-1, words.unsqueeze(-1))[..., 0],
    ),
    (checks.check_windows, lambda x, s, n: torch.gather(x, 1, s.view(-1, 1) + arange(n))),
    (checks.check_unsorted, lambda v, o: torch.empty_like(v).scatter(1, o, v)),
    (
        checks.check_histograms,
        lambda x, n: torch.zeros(len(x), n).long().scatter_add(1, x, torch.ones_like(x)),
    ),
    (
        checks.check_ranks,
        lambda x: torch.empty_like(x).scatter_(
            1, x.argsort(1), arange(x.size(1)).repeat(len(x), 1)
        ),
    ),
    (
        checks.check_ranks,
        lambda x: torch.empty_like(x).scatter_(
            1, x.sort(1).indices, arange(x.size(1)).expand(x.shape)
        ),
    ),
]
WRONG = [
    (
        checks.check_backwards,
        lambda x: x.gather(1, same(x).flip(1)).gather(1, same(x)),
        "gather is called twice instead of once",
    ),
    (checks.check_diagonal, with_a_helper_that_loops, "a loop"),
    (
        checks.check_backwards,
        lambda x: torch.stack(list(map(torch.flipud, x))).gather(1, same(x)),
        "a loop",
    ),
    (
        checks.check_backwards,
        lambda x: torch.from_numpy(x.numpy()[:, ::-1].copy()).gather(1, same(x)),
        "gather must pick from the argument itself",
    ),
    (checks.check_backwards, lambda x: x.gather(1, same(x)).flip(1), "not what the call returned"),
    (
        checks.check_ranks,
        lambda x: torch.zeros_like(x).scatter_(
            1, x.argsort(1) * 0 + same(x), (x[:, :, None] > x[:, None]).sum(2)
        ),
        "what is scattered must not be computed from the data",
    ),
    (
        checks.check_histograms,
        lambda x, n: (x[..., None] == arange(n)).sum(1).scatter_add_(1, x, torch.zeros_like(x)),
        "the target must not hold any of the answer before",
    ),
    (
        checks.check_diagonal,
        lambda x: x.diagonal()[:, None],
        "gather is called 0 times instead of once",
    ),
    (
        checks.check_diagonal,
        lambda x: x[arange(len(x)), arange(len(x))][:, None],
        "gather is called 0 times",
    ),
    (
        checks.check_backwards,
        lambda x: x.flip(1).gather(1, arange(x.size(1)).expand_as(x)),
        "gather must pick from the argument itself",
    ),
    (
        checks.check_staircase,
        lambda x: torch.stack([x[:, j].roll(j) for j in range(x.size(1))], 1),
        "a loop",
    ),
    (
        checks.check_right_words,
        lambda a, b: a.gather(1, b[..., None]).squeeze(),
        "raised RuntimeError",
    ),
    (
        checks.check_windows,
        lambda x, s, n: x[arange(len(x))[:, None], s[:, None] + arange(n)],
        "gather is called 0",
    ),
    (
        checks.check_unsorted,
        lambda v, o: v.gather(1, o.argsort(1)),
        "gather is called once; it is not allowed here",
    ),
    (
        checks.check_histograms,
        lambda x, n: torch.nn.functional.one_hot(x, n).sum(1),
        "scatter_add is called 0",
    ),
    (checks.check_ranks, lambda x: x.argsort(1).argsort(1), "scatter is called 0 times"),
    (checks.check_ranks, lambda x: x.float().argsort(1), "elements differ"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)


def looping(x):
    while x.any():
        x = x - 1
    return x


def recursive(x):
    return recursive(x - 1) if x.any() else x


def nested(x):
    def inner():
        return [row + 1 for row in x]

    return inner()


@pytest.mark.parametrize(
    ("function", "looped"),
    [
        (looping, True),
        (nested, True),
        (lambda x: looping(x) + 1, True),
        (recursive, True),
        (lambda x: torch.vmap(torch.sum)(x) + 1, True),
        (lambda x: x.looping() + 1, False),
        (torch.sum, False),
    ],
)
def test_a_loop_is_seen(function, looped):
    assert loops(function) is looped


@pytest.mark.parametrize(
    "name", ["diagonal", "backwards", "staircase", "windows", "unsorted", "ranks"]
)
def test_a_picture_does_not_show_the_index(name):
    _, alt = shown(checks.show_puzzle, name)
    assert "index: ? ?" in alt or "index: ?, ?" in alt
