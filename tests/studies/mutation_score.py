"""What share of corrupted outputs the verification catches, on the committed outputs of the real pages.

Each output of each page is corrupted in every way of `mutations`, `number_mutations`, `list_mutations`,
`picture_mutations` and `file_mutations`, one at a time, and compared with the committed one under the policy of its
cell. No kernel is started. Of a long text, such as the tables of page 15, no more than MOST corruptions of each kind
are tried, drawn with a fixed seed; --whole tries all, which takes much longer. What no page shows is tried on a few
outputs of its own: `mutations.EXAMPLES`, an animation, a PDF.
A mutation is one of

    caught      the comparison finds a difference
    missed      it finds none, though a reader would: listed by page and cell
    tolerated   a float within the tolerance that the cell states (or the default: 1e-4 of its size, and no more
                than a unit of its last digit or a millionth). Where a cell states one, 1.5 times as much is
                tried too, for pictures as well.
    in form     it lies in what the cell compares in form: a timing, the machine's own, a plot of durations
    none        nothing was changed: a mirrored symmetric picture, 2 % of 0.0, a picture without a label

The score is caught / (caught + missed). The exit status is 1 if a mutation is missed.
"""

import json
import random
import re
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import NamedTuple

from helpers import pages
from helpers.verification import Policy, compare_outputs
from helpers.verification.text import normalize
from tests.studies import file_mutations, list_mutations, mutations, picture_mutations, running
from tests.studies.number_mutations import ALONE, MARKS, beyond, value_of

DEFAULT = Policy()
SEED, MOST = 0, 50  # of each kind in one text
EXAMPLES = "(on no page)"
VERDICTS = ("caught", "missed", "tolerated", "in form", "none")
TEXTS_AND_LISTS = (*mutations.TEXT, mutations.BEYOND, *list_mutations.LISTS)
KINDS = (*TEXTS_AND_LISTS, *picture_mutations.PICTURES, *file_mutations.FILES)


class Outcome(NamedTuple):
    """Right and wrong outputs, and the verdict if the comparison does not tell them apart."""

    right: list[dict]
    wrong: list[dict]
    excuse: Callable[[], str] = lambda: "missed"


class Trial(NamedTuple):
    """A corruption of one output: where, of what kind, and how it is made."""

    page: str
    cell: int
    kind: str
    policy: Policy
    make: Callable[[], Outcome]
    what: str = ""

    def verdict(self) -> str:
        """One of the verdicts."""
        right, wrong, excuse = self.make()
        if right == wrong:
            return "none"
        return "caught" if compare_outputs(wrong, right, self.policy) else excuse()


def trials(page: pages.Page, most: int | None = MOST) -> Iterator[Trial]:
    """The corruptions of the outputs of a page, at most so many of each kind in one text; None: all."""
    before: list[dict] = []
    for n, cell in enumerate(page.code_cells):
        policy = Policy.from_metadata(cell.metadata)
        trial = partial(Trial, page.name, n, policy=policy)
        outputs = [dict(output) for output in cell.outputs]
        for kind, right, wrong in list_mutations.of_list(outputs, before):
            yield trial(kind, make=partial(Outcome, right, wrong))
        before = outputs
        for place, output in enumerate(outputs):
            seed = f"{page.name} {n} {place}"
            for mime, text in mutations.texts_of(output):
                for kind, edit in _edits(text, f"{seed} {mime}", policy, most):
                    what = f"{mime or output['name']}: {edit.words(text)}"
                    make = partial(_with_edit, outputs, place, mime, edit, policy)
                    yield trial(kind, make=make, what=what)
            for kind in picture_mutations.PICTURES if "image/png" in output.get("data", ()) else ():
                make = partial(_with_picture, outputs, place, kind, policy, seed)
                yield trial(kind, make=make, what="picture")
            for kind, make in _of_files(outputs, place, policy, seed):
                yield trial(kind, make=make, what="file")


def examples() -> Iterator[Trial]:
    """Corruptions of a kind that no page shows."""
    for kind, texts in mutations.EXAMPLES.items():
        for n, text in enumerate(texts):
            outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
            for edit in mutations.TEXT[kind](text, random.Random(f"{kind} {n}")):
                make = partial(_with_edit, outputs, 0, "", edit, DEFAULT)
                yield Trial(EXAMPLES, n, kind, DEFAULT, make, edit.words(text))
    for n, output in enumerate((file_mutations.animation(), file_mutations.document())):
        for kind, make in _of_files([output], 0, DEFAULT, f"example {n}"):
            yield Trial(EXAMPLES, n, kind, DEFAULT, make, ", ".join(output["data"]))


