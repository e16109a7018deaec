"""What the pages do not compare, or compare in form: each such cell is in this list, with its reason.

A pattern of ``free`` or a picture in form that is not here is an exemption that nobody has looked at.
"""

from collections import Counter

import pytest

from helpers import pages
from helpers.verification import Policy
from helpers.verification.text import normalize
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
    "speed of the machine": 1,
}
PICTURES_IN_FORM = {
    "a plot of durations": 1,
    "which pictures are worst depends on the last bit of the training": 1,
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
    ],
    ids=["patterns", "pictures"],
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
