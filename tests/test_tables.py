"""A table says what the calls in it gave."""

import pytest
import torch

from helpers.tables import attempt, results, table, text

x = torch.tensor([1.0, 2.0])


def test_results_runs_calls_over_the_names_of_the_page():
    assert results("x * 2", "x.shape").data == (
        "| call | result |\n| :-- | :-- |\n| `x * 2` | [2, 4] |\n| `x.shape` | (2,) |"
    )


def test_dtypes_are_a_third_column():
    assert results("x > 1", "x.shape", "x + torch.ones(3)", dtypes=True).data.splitlines()[::2] == [
        "| call | result | dtype |",
        "| `x > 1` | [False, True] | bool |",
        "| `x + torch.ones(3)` | error: The size of tensor a (2) must match the size of tensor b (3) "
        "at non-singleton dimension 0 |  |",
    ]
    assert "| `x.shape` | (2,) |  |" in results("x.shape", dtypes=True).data


def test_an_error_is_a_result():
    assert attempt("x + torch.ones(3)").startswith("error: The size of tensor a (2) must match")
    assert attempt("x[5]").startswith("error: index 5 is out of bounds")


def test_names_can_be_given():
    assert attempt("x + y", y=1) == "[2, 3]"
    assert attempt("x", x=5) == "5"


def test_values_in_short():
    assert text(torch.tensor([[1 / 3], [1e10]])) == "[[0.33333], [1e+10]]"
    assert text((torch.tensor(True), 7, torch.Size([2, 3]))) == "[True, 7, (2, 3)]"


def test_a_table_is_markdown():
    assert table(["a", ""], [(1, "b")]).data == "| a |  |\n| :-- | :-- |\n| 1 | b |"


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="a table of 2 columns has no place for"):
        table(["a", "b"], [(1, 2), (1, 2, 3)])
