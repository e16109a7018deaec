"""Every command: it is in the list, its help comes at once and changes nothing, nonsense is refused on stderr."""

import os
import re
import subprocess
import sys

import pytest

from helpers import __main__ as program
from tests.studies import launch_each_page, running

LIMIT = 0.5  # seconds of a processor for a help; those of a clock would count what else runs
TRIES = 6  # the quickest counts: a busy neighbor slows a processor down too
COMMANDS = {"helpers": ""} | {command.module: command.summary for command in program.commands()}
OWN = [f"{command.module} {name}" for command in program.commands() for name in command.subcommands]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the book: whatever a command writes is seen."""
    folder = tmp_path_factory.mktemp("commands") / "book"
    launch_each_page.copy(folder)
    (folder / "tests").mkdir()
    for path in (running.BOOK / "tests/studies").glob("*.*"):
        (folder / "tests/studies").mkdir(exist_ok=True)
        (folder / "tests/studies" / path.name).write_bytes(path.read_bytes())
    for name in ("home", "tmp"):
        (folder.parent / name).mkdir()
    return folder


def files(folder):
    """What lies in a folder, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def run(book, *arguments):
    """A command in the copy, with an empty home and an empty folder for temporary files."""
    variables = {"HOME": book.parent / "home", "TMPDIR": book.parent / "tmp"}
    variables |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "", "CIFAR10_ROOT": "stand-in"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=book,
        env=os.environ | {name: str(value) for name, value in variables.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def processor_seconds():
    """What the processes that have ended took so far."""
    times = os.times()
    return times.children_user + times.children_system


def seconds_of_help(book, command):
    """What a help takes of a processor; at most ``TRIES`` times, until it is quick enough."""
    best = float("inf")
    for _ in range(TRIES):
        before = processor_seconds()
        done = run(book, *command.split(), "--help")
        best = min(best, processor_seconds() - before)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"usage: python -m {command}".removesuffix(" run"))
        if best < LIMIT:
            break
    return best


@pytest.mark.parametrize("command", [*COMMANDS, *OWN])
def test_help_comes_at_once_and_changes_nothing(book, command):
    before = files(book.parent)
    assert seconds_of_help(book, command) < LIMIT
    assert files(book.parent) == before


def test_a_slow_help_and_one_that_writes_are_seen(book):
    path = book / "helpers/slow.py"
    path.write_text("import argparse\nfrom pathlib import Path\nsum(range(10**8))\n")
    with path.open("a") as file:
        file.write("Path('left').touch()\n")
        file.write("argparse.ArgumentParser(prog='python -m helpers.slow').parse_args()\n")
    before = files(book.parent)
    assert seconds_of_help(book, "helpers.slow") >= LIMIT
    assert files(book.parent) != before
    path.unlink()
    (book / "left").unlink()


@pytest.mark.parametrize("command", [*COMMANDS, *OWN])
def test_nonsense_is_refused_on_stderr(book, command):
    done = run(book, *command.split(), "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(r"python -m [\w. -]+: error: ", done.stderr.splitlines()[-1])
    assert "Traceback" not in done.stderr


MISUSES = {
    "helpers.book handout 08 --out .": "is not empty: name another folder",
    "helpers.book handout 08 --out README.md": "is a file: name another folder",
    "helpers.book handout 08 --out README.md/below": "README.md is a file: name another folder",
    "helpers.book new 08_shapes Title": "The number 08 is taken by 08_tensor_shapes",
    "helpers.book site --pdf helpers": "helpers is a folder: name a file in it",
    "helpers.book site --page 08": "--page is for --pdf",
    "tests.studies old-code": "name folders of code",
    "tests.studies old-code notebooks/records": "There is no .py or .ipynb file in notebooks/records",
    "helpers book": "unrecognized arguments: book",
    "helpers.book update 99": "There is no page '99'",
    "helpers.book new 1_x Title": "A page is named like",
    "helpers.book launch nowhere": "is no repository on GitHub",
    "helpers.data --check --clean": "not allowed with argument",
    "helpers.environment torch": "unrecognized arguments: torch",
    "helpers.notes nowhere.py": "There is no file nowhere.py.",
    "helpers.training --budget soon": "'soon' is not a time",
    "helpers.training profile --device tpu": "invalid choice: 'tpu'",
    "tests.studies page-memory 99": "there is no page '99'",
}


@pytest.mark.parametrize(("command", "sentence"), MISUSES.items())
def test_misuse_is_answered_in_a_sentence_on_stderr(book, command, sentence):
    before = files(book)
    done = run(book, *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr.splitlines()[-1]
    assert files(book) == before


def test_each_command_has_a_case_of_misuse():
    assert {case.partition(" ")[0] for case in MISUSES} == COMMANDS.keys()


def test_what_fails_is_said_on_stderr(book):
    done = run(book, "helpers.data", "--download")  # CIFAR10_ROOT asks for no pictures
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr


def test_the_list_has_a_line_for_each_command(book):
    done = run(book, "helpers")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for module, words in COMMANDS.items():
        if words:
            assert words[0].isupper() and len(words) < 80, module
            assert any(line.split() == ["python", "-m", module, *words.split()] for line in lines)
    for command in OWN:
        name = command.split()[1]
        assert any(re.match(rf"    {name} +\w.{{10,}}", line) for line in lines), command


def test_the_list_is_that_of_what_is_there(tmp_path):
    (tmp_path / "helpers/sums").mkdir(parents=True)
    text = (
        '"""Adds numbers: python -m helpers.sums A B."""\nCOMMANDS = {"twice": "adds and doubles"}'
    )
    main = program.RUN_AS_A_PROGRAM
    (tmp_path / "helpers/sums/__main__.py").write_text(text + main + "    print(3)\n")
    (tmp_path / "helpers/check.py").write_text(f'"""Looks at things.\n\nMore."""{main}    pass\n')
    (tmp_path / "helpers/lines.py").write_text('"""Is only imported."""\n')
    (tmp_path / ".env/lib").mkdir(parents=True)
    (tmp_path / ".env/lib/__main__.py").write_text(main)
    assert list(program.commands(tmp_path)) == [
        program.Command("helpers.check", "Looks at things", {}),
        program.Command("helpers.sums", "Adds numbers", {"twice": "adds and doubles"}),
    ]


def test_each_program_is_listed():
    """Found in another way: whatever in helpers/ or in the studies has the lines of a program."""
    paths = [*(running.BOOK / "helpers").rglob("*.py"), running.BOOK / "tests/studies/__main__.py"]
    programs = {
        ".".join(path.relative_to(running.BOOK).with_suffix("").parts).removesuffix(".__main__")
        for path in paths
        if re.search(r"^if __name__ ==", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    programs.remove("helpers.verification.forkserver")  # the verification's own, for no person
    assert programs == COMMANDS.keys()


@pytest.mark.parametrize("module", ["helpers.book", "tests.studies"])
def test_the_list_names_what_a_command_takes(book, module):
    taken = re.findall(r"^    ([\w-]+)(?: |$)", run(book, module, "--help").stdout, re.MULTILINE)
    assert [f"{module} {name}" for name in taken] == [c for c in OWN if c.startswith(f"{module} ")]
