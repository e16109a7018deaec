"""What page 17 says of the measurements is what the records hold."""

from helpers import measurements
from helpers.measurements import needed_by_default, progress, widest
from tests.studies import spread

KINDS = {name: {"kind": setting.kind} for name, setting in spread.SETTINGS.items()}


def cell(page="06_cifar10", tolerance=None, training=False, **needed):
    names = {name.replace("_", "-"): need for name, need in needed.items()}
    about = {"page": page, "heading": "Train", "tolerance": tolerance or {}, "training": training}
    return about | {"needed": names}


def data(*cells, pages=()):
    runs = {name: run | {"pages": list(pages)} for name, run in KINDS.items()}
    return {"runs": runs, "cells": list(cells)}


def test_the_records_that_page_14_shows_are_there():
    assert measurements.record("spread")["cells"]
    assert {"caught", "missed"} <= measurements.record("mutation_score").keys()
    assert all({"conditions", "failed"} <= run.keys() for run in measurements.record("many_runs"))


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


def test_progress_counts_settings_and_measurements():
    """Seeds are counted for a cell that trains, and are no settings of the machine."""
    trained = cell(tolerance={"rtol": 1}, training=True, threads_1={}, seed_1={}, seed_2={})
    rows = progress(data(trained, pages=["06_cifar10"])).data.splitlines()
    settings = sum(run["kind"] in measurements.MACHINE for run in KINDS.values())
    assert f"| 06 | {settings} of 7 | 3 of 17 |" in rows
    assert "| 08 | 0 of 7 | none stated |" in rows


def test_the_counts_are_those_of_the_study():
    """The study knows the other releases as one setting, and wants two."""
    machine = [s for s in spread.SETTINGS.values() if s.kind in measurements.MACHINE]
    assert len(machine) + 1 == measurements.SETTINGS
    assert spread.SEEDS == measurements.SEEDS
    assert {s.kind for s in spread.SETTINGS.values()} == {*measurements.MACHINE, "seed"}
