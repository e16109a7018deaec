"""What the rules share: their names, and what they look for most."""

import ast
from collections.abc import Callable, Iterator

from helpers.notes.old_code.canonical import FUNCTIONS, dotted
from helpers.notes.old_code.code import Code

Found = Iterator[tuple[ast.AST, bool]]
Rule = Callable[[Code], Found]
MOVES = ("cuda", "cpu", "to", "float", "double", "half", "train", "eval")
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Give a rule its name in the table."""

    def put(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return put


def calls(code: Code, method: str) -> Iterator[ast.Call]:
    """Yield the calls of a method of this name, in the order of the lines."""
    found = [node for node in code.nodes if is_call(node, method)]
    yield from sorted(found, key=code.position)


def is_call(node: ast.AST, method: str) -> bool:
    """Tell whether a node is the call of a method of this name."""
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method and node.func.attr == method


def calls_of(code: Code, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of functions or classes by their whole dotted names."""
    for node in code.nodes:
        if isinstance(node, ast.Call) and code.names.resolve(node.func) in names:
            yield node


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return what a call gives for a keyword; None if it has none of this name."""
    return next((k.value for k in call.keywords if k.arg == name), None)


def called(statement: ast.stmt, method: str) -> ast.Call | None:
    """Return the call of a method if a statement is nothing else."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    return node if node is not None and is_call(node, method) else None


def mentions(statement: ast.AST, name: str) -> bool:
    """Tell whether an attribute of this name stands somewhere in some code."""
    return any(isinstance(n, ast.Attribute) and n.attr == name for n in ast.walk(statement))


def blocks(code: Code) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that follow one another."""
    for node in code.nodes:
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield statements


def above(node: ast.AST, code: Code) -> Iterator[ast.AST]:
    """Yield what a node is part of, from the inside out."""
    while node in code.names.parents:
        node = code.names.parents[node]
        yield node


def inside(loop: ast.AST) -> Iterator[ast.AST]:
    """Yield what a loop runs: not the functions that it defines."""
    waiting = list(loop.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            waiting += ast.iter_child_nodes(node)


def last_name(node: ast.AST) -> str:
    """Return the last of a chain of names: 'step' for ``self.optimizer.step``."""
    return dotted(node).rpartition(".")[2]


def assigned(code: Code) -> Iterator[tuple[str, ast.Call, ast.Assign]]:
    """Yield the assignments of a call to one name: the name, the call and the assignment.

    Of ``nn.DataParallel(net).cuda()`` the call is the first one: what follows only moves what it made.
    """
    for node in code.nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and len(node.targets) == 1
            and (name := dotted(node.targets[0]))
        ):
            yield name, _first_call(node.value), node


def _first_call(call: ast.Call) -> ast.Call:
    while (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in MOVES
        and isinstance(call.func.value, ast.Call)
    ):
        call = call.func.value
    return call
