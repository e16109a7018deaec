"""Make a page's outputs: take the file that was edited, run it in a fresh kernel, show what changed, write both.

    python -m helpers.book.update                    # every page
    python -m helpers.book.update 01 04_cifar10      # these

A page is a pair, ``NN_name.py`` and ``NN_name.ipynb``; either may be edited. If both were since they last agreed,
nothing is run: say ``--from py`` or ``--from ipynb``. Both files are written or neither: they stay as they were
if a cell fails, if the run is interrupted, and if one of them is edited meanwhile. Outputs are made on the CPU;
pages with cells that depend on the CIFAR-10 pictures need the real ones.

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
import asyncio
import difflib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

from helpers import pages
from helpers.book import kernel
from helpers.book import pairs as twins
from helpers.environment import cpu_name, installed, pins
from helpers.verification import Difference, Policy, compare_outputs, join_streams
from helpers.verification.headings import headings_of_code_cells

DATA_TAG = "cifar10"  # marks a cell whose outputs depend on the pictures
STRICT = Policy(rtol=0, atol=0)
LINES = 12  # of a changed output are shown


class NotUpdatedError(Exception):
    """A page could not be made anew; its files are as they were."""


class Change(NamedTuple):
    """A code cell with new outputs: its number (0, 1, ...), its heading, and what differs."""

    cell: int
    heading: str
    differences: list[Difference]


class Update(NamedTuple):
    """What was done to a page.

    Attributes:
        seconds: how long the run took, the start of the kernel included.
        side: "py" or "ipynb", the file that was edited; "" if both agreed.
        changes: the cells with new outputs.
        written: the names of the files whose content is new.
    """

    seconds: float
    side: str
    changes: list[Change]
    written: list[str]


class Comparison(NamedTuple):
    """What a dry run of a page found.

    Attributes:
        seconds: how long the run took, the start of the kernel included.
        cells: how many code cells the page has.
        within: how many of them have other outputs, within the tolerance that they state.
        changes: the cells whose outputs have left it.
    """

    seconds: float
    cells: int
    within: int
    changes: list[Change]


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that leaves signals to Python: nbclient's own answer to Ctrl-C ends in an assertion."""

    def add_signal_handler(self, *_: Any) -> None:
        raise RuntimeError("signals are left to Python")


async def _execute(client: NotebookClient) -> None:
    try:
        await client.async_execute(stderr=subprocess.DEVNULL)  # the kernel's own log
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient takes Ctrl-C for the kernel's death
            raise asyncio.CancelledError from None
        raise


