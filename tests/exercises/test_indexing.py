"""The exercises on indexing: right answers pass, also in another way than the page's; mistakes are refused."""

import torch

from helpers.exercises import indexing as checks
from tests.support.answers import make_tests


def rows_by_loop(x, k):
    places = x.flatten().topk(k).indices
    return torch.tensor(sorted({int(place) // x.shape[1] for place in places}))


def zeros_inside(x):
    x[1:-1, 1:-1] = 0
    return x


RIGHT = [
    (checks.check_clean, lambda x: x.masked_fill(x == -999, x[x != -999].mean().item())),
    (checks.check_border, lambda x: zeros_inside(x.clone())),
    (
        checks.check_top_rows,
        lambda x, k: (x >= x.flatten().topk(k).values[-1]).any(1).nonzero()[:, 0],
    ),
    (
        checks.check_group_means,
        lambda p, g, n: torch.nn.functional.one_hot(g, n).T.float() @ p / g.bincount()[:, None],
    ),
]
WRONG = [
    (checks.check_clean, lambda x: torch.where(x == -999, x.mean(), x), "elements differ"),
    (checks.check_clean, lambda x: x[x != -999], "the shape is"),
    (
        checks.check_clean,
        lambda x: x if (x != -999).all() else torch.where(x == -999, x[x != -999].mean(), x),
        "x itself comes back",
    ),
    (
        checks.check_border,
        lambda x: zeros_inside(x.clone() if min(x.shape) > 2 else x),
        "x itself comes back",
    ),
    (checks.check_border, zeros_inside, "the argument x has changed too"),
    (checks.check_top_rows, lambda x, k: x.max(1).values.topk(k).indices, "for x ="),
    (checks.check_group_means, lambda p, g, n: torch.zeros(n, 2).index_add_(0, g, p), "differ"),
    (checks.check_top_rows, rows_by_loop, "a loop"),
    (
        checks.check_group_means,
        lambda p, g, n: torch.stack([p[g == i].mean(0) for i in range(n)]),
        "a loop",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
