"""What is shown of a failure: in the terminal, and as an HTML page that is valid, complete and readable."""

import base64
import io
import itertools
from html.parser import HTMLParser

import pytest
from PIL import Image

from helpers.verification import Difference, Policy
from helpers.verification.html_report import page_of
from helpers.verification.report import as_data, as_lines, shortened, side_by_side
from helpers.verification.results import VERDICTS

STRICT = Policy()
TIMING = Policy(timing=True, reason="durations")
VOID = {"meta", "img", "input", "br", "hr", "link"}


def marked(expected, got, policy=STRICT):
    """The marked pieces on either side."""
    sides = ([], [])
    for row in side_by_side(expected, got, policy):
        for side, pieces in zip(sides, row[:2], strict=True):
            assert all(text for text, _ in pieces) or pieces == [("", False)]
            side += [text for text, differs in pieces if differs]
    return sides


@pytest.mark.parametrize(
    ("expected", "got", "left", "right"),
    [
        ("loss 0.1234 now", "loss 0.1244 now", ["0.1234"], ["0.1244"]),
        ("0.12345678 0.5", "0.12345679 0.6", ["0.5"], ["0.6"]),
        ("three plane words", "three plain words", ["plane"], ["plain"]),
        ("tensor([1.])", "tensor([1.], dtype=torch.float64)", [], [", dtype=torch.float64"]),
        ("True", "False", ["True"], ["False"]),
        ("a\nb\nc", "a\nc", ["b"], []),
        ("a\nb", "b\na", ["b"], ["b"]),
        ("", "new", [], ["new"]),
        ("one  two", "one two", ["one  two"], ["one two"]),
    ],
)
def test_what_differs_is_marked_and_nothing_else(expected, got, left, right):
    assert marked(expected, got) == (left, right)


def test_a_duration_is_not_marked_under_a_policy_that_frees_it():
    assert marked("3.1 ms per loop", "45 us per lap", TIMING) == (["loop"], ["lap"])
    assert marked("3.1 ms per loop", "45 us per loop", TIMING) == ([], [])


def test_a_band_is_seen_by_the_marks():
    band = Policy(atol=0.5, reason="training")
    assert marked("80.25 81.25", "80.5 83.25", band) == (["81.25"], ["83.25"])


def test_a_changed_number_keeps_its_line_beside_its_counterpart():
    rows = side_by_side("epoch 1: 0.5\nepoch 2: 0.4", "epoch 1: 0.6\nepoch 2: 0.4", STRICT)
    assert [row.differs for row in rows] == [True, False]


@pytest.mark.parametrize("width", [60, 100, 140])
def test_marks_stand_under_what_differs_also_in_long_lines(width):
    filler = "abc " * 40
    fault = Difference("", f"{filler}0.125 {filler}", f"{filler}0.250 {filler}")
    head, _, line, marks = as_lines(fault, STRICT, width)
    second = head.index("got")
    at, other = marks.index("^"), marks.rindex("^^^^^")
    assert line[at : at + 5] == "0.125"
    assert line[other : other + 5] == "0.250"
    assert at < second <= other
    assert max(map(len, (head, line, marks))) <= width


def test_equal_lines_far_from_a_difference_are_counted():
    old = [f"line {chr(97 + n)}" for n in range(20)]
    rows = side_by_side("\n".join(old), "\n".join([*old[:10], "another", *old[11:]]), STRICT)
    gaps = [row for row in shortened(rows) if isinstance(row, int)]
    assert gaps == [7, 6]
    assert sum(gaps) + sum(not isinstance(row, int) for row in shortened(rows)) == len(rows)


def test_nothing_is_set_side_by_side_where_no_text_differs():
    assert list(as_lines(Difference("picture", "a curve", "a curve"), STRICT)) == []


def png(color):
    out = io.BytesIO()
    Image.new("RGB", (8, 6), color).save(out, "PNG")
    return out.getvalue()


