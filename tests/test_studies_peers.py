"""The comparison with other tools: its verdicts, its table, and two of its notebooks with the tools that are here."""

import sys

import pytest

from helpers.book import BookError
from tests.studies import peers, running
from tests.studies.__main__ import main

WRONG, HARMLESS = (next(case for case in peers.CASES if case.wrong is w) for w in (True, False))


def test_there_are_five_wrong_and_five_harmless_notebooks():
    assert [case.wrong for case in peers.CASES].count(True) == 5
    assert len(peers.CASES) == len({case.what for case in peers.CASES}) == 10


@pytest.mark.parametrize(
    ("case", "failed", "verdict"),
    [
        (WRONG, {"altered_0"}, "caught"),
        (WRONG, {"altered_1"}, "missed"),
        (WRONG, {"altered_0", "unaltered_0"}, "fails without the fault too"),
        (HARMLESS, {"altered_0"}, "false alarm"),
        (HARMLESS, set(), "passes"),
    ],
)
def test_a_fault_is_caught_if_the_notebook_passes_without_it(case, failed, verdict):
    said = peers._verdict(case, 0, failed)
    assert said == verdict


def test_the_table_counts_what_was_caught_and_false_alarms():
    rows = [
        {"what": "a digit", "wrong": True, "nbval": "caught"},
        {"what": "a word", "wrong": True, "nbval": "fails without the fault too"},
        {"what": "an address", "wrong": False, "nbval": "false alarm"},
    ]
    assert peers.table(rows, {"nbval": "0.11"}).splitlines() == [
        "|  | nbval 0.11 |",
        "| :-- | :-- |",
        "| wrong: a digit | caught |",
        "| wrong: a word | fails without the fault too |",
        "| harmless: an address | false alarm |",
        "| **caught** | **1 of 2** |",
        "| **false alarms** | **1 of 1** |",
    ]


def test_a_python_without_the_peer_is_refused_before_the_work(capsys):
    with pytest.raises(SystemExit):
        main(["peers", "--pytest-notebook", sys.executable])
    assert capsys.readouterr().err.splitlines()[-1].endswith("has no pytest-notebook")


def test_a_tool_that_does_not_run_every_notebook_is_no_verdict(tmp_path, monkeypatch):
    (tmp_path / "altered_0.ipynb").write_text("", encoding="utf-8")
    monkeypatch.setattr(running, "output", lambda *command, **options: "no tests ran")
    with pytest.raises(BookError, match=r"did not run all notebooks:\nno tests ran"):
        peers.failing(sys.executable, tmp_path, "--nbval")


@pytest.mark.slow
def test_the_tools_that_are_here_judge_the_first_notebook_of_either_kind():
    rows = peers.measure((WRONG, HARMLESS), None)
    assert rows == [
        {"what": WRONG.what, "wrong": True, "this package": "caught", "nbval": "caught"},
        {"what": HARMLESS.what, "wrong": False, "this package": "passes", "nbval": "false alarm"},
    ]
