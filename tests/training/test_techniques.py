"""The ablation of page 07: its recipes, its record, and the lines that the page prints of it; with small nets."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from helpers.training import techniques
from helpers.training.__main__ import main
from helpers.training.loop import flops_of_step
from helpers.training.recipe import LESSON


def test_each_technique_changes_the_recipe_and_the_last_is_the_books():
    trainings = techniques.studies()["added"].trainings
    recipes = [recipe for recipe, _ in trainings.values()]
    assert len(set(recipes)) == len(recipes) == 8
    assert recipes[-1] == LESSON
    changed = {
        "whitened first layer": {"whiten"},
        "faster biases": {"bias_lr_factor"},
        "Muon": {"muon_lr"},
        "small images first": {"resolutions"},
        "label smoothing": {"label_smoothing"},
    }
    for (before, (one, _)), (name, (other, _)) in pairwise(trainings.items()):
        differ = {key for key in vars(one) if vars(one)[key] != vars(other)[key]}
        assert differ == changed.get(name, differ), before


def test_more_small_images_are_as_much_work():
    trainings = techniques.studies()["added"].trainings
    (full, seen), (small, seen_small) = trainings["Muon"], trainings["small images first"]
    work = flops_of_step(full, 64, 32) * seen
    shares = ((20, 0.3), (26, 0.3), (32, 0.4))
    small_work = sum(flops_of_step(small, 64, size) * share for size, share in shares)
    assert small_work * seen_small == pytest.approx(work, rel=0.02)


def test_an_ablation_is_written(small, monkeypatch, tmp_path):
    other = replace(small, base_lr=0.2)
    studies = {
        "added": techniques.Study({"first": (small, 64), "second": (other, 128)}, None),
        "augmentation": techniques.Study({"third": (small, 96)}, 32),
    }
    monkeypatch.setattr(techniques, "studies", lambda: studies)
    out = tmp_path / "x.json"
    assert main(["techniques", "--runs", "2", "--threads", "1", "--out", str(out)]) == 0
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["command"].startswith("python -m helpers.training techniques --runs 2")
    assert [entry["technique"] for entry in record["added"]] == ["first", "second"]
    assert [entry["seen"] for entry in record["added"] + record["augmentation"]] == [64, 128, 96]
    first, second = (entry["runs"] for entry in record["added"])
    assert [run["seed"] for run in first] == [0, 1]
    assert second[0]["tflop"] == pytest.approx(2 * first[0]["tflop"], abs=0.002)
    assert all(0 <= run["accuracy"] <= 100 for run in first + second)


def entries(*accuracies):
    return [
        {
            "technique": f"technique {n}",
            "runs": [{"accuracy": a} for a in each],
        }
        for n, each in enumerate(accuracies)
    ]


def test_a_gain_is_printed_with_its_spread(capsys):
    techniques.print_gain(entries([50.0, 52.0], [53.0, 56.0]), "technique 1")
    assert capsys.readouterr().out.splitlines() == [
        "technique 1: +3.5 points",
        "    51.0 % (50.0 to 52.0) -> 54.5 % (53.0 to 56.0), 2 seeds",
    ]


@pytest.mark.parametrize("name", ["technique 0", "unknown"])
def test_a_technique_without_one_before_it_is_refused(name):
    with pytest.raises(ValueError, match="is none of technique 1"):
        techniques.print_gain(entries([1.0], [2.0]), name)
