"""What the pages do not compare, or compare loosely: each such cell is in this list, with its reason.

A pattern of ``free``, a picture in form or a tolerance that is not here is an exemption that nobody has looked at.
"""

import re
from collections import Counter
from itertools import product

import pytest

from helpers import environment, pages
from helpers.data import find
from helpers.verification import Policy, compare_outputs
from helpers.verification.policy import OF_PROJECT
from helpers.verification.text import normalize
from tests.support.meant_errors import FAILS_IN_OTHER_WORDS, failing_cells
from tests.support.page_checks import texts

# the reasons that a cell may give, for patterns and for pictures, and in how many cells of the book at most
FREE = {
    "the release and the device of the machine": 1,
    "run times of the pages": 1,
    "the installed build": 1,
    "whether the machine has a GPU": 1,
    "releases, memory and disk are the machine's own": 1,
    "releases name the function differently": 2,
    "some releases name the operation in the message": 1,
    "where the pictures were found": 4,
    "releases say it differently": 1,
    "speed of the machine": 2,
}
PICTURES_IN_FORM = {
    "a plot of durations": 1,
    "which pictures are worst depends on the last bit of the training": 1,
}
# comparisons of durations in form
DURATIONS = {"durations": 17, "speed of the machine": 8}
# tolerances, by reason, and the widest of them
TOLERANCES = {
    "training adds up differences of rounding": {"rtol": 0.02, "integers": True, "shift": 3},
    "training: rounding differs between machines and grows": {"rtol": 0.11, "atol": 6},
    "training: the curves may lie higher or lower": {"shift": 20},
    "training: single cells vary from run to run": {"color": 60},
    "training: single classes vary much more than their mean": {"atol": 22, "integers": True},
}
# cells that are not compared where the stand-in is in use, and the errors that cells are meant to raise, by page
OF_THE_PICTURES = {"04_modules": 2, "06_cifar10": 13, "07_cifar10_fast": 9, "16_notes_audited": 1}
ERRORS = {
    "00_start_here": "IndexError",
    "02_autograd": "RuntimeError ValueError RuntimeError RuntimeError RuntimeError",
    "03_autograd_in_depth": "RuntimeError RuntimeError GradcheckError",
    "04_modules": "ValueError RuntimeError",
    "05_losses_and_optimizers": "AttributeError",
    "08_tensor_shapes": "RuntimeError RuntimeError RuntimeError RuntimeError RuntimeError",
    "09_indexing": "ValueError RuntimeError RuntimeError IndexError IndexError IndexError",
    "10_gather_and_scatter": "RuntimeError IndexError",
    "11_types_and_devices": "RuntimeError RuntimeError RuntimeError RuntimeError RuntimeError RuntimeError",
    "13_elementwise_functions": "RuntimeError",
    "14_reductions_and_broadcasting": "NotImplementedError RuntimeError RuntimeError",
    "15_old_calls": "IndexError AttributeError NotImplementedError AttributeError UnpicklingError NotImplementedError "
    "TypeError",
    "16_notes_audited": "AttributeError AssertionError RuntimeError",
    "19_verification": "AssertionError ValueError",
}
# outputs that are the machine's own altogether: nothing of their text is left to compare
NOTHING_LEFT = {"the installed build", "whether the machine has a GPU"}
# the only words in stored outputs that a pattern lets become any other: torch's build, and the names of places
FREE_WORDS = {"cu", "cpu", "CIFAR", "ROOT", "data"}


def policies():
    for page in pages.all_pages():
        for n, cell in enumerate(page.code_cells):
            yield page, n, Policy.from_metadata(cell.metadata)


@pytest.mark.parametrize(
    ("listed", "asks"),
    [
        (FREE, lambda policy: policy.free),
        (PICTURES_IN_FORM, lambda policy: policy.picture == "form"),
        (DURATIONS, lambda policy: policy.timing),
    ],
    ids=["patterns", "pictures", "durations"],
)
def test_every_exemption_is_listed_with_its_reason(listed, asks):
    found = Counter(policy.reason for _, _, policy in policies() if asks(policy))
    assert {reason: n for reason, n in found.items() if n > listed.get(reason, 0)} == {}
    assert listed.keys() - found.keys() == set()


def test_no_tolerance_is_wider_than_its_reason_allows():
    widest = {reason: {} for reason in TOLERANCES}
    for _, _, policy in policies():
        for name in ("rtol", "atol", "integers", "shift", "color"):
            if (value := getattr(policy, name)) > getattr(Policy, name):
                stated = widest.setdefault(policy.reason, {})
                stated[name] = max(stated.get(name, value), value)
    assert widest == TOLERANCES


def test_something_is_left_to_compare_of_every_output():
    policy_of = {(page.name, n): policy for page, n, policy in policies()}
    empty = set()
    for page in pages.all_pages():
        for n, text in texts(page):
            policy = policy_of[page.name, n]
            left = normalize(text, policy).replace("⟨free⟩", "")
            if policy.free and not any(map(str.isalnum, left)):
                empty.add(policy.reason)
    assert empty == NOTHING_LEFT


def policies_with_patterns():
    return [(page, n, policy) for page, n, policy in policies() if policy.free]


