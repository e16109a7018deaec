"""Rows of a table of old calls for tests of the reader: a dozen, one of each kind."""

from helpers.notes.old_calls import OldCall
from helpers.notes.old_code.reader import Table


def row(name, matches, fix=(), today="error", **fields):
    """A row with what a test needs of it."""
    given = {
        "group": "Misc",
        "old": matches[0],
        "new": (fix or ["?"])[0],
        "why": "Times change.",
        "where": "C05",
    }
    given |= {"message": "IndexError: no more", "deprecated": "0.4", "removed": "1.0"}
    return OldCall(name=name, matches=tuple(matches), fix=tuple(fix), today=today, **given | fields)


LOSS = row(
    "data-0",
    ["$loss.data[0]"],
    ["$loss.item()"],
    sure=False,
    condition="loss is a tensor without dimensions",
)
MSE = row(
    "size-average",
    ["torch.nn.functional.mse_loss(..., size_average=False)"],
    ["torch.nn.functional.mse_loss(..., reduction='sum')"],
    "warns",
)
SCALE = row(
    "scale",
    ["torchvision.transforms.Scale(...)"],
    ["torchvision.transforms.Resize(...)"],
    message="AttributeError: module 'torchvision.transforms' has no attribute 'Scale'",
)
SOFTMAX = row(
    "softmax",
    ["torch.nn.functional.softmax($x)"],
    ["torch.nn.functional.softmax($x, dim=1)"],
    "warns",
)
MASK = row("mask", ["1 - ($a > $b)"], ["~($a > $b)"], sure=False, condition="tensors are compared")
ADDCMUL = row("addcmul", ["$x.addcmul_($s, $a, $b)"], ["$x.addcmul_($a, $b, value=$s)"], "warns")
NEXT = row("next", ["iter($loader).next()"], ["next(iter($loader))"])
LU = row("lu", ["torch.btrifact($a)"], ["torch.linalg.lu_factor($a)"])
VOLATILE = row(
    "volatile",
    ["torch.autograd.Variable(..., volatile=True)"],
    ["torch.autograd.Variable(...)"],
    "warns",
)
ARANGE = row(
    "arange",
    ["torch.arange($a)"],
    today="differs",
    sure=False,
    condition="floats are wanted",
    changed="0.4",
)
VARIABLE = row("variable", ["torch.autograd.Variable($x)"], ["$x"], "runs", message="")
FUNCTION = row("function", ["rule:function-without-static", "rule:function-instance-call"])
ANTIALIAS = row("antialias", ["PIL.Image.ANTIALIAS"], ["PIL.Image.LANCZOS"])
ASYNC = row("async", ["$x.cuda(async=True)"], ["$x.cuda(non_blocking=True)"])

ROWS = (
    LOSS,
    MSE,
    SCALE,
    SOFTMAX,
    MASK,
    ADDCMUL,
    NEXT,
    LU,
    VOLATILE,
    ARANGE,
    VARIABLE,
    FUNCTION,
    ANTIALIAS,
    ASYNC,
)
TABLE = Table(ROWS)
