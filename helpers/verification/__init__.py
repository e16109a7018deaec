"""Compare the outputs of a notebook cell with those stored in the notebook, as a reader would.

It knows nothing of the project around it: ``compare_outputs(stored, new, Policy.from_metadata(cell.metadata))`` returns
the differences, an empty list if there are none. ``plugin`` joins it to nbval and pytest.
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
