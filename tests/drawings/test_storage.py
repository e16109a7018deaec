"""The drawing of a tensor's storage: each drawn cell, colour and step against what PyTorch itself reads."""

import math
from functools import cache
from itertools import combinations, pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.drawings import storage as storage_pictures

pytestmark = pytest.mark.usefixtures("style")


def numbers(count):
    """Values that are nowhere equal to their positions."""
    return torch.arange(10, 10 + count)


def grown():
    return numbers(6).resize_(2, 5)


TENSORS = {
    "scalar": torch.tensor(12.5),
    "row": numbers(6),
    "longest row": numbers(12),
    "last of a row": numbers(6)[5],
    "matrix": numbers(6).view(2, 3),
    "column": numbers(3).view(3, 1),
    "transposed": numbers(6).view(2, 3).T,
    "every second": numbers(9)[1::2],
    "one column": numbers(12).view(3, 4)[:, 2],
    "inner part": numbers(24).view(4, 6)[1:3, 2:5],
    "diagonal": numbers(16).view(4, 4).diagonal(),
    "piece": numbers(10).split(4)[1],
    "windows": numbers(7).unfold(0, 3, 1),
    "windows apart": numbers(11).unfold(0, 3, 4),
    "expanded column": numbers(3).view(3, 1).expand(3, 4),
    "expanded row": numbers(3).expand(4, 3),
    "all one cell": numbers(4)[2].expand(2, 3),
    "cube": numbers(24).view(2, 3, 4),
    "permuted": numbers(24).view(2, 3, 4).permute(2, 0, 1),
    "expanded cube": numbers(6).view(2, 3).expand(2, 2, 3),
    "strange strides": numbers(20).as_strided((2, 3, 2), (7, 2, 5), 1),
    "floats": torch.tensor([[0.123456, -1.5], [1e-9, math.nan]]),
    "bools": torch.tensor([True, False]),
}
every_tensor = pytest.mark.parametrize("name", TENSORS)


