"""Run by a kernel before a page: the page finds an accelerator, and its convolutions round as a GPU's do.

The accelerator is the CPU by another name, and only code of the page itself is told of it, so that the page's
branches for one run while PyTorch goes on as before. Convolutions on NVIDIA GPUs take float32 numbers with ten
bits of fraction (TF32, ``torch.backends.cudnn.allow_tf32``, on by default), and add them up in float32. See
"TensorFloat-32 (TF32) on Ampere (and later) devices" in PyTorch's notes on CUDA.
"""

import sys

import torch
from torch.nn import functional


def _rounded(x: torch.Tensor) -> torch.Tensor:
    """A tensor with ten bits of fraction, to the nearest; its gradient passes."""
    if x.dtype != torch.float32:
        return x
    cut = (x.detach().view(torch.int32) + 0x1000) & ~0x1FFF
    return x + (cut.view(torch.float32) - x.detach())


def _convolution(
    x: torch.Tensor, weight: torch.Tensor, *args, exact=functional.conv2d, **kwargs
) -> torch.Tensor:
    return exact(_rounded(x), _rounded(weight), *args, **kwargs)


def _for_the_page(name, answer):
    """Let a function of ``torch.accelerator`` give this answer to the page's own cells."""
    true = getattr(torch.accelerator, name)

    def asked(*args, **kwargs):
        of_page = sys._getframe(1).f_globals.get("__name__") == "__main__"
        return answer if of_page else true(*args, **kwargs)

    setattr(torch.accelerator, name, asked)


functional.conv2d = _convolution
_for_the_page("is_available", True)
_for_the_page("current_accelerator", torch.device("cpu"))
_for_the_page("synchronize", None)
