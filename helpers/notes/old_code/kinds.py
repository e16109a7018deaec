"""Guesses what an expression is: a tensor, a loss, an optimizer; modestly, from how the file made it."""

import ast
import re
from collections.abc import Callable

from helpers.notes.old_code import known
from helpers.notes.old_code.canonical import COMPREHENSIONS, Names, dotted
from helpers.notes.old_code.known import (
    ARRAY,
    BYTES,
    INTS,
    ITERATOR,
    LOADER,
    LOSS_LAYER,
    MASK,
    MODULE,
    NUMBER,
    OTHER,
    SCALAR,
    SEQUENCE,
    TENSOR,
    TENSORS,
    TEXT,
    UNKNOWN,
)

ANNOTATIONS = {
    "Tensor": TENSOR,
    "torch.Tensor": TENSOR,
    "int": NUMBER,
    "float": NUMBER,
    "str": TEXT,
}


class Kinds:
    """The kinds of the expressions in a file."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.values: dict[tuple[ast.AST, str], list[Callable[[], str]]] = {}
        self.classes: dict[str, str] = {}
        self._busy: set[object] = set()
        self._so_far: dict[object, str] = {}
        self._known: dict[object, str] = {}
        nodes = list(ast.walk(names.tree))
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = self._class(node)
        for node in nodes:
            self._bind(node)

    def _class(self, node: ast.ClassDef) -> str:
        for base in node.bases:
            name = self.names.resolve(base) or dotted(base)
            kind = self.classes.get(name) or known.of_class(name)
            if not kind and isinstance(base, (ast.Name, ast.Attribute)):
                kind = next(filter(None, map(known.of_class, self.names.starred(base))), "")
            if kind:
                return MODULE if kind == LOSS_LAYER else kind
        return OTHER

    # --- what assignments say

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value:
            self._assign(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._put(node.target, lambda: self._added(node.value))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._loop(node.target, node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            self._put(node.optional_vars, lambda: OTHER)
        elif isinstance(node, ast.arg) and dotted(node.annotation) in ANNOTATIONS:
            kind = ANNOTATIONS[dotted(node.annotation)]
            scope = self.names.parents[self.names.parents[node]]  # above its list of arguments
            self.values.setdefault((scope, node.arg), []).append(lambda: kind)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, (ast.Tuple, ast.List)):
            self._put(target, lambda: self.kind(value))
        elif isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            for one, part in zip(target.elts, value.elts, strict=True):
                self._assign(one, part)
        else:
            for n, one in enumerate(target.elts):
                self._put(one, lambda n=n: self._unpacked(value, n))

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        if isinstance(source, ast.Call) and dotted(source.func) in (
            "enumerate",
            "tqdm",
            "zip",
            "tqdm.tqdm",
        ):
            name, inner = dotted(source.func), source.args
            if name == "enumerate" and isinstance(target, (ast.Tuple, ast.List)) and inner:
                self._put(target.elts[0], lambda: NUMBER)
                return self._loop(target.elts[1], inner[0]) if len(target.elts) == 2 else None
            if name == "zip" and isinstance(target, (ast.Tuple, ast.List)):
                for one, part in zip(target.elts, inner, strict=False):
                    self._loop(one, part)
                return None
            if name.startswith("tqdm") and inner:
                return self._loop(target, inner[0])
        if isinstance(source, ast.Call) and dotted(source.func) in ("range", "xrange"):
            return self._put(target, lambda: NUMBER)
        for one in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            if isinstance(one, (ast.Tuple, ast.List)):
                self._loop(one, source)
            else:
                self._put(one, lambda: TENSOR if self.kind(source) in (LOADER, *TENSORS) else "")
        return None

    def _put(self, target: ast.expr, kind: Callable[[], str]) -> None:
        if key := self._key(target):
            self.values.setdefault(key, []).append(kind)

    def _key(self, node: ast.expr) -> tuple[ast.AST, str] | None:
        """Return the scope that a name belongs to, and the name; for ``self.x`` that is the class."""
        name = dotted(node)
        if not name:
            return None
        root = name.partition(".")[0]
        if root == "self":
            owner = next((s for s in self.names.scopes(node) if isinstance(s, ast.ClassDef)), None)
            return (owner, name) if owner else None
        for scope in self.names.scopes(node):
            if isinstance(scope, ast.ClassDef) and self.names.scope(node) is not scope:
                continue
            if root in self.names.local(scope) or isinstance(scope, (ast.Module, ast.ClassDef)):
                return scope, name
        return None

    # --- what expressions are

    def kind(self, node: ast.AST | None) -> str:
        """Return the kind of an expression; '' if it is not known."""
        if node is None:
            return ""
        if node in self._busy:
            return self._so_far.get(self._key(node), "")
        if node not in self._known:
            self._busy.add(node)
            self._known[node] = self._kind(node)
            self._busy.discard(node)
        return self._known[node]

    def _kind(self, node: ast.AST) -> str:
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict, ast.Set, *COMPREHENSIONS)):
            return SEQUENCE
        asked = {
            ast.Constant: self._constant,
            ast.JoinedStr: lambda node: TEXT,
            ast.Call: self._call,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.BinOp: self._operation,
            ast.UnaryOp: lambda node: self.kind(node.operand),
            ast.Compare: self._comparison,
            ast.IfExp: lambda node: self.kind(node.body) or self.kind(node.orelse),
        }
        return asked[type(node)](node) if type(node) in asked else ""

    def _constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, (str, bytes)):
            return TEXT
        return "" if node.value in (None, ...) else NUMBER

    def _comparison(self, node: ast.Compare) -> str:
        sides = {self.kind(part) for part in (node.left, *node.comparators)}
        return MASK if sides & set(TENSORS) else ARRAY if ARRAY in sides else ""

    def _name(self, node: ast.expr) -> str:
        key = self._key(node)
        if key is None:
            return ""
        if key in self._busy:  # as in ``mask = mask.cuda()``
            return self._so_far.get(key, "")
        self._busy.add(key)
        kinds: set[str] = set()
        for kind in self.values.get(key, []):
            kinds.add(kind())
            self._so_far[key] = _one(kinds)
        if "" in kinds and BYTES in kinds:  # it may have become a mask of today
            kinds = set()
        if "" in kinds:
            kinds -= {"", NUMBER}  # a first value, as in ``loss = 0``, says little
        self._busy.discard(key)
        return _one(kinds)

    def _attribute(self, node: ast.Attribute) -> str:
        if dotted(node) and (kind := self._name(node)):
            return kind
        owner = self.kind(node.value)
        if node.attr in ("data", "grad") and owner in TENSORS:
            return owner
        if node.attr == "shape":
            return SEQUENCE
        if node.attr in ("weight", "bias") and owner == MODULE:
            return TENSOR
        return ""

    def _subscript(self, node: ast.Subscript) -> str:
        owner = self.kind(node.value)
        if owner == SCALAR:
            return TENSOR
        return owner if owner in (*TENSORS, ARRAY, MODULE) else ""

    def _operation(self, node: ast.BinOp) -> str:
        left, right = self.kind(node.left), self.kind(node.right)
        sides = {left, right}
        if left in (TEXT, SEQUENCE):
            return left
        if sides & set(TENSORS):
            return "" if ARRAY in sides else _of_tensors(sides, node.op)
        return ARRAY if ARRAY in sides else NUMBER if sides == {NUMBER} else ""

    def _added(self, value: ast.expr) -> str:
        kind = self.kind(value)
        return kind if kind in (SCALAR, NUMBER) else UNKNOWN

    def _unpacked(self, value: ast.expr, n: int) -> str:
        if isinstance(value, ast.Call):
            name = self.names.resolve(value.func).rpartition(".")[2]
            method = value.func.attr if isinstance(value.func, ast.Attribute) else name
            if method == "topk":
                return INTS if n else TENSOR
            if method in ("max", "min", "sort") and (
                name or self.kind(value.func.value) in TENSORS
            ):
                return INTS if n else TENSOR
            if method == "size":
                return NUMBER
            if method == "next" or name == "next" or dotted(value.func) == "next":
                return TENSOR if self._iterates(value) else ""
            if self.kind(value.func) == MODULE:
                return TENSOR
        kind = self.kind(value)
        return kind if kind in TENSORS else ""

    def _iterates(self, call: ast.Call) -> bool:
        of = call.args[0] if call.args else getattr(call.func, "value", None)
        return self.kind(of) in (ITERATOR, LOADER)

    def _call(self, node: ast.Call) -> str:
        if kind := known.of_type(node, self.names.resolve):
            return kind
        meant = [self.names.resolve(node.func), *self.names.starred(node.func)]
        for name in filter(None, meant):
            if kind := known.of_function(name, node, self.kind) or known.of_class(name):
                return kind
        if isinstance(node.func, ast.Name) and not meant[0]:
            if self.names.is_free(node.func):
                return self._built_in(node.func.id, node)
            if node.func.id in self.classes:
                return self.classes[node.func.id]
        called = "" if meant[0] else self.kind(node.func)
        if called in (LOSS_LAYER, MODULE):
            return SCALAR if called == LOSS_LAYER and not known.is_unreduced(node) else TENSOR
        is_method = isinstance(node.func, ast.Attribute) and not meant[0]
        return known.of_method(self.kind(node.func.value), node) if is_method else ""

    def _built_in(self, name: str, node: ast.Call) -> str:
        kinds = [self.kind(argument) for argument in node.args]
        if name in ("sum", "abs") and kinds and kinds[0] in TENSORS:
            return kinds[0]
        return next((kind for kind, names in known.BUILT_IN.items() if name in names), "")


def _of_tensors(sides: set[str], op: ast.operator) -> str:
    """Return what tensors, or tensors and numbers, give together."""
    if SCALAR in sides and sides <= {SCALAR, NUMBER, ""}:
        return SCALAR
    if sides == {MASK} and isinstance(op, (ast.BitAnd, ast.BitOr)):
        return MASK
    for whole, others in ((INTS, {NUMBER}), (BYTES, {NUMBER, MASK})):
        if whole in sides and sides <= {whole, *others} and not isinstance(op, ast.Div):
            return whole
    return TENSOR


def holds(required: str, kind: str) -> bool | None:
    """Tell whether an expression of a kind is what is required; None if the kind is not known."""
    if not kind:
        return None
    if required == TENSOR:
        return kind in TENSORS
    return kind == required


def looks_like_loss(node: ast.AST) -> bool:
    """Tell whether a name says that it is a loss: ``loss``, ``errD_real``, ``self.cost``, ``loss_function(x, y)``."""
    name = dotted(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
    return bool(re.search(r"loss|cost|(^|_)err|mse|elbo|kld|bce", name, re.IGNORECASE))


def _one(kinds: set[str]) -> str:
    """Return what a name is that has been given several kinds of things; '' if they do not go together."""
    if SCALAR in kinds and kinds <= {SCALAR, NUMBER, UNKNOWN}:
        return SCALAR
    if UNKNOWN in kinds:
        kinds = kinds - {UNKNOWN, NUMBER}
    if len(kinds) > 1 and kinds <= set(TENSORS):
        return TENSOR
    return next(iter(kinds)) if len(kinds) == 1 else ""
