"""The commands of this book, a line each: python -m helpers.

They are found, not listed by hand: a package in a folder of the book with a ``__main__.py``, and a module in
``helpers/`` that can be run. What a command does is the first sentence of its docstring; ``COMMANDS`` are its own.
They are read as text, not imported, so the list comes at once and before anything is installed.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.paths import BOOK

RUN_AS_A_PROGRAM = '\nif __name__ == "__main__":\n'


class Command(NamedTuple):
    """A program: what is typed after ``python -m``, what it does, and what each of its own commands does."""

    module: str
    summary: str
    subcommands: Mapping[str, str]


def commands(book: Path = BOOK) -> Iterator[Command]:
    """Yield the commands in a book's folder, those of ``helpers`` first."""
    paths = [path for path in (book / "helpers").glob("*.py") if path.name != "__main__.py"]
    for path in sorted([*book.glob("[!.]*/*/__main__.py"), *paths]):
        source = path.read_text(encoding="utf-8")
        if RUN_AS_A_PROGRAM in source:
            parts = path.relative_to(book).with_suffix("").parts
            yield read_command(".".join(part for part in parts if part != "__main__"), source)


def read_command(module: str, source: str) -> Command:
    """Read from a program's text what it does, and which commands it has."""
    tree = ast.parse(source)
    summary = (ast.get_docstring(tree) or "").partition("\n")[0].partition(": python -m")[0]
    subcommands = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMMANDS":
            subcommands = ast.literal_eval(node.value)
    return Command(module, summary.removesuffix("."), subcommands)


def list_of_commands() -> str:
    """Return the commands as lines of text."""
    lines = []
    for command in commands():
        lines.append(f"python -m {command.module:<22} {command.summary}")
        subcommands = command.subcommands.items()
        lines += (f"    {name:<28} {summary}" for name, summary in subcommands)
    return "\n".join([*lines, "", "Each takes --help; so do the commands of a command."])


def main(arguments: Sequence[str] | None = None) -> int:
    """List the commands; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers", description="List the commands of this book."
    )
    parser.parse_args(arguments)
    print(list_of_commands())
    return 0


if __name__ == "__main__":
    sys.exit(main())
