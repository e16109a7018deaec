"""What the pages do not compare, or compare in form: each such cell is in this list, with its reason.

A pattern of ``free`` or a picture in form that is not here is an exemption that nobody has looked at.
"""

from collections import Counter

import pytest

from helpers import pages
from helpers.verification import Policy
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
# cells that are not compared where the stand-in is in use, and the errors that cells are meant to raise, by page
OF_THE_PICTURES = {"04_modules": 2, "06_cifar10": 13, "07_cifar10_fast": 8, "16_notes_audited": 1}
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
    "14_reductions_and_broadcasting": "RuntimeError RuntimeError",
    "15_old_calls": "IndexError AttributeError NotImplementedError AttributeError UnpicklingError NotImplementedError "
    "TypeError",
    "16_notes_audited": "AttributeError AssertionError RuntimeError",
    "19_verification": "AssertionError ValueError",
}
# outputs that are the machine's own altogether: nothing of their text is left to compare
NOTHING_LEFT = {"the installed build", "whether the machine has a GPU"}


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
