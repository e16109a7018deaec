"""Numbers in the prose of a page that repeat an output: those that stand in no output and no code of the page."""

import re
from collections.abc import Iterator
from decimal import Decimal

from helpers.pages import Page
from helpers.verification.text import NUMBER
from tests.support.page_checks import texts

# Fenced code, links, headings, HTML and the line that states times: a number in them repeats no output.
APART = re.compile(
    r"```.*?```|\]\([^)]*\)|^\*\*Time\*\*.*$|https?://\S+|^#.*$|<[^>]*>", re.DOTALL | re.MULTILINE
)


def unknown_numbers(page: Page) -> Iterator[str]:
    """Each float, and each whole number of three digits or more, of the prose that the page nowhere prints or sets.

    A number may be rounded: 0.21 repeats 0.2105, and 21 % does.
    """
    shown = [text for _, text in texts(page)] + [cell.source for cell in page.code_cells]
    known = {_value(number) for text in shown for number in NUMBER.findall(text)}
    for cell in page.notebook.cells:
        if cell.cell_type != "markdown":
            continue
        text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", APART.sub(" ", cell.source))
        for found in NUMBER.findall(text):
            number = found.rstrip(".")  # the end of a sentence
            is_long = len(re.sub(r"\D", "", number)) >= 3
            if (is_long or "." in number) and not _repeats(number, known):
                yield number


def _value(number: str) -> Decimal:
    return abs(Decimal(number.replace(",", "")))


def _repeats(number: str, known: set[Decimal]) -> bool:
    """Whether a number is one of those known, itself or in per cent or thousandths, rounded to its digits."""
    value = _value(number)
    half = Decimal(1).scaleb(value.as_tuple().exponent) / 2
    return any(abs(other * scale - value) <= half for other in known for scale in (1, 100, 1000))
