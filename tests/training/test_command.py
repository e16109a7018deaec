"""The command: what it prints and writes, how it is interrupted and goes on, what it refuses; on drawn images."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from helpers import data
from helpers.training import __main__ as command
from helpers.training import batches, checkpoints, evaluation, loop, results
from helpers.training.choice import Choice, Prospect
from helpers.training.recipe import Recipe, recipe_of
from tests.support.small_training import SMALL
from tests.support.small_training import __file__ as PROGRAM

NET = "widths=4,8 depths=1,2 pools=True,True stem_filters=4 batch_size=32 muon_lr=0.0 warmup=0.2"
NET += " label_smoothing=0.2 resolutions=((32,1.0),) flip_equivariant=False flip=True translate=2"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where checkpoints are kept by default."""
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


@pytest.fixture
def run(folder, images, monkeypatch, capsys):
    """Runs the program on small images: exit status and what it printed."""
    monkeypatch.setattr(batches, "load", lambda validation: images)
    monkeypatch.setattr(data, "origin", lambda: "small images")
    monkeypatch.setattr(data, "is_real", lambda: False)

    def run(*arguments, small=True):
        always = ["--device", "cpu", "--precision", "fp32", *(["--set", *NET.split()] * small)]
        status = command.main([*map(str, arguments), *always])
        return status, capsys.readouterr()

    return run


NUMBER = r"\d+\.\d"
LAST = (
    rf"used {NUMBER} s, {NUMBER} TFLOP, with test-time augmentation {NUMBER}\d %, "
    rf"test accuracy {NUMBER}\d %"
)


def test_the_last_line(run):
    status, said = run("--budget", "0.3s")
    assert status == 0
    assert re.fullmatch(rf"budget 0\.3 s: {LAST}", said.out.splitlines()[-1])
    assert re.search(r"GFLOP/s, \d+ % of the \d+ of the best 3x3 convolution", said.out)
    assert "%|" not in said.out + said.err  # no bar: it is no terminal


def test_what_is_chosen_for_a_time_is_explained_predicted_and_recorded(run, monkeypatch, tmp_path):
    prospects = (Prospect(SMALL, 0.004, 3.2, 71.26), Prospect(Recipe(), 0.1, 0.5, 30.0))
    choice = Choice(SMALL, "fp32", 1e9, prospects)
    monkeypatch.setattr("helpers.training.run.choose", lambda *_: choice)
    status, said = run("--budget", "0.2s", "--explain", small=False)
    assert status == 0
    head, _, first, second = said.out.splitlines()
    assert head == "0.2 s in fp32, the best first:"
    assert first.split() == ["4-8", "1-2", "32", "4.0", "3.2", "71.3", "%"]
    assert second.split()[0] == "32-64-128"
    out = tmp_path / "result.json"
    status, said = run("--budget", "0.2s", "--out", out, small=False)
    (result,) = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert result["predicted_accuracy"] == 71.26
    assert f"predicted 71.3 %, reached {result['accuracy']:.1f} %" in said.out
    assert recipe_of(result["recipe"]) == SMALL


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("--tflop 1", "give it --budget, "),
        ("--target 80", "give it --budget, "),
        ("--set base_lr=0.1", "leave out --set"),
        ("--resume --runs 3", "leave out --resume, --runs"),
    ],
)
def test_explain_is_for_a_choice_by_time(run, capsys, more, says):
    with pytest.raises(SystemExit) as ended:
        run("--explain", *more.split(), small=False)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_several_runs_and_their_results(run, tmp_path, folder):
    out = tmp_path / "results.json"
    status, said = run("run", "--epochs", 1, "--runs", 3, "--seed", 5, "--out", out)
    assert status == 0
    last = re.fullmatch(
        rf"budget 1 epochs: {LAST} \(mean of 3 runs, standard deviation (\S+), smallest (\S+)\)",
        said.out.splitlines()[-1],
    )
    written = json.loads(out.read_text(encoding="utf-8"))
    runs = written["runs"]
    assert [one["seed"] for one in runs] == [5, 6, 7]
    assert len({one["losses"][0] for one in runs}) == 3
    assert float(last[2]) == pytest.approx(min(one["accuracy"] for one in runs), abs=0.006)
    for one in runs:
        assert one["split"] == "test"
        assert one["pictures_are_real"] is False
        assert len(one["losses"]) == len(one["seconds_at"]) == one["steps"] == 8
        assert set(one["versions"]) == {"python", "torch", "torchvision"}
        assert {"cpu", "threads", "precision", "tflop", "accuracy_tta"} <= one.keys()
        assert recipe_of(one["recipe"]) == SMALL
        best = one["best_convolution_flop_per_second"]
        assert one["efficiency"] == pytest.approx(one["flop_per_second"] / best)
    assert written["command"].startswith("python -m helpers.training --epochs 1 --runs 3")
    assert not list(folder.iterdir())  # its own checkpoint is gone, and the lock


