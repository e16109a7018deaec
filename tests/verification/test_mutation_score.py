"""Corrupted outputs of the real pages are caught: a sample of ``python -m tests.studies.mutation_score``."""

import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import islice

import pytest

from helpers import pages
from tests.studies import mutations
from tests.studies.mutation_score import KINDS, score, table, trials

TEXTS, PICTURES = 12, 2  # that a reader would notice, of each kind and page
SEED = 1


@pytest.fixture(scope="module")
def sample():
    """The verdicts on a sample: ``[(trial, 'caught' or 'missed'), ...]``."""
    made = defaultdict(list)
    for page in pages.all_pages():
        for trial in trials(page):
            made[trial.kind, trial.page].append(trial)
    choose = random.Random(SEED)
    found = []
    for (kind, _), group in made.items():
        verdicts = ((trial, trial.verdict()) for trial in choose.sample(group, len(group)))
        counted = (pair for pair in verdicts if pair[1] in ("caught", "missed"))
        found += islice(counted, PICTURES if kind in mutations.PICTURES else TEXTS)
    return found


def test_the_sample_has_every_kind_and_every_page(sample):
    assert {trial.kind for trial, _ in sample} == set(KINDS)
    assert {trial.page for trial, _ in sample} == {page.name for page in pages.all_pages()}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in mutations.PICTURES])
def test_each_corrupted_text_and_list_of_outputs_is_caught(sample, kind):
    missed = [trial for trial, verdict in sample if trial.kind == kind and verdict == "missed"]
    assert not missed, [(trial.page, trial.cell, trial.what) for trial in missed]


def test_of_all_at_least_99_per_cent_are_caught(sample):
    counts = Counter(verdict for _, verdict in sample)
    printed = table(Counter((trial.kind, verdict) for trial, verdict in sample), "kind")
    assert score((counts["caught"], counts["missed"])) >= 99, printed


@pytest.mark.skipif(sys.platform != "linux", reason="runs the cells in forked copies of a process")
def test_a_changed_constant_changes_an_output_of_page_07():
    """A few of the changes that ``python -m tests.studies.source_mutations`` makes in a page's source."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.studies.source_mutations", "07", "--sample", "40"],
        cwd=pages.NOTEBOOKS.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    seen, counted = map(int, re.search(r"(\d+) of (\d+) changes seen", done.stdout).groups())
    assert counted > 30, done.stdout
    assert seen >= 0.75 * counted, (
        done.stdout
    )  # the others are listed, and may be so: x > 5 is x > 6