def by_loop(tensor):
    """The cells that a tensor reads, in order, from its strides, in plain loops over at most three dimensions."""
    shape = [1] * (3 - tensor.dim()) + list(tensor.shape)
    stride = [0] * (3 - tensor.dim()) + list(tensor.stride())
    found = []
    for i in range(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                step = i * stride[0] + j * stride[1] + k * stride[2]
                found.append(tensor.storage_offset() + step)
    return found


def by_pytorch(tensor):
    """The same, read by PyTorch: a tensor of the same geometry over a storage that holds its own positions."""
    positions = torch.arange(tensor.untyped_storage().nbytes() // tensor.element_size())
    alike = positions.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    return alike.flatten().tolist()


class Drawn:
    """What a figure shows, found by where things lie in it."""

    def __init__(self, figure):
        (self.axes,) = figure.axes
        texts = [(t.get_position(), t.get_text()) for t in self.axes.texts]
        boxes = [p for p in self.axes.patches if isinstance(p, FancyBboxPatch)]
        height = {box: round(box.get_y() + box.get_height() / 2, 2) for box in boxes}
        top = max(height.values())
        self.column = {  # where the position numbers stand
            int(t): x for (x, y), t in texts if y > top + 0.5 and t.isdigit()
        }
        self.storage = dict(enumerate(b for b in boxes if height[b] == top))
        self.elements = [b for b in boxes if height[b] != top]  # in the order of drawing
        self.text = {
            box: next(t for (x, y), t in texts if box.get_bbox().contains(x, y)) for box in boxes
        }
        self.others = [t for _, t in texts if not t.isdigit() and t not in self.text.values()]

    def rows(self, kind):
        """The x of all cells of the grid (kind FancyBboxPatch) or of all dots (Circle): a list for each row."""
        found = {}
        if kind is Circle:
            places = [p.center for p in self.axes.patches if isinstance(p, Circle)]
        else:
            places = [
                (p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2)
                for p in self.elements
            ]
        for x, y in places:
            found.setdefault(round(y, 2), []).append(x)
        return found

    def position(self, x):
        """The position in the storage that stands above a place."""
        (found,) = [k for k, column in self.column.items() if abs(column - x) < 1e-6]
        return found


@cache
def drawn_of(name):
    """What the drawing of one of the tensors shows."""
    return Drawn(storage_pictures.draw_storage(TENSORS[name]))


@every_tensor
def test_the_cells_read_are_those_of_pytorch(name):
    tensor = TENSORS[name]
    assert storage_pictures.cells_read(tensor) == by_loop(tensor) == by_pytorch(tensor)


@every_tensor
def test_the_elements_stand_in_the_cells_read(name):
    tensor = TENSORS[name]
    cells = storage_pictures.storage_cells(tensor)
    here = torch.stack([cells[k] for k in storage_pictures.cells_read(tensor)]).view(tensor.shape)
    assert torch.allclose(here.double(), tensor.double(), rtol=0, atol=0, equal_nan=True)


@every_tensor
def test_the_dots_lie_below_the_cells_read_row_by_row(name):
    tensor, drawn = TENSORS[name], drawn_of(name)
    dots = drawn.rows(Circle)
    assert list(dots) == sorted(dots, reverse=True), "from the top"
    assert [drawn.position(x) for row in dots.values() for x in row] == by_pytorch(tensor)
    assert [len(row) for row in dots.values()] == [tensor.shape[-1] if tensor.dim() else 1] * len(
        dots
    )


@every_tensor
def test_the_grid_stands_beside_its_dots(name):
    drawn = drawn_of(name)
    grid, dots = drawn.rows(FancyBboxPatch), drawn.rows(Circle)
    assert list(grid) == list(dots)
    for row in grid.values():
        assert np.allclose(np.diff(row), 1)
        assert row[-1] < min(drawn.column.values()) - 1


@pytest.mark.parametrize(
    ("name", "steps"),
    [("matrix", [1]), ("cube", [1, 1, 1.5, 1, 1]), ("permuted", [1, 1.5, 1, 1.5, 1, 1.5, 1])],
)
def test_matrices_of_a_3d_tensor_stand_apart(name, steps):
    assert np.allclose(-np.diff(list(drawn_of(name).rows(FancyBboxPatch))), steps)


@every_tensor
def test_arrows_lead_from_dot_to_dot_and_only_within_a_row(name):
    drawn = drawn_of(name)
    arrows = [p for p in drawn.axes.patches if isinstance(p, FancyArrowPatch)]
    wanted = [(a, b) for row in drawn.rows(Circle).values() for a, b in pairwise(row) if a != b]
    ends = [[x for x, _ in arrow._posA_posB] for arrow in arrows]
    assert np.allclose(ends, wanted) if wanted else not ends


@every_tensor
def test_an_element_has_the_colour_and_text_of_its_cell(name):
    tensor, drawn = TENSORS[name], drawn_of(name)
    assert len(drawn.elements) == tensor.numel()
    for box, k in zip(drawn.elements, by_pytorch(tensor), strict=True):
        assert box.get_facecolor() == drawn.storage[k].get_facecolor()
        assert drawn.text[box] == drawn.text[drawn.storage[k]]


@every_tensor
def test_cells_that_are_not_read_are_pale_and_all_others_differ(name):
    tensor, drawn = TENSORS[name], drawn_of(name)
    colours = {k: to_hex(box.get_facecolor()) for k, box in drawn.storage.items()}
    pale = {k for k, colour in colours.items() if colour.upper() == storage_pictures.PALE}
    assert pale == set(drawn.storage) - set(by_pytorch(tensor))
    read = [colour for k, colour in colours.items() if k not in pale]
    assert len(set(read)) == len(read)


@every_tensor
def test_nothing_is_cut_and_no_text_lies_on_another(name):
    figure = storage_pictures.draw_storage(TENSORS[name], "a.rather(long, name)")
    figure.draw_without_rendering()
    texts = [*figure.texts, *figure.axes[0].texts]
    boxes = [t.get_window_extent() for t in texts]
    width, height = figure.get_size_inches() * figure.dpi
    assert width <= 1000
    for text, box in zip(texts, boxes, strict=True):
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, text.get_text()
    for (a, one), (b, other) in combinations(zip(texts, boxes, strict=True), 2):
        overlap = min(one.x1, other.x1) > max(one.x0, other.x0) + 0.5
        overlap &= min(one.y1, other.y1) > max(one.y0, other.y0) + 0.5
        assert not overlap, (a.get_text(), b.get_text())
    low, high = figure.axes[0].get_ylim()
    for patch in figure.axes[0].patches:
        if isinstance(patch, FancyBboxPatch):
            assert low <= patch.get_y() and patch.get_y() + patch.get_height() <= high


def test_the_texts_of_cells():
    drawn = drawn_of("floats")
    assert [drawn.text[box] for box in drawn.storage.values()] == ["0.123", "-1.5", "1e-09", "nan"]
    drawn = drawn_of("transposed")
    assert [drawn.text[box] for box in drawn.storage.values()] == [
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
    ]
    assert [drawn.text[box] for box in drawn.elements] == ["10", "13", "11", "14", "12", "15"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("", "shape (3, 2),  strides (1, 3),  offset 0"),
        ("t.T", "t.T:  shape (3, 2),  strides (1, 3),  offset 0"),
    ],
)
def test_the_title(name, title):
    figure = storage_pictures.draw_storage(numbers(6).view(2, 3).T, name)
    assert [text.get_text() for text in figure.texts] == [title]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("matrix", []),
        ("column", []),
        ("expanded column", ["×4"] * 3),
        ("expanded row", []),
        ("all one cell", ["×3"] * 2),
    ],
)
def test_a_cell_read_again_and_again_is_marked(name, labels):
    drawn = drawn_of(name)
    assert [text for text in drawn.others if text not in ("position", "storage")] == labels


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
    assert storage_pictures.describe_storage(TENSORS[name], "x").endswith(words)
    assert storage_pictures.describe_storage(TENSORS[name], "x").startswith("x:  shape")


