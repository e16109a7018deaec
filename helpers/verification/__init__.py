"""Compare the outputs of a notebook cell with those stored in the notebook, as a reader would.

It knows nothing of this book: ``compare_outputs(stored, new, Policy.from_metadata(cell.metadata))`` returns
the differences, an empty list if there are none. The book's ``conftest.py`` joins it to nbval.
"""

from helpers.verification.outputs import Difference, compare_outputs, join_streams
from helpers.verification.policy import Policy

__all__ = ["Difference", "Policy", "compare_outputs", "join_streams"]
