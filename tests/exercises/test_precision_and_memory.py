"""The exercises on precision: right answers pass, also in another way than the page's; mistakes are refused."""

import torch

from helpers.exercises import precision_and_memory as checks
from tests.support.answers import make_tests


def doubling(dtype):
    n = torch.tensor(1.0, dtype=dtype)
    while n + 1 != n:
        n = n * 2
    return int(n)


def by_power_of_two(x):
    scale = x.abs().max().clamp(min=2**-14)
    return (x / scale).pow(2).sum().sqrt() * scale


def by_hypot(x):
    total = x[0].abs()
    for element in x[1:]:
        total = torch.hypot(total, element)
    return total


def pairwise(x):
    while len(x) > 1:
        if len(x) % 2:
            x = torch.cat([x, torch.zeros(1, dtype=x.dtype)])
        x = x[::2] + x[1::2]
    return x[0]


def kahan(x):
    total = lost = torch.zeros(()).to(torch.float16)
    for element in x:
        term = element - lost
        new = total + term
        total, lost = new, (new - total) - term
    return total


def in_float32(x):
    total = torch.zeros(())
    for element in x:
        total = total + element
    return total.half()


def without_abs(x):
    return x.max() * (x / x.max()).square().sum().sqrt() if x.any() else x[0]


def by_float32_scale(x):
    scale = x.abs().max().clamp(min=torch.tensor(1e-4))
    return ((x / scale).square().sum().sqrt() * scale).half()


def of_the_first_type(net):
    size = next(net.parameters()).element_size()
    return size * sum((1 + 3 * p.requires_grad) * p.numel() for p in net.parameters())


RIGHT = [
    (checks.check_careful_sum, kahan),
    (checks.check_counts_to, doubling),
    (
        checks.check_training_bytes,
        lambda net: sum(p.nbytes * (1 + 3 * p.requires_grad) for p in net.parameters()),
    ),
    (checks.check_length, by_power_of_two),
    (checks.check_length, by_hypot),
    (checks.check_careful_sum, pairwise),
]
WRONG = [
    (checks.check_length, without_abs, "[-30000, -40000]"),
    (checks.check_length, lambda x: (x / 1000).square().sum().sqrt() * 1000, "[3e-05, 4e-05]"),
    (checks.check_length, by_float32_scale, "the result of `clamp` is torch.float32"),
    (checks.check_training_bytes, of_the_first_type, "second layer is float64"),
    (checks.check_careful_sum, in_float32, "the result of `add` is torch.float32"),
    (checks.check_careful_sum, lambda x: x @ torch.ones_like(x), "without `sum` or the like"),
    (checks.check_careful_sum, torch.sum, "without `sum` or the like"),
    (checks.check_length, torch.linalg.vector_norm, "without `linalg_vector_norm`"),
    (checks.check_counts_to, lambda dtype: 2 / torch.finfo(dtype).eps, "an int is expected"),
    (
        checks.check_counts_to,
        lambda dtype: int(4 / torch.finfo(dtype).eps),
        "4095 + 1 is the same as 4095",
    ),
    (
        checks.check_training_bytes,
        lambda net: 4 * sum(p.nbytes for p in net.parameters()),
        "first is frozen",
    ),
    (
        checks.check_training_bytes,
        lambda net: 2 * sum(p.nbytes for p in net.parameters()),
        "more is expected",
    ),
    (checks.check_length, lambda x: x.float().norm().half(), "stay in float16"),
    (checks.check_length, lambda x: x.bfloat16().square().sum().sqrt(), "stay in float16"),
    (checks.check_length, lambda x: x.norm(), "without `norm`"),
    (
        checks.check_length,
        lambda x: x.abs().max() * (x / x.abs().max()).square().sum().sqrt(),
        "[0, 0, 0]",
    ),
    (checks.check_careful_sum, lambda x: x.sum(), "without `sum`"),
    (checks.check_careful_sum, lambda x: x.double().sum().half(), "stay in float16"),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
