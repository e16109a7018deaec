"""The verification as a package: built as a wheel and installed, or copied to any depth, in a project of strangers.

Their folders, their kernel and their settings have other names than the book's.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import helpers.verification
from tests.support import small_book

PACKAGE = small_book.BOOK / "helpers" / "verification"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
SETTINGS = "[tool.verification]\nrtol = 0.01\ntiming = true\n"
KERNEL = {"kernelspec": {"name": "clinic-3.9", "language": "python", "display_name": "Clinic"}}
R = {"kernelspec": {"name": "ir", "display_name": "R"}, "language_info": {"name": "R"}}
BAND = {"verify": {"atol": 0.5, "rtol": 0, "reason": "an estimate"}}
CELLS = [  # source, what is stored, metadata
    ("from beside import NAME\nprint(NAME)", "the clinic\n", {}),
    ("print('mean', 0.6667)", "mean 0.6691\n", {}),
    ("print('took 12 ms')", "took 3.1 s\n", {}),
    ("print('mean', 10.4)", "mean 10.1\n", BAND),
    ("print('mean', 10.9)", "mean 10.1\n", BAND),
    ("print('3 patients')", "4 patients\n", {}),
]


def stored(cells, metadata):
    code = [
        new_code_cell(source, outputs=[new_output("stream", text=text)], metadata=about)
        for source, text, about in cells
    ]
    return new_notebook(cells=code, metadata=metadata)


def project(folder, settings=SETTINGS):
    """A project of strangers: notebooks three folders deep, one of them in another language."""
    deep = folder / "reports" / "2026" / "spring"
    deep.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    (deep / "beside.py").write_text("NAME = 'the clinic'\n", encoding="utf-8")
    small_book.write(stored(CELLS, KERNEL), deep / "visits.ipynb")
    small_book.write(stored([("summary(trees)", "a table\n", {})], R), deep / "trees.ipynb")
    return folder


def verify(python, folder, *options):
    """What ``pytest --nbval`` prints in a project, and its exit status."""
    command = [python, "-P", "-m", "pytest", "--nbval", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=small_book.environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout, done.returncode


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package, built from a copy of its folder."""
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, folder / "source", ignore=ignore)
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", "wheel", *offline, "-w", folder, folder / "source"]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of a fresh environment that holds the wheel, and sees the other packages of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    path = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = [path, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    Path(site, "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", path, "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_installed_from_a_wheel_it_verifies_the_notebooks_of_strangers(mode, python, tmp_path):
    folder = project(tmp_path / "clinic")
    ignored = "--ignore=reports/2026/spring/trees.ipynb"
    text, status = verify(python, folder, "-v", f"--import-mode={mode}", ignored)
    failed = set(re.findall(r"^FAILED .*::Cell (\d)", text, re.MULTILINE))
    assert (failed, status) == ({"4", "5"}, 1), text
    assert "expected 10.1, got 10.9: 0.8 apart, allowed 0.5: 1.6 times too far" in text
    summary = "cells compared in form: 6, of which 2 differ\n    4: [tool.verification]\n    2: an "
    assert summary in text


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    version = helpers.verification.__version__
    assert wheel.name == f"notebook_verification-{version}-py3-none-any.whl"
    command = [sys.executable, "-m", "zipfile", "-l", wheel]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = set(re.findall(r"^notebook_verification/(\S+)", listing, re.MULTILINE))
    modules = {path.name for path in PACKAGE.glob("*.py")}
    assert names == modules | {"html_report.html"}


@pytest.fixture
def copied(tmp_path):
    """The project with a copy of the package, as the README says."""
    settings = f'{SETTINGS}\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
    folder = project(tmp_path / "clinic", settings)
    line = re.search(r"^pytest_plugins = .*$", README, re.MULTILINE)[0]
    (folder / "conftest.py").write_text(f"{line}\n", encoding="utf-8")
    place = folder.joinpath(*re.search(r'"(.*)\.plugin"', line)[1].split("."))
    shutil.copytree(PACKAGE, place, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_another_language_is_refused_in_one_sentence(mode, copied):
    options = ["--collect-only", f"--import-mode={mode}"]
    text, status = verify(sys.executable, copied, *options)
    assert status == pytest.ExitCode.INTERRUPTED
    assert text.count("visits.ipynb::Cell") + text.count("<Cell Cell") == len(CELLS)
    path = "reports/2026/spring/trees.ipynb"
    lines = [line for line in text.splitlines() if "trees" in line and not line.startswith("E")]
    assert lines[1:] == [
        "trees.ipynb is written in R, and only Python notebooks can be verified: "
        f"leave it out with --ignore={path}"
    ], text
    text, status = verify(sys.executable, copied, *options, f"--ignore={path}")
    assert status == 0


@pytest.mark.slow
def test_a_kernel_that_is_not_there_is_named_in_one_sentence(copied):
    options = ["--nbval-kernel-name=clinic-3.9", "reports/2026/spring/visits.ipynb::Cell 0"]
    text, status = verify(sys.executable, copied, *options)
    assert status == 1
    says = "the kernel of visits.ipynb did not start: No such kernel named clinic-3.9"
    assert text.count(f"\n{says}\n") == 1


def test_a_wrong_setting_of_the_project_ends_the_run_with_one_message(copied):
    settings = (copied / "pyproject.toml").read_text(encoding="utf-8")
    wrong = settings.replace("rtol", "rtoll")
    (copied / "pyproject.toml").write_text(wrong, encoding="utf-8")
    text, status = verify(sys.executable, copied)
    assert status == pytest.ExitCode.USAGE_ERROR
    (line,) = text.strip().splitlines()
    assert line == (
        f"ERROR: [tool.verification] in {copied / 'pyproject.toml'} has an unknown name: rtoll "
        "(did you mean rtol?)"
    )


def test_an_older_python_is_told_so():
    code = "import sys; sys.version_info = (3, 10, 4); import helpers.verification"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=small_book.BOOK, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: the verification of notebooks needs Python 3.11 or newer; this is 3.10"
    )


def test_it_needs_what_the_book_needs_and_has_its_license():
    ours = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    book = tomllib.loads((small_book.BOOK / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(ours["dependencies"]) <= set(book["project"]["dependencies"])
    assert ours["requires-python"] == book["project"]["requires-python"]
    text = (PACKAGE / "LICENSE").read_text(encoding="utf-8")
    assert (small_book.BOOK / "LICENSE").read_text(encoding="utf-8").endswith(text)


def test_the_readme_names_every_entry_setting_and_option():
    names = set(re.findall(r'`"(\w+)"', README)) | set(re.findall(r', `"(\w+)"`', README))
    assert names == set(helpers.verification.Policy.__dataclass_fields__)
    (block,) = re.findall(r"^```toml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    asked = tomllib.loads(block)["tool"]["verification"]
    assert tuple(asked) == helpers.verification.policy.NAMES_OF_PROJECT
    command = [sys.executable, "-m", "pytest", "--help"]
    shown = subprocess.run(command, cwd=small_book.BOOK, capture_output=True, text=True, check=True)
    options = set(re.findall(r"--(?:nbval|html)[\w-]*", README))
    assert {option for option in options if option not in shown.stdout} == set()
    assert len(options) > 5
