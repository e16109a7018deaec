"""Binder: what the real repo2docker makes of environment.yml (the Dockerfile; nothing is built)."""

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.studies import launch_each_page, running

BOOK = Path(__file__).resolve().parents[2]
ENVIRONMENT = (BOOK / "environment.yml").read_text(encoding="utf-8")


def dockerfile(folder):
    """The Dockerfile for a folder and what is said besides; skips where there is no repo2docker."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which("repo2docker", path=places)
    if program is None:
        pytest.skip("repo2docker is missing: pip install jupyter-repo2docker")
    text = running.output(program, "--no-build", "--debug", folder, cwd=folder.parent)
    assert "\nFROM " in text, text
    return text


def test_environment_yml_is_all_that_binder_needs(tmp_path):
    launch_each_page.copy(tmp_path / "book")
    text = dockerfile(tmp_path / "book")
    wanted = re.search(r"- python=([\d.]+)", ENVIRONMENT)[1]
    assert f"Building conda environment for python={wanted}\n" in text
    assert re.search(r"env update -p \S+ --file \"environment\.yml\"", text)
    assert re.search(rf"environment-2epy-2d{wanted.replace('.', '-2e')}-2dlinux-2d64-2elock", text)
    for other in ("requirements.txt", "WARNING", "pip install", "apt.txt", "not supported"):
        assert other not in text
    project = tomllib.loads((BOOK / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = project["project"]["requires-python"].removeprefix(">=")
    assert tuple(map(int, wanted.split("."))) >= tuple(map(int, oldest.split(".")))
    (tmp_path / "book" / "environment.yml").unlink()  # then it would be another Dockerfile
    assert "env update" not in dockerfile(tmp_path / "book")


def test_nothing_else_configures_binder():
    """A folder of this name would make repo2docker look nowhere else."""
    assert not (BOOK / "binder").exists() and not (BOOK / ".binder").exists()
