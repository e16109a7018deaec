"""Old calls and today's, as data: one row for each change that code of 2017 meets.

The rows stand in ``old_calls.toml``. Their code is text; ``helpers.notes.trial`` runs it.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

GROUPS = (
    "Tensors",
    "Autograd",
    "Layers",
    "Losses",
    "Optimizers",
    "Data",
    "Saving",
    "GPU",
    "Linear algebra",
    "Misc",
)
STATES = ("differs", "error", "warns", "runs")  # as the tables order them: the silent ones first


@dataclass(frozen=True)
class OldCall:
    """A call as people wrote it once, and today's.

    Attributes:
        name: the row's own, in kebab case: an anchor on the page, and the id in the reader's reports.
        group: one of ``GROUPS``.
        old: the old call, as it was written; its last expression is its value.
        new: today's, to be pasted.
        today: what ``old`` does today: 'error', 'warns', 'differs' (another result, silently) or 'runs' (as ever).
        why: what has changed, in one or two sentences.
        where: the book's place for it: the number of a statement, or a page's number and the English part of a heading.
        setup: what is run before ``old``, and anew before ``new``.
        message: for 'error' and 'warns': the type of the error or warning, and a part of its text.
        then: what ``old`` gave in its day, as an expression; '' if that cannot be shown.
        deprecated: the release that deprecated it; each release is '' if there is none, or if it is not known.
        removed: the release from which on it is an error.
        changed: the release that silently changed what it gives.
        replaced: the release that brought today's call.
        matches: patterns of code, for the reader of old files.
        sure: whether the text of a file alone shows that a match is this call.
        condition: if it does not: what must be the case ('if' in the file).
        fix: what the reader may write instead, for each of the patterns; empty if a rewriting is not safe.
    """

    name: str
    group: str
    old: str
    new: str
    today: str
    why: str
    where: str
    setup: str = ""
    message: str = ""
    then: str = ""
    deprecated: str = ""
    removed: str = ""
    changed: str = ""
    replaced: str = ""
    matches: tuple[str, ...] = ()
    sure: bool = True
    condition: str = ""
    fix: tuple[str, ...] = ()

    @property
    def since(self) -> str:
        """The release that made the most difference to it; '' if none is known."""
        return self.changed or self.removed or self.deprecated or self.replaced


def read(path: Path) -> tuple[OldCall, ...]:
    """Read the rows of a file, ordered by group; within a group, as they stand there.

    Raises:
        TypeError: a row has a field that ``OldCall`` has not, or lacks one.
    """
    calls = [_call(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["call"]]
    return tuple(sorted(calls, key=lambda call: GROUPS.index(call.group)))


def _call(row: dict) -> OldCall:
    row = dict(row)
    row["condition"] = row.pop("if", "")
    for field in ("matches", "fix"):
        row[field] = tuple(row.get(field, ()))
    return OldCall(**row)


OLD_CALLS = read(Path(__file__).with_suffix(".toml"))