def test_a_target_is_work(run, monkeypatch):
    monkeypatch.setattr("helpers.training.run.work_for", lambda accuracy, device: accuracy * 1e-6)
    status, said = run("--target", 94)
    assert status == 0
    assert re.search(r"^target 94 %: (reached|missed)$", said.out, re.MULTILINE)
    assert said.out.splitlines()[-1].startswith("budget 9.4e-05 TFLOP: ")


# --- interrupted


def interrupt(monkeypatch, module, name, call, number=signal.SIGINT):
    """Let this process get a signal in the n-th call of a function."""
    real, calls = getattr(module, name), iter(range(1000))

    def interrupted(*arguments, **how):
        if next(calls) == call:
            signal.raise_signal(number)
        return real(*arguments, **how)

    monkeypatch.setattr(module, name, interrupted)


@pytest.fixture
def interrupted_run(run, monkeypatch):
    """Runs the program on small images and interrupts it in its fourth step."""

    def interrupted_run(*arguments):
        with monkeypatch.context() as patched:
            interrupt(patched, loop, "training_step", 3)
            assert run("--epochs", 1, *arguments)[0] == 130

    return interrupted_run


@pytest.mark.parametrize("at", [("training_step", 3), ("training_step", 11), ("evaluate", 1)])
def test_an_interrupted_series_goes_on_as_it_was_asked_for(run, tmp_path, monkeypatch, folder, at):
    out, other = tmp_path / "results.json", tmp_path / "other.json"
    series = ("--epochs", 1, "--runs", 2, "--seed", 4, "--out", out)
    status, said = run(*series)
    assert status == 0, said
    expected = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()
    name, call = at
    interrupt(monkeypatch, results if name == "evaluate" else loop, name, call)
    status, said = run(*series)
    assert status == 130
    (kept,) = folder.glob("*.pt")
    assert said.out.splitlines()[-1].endswith(f"--resume {kept} goes on.")
    again = tmp_path / "again.pt"
    again.write_bytes(kept.read_bytes())
    for arguments, path in ((["--resume"], out), (["--resume", again, "--out", other], other)):
        assert run(*arguments, small=False)[0] == 0
        written = json.loads(path.read_text(encoding="utf-8"))
        assert written["command"] == expected["command"]
        for one, wanted in zip(written["runs"], expected["runs"], strict=True):
            for name in ("recipe", "precision", "seed", "losses", "accuracy"):
                assert one[name] == wanted[name]
    assert not list(folder.glob("*.pt"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_evaluation_at_once(run, monkeypatch, number):
    interrupt(monkeypatch, evaluation, "normalize", 0, number)
    status, said = run("--epochs", 1, small=True)
    assert status == 130
    assert re.search(r"^Stopped\. --resume .*\.pt goes on\.$", said.out, re.MULTILINE)


def test_a_training_neither_takes_nor_removes_the_checkpoint_of_another(
    run, interrupted_run, monkeypatch, folder
):
    interrupted_run()
    (kept,) = folder.glob("*.pt")
    before = kept.read_bytes()
    monkeypatch.setattr(checkpoints, "job", lambda: "another")
    assert run("--epochs", 0.5)[0] == 0
    assert kept.read_bytes() == before
    with checkpoints.owned(kept):  # as if that one still ran
        status, said = run("--resume", small=False)
        assert (status, said.err.count("\n")) == (1, 1)
        assert f"{kept.name}  written" in said.out
        assert "its training runs" in said.out
        assert "nothing to resume" in said.err
        status, said = run("--resume", kept, small=False)
        assert status == 1
        assert "belongs to a training that still runs" in said.err
    assert kept.read_bytes() == before


@pytest.mark.parametrize("content", [b"a letter", b""])
def test_a_file_of_another_kind_is_refused_as_checkpoint(run, tmp_path, content, capsys):
    path = tmp_path / "f.txt"
    path.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        run("--checkpoint", path)
    assert ended.value.code == 2
    assert "it is there already and is not replaced" in capsys.readouterr().err
    status, said = run("--resume", path, small=False)
    assert status == 1
    assert re.fullmatch(r"error: .* is damaged, or .*: start without --resume\.\n", said.err)
    assert path.read_bytes() == content


def test_a_state_that_the_command_did_not_keep_is_refused(run, interrupted_run, tmp_path):
    kept = tmp_path / "kept.pt"
    interrupted_run("--checkpoint", kept)
    state = checkpoints.read(kept)
    del state["series"]
    checkpoints.write(kept, state)
    status, said = run("--resume", kept, small=False)
    assert status == 1
    assert said.err.strip().endswith("was not kept by this command: start without --resume.")


# --- refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--tflop nan", "argument --tflop: 'nan' is not a number"),
        ("--epochs inf", "argument --epochs: 'inf' is not a number"),
        ("--epochs -1", "argument --epochs: '-1' is not a number"),
        ("--budget 0s", "argument --budget: '0s' is not a time such as 60s or 10min"),
        ("--budget soon", "argument --budget: 'soon' is not a time"),
        ("--target 99", "argument --target: '99' is not a number from 10 to 97"),
        ("--runs 0", "argument --runs: '0' is not a whole number from 1"),
        ("--threads -1", "argument --threads: '-1' is not a whole number from 1"),
        ("--seed -1", "argument --seed: '-1' is not a whole number from 0"),
        ("--checkpoint-every 0", "argument --checkpoint-every: '0' is not a number"),
        ("--out .", "argument --out: . is a folder: name a file in it."),
        ("--out none/x.json", "argument --out: none/x.json cannot be written: there is no folder"),
        ("baseline", "unrecognized arguments: baseline"),
        ("--set size=3", "size=3: a recipe has base_lr, batch_size"),
        ("--set base_lr=fast", "base_lr is a float, like 0.4"),
        ("--set base_lr=nan", "base_lr is a float, like 0.4"),
        ("--set base_lr=-1", "base_lr is at least 0"),
        ("--set batch_size=0", "batch_size is at least 2"),
        ("--set pools=1,2,3", "pools is a tuple, like (False, True, True)"),
        ("--set net=foo", "net is one of fast, lenet"),
        ("--set schedule=steps", "schedule is one of triangle"),
        ("--set resolutions=((4,1.0),)", "resolutions are 8 to 64 pixels"),
        ("--set resolutions=()", "resolutions are 8 to 64 pixels"),
        ("--set stem_filters=50", "a stem of size 4 has at most 48 filters"),
        ("--set widths=16,", "this recipe cannot be trained: "),
        ("--set stem_size=100", "this recipe cannot be trained: "),
        ("baselines --only nobody", "there is no 'nobody'"),
        ("baselines --set rate=1", "rate=1: a recipe has"),
        ("ablation --runs 0", "argument --runs: '0' is not a whole number from 1"),
        ("profile --out .", "argument --out: . is a folder"),
        ("search --set skip=True", "arguments --tflop --budget --epochs is required"),
        ("search --tflop 1", "required: --set"),
        ("search --tflop 1 --set skip=True --set widths=x", "widths is a tuple"),
        ("search --tflop 1 --set skip=True --runs 0", "argument --runs: '0' is no"),
    ],
)
def test_nonsense_is_refused_in_one_sentence_before_data_are_loaded(
    monkeypatch, capsys, folder, arguments, says
):
    monkeypatch.setattr(batches, "load", lambda validation: pytest.fail("data were loaded"))
    with pytest.raises(SystemExit) as ended:
        command.main(arguments.split())
    assert ended.value.code == 2
    usage, sentence = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: python -m helpers.training")
    assert says in sentence


