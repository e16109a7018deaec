"""What no pattern can say: rules about several lines, about classes and about the order of calls.

A rule takes a file's code and yields what it finds, each with whether it is certain.
"""

import ast
from collections.abc import Callable, Iterator

from helpers.notes import kinds
from helpers.notes.canonical import FUNCTIONS, dotted
from helpers.notes.code import Code

Rule = Callable[[Code], Iterator[tuple[ast.AST, bool]]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Give a rule its name in the table."""

    def put(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return put


def calls(code: Code, method: str) -> Iterator[ast.Call]:
    """Yield the calls of a method of this name, in the order of the lines."""
    found = [
        node
        for node in code.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]
    yield from sorted(found, key=code.position)


@rule("cuda-async")
def cuda_async(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``x.cuda(async=True)``: the keyword is one of Python's own today."""
    for node in code.nodes:
        if isinstance(node, ast.Call) and any(keyword.arg == "async_" for keyword in node.keywords):
            yield node, True


@rule("function-instance-call")
def function_instance_call(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find Functions that are not static: ``Cube()(x)``, and methods without ``@staticmethod``."""
    old = {
        node.name: node
        for node in code.nodes
        if isinstance(node, ast.ClassDef) and code.kinds.classes.get(node.name) == kinds.FUNCTION
    }
    for node in old.values():
        forward = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "forward"), None)
        if forward and "staticmethod" not in [dotted(decorator) for decorator in forward.decorator_list]:
            yield forward, True
    for node in code.nodes:
        if isinstance(node, ast.Call) and code.kinds.kind(node.func) == kinds.FUNCTION:
            yield node, True


@rule("grad-after-zero-grad")
def grad_after_zero_grad(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``zero_grad()`` after which the same statements read ``.grad`` before any ``backward()``."""
    for statements in blocks(code):
        zeroed = None
        for statement in statements:
            if zeroed is not None and _mentions(statement, "backward"):
                zeroed = None
            if zeroed is not None and (reads := _grad_read(statement)):
                yield zeroed, reads
                zeroed = None
            if called := _called(statement, "zero_grad"):
                zeroed = called


def _grad_read(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "data" and getattr(node.value, "attr", "") == "grad"
        for node in ast.walk(statement)
    ) or any(
        isinstance(node, ast.Attribute) and node.attr == "grad" and isinstance(node.ctx, ast.Load)
        for node in ast.walk(statement)
    )


def blocks(code: Code) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that follow one another."""
    for node in code.nodes:
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield statements


def _mentions(statement: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(statement))


def _called(statement: ast.stmt, method: str) -> ast.Call | None:
    """Return the call of a method if a statement is nothing else."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    return node if is_method else None


@rule("scheduler-before-optimizer")
def scheduler_before_optimizer(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find a loop over epochs in which the scheduler steps before anything is trained."""
    for node in code.nodes:
        if isinstance(node, (ast.For, ast.While)):
            for n, statement in enumerate(node.body):
                step = _called(statement, "step")
                if step and code.kinds.kind(step.func.value) == kinds.SCHEDULER:
                    trains = any(_trains(one) for one in node.body[:n])
                    later = any(_trains(one) for one in node.body[n + 1 :])
                    if later and not trains:
                        yield step, True


def _trains(statement: ast.stmt) -> bool:
    """Tell whether a statement trains, or calls a function that says so."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            name = dotted(node.func).rpartition(".")[2]
            if name == "backward" or "train" in name or (name == "step" and node is not None):
                return True
    return False


@rule("workers-at-top-level")
def workers_at_top_level(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find a DataLoader with workers that is read at the top level of a script, without ``if __name__ == ...``."""
    if code.source.notebook is not None:
        return
    loaders = {}
    for node in code.nodes:
        if isinstance(node, ast.Call) and code.names.resolve(node.func) == "torch.utils.data.DataLoader":
            workers = next((k.value for k in node.keywords if k.arg == "num_workers"), None)
            if isinstance(workers, ast.Constant) and workers.value:
                loaders[node] = workers
    for node in loaders:
        above = list(_above(node, code))
        if not any(isinstance(one, (*FUNCTIONS, ast.If)) for one in above):
            yield node, False


def _above(node: ast.AST, code: Code) -> Iterator[ast.AST]:
    while node in code.names.parents:
        node = code.names.parents[node]
        yield node
