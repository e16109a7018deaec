"""The exercises on shapes: a right answer passes, also in another way than the page's; mistakes are refused."""

import numpy as np
import torch

from helpers.exercises import tensor_shapes as checks
from tests.support.answers import make_tests


def slow_tiles(image, size):
    starts = range(0, len(image), size)
    return torch.cat([torch.stack(row.split(size, 1)) for row in image.split(size)]).view(
        len(starts) ** 2, size, size
    )


def tiles_by_permute(image, size):
    n = len(image) // size
    return image.reshape(n, size, n, size).permute(0, 2, 1, 3).reshape(-1, size, size)


def windows(x, size):
    return torch.as_strided(
        x, (len(x) - size + 1, size), (x.stride(0), x.stride(0)), x.storage_offset()
    )


RIGHT = [
    (checks.check_fill_columns, lambda line, rows: line.reshape(-1, rows).transpose(0, 1)),
    (checks.check_cell_of, lambda x, index: x[index].storage_offset()),
    (checks.check_cell_of, lambda x, index: x.storage_offset() + np.dot(index, x.stride())),
    (
        checks.check_cell_of,
        lambda x, index: x.storage_offset() + sum(torch.tensor(index) * torch.tensor(x.stride())),
    ),
    (checks.check_tiles, tiles_by_permute),
    (checks.check_tiles, lambda x, n: x.unfold(0, n, n).unfold(1, n, n).flatten(0, 1)),
    (checks.check_windows, windows),
    (
        checks.check_windows,
        lambda x, size: x.as_strided((len(x) - size + 1, size), x.stride() * 2),
    ),
]
WRONG = [
    (checks.check_fill_columns, lambda line, rows: line.view(rows, -1).T, "the shape is"),
    (
        checks.check_fill_columns,
        lambda line, rows: torch.arange(12).view(-1, rows).T,
        "raised RuntimeError",
    ),
    (checks.check_cell_of, lambda x, index: 48, "permute(2, 0, 1)"),
    (
        checks.check_cell_of,
        lambda x, index: sum(i * stride for i, stride in zip(index, x.stride(), strict=True)),
        "where does the walk begin?",
    ),
    (checks.check_tiles, slow_tiles, "there is a loop"),
    (checks.check_windows, lambda x, size: x.unfold(0, size, 1), "it is `as_strided`"),
    (checks.check_tiles, lambda x, size: x.reshape(-1, size, size), "elements differ"),
    (checks.check_tiles, lambda x, size: x.view(-1, 2, size, size), "the shape is"),
    (
        checks.check_windows,
        lambda x, size: torch.stack([x[i : i + size] for i in range(len(x) - size + 1)]),
        "they are copies",
    ),
    (
        checks.check_windows,
        lambda x, size: x.as_strided((len(x) - size + 1, size), (x.stride(0),) * 2, 0),
        "begins at cell 5",
    ),
]


test_right, test_wrong = make_tests(checks, RIGHT, WRONG)
