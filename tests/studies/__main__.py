"""Measurements of the book and of its verification: python -m tests.studies STUDY.

    python -m tests.studies --help             # which there are
    python -m tests.studies spread --help

They take from seconds to an hour, and are no tests: pytest collects none of them. What is kept lies in
notebooks/records/verification/.
"""

import argparse
import os
import sys
from importlib import import_module

from helpers.book import BookError
from helpers.verification.files import OutputError

COMMANDS = {
    "mutation-score": "how many corrupted outputs the verification catches",
    "spread": "how far outputs differ between settings",
    "many-runs": "the whole book under many conditions, run after run",
    "peers": "this verification, plain nbval and pytest-notebook on the same small notebooks",
    "run-times": "where the time of a verified run goes, page by page",
    "launch-each-page": "each page alone in an empty folder, as on Colab",
    "old-code": "what the reader of old files finds in other people's code",
    "page-memory": "the most memory that each page takes; Binder gives 2 GB",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one study, or list them; return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies", description=__doc__.partition("\n")[0]
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, words in COMMANDS.items():
        command = commands.add_parser(
            name, help=words, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name in arguments[:1]:  # only this one is imported
            study = import_module(f"tests.studies.{name.replace('-', '_')}")
            command.description = study.__doc__
            command.set_defaults(run=study.run)
            study.add_arguments(command)
    args = parser.parse_args(arguments or ["--help"])
    try:
        try:
            return args.run(args)
        finally:
            sys.stdout.flush()
    except (BookError, OutputError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "status", 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read what is printed has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    sys.exit(main())
