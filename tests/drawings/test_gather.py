"""The pictures of gather and scatter show what torch does, and say what does not fit."""

import re
from collections import defaultdict
from itertools import combinations, product

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.drawings.gather import PLACES, draw_gather, draw_picks, draw_scatter, find_index

X = 10 * torch.arange(3).unsqueeze(1) + torch.arange(4)


pytestmark = pytest.mark.usefixtures("style")


def texts(figure):
    """What stands in the cells: {"input": {(0, 1): "11"}}."""
    found = defaultdict(dict)
    for text in figure.axes[0].texts:
        if match := re.fullmatch(r"(.+)\[(\d+), (\d+)\]", text.get_gid() or ""):
            found[match[1]][int(match[2]), int(match[3])] = text.get_text()
    return dict(found)


def values(figure, name):
    """The numbers of a grid as a tensor."""
    cells = texts(figure)[name]
    rows, columns = (1 + max(place[axis] for place in cells) for axis in (0, 1))
    assert len(cells) == rows * columns
    return torch.tensor([[float(cells[i, j]) for j in range(columns)] for i in range(rows)])


def boxes(figure):
    """The box of each cell by its gid."""
    return {box.get_gid(): box for box in figure.axes[0].patches if isinstance(box, Rectangle)}


def colour(figure, cell):
    return to_hex(boxes(figure)[cell].get_facecolor())


def lines(figure):
    """What is written outside the cells."""
    return [text.get_text() for text in figure.axes[0].texts if not text.get_gid()]


