"""Rules about training: Functions, gradients, optimizers and schedulers."""

import ast
import itertools
import re
from collections.abc import Iterator

from helpers.notes.old_code import known
from helpers.notes.old_code.canonical import dotted
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.rules.search import (
    Found,
    assigned,
    blocks,
    called,
    calls,
    calls_of,
    inside,
    is_call,
    last_name,
    mentions,
    rule,
)


@rule("function-without-static")
def function_without_static(code: Code) -> Found:
    """Find Functions whose ``forward`` is an ordinary method."""
    for node in code.nodes:
        if (
            not isinstance(node, ast.ClassDef)
            or code.kinds.classes.get(node.name) != known.FUNCTION
        ):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "forward":
                decorators = [dotted(decorator) for decorator in method.decorator_list]
                if "staticmethod" not in decorators:
                    yield method, True


@rule("function-instance-call")
def function_instance_call(code: Code) -> Found:
    """Find ``Cube()(x)``: a Function that is made and called."""
    for node in code.nodes:
        if isinstance(node, ast.Call) and code.kinds.kind(node.func) == known.FUNCTION:
            yield node, True


@rule("grad-after-zero-grad")
def grad_after_zero_grad(code: Code) -> Found:
    """Find ``zero_grad()`` after which the same statements read ``.grad`` before any ``backward()``."""
    for statements in blocks(code):
        zeroed = None
        for statement in statements:
            if zeroed is not None and mentions(statement, "backward"):
                zeroed = None
            if zeroed is not None and _reads_grad(statement):
                yield zeroed, False
                zeroed = None
            zeroed = called(statement, "zero_grad") or zeroed


def _reads_grad(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "grad" and isinstance(node.ctx, ast.Load)
        for node in ast.walk(statement)
    )


@rule("step-after-zero-grad")
def step_after_zero_grad(code: Code) -> Found:
    """Find ``step()`` right after ``zero_grad()``: there is nothing to step by."""
    for statements in blocks(code):
        for first, second in itertools.pairwise(statements):
            zeroed, step = called(first, "zero_grad"), called(second, "step")
            if zeroed and step and not step.args:
                yield step, False


@rule("scheduler-before-optimizer")
def scheduler_before_optimizer(code: Code) -> Found:
    """Find a loop in which the scheduler steps before anything is trained."""
    seen = set()
    for loop in code.nodes:
        if not isinstance(loop, (ast.For, ast.While)):
            continue
        found = [node for node in inside(loop) if isinstance(node, ast.Call)]
        steps = [node for node in found if is_scheduler_step(node, code)]
        trained = [code.position(node) for node in found if _trains(node)]
        first = min(steps, key=code.position, default=None)
        if first is None or first in seen or not trained:
            continue
        if code.position(first) < min(trained):
            seen |= set(steps)
            yield first, True


def is_scheduler_step(node: ast.Call, code: Code) -> bool:
    """Tell whether a call is a scheduler's step, by what made it or by its name."""
    if not is_call(node, "step"):
        return False
    kind = code.kinds.kind(node.func.value)
    name = last_name(node.func.value).lower()
    return kind == known.SCHEDULER or (not kind and ("sched" in name or name == "lr_decay"))


def _trains(node: ast.Call) -> bool:
    """Tell whether a call trains, or is of a function that says so."""
    name = last_name(node.func)
    is_step = name == "step" and "optim" in dotted(node.func).lower()
    says_so = re.match(r"train(?!ing|er|_?loader|_?set|_?data|s$)", name)
    return name == "backward" or is_step or bool(says_so)


@rule("scheduler-step-epoch")
def scheduler_step_epoch(code: Code) -> Found:
    """Find ``scheduler.step(epoch)``."""
    plateaus = {
        dotted(node.targets[0])
        for node in code.nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and last_name(node.value.func) == "ReduceLROnPlateau"
    }
    for node in calls(code, "step"):
        if not (is_scheduler_step(node, code) and len(node.args) == 1):
            continue
        names = [n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)]
        if dotted(node.func.value) not in plateaus and any("epoch" in name for name in names):
            yield node, True


@rule("learning-rate-set-beside-scheduler")
def learning_rate_set_beside_scheduler(code: Code) -> Found:
    """Find a learning rate that is set by hand in a file that has a scheduler, too."""
    has_scheduler = any(
        code.kinds.kind(node) == known.SCHEDULER
        for node in code.nodes
        if isinstance(node, ast.Call)
    )
    for node in code.nodes if has_scheduler else ():
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.slice, ast.Constant)
            and node.slice.value == "lr"
        ):
            yield node, False


