"""The pictures of gather and scatter show what torch does, and say what does not fit."""

import re
from collections import defaultdict
from functools import partial
from itertools import combinations, pairwise, product

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.drawings.gather import show_gather
from helpers.drawings.index_grids import PLACES
from helpers.drawings.scatter import show_scatter
from tests.support.figures import shown

X = 10 * torch.arange(3).unsqueeze(1) + torch.arange(4)
INDEX = torch.tensor([[3, 0], [1, 1], [0, 2]])
pytestmark = pytest.mark.usefixtures("style")


def gather(*args, **options):
    return shown(show_gather, *args, **options)[0]


def scatter(*args, **options):
    return shown(show_scatter, *args, **options)[0]


SHOWS = {"gather": show_gather, "scatter": partial(show_scatter, src=X[:, :2])}


def texts(figure):
    """What stands in the cells: {"input": {(0, 1): "11"}}."""
    grids = defaultdict(dict)
    for text in figure.axes[0].texts:
        if match := re.fullmatch(r"(.+)\[(\d+), (\d+)\]", text.get_gid() or ""):
            grids[match[1]][int(match[2]), int(match[3])] = text.get_text()
    return dict(grids)


def values(figure, name):
    """The numbers of a grid as a tensor."""
    cells = texts(figure)[name]
    rows, columns = (1 + max(place[axis] for place in cells) for axis in (0, 1))
    assert len(cells) == rows * columns
    return torch.tensor([[float(cells[i, j]) for j in range(columns)] for i in range(rows)])


def boxes(figure):
    """The box of each cell by its gid."""
    return {box.get_gid(): box for box in figure.axes[0].patches if isinstance(box, Rectangle)}


def box(figure, name, place):
    return boxes(figure)["{}[{}, {}]".format(name, *place)]


def color(figure, name, place):
    return to_hex(box(figure, name, place).get_facecolor())


def lines(figure):
    """What is written outside the cells."""
    return [text.get_text() for text in figure.axes[0].texts if not text.get_gid()]


