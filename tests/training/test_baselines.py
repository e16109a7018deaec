"""The commands that train more than one recipe: other people's nets, and the search; with drawn images."""

import json
import math
from dataclasses import replace

import pytest

from helpers.training import batches, records
from helpers.training.__main__ import main
from helpers.training.baseline_nets import BASELINES, SHORT_BASELINES
from helpers.training.loop import Budget, TrainingConfig, train
from helpers.training.recipe import changed

TINY = ["widths=4,8", "depths=1,2", "pools=True,True", "stem_filters=4", "batch_size=32"]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_trains_a_step(small, name):
    recipe = replace(BASELINES[name], batch_size=4)
    trained = train(TrainingConfig(recipe, Budget(1e-6, "TFLOP")), batches.load())
    assert trained.steps >= 1
    assert math.isfinite(trained.losses[-1])


def test_for_epochs_a_baseline_is_as_published_and_else_as_searched(small, tmp_path):
    name, out = "LeNet, whole tensors", tmp_path / "x.json"
    for equal, lr in (("--tflop", 0.02), ("--epochs", 0.08)):
        options = [equal, "0.001", "--precision", "fp32", "--only", name, "--out", str(out)]
        assert main(["baselines", *options]) == 0
        (run,) = read(out)["baselines"][name]
        assert run["recipe"]["base_lr"] == lr


def test_the_classic_recipe_and_all_but_batch_and_lr_stay_as_published():
    assert SHORT_BASELINES["LeNet, classic recipe"] == BASELINES["LeNet, classic recipe"]
    for name, recipe in SHORT_BASELINES.items():
        published = BASELINES[name]
        assert published == replace(
            recipe, batch_size=published.batch_size, base_lr=published.base_lr
        )


def test_the_batches_that_page_17_names():
    published, short = BASELINES["airbench94"], SHORT_BASELINES["airbench94"]
    assert (published.batch_size, short.batch_size) == (1024, 128)
    assert SHORT_BASELINES["ResNet-9"].batch_size == SHORT_BASELINES["ResNet-18"].batch_size == 32
    (run,) = read(records.RECORDS / "baselines_60.json")["baselines"]["airbench94"]
    assert run["epochs"] * 50_000 / published.batch_size == pytest.approx(25, abs=1)


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


def test_with_only_the_other_nets_of_a_file_stay(small, tmp_path):
    out, lenet = tmp_path / "x.json", "LeNet, whole tensors"
    command = ["baselines", "--tflop", "0.0003", "--precision", "fp32", "--out", str(out), "--only"]
    assert main([*command, lenet]) == 0
    (first,) = read(out)["baselines"][lenet]
    assert main([*command, "this book"]) == 0
    baselines = read(out)["baselines"]
    assert list(baselines) == ["this book", lenet]
    assert baselines[lenet] == [first]


@pytest.mark.parametrize("content", ["[]", "no JSON", '{"runs": []}'])
def test_with_only_a_file_of_something_else_stays(content, small, tmp_path, capsys):
    out = tmp_path / "x.json"
    out.write_text(content, encoding="utf-8")
    command = ["baselines", "--tflop", "0.0003", "--precision", "fp32", "--only", "this book"]
    assert main([*command, "--out", str(out)]) == 1
    assert "name another file" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == content


def test_the_classic_recipe_is_written_as_its_page_reads_it(small, tmp_path, capsys):
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


def test_a_search_can_start_from_a_baseline(tmp_path, capsys):
    out, name = tmp_path / "rates.json", "LeNet, whole tensors"
    command = ["search", "--baseline", name, "--tflop", "0.0001", "--threads", "1"]
    assert main([*command, "--out", str(out), "--set", "base_lr=0.04"]) == 0
    record = read(out)
    (candidate,) = record["candidates"]
    assert (candidate["baseline"], candidate["changes"]) == (name, "base_lr=0.04")
    assert record["command"].startswith(
        "python -m helpers.training search --baseline NAME --tflop TFLOP"
    )


def test_a_search_refuses_a_baseline_that_there_is_not(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--baseline", "VGG", "--tflop", "1", "--set", "skip=True"])
    assert stopped.value.code == 2
    assert "'VGG' is none of LeNet, classic recipe; LeNet, whole tensors" in capsys.readouterr().err


SEARCHED = read(records.RECORDS / "baseline_rates.json")["candidates"]


@pytest.mark.parametrize("name", [*BASELINES][1:])
def test_batch_and_learning_rate_of_a_baseline_are_the_best_of_its_search(name):
    candidates = [each for each in SEARCHED if each["baseline"] == name]
    best = max(candidates, key=lambda candidate: candidate["accuracy"])
    assert len(candidates) >= 3
    assert {each["tflop"] for each in candidates} == {best["tflop"]}
    assert changed(BASELINES[name], best["changes"].split()) == SHORT_BASELINES[name]


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
