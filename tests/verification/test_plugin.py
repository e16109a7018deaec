"""The plugin without a notebook: what the package imports, what its options do."""

import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from helpers.verification import kernel
from helpers.verification.results import Results
from tests.support import small_book

PACKAGE = small_book.BOOK / "helpers" / "verification"
MAY_IMPORT = {"PIL", "jinja2", "matplotlib", "nbclient", "nbformat", "nbval", "numpy", "pytest"}
MAY_IMPORT |= {"ipykernel", "jupyter_client"}  # nbval needs both
CONFTEST = """pytest_plugins = ["helpers.verification.plugin"]


def pytest_collection_finish(session):
    print("timeout", session.config.option.nbval_cell_timeout)"""


def run(command, folder, **variables):
    pipes = {"capture_output": True, "text": True}
    environment = os.environ | variables
    return subprocess.run(command, cwd=folder, env=environment, check=False, **pipes)


def collect(folder, *options):
    """Run ``pytest --nbval`` with more options in an empty project."""
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    command = [*small_book.command(folder), "--collect-only", *options]
    return run(command, folder, PYTHONPATH=str(small_book.BOOK))


@pytest.mark.parametrize("module", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_the_package_imports_nothing_of_the_book(module):
    text = module.read_text(encoding="utf-8")
    names = re.findall(r"^ *(?:import|from) (\w+|\.\.)", text, re.MULTILINE)
    assert set(names) <= MAY_IMPORT | sys.stdlib_module_names


@pytest.mark.parametrize(
    ("options", "seconds"), [([], "600.0"), (["--nbval-cell-timeout=2000"], "2000.0")]
)
def test_a_cell_has_ten_minutes_unless_the_user_gives_another_timeout(tmp_path, options, seconds):
    done = collect(tmp_path, *options)
    assert f"timeout {seconds}\n" in done.stdout


def test_a_report_that_could_not_be_written_is_refused_before_the_run(tmp_path):
    done = collect(tmp_path, "--html-report=missing/report.html")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("ERROR: --html-report: ")
    assert "cannot be written: there is no folder" in line
    assert "timeout" not in done.stdout


def test_the_plugin_taken_twice_is_refused_in_one_sentence(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "again", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    command = [*small_book.command(tmp_path), "-p", "again.plugin"]
    done = run(command, tmp_path, PYTHONPATH=os.pathsep.join(map(str, (small_book.BOOK, tmp_path))))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.startswith("ERROR: the verification of notebooks is there twice")
    assert len(done.stderr.strip().splitlines()) == 1


NO_NOTEBOOKS = {
    "empty": ("", "NotJSONError: Notebook does not appear to be JSON: ''"),
    "cut": ('{"cells": [', "NotJSONError: "),
    "list": ("[1, 2]", "AttributeError: "),
    "other": ('{"a": 1}', "ValidationError: "),
    "future": ('{"nbformat": 9, "nbformat_minor": 0, "cells": []}', "NBFormatError: Unsupported"),
    "output": (
        '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {},'
        ' "source": "1", "execution_count": 1, "outputs": [{"output_type": "none"}]}]}',
        "KeyError: 'data'",
    ),
}


def test_a_file_that_is_no_notebook_is_named_in_one_sentence(tmp_path):
    for name, (text, _) in NO_NOTEBOOKS.items():
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    done = collect(tmp_path)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    for name, (_, fault) in NO_NOTEBOOKS.items():
        assert f"{name}.ipynb cannot be read as a notebook ({fault}" in done.stdout
        assert f"leave it out with --ignore={name}.ipynb" in done.stdout
    assert "site-packages" not in done.stdout.partition("warnings summary")[0]


def test_a_report_that_cannot_be_written_after_all_fails_the_run_in_one_line(tmp_path):
    config = SimpleNamespace(
        option=SimpleNamespace(html_report="report.html"),
        invocation_params=SimpleNamespace(dir=tmp_path),
        hook=SimpleNamespace(pytest_verification_summary=lambda facts: []),
    )
    results, session = Results(config), SimpleNamespace(exitstatus=0)
    (tmp_path / "report.html").mkdir()
    results.pytest_sessionfinish(session)
    assert session.exitstatus == 1
    assert results.last_line.endswith("report.html is a folder: name a file in it.")


def test_a_kernel_runs_assertions_whatever_the_user_has_set(tmp_path):
    variables = {"PYTHONOPTIMIZE": "1"} | kernel.settings(tmp_path)
    done = run([sys.executable, "-c", "assert False, 'is seen'"], tmp_path, **variables)
    assert "AssertionError: is seen" in done.stderr


def test_a_kernel_warns_as_python_does_by_itself_whatever_the_user_has_set(tmp_path):
    users = {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"} | kernel.settings(tmp_path)
    warn = "import sys, warnings; warnings.warn('is seen'); print(sys.flags.dev_mode)"
    done = run([sys.executable, "-c", warn], tmp_path, **users)
    assert done.returncode == 0
    assert "UserWarning: is seen" in done.stderr
    assert done.stdout == "False\n"


def test_a_kernel_keeps_the_users_threads(tmp_path):
    """It is the project's business how many each kernel gets: this package knows of no container."""
    assert not [name for name in kernel.settings(tmp_path) if "THREADS" in name]
