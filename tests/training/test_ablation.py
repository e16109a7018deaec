"""The ablation and the profile of page 07: the search for the fewest epochs, the table, the groups; with small nets."""

import json
from dataclasses import replace

import pytest

from helpers.training import ablation, profile
from helpers.training.__main__ import main
from helpers.training.recipe import SPRINT

TARGET = ablation.TARGET


@pytest.mark.parametrize("least", [*ablation.EPOCHS, 0.3, 1.9])
def test_the_fewest_epochs_are_found(least):
    tried = []

    def accuracy(epochs):
        tried.append(epochs)
        return TARGET + epochs - least

    epochs, reached = ablation.fewest_epochs(accuracy)
    assert epochs == min(e for e in ablation.EPOCHS if e >= least)
    assert reached == TARGET + epochs - least
    assert len(tried) <= 5
    assert len(set(tried)) == len(tried)


def test_without_enough_epochs_the_most_are_taken():
    assert ablation.fewest_epochs(lambda epochs: TARGET - 3 + epochs) == (2.0, TARGET - 1)


def test_each_variant_changes_something_and_the_last_is_the_books_recipe():
    variants = ablation.variants("bf16")
    assert len({(recipe, precision) for _, recipe, precision in variants}) == len(variants) == 10
    assert variants[-1].recipe == SPRINT
    assert [variant.recipe.dataloader for variant in variants] == [True] + [False] * 9
    assert [variant.precision for variant in variants] == ["fp32"] * 9 + ["bf16"]


def test_where_fp32_is_the_fastest_there_is_no_variant_for_it():
    assert ablation.variants("fp32") == ablation.variants("bf16")[:-1]


def test_an_ablation_is_written_and_printed(small, monkeypatch, tmp_path, capsys):
    tried = [
        ablation.Variant("first", small),
        ablation.Variant("second", replace(small, base_lr=0.2), "bf16"),
    ]
    monkeypatch.setattr(ablation, "variants", lambda fastest: tried)
    monkeypatch.setattr(ablation, "TARGET", 0.0)
    monkeypatch.setattr(ablation, "EPOCHS", (0.5, 1.0))
    assert main(["ablation", "--runs", "2", "--out", str(tmp_path / "x.json")]) == 0
    record = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("python -m helpers.training ablation --runs 2 --out")
    variants = record["variants"]
    assert [entry["variant"] for entry in variants] == ["first", "second"]
    assert [entry["precision"] for entry in variants] == ["fp32", "bf16"]
    assert [[run["seed"] for run in entry["runs"]] for entry in variants] == [[0, 1], [0, 1]]
    assert [entry["epochs"] for entry in variants] == [0.5, 0.5]
    assert all(0 < entry["validation_accuracy"] < 100 for entry in variants)
    assert capsys.readouterr().out.splitlines()[-1].startswith("second")


def entry(name, seconds, validation_accuracy=TARGET):
    run = {"seconds": seconds, "tflop": 1.0, "accuracy": 50.0}
    validation = {"validation_accuracy": validation_accuracy}
    return {"variant": name, "epochs": 2.0, "runs": [run, run], **validation}


def test_the_table_compares_with_the_first_variant():
    _, first, second = ablation.lines([entry("slow", 10.0), entry("fast", 2.5)])
    assert first.split() == ["slow", "2", "10.00", "1.0", "1.00", "50.00", "%"]
    assert second.split() == ["fast", "2", "2.50", "4.0", "1.00", "50.00", "%"]


def test_the_table_says_which_variants_did_not_reach_the_target():
    reached = (None, TARGET - 0.25, TARGET)
    _, *lines = ablation.lines([entry("any", 8.0, accuracy) for accuracy in reached])
    assert lines[0].endswith("50.00 %, epochs not searched for")
    assert lines[1].endswith(f"50.00 %, not reached: {TARGET - 0.25:.2f} % validation")
    assert lines[2].endswith("50.00 %")


GROUPS = {
    "aten::convolution_backward": "convolution",
    "aten::native_batch_norm_backward": "normalization",
    "aten::gelu_backward": "activation",
    "aten::max_pool2d_with_indices": "pooling",
    "Optimizer.step#Muon.step": "optimizer",
    "aten::_foreach_add_": "optimizer",
    "aten::index": "data",
    "aten::fill_": "the rest",
}


def test_operations_are_grouped():
    assert {operation: profile.group_of(operation) for operation in GROUPS} == GROUPS


def test_time_shares_add_up(small, monkeypatch):
    monkeypatch.setattr(profile, "for_work", lambda device: small)
    shares = profile.time_shares(steps=4)
    assert sum(shares.values()) == pytest.approx(100, abs=0.5)
    assert shares["convolution"] > 0


def test_a_profile_is_written_as_its_page_reads_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        profile, "time_shares", lambda device: {"convolution": 60.0, "the rest": 40.0}
    )
    monkeypatch.setattr(profile, "compilation", lambda device: {"plain": 0.1, "compiled": 0.2})
    assert main(["profile", "--compile", "--out", str(tmp_path / "x.json")]) == 0
    record = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("python -m helpers.training profile --compile --out")
    assert record["percent"] == {"convolution": 60.0, "the rest": 40.0}
    assert record["seconds_of_step"] == {"plain": 0.1, "compiled": 0.2}
    assert {"cpu", "cpu_capability"} <= record.keys()
