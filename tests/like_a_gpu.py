"""Run by a kernel before a page: PyTorch finds an accelerator, and its convolutions round as a GPU's do.

The accelerator is the CPU under another pretence, so that the branches for one run. Convolutions on NVIDIA GPUs
take float32 numbers with ten bits of fraction (TF32, the default of cuDNN since PyTorch 1.7), and add them up in
float32. See "TensorFloat-32 on Ampere (and later) devices" in PyTorch's notes on CUDA.
"""

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


functional.conv2d = _convolution
torch.accelerator.is_available = lambda: True
torch.accelerator.current_accelerator = lambda check_available=False: torch.device("cpu")
torch.accelerator.synchronize = lambda device=None: None
