"""Corrupted outputs of the real pages are caught: a sample of ``python -m tests.studies mutation-score``."""

import random
from collections import Counter, defaultdict
from itertools import islice

import pytest

from helpers import pages
from helpers.verification import Policy
from tests.studies import mutations
from tests.studies.mutation_score import (
    EXAMPLES,
    KINDS,
    MOST,
    TEXTS_AND_LISTS,
    examples,
    score,
    table,
    trials,
)
from tests.studies.picture_mutations import PICTURES

SOME_TEXTS, SOME_PICTURES = 12, 1  # that a reader would notice, of each kind and page
SEED = 1


@pytest.fixture(scope="module")
def sample():
    """The verdicts on a sample: ``[(trial, 'caught' or 'missed'), ...]``."""
    groups = defaultdict(list)
    for page in pages.all_pages():
        for trial in trials(page):
            groups[trial.kind, trial.page].append(trial)
    choose = random.Random(SEED)
    for trial in examples():
        groups[trial.kind, trial.page].append(trial)
    results = []
    for (kind, _), group in groups.items():
        verdicts = ((trial, trial.verdict()) for trial in choose.sample(group, len(group)))
        counted = (pair for pair in verdicts if pair[1] in ("caught", "missed"))
        results += islice(counted, SOME_TEXTS if kind in TEXTS_AND_LISTS else SOME_PICTURES)
    return results


@pytest.mark.slow
def test_the_sample_has_every_kind_and_every_page(sample):
    assert {trial.kind for trial, _ in sample} == set(KINDS)
    names = {page.name for page in pages.all_pages()}
    assert {trial.page for trial, _ in sample} == {*names, EXAMPLES}


def test_the_examples_are_caught_and_a_blind_comparison_would_miss_them():
    verdicts = Counter(trial.verdict() for trial in examples())
    assert verdicts == {"caught": 7}
    assert {trial.kind for trial in examples()} == mutations.EXAMPLES.keys()
    blind = [trial._replace(policy=Policy(free=(r"0x\w+",), reason="")) for trial in examples()]
    assert {trial.verdict() for trial in blind} == {"missed"}


def test_of_a_long_text_some_of_each_kind_are_tried_the_same_each_time():
    page = next(page for page in pages.all_pages() if page.name == "15_old_calls")
    whole = Counter((trial.cell, trial.kind) for trial in trials(page, None))
    tried = [(trial.cell, trial.kind, trial.what) for trial in trials(page)]
    some = Counter((cell, kind) for cell, kind, _ in tried)
    assert max(whole.values()) > 100 * MOST
    assert some.keys() == whole.keys()
    assert all(some[group] == n for group, n in whole.items() if n <= MOST)
    assert tried == [(trial.cell, trial.kind, trial.what) for trial in trials(page)]


@pytest.mark.slow
def test_every_corrupted_text_and_list_of_outputs_is_caught(sample):
    missed = [trial for trial, verdict in sample if verdict == "missed"]
    assert not [(t.page, t.cell, t.what) for t in missed if t.kind in TEXTS_AND_LISTS]


@pytest.mark.slow
def test_of_pictures_at_least_98_per_cent_are_caught(sample):
    by_kind = Counter((trial.kind, verdict) for trial, verdict in sample if trial.kind in PICTURES)
    counts = Counter(verdict for _, verdict in by_kind.elements())
    assert score(counts["caught"], counts["missed"]) >= 98, table(by_kind, list(PICTURES))