def test_a_pattern_matches_something_in_the_stored_output():
    """One that a change of its cell has left behind frees nothing, and the cell fails on the next machine."""
    stale = [
        (page.name, n, pattern)
        for page, n, policy in policies_with_patterns()
        for pattern in policy.free
        if not any(re.search(pattern, text) for m, text in texts(page) if m == n)
    ]
    assert stale == []


def words_that_may_become_any_other(text, policy):
    """The words, and with every letter in them replaced by another, nothing differs."""
    normal = normalize(text, policy)
    for word in re.finditer(r"[^\W\d_]{2,}", text):
        other = "".join("X" if letter != "X" else "Y" for letter in word[0])
        if normalize(text[: word.start()] + other + text[word.end() :], policy) == normal:
            yield word[0]


def test_a_pattern_frees_no_word_that_could_be_compared():
    found = {
        (page.name, n, word)
        for page, n, policy in policies_with_patterns()
        for m, text in texts(page)
        if m == n
        for word in words_that_may_become_any_other(text, policy)
    }
    assert {place for place in found if place[2] not in FREE_WORDS} == set()


def test_a_pattern_that_frees_whole_lines_is_noticed():
    stored = "torch: 2.15.0 was found"
    narrow, wide = (Policy(free=(f,), reason="x") for f in (r"\d+\.\d+[\w.]*", "(?<=: ).*"))
    assert list(words_that_may_become_any_other(stored, narrow)) == []
    assert list(words_that_may_become_any_other(stored, wide)) == ["was", "found"]


def policy_for(reason):
    return next(policy for *_, policy in policies_with_patterns() if policy.reason == reason)


DEVICES = (
    "cpu, 2 threads; no GPU found, none is needed",
    "cuda, NVIDIA H200 (CUDA 13.2)",
    "mps, the GPU of this Mac",
)


def report_of_machine(torch, memory, device):
    findings = [
        environment.check_python((3, 13, 0), "linux", "x86_64"),
        environment.check_package("torch", torch, "2.15.0"),
        environment.Finding("OK", "device", device),
        environment.check_space("memory", memory, 2.0, "close other programs"),
        environment.Finding("OK", "kernel", "Python 3.13.0 of this environment"),
    ]
    return "\n".join(map(str, findings))


def test_another_machine_passes_and_what_it_lacks_does_not():
    policy = policy_for("releases, memory and disk are the machine's own")
    ours = report_of_machine("2.15.0", 9e9, DEVICES[0])
    for device in DEVICES:
        other = report_of_machine("2.13.1", 1e9, device)
        assert other.count("[NOTE]") == 2
        assert not compare(ours, other, policy)
    assert str(environment.check_device()).partition(": ")[2][:3] in {d[:3] for d in DEVICES}
    assert compare(ours, report_of_machine("2.15.0", 9e9, "none"), policy)
    assert compare(ours, report_of_machine(None, 9e9, DEVICES[0]), policy)


def test_pictures_found_elsewhere_pass_and_those_that_are_not_real_do_not():
    places = ["in data/", "at CIFAR10_ROOT", "in ~/.keras/datasets"]
    hows = ["read from the cache and checked in 0.1 s"]
    hows += [
        f"checked and decoded in 12.0 s{more}"
        for more in ("", ", not kept for the next start: No space left")
    ]
    come = "downloaded into data/ from zenodo.org in 40 s (4 MB/s)"
    notes = ["(CIFAR10_ROOT was passed over: x: data_batch_1 is damaged.)"]
    wheres = [f"found {place}" for place in places] + [come]
    texts_of = [find._official(*parts) for parts in product(wheres, hows, ([], notes))]
    policy = policy_for("where the pictures were found")
    for text in texts_of:
        assert not compare(texts_of[0], text, policy), text
    assert compare(texts_of[0], f"{find.NOT_REAL}\nNo network.", policy)
    assert compare(texts_of[0], texts_of[0].replace("official ", ""), policy)


def compare(stored, new, policy):
    outputs = [
        [{"output_type": "stream", "name": "stdout", "text": text}] for text in (stored, new)
    ]
    return compare_outputs(*outputs, policy)


def test_the_book_asks_for_no_tolerance_in_all_cells():
    assert Policy.of_project(pages.NOTEBOOKS) == Policy()
    assert OF_PROJECT not in (pages.NOTEBOOKS.parent / "pyproject.toml").read_text(encoding="utf-8")


def test_every_cell_that_the_stand_in_exempts_is_listed():
    found = Counter(
        page.name
        for page in pages.all_pages()
        for cell in page.code_cells
        if "cifar10" in cell.metadata.get("tags", [])
    )
    assert {name: n for name, n in found.items() if n > OF_THE_PICTURES.get(name, 0)} == {}


def test_every_error_that_is_meant_is_listed_and_ends_its_cell():
    found = {}
    for page in pages.all_pages():
        for n, cell, _ in failing_cells(page):
            *before, last = cell.outputs
            assert last.output_type == "error", (page.name, n)
            assert not [output for output in before if output.output_type == "error"]
            found.setdefault(page.name, []).append(last.ename)
    assert {name: " ".join(errors) for name, errors in found.items()} == ERRORS


def test_what_stands_for_a_word_about_an_error_is_needed():
    cells = {
        (page.name, cell.source.splitlines()[-1])
        for page in pages.all_pages()
        for _, cell, _ in failing_cells(page)
    }
    assert FAILS_IN_OTHER_WORDS.keys() <= cells
