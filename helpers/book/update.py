"""Make a page's outputs: run its ``.py`` file in a fresh kernel, show what changed, write both files of the pair.

    python -m helpers.book update                    # every page
    python -m helpers.book update 01 06_cifar10      # these

Both files are written or neither: they stay as they were if a cell fails, if the run is interrupted, and if one of
them is edited meanwhile. Outputs are made on the CPU; pages with cells that depend on the CIFAR-10 pictures need the
real ones.

What a reader would call the same is not written anew, so a diff shows only what changed, and a second run changes
nothing. But a page's numbers must not contradict each other, so they come from one run:

- no cell edited, and all outputs agree with the stored ones as ``pytest --nbval`` compares them: all are kept;
- otherwise, in front of the first cell edited, an output is kept if it agrees without its wider tolerance (the
  result of a training, a picture compared in form): timings that are the same in form are kept;
- from the first cell edited on it is kept only if its numbers are equal and its pictures look the same.

``--fresh`` keeps nothing: outputs, timings and the page's run time are all taken from this run.

``--dry-run`` writes nothing: it runs every cell, those after an error too, and tells which outputs have left their
tolerance and how many have moved within it; exit status 0 if none has left. Started by the Python of an environment
with another release of torch, it is the report on moving to that release.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import nbformat

from helpers import pages
from helpers.book import BookError, chosen, form, pairs
from helpers.book.run import execute, kernel_variables
from helpers.environment import cpu_name, installed, pins
from helpers.verification import Difference, Policy, compare_outputs, join_streams
from helpers.verification.files import OutputError, check_output
from helpers.verification.headings import headings_of_code_cells
from helpers.verification.report import as_lines

STRICT = Policy(rtol=0, atol=0)
LINES = 24  # of a changed output are shown

Cells = list[nbformat.NotebookNode]


class Change(NamedTuple):
    """A code cell (0, 1, ...) with new outputs, its heading, and what differs under which policy."""

    cell: int
    heading: str
    policy: Policy
    differences: list[Difference]


class Result(NamedTuple):
    """What the run of a page gave.

    Attributes:
        seconds: how long it took, the start of the kernel included.
        changes: the cells with new outputs; in a dry run those whose outputs have left their tolerance.
        cells: how many code cells the page has.
        within: in a dry run, how many of them have other outputs, within the tolerance that they state.
        written: the names of the files whose content is new.
    """

    seconds: float
    changes: list[Change]
    cells: int
    within: int = 0
    written: tuple[str, ...] = ()


def update(path: Path, fresh: bool = False) -> Result:
    """Run a page, given by one of its files, and write what changed; ``fresh``: keep no stored output.

    Raises:
        BookError: a cell failed, or the files disagree or were edited meanwhile; nothing was written.
        OutputError: a file cannot be written; neither was.
    """
    pair = pairs.read(path)
    before = pairs.contents(pair.source, pair.target)
    for file in before:
        check_output(file)  # better said now than after the run
    seconds = _run(pair)
    form.tidy(pair.notebook)
    for cell in _code(pair.notebook):
        cell.outputs = join_streams(cell.outputs)
    changes = settle(pair, fresh)
    text = describe(pair, seconds, anew=fresh or bool(changes))
    if pairs.contents(*before) != before:
        raise BookError("one of its files was edited while it ran.")
    written = pairs.write({pair.source: text, pair.target: pages.dumps(pair.notebook)})
    names = tuple(file.name for file in written)
    return Result(seconds, changes, len(_code(pair.notebook)), written=names)


def compare(path: Path) -> Result:
    """Run a page, given by one of its files, and compare as ``pytest --nbval`` does; write nothing.

    Raises:
        BookError: the files disagree, there are no outputs to compare with, or the kernel died.
    """
    pair = pairs.read(path)
    if pair.stored is None:
        raise BookError(f"{pair.target.name} is missing: there is nothing to compare with.")
    seconds = _run(pair, allow_errors=True)
    within = 0
    changes = []
    new = _code(pair.notebook)
    headings = headings_of_code_cells(pair.notebook)
    for n, (old, cell) in enumerate(zip(_partners(new, pair.stored), new, strict=True)):
        policy = Policy.from_metadata(cell.metadata)
        outputs = old.outputs if old else []
        if differences := compare_outputs(outputs, cell.outputs, policy):
            changes.append(Change(n, headings[n], policy, differences))
        elif compare_outputs(outputs, cell.outputs, replace(policy, rtol=0, atol=0)):
            within += 1
    return Result(seconds, changes, len(new), within)


def _run(pair: pairs.Pair, allow_errors: bool = False) -> float:
    """Run a page's cells in place, unless that would be useless; returns how many seconds it took."""
    headings = headings_of_code_cells(pair.notebook)
    for n, cell in enumerate(_code(pair.notebook)):
        try:
            Policy.from_metadata(cell.metadata)
        except ValueError as error:
            raise BookError(f"cell {n}, under {headings[n]!r}: {error}.") from None
    if any(pages.DATA_TAG in cell.metadata.get("tags", []) for cell in pair.notebook.cells):
        from helpers import data

        if not data.is_real():
            raise BookError(f"its outputs need the real pictures.\n{data.origin()}")
    start = time.perf_counter()
    execute(pair.notebook, pair.source.parent, allow_errors)
    return time.perf_counter() - start


