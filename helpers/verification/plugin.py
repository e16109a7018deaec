"""A pytest plugin on nbval: notebooks are run, and their outputs compared as this package does.

    pytest_plugins = ["helpers.verification.plugin"]  # in conftest.py, with the package's name

nbval collects each code cell of a notebook as a test and runs it in a kernel. Here it is told to use the
current environment, to keep the input history, and to compare outputs as this package does. What a cell may
ask for (a tolerance, "timings in form only") stands in its metadata, with a reason. What a project adds of its
own stands in its ``conftest.py``, as the functions that ``hooks`` names.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest

from . import hooks
from .cells import Page
from .kernel import settings

VERDICTS = {
    "equal": "compared",
    "tolerance": "compared within a tolerance",
    "form": "compared in form",
    "run": "only run",
}


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks known that a project may have in its ``conftest.py``."""
    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Use the current environment's kernel, whatever is registered, and keep the user's settings out of it."""
    if not (config.option.nbval or config.option.nbval_lax):
        return
    if not config.option.nbval_kernel_name:
        config.option.nbval_current_env = True
    folder = tempfile.TemporaryDirectory(prefix="notebook-kernel-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    os.environ.update(settings(Path(folder.name), workers))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list, list]:
    """Put this package's page class in the place of nbval's."""
    collected = yield
    return [
        Page.from_parent(parent, path=file_path)
        if isinstance(node, nbval.plugin.IPyNbFile)
        else node
        for node in collected
    ]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The machine, the data's origin, and what was compared, tolerated and left out."""
    reports = [
        r
        for found in terminalreporter.stats.values()
        for r in found
        if hasattr(r, "user_properties")
    ]
    found = [
        dict(report.user_properties) for report in reports if getattr(report, "when", "") == "call"
    ]
    verdicts = Counter(tuple(entry["verdict"]) for entry in found if "verdict" in entry)
    if not verdicts:
        return
    facts: dict[str, Any] = {}
    for entry in found:
        facts |= entry.get("facts", {})
    line = terminalreporter.write_line
    terminalreporter.section("the book on this machine")
    for lines in terminalreporter.config.hook.pytest_verification_summary(facts=facts):
        for text in lines:
            line(text)
    for kind, words in VERDICTS.items():
        reasons = Counter({reason: n for (k, reason), n in verdicts.items() if k == kind})
        line(f"cells {words}: {reasons.total()}")
        for reason, n in sorted(reasons.items()):
            if reason:
                line(f"    {n}: {reason}")
