"""What page 11 says of types and devices, for every type (C38, C40, C43, C44) and every pair of types."""

import threading
import warnings
from itertools import product

import pytest
import torch

from helpers import dtypes, pages
from helpers.drawings.promotion import KINDS

PAGE = (pages.NOTEBOOKS / "11_types_and_devices.py").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:5] for line in PAGE.splitlines() if line.startswith("# | `torch.")]
TYPES = [getattr(torch, name) for levels in KINDS.values() for level in levels for name in level]


def named(text):
    path = text.split("`")[1].removeprefix("torch.").split(".")
    value = torch
    for name in path:
        value = getattr(value, name)
    return value


def test_C38_the_table_has_the_eight_of_the_notes():
    assert [named(row[0]).__name__ for row in ROWS] == [f"{name}Tensor" for name in dtypes.NOTES]


@pytest.mark.parametrize("row", ROWS)
def test_C38_both_classes_have_the_dtype_and_its_other_name(row):
    old, on_gpu, dtype = (named(cell) for cell in row[:3])
    assert old.dtype == on_gpu.dtype == dtype and 8 * dtype.itemsize == int(row[3])
    if " or " in row[2]:
        assert getattr(torch, row[2].split("`")[3].removeprefix("torch.")) is dtype


def place(dtype):
    """The kind of a type and its level there, as drawn."""
    name = str(dtype).removeprefix("torch.")
    for n, levels in enumerate(KINDS.values()):
        for level, names in enumerate(levels):
            if name in names:
                return n, level
    raise KeyError(name)


@pytest.mark.parametrize(("a", "b"), list(product(TYPES, TYPES)))
def test_the_picture_of_promotion(a, b):
    total = torch.ones(2, dtype=a) + torch.ones(2, dtype=b)
    assert total.dtype == torch.promote_types(a, b)
    (kind, level), (other, level_b) = place(a), place(b)
    if kind != other:
        # A double beside a complex64 makes complex128: the size of its parts decides.
        expected = a if kind > other else b
        parts = {torch.float64, torch.complex64}
        assert total.dtype == (torch.complex128 if {a, b} == parts else expected)
    elif level != level_b or a == b:
        assert total.dtype == (a if level >= level_b else b)
    else:
        assert place(total.dtype) == (kind, level + 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int16])
def test_a_plain_number_never_enlarges_a_tensor_of_its_kind(dtype):
    x = torch.ones(2, dtype=dtype)
    number = 1.0 if dtype.is_floating_point else 1
    large = torch.float64 if dtype.is_floating_point else torch.int64
    assert (x + number).dtype == dtype == (x + torch.tensor(number, dtype=large)).dtype


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_integers_wrap_around(dtype):
    info = torch.iinfo(dtype)
    assert (torch.tensor([info.max], dtype=dtype) + 1).item() == info.min
    x = torch.zeros(1, dtype=dtype)
    if dtype != torch.int64:
        with pytest.raises((RuntimeError, ValueError)):
            x[0] = info.max + 1
    with pytest.raises((RuntimeError, ValueError)):
        torch.tensor(info.max + 1, dtype=dtype)


def test_large_unsigned_types_are_not_promoted_with_others():
    for dtype in (torch.uint16, torch.uint32, torch.uint64):
        for other in (torch.int32, torch.int64):
            with pytest.raises(RuntimeError, match="not supported"):
                torch.promote_types(dtype, other)


def test_C40_defaults():
    assert torch.get_default_dtype() == torch.float32
    assert not hasattr(torch, "set_deault_tensor_type")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            torch.set_default_tensor_type(torch.DoubleTensor)
            assert torch.zeros(1).dtype == torch.float64
        finally:
            torch.set_default_tensor_type(torch.FloatTensor)
    assert all("deprecated" in str(w.message) for w in caught)


def test_C40_the_default_device_is_that_of_a_thread():
    found = []
    torch.set_default_device("meta")
    try:
        thread = threading.Thread(target=lambda: found.append(torch.zeros(1).device.type))
        thread.start()
        thread.join()
        assert torch.zeros(1).device.type == "meta" and found == ["cpu"]
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize(
    ("name", "dtype"), [("float", torch.float32), ("long", torch.int64), ("half", torch.float16)]
)
def test_C43_the_shortcuts(name, dtype):
    x = torch.tensor([1.7, -1.7], dtype=torch.float64)
    short = getattr(x, name)()
    for other in (x.type(dtype), x.to(dtype), x.type_as(torch.zeros(1, dtype=dtype))):
        assert short.equal(other) and other.dtype == dtype
    assert getattr(short, name)() is short


def test_C43_the_conversion_cuts_off_towards_zero():
    x = torch.linspace(-100, 100, 10_001)
    assert x.to(torch.int8).tolist() == [int(value) for value in x.tolist()]


def test_C44_moving():
    x = torch.arange(3.0)
    assert x.cpu() is x and x.to("cpu") is x
    if torch.cuda.is_available():
        assert x.cuda().is_cuda and x.cuda().cpu().equal(x)


def test_C44_a_tensor_without_dimensions_on_the_cpu_may_be_mixed():
    far = torch.ones(2, device="meta")
    assert (far + torch.tensor(1.0)).device == far.device
    with pytest.raises(RuntimeError, match="device"):
        far + torch.ones(2)


def test_every_type_is_in_the_table_or_can_do_nothing():
    usable = set(dtypes.usable_dtypes())
    assert {getattr(torch, name) for name in ("float32", "bool", "bfloat16", "complex64")} <= usable
    for dtype in set(dtypes.all_dtypes()) - usable:
        assert not any(dtypes.can(sign, dtype) for sign in dtypes.OPERATIONS)
    for dtype in usable:
        if dtype.is_floating_point and "fnuz" not in str(dtype) and dtypes.step(dtype) != "":
            assert dtypes.step(dtype) == torch.finfo(dtype).eps


def test_a_narrower_float_overflows_underflows_and_rounds_without_an_error():
    for narrow in (torch.float32, torch.float16, torch.bfloat16):
        large, small = 2 * torch.finfo(narrow).max, torch.finfo(narrow).smallest_normal / 2**30
        wide = torch.tensor([large, -large, small, 0.1], dtype=torch.float64).to(narrow)
        assert wide[:3].tolist() == [torch.inf, -torch.inf, 0]
        assert 0 < abs(wide[3].item() - 0.1) <= 0.1 * torch.finfo(narrow).eps


@pytest.mark.parametrize(
    "store",
    [
        lambda x: x.fill_(300),
        lambda x: x.__setitem__(0, 300),
        lambda x: x.masked_fill(x > 0, 300),
        lambda x: torch.full_like(x, 300),
        lambda x: torch.tensor([300], dtype=x.dtype),
    ],
)
def test_a_number_that_is_stored_is_checked_and_a_result_is_not(store):
    x = torch.tensor([100, 200], dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="without overflow"):
        store(x)
    assert (x + 300).tolist() == [144, 244]
    x[0] = -1
    assert x[0] == 255


def test_arange_of_integers_has_integers():
    assert torch.arange(3).dtype == torch.int64
    with pytest.raises(RuntimeError, match="same dtype"):
        torch.nn.Linear(3, 1)(torch.arange(3))
