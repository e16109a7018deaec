"""Run by a kernel before a page: the page finds an accelerator, and nets moved there round as a GPU's do.

The accelerator is the CPU by another name, and only code of the page itself is told of it, so that the page's
branches for one run while PyTorch goes on as before. Convolutions on NVIDIA GPUs take float32 numbers with ten
bits of fraction (TF32, ``torch.backends.cudnn.allow_tf32``, on by default), and add them up in float32. See
"TensorFloat-32 (TF32) on Ampere (and later) devices" in PyTorch's notes on CUDA.
"""

import ast
from types import SimpleNamespace

import torch
from IPython import get_ipython
from torch import nn

DEVICE = torch.device("cpu")  # known by its identity
ACCELERATOR = "_accelerator_like_a_gpu"


def _rounded(x: torch.Tensor) -> torch.Tensor:
    """A tensor with ten bits of fraction, to the nearest; its gradient passes."""
    if x.dtype != torch.float32:
        return x
    cut = (x.detach().view(torch.int32) + 0x1000) & ~0x1FFF
    return x + (cut.view(torch.float32) - x.detach())


def _move(self, *args, true=nn.Module.to, **kwargs):
    """``net.to(device)``, which is noted in the net's layers."""
    if any(value is DEVICE for value in (*args, *kwargs.values())):
        for layer in self.modules():
            layer.on_accelerator = True
    return true(self, *args, **kwargs)


def _convolution(self, x, weight, bias, true=nn.Conv2d._conv_forward):
    if getattr(self, "on_accelerator", False):
        x, weight = _rounded(x), _rounded(weight)
    return true(self, x, weight, bias)


class _OfThePage(ast.NodeTransformer):
    """Where a cell of the page says ``torch.accelerator`` it gets the one that is made up."""

    def visit_Attribute(self, node):
        if ast.unparse(node) == "torch.accelerator":
            return ast.copy_location(ast.Name(ACCELERATOR, node.ctx), node)
        return self.generic_visit(node)


nn.Module.to, nn.Conv2d._conv_forward = _move, _convolution
get_ipython().ast_transformers.append(_OfThePage())
get_ipython().user_global_ns[ACCELERATOR] = SimpleNamespace(
    is_available=lambda: True,
    current_accelerator=lambda check_available=False: DEVICE,
    synchronize=lambda device=None: None,
)
