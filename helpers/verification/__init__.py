"""Compare the outputs of a notebook cell with those stored in the notebook, as a reader would.

It knows nothing of the project around it: ``compare_outputs(stored, new, Policy.from_metadata(cell.metadata))`` returns
the differences, an empty list if there are none. In reading order:

    policy                 what a cell and a project may ask for
    outputs                compares outputs of every kind
    text, pictures         compare texts and pictures
    tracebacks             what of a traceback is compared
    volatile               what differs from run to run though nothing has changed

    plugin                 joins all of it to nbval and pytest
    cells                  pages and cells as pytest's tests
    kernel                 the settings of kernels, and questions to them
    prepared, forkserver   kernels that are forked, so that imports are made once
    report                 what is shown of a failure
    results, progress      what is said at the end of a run, and meanwhile
    hooks                  what a project may add of its own

    files, headings        files that are written whole; the headings of a notebook
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (a copy of this folder is checked by nobody else)
    raise ImportError(
        "the verification of notebooks needs Python 3.11 or newer; "
        f"this is {sys.version_info[0]}.{sys.version_info[1]}"
    )

from .outputs import Difference, compare_outputs, join_streams
from .policy import Policy

__version__ = "0.1.0"
__all__ = ["Difference", "Policy", "compare_outputs", "join_streams"]