@rule("target-without-dimensions")
def target_without_dimensions(code: Code) -> Found:
    """Find ``criterion(output, target[i])``: a class picked from a tensor has no dimension any more."""
    for node in code.nodes:
        if not isinstance(node, ast.Call) or len(node.args) != 2:
            continue
        name = code.names.resolve(node.func).rpartition(".")[2]
        is_layer = code.kinds.kind(node.func) == known.LOSS_LAYER
        is_function = name in ("cross_entropy", "nll_loss")
        named = last_name(node.func) in ("criterion", "loss_function", "loss_fn")
        target = node.args[1]
        if (
            (is_layer or is_function or named)
            and isinstance(target, ast.Subscript)
            and isinstance(target.slice, ast.Name)
        ):
            yield node, False


@rule("backward-of-sampled-actions")
def backward_of_sampled_actions(code: Code) -> Found:
    """Find ``autograd.backward(actions, [None, ...])``."""
    has_reinforce = any(True for _ in calls(code, "reinforce"))
    for node in calls_of(code, "torch.autograd.backward"):
        if len(node.args) == 2 and (has_reinforce or _are_nothing(node.args[1])):
            yield node, True


def _are_nothing(node: ast.expr) -> bool:
    """Tell whether a list holds None alone."""
    parts = [node.elt] if isinstance(node, ast.ListComp) else getattr(node, "elts", [])
    return bool(parts) and all(isinstance(p, ast.Constant) and p.value is None for p in parts)


@rule("backward-of-one")
def backward_of_one(code: Code) -> Found:
    """Find ``loss.backward(one)`` where ``one`` is a vector of one number, as in a Wasserstein GAN."""
    ones = {name for name, call, _ in assigned(code) if _makes_one(call, code)}
    ones = _and_computed(ones, code)
    for node in calls(code, "backward"):
        if len(node.args) == 1 and dotted(node.args[0]) in ones:
            yield node, code.kinds.kind(node.func.value) == known.SCALAR


def _makes_one(call: ast.Call, code: Code) -> bool:
    """Tell whether a call makes a vector of one number."""
    makers = ("torch.Tensor", "torch.FloatTensor", "torch.tensor")
    is_maker = len(call.args) == 1 and code.names.resolve(call.func) in makers
    return is_maker and isinstance(call.args[0], ast.List) and len(call.args[0].elts) == 1


@rule("mse-of-two-shapes")
def mse_of_two_shapes(code: Code) -> Found:
    """Find the squared error of a net's output and a vector."""
    yield from _of_two_shapes(
        code, ("MSELoss", "mse_loss", "L1Loss", "SmoothL1Loss", "smooth_l1_loss")
    )


@rule("bce-of-two-shapes")
def bce_of_two_shapes(code: Code) -> Found:
    """Find the binary cross entropy of a net's output and a vector."""
    yield from _of_two_shapes(code, ("BCELoss", "binary_cross_entropy"))


def _of_two_shapes(code: Code, losses: tuple[str, ...]) -> Found:
    layers = {name for name, call, _ in assigned(code) if last_name(call.func) in losses}
    vectors = _and_computed(
        {name for name, call, _ in assigned(code) if _makes_vector(call, code)}, code
    )
    for node in code.nodes:
        if isinstance(node, ast.Call) and len(node.args) > 1:
            function = code.names.resolve(node.func).rpartition(".")[2]
            output, target = map(dotted, node.args[:2])
            if (
                (dotted(node.func) in layers or function in losses)
                and target in vectors
                and output
                and output not in vectors
            ):
                yield node, False


def _and_computed(names: set[str], code: Code) -> set[str]:
    """Return some names, and those of what is computed from them by signs."""
    found = set(names)
    for node in code.nodes:
        if isinstance(node, ast.Assign) and found & set(_operands(node.value)):
            found.add(dotted(node.targets[0]))
    return found - {""}


def _operands(node: ast.expr) -> Iterator[str]:
    """Yield the names that an expression combines by signs."""
    if isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            yield dotted(side)
            yield from _operands(side)


def _makes_vector(call: ast.Call, code: Code) -> bool:
    """Tell whether a call makes a tensor of one dimension, inside of other calls or not."""
    makers = (
        "torch.ones",
        "torch.zeros",
        "torch.arange",
        "torch.linspace",
        "torch.rand",
        "torch.randn",
    )
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute) and node.attr in ("unsqueeze", "view", "reshape"):
            return False
        if isinstance(node, ast.Call) and (name := code.names.resolve(node.func)) in makers:
            return len(node.args) == 1 or name in ("torch.arange", "torch.linspace")
    return False
