"""What page 10 says of gather and scatter (C34 to C36), by plain loops over one to four dimensions."""

from itertools import product

import pytest
import torch

SHAPES = [(5,), (3, 4), (2, 3, 4), (2, 3, 2, 3)]
CASES = [(shape, dim) for shape in SHAPES for dim in range(-len(shape), len(shape))]


def moved(place, dim, index):
    """The place with its coordinate ``dim`` replaced by the index."""
    other = list(place)
    other[dim] = int(index[place])
    return tuple(other)


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_C34_gather_is_a_loop(shape, dim):
    torch.manual_seed(0)
    x = torch.rand(shape)
    longer = list(shape)
    longer[dim] += 2  # along dim, an index may be longer
    for size in (shape, longer, [max(1, n - 1) for n in shape]):
        index = torch.randint(shape[dim], tuple(size))
        out = x.gather(dim, index)
        assert out.shape == index.shape
        for place in product(*map(range, index.shape)):
            assert out[place] == x[moved(place, dim, index)]


@pytest.mark.parametrize("shape", [(4, 2), (3,), (3, 4, 1)])
def test_C34_an_index_that_is_longer_elsewhere_or_has_other_dimensions_is_refused(shape):
    with pytest.raises(RuntimeError, match=r"Size does not match|same number of dimensions"):
        torch.zeros(3, 4).gather(1, torch.zeros(shape, dtype=torch.int64))


def test_C34_int32_is_an_index_too():
    x = torch.rand(3, 4)
    assert x.gather(1, torch.zeros(3, 1, dtype=torch.int32)).equal(x[:, :1])


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_C35_scatter_undoes_gather_for_a_permutation(shape, dim):
    torch.manual_seed(0)
    x = torch.rand(shape)
    index = torch.rand(shape).argsort(dim)
    taken = x.gather(dim, index)
    by_loop = torch.zeros(shape)
    for place in product(*map(range, shape)):
        by_loop[moved(place, dim, index)] = taken[place]
    target = torch.zeros(shape)
    assert target.scatter_(dim, index, taken) is target
    assert target.equal(by_loop) and target.equal(x)


def test_C35_missing_places_stay_and_of_repeated_ones_one_wins():
    index = torch.tensor([[3, 0], [1, 1], [0, 2]])
    src = torch.tensor([[50, 51], [60, 61], [70, 71]])
    target = torch.full((3, 4), -1).scatter_(1, index, src)
    assert (target == -1).sum() == 7 and target[1, 1] in (60, 61)
    assert "picked arbitrarily" in " ".join(torch.Tensor.scatter_.__doc__.split())


@pytest.mark.parametrize(("reduce", "function"), [("sum", sum), ("amax", max), ("amin", min)])
def test_C35_scatter_reduce(reduce, function):
    index = torch.tensor([[0, 2, 0, 0], [1, 1, 2, 1]])
    src = torch.tensor([[1, 2, 3, 5], [4, 6, 9, 8]])
    result = torch.zeros(2, 3, dtype=torch.int64).scatter_reduce(
        1, index, src, reduce, include_self=False
    )
    for i, k in product(range(2), range(3)):
        arriving = [int(v) for v, place in zip(src[i], index[i], strict=True) if place == k]
        assert result[i, k] == (function(arriving) if arriving else 0)


def test_C36_the_line_of_the_notes():
    index, src = torch.tensor([[1, 0]]), torch.tensor([[1.0, 2.0]])
    with pytest.raises(TypeError):
        torch.Tensor().scatter_(1, index)
    with pytest.raises(IndexError):
        torch.Tensor().scatter_(1, index, src)
    target = torch.zeros(1, 2)
    assert target.scatter(1, index, src).tolist() == [[2, 1]] and not target.any()
    with pytest.raises(RuntimeError, match="dtype"):
        torch.zeros(1, 2, dtype=torch.int64).scatter_(1, index, src)


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_C34_gather_is_advanced_indexing_that_supplies_the_other_coordinates(shape, dim):
    torch.manual_seed(0)
    x, index = torch.rand(shape), torch.randint(shape[dim], shape)
    coordinates = [
        torch.arange(size).view([-1 if n == k else 1 for n in range(len(shape))])
        for k, size in enumerate(shape)
    ]
    coordinates[dim] = index
    assert x[tuple(coordinates)].equal(x.gather(dim, index))


def test_C35_scattered_places_are_a_mask_of_the_best():
    torch.manual_seed(0)
    scores = torch.randn(5, 7)
    keep = torch.zeros_like(scores, dtype=torch.bool).scatter(1, scores.topk(3).indices, True)
    assert keep.equal(scores >= scores.sort(descending=True).values[:, 2:3])
    left = scores.masked_fill(~keep, -torch.inf).softmax(1)
    assert (left[~keep] == 0).all()
    assert torch.allclose(left.sum(1), torch.ones(5))
