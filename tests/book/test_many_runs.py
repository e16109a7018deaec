"""The table of conditions that the book is run under, and what a run is given of them."""

import contextlib
import json
import sys

import pytest

from helpers import data
from tests.studies import many_runs
from tests.studies.many_runs import RUNS, environment


def test_there_are_twenty_runs_no_two_alike():
    assert len({run.words for run in RUNS}) == len(RUNS) == 20
    unlike = {tuple(map(str, run[1:])) for run in RUNS}
    assert len(unlike) == 20


def test_a_run_has_the_variables_of_its_conditions(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("IPYTHONDIR", "of the outer run")
    monkeypatch.setenv("HOME", "somewhere")
    of = {run.words: environment(run, tmp_path) for run in RUNS if not run.real}
    plain = of["stand-in"]
    assert plain["CIFAR10_ROOT"] == "stand-in"
    assert plain["HOME"] == "somewhere"
    assert not {"IPYTHONDIR", "PYTEST_XDIST_WORKER"} & set(plain)
    stand_in = next(run for run in RUNS if run.words == "stand-in")
    changed = stand_in._replace(variables=many_runs.NO_HOME, user=("JUPYTER_PATH",))
    found = environment(changed, tmp_path)
    assert "HOME" not in found
    assert found["JUPYTER_PATH"] == str(tmp_path / "kernels")


def test_what_a_user_has_lies_where_his_variables_point(tmp_path):
    home = {name: tmp_path / name for name in many_runs.USER}
    user = next(run for run in RUNS if run.user == many_runs.PROFILE)._replace(real=False)
    found = environment(user, tmp_path)
    assert home[".config/matplotlib/matplotlibrc"].parent == tmp_path / ".config/matplotlib"
    assert found["MPLCONFIGDIR"] == str(tmp_path / ".config/matplotlib")
    assert found["IPYTHONDIR"] == str(tmp_path / ".ipython")


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Call the command with some arguments, no run being made; the table that it writes."""
    made = tmp_path / "runs.json"

    def perform(number, names):
        if number == 13:
            raise KeyboardInterrupt
        row = {"run": number, "conditions": RUNS[number - 1].words}
        return row | {"cells": 2, "failed": [], "seconds": 1.0, "left behind": []}

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["many_runs", *arguments, "--out", str(made)])
        with contextlib.suppress(KeyboardInterrupt):
            many_runs.main()
        return [row["run"] for row in json.loads(made.read_text())]

    monkeypatch.setattr(data, "is_real", lambda: True)
    monkeypatch.setattr(many_runs, "perform", perform)
    return call


def test_runs_are_made_by_number_else_all_and_an_interrupt_keeps_those_before(table, capsys):
    assert table("5", "14") == [5, 14]
    assert table() == list(range(1, 13))
    with pytest.raises(SystemExit):
        table("21")
    assert "21 is not the number of a run: 1 to 20" in capsys.readouterr().err
