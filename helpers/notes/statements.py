"""What the reading notes of 2017 say, as data: their statements, and the releases since.

Every line of code in ``statements.toml`` is text; ``helpers.notes.audit`` runs it, over the names that
``helpers.notes.names`` gives. The old calls are in ``helpers.notes.old_calls``.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.notes.old_calls import OLD_CALLS, OldCall

__all__ = ["OLD_CALLS", "RELEASES", "SLIP", "STATEMENTS", "OldCall", "Statement"]

SLIP = "slip"  # in the place of a release: it was wrong when it was written


@dataclass(frozen=True)
class Statement:
    """One statement of the notes.

    Attributes:
        number: C01 to C54.
        section: of the notes, with its subject where the section is long.
        says: the statement in our words.
        line: the statement as an expression: true where it holds today, false where it does not.
        term: the notes' own word for it; '' where they have only code.
        since: '' if the statement holds, the release that changed it, or ``SLIP``.
        now: what is true instead, as an expression; '' if the statement holds.
        note: what there is to add today.
    """

    number: str
    section: str
    says: str
    line: str
    term: str = ""
    since: str = ""
    now: str = ""
    note: str = ""


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


STATEMENTS = tuple(Statement(number, **row) for number, row in _read("statements.toml").items())

# The releases that changed something in this book, with the year of each and the change that mattered most.
RELEASES = {
    "0.2": (2017, "the notes: Variables; broadcasting and advanced indexing are new"),
    "0.3": (2017, "softmax asks for a dim"),
    "0.4": (2018, "Variable and Tensor are one; dtype, device, item(), reshape"),
    "0.4.1": (2018, "losses take a reduction"),
    "1.0": (2018, "indexing a number is an error"),
    "1.1": (2019, "round sends a half to the even number"),
    "1.2": (2019, "comparisons give bool masks"),
    "1.3": (2019, "mixed types are promoted"),
    "1.5": (2020, "old-style Functions are refused"),
    "1.6": (2020, "CPUs compute with half precision"),
    "1.7": (2020, "/ is true division; torch.linalg takes over norm"),
    "1.10": (2021, "cross entropy takes probabilities"),
    "1.11": (2022, "layers take a single sample; .T is for matrices"),
    "1.13": (2022, "// rounds down; iterators lose next()"),
    "2.0": (2023, "zero_grad gives None; correction; untyped_storage"),
    "2.1": (2023, "set_default_tensor_type is deprecated"),
    "2.3": (2024, "uint16, uint32 and uint64"),
    "2.6": (2025, "torch.load takes weights only"),
    "2.13": (2026, "quantized types warn"),
    "2.14": (2026, "clamp: gradient 0 on a bound"),
    "2.15": (2026, "the release that this book is pinned to"),
}