PICTURES = tuple(png(color) for color in ("white", "black", "red"))
NASTY = '<script>alert("x")</script> & <b>'
FAULTS = [
    Difference("expected 0.1234, got 0.1244", "loss 0.1234", "loss 0.1244"),
    Difference("picture: 48 pixels", "a white area", "a white area", PICTURES),
    Difference(NASTY, NASTY, "else"),
]


def record(page, cell, outcome="passed", verdict=("equal", ""), **more):
    found = {"page": page, "cell": cell, "heading": f"heading {cell}", "outcome": outcome}
    found |= {"verdict": verdict, "facts": {}, "seconds": 1.25}
    if outcome == "failed":
        found |= {"source": f"print({cell})", "says": "it failed", "traceback": "", "before": []}
        found |= {"verdict": None, "faults": [as_data(fault, STRICT) for fault in FAULTS]}
    return found | more


class Read(HTMLParser):
    """A page, read strictly: every element that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.images, self.marks, self.cells = [], [], [], [], []
        self.rows, self.links, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert len(values) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(values)
        if tag == "tr":
            self.rows.append([])
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        if inside in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(inside[1]), data))
        if inside == "mark":
            self.marks.append(data)
        if inside in ("td", "th"):
            self.rows[-1].append(data)
        if inside not in ("style", "script"):
            self.text += data


RECORDS = [
    record("notebooks/a.ipynb", 0),
    record("notebooks/a.ipynb", 1, "failed"),
    record("notebooks/b.ipynb", 0, verdict=("form", "a duration")),
    record("notebooks/b.ipynb", 1, "failed", faults=[], traceback="Traceback ..."),
    record("notebooks/b.ipynb", 2, "skipped", verdict=("not run", "the kernel died")),
]


@pytest.fixture(scope="module")
def read():
    return Read(page_of(RECORDS, ["device: cpu"], VERDICTS))


def test_the_page_stands_alone(read):
    assert read.links
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in read.links)


def test_its_headings_are_in_order(read):
    levels = [level for level, _ in read.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert read.headings[0][1] == "2 of 5 cells differ"


def test_each_picture_is_there_and_described(read):
    found = {image["alt"].partition(":")[0]: image for image in read.images}
    assert list(found) == ["expected", "got", "difference"]
    for image, data in zip(found.values(), PICTURES, strict=True):
        shown = Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2])))
        assert shown.tobytes() == Image.open(io.BytesIO(data)).tobytes()
        assert image["alt"].endswith("a white area")


def test_what_differs_is_marked_and_foreign_text_stays_text(read):
    assert read.marks[:2] == ["0.1234", "0.1244"]
    assert NASTY in read.text
    assert {"print(1)", "it failed", "Traceback ...", "device: cpu"} <= {
        part.strip() for part in read.text.split("\n")
    }


def test_the_table_counts_each_page(read):
    *_, head, a, b = read.rows
    columns = ["page", "cells", "differ", *VERDICTS.values(), "seconds"]
    assert head == columns
    counts = {row[0]: dict(zip(columns, row, strict=True)) for row in (a, b)}
    assert (
        counts["notebooks/a.ipynb"] | {"cells": "2", "differ": "1", "compared": "1"}
        == counts["notebooks/a.ipynb"]
    )
    assert counts["notebooks/b.ipynb"]["cells"] == "3"
    assert counts["notebooks/b.ipynb"]["compared in form"] == "1"
    assert counts["notebooks/b.ipynb"]["not run"] == "1"
    assert counts["notebooks/b.ipynb"]["seconds"] == "3.8"


def test_a_green_run_has_its_page_too():
    green = Read(page_of(RECORDS[:1], ["device: cpu"], VERDICTS))
    assert [words for _, words in green.headings] == ["No cell differs of 1", "Pages"]
    assert Read(page_of([], [], VERDICTS)).headings[0][1] == "No cell was run"
