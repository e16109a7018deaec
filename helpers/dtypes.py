"""The data types that the installed PyTorch has: which can be computed with, what they hold, as a table."""

import warnings
from collections.abc import Callable

import torch
from IPython.display import Markdown

from helpers.tables import table, text

# The eight types of the notes.
NOTES = ["Float", "Double", "Half", "Byte", "Char", "Short", "Int", "Long"]
OPERATIONS: dict[str, Callable] = {
    "+": torch.add,
    "*": torch.mul,
    "sum": lambda a, b: a.sum(),
    "@": torch.matmul,
}


def dtype_table() -> Markdown:
    """Make a table of the types that can do at least one of four operations on the CPU, by kind and size."""
    rows = []
    for dtype in usable_dtypes():
        name = torch.zeros(1, dtype=dtype).type().removeprefix("torch.").removesuffix("Tensor")
        signs = "\u00a0".join(sign for sign in OPERATIONS if can(sign, dtype))
        dot, bits = "\u25cf" if name in NOTES else "", 8 * dtype.itemsize
        rows.append((dot, str(dtype)[6:], bits, limits(dtype), text(step(dtype)), f"`{signs}`"))
    return table(["", "dtype", "bits", "range", "step at 1", "on the CPU"], rows)


def all_dtypes() -> list[torch.dtype]:
    """Return every dtype of the installed release, sorted by kind, size and name."""
    found = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    return sorted(found, key=lambda d: (d.is_complex, d.is_floating_point, d.itemsize, str(d)))


def usable_dtypes() -> list[torch.dtype]:
    """Return the dtypes that can do at least one of the operations on the CPU."""
    return [dtype for dtype in all_dtypes() if any(can(sign, dtype) for sign in OPERATIONS)]


def can(sign: str, dtype: torch.dtype) -> bool:
    """Try one of OPERATIONS with 2 x 2 ones of a type on the CPU; experimental types may warn, which is not shown."""
    with warnings.catch_warnings(record=True):
        try:
            ones = torch.ones(2, 2).to(dtype)
            return OPERATIONS[sign](ones, ones) is not None
        except (RuntimeError, TypeError):
            return False


def limits(dtype: torch.dtype) -> str:
    """Return the range of a type in words; of a complex type, that of its parts."""
    if dtype == torch.bool:
        return "False, True"
    is_float = dtype.is_floating_point or dtype.is_complex
    info = torch.finfo(dtype) if is_float else torch.iinfo(dtype)
    low, high = text(info.min), text(info.max)
    return f"\u00b1{high}" if low == f"-{high}" else f"{low} to {high}"


def step(dtype: torch.dtype) -> float | str:
    """Find the distance from 1 to the next larger number by trying; "" for a type that cannot hold 1.

    ``finfo`` knows it as ``eps``, but 2.9 has it wrong for ``float8_e5m2fnuz``.
    """
    above = 1 + 2.0 ** -torch.arange(53, dtype=torch.float64)
    kept = above.to(dtype).to(torch.complex128).real == above
    return (above[kept] - 1).min().item() if kept.any() else ""
