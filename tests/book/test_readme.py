"""What the README shows is what the book and its records say: pictures, figures, old calls, commands."""

import re
import shutil
import subprocess
import sys

import pytest

from helpers import environment
from helpers.book import BookError, readme
from helpers.book.__main__ import main
from helpers.notes import trial
from helpers.notes.old_calls import OLD_CALLS
from helpers.notes.statements import STATEMENTS

README = readme.README.read_text(encoding="utf-8")
TOP, _, DETAILS = README.partition("\n---\n")


def test_pictures_and_figures_are_those_of_the_pages_and_the_records():
    assert list(readme.faults()) == [], "run python -m helpers.book readme"


@pytest.mark.parametrize("name", ["front.png", "accuracy_and_time.png"])
def test_a_picture_is_small_and_described(name):
    assert (readme.PICTURES / name).stat().st_size < 200_000
    (alt,) = re.findall(rf"!\[(.*)\]\(\.github/{name}\)", README)
    assert len(alt) > 40


def test_a_figure_that_is_gone_is_said():
    with pytest.raises(BookError, match="Page 08 has no figure described as 'Nothing'"):
        readme.figure("08", "Nothing")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A README of a book elsewhere, with its pictures."""
    path = tmp_path / "README.md"
    path.write_text(README, encoding="utf-8")
    shutil.copytree(readme.PICTURES, tmp_path / ".github")
    monkeypatch.setattr(readme, "BOOK", tmp_path)
    monkeypatch.setattr(readme, "README", path)
    monkeypatch.setattr(readme, "PICTURES", tmp_path / ".github")
    return path


def test_a_check_tells_what_is_old_and_writes_nothing(copied, capsys):
    copied.write_text(README.replace("| measured |", "| guessed |"), encoding="utf-8")
    (readme.PICTURES / "front.png").write_bytes(readme.pictures()["accuracy_and_time.png"])
    before = copied.read_bytes()
    assert main(["readme", "--check"]) == 1
    said = capsys.readouterr().err
    assert ".github/front.png: " in said and "README.md: the table of figures" in said
    assert copied.read_bytes() == before
    assert main(["readme"]) == 0
    assert main(["readme", "--check"]) == 0


def test_without_a_place_for_the_figures_nothing_is_written(copied, capsys):
    copied.write_text("# A book", encoding="utf-8")
    (readme.PICTURES / "front.png").unlink()
    assert main(["readme"]) == 1
    assert "has no place for the figures" in capsys.readouterr().err
    assert not (readme.PICTURES / "front.png").exists()


def rows():
    table = TOP[TOP.index("| 2017 |") :].partition("\n\n")[0].splitlines()[2:]
    form = re.compile(r"\| `(.+)` \| (.+) since ([\d.]+) \| `(.+)` \|")
    return [form.fullmatch(row).groups() for row in table]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_an_old_call_gives_today(row):
    old, told, since, new = row
    (call,) = [call for call in OLD_CALLS if (call.old, call.new) == (old, new)]
    assert call.since == since
    words = {"error": "an error", "warns": "a warning"}
    gives = f"gives {trial.run_old(call).value!r}, not {call.then.removeprefix('torch.')},"
    assert told == words.get(trial.state(call), gives)


def test_counts_in_the_text():
    text = " ".join(TOP.split())
    assert f" {len(STATEMENTS)} statements" in text
    (said,) = re.findall(r"more than (\d+) old calls", text)
    assert int(said) < len(OLD_CALLS)
    assert f"torch {environment.pins()['torch']}" in TOP  # in the citation


def commands():
    """Each command that the README runs, with the options named behind it in its line or cell."""
    text = README.replace("`... ", "`-m helpers.training ")  # a row goes on with the one above
    options = {}
    for line in re.findall(r"-m ((?:helpers|tests)(?:(?!-m )[^\n|])*)", text):
        command = re.match(r"[\w.]+(?: [a-z][a-z-]*(?=[ `\n]|$))?", line)[0]
        options.setdefault(command, set()).update(re.findall(r"--[\w-]+", line))
    return options


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(commands()))
def test_a_command_has_the_options_that_are_named(command):
    call = [sys.executable, "-m", *command.split(), "--help"]
    done = subprocess.run(call, cwd=readme.BOOK, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [option for option in commands()[command] if option not in done.stdout] == []


def test_the_top_is_short():
    """About two screens: what comes before the details."""
    assert len(TOP.splitlines()) < 110