class CurrentEnvironment(AsyncKernelManager):
    """Starts the kernel of the environment that this program runs in, whatever is registered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kernel_spec_manager=NbvalKernelspecManager(), **kwargs)


def update(path: Path, side: str | None = None, fresh: bool = False) -> Update:
    """Run one page and write what changed.

    Args:
        path: the page's ``.ipynb`` or ``.py`` file; the other is made if it is missing.
        side: "py" or "ipynb": the file to take if both were edited; None to refuse then.
        fresh: True to keep no stored output.

    Raises:
        NotUpdatedError: a cell failed, the files disagree, cannot be written or were edited meanwhile; nothing
            was written.
        KeyboardInterrupt: nothing was written.
    """
    source, target = path.with_suffix(".py"), path.with_suffix(".ipynb")
    before = {file: _content(file) for file in (source, target)}
    try:
        page = twins.read(source, target, side)
        with tempfile.TemporaryFile(dir=source.parent):
            pass  # better said now than after the run
    except twins.ConflictError as error:
        raise NotUpdatedError(str(error)) from None
    except OSError as error:
        raise NotUpdatedError(f"{source.parent} cannot be written: {error.strerror}.") from None
    notebook = jupytext.reads(page.text, fmt=twins.PERCENT)
    check(notebook)
    start = time.perf_counter()
    run(notebook, target.parent)
    seconds = time.perf_counter() - start
    tidy(notebook)
    changes = settle(notebook, page, fresh)
    text = describe(notebook, page, seconds, anew=fresh or bool(changes))
    texts = {source: text, target: pages.dumps(notebook)}
    if any(_content(file) != content for file, content in before.items()):
        raise NotUpdatedError("one of its files was edited while it ran.")
    new = {file: text for file, text in texts.items() if text.encode() != before[file]}
    try:
        write(new)
    except OSError as error:
        raise NotUpdatedError(f"{source.parent} cannot be written: {error.strerror}.") from None
    return Update(seconds, page.side, changes, [file.name for file in new])


def compare(path: Path, side: str | None = None) -> Comparison:
    """Run one page and compare its outputs with the stored ones, as ``pytest --nbval`` does; write nothing.

    Args:
        path: the page's ``.ipynb`` or ``.py`` file.
        side: "py" or "ipynb": the file to take if both were edited; None to refuse then.

    Raises:
        NotUpdatedError: the files disagree, there are no outputs to compare with, or the kernel died.
    """
    source, target = path.with_suffix(".py"), path.with_suffix(".ipynb")
    try:
        page = twins.read(source, target, side)
    except twins.ConflictError as error:
        raise NotUpdatedError(str(error)) from None
    if page.stored is None:
        raise NotUpdatedError(f"{target.name} is missing: there is nothing to compare with.")
    notebook = jupytext.reads(page.text, fmt=twins.PERCENT)
    check(notebook)
    start = time.perf_counter()
    run(notebook, target.parent, allow_errors=True)
    seconds = time.perf_counter() - start
    within, changes = 0, []
    new, headings = _code(notebook), headings_of_code_cells(notebook)
    for n, (old, cell) in enumerate(zip(_partners(new, _code(page.stored)), new, strict=True)):
        policy, outputs = Policy.from_metadata(cell.metadata), old.outputs if old else []
        exact = replace(STRICT, timing=policy.timing, free=policy.free, picture=policy.picture)
        if differences := compare_outputs(outputs, cell.outputs, policy):
            changes.append(Change(n, headings[n], differences))
        elif compare_outputs(outputs, cell.outputs, exact):
            within += 1
    return Comparison(seconds, len(new), within, changes)


def check(notebook: nbformat.NotebookNode) -> None:
    """Refuse what would make the run useless.

    Raises:
        NotUpdatedError: a cell asks for an impossible comparison, or depends on pictures that are not there.
    """
    headings = headings_of_code_cells(notebook)
    for n, (cell, heading) in enumerate(zip(_code(notebook), headings, strict=True)):
        try:
            Policy.from_metadata(cell.metadata)
        except ValueError as error:
            raise NotUpdatedError(f"cell {n}, under {heading!r}: {error}.") from None
    if any(DATA_TAG in cell.metadata.get("tags", []) for cell in notebook.cells):
        from helpers import data

        if not data.is_real():
            raise NotUpdatedError(f"its outputs need the real pictures.\n{data.origin()}")


def run(notebook: nbformat.NotebookNode, folder: Path, allow_errors: bool = False) -> None:
    """Run all cells in a fresh kernel, in place.

    Args:
        notebook: the cells.
        folder: where the kernel starts.
        allow_errors: True to go on after a cell that fails; the error is its output then.

    Raises:
        NotUpdatedError: a cell failed, took too long, or the kernel died.
    """
    client = NotebookClient(
        notebook,
        kernel_manager_class=CurrentEnvironment,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        timeout=600,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(_execute(client))
    except CellExecutionError as error:
        raise NotUpdatedError(f"{_last_run(notebook)} failed:\n{error}") from None
    except CellTimeoutError as error:
        raise NotUpdatedError(f"{_last_run(notebook)} took too long: {error}") from None
    except DeadKernelError:
        raise NotUpdatedError(
            f"the kernel died in {_last_run(notebook)} killed or out of memory."
        ) from None


def settle(
    notebook: nbformat.NotebookNode, page: twins.Source, fresh: bool = False
) -> list[Change]:
    """Put the stored outputs in the place of new ones that are the same to a reader.

    The rule stands at the top of this module.

    Args:
        notebook: the page as just run; its outputs are replaced in place.
        page: the page as its files have it.
        fresh: True to keep none.

    Returns:
        The cells that keep their new outputs although there were others before, or none.
    """
    new = _code(notebook)
    stored = _partners(new, _code(page.stored))
    first = _first_difference(new, _code(page.ran)) if page.ran else 0
    policies = [Policy.from_metadata(cell.metadata) for cell in new]
    whole = first == len(new) and all(
        old and not compare_outputs(old.outputs, cell.outputs, policy)
        for old, cell, policy in zip(stored, new, policies, strict=True)
    )
    if fresh:
        policies = [STRICT] * len(new)
    elif not whole:
        narrow = [Policy(timing=policy.timing, free=policy.free) for policy in policies]
        policies = narrow[:first] + [STRICT] * len(narrow[first:])
    changes = []
    headings = headings_of_code_cells(notebook)
    for n, (old, cell, policy) in enumerate(zip(stored, new, policies, strict=True)):
        outputs = join_streams(old.outputs) if old else []
        differences = compare_outputs(outputs, cell.outputs, policy)
        if differences:
            changes.append(Change(n, headings[n], differences))
        elif not fresh:
            cell.outputs = [_counted(output, cell.execution_count) for output in outputs]
    return changes


def describe(
    notebook: nbformat.NotebookNode, page: twins.Source, seconds: float, anew: bool
) -> str:
    """Write the page's run time, the line that states it and the digest of its cells, in place.

    A run time is replaced only if outputs are new and it differs by half or more: only a real change is news.

    Returns:
        The page as the text of its ``.py`` file.
    """
    known = page.stored.metadata.get("book", {}) if page.stored else {}
    book = {name: known[name] for name in ("seconds", "machine") if name in known}
    if len(book) < 2 or (anew and not 0.67 < book["seconds"] / seconds < 1.5):
        book = {"seconds": round(seconds, 1), "machine": f"{cpu_name()}, {os.cpu_count()} cores"}
    notebook.metadata["book"] = book
    text = page.text
    if notebook.cells and (stated := pages.TIME.search(notebook.cells[0].source)):
        line = pages.time_line(notebook)
        notebook.cells[0].source = notebook.cells[0].source.replace(stated[0], line)
        text = text.replace(stated[0], line, 1)
    notebook.metadata.book["cells"] = twins.digest(notebook)
    return text


def write(texts: Mapping[Path, str]) -> None:
    """Write files, all of them or none.

    The first is in place before the second: a process killed between the two leaves a page whose ``.py`` is newer
    than its outputs, which the next update finds.
    """
    partial = {path: path.with_name(path.name + ".partial") for path in texts}
    kept = {path: _content(path) for path in texts}
    try:
        for path, text in texts.items():
            partial[path].write_text(text, encoding="utf-8", newline="\n")
        for path in texts:
            partial[path].replace(path)
    except BaseException:
        for path, content in kept.items():
            if content is None:
                path.unlink(missing_ok=True)
            elif _content(path) != content:
                path.write_bytes(content)
        raise
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Bring a freshly run notebook into the one form in which pages are kept, in place.

    Identifiers of cells follow from their place; rewritten progress bars keep their last state; nothing that
    differs from run to run or from machine to machine stays in the metadata.
    """
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": twins.HEADER.kernelspec,
            "language_info": {
                "name": "python",
                "file_extension": ".py",
                "mimetype": "text/x-python",
            },
            "jupytext": {"formats": twins.HEADER.jupytext.formats},
        }
    )
    for n, cell in enumerate(notebook.cells):
        cell.id = f"cell-{n:03d}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
    nbformat.validate(notebook)


