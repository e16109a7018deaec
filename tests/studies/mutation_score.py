"""What share of corrupted outputs the verification catches, on the committed outputs of the real pages.

    python -m tests.studies.mutation_score              # every page
    python -m tests.studies.mutation_score 02 08        # these

Each output of each page is corrupted in every way of tests/studies/mutations.py, one at a time, and compared with the
committed one under the policy of its cell. No kernel is started. A mutation is one of

    caught      the comparison finds a difference
    missed      it finds none, though a reader would: listed by page and cell
    tolerated   a float within the tolerance that the cell states (or the default, 1e-4 of its size). Where a
                cell states one, 1.5 times as much is tried too, for pictures as well.
    in form     it lies in what the cell compares in form: a timing, the machine's own, a plot of durations
    none        nothing was changed: a mirrored symmetric picture, 2 % of 0.0, a picture without a label

The score is caught / (caught + missed).
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from helpers import pages
from helpers.verification import Policy, compare_outputs
from helpers.verification.text import normalize
from tests.studies import mutations

DEFAULT = Policy()
VERDICTS = ("caught", "missed", "tolerated", "in form", "none")
KINDS = (*mutations.TEXT, mutations.BEYOND, *mutations.LISTS, *mutations.PICTURES)


class Trial(NamedTuple):
    """A corruption of one output: where, of what kind, and how it is made."""

    page: str
    cell: int
    kind: str
    policy: Policy
    make: Callable  # returns the right outputs, the corrupted ones, and what excuses that nobody notices
    what: str = ""

    def verdict(self):
        """One of the verdicts."""
        right, wrong, excuse = self.make()
        if excuse == "none" or right == wrong:
            return "none"
        return "caught" if compare_outputs(wrong, right, self.policy) else excuse or "missed"


def trials(page):
    """All corruptions of the outputs of a page (a ``helpers.pages.Page``)."""
    for n, cell in enumerate(page.code_cells):
        policy = Policy.from_metadata(cell.metadata)
        outputs = [dict(output) for output in cell.outputs]
        for kind, corrupt in mutations.LISTS.items():
            for right, wrong in corrupt(outputs):
                yield Trial(page.name, n, kind, policy, lambda r=right, w=wrong: (r, w, ""))
        for place in range(len(outputs)):
            for kind, make, what in _of_output(outputs, place, policy, f"{page.name} {n} {place}"):
                yield Trial(page.name, n, kind, policy, make, what)


def _of_output(outputs, place, policy, seed):
    output = outputs[place]

    def outcome(new, excuse):
        return outputs, [*outputs[:place], new, *outputs[place + 1 :]], excuse

    for mime, text in mutations.texts_of(output):
        choose = random.Random(f"{seed} {mime}")
        for kind in (*mutations.TEXT, mutations.BEYOND):
            for edit in _edits(kind, text, choose, policy):

                def make(mime=mime, text=text, edit=edit):
                    new = mutations.with_text(output, mime, edit.of(text))
                    return outcome(new, _excuse(text, edit, policy))

                old = text[edit.start : edit.end]
                yield kind, make, f"{mime or output['name']}: {old!r} becomes {edit.new!r}"
    if "image/png" in output.get("data", ()):
        for kind, corrupt in mutations.PICTURES.items():

            def make(kind=kind, corrupt=corrupt):
                choose = random.Random(f"{seed} {kind}")
                old = mutations.picture_of(output)
                setting = mutations.Setting(choose, policy.shift, policy.color, _foreign(seed[:2]))
                new = corrupt(old, setting)
                if new is None or (new.shape == old.shape and (new == old).all()):
                    return outcome(output, "none")
                in_size = policy.picture == "form" and new.shape == old.shape
                return outcome(mutations.with_picture(output, new), "in form" if in_size else "")

            yield kind, make, "picture"


def _edits(kind, text, choose, policy):
    if kind != mutations.BEYOND:
        return mutations.TEXT[kind](text, choose)
    if (policy.rtol, policy.atol) == (DEFAULT.rtol, DEFAULT.atol):
        return ()
    return mutations.beyond_band(text, choose, lambda value: _allowed(value, policy))


def _allowed(value, policy):
    return Decimal(policy.atol) + Decimal(policy.rtol) * abs(value)


def _excuse(text, edit, policy):
    """Why this edit may go unnoticed: 'none' if there is nothing to see, 'in form', 'tolerated'; else ''."""
    new = edit.of(text)
    if normalize(text, DEFAULT) == normalize(new, DEFAULT) or _same(edit.numbers):
        return "none"
    if normalize(text, policy) == normalize(new, policy):
        return "in form"
    if edit.numbers:
        right, wrong = edit.numbers
        is_float = any(mark in text[edit.start : edit.end] for mark in ".e")
        within = abs(wrong - right) <= _allowed(wrong, policy)
        if within and (is_float or policy.integers):
            return "tolerated"
    return ""


def _same(numbers):
    return numbers is not None and numbers[0] == numbers[1]


@cache
def _foreign(number):
    """A picture of another page than the one with this number."""
    for page in pages.all_pages():
        if page.name[:2] != number:
            for output in (output for cell in page.code_cells for output in cell.outputs):
                if (picture := mutations.picture_of(output)) is not None:
                    return picture
    raise LookupError("no other page has a picture")


def table(counts, first):
    """A printed table: a row for each kind or page, a column for each verdict, and the score."""
    rows = sorted(
        {row for row, _ in counts}, key=lambda r: (KINDS.index(r) if r in KINDS else 0, r)
    )
    lines = [f"{first:31}" + "".join(f"{name:>10}" for name in VERDICTS) + "     score"]
    for row in [*rows, "all"]:
        found = [
            sum(n for (r, v), n in counts.items() if v == verdict and row in (r, "all"))
            for verdict in VERDICTS
        ]
        lines.append(f"{row:31}" + "".join(f"{n:>10,}" for n in found) + f"{score(found):>8.2f} %")
    return "\n".join(lines)


def score(found):
    """Per cent of the mutations that were caught, of those that a reader would notice."""
    caught, missed = found[:2]
    return 100 * caught / (caught + missed) if caught + missed else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "page", nargs="*", help="a page by its number or name; all if none is given"
    )
    parser.add_argument("--out", type=Path, help="write the counts to this file, as JSON")
    asked = parser.parse_args()
    names = asked.page
    chosen = [p for p in pages.all_pages() if not names or any(p.name.startswith(n) for n in names)]
    by_kind, by_page, missed, excused = Counter(), Counter(), [], Counter()
    for page in chosen:
        start = time.perf_counter()
        for trial in trials(page):
            verdict = trial.verdict()
            by_kind[trial.kind, verdict] += 1
            by_page[trial.page, verdict] += 1
            if verdict == "missed":
                missed.append(trial)
            elif verdict in ("tolerated", "in form"):
                excused[trial.page, trial.cell, verdict, trial.policy.reason] += 1
        print(f"{page.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(table(by_kind, "kind"), table(by_page, "page"), sep="\n\n", end="\n\n")
    print("not caught, as the cell or the default states:")
    for (page, cell, verdict, reason), n in sorted(excused.items()):
        print(f"  {page}, cell {cell}: {n} {verdict} ({reason or 'default tolerance of floats'})")
    if asked.out:
        counts = {name: sum(n for (_, v), n in by_kind.items() if v == name) for name in VERDICTS}
        asked.out.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    print(f"missed: {len(missed)}")
    for trial in missed:
        print(f"  {trial.page}, cell {trial.cell}: {trial.kind}: {trial.what}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
