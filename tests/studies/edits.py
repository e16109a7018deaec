"""One change of a text, and changes wherever a pattern matches."""

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str

    def of(self, text):
        return text[: self.start] + self.new + text[self.end :]

    def words(self, text):
        return f"{text[self.start : self.end]!r} becomes {self.new!r}"


Edits = Callable[[str, Random], Iterator[Edit]]


def each(pattern: str | re.Pattern, change: Callable[[str, Random], str | None]) -> Edits:
    """Let each match of a pattern become what ``change`` makes of it; None leaves it."""

    def edits(text, choose):
        for match in re.finditer(pattern, text):
            new = change(match[0], choose)
            if new is not None:
                yield Edit(*match.span(), new)

    return edits
