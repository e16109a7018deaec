"""Kinds of things, and which of them PyTorch's own classes, functions and methods give."""

import ast
import re
from collections.abc import Callable

TENSOR, INTS, MASK, SCALAR = "tensor", "tensor of integers", "mask", "loss"
BYTES = "mask of bytes"  # uint8, as masks were until 1.2
MODULE, LOSS_LAYER, OPTIMIZER, SCHEDULER = "module", "loss layer", "optimizer", "scheduler"
LOADER, ITERATOR, DATASET, FUNCTION = "loader", "iterator", "dataset", "Function"
ARRAY, NUMBER, SEQUENCE, TEXT, OTHER = "array", "number", "sequence", "text", "other"
UNKNOWN = "unknown"  # something has been added to it of which nothing is known
TENSORS = (TENSOR, INTS, MASK, BYTES, SCALAR)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- classes

CLASSES = {
    "torch.nn.Parameter": TENSOR,
    "torch.autograd.Function": FUNCTION,
    "torch.utils.data.DataLoader": LOADER,
    "torch.utils.data.Dataset": DATASET,
}
FAMILIES = [  # the first that matches counts
    (re.compile(r"torch\.optim\.lr_scheduler\.\w+"), SCHEDULER),
    (re.compile(r"torch\.optim\.(?:\w+\.)?[A-Z]\w*"), OPTIMIZER),
    (re.compile(r"torch\.nn\.\w+Loss(?:2d)?"), LOSS_LAYER),
    (re.compile(r"torch\.(?:legacy\.)?nn\.[A-Z]\w*|torchvision\.models\..+"), MODULE),
    (re.compile(r"torchvision\.datasets\.\w+"), DATASET),
]


def of_class(name: str) -> str:
    """Return the kind of an instance of a class; '' if it is not one of PyTorch's."""
    if name in CLASSES:
        return CLASSES[name]
    return next((kind for family, kind in FAMILIES if family.fullmatch(name)), "")


# --- types

OF_TYPES = {
    **dict.fromkeys(("torch.uint8", "torch.ByteTensor", "torch.cuda.ByteTensor"), BYTES),
    **dict.fromkeys(("torch.bool", "torch.BoolTensor", "torch.cuda.BoolTensor"), MASK),
    **dict.fromkeys(("torch.long", "torch.int64", "torch.int", "torch.int32"), INTS),
    **dict.fromkeys(("torch.LongTensor", "torch.IntTensor", "torch.cuda.LongTensor"), INTS),
    **dict.fromkeys(("torch.float", "torch.float32", "torch.double", "torch.float64"), TENSOR),
    **dict.fromkeys(("torch.FloatTensor", "torch.cuda.FloatTensor", "torch.half"), TENSOR),
}


def of_type(node: ast.Call, meaning: Callable[[ast.AST], str]) -> str:
    """Return the kind that a call asks for: ``dtype=torch.uint8``, ``x.type(torch.ByteTensor)``; '' if it does not."""
    types = [keyword.value for keyword in node.keywords if keyword.arg == "dtype"]
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("to", "type"):
        types += node.args[:1]
    return next((OF_TYPES.get(meaning(one), "") for one in types), "")


# --- functions

LOSSES = _words(
    "cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy kl_div cosine_embedding_loss "
    "binary_cross_entropy_with_logits margin_ranking_loss multi_margin_loss hinge_embedding_loss soft_margin_loss"
)
REDUCTIONS = _words("mean sum norm max min prod std var dist")
MAKERS = {
    TENSOR: _words(
        "Tensor FloatTensor DoubleTensor HalfTensor arange randn rand zeros ones empty full eye linspace tensor "
        "from_numpy cat stack zeros_like ones_like randn_like rand_like mm bmm matmul addmm exp log sqrt abs sigmoid "
        "tanh relu softmax log_softmax clamp norm sum mean normal bernoulli gather index_select squeeze unsqueeze "
        "transpose t div mul add sub pow where dot mv ger diag tril triu"
    ),
    INTS: _words("LongTensor IntTensor ShortTensor randperm argmax multinomial nonzero"),
    MASK: _words("eq gt lt ge le ne BoolTensor"),
    BYTES: _words("ByteTensor"),
}
LIBRARIES = _words(
    "PIL pandas math random re os sys json collections matplotlib itertools time cv2 argparse"
)


