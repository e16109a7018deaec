"""A table says what the calls in it gave."""

from types import SimpleNamespace

import pytest
import torch
from markdown_it import MarkdownIt

from helpers import tables
from helpers.tables import attempt, number, results, table, text

x = torch.tensor([1.0, 2.0])


@pytest.fixture(autouse=True)
def notebook(monkeypatch):
    """A notebook with this module's names."""
    monkeypatch.setattr(tables, "get_ipython", lambda: SimpleNamespace(user_ns=globals()))


def cells(markdown):
    """The text of each cell, row by row, as a viewer shows it."""
    rows = []
    for token in MarkdownIt().enable("table").parse(markdown.data):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            texts = (part.content for part in token.children if part.type != "html_inline")
            rows[-1].append("".join(texts))
    return rows


def test_results_runs_calls_over_the_names_of_the_notebook():
    assert results("x * 2", "x.shape").data == (
        "| call | result |\n| :-- | :-- |\n| `x * 2` | [2, 4] |\n| `x.shape` | (2,) |"
    )


def test_dtypes_are_a_third_column():
    head, *rows = cells(results("x > 1", "x.shape", "x[5]", dtypes=True))
    assert head == ["call", "result", "dtype"]
    assert rows[0] == ["x > 1", "[False, True]", "bool"]
    assert rows[1] == ["x.shape", "(2,)", ""]
    assert rows[2][1].startswith("error: index 5 is out of bounds") and rows[2][2] == ""


@pytest.mark.parametrize(
    ("call", "row"),
    [
        ("(x > 1) | (x < 2)", ["(x > 1) | (x < 2)", "[True, True]"]),
        ("'a|b'", ["'a|b'", "a|b"]),
        ("'a\\n\\n  b'", [r"'a\n\n  b'", "a b"]),
        ("x.sum(\n    0)", ["x.sum( 0)", "3"]),
        ("'a`b'", ["'a`b'", "a`b"]),
        ("'<b>'", ["'<b>'", "<b>"]),
    ],
)
def test_no_call_and_no_value_breaks_its_row(call, row):
    assert cells(results(call))[1:] == [row]


def test_an_error_is_a_result():
    assert attempt("x + torch.ones(3)").startswith("error: The size of tensor a (2) must match")
    assert attempt("(_ for _ in ()).throw(ValueError())") == "error: "


def test_names_can_be_given():
    assert attempt("x + y", x=5, y=1) == "6"


def test_values_in_short():
    assert text(torch.tensor([[1 / 3], [1e10]])) == "[[0.33333], [1e+10]]"
    assert text((torch.tensor(True), 7, torch.Size([2, 3]))) == "[True, 7, (2, 3)]"


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (True, 3, "True"),
        (2**63, 3, "9223372036854775808"),
        (999.6, 3, "1000"),
        (-54321.4, 3, "-54321"),
        (1e5, 5, "100000"),
        (1e6, 3, "1e+06"),
        (0.00012345, 3, "0.000123"),
        (float("inf"), 3, "inf"),
        (1 + 0.5j, 3, "1+0.5j"),
    ],
)
def test_a_number_is_short_and_a_whole_number_exact(value, digits, words):
    assert number(value, digits) == words


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="a table of 2 columns has no place for"):
        table(["a", "b"], [(1, 2), (1, 2, 3)])
