"""The exercises on types: right answers pass, also in another way than the page's; mistakes are refused."""

import torch

from helpers.exercises import types_and_devices as checks
from tests.support.answers import make_tests


def by_kind(a, b):
    if a == b:
        return a
    if {a, b} == {torch.float16, torch.bfloat16}:
        return torch.float32
    kind = {d: (d.is_complex, d.is_floating_point, d != torch.bool, d.itemsize) for d in (a, b)}
    return max(a, b, key=kind.get)


def by_promote_types(a, b):
    return torch.promote_types(a, b)


def by_another_name(a, b):
    return PROMOTED(a, b)


def nan_at_the_end(x):
    out = x.mul(255).round().clamp(0, 255).byte()
    out[x.isnan()] = 0
    return out


def half_becomes_float(x):
    x = x if x.dtype == torch.float64 else x.float()
    return (x - x.mean(0)) / x.std(0)


PROMOTED = torch.promote_types
RIGHT = [
    (checks.check_to_bytes, nan_at_the_end),
    (
        checks.check_to_bytes,
        lambda x: torch.where(x.isnan(), 0, x).clamp(0, 1).mul(255).round().byte(),
    ),
    (
        checks.check_brighter,
        lambda x, n: torch.where(x.long() + n > 255, 255, (x.long() + n).clamp(min=0)).byte(),
    ),
    (checks.check_standardize, lambda x: (x - x.mul(1.0).mean(0)) / x.mul(1.0).std(0)),
    (checks.check_common, by_kind),
]
WRONG = [
    (
        checks.check_to_bytes,
        lambda x: x.mul(255).round().clamp(0, 255).byte(),
        "NaN reaches the conversion",
    ),
    (
        checks.check_to_bytes,
        lambda x: x.clamp(0, 1).mul(255).round().long().to(torch.uint8),
        "NaN reaches the conversion",
    ),
    (checks.check_standardize, half_becomes_float, "dtype torch.float16"),
    (checks.check_common, by_another_name, "without promote_types"),
    (
        checks.check_common,
        lambda a, b: (torch.eye(1, dtype=a) + torch.eye(1, dtype=b)).dtype,
        "without eye",
    ),
    (
        checks.check_to_bytes,
        lambda x: x.nan_to_num(nan=0).mul(255).round().clamp(0, 255),
        "the dtype is torch.float32",
    ),
    (
        checks.check_to_bytes,
        lambda x: x.clamp(0, 1).nan_to_num(nan=1).mul(255).round().byte(),
        "differ",
    ),
    (checks.check_brighter, lambda x, n: x + n, "elements differ"),
    (checks.check_brighter, lambda x, n: (x.int() + n).clamp(0, 255), "the dtype is torch.int32"),
    (checks.check_standardize, lambda x: x - x.mean(0), "raised"),
    (
        checks.check_standardize,
        lambda x: (x.double() - x.double().mean(0)) / x.double().std(0),
        "the dtype is",
    ),
    (
        checks.check_standardize,
        lambda x: (x - x.mul(1.0).mean(0)) / x.mul(1.0).std(0, correction=0),
        "differ",
    ),
    (checks.check_common, by_promote_types, "without promote_types"),
    (
        checks.check_common,
        lambda a, b: (torch.empty(1, dtype=a) + torch.empty(1, dtype=b)).dtype,
        "without empty",
    ),
    (
        checks.check_common,
        lambda a, b: max(a, b, key=checks.FEW.index),
        "torch.float16 and torch.bfloat16",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