def settle(pair: pairs.Pair, fresh: bool = False) -> list[Change]:
    """Put the stored outputs in the place of new ones that are the same to a reader, by the rule at the top.

    Args:
        pair: the page; its notebook has just been run, its outputs are replaced in place.
        fresh: True to keep none.

    Returns:
        The cells that keep their new outputs.
    """
    new = _code(pair.notebook)
    stored = _partners(new, pair.stored)
    first = 0  # the first cell that is not as it was when the stored outputs were made
    if pair.is_own:
        both = zip_longest(_sources(new), _sources(_code(pair.stored)))
        first = next((n for n, (now, before) in enumerate(both) if now != before), len(new))
    policies = [Policy.from_metadata(cell.metadata) for cell in new]
    if fresh:
        policies = [STRICT] * len(new)
    elif first < len(new) or any(
        compare_outputs(old.outputs, cell.outputs, policy)
        for old, cell, policy in zip(stored, new, policies, strict=True)
    ):
        narrow = [Policy(timing=policy.timing, free=policy.free) for policy in policies[:first]]
        policies = narrow + [STRICT] * (len(new) - first)
    changes = []
    headings = headings_of_code_cells(pair.notebook)
    for n, (old, cell, policy) in enumerate(zip(stored, new, policies, strict=True)):
        outputs = join_streams(old.outputs) if old else []
        if differences := compare_outputs(outputs, cell.outputs, policy):
            changes.append(Change(n, headings[n], policy, differences))
        elif not fresh:
            cell.outputs = [_counted(output, cell.execution_count) for output in outputs]
    return changes


def describe(pair: pairs.Pair, seconds: float, anew: bool) -> str:
    """Write the page's run time, the line that states it and the digest of its cells; returns its ``.py`` text.

    A run time is replaced only if outputs are new and it differs by half or more: only a real change is news.
    """
    notebook, text = pair.notebook, pair.text
    known = pair.stored.metadata.get("book", {}) if pair.stored else {}
    book = {name: known[name] for name in ("seconds", "machine") if name in known}
    if len(book) < 2 or (anew and not 0.67 < book["seconds"] / seconds < 1.5):
        book = {"seconds": round(seconds, 1), "machine": f"{cpu_name()}, {os.cpu_count()} cores"}
    notebook.metadata["book"] = book
    if notebook.cells and (stated := pages.TIME.search(notebook.cells[0].source)):
        line = pages.time_line(notebook)
        notebook.cells[0].source = notebook.cells[0].source.replace(stated[0], line)
        text = text.replace(stated[0], line, 1)
    notebook.metadata.book["cells"] = pairs.digest(notebook)
    return form.source_text(text)


