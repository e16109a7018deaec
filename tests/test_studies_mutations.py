"""Corrupted outputs of the real pages are caught: a sample of ``python -m tests.studies mutation-score``."""

import random
from collections import Counter, defaultdict
from itertools import islice

import pytest

from helpers import pages
from helpers.verification import Policy, compare_outputs
from tests.studies import file_mutations, list_mutations, mutations
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
    texts = [trial for trial in examples() if trial.kind in mutations.EXAMPLES]
    assert Counter(trial.verdict() for trial in texts) == {"caught": 10}
    assert {trial.kind for trial in texts} == mutations.EXAMPLES.keys()
    policy = Policy(free=(r"(0x|#)\w+",), reason="")
    assert {trial._replace(policy=policy).verdict() for trial in texts} == {"missed"}
    others = Counter(
        trial.verdict() for trial in examples() if trial.kind not in mutations.EXAMPLES
    )
    assert others == {"caught": 15, "none": 13}  # none: a kind does not apply to both


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("an exponent of the other sign", "1e-05 0e+00 2.5 3e5", ["1e+05", "3e-5"]),
        ("ten times as much", "-1.25 0.0 3", ["-12.5"]),
        ("inf of the other sign", "[inf, -inf, info]", ["-inf", "inf"]),
        ("a point at the end", "[2., 3, 1.5]", ["2", "3."]),
        ("another spelling of a number", "-2.5", ["-02.5"]),
        ("another spelling of a number", "1,234", ["+1,234", "01,234", "1234"]),
        ("another spelling of a number", "10000.5", ["+10000.5", "010000.5", "10,000.5"]),
        ("another unit", "3 ms, 4MiB, 5 msec", [" us", "MB"]),
        ("a digit of a color", "#00e50f", [None]),
        ("a word missing", "a word", [""]),
        ("a blank line", "a\n\nb\n", ["", "\n\n", "\n\n"]),
        ("two numbers swapped", "1 | 2.5\n3 3", ["2.5 | 1"]),
        ("a text or list cut off", "[1, 2, 3]", ["", "[1, 2]", "[1, ..., 3]"]),
        ("a part of a tensor", "tensor([1.], dtype=torch.int8)", ["", None]),
        ("punctuation", "(1", ["["]),
        ("another color", "word", ["\x1b[31mword\x1b[0m"]),
        ("a tab for blanks", "a  b ", ["\t"]),
    ],
)
def test_a_kind_changes_what_it_says(kind, text, wrong):
    """None: chance chooses."""
    edits = list(mutations.TEXT[kind](text, random.Random(0)))
    assert all(edit.of(text) != text for edit in edits)
    new = [None if word is None else edit.new for edit, word in zip(edits, wrong, strict=True)]
    assert new == wrong


def test_each_wrong_form_of_an_error_and_of_a_picture_is_caught_as_a_plain_finding():
    picture = list_mutations.SHOWN | {"data": file_mutations.animation()["data"]}
    picture["data"]["image/png"] = picture["data"]["image/gif"]
    error = list_mutations.ERROR
    kinds = set()
    for output in (picture, error):
        pairs = (*list_mutations.of_output(output), *list_mutations.with_an_error(output))
        for kind, right, wrong in pairs:
            kinds.add(kind)
            for stored, new in ((right, wrong), (wrong, right)):
                assert right == wrong or compare_outputs(stored, new), kind
    assert {"no description", "an error without its traceback", "another message shown"} <= kinds


def test_a_file_is_corrupted_so_that_anybody_sees_it():
    """Each kind applies to the GIF, the PDF or a PNG, and gives another file."""
    applied = set()
    for output in (file_mutations.animation(), file_mutations.document()):
        ((mime, text),) = output["data"].items()
        for kind, change in file_mutations.FILES.items():
            new = change(mime, text, random.Random(0))
            assert new != text
            applied |= {kind} if new is not None else set()
    rest = file_mutations.FILES.keys() - applied
    assert rest == {"a wrong checksum", "another gamma", "a color profile", "transparent for white"}


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
def test_every_corrupted_text_list_of_outputs_and_file_is_caught(sample):
    missed = [trial for trial, verdict in sample if verdict == "missed"]
    assert not [(t.page, t.cell, t.what) for t in missed if t.kind not in PICTURES]


@pytest.mark.slow
def test_of_pictures_at_least_98_per_cent_are_caught(sample):
    by_kind = Counter((trial.kind, verdict) for trial, verdict in sample if trial.kind in PICTURES)
    counts = Counter(verdict for _, verdict in by_kind.elements())
    assert score(counts["caught"], counts["missed"]) >= 98, table(by_kind, list(PICTURES))
