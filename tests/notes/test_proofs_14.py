"""What page 14 says of reductions and broadcasting (C50 to C54), by loops that know no tensor arithmetic."""

import itertools
import math
import operator
import statistics

import numpy as np
import pytest
import torch

from helpers.drawings.reductions import sums_in_many_orders
from helpers.verification import Policy

PLAIN_PYTHON = {
    "sum": math.fsum, "mean": statistics.fmean, "prod": math.prod, "amax": max, "amin": min, "max": max, "min": min,
    "median": statistics.median_low, "mode": lambda v: min(statistics.multimode(v)),
    "std": statistics.stdev, "var": statistics.variance, "any": any, "all": all,
    "argmax": lambda v: v.index(max(v)), "argmin": lambda v: v.index(min(v)),
    "vector_norm": lambda v: math.hypot(*v),
    "logsumexp": lambda v: math.log(math.fsum(map(math.exp, v))),
}  # fmt: skip
ONE_DIM_ONLY = {"prod", "max", "min", "median", "mode", "argmax", "argmin"}
CHOICES = [dims for size in (1, 2, 3) for dims in itertools.combinations(range(3), size)]
CHOICES += [tuple(d - 3 for d in dims) for dims in CHOICES]


def by_loop(name, x, dims):
    """Strike the named dimensions out of each element's place, and make one number of those that meet."""
    dims = [d % x.ndim for d in dims]
    lists = {}
    for place in itertools.product(*map(range, x.shape)):
        target = tuple(0 if d in dims else i for d, i in enumerate(place))
        lists.setdefault(target, []).append(x[place].item())
    kept = [1 if d in dims else n for d, n in enumerate(x.shape)]
    return torch.tensor([float(PLAIN_PYTHON[name](v)) for v in lists.values()]).view(kept)


@pytest.mark.parametrize("keepdim", [True, False])
@pytest.mark.parametrize("name", PLAIN_PYTHON)
def test_C50_C51_C52_C54_every_reduction_over_every_choice_of_dims(name, keepdim):
    torch.manual_seed(0)
    x = torch.randint(0, 4, (2, 3, 4)).float()
    function = getattr(torch, name, None) or getattr(torch.linalg, name)
    for dims in CHOICES:
        if len(dims) > 1 and name in ONE_DIM_ONLY:
            with pytest.raises(TypeError):
                function(x, dim=dims)
            continue
        result = function(x, dim=dims if len(dims) > 1 else dims[0], keepdim=keepdim)
        result = result.values if isinstance(result, tuple) else result
        expected = by_loop(name, x, dims)
        expected = expected if keepdim else expected.squeeze(dims)
        assert result.shape == expected.shape and torch.allclose(result.float(), expected)


def test_C50_the_median_of_an_even_count_is_the_lower_one():
    for numbers in itertools.permutations([1.0, 2.0, 5.0, 9.0]):
        s = torch.tensor(numbers)
        assert s.median() == statistics.median_low(numbers) == 2
        assert s.quantile(0.5) == statistics.median(numbers) == 3.5


def test_C50_of_equally_frequent_numbers_the_mode_is_the_smallest_on_the_cpu():
    for order in itertools.permutations([2, 2, 5, 5, 7]):
        assert torch.tensor(order).mode().values == 2


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_C50_sums_of_integers_are_made_in_64_bits(dtype):
    x = torch.full((3,), torch.iinfo(dtype).max, dtype=dtype)
    assert x.sum().dtype == torch.int64 and x.sum() == 3 * torch.iinfo(dtype).max
    assert x.mean(dtype=torch.float32) == torch.iinfo(dtype).max
    with pytest.raises(RuntimeError, match="mean"):
        x.mean()


def test_C51_norms():
    A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    angles = torch.linspace(0, math.pi, 1000)
    circle = torch.stack([angles.cos(), angles.sin()])
    stretched = torch.linalg.vector_norm(A @ circle, dim=0).max()
    assert torch.isclose(torch.linalg.matrix_norm(A, 2), stretched)
    assert torch.norm(A, 2) == torch.linalg.vector_norm(A) != torch.linalg.matrix_norm(A, 2)
    assert "deprecated" in torch.norm.__doc__
    p, q = torch.rand(3), torch.rand(3)
    assert torch.isclose(torch.dist(p, q), torch.linalg.vector_norm(p - q))


def test_C52_corrected_variances_are_right_on_average():
    s = torch.tensor([1.0, 2.0, 6.0])
    pairs = torch.cartesian_prod(s, s)  # all samples of two
    assert torch.isclose(s.var(correction=0), pairs.var(dim=1).mean())
    assert torch.isclose(s.var(correction=0) / 2, pairs.var(dim=1, correction=0).mean())
    assert np.isclose(s.var(correction=0), s.numpy().var())
    assert s.var(unbiased=False) == s.var(correction=0)


