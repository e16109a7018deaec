"""Guesses what an expression is: a tensor, a loss, an optimizer; modestly, from how the file made it."""

import ast
import re
from collections.abc import Callable, Iterator

from helpers.notes.canonical import COMPREHENSIONS, Names, arguments, dotted

TENSOR, INTS, MASK, SCALAR = "tensor", "tensor of integers", "mask", "loss"
MODULE, LOSS_LAYER, OPTIMIZER, SCHEDULER = "module", "loss layer", "optimizer", "scheduler"
LOADER, ITERATOR, DATASET, FUNCTION = "loader", "iterator", "dataset", "Function"
UNKNOWN = "unknown"  # something has been added to it of which nothing is known
ARRAY, NUMBER, SEQUENCE, TEXT, OTHER = "array", "number", "sequence", "text", "other"
TENSORS = (TENSOR, INTS, MASK, SCALAR)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LOSSES = _words(
    "cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy kl_div hinge_embedding_loss "
    "binary_cross_entropy_with_logits margin_ranking_loss multi_margin_loss cosine_embedding_loss soft_margin_loss"
)
MAKERS = _words(
    "randn rand zeros ones empty full eye linspace tensor from_numpy cat stack zeros_like ones_like randn_like rand_like "
    "mm bmm matmul addmm exp log sqrt abs sigmoid tanh relu softmax log_softmax clamp norm sum mean normal bernoulli "
    "gather index_select squeeze unsqueeze transpose t div mul add sub pow where dot mv ger diag tril triu"
)
FLOATS = _words("Tensor FloatTensor DoubleTensor HalfTensor")
INTEGERS = _words("LongTensor IntTensor ShortTensor")
TENSOR_METHODS = _words(
    "view reshape float double half cuda cpu clone detach contiguous unsqueeze squeeze transpose t permute expand "
    "expand_as exp log sqrt abs pow mul add sub div mm bmm matmul addmm mv sigmoid tanh relu gather index_select "
    "masked_select repeat type_as clamp requires_grad_ to zero_ fill_ uniform_ normal_ mul_ add_ sub_ div_ "
    "copy_ resize_ scatter_ narrow new cumsum view_as pin_memory neg norm"
)
SAME_METHODS = _words("cuda cpu detach clone contiguous to view requires_grad_ unsqueeze squeeze")
REDUCTIONS = ("mean", "sum", "norm", "max", "min", "prod", "std", "var", "dist")
ANNOTATIONS = {
    "Tensor": TENSOR,
    "torch.Tensor": TENSOR,
    "int": NUMBER,
    "float": NUMBER,
    "str": TEXT,
}
LIBRARIES = _words(
    "PIL pandas math random re os sys json collections matplotlib itertools time cv2 argparse"
)
NUMBERS = ("len", "int", "float", "sum", "round", "abs", "max", "min")


