"""The ladder and the profile of page 05: the search for the fewest passes, the table, the groups; with small nets."""

import json

import pytest
import torch

from helpers.data.stand_in import draw_shapes
from helpers.training import ablation as ladder
from helpers.training import loop as training
from helpers.training import profile as step_profile
from helpers.training.recipe import Recipe

SMALL = Recipe(widths=(4, 8), depths=(1, 2), pools=(True, True), stem_filters=4, batch=32)


@pytest.mark.parametrize("least", [*ladder.PASSES, 0.3, 1.9])
def test_the_fewest_passes_are_found(least):
    asked = []

    def accuracy(passes):
        asked.append(passes)
        return ladder.MARK + passes - least

    passes, found = ladder.fewest(accuracy)
    assert passes == min(p for p in ladder.PASSES if p >= least)
    assert found == ladder.MARK + passes - least
    assert len(asked) <= 5
    assert len(set(asked)) == len(asked)


def test_a_mark_that_no_passes_reach_is_noticed():
    assert ladder.fewest(lambda passes: ladder.MARK - 3 + passes) == (2.0, ladder.MARK - 1)


def test_each_rung_changes_something_and_the_last_is_the_books_recipe():
    recipes = list(ladder.rungs().values())
    assert len(set(recipes)) == len(recipes)
    assert recipes[-1] == training.for_work(0.25)
    assert recipes[0].loader
    assert not any(recipe.loader for recipe in recipes[1:])


@pytest.fixture
def small(monkeypatch):
    drawn, labels = map(torch.as_tensor, draw_shapes(320, seed=0))
    pictures = training.Pictures(drawn[:256], labels[:256], drawn[256:], labels[256:])
    monkeypatch.setattr(training, "load", lambda validation=False: pictures)
    monkeypatch.setattr(training, "best_precision", lambda device: "fp32")


def test_a_climb_is_written_and_printed(small, monkeypatch, tmp_path, capsys):
    rungs = {"first": SMALL, "second": Recipe(**{**SMALL.__dict__, "rate": 0.2})}
    monkeypatch.setattr(ladder, "rungs", lambda: rungs)
    monkeypatch.setattr(ladder, "MARK", 0.0)
    monkeypatch.setattr(ladder, "PASSES", (0.5, 1.0))
    monkeypatch.setattr("sys.argv", ["ladder.py", "--runs", "2", "--out", str(tmp_path / "x.json")])
    assert ladder.main() == 0
    found = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert [rung["rung"] for rung in found["rungs"]] == ["first", "second"]
    assert [len(rung["runs"]) for rung in found["rungs"]] == [2, 2]
    assert [rung["passes"] for rung in found["rungs"]] == [0.5, 0.5]
    assert all(0 < rung["held_out"] < 100 for rung in found["rungs"])
    assert found["command"].startswith("python -m helpers.training.ablation --runs 2")
    assert capsys.readouterr().out.splitlines()[-1].startswith("second")


def test_the_table_compares_with_the_first_rung():
    _, first, second, said = ladder.lines([rung("slow", 8.0, 12.0), rung("fast", 2.0, 3.0)])
    assert first.split() == ["slow", "2", "10.00", "1.0", "1.00", "50.00", "%"]
    assert second.split() == ["fast", "2", "2.50", "4.0", "1.00", "50.00", "%"]
    assert said == "held-out accuracy: not recorded"


def rung(name, *seconds, **more):
    runs = [{"seconds": s, "tflop": 1.0, "accuracy": 50.0} for s in seconds]
    return {"rung": name, "passes": 2.0, "runs": runs, **more}


def test_the_table_says_which_rungs_did_not_reach_the_mark():
    _, first, second, third = ladder.lines(
        [
            rung("given", 8.0, held_out=None),
            rung("below", 4.0, held_out=ladder.MARK - 0.25),
            rung("there", 2.0, held_out=ladder.MARK),
        ]
    )
    assert first.endswith("50.00 %, passes not searched for")
    assert second.endswith(f"50.00 %, not reached: {ladder.MARK - 0.25:.2f} % held-out")
    assert third.endswith("50.00 %")


@pytest.mark.parametrize(
    ("operation", "group"),
    [
        ("aten::convolution_backward", "convolution"),
        ("aten::mkldnn_convolution", "convolution"),
        ("aten::native_batch_norm_backward", "normalisation"),
        ("aten::gelu_backward", "activation"),
        ("aten::max_pool2d_with_indices", "pooling"),
        ("Optimizer.step#Muon.step", "optimiser"),
        ("aten::_foreach_add_", "optimiser"),
        ("aten::index", "pictures"),
        ("aten::fill_", "the rest"),
    ],
)
def test_operations_are_grouped(operation, group):
    assert step_profile.group_of(operation) == group


def test_shares_add_up(small, monkeypatch):
    monkeypatch.setattr(step_profile, "for_work", lambda tflop: SMALL)
    found = step_profile.shares(steps=4)
    assert sum(found.values()) == pytest.approx(100, abs=0.5)
    assert found["convolution"] > 0
