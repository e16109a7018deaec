"""Run by a kernel before a page: the page finds an accelerator, and nets moved there round as a GPU's do.

The accelerator is the CPU by another name, and only code of the page itself is told of it, so that the page's
branches for one run while PyTorch goes on as before. Convolutions on NVIDIA GPUs take float32 numbers with ten
bits of fraction (TF32, ``torch.backends.cudnn.allow_tf32``, on by default), and add them up in float32. See
"TensorFloat-32 (TF32) on Ampere (and later) devices" in PyTorch's notes on CUDA.
"""

import sys

import torch
from torch import nn

DEVICE = torch.device("cpu")  # known by its identity


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


def _for_the_page(name, answer):
    """Let a function of ``torch.accelerator`` give this answer to the page's own cells."""
    true = getattr(torch.accelerator, name)

    def asked(*args, **kwargs):
        of_page = sys._getframe(1).f_globals.get("__name__") == "__main__"
        return answer if of_page else true(*args, **kwargs)

    setattr(torch.accelerator, name, asked)


nn.Module.to, nn.Conv2d._conv_forward = _move, _convolution
_for_the_page("is_available", True)
_for_the_page("current_accelerator", DEVICE)
_for_the_page("synchronize", None)
