"""The picture of picks shows which elements an index picks, and whether it gives a view or a copy."""

from itertools import product

import pytest
import torch
from matplotlib.colors import to_hex

from helpers.drawings.picks import show_picks
from tests.support.figures import shown

X = 10 * torch.arange(3).unsqueeze(1) + torch.arange(4)
PICKS = {"x[1]": X[1], "x[[1]]": X[[1]], "x[:, [2, 0]]": X[:, [2, 0]], "x[X > 99]": X[X > 99]}
pytestmark = pytest.mark.usefixtures("style")


def test_picks_are_colored_as_views_and_copies():
    figure, _ = shown(show_picks, X, PICKS)
    color = {box.get_gid(): to_hex(box.get_facecolor()) for box in figure.axes[0].patches}
    for name, pick in PICKS.items():
        cells = {(i, j): color[f"{name}[{i}, {j}]"] for i, j in product(range(3), range(4))}
        chosen = {place for place, shade in cells.items() if shade != "#f2f2f2"}
        assert chosen == {(v // 10, v % 10) for v in pick.flatten().tolist()}
        assert len({cells[place] for place in chosen}) == min(1, len(chosen))
    assert color["x[1][1, 0]"] != color["x[[1]][1, 0]"]


def test_below_each_stand_kind_and_shape():
    figure, alt = shown(show_picks, X, PICKS)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert set(PICKS) <= set(texts)
    kinds = [text for text in texts if text.startswith(("view", "copy"))]
    assert kinds == ["view (4,)", "copy (1, 4)", "copy (3, 2)", "copy (0,)"]
    assert alt.startswith("x[1]: view (4,), picks 10 11 12 13. x[[1]]: copy (1, 4), picks 10 11")
    assert alt.endswith("picks 0 2 10 12 20 22. x[X > 99]: copy (0,).")


def test_long_headings_do_not_meet():
    long = {"x[rows[:, None], columns]": X[1], "x[rows[:, None], columns + 0]": X[2]}
    figure, _ = shown(show_picks, X, long)
    figure.canvas.draw()
    heads = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text() in long]
    assert heads[0].x0 >= 0 and heads[0].x1 < heads[1].x0 and heads[1].x1 <= figure.bbox.x1


def test_a_view_of_memory_in_another_order_is_a_view():
    transposed = X.t().contiguous().t()
    _, alt = shown(show_picks, transposed, {"x[1:, 1:]": transposed[1:, 1:]})
    assert alt.startswith("x[1:, 1:]: view (2, 3)")


@pytest.mark.parametrize(
    ("input", "pick", "message"),
    [
        (torch.arange(4), torch.arange(2), "two dimensions"),
        (torch.ones(2, 2), torch.ones(2), "all values different"),
        (X, torch.tensor([99]), "not in the input"),
    ],
)
def test_picks_that_cannot_be_drawn_are_refused(input, pick, message):
    with pytest.raises(ValueError, match=message):
        show_picks(input, {"x[0]": pick})
