"""What a project may add of its own, as functions of these names in its ``conftest.py``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .cells import Cell
    from .kernel import PageKernel


@pytest.hookspec
def pytest_verification_facts(kernel: "PageKernel") -> Mapping[str, Any]:
    """What a page knows of the machine, asked after each cell: ``{"device": "cpu"}``.

    Args:
        kernel: the page's kernel; its ``ask`` evaluates an expression.
    """


@pytest.hookspec(firstresult=True)
def pytest_verification_exempt(cell: "Cell", facts: Mapping[str, Any]) -> str | None:
    """Why the outputs of a cell that has just run are not compared; None if they are.

    Args:
        cell: the test; ``cell.cell`` is the notebook's cell with its ``source`` and ``metadata``.
        facts: what ``pytest_verification_facts`` found.
    """


@pytest.hookspec
def pytest_verification_summary(facts: Mapping[str, Any]) -> list[str]:
    """Lines for the summary at the end of a run.

    Args:
        facts: the facts of all cells, later ones over earlier.
    """
