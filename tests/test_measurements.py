"""What page 19 says of the measurements is what the records hold."""

from helpers import measurements
from helpers.measurements import needed_by_default, widest
from tests.studies import spread

KINDS = {name: {"kind": setting.kind} for name, setting in spread.SETTINGS.items()}


def cell(page="06_cifar10", tolerance=None, training=False, release="", **needed):
    names = {name.replace("_", "-"): need for name, need in needed.items()}
    about = {"page": page, "heading": "Train", "tolerance": tolerance or {}, "training": training}
    return about | {"release": release, "needed": names}


def data(*cells, pages=()):
    runs = {name: run | {"pages": list(pages)} for name, run in KINDS.items()}
    return {"runs": runs, "cells": list(cells)}


def test_the_records_that_are_shown_are_there():
    assert measurements.record("spread")["cells"]
    assert {"caught", "missed"} <= measurements.record("mutation_score").keys()
    assert all(
        {"what", "wrong"} <= each.keys() for each in measurements.record("peers")["notebooks"]
    )
    assert all({"conditions", "failed"} <= run.keys() for run in measurements.record("many_runs"))


def test_the_trial_of_tools_has_a_row_for_each_notebook():
    head, _, *rows = measurements.trial_of_tools().data.splitlines()
    assert head == "| what | helpers/verification | nbval | pytest-notebook |"
    assert len(rows) == len(measurements.record("peers")["notebooks"]) == 10
    assert rows[0] == "| a loss of 0.1234 stored as 0.1243 | caught | caught | caught |"


def test_the_widest_need_is_that_of_the_wanted_kinds():
    one = cell(threads_1={"rtol": 2}, avx2={"rtol": 3, "shift": 1}, seed_1={"rtol": 9})
    assert widest(data(one), one, "rtol", "threads", "instructions") == 3
    assert widest(data(one), one, "rtol", "seed") == 9
    assert widest(data(one), one, "color", *measurements.MACHINE) == 0


def test_what_the_defaults_must_allow_leaves_out_cells_with_a_tolerance_and_other_seeds():
    strict = cell(threads_1={"color": 3}, seed_1={"shift": 4})
    stated = cell(tolerance={"rtol": 1}, threads_1={"rtol": 1})
    assert needed_by_default(data(strict, stated)) == {"rtol": 0, "shift": 0, "color": 3}
    assert needed_by_default(data()) == {"rtol": 0, "shift": 0, "color": 0}


def test_what_differs_with_a_release_is_told_and_asks_for_no_wider_defaults():
    old = {"old": {"rtol": 7}, "older": {"rtol": 8}, "threads-1": {"rtol": 9}}
    one = cell("02_autograd", release="other words") | {"needed": old}
    two = cell("13_functions", release="other words") | {"needed": {"old": {}, "older": {}}}
    spread_of = data(cell(), one, two)
    spread_of["runs"] |= {
        name: {"kind": "release", "torch": torch}
        for name, torch in (("old", "2.11.0"), ("older", "2.9.1"), ("other", "2.8.0"))
    }
    rows = measurements.differences_by_release(spread_of).data.splitlines()[2:]
    assert rows == ["| other words | 02, 13 | 2.9.1, 2.11.0 |"]
    assert needed_by_default(spread_of)["rtol"] == 0


def test_the_kinds_are_those_of_the_study():
    kinds = {setting.kind for setting in spread.SETTINGS.values()}
    assert kinds == {*measurements.MACHINE, "seed"}
