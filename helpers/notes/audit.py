"""The audit of the reading notes: runs what they say, and finds where the book proves it.

The statements stand in ``helpers.notes.statements``, the old calls in ``helpers.notes.old_calls``; where the book
proves a statement is read from the metadata of its pages.
"""

import functools
from collections.abc import Iterable
from typing import NamedTuple

from helpers import pages
from helpers.notes.statements import SLIP, STATEMENTS, OldCall, Statement
from helpers.verification.headings import headings, headings_of_code_cells


def holds(line: str) -> bool:
    """Run one line: does what it says hold today?"""
    from helpers.notes.names import names, recorded_warnings  # imports torch: only what runs waits

    with recorded_warnings():
        return bool(eval(line, names()))


def verdict(statement: Statement) -> str:
    """Return the verdict that follows from running a statement: 'holds', 'changed' or 'was a slip'.

    Which of the last two it is cannot be run, but is known from the release notes.

    Raises:
        AssertionError: the statement is not what is on record for it, or what is said to be true instead is not.
    """
    number, line = statement.number, statement.line
    if holds(line):
        if statement.since:
            raise AssertionError(f"{number} holds, against the record: {line}")
        return "holds"
    if not statement.since:
        raise AssertionError(f"{number} does not hold, against the record: {line}")
    if not holds(statement.now):
        raise AssertionError(f"{number}: this is not true instead: {statement.now}")
    return "was a slip" if statement.since == SLIP else "changed"


def audit(statements: Iterable[Statement] = STATEMENTS) -> dict[str, str]:
    """Return the verdict on each statement, by its number; see ``verdict``."""
    return {statement.number: verdict(statement) for statement in statements}


class Contents(NamedTuple):
    """What is asked of a page here; its file, which is large, is read once."""

    page: pages.Page
    headings: list[str]
    # statement: {heading: numbers of the cells under it (1, 2, ...)}
    claims: dict[str, dict[str, list[int]]]


@functools.cache
def _book() -> list[Contents]:
    return [_contents(page) for page in pages.all_pages()]


def _contents(page: pages.Page) -> Contents:
    over = headings_of_code_cells(page.notebook)
    claims: dict[str, dict[str, list[int]]] = {}
    for number, cells in page.claims.items():
        for n in cells:
            claims.setdefault(number, {}).setdefault(over[n], []).append(n + 1)
    return Contents(pages.Page(page.path), headings(page.prose), claims)


def places_of_proof(number: str) -> list[tuple[pages.Page, str, list[int]]]:
    """Return where the book proves a statement: page, heading, and the numbers of the cells under it (1, 2, ...)."""
    return [
        (page, heading, cells)
        for page, _, claims in _book()
        for heading, cells in claims.get(number, {}).items()
    ]


def where(call: OldCall) -> tuple[pages.Page, str]:
    """Return the page and the heading for an old call."""
    if call.where.startswith("C"):
        return places_of_proof(call.where)[0][:2]
    number, _, words = call.where.partition(" ")
    page, all_headings, _ = next(c for c in _book() if c.page.name.startswith(number))
    return page, next(h for h in all_headings if h.partition(" · ")[0] == words)
