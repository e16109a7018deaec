"""Makes the tests of a module of exercises from two tables: right answers, and wrong ones with what is said of them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from helpers.exercises.exercise import Exercise

LAMBDA = "<lambda>"  # what Python calls a function without a name


def make_tests(
    checks: ModuleType,
    right: list[tuple[Exercise, Any]],
    wrong: list[tuple[Exercise, Any, str]],
) -> tuple[Callable, Callable]:
    """Return two tests, to be called ``test_right`` and ``test_wrong`` in the module that has the tables.

    Args:
        checks: the module of helpers/exercises that is tested.
        right: pairs of a check and an answer that it has to accept.
        wrong: a check, an answer that it has to refuse, and words that its message has to hold.

    Raises:
        ValueError: one of the module's checks has no right answer, or no wrong one.
    """
    names = _names_of(checks)
    for table, rows in (("right", right), ("wrong", wrong)):
        if missing := set(names.values()) - {names[row[0]] for row in rows}:
            raise ValueError(f"no {table} answer is tried for {', '.join(sorted(missing))}")
    rights = [
        pytest.param(check, answer, id=_id(names[check], answer, f"row {n}"))
        for n, (check, answer) in enumerate(right, 1)
    ]
    wrongs = [
        pytest.param(check, answer, words, id=_id(names[check], answer, words))
        for check, answer, words in wrong
    ]

    @pytest.mark.parametrize(("check", "answer"), rights)
    def test_right(check, answer, capsys):
        check(answer)
        assert capsys.readouterr().out == "Right.\n"

    @pytest.mark.parametrize(("check", "answer", "words"), wrongs)
    def test_wrong(check, answer, words, capsys):
        check(answer)
        out = capsys.readouterr().out
        assert out.startswith("Not yet: ")
        assert words in out

    return test_right, test_wrong


def _names_of(checks: ModuleType) -> dict[Exercise, str]:
    """The checks of a module with their names there, such as "check_tiles"."""
    return {value: name for name, value in vars(checks).items() if isinstance(value, Exercise)}


def _id(check: str, answer: Any, otherwise: str) -> str:
    """Name a case by its check and its answer; one that has no name of its own by something else."""
    name = getattr(answer, "__name__", LAMBDA)
    return f"{check}-{otherwise if name == LAMBDA else name}"
