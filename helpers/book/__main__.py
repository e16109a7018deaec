"""The book as files, for maintainers and teachers: python -m helpers.book COMMAND.

``COMMAND --help`` says what a command takes. Its module is imported when it is run, so help comes at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from helpers.book import BookError
from helpers.verification.files import OutputError

COMMANDS = {
    "update": "run pages and write their outputs; shows what changed",
    "form": "bring pages into the form in which JupyterLab writes them",
    "new": "begin a page that has the form of the others",
    "site": "make the web edition from the stored outputs",
    "launch": "give the pages badges for Binder and Colab, or take them out",
    "handout": "write pages for students, without the solutions, and for their teacher",
    "readme": "write the README's pictures and measured figures",
}
EPILOG = "Whatever goes wrong, no file is left half-written. helpers/book/{}.py says more."


def make_parser() -> argparse.ArgumentParser:
    """The commands with what they take; a command's module has a function ``run(args)``."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.book",
        description="The book as files: make it, publish it, hand it out.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, module: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=COMMANDS[name], description=COMMANDS[name], epilog=EPILOG.format(module)
        )
        command.set_defaults(module=module)
        return command

    update = add("update", "update")
    update.add_argument(
        "pages", nargs="*", metavar="PAGE", help="its number, name or file; all if none is given"
    )
    how = update.add_mutually_exclusive_group()
    how.add_argument("--fresh", action="store_true", help="keep no stored output or run time")
    how.add_argument(
        "--dry-run", action="store_true", help="write nothing: tell what another release changes"
    )

    form = add("form", "form")
    form.add_argument("--check", action="store_true", help="only tell which have another")

    new = add("new", "new_page")
    new.add_argument("name", metavar="NUMBER_name", help="as in 15_name, in small letters")
    new.add_argument("title", help="what the reader will do, beginning with a verb")

    site = add("site", "site")
    site.add_argument("--out", type=Path, metavar="FOLDER", help="the folder (.site/html)")
    site.add_argument("--open", action="store_true", help="open it in the browser")
    site.add_argument("--pdf", type=Path, metavar="FILE", help="print the book into FILE instead")
    site.add_argument("--page", default="", metavar="NUMBER", help="with --pdf: only this page")

    launch = add("launch", "launch")
    where = launch.add_mutually_exclusive_group(required=True)
    where.add_argument("repository", nargs="?", metavar="OWNER/REPO", help="on GitHub")
    where.add_argument("--remove", action="store_true", help="take badges and code out")

    handout = add("handout", "handout")
    handout.add_argument(
        "pages", nargs="*", metavar="PAGE", help="its number, name or file; all if none is given"
    )
    handout.add_argument(
        "--out", type=Path, metavar="FOLDER", required=True, help="a new folder for all of it"
    )
    handout.add_argument("--slides", action="store_true", help="write the pages as slides too")

    readme = add("readme", "readme")
    readme.add_argument(
        "--check", action="store_true", help="only tell whether they are as written"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run the command; without one, list them.

    Returns:
        The exit status: 1 if something went wrong, 2 for a bad command line, 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        try:
            args = make_parser().parse_args(arguments or ["--help"])
            return import_module(f"helpers.book.{args.module}").run(args)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (BookError, OutputError, OSError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "status", 1)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
