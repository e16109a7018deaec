"""The drawing of spreads has a line for each tolerance that was measured, and a mark for each kind of setting."""

import math

import pytest

from helpers.drawings.spreads import MARKS, show_spreads
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")
RUNS = {"threads-1": {"kind": "threads"}, "avx2": {"kind": "instructions"}, "s": {"kind": "seed"}}
CELL = {
    "page": "06_cifar10",
    "heading": "Train for a while · 训练",
    "tolerance": {"rtol": 0.04, "shift": 2},
    "needed": {"threads-1": {"rtol": 0.01}, "avx2": {}, "s": {"rtol": 0.08, "shift": 1}},
}


NONE, PARTS = range(2)  # the axes


def marks(figure, axis=PARTS):
    """The places that are not empty, by kind, line by line from the top."""
    return {
        kind: {y: x for x, y in line.get_xydata().tolist() if not math.isnan(x)}
        for kind, line in zip(MARKS, figure.axes[axis].lines, strict=True)
    }


def test_marks_are_parts_of_the_tolerance():
    figure, alt = shown(show_spreads, {"runs": RUNS, "cells": [CELL]})
    drawn = marks(figure)
    assert drawn["threads"] == {0: 0.25}
    assert drawn["seed"] == {0: 2, 1: 0.5}
    assert drawn["instructions"] == drawn["release"] == drawn["simulated GPU"] == {}
    assert not any(letter.isdigit() for letter in alt)


def test_what_did_not_differ_is_marked_apart_from_what_nobody_has_measured():
    figure, _ = shown(show_spreads, {"runs": RUNS, "cells": [CELL]})
    lines_of = {kind: places.keys() for kind, places in marks(figure, NONE).items()}
    assert lines_of["instructions"] == {0, 1}  # measured, and nothing was needed
    assert lines_of["threads"] == {1}
    assert not lines_of["seed"] | lines_of["release"] | lines_of["simulated GPU"]


def test_a_cell_that_nobody_has_measured_has_no_line():
    cells = [CELL | {"needed": {}}, CELL | {"page": "07_cifar10_fast"}]
    figure, _ = shown(show_spreads, {"runs": RUNS, "cells": cells})
    words = [label.get_text()[:2] for label in figure.axes[NONE].get_yticklabels()]
    assert words == ["07", "07"]


def test_a_line_names_page_heading_and_tolerance():
    long = CELL | {"heading": "A heading of more words than there is room for in a figure"}
    figure, _ = shown(show_spreads, {"runs": RUNS, "cells": [CELL, long]})
    words = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert words[:2] == ["06, Train for a while: rtol 0.04", "06, Train for a while: shift 2"]
    assert words[2] == "06, A heading of more words than there ...: rtol 0.04"


@pytest.mark.parametrize("cells", [[], [CELL | {"tolerance": {}}], [CELL | {"needed": {}}]])
def test_nothing_measured_is_drawn_as_nothing(cells):
    figure, _ = shown(show_spreads, {"runs": RUNS, "cells": cells})
    assert not any([*marks(figure).values(), *marks(figure, NONE).values()])
    figure.canvas.draw()
