"""What a project may add of its own, as functions of these names in its ``conftest.py``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .cells import Cell
    from .kernel import PageKernel


@pytest.hookspec
def pytest_verification_environment() -> Mapping[str, str]:
    """Environment variables for this project's kernels, in addition to those of ``kernel.settings``."""


@pytest.hookspec(firstresult=True)
def pytest_verification_seconds(path: Path) -> float | None:
    """How long a notebook is expected to run where it has not run before; None if nobody knows."""


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
    """Lines for the summary of a run, which ``-v`` shows; ``facts`` are those of all cells, later ones over earlier."""
