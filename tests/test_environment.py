"""The doctor: each check on a good machine and on a bad one."""

import ast
import inspect
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from helpers import environment as env

BOOK = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("check", "args", "state", "says"),
    [
        (env.check_python, [(3, 11, 0)], "OK", "3.11.0"),
        (env.check_python, [(4, 0, 0)], "OK", "4.0.0"),
        (env.check_python, [(3, 10, 9)], "FAIL", "3.10.9 is too old"),
        (env.check_python, [(2, 7, 18)], "FAIL", "Python 3.11 or newer"),
        (env.check_python, [(3, 12, 0), "darwin", "arm64"], "OK", "3.12.0"),
        (env.check_python, [(3, 12, 0), "linux", "x86_64"], "OK", "3.12.0"),
        (env.check_python, [(3, 12, 0), "darwin", "x86_64"], "FAIL", "Intel Macs"),
        (env.check_package, ["torch", "2.15.0", "2.15.0"], "OK", "2.15.0"),
        (env.check_package, ["torch", None, "2.15.0"], "FAIL", "pip install -r"),
        (env.check_package, ["torch", "2.9.0", "2.15.0"], "NOTE", "made with 2.15.0"),
        (env.check_pair, ["2.9.1", "0.24.1", "==2.9.1"], "OK", "fit each other"),
        (env.check_pair, ["2.15.0", "0.29.2", ">=2.14.0"], "OK", "fit each other"),
        (env.check_pair, ["2.15.0", "0.29.2", None], "OK", "fit each other"),
        (env.check_pair, ["2.10.0", "0.24.1", "==2.9.1"], "FAIL", "needs torch==2.9.1, this is"),
        (env.check_pair, ["2.9.0", "0.24.1", "==2.9.1"], "FAIL", "needs torch==2.9.1, this is"),
        (env.check_pair, ["2.9.1", "0.29.2", ">=2.14.0"], "FAIL", "needs torch>=2.14.0, this is"),
        (env.check_pair, ["2.15.0", None, None], "FAIL", "one is missing"),
        (env.check_pair, [None, "0.29.2", ">=2.14.0"], "FAIL", "one is missing"),
        (env.check_space, ["memory", 2e9, 2, "close programs"], "OK", "2.0 GB free"),
        (env.check_space, ["disk", 1.9e9, 2, "make room"], "NOTE", "1.9 GB free; .* make room"),
        (
            env.check_disk,
            [9e9, False, "linux"],
            "NOTE",
            "9.0 GB free; the setup with CUDA needs 9.5",
        ),
        (env.check_disk, [9e9, False, "darwin"], "OK", "9.0 GB free"),
        (env.check_disk, [9e9, True, "linux"], "OK", "9.0 GB free"),
        (env.check_disk, [1e8, True, "linux"], "NOTE", "0.1 GB free; the CIFAR-10 pages need 0.5"),
        (env.check_device, [], "OK", ""),
        (env.check_memory, [], "", "GB free"),
    ],
)
def test_a_check_finds(check, args, state, says):
    finding = check(*args)
    assert finding.state.startswith(state)
    assert re.search(says, finding.text)


@pytest.mark.parametrize("there", [True, False])
def test_colab_does_without_what_only_other_places_need(monkeypatch, there):
    monkeypatch.setattr(env, "installed", {"torch": "2.9.1", "torchvision": "0.24.1"}.get)
    monkeypatch.setattr(env, "check_import", lambda module: None)
    if there:
        monkeypatch.setitem(sys.modules, "google.colab", sys)
    findings = {finding.subject: finding for finding in env.findings()}
    for subject in ("jupyterlab", "other packages"):
        assert findings[subject].state == ("NOTE" if there else "FAIL")
        assert ("without" in findings[subject].text) == there
    assert findings["matplotlib"].state == "FAIL"  # no page runs without


def test_the_build_of_a_release_does_not_matter(monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda package: "2.15.0+cpu")
    assert env.installed("torch") == "2.15.0"


