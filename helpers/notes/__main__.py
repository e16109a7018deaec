"""Finds old PyTorch calls in a file, a notebook or a folder: python -m helpers.notes --help."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.notes.old_code.listing import Report
    from helpers.notes.old_code.sources import Source

SUFFIXES = (".py", ".ipynb")
LEFT_OUT = ("__pycache__", "site-packages", "node_modules")  # and whatever begins with a dot
MARK = ".today"  # in the name of a changed copy
EPILOG = """\
Nothing of a file is run: it is read as text, also with IPython commands and the print of Python 2 in it.
A call is named with "if ..." where the text alone does not show what it is applied to.
The messages are those of the book's own examples: names and numbers in yours may be others.

exit status: 0 nothing found, 1 old calls found, 2 something could not be read or written
"""


class MisuseError(Exception):
    """What was asked for cannot be done; the text says why, in one sentence."""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m helpers.notes",
        description="Find calls of old PyTorch (0.1 to 2.x) that fail, warn or give something else today.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help=".py or .ipynb, or a folder of them"
    )
    result.add_argument("--json", action="store_true", help="print JSON")
    result.add_argument(
        "--all",
        action="store_true",
        help="name also what still runs, but is written otherwise today",
    )
    result.add_argument(
        "--fix",
        action="store_true",
        help="write a copy, FILE.today.py, with today's calls where that is safe",
    )
    result.add_argument(
        "--out", type=Path, metavar="FOLDER", help="with --fix: write the copies there"
    )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the files and print what was found; return the exit status."""
    args = parser().parse_args(arguments)
    if args.out is not None and not args.fix:
        parser().error("--out is for the copies that --fix writes")
    try:
        try:
            return run(args)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2


def run(args: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    from helpers.notes.old_code import listing
    from helpers.notes.old_code.sources import SourceError

    reports, errors = [], []
    copies: dict[Path, Path] = {}
    for given in args.files:
        try:
            paths = list(code_files(given))
        except MisuseError as error:
            errors.append(str(error))
            continue
        for path in paths:
            try:
                report = look(path, args, copies)
            except (SourceError, MisuseError) as error:
                errors.append(str(error))
                continue
            reports.append(report)
            if not args.json and (text := listing.as_text(report)):
                print(text, end="\n\n")
    if args.json:
        print(listing.dumps(reports, errors))
    elif reports:
        print(listing.summary(reports))
    if errors:
        print(*errors, sep="\n", file=sys.stderr)
        return 2
    return 1 if any(report.findings for report in reports) else 0


def code_files(given: Path) -> Iterator[Path]:
    """Yield the files of code that a path names: itself, or those in the folder, copies of ours left out.

    Raises:
        MisuseError: there is no such file, it is of another kind, or there is no code in the folder.
    """
    if not given.exists():
        raise MisuseError(f"There is no file {given}.")
    if not given.is_dir():
        if given.suffix not in SUFFIXES:
            raise MisuseError(f"{given} is neither .py nor .ipynb.")
        yield given
        return
    found = False
    for path in sorted(given.rglob("*")):
        inside = path.relative_to(given).parts
        if path.suffix in SUFFIXES and path.is_file() and not any(map(_left_out, inside)):
            is_copy = (
                path.stem.endswith(MARK) and path.with_stem(path.stem.removesuffix(MARK)).exists()
            )
            if not is_copy:
                found = True
                yield path
    if not found:
        raise MisuseError(f"There is no .py or .ipynb file in {given}.")


def _left_out(name: str) -> bool:
    return name.startswith(".") or name in LEFT_OUT


def look(path: Path, args: argparse.Namespace, copies: dict[Path, Path]) -> "Report":
    """Read a file and, if asked for, write its copy; ``copies`` are those written before, with their originals."""
    from helpers.notes.old_code import fixes, listing, reader, sources

    source = sources.read(path)
    findings = reader.find(source)
    report = listing.Report(source, findings if args.all else reader.breaking(findings))
    if args.fix:
        report.fixed = fixes.fix(source, everything=args.all)
        if report.fixed.written or report.fixed.converted:
            report.copy = write_copy(report.fixed.source, args, copies)
            left = reader.find(report.fixed.source)
            report.left = left if args.all else reader.breaking(left)
    return report


def write_copy(source: "Source", args: argparse.Namespace, copies: dict[Path, Path]) -> Path:
    """Write a changed copy; return where it is.

    Raises:
        MisuseError: it would take the place of a file that is read, or of another copy, or it cannot be written.
    """
    from helpers.verification.files import OutputError, write_file

    target = copy_path(source.path, args.files, args.out)
    where = target.resolve()
    if where in {path.resolve() for given in args.files for path in _all_files(given)}:
        raise MisuseError(f"{target} is itself to be read: its copy is not written over it.")
    if where in copies:
        raise MisuseError(
            f"{target} is already the copy of {copies[where]}: {source.path} is not written over it."
        )
    try:
        if args.out is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, source.content())
    except OutputError as error:
        raise MisuseError(str(error)) from None
    except OSError as error:
        raise MisuseError(f"{target.parent} cannot be made: {error.strerror}.") from None
    copies[where] = source.path
    return target


def _all_files(given: Path) -> Iterator[Path]:
    try:
        yield from code_files(given)
    except MisuseError:
        return


def copy_path(path: Path, given: Sequence[Path], out: Path | None) -> Path:
    """Return where the copy of a file is written: beside it, or in the folder ``out`` under its own name."""
    if out is None:
        return path.with_stem(path.stem + MARK)
    for folder in given:
        if folder.is_dir() and path.is_relative_to(folder):
            return out / path.relative_to(folder)
    return out / path.name


if __name__ == "__main__":
    sys.exit(main())
