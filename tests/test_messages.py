"""Warnings as the pages print them."""

import warnings

import pytest
import torch

from helpers.messages import print_warnings


def test_a_warning_is_printed_without_the_place_it_comes_from(capsys):
    middle = torch.ones(1, requires_grad=True) * 2
    for _ in range(2):  # seen before, or not
        with print_warnings():
            assert middle.grad is None
        printed = capsys.readouterr().out
        assert printed.startswith("UserWarning: The .grad attribute of a Tensor that is not a leaf")
        assert "Triggered" not in printed
        assert max(map(len, printed.splitlines())) <= 79


def test_nothing_is_printed_where_nothing_warns(capsys):
    with print_warnings():
        pass
    assert capsys.readouterr().out == ""


def test_every_warning_is_printed(capsys):
    with print_warnings():
        warnings.warn("one", stacklevel=1)
        warnings.warn("two", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().out == "UserWarning: one\nDeprecationWarning: two\n"


def test_a_warning_is_printed_also_when_the_block_fails(capsys):
    with pytest.raises(ValueError, match="wrong"), print_warnings():
        warnings.warn("one", stacklevel=1)
        raise ValueError("wrong")
    assert capsys.readouterr().out == "UserWarning: one\n"


def test_of_a_traceback_the_lines_in_cells_are_printed(capsys):
    message = (
        'It failed. Traceback:\n  File "/usr/lib/runpy.py", line 9, in run\n    code()\n'
        '  File "/tmp/ipykernel_12/345.py", line 2, in length\n    return v.sqrt()\n'
        "           ^^^^^^^^\n"
        " (Triggered internally at /pytorch/mode.cpp:108.)"
    )
    with print_warnings():
        warnings.warn(message, stacklevel=1)
    printed = capsys.readouterr().out
    assert printed == (
        "UserWarning: It failed. Traceback:\n  line 2, in length\n    return v.sqrt()\n"
    )
