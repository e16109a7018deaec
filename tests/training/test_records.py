"""The recorded results of page 05: their tables and curves, and that they were made by the recipes of today."""

import json

import pytest

from helpers.pages import NOTEBOOKS
from helpers.training import ablation as ladder
from helpers.training import records
from helpers.training.recipe import ACCURACY_BY_WORK, for_work, recipe_of

RECORDS = records.read(NOTEBOOKS / "records/training")


def run(seconds, accuracy, **more):
    about = {"cpu": "A CPU", "cpu_capability": "AVX2", "threads": 2, "precision": "fp32"}
    used = {"tflop": 11.9, "efficiency": 0.5, "settings": {}}
    return {"seconds": seconds, "accuracy": accuracy, **about, **used, **more}


SMALL = {
    "tflop_12": {"command": "python -m one", "runs": [run(70, 85.0, threads=1), run(72, 86.0)]},
    "avx2_60": {
        "command": "python -m two",
        "runs": [run(60, 80.0, settings={"ATEN_CPU_CAPABILITY": "avx2"})],
    },
    "seconds_180": {"command": "python -m three", "runs": [run(181, 88.0)]},
    "seconds_60": {"command": "python -m four", "runs": [run(59, 84.0)]},
    "peers_60": {
        "command": "five",
        "peers": {"this book": [run(60, 84.0)], "LeNet": [run(61, 60.0)]},
    },
}


def test_every_goal_has_a_row():
    rows = {row[0]: row[1:] for row in records.goal_rows(SMALL)}
    assert len(rows) == len(records.GOALS)
    assert {len(row) for row in rows.values()} == {5}  # what some viewers need to show a table
    assert rows["12 TFLOP"] == ("85 %", "85.50 %", "85.00 to 86.00", "not timed", "11.9")
    assert rows["60 s, AVX512"][3] == "59.0 s"
    assert rows["60 s, AVX2 only"][2] == "one run"
    assert rows["200 TFLOP"][1] == "not run yet"


def test_the_ladders_goal_comes_first():
    rungs = [{"runs": [run(90, 54.0)]}, {"runs": [run(3, 55.0, tflop=0.26)]}]
    rows = records.goal_rows({**SMALL, "ladder": {"mark": 54.4, "rungs": rungs}})
    assert rows[0] == (
        "to 54.4 % accuracy",
        "30 times faster",
        "30.0 times",
        "55.00 %, one run",
        "3.0 s",
        "0.3",
    )


def test_commands_come_with_settings_and_machine():
    lines = records.commands(SMALL)
    assert lines[0] == "python -m one"
    assert "ATEN_CPU_CAPABILITY=avx2 python -m two" in lines
    assert lines[1].strip() == "A CPU AVX2, 1 thread, fp32"  # by work: its speed means nothing
    assert lines[3].strip() == "A CPU AVX2, 2 threads, fp32, 50% of the best convolution alone"


def test_curves_are_in_the_order_of_time():
    assert records.curves(SMALL) == {
        "this book, AVX512": [(59, 84.0), (181, 88.0)],
        "this book, AVX2": [(60, 80.0)],
        "LeNet": [(61, 60.0)],
    }


def test_of_a_search_the_best_and_the_worst_are_shown():
    def tried(tflop, *found):
        return [
            {"tflop": tflop, "accuracy": a, "changes": f"x={a} {records.GROWING}"} for a in found
        ]

    rows = records.search_rows(
        {
            "search": {"tried": tried(12.0, 81, 84, 82)},
            "search_again": {"tried": [*tried(12.0, 80, 83), *tried(3.0, 70, 71)]},
            "ladder": {},
        },
        best=2,
    )
    assert [row[:3] for row in rows] == [
        ("3", "1", "71.00 %"),
        ("3", "1", "70.00 %"),
        ("12", "1", "84.00 %"),
        ("12", "1", "83.00 %"),
        (
            "12",
            "",
            "(2 between)",
        ),
        ("12", "1", "80.00 %"),
    ]
    assert rows[0][3] == "x=71 growing"
    assert {len(row) for row in rows} == {4}


def test_a_record_is_read_by_its_name(tmp_path):
    (tmp_path / "tflop_12.json").write_text(json.dumps(SMALL["tflop_12"]), encoding="utf-8")
    assert records.read(tmp_path) == {"tflop_12": SMALL["tflop_12"]}


@pytest.mark.parametrize("name", [name for name in RECORDS if name.startswith("tflop")])
def test_the_recipe_of_a_record_is_still_the_one_for_that_work(name):
    for found in RECORDS[name]["runs"]:
        assert recipe_of(found["recipe"]) == for_work(found["budget"])
        assert found["tflop"] == pytest.approx(found["budget"], rel=0.01)


def test_the_table_behind_target_is_that_of_the_records():
    names = "tflop_12", "tflop_50", "tflop_200"
    measured = [RECORDS[name]["runs"] for name in names]
    assert (
        tuple(
            (round(records.mean(runs, "tflop")), round(records.mean(runs, "accuracy"), 1))
            for runs in measured
        )
        == ACCURACY_BY_WORK
    )


def test_the_rungs_of_the_record_are_still_those_of_the_ladder():
    found = {rung["rung"]: recipe_of(rung["recipe"]) for rung in RECORDS["ladder"]["rungs"]}
    assert found == ladder.rungs()


def test_budgets_were_kept_and_judged_once_by_the_test_pictures():
    timed = [r for name, r in RECORDS.items() if name.startswith(("seconds", "bf16", "avx2"))]
    assert timed
    for record in timed:
        for found in record["runs"]:
            assert found["seconds"] == pytest.approx(found["budget"], rel=0.05)
            assert found["judged_on"] == "test"
            assert found["pictures_are_real"]
