"""What GitHub reads: the workflow, and the forms for issues, by their published schemas."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers import environment
from helpers.book import launch
from helpers.data import files as cifar10_files

BOOK = Path(__file__).resolve().parents[2]
GITHUB = BOOK / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
FORMS = sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml"))
WORKFLOW = (GITHUB / "workflows/book.yml").read_text(encoding="utf-8")


def check(path, like):
    """Validate a file by the schema of another."""
    schema = "vendor.github-workflows"
    if like.suffix == ".cff":
        schema = "vendor.citation-file-format"
    elif like not in WORKFLOWS:
        schema = f"vendor.github-issue-{'config' if like.stem == 'config' else 'forms'}"
    command = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def schemas():
    if not find_spec("check_jsonschema"):
        pytest.skip("check-jsonschema is missing: pip install -r .ci/requirements.txt")


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [*WORKFLOWS, *FORMS, BOOK / "CITATION.cff"], ids=lambda path: path.stem
)
def test_a_file_is_as_github_wants_it(schemas, path):
    done = check(path, path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("workflows/book.yml", "runs-on:", "run-on:"),
        ("ISSUE_TEMPLATE/idea.yml", "type: textarea", "type: text"),
    ],
)
def test_a_wrong_file_is_refused(schemas, tmp_path, name, old, new):
    text = (GITHUB / name).read_text(encoding="utf-8")
    (tmp_path / "wrong.yml").write_text(text.replace(old, new), encoding="utf-8")
    assert check(tmp_path / "wrong.yml", GITHUB / name).returncode == 1


def test_every_job_has_a_timeout_and_none_may_write():
    jobs = re.split(r"^  (?=\w+:$)", WORKFLOW.partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]
    assert len(jobs) >= 2
    assert all("timeout-minutes:" in job for job in jobs)
    granted = re.findall(r"^ *permissions:\n((?: +\S+: \S+\n)+)", WORKFLOW, re.MULTILINE)
    assert granted == ["  contents: read\n"]


def test_the_cache_is_named_after_the_archive_and_shared_by_all_systems():
    steps = re.findall(r"path: data/(\S+)\n +key: \w+-(\w+)\n +(\S+: \S+)", WORKFLOW)
    official = cifar10_files.OFFICIAL.archive_sha256
    assert set(steps) == {(cifar10_files.ARCHIVE, official, "enableCrossOsArchive: true")}
    assert len(steps) == len(re.findall("actions/cache", WORKFLOW))


def test_the_oldest_python_is_among_those_tried():
    (versions,) = re.findall(r"^ +python: \[(.+)\]$", WORKFLOW, re.MULTILINE)
    tried = [tuple(map(int, version.strip('"').split("."))) for version in versions.split(", ")]
    assert min(tried) == environment.PYTHON_AT_LEAST < max(tried)


def test_forms_ask_for_reports_of_commands_that_exist():
    forms = "".join(path.read_text(encoding="utf-8") for path in FORMS)
    modules = set(re.findall(r"python -m ([\w.]+)", forms))
    assert modules and all(map(find_spec, modules))


def test_only_the_books_home_publishes_its_site():
    """The line that the workflow looks for is the one that launch writes."""
    workflow = (GITHUB / "workflows/site.yml").read_text(encoding="utf-8")
    settings = (BOOK / "pyproject.toml").read_text(encoding="utf-8")
    line = f'repository = "{launch.repository()}"'
    assert line in settings.splitlines()
    assert r'grep -qxF "repository = \"$GITHUB_REPOSITORY\"" pyproject.toml' in workflow
    assert workflow.count("if: steps.home.outputs.is_home") == 3
    assert "if: needs.build.outputs.is_home" in workflow
