"""The drawing of a tensor's storage: each drawn cell, color and step against what PyTorch itself reads."""

import math
from functools import cache
from itertools import combinations, pairwise
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.drawings import storage
from helpers.drawings.storage import cells_read, show_storage, storage_cells
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


def numbers(count):
    """Values that are nowhere equal to their positions."""
    return torch.arange(10, 10 + count)


TENSORS = {
    "scalar": torch.tensor(12.5),
    "row": numbers(6),
    "longest row": numbers(12),
    "most rows": numbers(24).view(12, 2),
    "matrix": numbers(6).view(2, 3),
    "column": numbers(3).view(3, 1),
    "transposed": numbers(6).view(2, 3).T,
    "inner part": numbers(24).view(4, 6)[1:3, 2:5],
    "diagonal": numbers(16).view(4, 4).diagonal(),
    "piece": numbers(10).split(4)[1],
    "windows": numbers(7).unfold(0, 3, 1),
    "expanded column": numbers(3).view(3, 1).expand(3, 4),
    "expanded row": numbers(3).expand(4, 3),
    "all one cell": numbers(4)[2].expand(2, 3),
    "cube": numbers(24).view(2, 3, 4),
    "permuted": numbers(24).view(2, 3, 4).permute(2, 0, 1),
    "expanded cube": numbers(6).view(2, 3).expand(2, 2, 3),
    "strange strides": numbers(20).as_strided((2, 3, 2), (7, 2, 5), 1),
    "floats": torch.tensor([[0.123456, -1.5], [1e-9, math.nan]]),
    "large floats": torch.tensor([1000.0, 999.7, 54321.0, 1e9]),
    "bools": torch.tensor([True, False]),
    "with gradient": torch.ones(2, 2, requires_grad=True),
}
every_tensor = pytest.mark.parametrize("name", TENSORS)


def by_pytorch(tensor):
    """The cells read, by a tensor of the same geometry over a storage that holds its own positions."""
    positions = torch.arange(tensor.untyped_storage().nbytes() // tensor.element_size())
    alike = positions.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    return alike.flatten().tolist()


def by_row(points):
    """The x of each row of points, by its y."""
    rows = {}
    for x, y in points:
        rows.setdefault(round(y, 2), []).append(x)
    return rows


class Drawing:
    """What a figure shows, told by where things lie in it."""

    def __init__(self, figure):
        (self.axes,) = figure.axes
        texts = [(t.get_position(), t.get_text()) for t in self.axes.texts]
        boxes = self.patches(FancyBboxPatch)
        height = {box: round(box.get_y() + box.get_height() / 2, 2) for box in boxes}
        top = max(height.values())
        # where the position numbers stand
        self.column = {int(t): x for (x, y), t in texts if y > top + 0.5 and t.isdigit()}
        self.storage = dict(enumerate(b for b in boxes if height[b] == top))
        self.elements = [b for b in boxes if height[b] != top]  # in the order of drawing
        self.text = {
            box: next(t for (x, y), t in texts if box.get_bbox().contains(x, y)) for box in boxes
        }
        self.labels = [text for _, text in texts if text.startswith("\u00d7")]
        self.dots = by_row(dot.center for dot in self.patches(Circle))
        self.grid = by_row((b.get_x() + 0.44, b.get_y() + 0.44) for b in self.elements)

    def patches(self, kind):
        return [patch for patch in self.axes.patches if isinstance(patch, kind)]

    def position(self, x):
        """The position in the storage that stands above a place."""
        (position,) = [k for k, column in self.column.items() if abs(column - x) < 1e-6]
        return position


@cache
def drawing(name):
    return Drawing(shown(show_storage, TENSORS[name], name)[0])


@every_tensor
def test_the_cells_read_are_those_of_pytorch_and_hold_the_elements(name):
    tensor = TENSORS[name].detach()
    assert cells_read(tensor) == by_pytorch(tensor)
    elements = storage_cells(tensor)[cells_read(tensor)].view(tensor.shape)
    assert torch.allclose(elements.double(), tensor.double(), rtol=0, atol=0, equal_nan=True)


@every_tensor
def test_the_dots_lie_below_the_cells_read_and_beside_their_row(name):
    tensor, dots, grid = TENSORS[name], drawing(name).dots, drawing(name).grid
    assert list(dots) == sorted(dots, reverse=True) == list(grid), "from the top"
    assert [drawing(name).position(x) for row in dots.values() for x in row] == by_pytorch(tensor)
    columns = tensor.shape[-1] if tensor.dim() else 1
    assert {len(row) for row in dots.values()} == {columns}
    for row in grid.values():
        assert np.allclose(np.diff(row), 1)
        assert row[-1] < min(drawing(name).column.values()) - 1


@pytest.mark.parametrize(
    ("name", "steps"),
    [("matrix", [1]), ("cube", [1, 1, 1.5, 1, 1]), ("permuted", [1, 1.5, 1, 1.5, 1, 1.5, 1])],
)
def test_matrices_of_a_3d_tensor_stand_apart(name, steps):
    assert np.allclose(-np.diff(list(drawing(name).grid)), steps)


@every_tensor
def test_arrows_lead_from_dot_to_dot_and_only_within_a_row(name):
    steps = [pair for row in drawing(name).dots.values() for pair in pairwise(row)]
    expected = [(a, b) for a, b in steps if a != b]
    arrows = drawing(name).patches(FancyArrowPatch)
    ends = [tuple(x for x, _ in arrow._posA_posB) for arrow in arrows]
    assert len(ends) == len(expected) and np.allclose(ends, expected)
    dotted = [line for line in drawing(name).axes.lines if line.get_linestyle() == ":"]
    assert len(dotted) == len(drawing(name).dots) - 1  # from row to row


@every_tensor
def test_an_element_looks_like_its_cell_and_unread_cells_are_pale(name):
    picture, read = drawing(name), by_pytorch(TENSORS[name])
    assert len(picture.elements) == len(read)
    for box, k in zip(picture.elements, read, strict=True):
        assert box.get_facecolor() == picture.storage[k].get_facecolor()
        assert picture.text[box] == picture.text[picture.storage[k]]
    colors = {k: to_hex(box.get_facecolor()) for k, box in picture.storage.items()}
    pale = {k for k, color in colors.items() if color.upper() == storage.PALE}
    assert pale == set(colors) - set(read)
    assert len(set(colors.values())) == len(set(read)) + bool(pale)


@every_tensor
def test_nothing_is_cut_and_no_text_lies_on_another(name):
    figure, _ = shown(show_storage, TENSORS[name], "a.rather(long, name)")
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (*figure.texts, *figure.axes[0].texts)]
    width, height = figure.get_size_inches() * figure.dpi
    assert width <= 1000
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    for one, other in combinations(boxes, 2):
        apart = min(one.x1, other.x1) <= max(one.x0, other.x0) + 0.5
        assert apart or min(one.y1, other.y1) <= max(one.y0, other.y0) + 0.5
    low, high = figure.axes[0].get_ylim()
    for patch in drawing(name).patches(FancyBboxPatch):
        assert low <= patch.get_y() and patch.get_y() + patch.get_height() <= high


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("floats", ["0.123", "-1.5", "1e-09", "nan"]),
        ("large floats", ["1000", "1000", "54321", "1e+09"]),
        ("bools", ["True", "False"]),
        ("transposed", ["10", "11", "12", "13", "14", "15"]),
    ],
)
def test_numbers_are_short_and_whole_numbers_exact(name, texts):
    assert [drawing(name).text[box] for box in drawing(name).storage.values()] == texts


