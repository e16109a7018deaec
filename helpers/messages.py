"""Shows warnings where a page is about them: as printed text, without the path of the machine."""

import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 79  # of the printed lines
ORIGIN = re.compile(r"\s*\(Triggered internally at .*?\)\s*$", re.DOTALL)


@contextmanager
def print_warnings() -> Iterator[None]:
    """Print each warning that the block causes, as ``UserWarning: its message``; every one, also when seen before."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        text = " ".join(ORIGIN.sub("", str(warning.message)).split())
        print(textwrap.fill(f"{warning.category.__name__}: {text}", WIDTH))