class Kinds:
    """The kinds of the expressions in a file."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.values: dict[tuple[ast.AST, str], list[Callable[[], str]]] = {}
        self.classes: dict[str, str] = {}
        self._busy: set[object] = set()
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
            known = self.classes.get(name) or _of_class(name)
            if not known and isinstance(base, (ast.Name, ast.Attribute)):
                known = next(filter(None, map(_of_class, self.names.starred(base))), "")
            if known:
                return MODULE if known == LOSS_LAYER else known
        return OTHER

    # --- what assignments say

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value:
            self._assign(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._put(node.target, lambda: self._added(node.target, node.value))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._loop(node.target, node.iter)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars:
                    self._put(item.optional_vars, lambda: OTHER)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for argument in arguments(node):
                kind = (
                    ANNOTATIONS.get(dotted(argument.annotation), "") if argument.annotation else ""
                )
                if kind:
                    self.values.setdefault((node, argument.arg), []).append(lambda kind=kind: kind)

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
        if node is None or node in self._busy:
            return ""
        if node not in self._known:
            self._busy.add(node)
            self._known[node] = self._kind(node)
            self._busy.discard(node)
        return self._known[node]

    def _kind(self, node: ast.AST) -> str:
        if isinstance(node, ast.Constant):
            return (
                TEXT
                if isinstance(node.value, (str, bytes))
                else NUMBER
                if node.value is not None
                else ""
            )
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict, ast.Set, *COMPREHENSIONS)):
            return SEQUENCE
        if isinstance(node, ast.JoinedStr):
            return TEXT
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.BinOp):
            return self._operation(self.kind(node.left), self.kind(node.right), node.op)
        if isinstance(node, ast.UnaryOp):
            return self.kind(node.operand)
        if isinstance(node, ast.Compare):
            sides = {self.kind(part) for part in (node.left, *node.comparators)}
            return MASK if sides & set(TENSORS) else ARRAY if ARRAY in sides else ""
        if isinstance(node, ast.IfExp):
            return self.kind(node.body) or self.kind(node.orelse)
        return ""

    def _name(self, node: ast.expr) -> str:
        key = self._key(node)
        if key is None or key in self._busy:
            return ""
        self._busy.add(key)
        kinds = {kind() for kind in self.values.get(key, [])}
        if "" in kinds:
            kinds -= {"", NUMBER}  # a first value, as in ``loss = 0``, says little
        self._busy.discard(key)
        return _one(kinds)

    def _attribute(self, node: ast.Attribute) -> str:
        if dotted(node) and (known := self._name(node)):
            return known
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

    def _operation(self, left: str, right: str, op: ast.operator) -> str:
        sides = {left, right}
        if left == TEXT:
            return TEXT
        if SCALAR in sides and sides <= {SCALAR, NUMBER, ""}:
            return SCALAR
        if sides <= {MASK} and isinstance(op, (ast.BitAnd, ast.BitOr)):
            return MASK
        if sides == {INTS} or sides == {INTS, NUMBER}:
            return INTS if not isinstance(op, ast.Div) else TENSOR
        for kind in (TENSOR, INTS, MASK, SCALAR):
            if kind in sides:
                return TENSOR if ARRAY not in sides else ""
        return (
            ARRAY
            if ARRAY in sides
            else NUMBER
            if sides == {NUMBER}
            else SEQUENCE
            if left == SEQUENCE
            else ""
        )

    def _added(self, target: ast.expr, value: ast.expr) -> str:
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
        meant = self.names.resolve(node.func)
        if not meant:
            meant = next(
                (s for s in self.names.starred(node.func) if _of_class(s) or _of_function(s, node)),
                "",
            )
        if meant:
            return _of_function(meant, node, self.kind) or _of_class(meant)
        name = dotted(node.func)
        if name == "iter" and node.args:
            return ITERATOR
        if name in NUMBERS and self.names.is_free(node.func):
            kinds = [self.kind(argument) for argument in node.args]
            return kinds[0] if name in ("sum", "abs") and kinds and kinds[0] in TENSORS else NUMBER
        if name in (
            "list",
            "sorted",
            "zip",
            "range",
            "map",
            "open",
            "str",
            "dict",
            "set",
            "tuple",
            "input",
        ):
            return TEXT if name == "str" else SEQUENCE
        if name in self.classes and self.names.is_free(node.func) is False:
            return self.classes[name]
        called = self.kind(node.func)
        if called == LOSS_LAYER:
            return SCALAR if not _unreduced(node) else TENSOR
        if called == MODULE:
            return TENSOR
        return self._method(node) if isinstance(node.func, ast.Attribute) else ""

    def _method(self, node: ast.Call) -> str:
        method, owner = node.func.attr, self.kind(node.func.value)
        if method in (
            "cuda",
            "cpu",
            "to",
            "train",
            "eval",
            "double",
            "float",
            "half",
        ) and owner in (MODULE, LOSS_LAYER):
            return owner
        if method == "item" and owner in TENSORS:
            return NUMBER
        if method == "numpy" and owner in TENSORS:
            return ARRAY
        if method in ("size", "dim", "numel", "nelement"):
            return NUMBER if node.args or method != "size" else SEQUENCE
        if method in ("long", "int") and owner != ARRAY:
            return INTS
        if method in ("eq", "ne", "gt", "lt", "ge", "le") and owner in TENSORS:
            return MASK
        if method == "byte" and owner in TENSORS:
            return MASK
        if owner == SCALAR and method in (*SAME_METHODS, "float", "backward"):
            return SCALAR
        if method in REDUCTIONS and owner in TENSORS:
            return (
                SCALAR
                if not node.args and not node.keywords
                else ""
                if method in ("max", "min")
                else TENSOR
            )
        if method in SAME_METHODS and owner in TENSORS:
            return owner
        if owner in TENSORS and method in TENSOR_METHODS:
            return TENSOR
        if owner == ARRAY:
            return ARRAY if method in ("astype", "reshape", "transpose", "copy", "squeeze") else ""
        if owner == TEXT:
            return TEXT
        return ""


def holds(required: str, kind: str) -> bool | None:
    """Tell whether an expression of a kind is what is required; None if the kind is not known."""
    if not kind:
        return None
    if required == TENSOR:
        return kind in TENSORS
    return kind == required


def looks_like_loss(node: ast.AST) -> bool:
    """Tell whether a name says that it is a loss: ``loss``, ``errD_real``, ``self.cost``."""
    name = dotted(node).rpartition(".")[2]
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


def _of_class(name: str) -> str:
    """Return the kind of an instance of a class of PyTorch's."""
    head, _, last = name.rpartition(".")
    if name.startswith("torch.optim.lr_scheduler."):
        return SCHEDULER
    if name.startswith("torch.optim.") and last[:1].isupper():
        return OPTIMIZER
    if head == "torch.nn" and last.endswith(("Loss", "Loss2d")):
        return LOSS_LAYER
    if name == "torch.nn.Parameter":
        return TENSOR
    if (
        head in ("torch.nn", "torch.legacy.nn")
        and last[:1].isupper()
        or name.startswith("torchvision.models.")
    ):
        return MODULE
    if name == "torch.autograd.Function":
        return FUNCTION
    if name == "torch.utils.data.DataLoader":
        return LOADER
    if name == "torch.utils.data.Dataset" or head == "torchvision.datasets":
        return DATASET
    return ""


