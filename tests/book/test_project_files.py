"""The files at the top agree with each other: README, requirements.txt, environment.yml, .ci/run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import environment, pages

BOOK = Path(__file__).resolve().parents[2]
README = (BOOK / "README.md").read_text(encoding="utf-8")


def block(n):
    command = [
        sys.executable,
        str(BOOK / ".ci/readme_commands.py"),
        str(BOOK / "README.md"),
        str(n),
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


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


def test_environment_yml_has_the_pins_of_requirements():
    text = (BOOK / "environment.yml").read_text(encoding="utf-8")
    conda = dict(re.findall(r"^ +- ([\w-]+)==([\w.+]+)$", text, re.MULTILINE))
    assert {
        name: version.removesuffix("+cpu") for name, version in conda.items()
    } == environment.pins()
    assert conda["torch"].endswith("+cpu") and conda["torchvision"].endswith("+cpu")


def test_every_requirement_is_pinned_and_says_what_it_is_for():
    lines = (BOOK / "requirements.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    for line in packages:
        assert re.fullmatch(r"[\w-]+==[\w.]+ +# .+", line), line


@pytest.mark.parametrize("package", ["torch", "torchvision"])
def test_readme_names_the_same_releases(package):
    assert set(re.findall(rf"\b{package}==([\d.]+)", README)) == {environment.pins()[package]}


def test_python_version_is_stated_once_and_for_all():
    project = tomllib.loads((BOOK / "pyproject.toml").read_text(encoding="utf-8"))
    major, minor = environment.PYTHON_AT_LEAST
    assert project["project"]["requires-python"] == f">={major}.{minor}"
    assert project["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert f"Python {major}.{minor} or newer" in README


def test_nothing_else_lies_at_the_top():
    known = {"notebooks", "helpers", "tests", "environment.yml", "requirements.txt", "conftest.py"}
    known |= {"pyproject.toml", "README.md", "LICENSE", "data"}
    assert {p.name for p in BOOK.iterdir() if not p.name.startswith(".")} - {"__pycache__"} <= known


def test_readme_lists_every_page():
    for page in pages.all_pages():
        assert f"[{page.name}](notebooks/{page.path.name})" in README
