"""What page 09 says of indexing, tried on many indices (C31 to C33, C37), and beside NumPy."""

from itertools import product

import pytest
import torch

X = 10 * torch.arange(3).unsqueeze(1) + torch.arange(4)
BASIC = [0, -1, slice(None), slice(1, 3), slice(None, None, 2), None, ..., torch.tensor(1)]
ADVANCED = [[1], [0, 2], torch.tensor([1, 0]), torch.tensor([True, False, True]), X > 11]


def shares_memory(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


@pytest.mark.parametrize("first", range(len(BASIC)))
def test_C37_basic_indices_give_views(first):
    for second in BASIC:
        if not (BASIC[first] is ... and second is ...):
            assert shares_memory(X[BASIC[first], second], X)


@pytest.mark.parametrize("index", range(len(ADVANCED)))
def test_C37_advanced_indices_give_copies(index):
    assert not shares_memory(X[ADVANCED[index]], X)
    if ADVANCED[index] is not ADVANCED[-1]:
        for beside in (slice(None), 1, None):
            assert not shares_memory(X[ADVANCED[index], beside], X)


def test_C31_index_select_is_a_loop():
    torch.manual_seed(0)
    x = torch.rand(3, 4, 5)
    for dim in range(3):
        index = torch.randint(x.shape[dim], (7,))
        picked = torch.stack([x.select(dim, k) for k in index], dim=dim)
        assert x.index_select(dim, index).equal(picked)
        assert not shares_memory(x.index_select(dim, index), x)


def test_C32_a_mask_stands_for_its_nonzero():
    torch.manual_seed(0)
    for shape in [(6,), (3, 4), (2, 3, 4)]:
        x, mask = torch.rand(shape), torch.rand(shape) > 0.5
        flat = zip(x.flatten(), mask.flatten(), strict=True)
        by_loop = torch.tensor([value for value, chosen in flat if chosen])
        assert x[mask].equal(by_loop) and x.masked_select(mask).equal(by_loop)
        assert x[mask.nonzero(as_tuple=True)].equal(by_loop)


def test_C33_nonzero_and_its_relatives():
    grid = torch.tensor([[0, 7, 0], [5, 0, 9]])
    assert not hasattr(torch, "non_zero") and not hasattr(grid, "non_zero")
    places = [[i, j] for i, j in product(range(2), range(3)) if grid[i, j]]
    assert grid.nonzero().tolist() == torch.argwhere(grid).tolist() == places
    for a, b in zip(torch.where(grid != 0), grid.nonzero(as_tuple=True), strict=True):
        assert a.equal(b)


@pytest.mark.parametrize("step", [-1, -2])
def test_a_negative_step_is_refused(step):
    with pytest.raises(ValueError, match="step must be greater than zero"):
        X[::step]


@pytest.mark.parametrize("index", [3, -1, -4])
def test_the_functions_refuse_what_is_out_of_range_or_negative(index):
    places = torch.tensor([[index]])
    for call in (
        lambda: X.index_select(0, places[0]),
        lambda: X.gather(0, places),
        lambda: X.scatter(0, places, 5),
    ):
        with pytest.raises((IndexError, RuntimeError), match=r"out of (range|bounds)"):
            call()


def test_numpy_differs_only_where_a_number_stands_beside_an_index():
    big = torch.arange(4 * 5 * 6 * 7).view(4, 5, 6, 7)
    i = torch.tensor([1, 0])
    parts = {":": slice(None), "None": None, "i": i, "column": i[:, None], "0": 0}
    for names in (names for k in range(1, 5) for names in product(parts, repeat=k)):
        key = tuple(parts[name] for name in names)
        ours, theirs = big[key].numpy(), big.numpy()[key]
        same = ours.shape == theirs.shape
        assert same or "0" in names
        assert not same or (ours == theirs).all()
    assert (big[0][:, i].numpy() == big.numpy()[0][:, i]).all()


def test_numpy_reads_bytes_as_indices_and_takes_negative_steps():
    table, index = X.numpy(), torch.tensor([0, 1, 1], dtype=torch.uint8)
    assert table[index.numpy()].tolist() == [table[k].tolist() for k in (0, 1, 1)]
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        assert X[index].equal(X[1:])
    assert table[::-1].tolist() == X.flip(0).tolist()


def test_c37_a_true_without_dimensions_is_a_mask():
    assert not shares_memory(X[torch.tensor(True)], X)


def test_only_the_last_brackets_write():
    u = X.clone()
    u[[2]][0, 0] = 99
    assert u.equal(X)
    u[[2], 0] = 99
    assert u[2, 0] == 99


def test_flip_copies():
    assert not shares_memory(X.flip(0), X)


def test_C32_an_old_mask_picks_but_writes_no_number():
    mask = (X > 11).byte()
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        assert X[mask].equal(X[mask.bool()])
    u = X.clone()
    with pytest.raises(RuntimeError, match="only supports boolean masks"):
        u[mask] = 0
    with pytest.raises(RuntimeError, match="only supports boolean masks"):
        X.masked_fill(mask, 0)


@pytest.mark.parametrize("between", [slice(None), ..., None])
def test_whatever_separates_two_indices_brings_their_shape_to_the_front(between):
    big, i = torch.zeros(4, 5, 6, 7), torch.tensor([1, 0, 1])
    assert big[:, i, i].shape == (4, 3, 7)
    assert big[:, i, between, i].shape[0] == 3


def test_one_hot_rows_are_rows_of_the_identity_matrix():
    numbers = torch.tensor([2, 0, 3, 2])
    rows = torch.eye(4, dtype=torch.int64)[numbers]
    assert rows.equal(torch.nn.functional.one_hot(numbers, num_classes=4))