def of_function(name: str, node: ast.Call, kind: Callable[[ast.AST], str]) -> str:
    """Return the kind of what a function gives, of PyTorch, of NumPy, or of another library that is known."""
    head, _, last = name.rpartition(".")
    library = name.partition(".")[0]
    if name == "torch.autograd.Variable":
        first = kind(node.args[0]) if node.args else ""
        return first if first in TENSORS else TENSOR
    if head == "torch.nn.functional":
        return SCALAR if last in LOSSES and not is_unreduced(node) else TENSOR
    if head in ("torch", "torch.cuda"):
        if last in REDUCTIONS and len(node.args) == 1 and not node.keywords:
            return SCALAR
        return next((kind for kind, names in MAKERS.items() if last in names), "")
    return ARRAY if library == "numpy" else OTHER if library in LIBRARIES else ""


def is_unreduced(node: ast.Call) -> bool:
    """Tell whether a call asks for one loss of each sample."""
    reductions = [k.value for k in node.keywords if k.arg in ("reduce", "reduction")]
    return any(isinstance(v, ast.Constant) and v.value in (False, "none") for v in reductions)


BUILT_IN = {
    NUMBER: _words("len int float sum round abs max min"),
    SEQUENCE: _words("list sorted zip range map open dict set tuple input"),
    TEXT: _words("str repr"),
    ITERATOR: _words("iter"),
}

# --- methods

TENSOR_METHODS = _words(
    "view reshape float double half cuda cpu clone detach contiguous unsqueeze squeeze transpose t permute expand "
    "expand_as exp log sqrt abs pow mul add sub div mm bmm matmul addmm mv sigmoid tanh relu gather index_select "
    "masked_select repeat type_as clamp requires_grad_ to zero_ fill_ uniform_ normal_ mul_ add_ sub_ div_ "
    "copy_ resize_ scatter_ narrow new cumsum view_as pin_memory neg norm"
)
SAME_METHODS = _words("cuda cpu detach clone contiguous to view requires_grad_ unsqueeze squeeze")
SHAPE_METHODS = _words("expand expand_as repeat t transpose permute index_select")
MODULE_METHODS = _words("cuda cpu to train eval double float half")
OF_TENSORS = {
    "item": NUMBER,
    "numpy": ARRAY,
    **dict.fromkeys(("eq", "ne", "gt", "lt", "ge", "le"), MASK),
}
OF_ARRAYS = dict.fromkeys(("astype", "reshape", "transpose", "copy", "squeeze"), ARRAY)
OF_ANYTHING = {
    **dict.fromkeys(("dim", "numel", "nelement"), NUMBER),
    **dict.fromkeys(("long", "int"), INTS),
    "byte": BYTES,
    "bool": MASK,
    "__iter__": ITERATOR,
}


def of_method(owner: str, node: ast.Call) -> str:
    """Return the kind of what a method gives, from the kind of what it is called on; '' if that says nothing."""
    method = node.func.attr
    if owner in (MODULE, LOSS_LAYER):
        return owner if method in MODULE_METHODS else ""
    if owner in (ARRAY, TEXT):
        return TEXT if owner == TEXT else OF_ARRAYS.get(method, "")
    if method == "size":
        return NUMBER if node.args else SEQUENCE
    if owner in TENSORS and method not in OF_ANYTHING:
        return _of_tensor(owner, method, node)
    return OF_ANYTHING.get(method, "")


def _of_tensor(owner: str, method: str, node: ast.Call) -> str:
    if method in OF_TENSORS:
        return OF_TENSORS[method]
    if method in REDUCTIONS and not (node.args or node.keywords):
        return SCALAR
    if method in SAME_METHODS or (owner == SCALAR and method == "float"):
        return owner
    in_place = method.endswith("_") and not method.endswith("__")
    if in_place or (owner in (INTS, MASK, BYTES) and method in SHAPE_METHODS):
        return owner
    return TENSOR if method in (TENSOR_METHODS | REDUCTIONS) - {"max", "min"} else ""