def _edits(text, seed, policy, most):
    kinds = dict(mutations.TEXT)
    if (policy.rtol, policy.atol) != (DEFAULT.rtol, DEFAULT.atol):
        kinds[mutations.BEYOND] = beyond(partial(_allowed, policy))
    for kind, make in kinds.items():
        edits = list(make(text, random.Random(f"{SEED} {seed} {kind}")))
        if most is not None and len(edits) > most:
            edits = random.Random(f"{SEED} {seed} {kind}, some").sample(edits, most)
        yield from ((kind, edit) for edit in edits)


def _allowed(policy, value):
    return Decimal(policy.atol) + Decimal(policy.rtol) * abs(value)


def _with_edit(outputs, place, mime, edit, policy):
    text = dict(mutations.texts_of(outputs[place]))[mime]
    new = edit.of(text)
    wrong = mutations.with_text(outputs[place], mime, new)

    def excuse():
        if any(mark in edit.new for mark in MARKS):
            return "missed"
        if normalize(text, DEFAULT) == normalize(new, DEFAULT):
            return "none"
        if normalize(text, policy) == normalize(new, policy):
            return "in form"
        return _excuse_of_numbers(text[edit.start : edit.end], edit.new, policy)

    return Outcome(outputs, [*outputs[:place], wrong, *outputs[place + 1 :]], excuse)


def _excuse_of_numbers(old, new, policy):
    """The verdict on numbers that have changed places, or on one that is another."""
    pairs = [ALONE.findall(text) for text in (old, new)]
    if len(pairs[0]) < 2 or len(pairs[0]) != len(pairs[1]):
        return _excuse_of_number(old, new, policy)
    if ALONE.sub("", old).split() != ALONE.sub("", new).split():
        return "missed"
    verdicts = {_excuse_of_number(a, b, policy) for a, b in zip(*pairs, strict=True) if a != b}
    return "tolerated" if verdicts <= {"tolerated", "none"} else "missed"


def _excuse_of_number(old, new, policy):
    try:
        right, wrong = map(value_of, (old, new))
    except InvalidOperation:  # a word
        return "missed"
    stated = (policy.rtol, policy.atol) != (DEFAULT.rtol, DEFAULT.atol)
    was_whole, is_whole = (re.fullmatch(r"-?[\d,]+", text) for text in (old, new))
    if bool(was_whole) != bool(is_whole) and right == wrong:
        return "missed"
    if right == wrong and (stated or old.endswith(".")) and new.isascii():  # 0. and 0.0000
        return "none"
    is_float = "." in old or "e" in old
    allowed = _allowed(policy, wrong)
    if not stated:  # one unit of the last digit, or a millionth
        unit = Decimal(1).scaleb(min(right.as_tuple().exponent, wrong.as_tuple().exponent))
        allowed = min(allowed, max(unit, abs(wrong) / 1_000_000))
    within = abs(wrong - right) <= allowed and right != wrong
    if not new.isascii() or new.startswith(" "):
        return "missed"
    return "tolerated" if within and (is_float or policy.integers) else "missed"


def _with_picture(outputs, place, kind, policy, seed):
    old = picture_mutations.picture_of(outputs[place])
    choose = random.Random(f"{seed} {kind}")
    foreign = _picture_of_another_page(seed.partition("_")[0])
    setting = picture_mutations.Setting(choose, policy.shift, policy.color, foreign)
    new = picture_mutations.PICTURES[kind](old, setting)
    if new is None or (new.shape == old.shape and (new == old).all()):
        return Outcome(outputs, outputs)
    wrong = picture_mutations.with_picture(outputs[place], new)
    in_form = policy.picture == "form" and new.shape == old.shape
    wrong_outputs = [*outputs[:place], wrong, *outputs[place + 1 :]]
    return Outcome(outputs, wrong_outputs, lambda: "in form" if in_form else "missed")


def _of_files(outputs, place, policy, seed):
    """The kinds of corruption of the files in an output, and how each is made."""
    for mime in file_mutations.MIMES & outputs[place].get("data", {}).keys():
        for kind in file_mutations.FILES:
            yield kind, partial(_with_file, outputs, place, (mime, kind, policy, seed))