def report(name: str, done: Update) -> Iterator[str]:
    """The lines that say what an update changed."""
    outputs = f"{len(done.changes)} cells with new outputs" if done.changes else "outputs as before"
    origin = f"edited in .{done.side}; " if done.side else ""
    what = f"{origin}{outputs}; wrote {', '.join(done.written)}"
    yield f"{name}: {done.seconds:.1f} s; {what if done.written else 'nothing changed'}"
    yield from _told(done.changes)


def dry_run(paths: Iterable[Path], side: str | None = None) -> Generator[str, None, int]:
    """Compare pages, one after the other; yields the lines of the report.

    Returns:
        The exit status: 0 if no output has left its tolerance.
    """
    yield f"With torch {installed('torch')}; the pages were made with {pins()['torch']}."
    cells, within, changed, not_run = 0, 0, 0, 0
    for path in paths:
        try:
            found = compare(path, side)
        except NotUpdatedError as error:
            yield f"{path.stem}: could not be compared: {error}"
            not_run += 1
            continue
        cells, within = cells + found.cells, within + found.within
        changed += len(found.changes)
        told = f"{found.within} within their tolerance, {len(found.changes)} changed"
        yield f"{path.stem}: {found.seconds:.1f} s; {found.cells} cells, {told}"
        yield from _told(found.changes)
    failed = f"; pages that could not be compared: {not_run}" if not_run else ""
    yield f"All: {cells} cells, {within} within their tolerance, {changed} changed{failed}. Nothing was written."
    return int(bool(changed or not_run))


def _told(changes: Iterable[Change]) -> Iterator[str]:
    """What differs, cell by cell."""
    for change in changes:
        yield f"  cell {change.cell} (In [{change.cell + 1}]), under {change.heading!r}"
        for fault in change.differences:
            yield f"    {fault.text}"
            lines = _changed_lines(fault.stored, fault.new)
            yield from (f"      {line}" for line in lines[:LINES])
            if len(lines) > LINES:
                yield f"      ... and {len(lines) - LINES} more lines"