def dry_run(sources: Iterable[Path]) -> int:
    """Compare pages and print what differs; returns 0 if no output has left its tolerance, else 1."""
    print(f"With torch {installed('torch')}; the pages were made with {pins()['torch']}.")
    results = []
    failures = 0
    for source in sources:
        try:
            result = compare(source)
        except BookError as error:
            print(f"{source.stem}: could not be compared: {error}", flush=True)
            failures += 1
            continue
        results.append(result)
        print(f"{source.stem}: {result.seconds:.1f} s; {_counts([result])}")
        print("".join(shown(result.changes)), end="", flush=True)
    failed = f"; pages that could not be compared: {failures}" if failures else ""
    print(f"All: {_counts(results)}{failed}. Nothing was written.")
    return int(failures > 0 or any(result.changes for result in results))


def _counts(results: list[Result]) -> str:
    cells = sum(result.cells for result in results)
    within = sum(result.within for result in results)
    changed = sum(len(result.changes) for result in results)
    return f"{cells} cells, {within} within their tolerance, {changed} changed"


def shown(changes: Iterable[Change]) -> Iterator[str]:
    """The lines that show what differs, cell by cell."""
    for change in changes:
        yield f"  cell {change.cell} (In [{change.cell + 1}]), under {change.heading!r}\n"
        for fault in change.differences:
            yield f"    {fault.text}\n"
            lines = as_lines(fault, change.policy, limit=LINES)
            yield from (f"    {line}\n" for line in lines)


def _code(notebook: nbformat.NotebookNode | None) -> Cells:
    return [cell for cell in notebook.cells if cell.cell_type == "code"] if notebook else []


def _partners(
    new: Cells, stored: nbformat.NotebookNode | None
) -> list[nbformat.NotebookNode | None]:
    """For each cell the stored one that it was: the one with the same source, or in the place of an edited one."""
    old = _code(stored)
    partners: list[nbformat.NotebookNode | None] = []
    matcher = SequenceMatcher(None, _sources(old), _sources(new), autojunk=False)
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        group = old[a:a_end]
        partners += [group[n] if n < len(group) else None for n in range(b_end - b)]
    return partners


def _sources(cells: Cells) -> list[str]:
    return [cell.source.strip("\n") for cell in cells]


def _counted(output: nbformat.NotebookNode, count: int) -> nbformat.NotebookNode:
    """An output with the number that its cell has now."""
    if output.output_type == "execute_result":
        return nbformat.from_dict({**output, "execution_count": count})
    return output


def run(args: argparse.Namespace) -> int:
    """Update or compare the pages that a command line names; returns the exit status."""
    known = {path.stem: path for path in sorted(pages.NOTEBOOKS.glob("[0-9][0-9]_*.py"))}
    sources = [known[name] for name in chosen(args.pages, known)]
    sources.sort(key=lambda path: path.stem.startswith("00"))  # page 00 lists the others: last
    with kernel_variables():
        if args.dry_run:
            return dry_run(sources)
        for source in sources:
            try:
                result = update(source, args.fresh)
            except (BookError, OutputError) as error:
                raise BookError(f"{source.stem}: nothing was written: {error}") from None
            except KeyboardInterrupt:
                print(f"{source.stem}: nothing was written.", flush=True)
                raise
            what = "nothing changed"
            if result.written:
                new = len(result.changes)
                outputs = f"{new} cells with new outputs" if new else "outputs as before"
                what = f"{outputs}; wrote {', '.join(result.written)}"
            print(f"{source.stem}: {result.seconds:.1f} s; {what}")
            print("".join(shown(result.changes)), end="", flush=True)
    return 0
