"""What is shown of a failure: in the terminal, and as an HTML page that is valid, complete and readable."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from helpers.verification import Difference, Policy, report
from helpers.verification.report import as_data, as_lines, printable, side_by_side
from helpers.verification.results import VERDICTS, html_report

STRICT = Policy()
TIMING = Policy(timing=True, reason="durations")
VOID = {"meta", "img", "input", "br", "hr", "link"}


def marked(expected, got, policy=STRICT):
    """The marked pieces on either side."""
    sides = ([], [])
    for row in side_by_side(expected, got, policy):
        if isinstance(row, str):
            continue
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
        ("epoch 1: 0.5\nepoch 2: 0.4", "epoch 1: 0.6\nepoch 2: 0.4", ["0.5"], ["0.6"]),
        ("a\nb\nc", "a\nc", ["b"], []),
        ("a\nb", "b\na", ["a", "b"], ["b", "a"]),
        ("", "new", [], ["new"]),
        ("one  two", "one two", ["one  two"], ["one two"]),
    ],
)
def test_what_differs_is_marked_and_nothing_else(expected, got, left, right):
    assert marked(expected, got) == (left, right)


def test_what_the_policy_allows_is_not_marked():
    assert marked("3.1 ms per loop", "45 us per lap", TIMING) == (["loop"], ["lap"])
    assert marked("3.1 ms per loop", "45 us per loop", TIMING) == ([], [])
    band = Policy(atol=0.5, reason="training")
    assert marked("80.25 81.25", "80.5 83.25", band) == (["81.25"], ["83.25"])


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
    assert [row for row in rows if isinstance(row, str)] == ["7 equal lines", "6 equal lines"]
    assert len(rows) == 2 + 7


def test_lines_stand_beside_those_of_the_same_number_where_the_counts_agree():
    old = [f"epoch {n} loss {1 / (n + 1):.4f}" for n in range(12)]
    new = [*old[:5], "epoch 5 loss nan", *old[6:]]
    assert marked("\n".join(old), "\n".join(new)) == (["0.1667"], ["nan"])


@pytest.mark.parametrize("kept", [12_000, 11_000])
@pytest.mark.parametrize("end", ["\n", " "])
def test_a_long_log_is_gone_through_once_and_shown_in_forty_rows_at_most(monkeypatch, kept, end):
    compared = []
    true = report.difference
    monkeypatch.setattr(report, "difference", lambda *texts: compared.append(1) or true(*texts))
    old = end.join(f"step {n} loss {1 / (n + 1):.4f}" for n in range(12_000))
    new = end.join(f"step {n} loss {2 / (n + 1):.4f}" for n in range(1, kept + 1))
    rows = side_by_side(old, new, STRICT)
    assert len(compared) <= 3 * 12_000
    assert 1 <= sum(not isinstance(row, str) for row in rows) <= 40
    if end == "\n":
        assert re.fullmatch(r"11,96\d more lines, 1\d,\d+ of which differ", rows[-1])


def test_a_long_difference_is_cut_and_what_is_left_out_is_counted():
    fault = Difference("", "\n".join("abcdefgh"), "\n".join("ABCDEFGH"))
    lines = as_lines(fault, STRICT, limit=18)
    assert len(lines) == 2 + 2 * 8
    assert as_lines(fault, STRICT, limit=12) == [*lines[:12], "  ... and 6 more lines"]
    assert as_lines(Difference("picture", "a curve", "a curve"), STRICT) == []


def test_what_no_terminal_can_show_is_an_escape():
    (line,) = as_lines(Difference("", "\x1b[2J\ud800\ta", "b"), STRICT)[2:3]
    assert r"\x1b[2J\ud800" in line
    data = {"text": "a\0b\r\n", "rows": [("\ud800", True)], "n": 1.5}
    assert printable(data) == {"text": "a\\x00b\\r\n", "rows": [["\\ud800", True]], "n": 1.5}


def png(color):
    out = io.BytesIO()
    Image.new("RGB", (8, 6), color).save(out, "PNG")
    return out.getvalue()


PICTURES = tuple(png(color) for color in ("white", "black", "red"))
SAME = "a line\n" * 5
NASTY = '<script>alert("x")</script> & <b>'
FAULTS = [
    Difference("expected 0.1234, got 0.1244", f"{SAME}loss 0.1234", f"{SAME}loss 0.1244"),
    Difference("picture: 48 pixels", "a white area", "a white area", PICTURES),
    Difference(NASTY, NASTY, "else"),
]


FAILED = {"outcome": "failed", "verdict": None, "source": "print(1)", "before": []}
FAILED |= {"says": "it failed", "traceback": "Traceback ...", "faults": []}


def record(page, cell, verdict=("equal", ""), **more):
    about = {"page": f"notebooks/{page}.ipynb", "cell": cell, "heading": f"heading {cell}"}
    return about | {"outcome": "passed", "verdict": verdict, "facts": {}, "seconds": 1.25} | more


class Read(HTMLParser):
    """A page, read strictly: every element that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.data = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.data.append((self.open[-1] if self.open else "", data))

    def texts(self, *tags):
        return [text for tag, text in self.data if tag in tags]


RECORDS = [
    record("a", 0),
    record("b", 0, ("form", "a duration")),
    record("a", 1, **FAILED | {"faults": [as_data(fault, STRICT) for fault in FAULTS]}),
    record("b", 1, **FAILED),
    record("b", 2, ("not run", "the kernel died"), outcome="skipped"),
]


@pytest.fixture(scope="module")
def read():
    return Read(html_report(RECORDS, ["device: cpu"]))


def test_the_page_stands_alone(read):
    links = [tags[name] for _, tags in read.tags for name in ("src", "href") if name in tags]
    assert links
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in links)


def test_its_headings_are_in_order(read):
    levels = [tag for tag, _ in read.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels == ["h1", "h2", "h3", "h3", "h2"]
    assert read.texts("h1", "title") == ["2 of 5 cells differ"] * 2


def test_each_picture_is_there_and_described(read):
    images = {image["alt"]: image["src"] for tag, image in read.tags if tag == "img"}
    words = [f"{word}: a white area" for word in ("expected", "got", "difference")]
    codes = ["data:image/png;base64," + base64.b64encode(data).decode() for data in PICTURES]
    assert images == dict(zip(words, codes, strict=True))


def test_what_differs_is_marked_and_foreign_text_stays_text(read):
    assert read.texts("mark")[:2] == ["0.1234", "0.1244"]
    assert "2 equal lines" in read.texts("td")
    assert NASTY in read.texts("p")
    texts = read.texts("p", "pre", "code")
    assert {"print(1)", "it failed", "Traceback ...", "device: cpu"} <= set(texts)


def test_the_table_counts_each_page(read):
    columns = ["page", "cells", "differ", *VERDICTS.values(), "seconds"]
    assert read.texts("th")[-len(columns) :] == columns
    counts = read.texts("td")[-2 * len(columns) :]
    assert counts == [
        *("notebooks/a.ipynb", "2", "1", "1", "0", "0", "0", "0", "0", "2.5"),
        *("notebooks/b.ipynb", "3", "1", "0", "0", "1", "0", "0", "1", "3.8"),
    ]


def test_a_green_run_has_its_page_too():
    green = Read(html_report(RECORDS[:1], ["device: cpu"]))
    assert green.texts("h1", "h2") == ["No cell differs of 1", "Pages"]
    assert Read(html_report([], [])).texts("h1") == ["No cell was run"]
