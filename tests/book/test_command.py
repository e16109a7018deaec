"""The maintainers' command: help comes at once and runs nothing, and what goes wrong ends in one sentence."""

import os
import subprocess
import sys
from unittest.mock import Mock

import pytest

from helpers.book import UsageError, chosen, launch
from helpers.book import __main__ as command

COMMANDS = ["update", "new", "site", "launch", "handout", "readme"]
# Fails if more than argparse and its like is imported: torch, nbformat, Jupyter take seconds.
LIGHT = """
import sys
from helpers.book.__main__ import main
try:
    main(sys.argv[1:])
finally:
    heavy = {"torch", "nbformat", "jupytext", "matplotlib"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_without_a_command_they_are_listed(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([])
    assert ended.value.code == 0
    listed = capsys.readouterr().out
    assert all(f"\n    {name} " in listed for name in COMMANDS)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_comes_at_once_and_runs_nothing(name):
    call = [sys.executable, "-c", LIGHT, *name.split(), "--help"]
    done = subprocess.run(call, cwd=launch.BOOK, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: python -m helpers.book {name}".rstrip())
    if not name:
        assert all(f"\n    {name} " in done.stdout for name in COMMANDS)


BAD = ["sell", "update --dry-run --fresh", "launch", "launch a/b --remove", "new 11_name"]


@pytest.mark.parametrize("arguments", [*BAD, "readme README.md", "site --out", "handout 08"])
def test_a_bad_command_line_is_refused(arguments, capsys, monkeypatch):
    monkeypatch.setattr(command, "import_module", lambda name: pytest.fail("it was run"))
    with pytest.raises(SystemExit) as refused:
        command.main(arguments.split())
    assert refused.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (command.BookError("No."), 1, "No.\n"),
        (command.OutputError("No."), 1, "No.\n"),
        (PermissionError(13, "Permission denied", "x"), 1, "[Errno 13] Permission denied: 'x'\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_ends_in_a_sentence(monkeypatch, capsys, error, status, says):
    monkeypatch.setattr(launch, "launch", Mock(side_effect=error))
    assert command.main(["launch", "a/b"]) == status
    assert capsys.readouterr() == ("", says)


@pytest.mark.parametrize("buffering", [1, 4096])  # found out at the line, or at the end
def test_a_closed_pipe_is_no_traceback(monkeypatch, buffering):
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(launch, "launch", lambda slug: [])
    with os.fdopen(writer, "w", buffering) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert command.main(["launch", "a/b"]) == 1


PAGES = ["00_start", "02_autograd", "09_indexing"]


@pytest.mark.parametrize(
    ("names", "found"),
    [(["02"], [1]), (["09_indexing", "notebooks/02_autograd.py"], [1, 2]), ([], [0, 1, 2])],
)
def test_pages_are_named_in_any_form(names, found):
    assert chosen(names, PAGES) == [PAGES[n] for n in found]


@pytest.mark.parametrize("name", ["99", "2", "autograd", ""])
def test_a_page_that_is_not_there_is_refused(name):
    with pytest.raises(UsageError, match=f"There is no page '{name}': 00_start to 09_indexing."):
        chosen(["02", name], PAGES)
