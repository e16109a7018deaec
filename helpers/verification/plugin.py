"""A pytest plugin on nbval, which runs each code cell of a notebook as a test.

    pytest_plugins = ["helpers.verification.plugin"]  # in conftest.py, with the package's name

Here nbval is told to use the current environment, to keep the input history, and to compare outputs as this
package does. What a cell may ask for (`policy`) stands in its metadata; what a project adds of its own, the
functions that `hooks` names, in its ``conftest.py``.
"""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import nbval.plugin
import pytest

from . import hooks
from .cells import POLICY, PREPARATION, VARIABLES, Cell, Page
from .kernel import settings
from .policy import Policy
from .prepared import Preparation
from .progress import Progress
from .results import Results

CELL_TIMEOUT = 600.0  # seconds; nbval's own is 2000
FEWEST_PREPARED = 3  # notebooks; for fewer the imports of all take longer than their own


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks known that a project may have in its ``conftest.py``."""
    try:
        pluginmanager.add_hookspecs(hooks)
    except ValueError:
        raise pytest.UsageError(
            "the verification of notebooks is there twice, installed (or given with -p) and in pytest_plugins of a "
            "conftest.py: do one of the two."
        ) from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--html-report``, ``--nbval-fresh-kernels`` and the setting ``nbval_prepared_imports``."""
    group = parser.getgroup("nbval")
    group.addoption(
        "--nbval-fresh-kernels",
        action="store_true",
        help="Start every kernel anew, none from a process that has imported nbval_prepared_imports.",
    )
    parser.addini(
        "nbval_prepared_imports",
        "Modules that a process imports once and forks the kernels of several notebooks from (on Linux).",
        type="args",
    )
    group.addoption(
        "--html-report",
        metavar="FILE",
        type=Path,
        help="Write what was found, with the pictures of each failure, as one HTML page.",
    )


@pytest.hookimpl(tryfirst=True)  # before nbval's own
def pytest_configure(config: pytest.Config) -> None:
    """Use the current environment's kernel, whatever is registered, and keep the user's settings out of it."""
    if not (config.option.nbval or config.option.nbval_lax):
        return
    if isinstance(config.option.nbval_cell_timeout, int):  # nbval's default; a user's is a float
        config.option.nbval_cell_timeout = CELL_TIMEOUT
    if config.option.nbdime:
        raise pytest.UsageError(
            "--nbdime does not work here: failures are shown side by side, and with --html-report=FILE as a page."
        )
    if config.option.nbval_kernel_name and config.option.nbval_current_env:
        raise pytest.UsageError(
            "--nbval-kernel-name and --nbval-current-env name two kernels: give one of them."
        )
    sanitizer = config.option.nbval_sanitize_with or config.option.sanitize_with
    if sanitizer and not Path(sanitizer).is_file():
        raise pytest.UsageError(f"--nbval-sanitize-with: there is no file {sanitizer}.")
    try:
        config.stash[POLICY] = Policy.of_project(config.rootpath)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    folder = tempfile.TemporaryDirectory(prefix="notebook-kernel-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    config.pluginmanager.register(Results(config), "verification results")
    config.pluginmanager.register(Progress(config), "verification progress")
    config.stash[VARIABLES] = settings(Path(folder.name))
    # pytest itself writes the file there that tells the kernel where to listen
    os.environ["JUPYTER_RUNTIME_DIR"] = config.stash[VARIABLES]["JUPYTER_RUNTIME_DIR"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let several notebooks have forked kernels, if the project names what to import for them."""
    config = session.config
    modules = config.getini("nbval_prepared_imports")
    pages = {item.parent for item in session.items if isinstance(item, Cell)}
    if modules and len(pages) >= FEWEST_PREPARED and not config.option.nbval_fresh_kernels:
        config.stash[PREPARATION] = Preparation(modules)
        config.add_cleanup(config.stash[PREPARATION].stop)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list, list]:
    """Put this package's page class in the place of nbval's."""
    nodes = yield
    return [
        Page.from_parent(parent, path=file_path)
        if isinstance(node, nbval.plugin.IPyNbFile)
        else node
        for node in nodes
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo
) -> Generator[None, Any, Any]:
    """Let the report on a cell bring what the summary needs."""
    report = yield
    if isinstance(item, Cell) and (call.when == "call" or report.failed):
        report.verification = item.record(report, call)
    return report
