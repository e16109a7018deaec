"""The commands that train more than one recipe: other people's nets, and the search; with drawn images."""

import json
import math
from dataclasses import replace

import pytest

from helpers.training import batches
from helpers.training.__main__ import main
from helpers.training.baseline_nets import BASELINES, shrink
from helpers.training.loop import Budget, TrainingConfig, train

TINY = ["widths=4,8", "depths=1,2", "pools=True,True", "stem_filters=4", "batch_size=32"]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_trains_a_step(small, name):
    recipe = replace(BASELINES[name], batch_size=4)
    trained = train(TrainingConfig(recipe, Budget(1e-6, "TFLOP")), batches.load())
    assert trained.steps >= 1
    assert math.isfinite(trained.losses[-1])


def test_a_shrunk_recipe_makes_more_steps_at_a_smaller_lr():
    recipe = BASELINES["airbench94"]
    shrunk = shrink(recipe, 10_000)
    assert (shrunk.batch_size, shrunk.base_lr) == (64, 1.5 / 16)
    assert shrink(recipe, 1e7) == recipe
    assert shrink(recipe, 10).batch_size == 32


def test_the_table_of_baselines(small, tmp_path, capsys):
    nets = ["this book", "LeNet, classic recipe", "LeNet, whole tensors"]
    options = ["--tflop", "0.0003", "--runs", "2", "--precision", "fp32", "--only", *nets]
    assert main(["baselines", *options, "--out", str(tmp_path / "x.json")]) == 0
    table = capsys.readouterr().out.splitlines()[-4:]
    assert table[0].split() == ["accuracy", "std", "seconds", "TFLOP", "epochs", "batch"]
    assert [line[:24].strip() for line in table[1:]] == nets
    record = read(tmp_path / "x.json")
    assert record["command"].endswith(f"'LeNet, whole tensors' --out {tmp_path / 'x.json'}")
    assert [len(record["baselines"][name]) for name in nets] == [2, 2, 2]


def test_the_classic_recipe_is_written_as_page_04_reads_it(small, tmp_path, capsys):
    name = "LeNet, classic recipe"
    options = ["--only", name, "--epochs", "0.5", "--out", str(tmp_path / "x.json")]
    assert main(["baselines", *options]) == 0
    (run,) = read(tmp_path / "x.json")["baselines"][name]
    assert run.keys() >= {"seconds", "accuracy", "cpu", "threads"}
    assert (run["recipe"]["batch_size"], run["epochs"], run["budget_unit"]) == (4, 0.5, "epochs")


def test_a_search_adds_candidates_to_its_file(small, tmp_path, capsys):
    out = tmp_path / "search.json"
    command = ["search", "--tflop", "0.0001", "--threads", "1", "--out", str(out)]
    assert main([*command, "--set", *TINY, "--set", *TINY, "muon_lr=0.1"]) == 0
    assert main([*command, "--runs", "2", "--set", *TINY, "skip=True"]) == 0
    record = read(out)
    assert [c["changes"].split()[5:] for c in record["candidates"]] == [
        [],
        ["muon_lr=0.1"],
        ["skip=True"],
    ]
    assert [candidate["runs"] for candidate in record["candidates"]] == [1, 1, 2]
    assert all(0 < candidate["accuracy"] < 100 for candidate in record["candidates"])
    assert record["command"] == (
        "python -m helpers.training search --tflop TFLOP --runs RUNS --precision fp32 --threads 1 --set CHANGES"
    )


@pytest.mark.parametrize(("equal", "key"), [("--epochs", "epochs"), ("--budget", "seconds")])
def test_a_search_at_equal_epochs_or_seconds(small, tmp_path, capsys, equal, key):
    out = tmp_path / "search.json"
    assert main(["search", equal, "1", "--threads", "1", "--out", str(out), "--set", *TINY]) == 0
    (candidate,) = read(out)["candidates"]
    assert candidate[key] == 1
    assert candidate.keys() >= {"tflop", "epochs", "seconds", "accuracy", "runs", "changes"}
    assert f" {equal} {key.upper()} " in read(out)["command"]


@pytest.mark.parametrize("content", ["[]", "no JSON", '{"candidates": [], "cpu": "another"}'])
def test_a_search_does_not_write_over_something_else(content, small, tmp_path, capsys):
    out = tmp_path / "search.json"
    out.write_text(content, encoding="utf-8")
    assert main(["search", "--tflop", "1", "--out", str(out), "--set", "skip=True"]) == 1
    assert "name another file" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == content