def _changed_lines(stored: str, new: str, width: int = 110) -> list[str]:
    diff = difflib.unified_diff(stored.splitlines(), new.splitlines(), n=0, lineterm="")
    lines = [line for line in list(diff)[2:] if not line.startswith("@@")]
    return [line if len(line) <= width else line[: width - 3] + "..." for line in lines]


def _code(notebook: nbformat.NotebookNode | None) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"] if notebook else []


def _partners(
    new: list[nbformat.NotebookNode], stored: list[nbformat.NotebookNode]
) -> list[nbformat.NotebookNode | None]:
    """For each cell the stored one that it was: the one with the same source, or in the place of an edited one."""
    found: list[nbformat.NotebookNode | None] = []
    matcher = difflib.SequenceMatcher(None, _sources(stored), _sources(new), autojunk=False)
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        group = stored[a:a_end]
        found += [group[n] if n < len(group) else None for n in range(b_end - b)]
    return found


def _first_difference(new: list[nbformat.NotebookNode], ran: list[nbformat.NotebookNode]) -> int:
    same = [a == b for a, b in zip(_sources(new), _sources(ran), strict=False)]
    return [*same, False].index(False)


def _sources(cells: Iterable[nbformat.NotebookNode]) -> list[str]:
    return [cell.source.strip("\n") for cell in cells]


def _counted(output: nbformat.NotebookNode, count: int) -> nbformat.NotebookNode:
    """An output with the number that its cell has now."""
    if output.output_type == "execute_result":
        return nbformat.from_dict({**output, "execution_count": count})
    return output


def _last_run(notebook: nbformat.NotebookNode) -> str:
    """The cell that a run ended in, for a message."""
    cells = list(zip(_code(notebook), headings_of_code_cells(notebook), strict=True))
    n = max((n for n, (cell, _) in enumerate(cells) if cell.execution_count), default=0)
    return f"cell {n} (In [{n + 1}]), under {cells[n][1]!r},"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def chosen(names: list[str]) -> list[Path]:
    """The pages of these numbers, names or files; all if none is given. Page 00 shows the others: it is last.

    Raises:
        NotUpdatedError: there is no such page.
    """
    found = {
        path.stem: path
        for path in sorted(pages.NOTEBOOKS.glob("[0-9][0-9]_*.*"))
        if path.suffix in (".py", ".ipynb")
    }
    for name in names:
        if not any(Path(name).stem in (stem, stem[:2]) for stem in found):
            raise NotUpdatedError(f"there is no page {name!r}; the pages are {', '.join(found)}.")
    stems = {Path(name).stem for name in names}
    wanted = [path for stem, path in found.items() if not stems or stems & {stem, stem[:2]}]
    return sorted(wanted, key=lambda path: (path.stem.startswith("00"), path.stem))


def main() -> int:
    """Read the command line and update the pages; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.book.update", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "page", nargs="*", help="a page by its number, name or file; all if none is given"
    )
    parser.add_argument(
        "--from",
        dest="side",
        choices=("py", "ipynb"),
        help="take this file, whatever the other says",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="keep no stored output, timing or run time"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="write nothing, tell what another release changes"
    )
    asked = parser.parse_args()
    if asked.dry_run and asked.fresh:
        parser.error("--dry-run keeps everything, --fresh nothing: choose one")
    try:
        paths = chosen(asked.page)
    except NotUpdatedError as error:
        print(f"Nothing was run: {error}")
        return 2
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True) as folder:
        os.environ.update(kernel.settings(Path(folder)))
        if asked.dry_run:
            return _printed(dry_run(paths, asked.side))
        for path in paths:
            try:
                print(
                    *report(path.stem, update(path, asked.side, asked.fresh)), sep="\n", flush=True
                )
            except NotUpdatedError as error:
                print(f"{path.stem}: nothing was written: {error}")
                return 1
            except KeyboardInterrupt:
                print(f"{path.stem}: nothing was written: interrupted.")
                return 130
    return 0


def _printed(lines: Generator[str, None, int]) -> int:
    """Print lines as they come; returns what their generator returns. Ctrl-C ends it with status 130."""
    try:
        while True:
            print(next(lines), flush=True)
    except StopIteration as end:
        return end.value
    except KeyboardInterrupt:
        print("interrupted; nothing was written.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
