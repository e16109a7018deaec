"""Cells that are meant to fail: the prose must say so."""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from helpers.pages import Page

ERROR_WORD = re.compile(
    r"\b(?:errors?|exceptions?|fail(?:s|ed|ing)?|refuse[sd]?|objects|raises?|messages?|complains?|cannot|gone|rejects?)\b"
    r"|\bdoes not work\b",
    re.IGNORECASE,
)
# Where the prose has no such word, it says in these that the cell fails: by page and last line of the cell.
FAILS_IN_OTHER_WORDS = {
    ("02_autograd", "mse(0.5, 0.0).backward()"): "so nothing was recorded:",
    ("03_autograd_in_depth", "end.backward()"): "It insists on a scalar",
    ("05_losses_and_optimizers", "nn.MESLoss()"): "a slip of the pen even then:",
    ("08_tensor_shapes", "t.view(4, 2)"): "Six elements do not fill four rows of two:",
    ("10_gather_and_scatter", "scores.gather(1, labels)"): "The most frequent mistake",
    (
        "10_gather_and_scatter",
        "torch.Tensor().scatter_(1, index, taken.float())",
    ): "the second fault remains:",
    (
        "14_reductions_and_broadcasting",
        "marks - marks.mean(dim=1)",
    ): "The shapes (3, 4) and (3,) do not fit.",
    (
        "14_reductions_and_broadcasting",
        "torch.broadcast_shapes((64, 3, 32, 32), (3,))",
    ): "so it would not do:",
    ("15_old_calls", "iter(loader).next()"): "has no such method, and `next` is a function",
    (
        "19_verification",
        "torch.testing.assert_close(torch.tensor(0.2205), torch.tensor(0.2105))",
    ): "`torch.testing.assert_close` explains itself:",
}


def failing_cells(page: Page) -> Iterator[tuple[int, NotebookNode, str]]:
    """Each code cell that is meant to fail, with its number and the paragraphs of prose next to it."""
    number, before = -1, ""
    cells = page.notebook.cells
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            before = cell.source.rstrip().rpartition("\n\n")[2]
        if cell.cell_type == "code":
            number += 1
            if "raises-exception" in cell.metadata.get("tags", []):
                after = next((c.source for c in cells[place:] if c.cell_type == "markdown"), "")
                after = after.partition("\n\n")[0]
                yield number, cell, " ".join([*before.split(), *after.split()])


def speaks_of_its_errors(page: Page) -> Iterator[str]:
    """The prose next to a cell that fails says that it does; a reader would take the error for a fault of the book."""
    for n, cell, prose in failing_cells(page):
        words = FAILS_IN_OTHER_WORDS.get((page.name, cell.source.splitlines()[-1]))
        if not (words in prose if words else ERROR_WORD.search(prose)):
            yield f"cell {n} fails, and the prose before and after it does not say so"