@pytest.mark.parametrize(
    ("needs", "wanted"),
    [
        (["numpy", "torch==2.9.1", "pillow"], "==2.9.1"),
        (["torch (==2.9.1)"], "==2.9.1"),
        (["torch (>=2.14.0)"], ">=2.14.0"),
        (["torch"], None),
        (["pytorch==1.0"], None),
        (None, None),
    ],
)
def test_torchvision_names_its_torch(monkeypatch, needs, wanted):
    monkeypatch.setattr(metadata, "requires", lambda package: needs)
    assert env.torch_wanted_by_torchvision() == wanted


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise OSError('libcudart.so: cannot open\\nmore')", "(libcudart.so: cannot open)"),
        ("raise RuntimeError", "(RuntimeError)"),
        ("import no_such_module", "No module named 'no_such_module'"),
    ],
)
def test_a_broken_import_is_told_in_one_line(monkeypatch, tmp_path, code, says):
    (tmp_path / "broken_package.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    line = str(env.check_import("broken_package"))
    assert line.startswith("[FAIL] broken_package: ") and says in line
    assert "\n" not in line


def test_the_kernel_is_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert "plain Python process" in env.check_kernel().text
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")
    assert env.check_kernel().state == "OK"
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setenv("VIRTUAL_ENV", "/an/environment")
    assert env.check_kernel().state == "NOTE"


@pytest.mark.parametrize("package", env.dependencies())
def test_each_package_the_book_uses_is_asked_for(monkeypatch, package):
    here = env.installed
    monkeypatch.setattr(env, "check_import", lambda module: None)
    monkeypatch.setattr(env, "installed", lambda name: None if name == package else here(name))
    faults = [str(finding) for finding in env.findings() if finding.state == "FAIL"]
    assert any(package in fault for fault in faults)


def test_an_old_python_can_run_it():
    ast.parse(inspect.getsource(env), feature_version=(3, 8))
    functions = [f for _, f in inspect.getmembers(env, inspect.isfunction)]
    assert all(isinstance(hint, str) for f in functions for hint in f.__annotations__.values())


def test_a_torch_that_cannot_be_imported_does_not_stop_the_report(monkeypatch, capsys):
    works = env.check_import
    broken = env.Finding("FAIL", "torch", "cannot be imported")
    monkeypatch.setattr(env, "check_import", lambda m: broken if m == "torch" else works(m))
    assert env.report() is False
    text = capsys.readouterr().out
    assert "[FAIL] torch: cannot be imported" in text
    assert "device:" not in text
    assert "disk:" in text


def run(*options, arguments=()):
    command = [sys.executable, *options, "-m", "helpers.environment", *arguments]
    return subprocess.run(command, cwd=BOOK, capture_output=True, text=True, check=False)


def test_as_a_command_it_ends_well_on_this_machine():
    result = run()
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith("Ready for the book.\n")
    assert result.stderr == ""


def test_as_a_command_it_fails_where_nothing_is_installed():
    result = run("-S")  # without site-packages
    assert result.returncode == 1
    assert "[FAIL] torch: not installed; run: pip install -r requirements.txt" in result.stdout
    assert result.stdout.count("\n[FAIL]") == 6  # four packages, the others, and the pair
    assert "Something is missing" in result.stdout
    assert result.stderr == ""


def test_a_python_of_no_environment_is_told_where_to_install(monkeypatch, tmp_path):
    for name in ("CONDA_PREFIX", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(env, "BOOK", tmp_path)
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")
    assert env.advice() == ""
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert "-m venv .venv, then write .venv" in env.advice()
    (tmp_path / ".venv").mkdir()
    assert "make one" not in env.advice()
    assert "pip for pip" in env.advice()


def test_help_only_helps_and_nonsense_is_refused():
    help = run(arguments=["--help"])
    assert help.returncode == 0 and "[OK]" not in help.stdout
    assert run(arguments=["--nonsense"]).returncode == 2
