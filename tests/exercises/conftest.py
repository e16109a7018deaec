"""What the tests of exercises share."""

import pytest

from helpers.exercises import exercise

pytest.register_assert_rewrite("tests.support.answers")  # a failure there shows what was printed


@pytest.fixture(autouse=True)
def long_lines(monkeypatch):
    """Messages in one line: the tests look for words in them, wherever a page would break the line."""
    monkeypatch.setattr(exercise, "WIDTH", 10_000)
