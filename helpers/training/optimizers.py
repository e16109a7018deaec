"""Muon, an optimiser that turns the step of a whole weight matrix at once, and the groups that a net is trained in.

Muon is Keller Jordan's (2024); here as in airbench94_muon, but in float32: published code computes in bfloat16, which
most CPUs do slowly.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn


def orthogonalised(matrix: torch.Tensor, rounds: int = 3) -> torch.Tensor:
    """Nearly the orthogonal matrix next to this one: all its singular values are brought to about 1 (0.7 to 1.2).

    Newton and Schulz' iteration with the coefficients of Keller Jordan: only products of matrices, no decomposition.

    Args:
        matrix: float, R x C.
        rounds: three bring singular values down to a twentieth of the norm near 1; five, down to a hundredth.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm() + 1e-7)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(rounds):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose step is made orthogonal, for filters (4-d) that are followed by a normalisation.

    A filter bank of O outputs is seen as an O x rest matrix and kept at the norm sqrt(O): a normalisation follows, so
    its size means nothing, but a step's size relative to it does.

    Args:
        params: the weights, each with two or more axes.
        lr: size of a step; each row of the matrix has about this length.
        momentum: of the gradient.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float = 0.1, momentum: float = 0.9
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> None:
        """One step; gradients have to be there."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight.grad)
                mean = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                direction = weight.grad.add(mean, alpha=group["momentum"])
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                update = orthogonalised(direction.reshape(len(weight), -1))
                weight.add_(update.view(weight.shape), alpha=-group["lr"])


def optimisers(
    net: nn.Module,
    *,
    rate: float,
    momentum: float,
    bias_rate: float = 1.0,
    weight_decay: float = 0.0,
    nesterov: bool = True,
    muon_rate: float = 0.0,
    muon_momentum: float = 0.9,
) -> list[torch.optim.Optimizer]:
    """What trains a net: SGD for all its weights, or Muon for its filters and SGD for the rest.

    Args:
        net: parameters with ``requires_grad`` off are left alone.
        rate: SGD's rate at its peak, for the mean loss of a batch.
        momentum: SGD's.
        bias_rate: biases and other 1-d weights learn so many times faster (airbench: batch-norm biases, x 64).
        weight_decay: of SGD's weights. Relative to the weight a step takes off ``rate * weight_decay``, of biases too.
        nesterov: SGD looks ahead.
        muon_rate: Muon's rate at its peak; 0 for SGD alone.
        muon_momentum: Muon's.

    Returns:
        One or two optimisers. Each group keeps its peak rate as ``peak``, for a schedule to scale.
    """
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    filters = [weight for weight in learned if weight.ndim == 4]
    biases = [weight for weight in learned if weight.ndim == 1]
    rest = [weight for weight in learned if weight.ndim not in (1, 4)]
    groups = [
        {"params": rest if muon_rate else filters + rest, "lr": rate, "weight_decay": weight_decay},
        {"params": biases, "lr": rate * bias_rate, "weight_decay": weight_decay / bias_rate},
    ]
    found: list[torch.optim.Optimizer] = [
        torch.optim.SGD(
            [group for group in groups if group["params"]], momentum=momentum, nesterov=nesterov
        )
    ]
    if muon_rate:
        found.append(Muon(filters, muon_rate, muon_momentum))
    for optimiser in found:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return found