@pytest.mark.parametrize("dim", range(-3, 3))
@pytest.mark.parametrize(
    ("scan", "step"), [(torch.cumsum, operator.add), (torch.cumprod, operator.mul)]
)
def test_C53_scans_keep_the_shape(scan, step, dim):
    torch.manual_seed(0)
    x = torch.randint(0, 4, (2, 3, 4)).float()
    result = scan(x, dim)
    assert result.shape == x.shape
    running = x.select(dim, 0)
    for n in range(1, x.shape[dim]):
        running = step(running, x.select(dim, n))
        assert torch.equal(result.select(dim, n), running)
    with pytest.raises(TypeError):
        scan(x)


def rule(a, b):
    """The shape that two shapes are broadcast to by the rule of the page; None if they do not fit."""
    shape = []
    for m, n in itertools.zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and 1 not in (m, n):
            return None
        shape.insert(0, n if m == 1 else m)
    return tuple(shape)


def test_the_rule_of_broadcasting():
    shapes = [s for ndim in range(4) for s in itertools.product((1, 2, 3), repeat=ndim)]
    for a, b in itertools.product(shapes, repeat=2):
        if (expected := rule(a, b)) is None:
            with pytest.raises(RuntimeError):
                torch.broadcast_shapes(a, b)
        else:
            assert tuple(torch.broadcast_shapes(a, b)) == expected


@pytest.mark.parametrize(
    ("letters", "same"),
    [
        ("i,i->", lambda u, v: u @ v),
        ("i,j->ij", lambda u, v: u[:, None] * v),
        ("ii->", lambda A: A.trace()),
        ("ij->ji", lambda B: B.T),
        ("ij->i", lambda B: B.sum(dim=1)),
        ("ij,jk->ik", lambda A, B: A @ B),
        ("bqd,bkd->bqk", lambda P, Q: P @ Q.mT),
    ],
)
def test_einsum(letters, same):
    torch.manual_seed(0)
    sizes = {"i": 3, "j": 3, "k": 4, "b": 5, "q": 2, "d": 3}
    inputs = [
        torch.rand([sizes[s] for s in part]) for part in letters.partition("->")[0].split(",")
    ]
    assert torch.allclose(torch.einsum(letters, *inputs), same(*inputs))


@pytest.mark.parametrize(
    "name", ["sum", "mean", "prod", "median", "std", "var", "amax", "amin", "logsumexp"]
)
def test_nan_goes_through(name):
    v = torch.tensor([2.0, 1.0, torch.nan])
    assert getattr(torch, name)(v, dim=0)[0 if name == "median" else ...].isnan()
    without = [v.nansum(), v.nanmean(), v.nanmedian(), v.nanquantile(0.5)]
    assert torch.allclose(torch.stack(without), torch.tensor([3.0, 1.5, 1.0, 1.5]))


def test_ties_and_gradients():
    v = torch.tensor([1.0, 3.0, 3.0, 2.0], requires_grad=True)
    for shared in (v.max(), v.amax(0)):
        assert torch.autograd.grad(shared, v)[0].tolist() == [0, 0.5, 0.5, 0]
    found = v.max(dim=0)
    gradient = torch.autograd.grad(found.values, v)[0]
    assert gradient[found.indices] == 1 and gradient.sum() == 1


def test_the_best_single_guess_for_all_labels_is_their_mean():
    label = torch.tensor([1.0, 3.0, 5.0, 7.0, 9.0])
    guesses = torch.linspace(0, 10, 1001)
    losses = ((guesses[:, None] - label) ** 2).mean(dim=1)
    assert torch.isclose(guesses[losses.argmin()], label.mean())
    truth = ((label[:, None] - label) ** 2).mean()
    assert torch.isclose(losses.min(), label.var(correction=0)) and losses.min() < truth


def test_a_product_of_matrices_is_a_broadcast_product_and_a_sum():
    torch.manual_seed(0)
    a, b = torch.rand(5, 3, 4), torch.rand(4, 2)
    assert torch.allclose((a[..., None] * b).sum(dim=-2), a @ b)


def test_orders_of_a_sum_lie_within_the_tolerance_of_the_book():
    total, exact = sums_in_many_orders()
    assert len(total.unique()) > 10
    assert 10 * (total.max() - total.min()).item() / exact < Policy().rtol


def test_C52_a_single_number_has_no_standard_deviation():
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert torch.tensor([3.0]).std().isnan()
    assert torch.tensor([3.0]).std(correction=0) == 0


def test_a_star_between_the_matrices_of_a_product():
    with pytest.raises(RuntimeError, match="must match the size"):
        torch.ones(3, 4) * torch.ones(4, 2)


def test_mm_and_bmm_take_one_kind_of_product_each():
    one, many = torch.rand(3, 3), torch.rand(2, 3, 3)
    assert torch.allclose(torch.mm(one, one), one @ one)
    assert torch.allclose(torch.bmm(many, many), many @ many)
    with pytest.raises(RuntimeError, match="mm: self must be a matrix"):
        torch.mm(many, many)
    with pytest.raises(RuntimeError, match="must be a 3D tensor"):
        torch.bmm(one, one)


@pytest.mark.parametrize("moved", ["symeig", "qr", "solve", "lstsq"])
def test_the_old_decompositions_name_their_successors(moved):
    arguments = [torch.eye(2)] * (2 if moved in ("solve", "lstsq") else 1)
    with pytest.raises(RuntimeError, match="is now removed"):
        getattr(torch, moved)(*arguments)