@pytest.mark.parametrize(
    ("name", "labels"),
    [("matrix", 0), ("column", 0), ("expanded column", 3), ("expanded row", 0)],
)
def test_a_cell_read_again_and_again_is_marked(name, labels):
    assert drawing(name).labels == ["\u00d74"] * labels


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scalar", "shape (),  strides (),  offset 0. Storage: 12.5. The rows read cells 0."),
        ("transposed", "offset 0. Storage: 10 11 12 13 14 15. The rows read cells 0 3, 1 4, 2 5."),
        ("expanded column", "Storage: 10 11 12. The rows read cells 0 0 0 0, 1 1 1 1, 2 2 2 2."),
        ("piece", "The rows read cells 4 5 6 7. Cells 0 1 2 3 8 9 are not read."),
    ],
)
def test_the_description_names_the_cells_of_each_row(name, words):
    figure, alt = shown(show_storage, TENSORS[name], "x")
    assert alt.startswith("x:  shape") and alt.endswith(words)
    assert alt.startswith(figure.texts[0].get_text() + ". Storage: ")


def test_unknown_cells_are_not_read():
    with mock.patch.object(storage, "number", wraps=storage.number) as number:
        figure, alt = shown(show_storage, numbers(6).resize_(2, 5), "r", unknown=range(6, 10))
    assert [call.args[0] for call in number.call_args_list] == list(range(10, 16))
    texts = [str(n) for n in range(10, 16)] + ["?"] * 4
    picture = Drawing(figure)
    for boxes in (picture.storage.values(), picture.elements):
        assert [picture.text[box] for box in boxes] == texts
    assert [bool(box.get_hatch()) for box in picture.elements] == [t == "?" for t in texts]
    assert "Storage: 10 11 12 13 14 15 ? ? ? ?. The rows read cells 0 1 2 3 4, 5 6 7 8 9." in alt


def test_the_storage_shares_memory():
    matrix = numbers(12).view(3, 4)
    cells = storage_cells(matrix[1:, 2:])
    assert (cells.shape, cells.dtype, cells.storage_offset()) == ((12,), matrix.dtype, 0)
    cells[5] = 99
    assert matrix[1, 1] == 99


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1, 1, 1, 1), "at most 3 dimensions can be drawn, not 4"),
        (torch.zeros(0, 3), "without elements"),
        (torch.zeros(2, 13)[:, :13:2], "at most 24 cells of storage can be drawn, not 26"),
        (torch.zeros(13), "at most 12 columns can be drawn, not 13"),
        (torch.zeros(1).expand(5, 3, 1), "at most 12 rows can be drawn, not 15"),
        (torch.zeros(2, device="meta"), "dense tensor with data"),
        (torch.eye(2).to_sparse(), "dense tensor with data"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tensor, message):
    with pytest.raises(ValueError, match=message):
        show_storage(tensor, "t")
    assert plt.get_fignums() == []
