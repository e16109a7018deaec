"""Makes the tests of a module of exercises from two tables: right answers, and wrong ones with what is said of them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from helpers.exercises.exercise import Exercise

LAMBDA = "<lambda>"


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
    for table, rows in (("right", right), ("wrong", wrong)):
        if missing := _checks_of(checks) - {name_of(row[0]) for row in rows}:
            names = ", ".join(sorted(missing))
            raise ValueError(f"{checks.__name__}: no {table} answer is tried for {names}")

    @pytest.mark.parametrize(
        ("check", "answer"),
        [pytest.param(*row, id=_id(*row, f"row {n}")) for n, row in enumerate(right, 1)],
    )
    def test_right(check, answer, capsys):
        check(answer)
        assert capsys.readouterr().out == "Right.\n"

    @pytest.mark.parametrize(
        ("check", "answer", "words"), [pytest.param(*row, id=_id(*row)) for row in wrong]
    )
    def test_wrong(check, answer, words, capsys):
        check(answer)
        out = capsys.readouterr().out
        assert out.startswith("Not yet: ")
        assert words in out

    return test_right, test_wrong


def name_of(check: Exercise) -> str:
    """Return the name of a check, such as "check_tiles"."""
    return check.faults.__name__


def _checks_of(module: ModuleType) -> set[str]:
    return {name_of(value) for value in vars(module).values() if isinstance(value, Exercise)}


def _id(check: Exercise, answer: Any, otherwise: str) -> str:
    """Name a case by its check and its answer; one without a name of its own by something else."""
    name = getattr(answer, "__name__", LAMBDA)
    return f"{name_of(check)}-{otherwise if name == LAMBDA else name}"
