"""What a run says at its end: each cell is counted once, and as what it was."""

import re
from types import SimpleNamespace

import pytest

from helpers.verification.results import VERDICTS, Results, conclusion

# verdict, outcome, cell
CELLS = [
    ("equal", "passed", 0),
    ("equal", "passed", 1),
    ("equal", "failed", 2),
    ("tolerance", "passed", 3),
    ("form", "failed", 4),
    ("run", "passed", 5),
    ("failed", "failed", 6),
    ("not run", "skipped", 7),
]


def record(verdict, outcome, cell, page="a.ipynb"):
    about = {"page": page, "cell": cell, "heading": "", "facts": {}, "seconds": 1.0, "fresh": ""}
    return about | {"outcome": outcome, "verdict": (verdict, "a reason")}


@pytest.fixture
def results():
    hook = SimpleNamespace(pytest_verification_summary=lambda facts: [])
    return Results(SimpleNamespace(option=SimpleNamespace(html_report=None), hook=hook))


def tell(results, records):
    for one in records:
        results.pytest_runtest_logreport(SimpleNamespace(verification=one))
    results.pytest_runtest_logreport(SimpleNamespace())  # of an ordinary test


def test_each_cell_is_counted_as_what_it_was(results):
    tell(results, [record(*cell) for cell in CELLS])
    assert [line for line in results.summary() if not line.startswith(" ")] == [
        "cells compared: 3, of which 1 differ",
        "cells compared within a tolerance: 1",
        "cells compared in form: 1, of which 1 differ",
        "cells only run: 1",
        "cells that failed before they could be compared: 1",
        "cells not run: 1",
    ]


def test_the_counts_add_up_and_a_cell_that_is_reported_twice_is_one(results):
    again = record("equal", "failed", 0)  # it has passed, and then its page could not be ended
    of_another_page = record("equal", "passed", 0, "b.ipynb")
    tell(results, [*(record(*cell) for cell in CELLS), again, of_another_page])
    text = "\n".join(results.summary())
    counts = [int(n) for n in re.findall(r"^cells .*?: (\d+)", text, re.MULTILINE)]
    assert len(counts) == len(VERDICTS)
    assert sum(counts) == len(CELLS) + 1
    assert "cells compared: 4, of which 2 differ\n" in text


def test_the_last_line_counts_the_cells_that_were_not_compared():
    passed = [record(*cell) for cell in CELLS if cell[1] != "failed"]
    line = "1 page gives on this machine what it shows (1 of 5 cells were only run, 1 were not run: -v says why)."
    assert conclusion(passed) == line
    assert "1 of 1 page. Cells that differ or fail, shown above: a.ipynb (3)." in conclusion(
        [record(*cell) for cell in CELLS]
    )