def _with_file(outputs, place, how):
    mime, kind, policy, seed = how
    text = "".join(outputs[place]["data"][mime].split())
    new = file_mutations.FILES[kind](mime, text, random.Random(f"{seed} {kind}"))
    if new is None:
        return Outcome(outputs, outputs)
    wrong = outputs[place] | {"data": outputs[place]["data"] | {mime: new}}
    in_form = policy.picture == "form" and kind in file_mutations.WHOLE
    wrong_outputs = [*outputs[:place], wrong, *outputs[place + 1 :]]
    return Outcome(outputs, wrong_outputs, lambda: "in form" if in_form else "missed")


@cache
def _picture_of_another_page(number):
    others = (page for page in pages.all_pages() if not page.name.startswith(number))
    outputs = (output for page in others for cell in page.code_cells for output in cell.outputs)
    pictures = map(picture_mutations.picture_of, outputs)
    return next(picture for picture in pictures if picture is not None)


def table(counts: Counter, rows: list[str]) -> str:
    """The counts of ``(row, verdict)`` as a table: a column for each verdict, and the score."""
    lines = [f"{'':31}" + "".join(f"{name:>10}" for name in VERDICTS) + "     score"]
    total = Counter(verdict for _, verdict in counts.elements())
    for row in [*rows, "all"]:
        numbers = [total[v] if row == "all" else counts[row, v] for v in VERDICTS]
        cells = "".join(f"{n:>10,}" for n in numbers)
        lines.append(f"{row:31}{cells}{score(*numbers[:2]):>8.2f} %")
    return "\n".join(lines)


def score(caught: int, missed: int) -> float:
    """Per cent of the mutations that were caught, of those that a reader would notice."""
    return 100 * caught / (caught + missed) if caught + missed else 100.0


def add_arguments(parser: ArgumentParser) -> None:
    running.add_pages(parser)
    running.add_out(parser, "keep the counts and every miss in this file, as JSON")
    parser.add_argument(
        "--whole", action="store_true", help="try all corruptions of long texts too"
    )


def run(args: Namespace) -> int:
    """Try the mutations and print the tables; the exit status is 1 if one is missed."""
    results: list[tuple[Trial, str]] = []
    left_out = 0
    for page in running.chosen(args.pages):
        possible = sum(1 for _ in trials(page, None))
        tried = list(trials(page, None if args.whole else MOST))
        results += zip(tried, _verdicts(page.name, tried), strict=True)
        left_out += possible - len(tried)
    results += ((trial, trial.verdict()) for trial in examples())
    by_kind = Counter((trial.kind, verdict) for trial, verdict in results)
    by_page = Counter((trial.page, verdict) for trial, verdict in results)
    print(table(by_kind, [kind for kind in KINDS if any(kind == row for row, _ in by_kind)]))
    print("\n" + table(by_page, sorted({page for page, _ in by_page})))
    if left_out:
        print(
            f"\nnot tried: {left_out:,}, of more than {MOST} of one kind in one text (seed {SEED})"
        )
    print("\nnot caught, as the cell or the default states:")
    excused = Counter(
        (trial.page, trial.cell, verdict, trial.policy.reason or "default tolerance of floats")
        for trial, verdict in results
        if verdict in ("tolerated", "in form")
    )
    for (page, cell, verdict, reason), n in sorted(excused.items()):
        print(f"  {page}, cell {cell}: {n} {verdict} ({reason})")
    missed = [
        f"{trial.page}, cell {trial.cell}: {trial.kind}: {trial.what}"
        for trial, verdict in results
        if verdict == "missed"
    ]
    print(f"missed: {len(missed)}", *missed, sep="\n  ")
    counts = Counter(verdict for _, verdict in results)
    sample = {"most of a kind in one text": MOST, "seed": SEED, "not tried": left_out}
    record = {name: counts[name] for name in VERDICTS} | {"sample": sample, "misses": missed}
    running.keep(args.out, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return 1 if missed else 0


def _verdicts(name: str, tried: Sequence[Trial]) -> Iterator[str]:
    """The verdicts on the trials of a page; says every ten seconds how far it has come."""
    start = told = time.perf_counter()
    for n, trial in enumerate(tried):
        yield trial.verdict()
        if time.perf_counter() - told > 10:
            told = time.perf_counter()
            print(f"{name}: {n + 1:,} of {len(tried):,}", file=sys.stderr)
    print(f"{name}: {len(tried):,} in {time.perf_counter() - start:.0f} s", file=sys.stderr)
