"""Compare the outputs of a notebook cell with those stored in the notebook, as a reader would.

It knows nothing of the project around it: ``compare_outputs(stored, new, Policy.from_metadata(cell.metadata))`` returns
the differences, an empty list if there are none. ``plugin`` joins it to nbval and pytest.
"""

from .outputs import Difference, compare_outputs, join_streams
from .policy import Policy

__all__ = ["Difference", "Policy", "compare_outputs", "join_streams"]
