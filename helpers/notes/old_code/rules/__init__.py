"""What no pattern can say: rules about several lines, about classes and about the order of calls.

A rule takes a file's code and yields what it finds, each with whether it is certain. ``RULES`` has them by the names
that the table of old calls gives them, as in ``rule:scheduler-before-optimizer``.
"""

from helpers.notes.old_code.rules import data, models, tensors, training
from helpers.notes.old_code.rules.search import RULES

__all__ = ["RULES", "data", "models", "tensors", "training"]
