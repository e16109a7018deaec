"""A file's code with what is known about it: what its names mean, what its expressions are, where they stand."""

import ast
from functools import cached_property

from helpers.notes.old_code.canonical import Names
from helpers.notes.old_code.kinds import Kinds
from helpers.notes.old_code.sources import Part, Source


class Code:
    """The code of a file.

    Attributes:
        source: the file.
        names: what its names mean.
        kinds: what its expressions are.
        nodes: all of its code, outer before inner.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names = Names(source.tree)
        self.kinds = Kinds(self.names)
        self.nodes = list(ast.walk(source.tree))

    @cached_property
    def in_strings(self) -> dict[ast.AST, ast.AST]:
        """The code inside of f-strings, with the string: before Python 3.12 its place is not known."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.JoinedStr):
                found |= dict.fromkeys(ast.walk(node), node)
        return found

    def position(self, node: ast.AST) -> tuple[int, int]:
        """Return the line and the column of a node in the tree."""
        node = self.in_strings.get(node, node)
        return node.lineno, node.col_offset

    def span(self, node: ast.AST) -> tuple[Part, int, int]:
        """Return the part that a node is in, and where in the part's text it begins and ends."""
        node = self.in_strings.get(node, node)
        part, start = self.source.place(node.lineno, node.col_offset)
        _, end = self.source.place(node.end_lineno, node.end_col_offset)
        return part, part.original(start), part.original(end)

    def text(self, node: ast.AST) -> str:
        """Return a node as it is written."""
        part, start, end = self.span(node)
        return part.text[start:end]
