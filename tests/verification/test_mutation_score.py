"""Corrupted outputs of the real pages are caught: a sample of what tests/studies/mutation_score.py tries."""

import random
from collections import defaultdict
from itertools import islice

import pytest

from helpers import pages
from tests.studies.mutation_score import KINDS, trials

pytestmark = pytest.mark.slow

TEXTS, PICTURES = 12, 2  # that a reader would notice, of each kind and page
SEED = 1


@pytest.fixture(scope="module")
def sample():
    """The verdicts on a sample: ``[(trial, 'caught' or 'missed'), ...]``."""
    groups = defaultdict(list)
    for page in pages.all_pages():
        for trial in trials(page):
            groups[trial.kind, trial.page].append(trial)
    choose = random.Random(SEED)
    verdicts = []
    for group in groups.values():
        pairs = ((trial, trial.verdict()) for trial in choose.sample(group, len(group)))
        counted = (pair for pair in pairs if pair[1] in ("caught", "missed"))
        verdicts += islice(counted, PICTURES if group[0].what == "picture" else TEXTS)
    return verdicts


def test_the_sample_has_every_kind_and_every_page(sample):
    assert {trial.kind for trial, _ in sample} == set(KINDS)
    assert {trial.page for trial, _ in sample} == {page.name for page in pages.all_pages()}


def test_each_corrupted_text_and_list_of_outputs_and_99_per_cent_of_all_are_caught(sample):
    missed = [trial for trial, verdict in sample if verdict == "missed"]
    listed = [(trial.page, trial.cell, trial.kind, trial.what) for trial in missed]
    assert all(trial.what == "picture" for trial in missed), listed
    assert len(missed) <= 0.01 * len(sample), listed
