"""What a project may add of its own, as functions of these names in its ``conftest.py``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .cells import Cell
    from .kernel import PageKernel


@pytest.hookspec
def pytest_verification_facts(kernel: "PageKernel") -> Mapping[str, Any]:
    """What a page knows of the machine, asked after each cell by ``kernel.ask``: ``{"device": "cpu"}``."""


@pytest.hookspec(firstresult=True)
def pytest_verification_exempt(cell: "Cell", facts: Mapping[str, Any]) -> str | None:
    """Why the outputs of a cell that has just run are not compared; None if they are.

    ``cell.cell`` is the notebook's cell with its ``source`` and ``metadata``.
    """


@pytest.hookspec
def pytest_verification_summary(facts: Mapping[str, Any]) -> list[str]:
    """Lines for the summary at the end of a run; ``facts`` are those of all cells, later ones over earlier."""
