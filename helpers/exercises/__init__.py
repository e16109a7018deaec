"""The exercises of the pages: what checks a reader's answer, one module for each page that has some.

``exercise`` makes a check of a function; ``values`` compares what an answer returns with what is expected.
"""

from helpers.exercises.values import Check

__all__ = ["Check"]
