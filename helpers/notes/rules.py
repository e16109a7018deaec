"""What no pattern can say: rules about several lines, about classes and about the order of calls.

A rule takes a file's code and yields what it finds, each with whether it is certain.
"""

import ast
import re
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
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
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
        forward = next(
            (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "forward"), None
        )
        if forward and "staticmethod" not in [
            dotted(decorator) for decorator in forward.decorator_list
        ]:
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
        isinstance(node, ast.Attribute)
        and node.attr == "data"
        and getattr(node.value, "attr", "") == "grad"
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
    return any(
        isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(statement)
    )


def _called(statement: ast.stmt, method: str) -> ast.Call | None:
    """Return the call of a method if a statement is nothing else."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    is_method = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    )
    return node if is_method else None


@rule("scheduler-before-optimizer")
def scheduler_before_optimizer(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find a loop in which the scheduler steps before anything is trained."""
    seen = set()
    for loop in code.nodes:
        if not isinstance(loop, (ast.For, ast.While)):
            continue
        steps, trained = [], []
        for node in _inside(loop):
            if isinstance(node, ast.Call) and _is_scheduler_step(node, code):
                steps.append(node)
            elif isinstance(node, ast.Call) and _trains(node):
                trained.append(code.position(node))
        first = min(steps, key=code.position, default=None)
        if (
            first is not None
            and trained
            and code.position(first) < min(trained)
            and first not in seen
        ):
            seen |= set(steps)
            yield first, True


def _inside(loop: ast.AST) -> Iterator[ast.AST]:
    """Yield what a loop runs: not the functions that it defines."""
    waiting = list(loop.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            waiting += ast.iter_child_nodes(node)


def _is_scheduler_step(node: ast.Call, code: Code) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "step"):
        return False
    kind = code.kinds.kind(node.func.value)
    name = dotted(node.func.value).rpartition(".")[2].lower()
    return kind == kinds.SCHEDULER or (not kind and ("sched" in name or name == "lr_decay"))


def _trains(node: ast.Call) -> bool:
    """Tell whether a call trains, or is of a function that says so."""
    name = dotted(node.func).rpartition(".")[2]
    is_step = name == "step" and "optim" in dotted(node.func).lower()
    return (
        name == "backward"
        or is_step
        or bool(re.match(r"train(?!ing|er|_?loader|_?set|_?data|s$)", name))
    )


@rule("workers-at-top-level")
def workers_at_top_level(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find a DataLoader with workers that is read at the top level of a script, without ``if __name__ == ...``."""
    if code.source.notebook is not None:
        return
    loaders = {}
    for node in code.nodes:
        if (
            isinstance(node, ast.Call)
            and code.names.resolve(node.func) == "torch.utils.data.DataLoader"
        ):
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


@rule("scalar-index")
def scalar_index(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``total[0]`` where the total is a loss, or a sum of losses: a tensor without dimensions."""
    for node in code.nodes:
        if not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
            continue
        is_zero = isinstance(node.slice, ast.Constant) and node.slice.value == 0
        is_data = isinstance(node.value, ast.Attribute) and node.value.attr == "data"
        if is_zero and not is_data and code.kinds.kind(node.value) == kinds.SCALAR:
            yield node, True


@rule("loaded-model")
def loaded_model(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``torch.load`` of a whole model: what it gives is called, or has a method of modules called."""
    for node in code.nodes:
        if not (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and len(node.targets) == 1
        ):
            continue
        if code.names.resolve(node.value.func) != "torch.load" or not dotted(node.targets[0]):
            continue
        if any(keyword.arg == "weights_only" for keyword in node.value.keywords):
            continue
        if _is_used_as_model(dotted(node.targets[0]), code):
            yield node.value, True


METHODS_OF_MODULES = (
    "eval",
    "train",
    "cuda",
    "forward",
    "parameters",
    "init_hidden",
    "initHidden",
    "state_dict",
)


def _is_used_as_model(name: str, code: Code) -> bool:
    for node in code.nodes:
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func) == name:
            return True
        if isinstance(node.func, ast.Attribute) and dotted(node.func.value) == name:
            if node.func.attr in METHODS_OF_MODULES:
                return True
    return False


@rule("integer-division")
def integer_division(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``/`` between tensors of whole numbers, or one of them and a whole number."""
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            sides = [code.kinds.kind(node.left), code.kinds.kind(node.right)]
            is_float = any(
                isinstance(s, ast.Constant) and isinstance(s.value, float)
                for s in (node.left, node.right)
            )
            if kinds.INTS in sides and set(sides) <= {kinds.INTS, kinds.NUMBER} and not is_float:
                yield node, False


@rule("topk-view")
def topk_view(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``correct[:k].view(-1)``, of the accuracy that everybody copied: ``correct`` is transposed."""
    for node in calls(code, "view"):
        of = node.func.value
        if (
            isinstance(of, ast.Subscript)
            and isinstance(of.slice, ast.Slice)
            and dotted(of.value) == "correct"
        ):
            yield node, True


@rule("dict-by-tensor")
def dict_by_tensor(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find a dictionary that is asked with a number picked from a tensor: its keys are numbers, not tensors."""
    for node in code.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            name = dotted(node.value).rpartition(".")[2].lower()
            if (
                not name
                and isinstance(node.value, ast.Subscript)
                and isinstance(node.value.slice, ast.Constant)
            ):
                name = str(node.value.slice.value).lower()  # data['ix2word'][n]
            is_table = bool(re.search(r"(2|_to_)(word|char|token|label)|vocab|dict", name))
            if is_table and _is_picked(node.slice, code):
                yield node, False


def _is_picked(node: ast.expr, code: Code) -> bool:
    """Tell whether an index is a number picked from a tensor, as far as is known."""
    return isinstance(node, ast.Name) and code.kinds.kind(node) in kinds.TENSORS


@rule("target-without-dimensions")
def target_without_dimensions(code: Code) -> Iterator[tuple[ast.AST, bool]]:
    """Find ``criterion(output, target[i])``: a class picked from a tensor has no dimension any more."""
    for node in code.nodes:
        if (
            isinstance(node, ast.Call)
            and len(node.args) == 2
            and code.kinds.kind(node) == kinds.SCALAR
        ):
            name = code.names.resolve(node.func).rpartition(".")[2]
            is_layer = code.kinds.kind(node.func) == kinds.LOSS_LAYER or name in (
                "cross_entropy",
                "nll_loss",
            )
            named = dotted(node.func).rpartition(".")[2] in (
                "criterion",
                "loss_function",
                "loss_fn",
            )
            target = node.args[1]
            if (
                (is_layer or named)
                and isinstance(target, ast.Subscript)
                and isinstance(target.slice, ast.Name)
            ):
                yield node, False
