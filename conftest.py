"""How this book is verified: by helpers/verification, and by what is written here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from helpers import threads
from helpers.book import kernel as book_kernel
from helpers.environment import pins
from helpers.pages import DATA_TAG, Page
from helpers.verification.cells import Cell
from helpers.verification.kernel import PageKernel

pytest_plugins = ["helpers.verification.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    """Set what torch needs; pytest-xdist's workers, which inherit it, share the cores."""
    os.environ.update(book_kernel.TORCH)
    threads.limit_threads(processes=config.getoption("numprocesses", None) or 1)


def pytest_verification_environment() -> Mapping[str, str]:
    """What the outputs of the pages were made with."""
    return book_kernel.PAGES


def pytest_verification_seconds(path: Path) -> float | None:
    """How long the page took when its outputs were made."""
    return Page(path).seconds


def pytest_verification_facts(kernel: PageKernel) -> Mapping[str, Any]:
    """The device, the release of torch and the origin of the data."""
    return book_kernel.facts(kernel)


def pytest_verification_exempt(cell: Cell, facts: Mapping[str, Any]) -> str | None:
    """Outputs that show the real pictures are not compared with those of the stand-in."""
    if DATA_TAG in cell.cell.metadata.get("tags", []) and facts.get("data_is_real") is False:
        return "depends on the CIFAR-10 pictures; the stand-in is in use"
    return None


def pytest_verification_summary(facts: Mapping[str, Any]) -> list[str]:
    """The device, the release of torch and the data."""
    release, of_pages = facts.get("torch", "not imported"), pins()["torch"]
    lines = [f"device: {facts.get('device', 'not asked')}, torch {release}"]
    if "torch" in facts and release.partition("+")[0] != of_pages:
        known = "page 19 lists what is known to differ with an earlier one"
        lines.append(f"The pages were made with torch {of_pages}; {known}.")
    return [*lines, f"data: {facts.get('data', 'no page that ran uses any')}"]
