"""What the README shows is what the book and its records say: pictures, figures, old calls, commands."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers import environment
from helpers.book import readme
from helpers.notes import audit
from helpers.notes.statements import OLD_CALLS, STATEMENTS
from helpers.verification.pictures import compare_pictures

README = readme.README.read_text(encoding="utf-8")
TOP, _, DETAILS = README.partition("\n---\n")


@pytest.mark.parametrize("name", ["front.png", "accuracy_and_time.png"])
def test_a_picture_is_what_the_pages_draw(name):
    stored = (readme.PICTURES / name).read_bytes()
    fault = compare_pictures(stored, readme.pictures()[name])
    assert fault is None, f"{fault.text}; run python -m helpers.book.readme"
    assert len(stored) < 200_000
    (alt,) = re.findall(rf"!\[(.*)\]\(\.github/{name}\)", README)
    assert len(alt) > 40


def test_a_figure_that_is_gone_is_said():
    with pytest.raises(LookupError, match="page 06 has no figure described as 'Nothing'"):
        readme.figure("06", "Nothing")


def test_the_figures_are_those_of_the_records():
    (shown,) = readme.TABLE.findall(README)
    assert shown == readme.table(), "run python -m helpers.book.readme"


def rows():
    table = TOP[TOP.index("| 2017 |") :].partition("\n\n")[0].splitlines()[2:]
    return [
        re.fullmatch(r"\| `(.+)` \| (.+) since ([\d.]+) \| `(.+)` \|", row).groups()
        for row in table
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_an_old_call_gives_today(row):
    old, told, since, new = row
    (call,) = [call for call in OLD_CALLS if call.old == old]
    assert (call.new, call.since) == (new, since)
    state, result = audit.state(call)
    words = {"gone": "an error", "warns": "a warning"}
    assert told.rstrip(",") == words.get(state, f"leaves {result}, not {call.then}")


def test_counts_in_the_text():
    counts = f"all {len(STATEMENTS)} statements and {len(OLD_CALLS)} old calls"
    assert counts in " ".join(TOP.split())
    assert f"torch {environment.pins()['torch']}" in TOP  # in the citation


def commands():
    """Each module that the README runs, with the options named behind it."""
    found = {}
    for module, rest in re.findall(r"-m ((?:helpers|tests)[\w.]*)([^`\n]*)", README):
        found.setdefault(module, set()).update(re.findall(r"--[\w-]+", rest))
    continued = re.findall(r"^\| `\.\.\. (--.*)` \|", README, re.MULTILINE)  # "... --epochs 2"
    found["helpers.training"].update(re.findall(r"--[\w-]+", " ".join(continued)))
    return found


@pytest.mark.parametrize("module", sorted(commands()))
def test_a_command_has_the_options_that_are_named(module):
    source = Path(find_spec(module).origin).read_text(encoding="utf-8")
    assert '__name__ == "__main__"' in source
    assert [option for option in commands()[module] if f'"{option}"' not in source] == []


def test_the_top_is_short():
    """About two screens: what comes before the details."""
    assert len(TOP.splitlines()) < 105
