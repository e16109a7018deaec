"""Numbers in prose that repeat an output are those of the output; what no output shows is in a list, with a reason."""

import random
import re

import pytest

from helpers import pages
from tests.support.prose_numbers import unknown_numbers

YEARS = {"1965", "2015", "2017", "2020"}  # when something was written or published
RELEASES = {"0.2", "0.4", "1.2", "1.3", "1.7", "1.12", "1.13", "2.4", "2.6", "2.9", "2.11", "2.13"}
# by the subject of the page: what it quotes from elsewhere or lets the reader reckon
QUOTED = {
    "autograd": {"499": "the steps after the first of 500", "2.718": "Euler's number"},
    "autograd_in_depth": {"0.04": "a learning rate for readers to try"},
    "losses_and_optimizers": {"0.0001": "a learning rate to be tried"},
    "cifar10_fast": {
        "18,000": "shorter runs that the page does not show",
        "25,600": "a size in the recorded runs",
        "0.7": "the least singular value after three rounds, read off the picture",
    },
    "tensor_shapes": {"256": "64 pictures, four times as many"},
    "precision_and_memory": {
        "2049": "the first whole number that float16 lacks",
        "2050": "the float16 after 2048",
        "0.0010004": "the float16 nearest to 0.001",
        "10.004": "ten thousand times that",
        "16,777,216": "two to the 24th",
        "1.05": "where the axis of a picture ends",
        "3.4": "the largest float32, its exponent apart",
        "90,000": "300 times 300",
        "65504": "the largest float16",
    },
    "benchmarks": {
        "512": "AVX512, a set of instructions",
        "1,024": "the published batch size of airbench94",
        "128": "the batch size that it gets",
    },
    "verification": {"100,000,001": "a number to compare", "255": "the levels of a color"},
}


@pytest.mark.parametrize("page", pages.all_pages(), ids=lambda page: page.name)
def test_every_number_in_prose_is_shown_by_an_output_or_listed(page):
    listed = {number.replace(",", "") for number in QUOTED.get(page.name[3:], ())}
    unknown = {number.replace(",", "") for number in unknown_numbers(page)}
    assert unknown - listed - YEARS - RELEASES == set()


def test_most_changed_numbers_are_noticed():
    """A changed number may by chance be another that the page shows; of a sample, at least half are noticed."""
    choose, noticed, changed = random.Random(1), 0, 0
    for page in pages.all_pages()[1:12]:
        usual = len([*unknown_numbers(page)])
        cells = [cell for cell in page.notebook.cells if cell.cell_type == "markdown"]
        for cell in cells:
            source = cell.source
            for match in re.finditer(r"(?<![\w./#(-])\d+\.\d+(?![\w./])", source):
                wrong = f"{float(match[0]) * choose.uniform(1.2, 3):.{len(match[0].partition('.')[2])}f}"
                cell.source = source[: match.start()] + wrong + source[match.end() :]
                noticed += len([*unknown_numbers(page)]) > usual
                changed += match[0] not in YEARS | RELEASES
            cell.source = source
    assert changed > 20
    assert noticed > changed / 2
