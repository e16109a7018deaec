"""The exercises on reductions: right answers pass, in other ways too; mistakes are refused."""

import torch

from helpers.exercises import reductions_and_broadcasting as checks
from tests.support.answers import make_tests


def by_cdist(a, b):
    return torch.cdist(a, b)


def flat_stats(images):
    flat = images.transpose(0, 1).flatten(1)
    return flat.mean(1), flat.var(1, correction=0).sqrt()


def by_einsum(q, k, v, mask):
    scores = torch.einsum("bqd,bkd->bqk", q, k) / q.shape[-1] ** 0.5
    weights = torch.where(mask.unsqueeze(1), scores, -torch.inf).softmax(-1)
    return torch.einsum("bqk,bke->bqe", weights, v)


def unmasked(q, k, v, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(2) @ v


def zeroed(q, k, v, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~mask[:, None], 0).softmax(2) @ v


def unscaled(q, k, v, mask):
    return (q @ k.mT).masked_fill(~mask[:, None], -torch.inf).softmax(2) @ v


def in_a_function_of_its_own(x):
    def inner(y):
        return torch.nn.functional.softmax(y, dim=1)

    return inner(x)


def fused(q, k, v, mask):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask[:, None])


RIGHT = [
    (checks.check_channel_stats, flat_stats),
    (checks.check_softmax, lambda x: torch.div(e := (x.T - x.max(1).values).exp(), e.sum(0)).T),
    (
        checks.check_distances,
        lambda a, b: torch.linalg.vector_norm(a.unsqueeze(1) - b.unsqueeze(0), dim=-1),
    ),
    (checks.check_attention, by_einsum),
]
WRONG = [
    (checks.check_channel_stats, lambda x: (x.mean((0, 2, 3)), x.std((0, 2, 3))), "element 1: "),
    (checks.check_channel_stats, lambda x: x.mean((0, 2, 3)), "a tuple is expected"),
    (checks.check_softmax, lambda x: x.softmax(1), "without `softmax`"),
    (checks.check_softmax, torch.nn.Softmax(1), "without `softmax`"),
    (checks.check_softmax, in_a_function_of_its_own, "without `softmax`"),
    (
        checks.check_softmax,
        lambda x: torch.div(e := x.double().exp(), e.sum(1, keepdim=True)).float(),
        "elements differ",
    ),
    (
        checks.check_softmax,
        lambda x: (x - x.max()).exp() / (x - x.max()).exp().sum(1, keepdim=True),
        "elements differ",
    ),
    (checks.check_softmax, lambda x: (x - x.amax()).exp() / (x - x.amax()).exp().sum(1), "for x ="),
    (checks.check_distances, by_cdist, "without `cdist`"),
    (
        checks.check_distances,
        lambda a, b: torch.stack([(a - p).norm(dim=1) for p in b], 1),
        "without a loop",
    ),
    (checks.check_attention, unmasked, "for q ="),
    (checks.check_attention, zeroed, "for q ="),
    (checks.check_attention, unscaled, "for q ="),
    (checks.check_attention, fused, "without `scaled_dot_product_attention`"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
