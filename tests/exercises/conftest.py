"""Messages in one line: the tests look for words in them, wherever a page would break the line."""

import pytest

from helpers.exercises import exercise


@pytest.fixture(autouse=True)
def long_lines(monkeypatch):
    monkeypatch.setattr(exercise, "WIDTH", 10_000)
