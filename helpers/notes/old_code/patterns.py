"""Patterns of code: ``torch.nn.functional.mse_loss(..., size_average=$v)`` finds such calls, under any alias.

A pattern is Python, over whole dotted names. ``$name`` stands for any expression, and the same name twice for the same
code; ``...`` in a call or a list stands for whatever else there is. Keywords match in any order. ``$bytes``,
``$number`` and ``$loss_layer`` stand only for what is known to be a mask of bytes, a number or a layer for a loss: such
a match is certain.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from helpers.notes.old_code import lexer
from helpers.notes.old_code.canonical import Names, dotted
from helpers.notes.old_code.sources import parse

HOLE = "_hole_"
REST = "_rest_"


@dataclass(frozen=True)
class Pattern:
    """A pattern that is ready to be looked for.

    Attributes:
        text: as it is written in a row.
    """

    text: str

    @cached_property
    def node(self) -> ast.AST:
        """The pattern's one expression or statement."""
        statement = parse(code(self.text)).body[0]
        return statement.value if isinstance(statement, ast.Expr) else statement

    @cached_property
    def key(self) -> tuple[type, str]:
        """What to look for first: a type of node, and a name in it ('' for any)."""
        return type(self.node), _name(self.node)

    @cached_property
    def dotted_name(self) -> str:
        """The whole dotted name that is called or read; '' if there is a hole in it, or none."""
        node = self.node.func if isinstance(self.node, ast.Call) else self.node
        name = dotted(node)
        return "" if HOLE in name else name


@dataclass(frozen=True)
class Match:
    """Code that a pattern found.

    Attributes:
        node: the code.
        holes: name -> the code that a hole stands for.
        rests: the arguments that each ``...`` stands for.
    """

    node: ast.AST
    holes: dict[str, ast.AST]
    rests: tuple[tuple[ast.AST, ...], ...] = ()


def code(text: str) -> str:
    """Return a pattern as Python that can be parsed."""
    text = lexer.apply(
        text, [e for e in lexer.python2(text.replace("$", "S")) if e.new == "async_"]
    )
    text = re.sub(r"\$(\w+)", rf"{HOLE}\1", text)
    result, opened = [], []
    for n, char in enumerate(text):
        if char in "([{":
            before = text[:n].rstrip()
            opened.append(char == "(" or not re.search(r"[\w)\]]$", before))
        elif char in ")]}" and opened:
            opened.pop()
        result.append(char)
        if "".join(result[-3:]) == "..." and opened and opened[-1]:
            result[-3:] = [f"*{REST}"]
    return "".join(result)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name) and not node.id.startswith(HOLE):
        return node.id
    return ""


def keys(node: ast.AST, names: Names) -> Iterator[tuple[type, str]]:
    """Yield the keys of the patterns that may match a node."""
    yield type(node), ""
    if name := _name(node):
        yield type(node), name
    meant = names.resolve(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
    if meant and meant != name:
        yield type(node), meant


def match(pattern: Pattern, node: ast.AST, names: Names) -> Match | None:
    """Return the match of a pattern at a node; None if there is none."""
    matcher = _Matcher(names)
    if matcher.same(pattern.node, node):
        return Match(node, matcher.holes, tuple(matcher.rests))
    return None


class _Matcher:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.holes: dict[str, ast.AST] = {}
        self.rests: list[tuple[ast.AST, ...]] = []

    def same(self, pattern: object, node: object) -> bool:
        """Match a part of a pattern with a part of a file's code."""
        if isinstance(pattern, ast.Name) and pattern.id.startswith(HOLE):
            return self._hole(pattern.id.removeprefix(HOLE), node)
        if isinstance(pattern, (ast.Name, ast.Attribute)):
            whole = dotted(pattern)
            if whole and HOLE not in whole:
                return self._dotted(whole, node)
        return type(pattern) is type(node) and self._same_type(pattern, node)

    def _same_type(self, pattern: object, node: object) -> bool:
        if isinstance(pattern, ast.Call):
            return self.same(pattern.func, node.func) and self._arguments(pattern, node)
        if isinstance(pattern, (ast.List, ast.Tuple)):
            return self._list(pattern.elts, node.elts)
        if isinstance(pattern, ast.Attribute):
            return pattern.attr == node.attr and self._receiver(pattern.value, node.value)
        if isinstance(pattern, ast.AST):
            return self._fields(pattern, node)
        if isinstance(pattern, list):
            return len(pattern) == len(node) and all(map(self.same, pattern, node))
        return pattern == node

    def _fields(self, pattern: ast.AST, node: ast.AST) -> bool:
        if isinstance(pattern, ast.alias) and pattern.name.startswith(HOLE):
            return True
        fields = [
            f for f in pattern._fields if f not in ("ctx", "type_comment", "kind", "type_params")
        ]
        return all(self.same(getattr(pattern, f, None), getattr(node, f, None)) for f in fields)

    def _hole(self, name: str, node: object) -> bool:
        if not isinstance(node, ast.expr) or isinstance(node, ast.Starred):
            return False
        before = self.holes.setdefault(name, node)
        return before is node or _dump(before) == _dump(node)

    def _receiver(self, pattern: ast.AST, node: ast.AST) -> bool:
        """Match what an attribute is taken from: a hole there stands for a value, not for an imported module."""
        is_hole = isinstance(pattern, ast.Name) and pattern.id.startswith(HOLE)
        return not (is_hole and self.names.resolve(node)) and self.same(pattern, node)

    def _dotted(self, whole: str, node: object) -> bool:
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return False
        if (meant := self.names.resolve(node)) or "." in whole:
            return meant == whole or whole in self.names.starred(node)
        return dotted(node) == whole and self.names.is_free(node)

    def _list(self, pattern: list[ast.expr], nodes: list[ast.expr]) -> bool:
        """Match a list of parts, of which each ``...`` stands for as many as there are."""
        if not pattern:
            return not nodes
        if not is_rest(pattern[0]):
            return (
                bool(nodes)
                and self.same(pattern[0], nodes[0])
                and self._list(pattern[1:], nodes[1:])
            )
        for count in range(len(nodes) - len(pattern) + 2):
            holes, rests = dict(self.holes), list(self.rests)
            self.rests.append(tuple(nodes[:count]))
            if self._list(pattern[1:], nodes[count:]):
                return True
            self.holes, self.rests = holes, rests
        return False

    def _arguments(self, pattern: ast.Call, node: ast.Call) -> bool:
        wanted = {keyword.arg: keyword.value for keyword in pattern.keywords}
        given = {keyword.arg: keyword for keyword in node.keywords}
        is_open = any(map(is_rest, pattern.args))
        if wanted.keys() - given.keys() or (given.keys() - wanted.keys() and not is_open):
            return False
        if not self._list(pattern.args, node.args):
            return False
        if is_open:
            others = [keyword for keyword in node.keywords if keyword.arg not in wanted]
            self.rests[-1] = (*self.rests[-1], *others)
        return all(self.same(value, given[name].value) for name, value in wanted.items())


def is_rest(node: ast.AST) -> bool:
    """Tell whether a part of a pattern is its ``...``."""
    return (
        isinstance(node, ast.Starred) and isinstance(node.value, ast.Name) and node.value.id == REST
    )


def _dump(node: ast.AST) -> str:
    """Return a text that is the same for the same code, read or assigned."""
    return re.sub(r"ctx=(Store|Load|Del)\(\)", "", ast.dump(node))