def arrows(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def gathers():
    """Inputs and indices of many shapes, for both dims."""
    found = []
    for seed, (dim, length) in enumerate(product((0, 1, -1, -2), (1, 2, 5))):
        generator = torch.Generator().manual_seed(seed)
        input = torch.randperm(12, generator=generator).view(3, 4)
        shape = [3, 4]
        shape[dim] = length
        index = torch.randint(input.shape[dim], shape, generator=generator)
        found.append(pytest.param(input, dim, index, id=f"dim {dim}, {length} long"))
    return found


# --- gather


@pytest.mark.parametrize(("input", "dim", "index"), gathers())
def test_gather_shows_the_input_the_index_and_what_torch_gathers(input, dim, index):
    figure = draw_gather(input, dim, index)
    assert list(texts(figure)) == ["index", "input", "output"]
    assert values(figure, "input").equal(input.float())
    assert values(figure, "index").equal(index.float())
    assert values(figure, "output").equal(input.gather(dim, index).float())


@pytest.mark.parametrize(("input", "dim", "index"), gathers())
def test_gather_colours_an_output_cell_like_its_origin(input, dim, index):
    figure = draw_gather(input, dim, index)
    for (i, j), value in texts(figure)["output"].items():
        (origin,) = (input == int(value)).nonzero().tolist()
        assert colour(figure, f"output[{i}, {j}]") == colour(
            figure, "input[{}, {}]".format(*origin)
        )
        assert colour(figure, f"output[{i}, {j}]") == colour(figure, f"index[{i}, {j}]")
        assert index[i, j] == origin[dim]


def test_gather_gives_each_place_along_dim_its_own_colour():
    everything = torch.arange(4).expand(3, 4)
    figure = draw_gather(X, 1, everything)
    columns = [{colour(figure, f"input[{i}, {j}]") for i in range(3)} for j in range(4)]
    assert all(len(column) == 1 for column in columns)
    assert len(set.union(*columns)) == 4


def test_gather_shows_pale_what_is_not_picked():
    figure = draw_gather(X, 1, torch.tensor([[3], [3], [0]]))
    assert colour(figure, "input[0, 3]") == colour(figure, "input[1, 3]")
    assert colour(figure, "input[2, 3]") != colour(figure, "input[1, 3]")
    assert "pale: picked by no index" in lines(figure)
    full = draw_gather(X, 1, torch.arange(4).expand(3, 4))
    assert not any("pale" in line for line in lines(full))


@pytest.mark.parametrize("dim", [1, 2])
def test_gather_draws_three_dimensions_slice_by_slice(dim):
    cube = torch.arange(24).view(2, 3, 4)
    index = torch.randint(3, (2, 2, 2), generator=torch.Generator().manual_seed(0))
    figure = draw_gather(cube, dim, index)
    for n in range(2):
        assert values(figure, f"input[{n}]").equal(cube[n].float())
        assert values(figure, f"output[{n}]").equal(cube.gather(dim, index)[n].float())


@pytest.mark.parametrize(
    ("shape", "dim"), [((3, 4), 0), ((3, 4), 1), ((3, 4, 2), 1), ((3, 4, 2), 2)]
)
def test_no_two_cells_overlap(shape, dim):
    numbers = torch.arange(torch.Size(shape).numel()).view(shape)
    figure = draw_gather(numbers, dim, torch.zeros_like(numbers))
    found = list(boxes(figure).values())
    assert len(found) == 3 * numbers.numel()
    for one, other in combinations([box.get_bbox() for box in found], 2):
        assert not one.overlaps(other)


@pytest.mark.parametrize("dim", [0, 1])
def test_the_grids_stand_along_the_dim_and_do_not_overlap(dim):
    figure = draw_gather(X, dim, torch.zeros(2, 2, dtype=torch.int64))
    spans = defaultdict(list)
    for gid, box in boxes(figure).items():
        spans[gid.partition("[")[0]].append((box.get_x(), box.get_y()))
    ends = []
    for places in spans.values():  # x for grids in a row, y for grids in a column
        along = [place[1 - dim] for place in places]
        ends += [min(along), max(along) + 0.92]
        assert min(place[dim] for place in places) == pytest.approx(0.04)
    assert ends == sorted(ends)
    assert len(ends) == 6


# --- scatter


@pytest.mark.parametrize(("input", "dim", "index"), gathers())
def test_scatter_shows_what_torch_scatters_where_that_is_defined(input, dim, index):
    src = 100 + torch.arange(index.numel()).view(index.shape)
    figure = draw_scatter(input, dim, index, src)
    assert list(texts(figure)) == ["src", "index", "target"]
    assert values(figure, "src").equal(src.float())
    assert values(figure, "index").equal(index.float())
    done = input.scatter(dim, index, src)
    arrived = torch.zeros_like(input).scatter_add(dim, index, torch.ones_like(index))
    for (i, j), text in texts(figure)["target"].items():
        shown = [int(word) for word in text.split("\nor ")]
        assert len(shown) == max(1, arrived[i, j])
        assert done[i, j] in shown
        if arrived[i, j]:
            assert set(shown) <= set(src.flatten().tolist())


def test_scatter_makes_missing_and_repeated_cells_visible():
    index = torch.tensor([[3, 0], [1, 1], [0, 2]])
    src = torch.tensor([[50, 51], [60, 61], [70, 71]])
    figure = draw_scatter(X, 1, index, src)
    target = texts(figure)["target"]
    assert target[1, 1] == "60\nor 61"
    assert target[0, 1] == "1"  # its old value
    found = boxes(figure)
    framed = {gid for gid, box in found.items() if box.get_linewidth() > 2}
    dashed = {gid for gid, box in found.items() if box.get_linestyle() not in ("-", "solid")}
    assert framed == {"target[1, 1]"}
    written = {"target[0, 3]", "target[0, 0]", "target[1, 1]", "target[2, 0]", "target[2, 2]"}
    assert dashed == {gid for gid in found if gid.startswith("target")} - written
    assert [line.partition(":")[0] for line in lines(figure) if ":" in line] == ["framed", "dashed"]


def test_scatter_of_a_permutation_needs_no_explanation():
    index = torch.tensor([[2, 0, 1], [0, 1, 2]])
    figure = draw_scatter(torch.zeros(2, 3), 1, index, torch.ones(2, 3))
    assert not any(":" in line for line in lines(figure))


@pytest.mark.parametrize(("input", "dim", "index"), gathers())
def test_scatter_colours_source_index_and_target_alike(input, dim, index):
    src = 100 + torch.arange(index.numel()).view(index.shape)
    figure = draw_scatter(input, dim, index, src)
    for i, j in texts(figure)["src"]:
        place = [i, j]
        place[dim] = index[i, j].item()
        seen = {
            colour(figure, cell)
            for cell in (f"src[{i}, {j}]", f"index[{i}, {j}]", "target[{}, {}]".format(*place))
        }
        assert len(seen) == 1


@pytest.mark.parametrize(("input", "dim", "index"), gathers())
def test_scatter_add_shows_the_sums(input, dim, index):
    src = torch.arange(index.numel()).view(index.shape)
    figure = draw_scatter(input, dim, index, src, add=True)
    assert values(figure, "target").equal(input.scatter_add(dim, index, src).float())


def test_scatter_leaves_its_target_alone():
    target = torch.zeros(2, 3)
    draw_scatter(target, 1, torch.tensor([[0], [1]]), torch.ones(2, 1))
    assert not target.any()


def test_scatter_ignores_what_the_source_has_beyond_the_index():
    figure = draw_scatter(
        torch.zeros(2, 3, dtype=torch.int64), 1, torch.tensor([[2]]), X[:2, :2] + 1
    )
    assert [text for text in texts(figure)["target"].values() if text != "0"] == ["1"]
    assert colour(figure, "src[1, 1]") == "#ffffff"


# --- both


def draw_either(call, **options):
    index = torch.tensor([[3, 0], [1, 1], [0, 2]])
    if call is draw_gather:
        return draw_gather(X, 1, index, **options)
    return draw_scatter(X, 1, index, X[:, :2], **options)


@pytest.mark.parametrize("call", [draw_gather, draw_scatter])
def test_arrows_follow_one_element(call):
    assert arrows(draw_either(call)) == []
    first, second = arrows(draw_either(call, follow=1))
    assert to_hex(first.get_edgecolor()) == to_hex(second.get_edgecolor()) == PLACES[0].lower()


@pytest.mark.parametrize("dim", [0, 1])
def test_arrows_begin_at_the_index_and_end_at_the_output(dim):
    index = torch.tensor([[2, 0], [1, 1]])
    figure = draw_gather(X, dim, index, follow=1)
    first, second = arrows(figure)
    here, there = ((1, 1), (1, 1)) if dim == 0 else ((0, 1), (0, 0))
    found = boxes(figure)
    for patch, start, stop in (
        (first, "index[{}, {}]".format(*here), "input[{}, {}]".format(*there)),
        (second, "input[{}, {}]".format(*there), "output[{}, {}]".format(*here)),
    ):
        for point, cell in zip(patch._posA_posB, (start, stop), strict=True):
            (left, top), (right, bottom) = found[cell].get_bbox().get_points()
            assert left <= point[0] <= right + 0.05
            assert top - 0.05 <= point[1] <= bottom


@pytest.mark.parametrize(
    ("call", "name"), [(draw_gather, "index"), (draw_gather, "output"), (draw_scatter, "target")]
)
def test_a_hidden_grid_gives_nothing_away(call, name):
    figure = draw_either(call, hide=[name])
    assert set(texts(figure)[name].values()) == {"?"}
    assert {colour(figure, gid) for gid in boxes(figure) if gid.startswith(name)} == {"#ffffff"}
    others = {
        text for grid, cells in texts(figure).items() if grid != name for text in cells.values()
    }
    assert "?" not in others


def test_floats_are_shown_short():
    figure = draw_gather(torch.tensor([[1.0, 2 / 3]]), 1, torch.tensor([[1, 0]]))
    assert list(texts(figure)["output"].values()) == ["0.667", "1"]


@pytest.mark.parametrize("call", [draw_gather, draw_scatter])
@pytest.mark.parametrize("follow", [None, 0])
@pytest.mark.parametrize("dim", [0, 1])
def test_nothing_is_cut_off(call, follow, dim):
    index = torch.tensor([[2, 0], [1, 1]])
    values = () if call is draw_gather else (X[:2, :2],)
    figure = call(X, dim, index, *values, follow=follow)
    figure.canvas.draw()
    whole = figure.bbox
    for artist in [*figure.axes[0].texts, *figure.axes[0].patches]:
        box = artist.get_window_extent()
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1, artist
        assert whole.y0 <= box.y0 and box.y1 <= whole.y1, artist


def whole(*shape):
    return torch.zeros(shape, dtype=torch.int64)


@pytest.mark.parametrize(
    ("input", "dim", "index", "options", "error", "says"),
    [
        (whole(4), 0, whole(4), {}, ValueError, "1 dimensions, drawn are 2 or 3"),
        (whole(2, 2, 2), 0, whole(2, 2, 2), {}, ValueError, "put it last with movedim"),
        (X, 2, whole(3, 2), {}, ValueError, "no dim 2 in 2 dimensions"),
        (X, 1, whole(3), {}, ValueError, "index has 1 dimensions, the (input|target) has 2"),
        (
            X,
            1,
            whole(4, 2),
            {},
            ValueError,
            r"\(4, 2\), is larger than the (input|target), \(3, 4\)",
        ),
        (
            X,
            0,
            whole(2, 5),
            {},
            ValueError,
            r"\(2, 5\), is larger than the (input|target), \(3, 4\)",
        ),
        (X, 1, whole(3, 0), {}, ValueError, "index is empty"),
        (X, 1, whole(3, 2) + 4, {}, ValueError, "index 4 is out of range for 4 places along dim 1"),
        (X, 1, whole(3, 2) - 1, {}, ValueError, "index -1 is out of range"),
        (X, 1, torch.zeros(3, 2), {}, TypeError, "torch.float32, wanted are whole numbers"),
        (X, 1, whole(3, 2).bool(), {}, TypeError, "torch.bool, wanted are whole numbers"),
        (whole(2, 7), 1, whole(2, 1), {}, ValueError, "7 places along dim 1, drawn are 6"),
        (X, 1, whole(3, 2), {"follow": 2}, ValueError, "nothing to follow at 2"),
        (X, 1, whole(3, 2), {"hide": ["indices"]}, ValueError, "no grid is called indices"),
    ],
)
def test_what_does_not_fit_is_said(input, dim, index, *, options, error, says):
    with pytest.raises(error, match=says):
        draw_gather(input, dim, index, **options)
    with pytest.raises(error, match=says):
        draw_scatter(input, dim, index, torch.zeros_like(index, dtype=input.dtype), **options)


def test_scatter_says_what_is_wrong_with_the_source():
    with pytest.raises(TypeError, match=r"source has dtype torch.float32, the target torch.int64"):
        draw_scatter(X, 1, whole(3, 2), torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"\(3, 2\), is larger than the source, \(3, 1\)"):
        draw_scatter(X, 1, whole(3, 2), whole(3, 1))


# --- the answers to puzzles


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_the_index_is_found_again(shape):
    generator = torch.Generator().manual_seed(0)
    input = torch.randperm(torch.Size(shape).numel(), generator=generator).view(shape)
    for dim in range(len(shape)):
        index = torch.randint(shape[dim], shape, generator=generator).narrow(dim, 0, 2)
        assert find_index(input, dim, input.gather(dim, index)).equal(index)


@pytest.mark.parametrize(
    ("input", "output", "says"),
    [
        (X, torch.full((3, 2), 99), "not exactly once"),
        (torch.tensor([[1, 1]]), torch.tensor([[1]]), "not exactly once"),
        (X, X[:2], "differ not only in dim 1"),
    ],
)
def test_an_index_that_cannot_be_found(input, output, says):
    with pytest.raises(ValueError, match=says):
        find_index(input, 1, output)


# --- picks


def test_picks_are_coloured_as_views_and_copies():
    transposed = X.t().contiguous().t()  # memory in another order
    assert draw_picks(transposed, {"x[1:, 1:]": transposed[1:, 1:]})
    picks = {"x[1]": X[1], "x[[1]]": X[[1]], "x[:, [2, 0]]": X[:, [2, 0]], "x[X > 99]": X[X > 99]}
    figure = draw_picks(X, picks, columns=3)
    for name, picked in picks.items():
        seen = {(i, j): colour(figure, f"{name}[{i}, {j}]") for i, j in product(range(3), range(4))}
        chosen = {place for place, shade in seen.items() if shade != "#f2f2f2"}
        assert chosen == {(v // 10, v % 10) for v in picked.flatten().tolist()}
        assert len({seen[place] for place in chosen}) == min(1, len(chosen))
    assert colour(figure, "x[1][1, 0]") != colour(figure, "x[[1]][1, 0]")
    written = lines(figure)
    kinds = [line for line in written if line.startswith(("view", "copy"))]
    assert kinds == ["view (4,)", "copy (1, 4)", "copy (3, 2)", "copy (0,)"]
    assert set(picks) <= set(written)


@pytest.mark.parametrize(
    ("input", "picked", "says"),
    [
        (torch.arange(4), torch.arange(2), "two dimensions"),
        (torch.ones(2, 2), torch.ones(2), "all values different"),
        (X, torch.tensor([99]), "not in the input"),
    ],
)
def test_picks_that_cannot_be_drawn(input, picked, says):
    with pytest.raises(ValueError, match=says):
        draw_picks(input, {"x[0]": picked})
