"""Rules about tensors: masks, whole numbers, numbers that are tensors, arrays beside tensors."""

import ast
import re

from helpers.notes.old_code import known
from helpers.notes.old_code.canonical import dotted
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.known import ARRAY, TENSORS
from helpers.notes.old_code.rules.search import (
    Found,
    above,
    calls,
    calls_of,
    keyword,
    last_name,
    rule,
)


@rule("comparison-plus-comparison")
def comparison_plus_comparison(code: Code) -> Found:
    """Find ``(x > 2) + (x > 4)``: once a count, today true or false."""
    yield from _compared(code, ast.Add)


@rule("comparison-minus-comparison")
def comparison_minus_comparison(code: Code) -> Found:
    """Find ``(x > 2) - (x > 4)``, which masks of bool refuse."""
    yield from _compared(code, ast.Sub)


def _compared(code: Code, kind: type[ast.operator]) -> Found:
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
            sides = [code.kinds.kind(side) for side in (node.left, node.right)]
            if sides == [known.MASK, known.MASK]:
                yield node, True
            elif (
                all(isinstance(side, ast.Compare) for side in (node.left, node.right))
                and ARRAY not in sides
            ):
                yield node, False


@rule("list-of-lists-as-index")
def list_of_lists_as_index(code: Code) -> Found:
    """Find ``x[[[0, 1], [0, 1]]]``."""
    for node in code.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.List):
            parts = node.slice.elts
            if len(parts) > 1 and all(isinstance(part, ast.List) for part in parts):
                kind = code.kinds.kind(node.value)
                if not kind or kind in TENSORS:
                    yield node, bool(kind)


@rule("dot-of-matrices")
def dot_of_matrices(code: Code) -> Found:
    """Find ``a.dot(b)`` and ``torch.dot(a, b)``, which are for vectors only."""
    for node in calls(code, "dot"):
        known = code.names.resolve(node.func.value)
        kind = code.kinds.kind(node.func.value)
        if len(node.args) == 1 and not known and (not kind or kind in TENSORS):
            yield node, False
    for node in calls_of(code, "torch.dot"):
        yield node, False


@rule("cat-of-elements")
def cat_of_elements(code: Code) -> Found:
    """Find ``torch.cat`` of a list of numbers that were picked from tensors."""
    for node in calls_of(code, "torch.cat"):
        if not node.args or len(node.args) > 1 or node.keywords:
            continue
        parts = node.args[0]
        if (isinstance(parts, ast.Name) and code.kinds.kind(parts) not in TENSORS) or (
            isinstance(parts, ast.List) and parts.elts and all(map(_is_element, parts.elts))
        ):
            yield node, False


def _is_element(node: ast.expr) -> bool:
    """Tell whether a node picks something by a number."""
    if not isinstance(node, ast.Subscript):
        return False
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return all(isinstance(part, (ast.Constant, ast.Name)) for part in parts)


@rule("array-times-tensor")
def array_times_tensor(code: Code) -> Found:
    """Find an array of NumPy's that is multiplied by a tensor."""
    yield from _mixed(code, ast.Mult, ARRAY)


@rule("tensor-plus-array")
def tensor_plus_array(code: Code) -> Found:
    """Find a tensor to which an array of NumPy's is added."""
    yield from _mixed(code, ast.Add, "")


def _mixed(code: Code, op: type[ast.operator], first: str) -> Found:
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, op):
            left, right = code.kinds.kind(node.left), code.kinds.kind(node.right)
            if (first == ARRAY and left == ARRAY and right in TENSORS) or (
                not first and left in TENSORS and right == ARRAY
            ):
                yield node, True


@rule("numpy-of-requires-grad")
def numpy_of_requires_grad(code: Code) -> Found:
    """Find ``x.numpy()`` where ``x`` was made with ``requires_grad=True``."""
    recorded = set()
    for node in code.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            wants = keyword(node.value, "requires_grad")
            if isinstance(wants, ast.Constant) and wants.value is True:
                recorded |= {dotted(target) for target in node.targets} - {""}
    for node in calls(code, "numpy"):
        if dotted(node.func.value) in recorded:
            guarded = any(isinstance(one, ast.With) for one in above(node, code))
            yield node, not guarded


@rule("cuda-async")
def cuda_async(code: Code) -> Found:
    """Find ``x.cuda(async=True)``: the keyword is one of Python's own today."""
    for node in code.nodes:
        if isinstance(node, ast.Call) and any(keyword.arg == "async_" for keyword in node.keywords):
            yield node, True


@rule("scalar-index")
def scalar_index(code: Code) -> Found:
    """Find ``total[0]`` where the total is a loss, or a sum of losses: a tensor without dimensions."""
    for node in code.nodes:
        if not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
            continue
        is_zero = isinstance(node.slice, ast.Constant) and node.slice.value == 0
        is_data = isinstance(node.value, ast.Attribute) and node.value.attr == "data"
        if is_zero and not is_data and code.kinds.kind(node.value) == known.SCALAR:
            yield node, True


@rule("integer-division")
def integer_division(code: Code) -> Found:
    """Find ``/`` between tensors of whole numbers, or one of them and a whole number."""
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            sides = [code.kinds.kind(node.left), code.kinds.kind(node.right)]
            is_float = any(
                isinstance(s, ast.Constant) and isinstance(s.value, float)
                for s in (node.left, node.right)
            )
            if known.INTS in sides and set(sides) <= {known.INTS, known.NUMBER} and not is_float:
                yield node, False


@rule("topk-view")
def topk_view(code: Code) -> Found:
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
def dict_by_tensor(code: Code) -> Found:
    """Find a dictionary that is asked with a number picked from a tensor: its keys are numbers, not tensors."""
    for node in code.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            name = last_name(node.value).lower()
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
    return isinstance(node, ast.Name) and code.kinds.kind(node) in known.TENSORS


@rule("arange-of-integers")
def arange_of_integers(code: Code) -> Found:
    """Find ``torch.arange`` of whole numbers that says no type: it once gave floats."""
    for node in calls_of(code, "torch.arange"):
        parts = [part for argument in node.args for part in ast.walk(argument)]
        is_float = any(isinstance(p, ast.Constant) and isinstance(p.value, float) for p in parts)
        has_dtype = keyword(node, "dtype") is not None or keyword(node, "out") is not None
        if not is_float and not has_dtype and not _is_converted(node, code):
            yield node, False


def _is_converted(node: ast.Call, code: Code) -> bool:
    """Tell whether the type of a tensor is changed in the same expression."""
    for one in above(node, code):
        if isinstance(one, ast.stmt):
            return False
        if isinstance(one, ast.Attribute) and one.attr in (
            "long",
            "int",
            "float",
            "double",
            "type",
            "to",
        ):
            return True
    return False
