"""What page 08 says of shapes and storage, tried on every call that it names (C27 to C30)."""

import re
import warnings
from itertools import product

import pytest
import torch

from helpers import pages
from helpers.drawings.storage import cells_read, storage_cells

PAGE = pages.NOTEBOOKS / "08_tensor_shapes.py"
ROW = re.compile(r"^# \| `(.+?)` \| ([\w ]+) \| ([\w ]+) \|$", re.MULTILINE)
TABLE = ROW.findall(PAGE.read_text(encoding="utf-8"))
MATRIX = torch.arange(10, 16).view(2, 3)


def shares_memory(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def verdict(call, x):
    try:
        result = eval(call, {"torch": torch, "x": x})
    except RuntimeError:
        return "error"
    assert result.flatten().equal(storage_cells(result)[cells_read(result)])  # the rule of strides
    if result is x:
        return "x itself"
    return "view" if shares_memory(result, x) else "copy"


def test_the_table_has_rows():
    assert len(TABLE) == 20


@pytest.mark.parametrize(("call", "contiguous", "transposed"), TABLE)
def test_C27_C28_C29_view_or_copy(call, contiguous, transposed):
    assert verdict(call, MATRIX.clone()) == contiguous
    assert verdict(call, MATRIX.clone().T) == transposed


@pytest.mark.parametrize(
    "shape", [(6,), (3, 2), (6, 1), (1, 6), (2, 3, 1), (1, 2, 1, 3), (2, 1, 3)]
)
def test_C27_a_view_keeps_the_order_and_the_number_of_elements(shape):
    assert MATRIX.view(shape).flatten().tolist() == [*range(10, 16)]
    with pytest.raises(RuntimeError, match="invalid for input of size 6"):
        MATRIX.view(*shape, 2)


@pytest.mark.parametrize("steps", list(product((1, 2), (1, 2), (False, True))))
def test_C27_a_view_in_one_dimension_needs_one_stride(steps):
    rows, columns, transposed = steps
    x = torch.arange(48).view(6, 8)[::rows, ::columns]
    x = x.T if transposed else x
    if len(set(torch.tensor(cells_read(x)).diff().tolist())) == 1:
        assert x.view(-1).tolist() == x.flatten().tolist()
    else:
        with pytest.raises(RuntimeError, match=r"Use \.reshape"):
            x.view(-1)


def test_C28_a_change_shows_in_both():
    x = MATRIX.clone()
    view = x.view(3, 2)
    x[0, 1] = 99
    assert view[0, 1] == 99
    view[2, 1] = 98
    assert x[1, 2] == 98


@pytest.mark.parametrize("dim", range(-3, 3))
def test_C29_unsqueeze_and_squeeze(dim):
    added = MATRIX.unsqueeze(dim)
    assert added.shape[dim] == 1 and shares_memory(added, MATRIX)
    assert added.squeeze(dim).shape == MATRIX.shape
    assert MATRIX.squeeze(0).shape == MATRIX.squeeze().shape == MATRIX.shape


def test_C30_resize_in_place():
    x = MATRIX.clone()
    size = x.untyped_storage().nbytes()
    assert x.resize_(2).untyped_storage().nbytes() == size
    assert x.resize_(2, 3).equal(MATRIX)
    assert x.resize_(4, 4).flatten()[:6].tolist() == [*range(10, 16)]
    assert x.untyped_storage().nbytes() > size
    assert MATRIX.clone().T.resize_(6).tolist() == MATRIX.flatten().tolist()  # ignores strides
    with pytest.raises(RuntimeError, match="require grad"):
        torch.ones(3, requires_grad=True).resize_(6)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError, match="preserving the number of elements"):
            x.resize(3)
    assert "deprecated" in str(caught[0].message)


def test_a_saved_slice_takes_its_storage_along(tmp_path):
    record = torch.arange(100_000)
    torch.save(record[:3], tmp_path / "slice.pt")
    torch.save(record[:3].clone(), tmp_path / "clone.pt")
    assert (tmp_path / "slice.pt").stat().st_size > 800_000 > (tmp_path / "clone.pt").stat().st_size


def test_of_an_expanded_tensor_arithmetic_in_place_is_refused_and_assignments_are_not():
    wide = torch.tensor([[10], [11], [12]]).expand(3, 4)
    for refused in (wide.add_, wide.mul_, wide.sub_, wide.clamp_):
        with pytest.raises(RuntimeError, match=r"Please clone\(\)"):
            refused(1)
    wide[0] = 1
    assert wide.fill_(2).eq(2).all() and wide.zero_().eq(0).all()


def test_c28_one_storage_but_no_cell_in_common():
    assert shares_memory(MATRIX[0], MATRIX[1])
    assert not set(cells_read(MATRIX[0])) & set(cells_read(MATRIX[1]))


def test_tensors_without_elements_have_the_address_0():
    empty = [torch.empty(0), torch.zeros(3, 0)]
    assert {x.untyped_storage().data_ptr() for x in empty} == {0}


def test_in_order_but_with_gaps_is_not_contiguous():
    assert not torch.arange(6)[::2].is_contiguous()
    assert MATRIX.contiguous() is MATRIX


def test_view_with_the_batch_left_open_can_change_the_number_of_samples():
    assert torch.zeros(64, 3, 64, 64).view(-1, 3072).shape == (256, 3072)
    with pytest.raises(RuntimeError, match="invalid for input"):
        torch.zeros(64, 3, 33, 33).view(-1, 3072)


@pytest.mark.parametrize(("number", "pieces"), [(3, 3), (4, 4), (6, 5), (7, 5)])
def test_chunk_may_return_fewer_pieces(number, pieces):
    x = torch.arange(10)
    assert len(x.chunk(number)) == pieces and len(x.tensor_split(number)) == number