def test_a_loss_that_is_not_finite_ends_the_command_and_is_not_saved(run, tmp_path, folder):
    recipe = ["--set", *NET.split(), "base_lr=1e30"]
    status, said = run("--epochs", 1, "--out", tmp_path / "x.json", *recipe, small=False)
    assert status == 1
    assert re.fullmatch(r"error: The loss of step \d+ is not a finite number: .*\n", said.err)
    assert not (tmp_path / "x.json").exists()
    assert not list(folder.iterdir())


def test_json_stays_valid(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write_results(tmp_path / "x.json", {"loss": float("nan")}, [])
    assert not list(tmp_path.iterdir())


def test_times_are_read():
    texts = ("60s", "90", "10min", "1.5 s")
    assert [command.seconds_of(text) for text in texts] == [60, 90, 600, 1.5]


# --- as a process


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_leaves_a_checkpoint_and_a_line(tmp_path):
    kept = tmp_path / "kept.pt"
    arguments = ["--epochs", "1e6", "--checkpoint", kept, "--checkpoint-every", "0.2"]
    with subprocess.Popen(
        [sys.executable, PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GOMP_SPINCOUNT": "30000"},
    ) as started:
        latest = time.monotonic() + 120
        while not kept.exists() and started.poll() is None and time.monotonic() < latest:
            time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    line = rf"Stopped after \d+ s, at 0 % of 1e\+06 epochs\. --resume {kept} goes on\."
    assert re.fullmatch(line, out.splitlines()[-1])
    assert not err
    assert checkpoints.read(kept)["steps"] > 0


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback():
    started = subprocess.Popen(
        [sys.executable, PROGRAM, "--epochs", "0.5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    started.stdout.close()
    assert not started.stderr.read()
    assert started.wait(timeout=60) == 1


HELP = """
import sys
from helpers.training.__main__ import COMMANDS, main
for name in COMMANDS:
    try:
        main([name, "--help"])
    except SystemExit as end:
        assert end.code == 0
assert "torch" not in sys.modules
"""


def test_help_is_fast_and_lists_what_there_is():
    program = [sys.executable, "-c", HELP]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    first = said.partition("usage: python -m helpers.training baselines")[0]
    words = set(re.findall(r"(?:--)?[a-z]+", first))
    assert {"baselines", "ablation", "profile", "--resume", "--budget"} <= words