def arrows(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def whole(*shape):
    return torch.zeros(shape, dtype=torch.int64)


def cases():
    """Inputs and indices of many shapes, for both dims."""
    generator = torch.Generator().manual_seed(0)
    for dim, length in product((0, 1, -1, -2), (1, 2, 5)):
        input = torch.randperm(12, generator=generator).view(3, 4)
        shape = (3, length) if dim % 2 else (length, 4)
        index = torch.randint(input.shape[dim], shape, generator=generator)
        yield pytest.param(input, dim, index, id=f"dim {dim}, {length} long")


every_case = pytest.mark.parametrize(("input", "dim", "index"), list(cases()))


@every_case
def test_gather_shows_what_torch_gathers_in_the_colors_of_its_origin(input, dim, index):
    figure = gather(input, dim, index)
    assert list(texts(figure)) == ["index", "input", "output"]
    assert values(figure, "input").equal(input.float())
    assert values(figure, "index").equal(index.float())
    assert values(figure, "output").equal(input.gather(dim, index).float())
    for place, value in texts(figure)["output"].items():
        (origin,) = (input == int(value)).nonzero().tolist()
        assert color(figure, "output", place) == color(figure, "input", origin)
        assert color(figure, "output", place) == color(figure, "index", place)
        assert index[place] == origin[dim]


def test_gather_gives_each_place_along_dim_its_own_color():
    figure = gather(X, 1, torch.arange(4).expand(3, 4))
    columns = [{color(figure, "input", (i, j)) for i in range(3)} for j in range(4)]
    assert all(len(column) == 1 for column in columns)
    assert len(set.union(*columns)) == 4
    assert not any("pale" in line for line in lines(figure))


def test_gather_shows_pale_what_is_not_picked():
    figure = gather(X, 1, torch.tensor([[3], [3], [0]]))
    first, second, third = (color(figure, "input", (i, 3)) for i in range(3))
    assert first == second != third
    assert "pale: picked by no index" in lines(figure)


@pytest.mark.parametrize("dim", [1, 2])
def test_three_dimensions_are_drawn_slice_by_slice(dim):
    cube = torch.arange(24).view(2, 3, 4)
    index = torch.randint(3, (2, 2, 2), generator=torch.Generator().manual_seed(0))
    figure = gather(cube, dim, index)
    back = scatter(cube, dim, index, -cube)
    for n in range(2):
        assert values(figure, f"input[{n}]").equal(cube[n].float())
        assert values(figure, f"output[{n}]").equal(cube.gather(dim, index)[n].float())
        assert values(back, f"src[{n}]").equal(-cube[n].float())


@pytest.mark.parametrize("dim", [1, 2])
def test_no_two_cells_overlap(dim):
    cube = torch.arange(24).view(3, 4, 2)
    cells = [box.get_bbox() for box in boxes(gather(cube, dim, torch.zeros_like(cube))).values()]
    assert len(cells) == 3 * 24
    assert not any(one.overlaps(other) for one, other in combinations(cells, 2))


@pytest.mark.parametrize("dim", [0, 1])
def test_the_grids_stand_along_the_dim_in_their_order(dim):
    corners = [box.get_xy() for box in boxes(gather(X, dim, whole(2, 2))).values()]
    grids = corners[:4], corners[4:16], corners[16:]  # index, input, output
    assert {min(corner[dim] for corner in grid) for grid in grids} == {0.04}
    for before, after in pairwise(grids):
        ends = max(c[1 - dim] for c in before) + 0.92, min(c[1 - dim] for c in after)
        assert ends[0] < ends[1]


def test_numbers_are_short():
    figure = gather(torch.tensor([[1.0, 2 / 3]]), 1, torch.tensor([[1, 0]]))
    assert list(texts(figure)["output"].values()) == ["0.667", "1"]


@every_case
def test_scatter_shows_what_torch_scatters_in_the_colors_of_its_goal(input, dim, index):
    src = 100 + torch.arange(index.numel()).view(index.shape)
    figure = scatter(input, dim, index, src)
    assert list(texts(figure)) == ["src", "index", "target"]
    assert values(figure, "src").equal(src.float())
    assert values(figure, "index").equal(index.float())
    result = input.scatter(dim, index, src)
    counts = torch.zeros_like(input).scatter_add(dim, index, torch.ones_like(index))
    for place, text in texts(figure)["target"].items():
        numbers = [int(word) for word in text.split("\nor ")]
        assert len(numbers) == max(1, counts[place])
        assert result[place] in numbers  # where several meet, torch does not define which stays
        assert not counts[place] or set(numbers) <= set(src.flatten().tolist())
    for place in texts(figure)["src"]:
        goal = list(place)
        goal[dim] = index[place].item()
        colors = {color(figure, "src", place), color(figure, "index", place)}
        assert colors == {color(figure, "target", goal)}


@every_case
def test_scatter_add_shows_the_sums(input, dim, index):
    src = torch.arange(index.numel()).view(index.shape)
    figure = scatter(input, dim, index, src, add=True)
    assert values(figure, "target").equal(input.scatter_add(dim, index, src).float())


def test_scatter_makes_missing_and_repeated_cells_visible():
    figure = scatter(X, 1, INDEX, torch.tensor([[50, 51], [60, 61], [70, 71]]))
    target = texts(figure)["target"]
    assert target[1, 1] == "60\nor 61"
    assert target[0, 1] == "1"  # its old value
    cells = boxes(figure)
    framed = {gid for gid, box in cells.items() if box.get_linewidth() > 2}
    dashed = {gid for gid, box in cells.items() if box.get_linestyle() not in ("-", "solid")}
    assert framed == {"target[1, 1]"}
    written = {"target[0, 3]", "target[0, 0]", "target[1, 1]", "target[2, 0]", "target[2, 2]"}
    assert dashed == {gid for gid in cells if gid.startswith("target")} - written
    assert [line.partition(":")[0] for line in lines(figure) if ":" in line] == ["framed", "dashed"]


def test_scatter_ignores_what_the_source_has_beyond_the_index():
    figure = scatter(whole(2, 3), 1, torch.tensor([[2]]), X[:2, :2] + 1)
    assert [text for text in texts(figure)["target"].values() if text != "0"] == ["1"]
    assert color(figure, "src", (1, 1)) == "#ffffff"


def test_the_description_has_every_cell():
    assert shown(SHOWS["gather"], X, 1, INDEX, follow=0)[1] == (
        "Gather along dim 1. index: 3 0, 1 1, 0 2. "
        "input: 0 (1) (2) 3, (10) 11 (12) (13), 20 (21) 22 (23). output: 3 0, 11 11, 20 22. "
        "In parentheses: picked by no index. "
        "Arrows lead from index[0, 0] to input[0, 3] to output[0, 0]."
    )
    alt = shown(SHOWS["scatter"], X, 1, INDEX)[1]
    assert alt.startswith("Scatter along dim 1. src: 0 1, 10 11, 20 21. index: 3 0, 1 1, 0 2.")
    assert "target: 1 (1) (2) 0, (10) 10 or 11 (12) (13), 20 (21) 21 (23)." in alt
    assert alt.endswith("In parentheses: not written, keeps its value.")


@pytest.mark.parametrize(("dim", "here", "there"), [(0, (1, 1), (1, 1)), (1, (0, 1), (0, 0))])
def test_arrows_follow_one_element_from_the_index_to_the_input_to_the_output(dim, here, there):
    index = torch.tensor([[2, 0], [1, 1]])
    assert arrows(gather(X, dim, index)) == []
    figure = gather(X, dim, index, follow=1)
    way = [("index", here), ("input", there), ("output", here)]
    cells = [box(figure, name, place).get_bbox() for name, place in way]
    for arrow, ends in zip(arrows(figure), (cells[:2], cells[1:]), strict=True):
        assert to_hex(arrow.get_edgecolor()) == PLACES[there[dim]].lower()
        for (x, y), cell in zip(arrow._posA_posB, ends, strict=True):
            assert cell.x0 <= x <= cell.x1 + 0.05
            assert cell.y0 - 0.05 <= y <= cell.y1


@pytest.mark.parametrize(
    ("call", "name"), [("gather", "index"), ("gather", "output"), ("scatter", "target")]
)
def test_a_hidden_grid_gives_nothing_away(call, name):
    figure, alt = shown(SHOWS[call], X, 1, INDEX, hide=[name])
    cells = texts(figure)
    assert set(cells[name].values()) == {"?"}
    assert {color(figure, name, place) for place in cells[name]} == {"#ffffff"}
    assert re.search(rf"{name}: [?, ]+\.", alt)
    assert not any("?" in cells[other].values() for other in set(cells) - {name})


@pytest.mark.parametrize("follow", [None, 0])
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("call", SHOWS)
def test_nothing_is_cut_off(call, follow, dim):
    figure, _ = shown(SHOWS[call], X, dim, torch.tensor([[2, 0], [1, 1]]), follow=follow)
    figure.canvas.draw()
    for artist in [*figure.axes[0].texts, *figure.axes[0].patches]:
        box = artist.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, artist
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, artist


@pytest.mark.parametrize(
    ("input", "dim", "index", "options", "message"),
    [
        (whole(4), 0, whole(4), {}, "1 dimensions, drawn are 2 or 3"),
        (whole(2, 2, 2), 0, whole(2, 2, 2), {}, "put it last with movedim"),
        (X, 1, whole(4, 2), {}, r"(?i)expected index \[4, 2\]"),
        (X, 1, whole(3, 0), {}, "index is empty"),
        (X, 1, whole(3, 2) + 4, {}, "index 4 is out of bounds for dimension 1"),
        (whole(2, 7), 1, whole(2, 1), {}, "7 places along the dim, drawn are 6"),
        (X, 1, whole(3, 2), {"follow": 2}, "nothing to follow at 2"),
        (X, 1, whole(3, 2), {"hide": ["indices"]}, "no grid is called indices"),
    ],
)
def test_what_does_not_fit_is_said(input, dim, index, options, message):
    src = torch.zeros_like(index)
    for show in (show_gather, partial(show_scatter, src=src)):
        with pytest.raises((ValueError, RuntimeError), match=message):
            show(input, dim, index, **options)
