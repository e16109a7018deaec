"""The files at the top agree with each other: README, requirements.txt, environment.yml, .ci/run."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import environment, pages

BOOK = Path(__file__).resolve().parents[2]
README = (BOOK / "README.md").read_text(encoding="utf-8")


def block(n):
    command = [sys.executable, BOOK / ".ci/readme_commands.py", BOOK / "README.md", str(n)]
    return subprocess.check_output(command, text=True).splitlines()


def test_readme_opens_with_the_two_commands_that_ci_runs():
    assert block(1) == [
        "python3 -m venv .venv",
        ".venv/bin/pip install -r requirements.txt",
        ".venv/bin/pytest --nbval notebooks/",
    ]
    assert block(2) == [".venv/bin/pytest tests"]
    assert block(3) == [".venv/bin/jupyter lab notebooks/00_start_here.ipynb"]
    ci = (BOOK / ".ci/run").read_text(encoding="utf-8")
    assert "$(readme 1)" in ci and "$(readme 2)" in ci


PROJECT = tomllib.loads((BOOK / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (BOOK / "requirements.txt").read_text(encoding="utf-8")


def locked():
    """The locked releases that belong to this system and Python, by normalized name."""
    lines = map(Requirement, re.findall(r"^\w.*==.*$", LOCK, re.MULTILINE))
    here = [line for line in lines if line.marker is None or line.marker.evaluate()]
    return {canonicalize_name(r.name): next(iter(r.specifier)).version for r in here}


def test_the_lock_holds_each_direct_dependency_in_a_release_that_pyproject_allows():
    for dependency in map(Requirement, PROJECT["project"]["dependencies"]):
        assert dependency.specifier.contains(locked()[dependency.name]), dependency


def test_the_lock_is_complete():
    """Everything that a locked package needs is locked too, but for what torch's CUDA build alone needs."""
    left_out = set(PROJECT["tool"]["uv"]["pip"]["no-emit-package"])
    for name in locked():
        for need in map(Requirement, metadata.requires(name) or []):
            wanted = need.marker is None or need.marker.evaluate({"extra": ""})
            if wanted and canonicalize_name(need.name) not in left_out:
                version = locked().get(canonicalize_name(need.name))
                assert version, f"{name} needs {need}: see pyproject.toml for how to renew the lock"
                assert need.specifier.contains(version, prereleases=True), f"{name} needs {need}"


def test_a_lock_that_lacks_a_package_is_found(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "LOCK", LOCK.replace("\nidna==", "\n# idna=="))
    with pytest.raises(AssertionError, match="needs idna"):
        test_the_lock_is_complete()


def test_the_lock_was_made_by_the_command_that_pyproject_documents():
    command = PROJECT["tool"]["uv"]["pip"]["custom-compile-command"]
    assert f"#    {command}\n" in LOCK
    text = (BOOK / "pyproject.toml").read_text(encoding="utf-8")
    assert command.removesuffix(" --upgrade") in re.findall(r"^# .*: (uv .+)$", text, re.MULTILINE)


def test_each_direct_dependency_says_what_it_is_for():
    text = (BOOK / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    lines = [line for line in block.splitlines() if not line.strip().startswith("#")]
    assert len(lines) == len(PROJECT["project"]["dependencies"])
    for line in lines:
        assert re.search(r"# .+", line), line
    names = [Requirement(line).name for line in PROJECT["project"]["dependencies"]]
    assert environment.dependencies() == names


def test_environment_yml_uses_the_lock_with_torch_for_the_cpu():
    text = (BOOK / "environment.yml").read_text(encoding="utf-8")
    pins = environment.pins()
    assert re.findall(r"^      - (.+)$", text, re.MULTILINE) == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        f"torch=={pins['torch']}+cpu",
        f"torchvision=={pins['torchvision']}+cpu",
        "-r requirements.txt",
    ]


@pytest.mark.parametrize("package", ["torch", "torchvision"])
def test_readme_names_the_same_releases(package):
    assert set(re.findall(rf"\b{package}==([\d.]+)", README)) == {environment.pins()[package]}


def test_python_version_is_stated_once_and_for_all():
    major, minor = environment.PYTHON_AT_LEAST
    assert PROJECT["project"]["requires-python"] == f">={major}.{minor}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert f"Python {major}.{minor} or newer" in README


def test_nothing_else_lies_at_the_top():
    known = {"notebooks", "helpers", "tests", "environment.yml", "requirements.txt", "conftest.py"}
    known |= {"pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "data"}
    assert {p.name for p in BOOK.iterdir() if not p.name.startswith(".")} - {"__pycache__"} <= known


def test_readme_lists_every_page():
    for page in pages.all_pages():
        assert f"[{page.name}](notebooks/{page.path.name})" in README


def test_the_development_container_sets_up_the_same_environment():
    """Its keys are those that containers.dev describes; its packages are those of the README and environment.yml."""
    settings = json.loads((BOOK / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert set(settings) == {
        *("name", "image", "hostRequirements", "postCreateCommand", "forwardPorts"),
        *("portsAttributes", "customizations"),
    }
    pins = environment.pins()
    venv, torch, rest = settings["postCreateCommand"].split(" && ")
    assert [venv, rest] == block(1)[:2]
    assert torch in README
    assert f" torch=={pins['torch']} torchvision=={pins['torchvision']} " in torch
    python = re.search(r"- python=(\S+)", (BOOK / "environment.yml").read_text(encoding="utf-8"))
    assert settings["image"].endswith(f"/python:{python[1]}")
