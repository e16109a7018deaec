"""The exercises of the page on shapes and storage."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from helpers.drawings.storage import cells_read
from helpers.exercises.calls import Recorder, loops
from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in


@exercise
def check_fill_columns(fill_columns: Callable) -> Iterator[str]:
    """``fill_columns(line, rows)``: the elements of a 1-D tensor, down the first column, then the second."""

    def right(line: torch.Tensor, rows: int) -> torch.Tensor:
        return torch.stack(line.split(rows), dim=1)

    yield from differences(
        fill_columns, right, (torch.arange(12), 4), (torch.arange(12), 3), (torch.randn(40), 5)
    )


@exercise
def check_cell_of(cell_of: Callable) -> Iterator[str]:
    """``cell_of(x, index)``: the position in the storage that the element ``x[index]`` is read from."""
    x = torch.arange(60).view(3, 4, 5)
    tensors = {
        "torch.arange(60).view(3, 4, 5)": (x, (2, 1, 3)),
        "torch.arange(60).view(3, 4, 5).permute(2, 0, 1)": (x.permute(2, 0, 1), (4, 1, 2)),
        "torch.arange(60).view(3, 4, 5)[1, 1:, ::2]": (x[1, 1:, ::2], (1, 2)),
        "torch.zeros(3, 1).expand(3, 4)": (torch.zeros(3, 1).expand(3, 4), (2, 3)),
    }
    for name, (tensor, index) in tensors.items():
        position = int(torch.arange(tensor.numel()).view(tensor.shape)[index])
        expected = cells_read(tensor)[position]
        given = cell_of(tensor, index)
        if getattr(given, "ndim", None) == 0:
            given = given.item()  # the sum of a product of two tensors, or of two of NumPy's arrays
        if fault := fault_in(given, expected):
            if not fault_in(given, expected - tensor.storage_offset()):
                yield f"for x = {name}, where does the walk begin? It need not be cell 0."
            yield f"for x = {name} and index = {index}: {fault}"


@exercise
def check_tiles(tiles: Callable) -> Iterator[str]:
    """``tiles(image, size)``: the square tiles of a square matrix, (number, size, size), in reading order."""

    def right(image: torch.Tensor, size: int) -> torch.Tensor:
        starts = range(0, len(image), size)
        return torch.stack([image[i : i + size, j : j + size] for i in starts for j in starts])

    squares = [torch.arange(16).view(4, 4), torch.arange(36).view(6, 6), torch.randn(12, 12)]
    sizes = 2, 2, 4
    yield from differences(tiles, right, *zip(squares, sizes, strict=True))
    yield from differences(tiles, right, (torch.arange(36).view(6, 6).T, 3))
    if loops(tiles):
        yield "the tiles are right, but there is a loop in your function."


@exercise
def check_windows(windows: Callable[[torch.Tensor, int], Any]) -> Iterator[str]:
    """``windows(x, size)``: all windows of a 1-D tensor, one a row, sharing its memory."""

    def right(x: torch.Tensor, size: int) -> torch.Tensor:
        return torch.stack([x[i : i + size] for i in range(len(x) - size + 1)])

    whole = torch.randn(20)
    given = [(torch.arange(7), 3), (whole, 1), (whole[5:15], 4), (whole[::2], 3), (whole[3::4], 2)]
    for x, size in given:
        for fault in differences(windows, right, (x, size)):
            yield f"{fault} (x has stride {x.stride(0)} and begins at cell {x.storage_offset()})"
        answer = windows(x, size)
        if answer.untyped_storage().data_ptr() != x.untyped_storage().data_ptr():
            yield "the windows are right, but they are copies: they must share memory with x."
    with Recorder() as recorder:
        windows(whole, 3)
    if "unfold" in recorder.counts or "as_strided" not in recorder.counts:
        yield "the windows are right, but it is `as_strided` that should make them."
