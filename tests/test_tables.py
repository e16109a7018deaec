"""A table says what the calls in it gave."""

import pytest
import torch
from markdown_it import MarkdownIt

from helpers.tables import number, table, text


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


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a|b", "a|b"), ("a\n\n  b", "a b"), ("`a|b`", "a|b"), (3, "3")],
)
def test_no_value_breaks_its_row(value, shown):
    assert cells(table(["one", "two"], [(value, 1)]))[1:] == [[shown, "1"]]


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