def test_a_drawing_is_shown_with_its_description(monkeypatch):
    shown = []
    monkeypatch.setattr(storage_pictures, "show", lambda figure, alt: shown.append((figure, alt)))
    storage_pictures.show_storage(grown(), "r", unknown=range(6, 10))
    ((figure, alt),) = shown
    assert "Storage: 10 11 12 13 14 15 ? ? ? ?. The rows read cells 0 1 2 3 4, 5 6 7 8 9." in alt
    assert "?" in Drawn(figure).text.values()


def test_unknown_cells_are_not_read(monkeypatch):
    asked = []
    text = storage_pictures._text
    monkeypatch.setattr(
        storage_pictures, "_text", lambda cell: asked.append(cell.storage_offset()) or text(cell)
    )
    drawn = Drawn(storage_pictures.draw_storage(grown(), unknown=range(6, 10)))
    assert sorted(set(asked)) == list(range(6))
    values = [str(n) for n in range(10, 16)] + ["?"] * 4
    assert [drawn.text[box] for box in drawn.storage.values()] == values
    assert [drawn.text[box] for box in drawn.elements] == values
    assert [bool(box.get_hatch()) for box in drawn.elements] == [v == "?" for v in values]


def test_the_storage_shares_memory():
    matrix = numbers(12).view(3, 4)
    cells = storage_pictures.storage_cells(matrix[1:, 2:])
    assert (cells.shape, cells.dtype, cells.storage_offset()) == ((12,), matrix.dtype, 0)
    cells[5] = 99
    assert matrix[1, 1] == 99


def test_a_tensor_with_gradient_is_drawn():
    weight = torch.ones(2, 2, requires_grad=True)
    assert Drawn(storage_pictures.draw_storage(weight)).elements
    assert weight.requires_grad


def test_a_drawing_changes_nothing():
    tensor = numbers(24).view(2, 3, 4).permute(2, 0, 1)
    before = tensor.clone(), tensor.stride(), tensor.untyped_storage().data_ptr()
    storage_pictures.draw_storage(tensor)
    assert torch.equal(tensor, before[0])
    assert (tensor.stride(), tensor.untyped_storage().data_ptr()) == before[1:]


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.zeros(1, 1, 1, 1), "at most 3 dimensions can be drawn, not 4"),
        (torch.zeros(0, 3), "without elements"),
        (torch.zeros(2, 13)[:, :13:2], "at most 24 cells of storage can be drawn, not 26"),
        (torch.zeros(100)[:2], "at most 24 cells of storage can be drawn, not 100"),
        (torch.zeros(13), "at most 12 columns can be drawn, not 13"),
        (torch.zeros(1).expand(13, 1), "at most 12 rows can be drawn, not 13"),
        (torch.zeros(1).expand(5, 3, 1), "at most 12 rows can be drawn, not 15"),
        (torch.zeros(2, device="meta"), "dense tensor with data"),
        (torch.eye(2).to_sparse(), "dense tensor with data"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tensor, words):
    with pytest.raises(ValueError, match=words):
        storage_pictures.draw_storage(tensor)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "tensor", [numbers(24)[:12], numbers(24).view(12, 2), numbers(24).view(3, 4, 2)]
)
def test_the_largest_are_drawn(tensor):
    assert len(Drawn(storage_pictures.draw_storage(tensor)).storage) == 24