def _of_function(
    name: str, node: ast.Call, kind: Callable[[ast.AST], str] = lambda node: ""
) -> str:
    """Return the kind of what a function of PyTorch's, or of NumPy's, gives."""
    head, _, last = name.rpartition(".")
    first = kind(node.args[0]) if node.args else ""
    if name == "torch.autograd.Variable":
        return first if first in TENSORS else TENSOR
    if head == "torch.nn.functional":
        return (TENSOR if _unreduced(node) else SCALAR) if last in LOSSES else TENSOR
    if head in ("torch", "torch.cuda"):
        if last in INTEGERS or last in ("arange", "randperm", "argmax", "multinomial", "nonzero"):
            return INTS if last in INTEGERS or last != "arange" else TENSOR
        if last in ("eq", "gt", "lt", "ge", "le", "ne", "ByteTensor", "BoolTensor"):
            return MASK
        if last in REDUCTIONS and len(node.args) == 1 and not node.keywords:
            return SCALAR
        if last in (*FLOATS, *MAKERS):
            return TENSOR
    if name.startswith("numpy."):
        return ARRAY
    return OTHER if name.partition(".")[0] in LIBRARIES else ""


def _unreduced(node: ast.Call) -> bool:
    """Tell whether a call asks for one loss of each sample."""
    return any(
        k.arg in ("reduce", "reduction") and getattr(k.value, "value", None) in (False, "none")
        for k in node.keywords
    )


def walk_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls in some code."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))
