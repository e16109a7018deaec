"""The net and the optimisers that a recipe names, one training step with them, and its work in FLOP."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from helpers.training import baselines as peers
from helpers.training.net import FastNet
from helpers.training.optimizers import optimisers
from helpers.training.recipe import Recipe


def autocast(device: str, precision: str) -> Any:
    """The context that a net computes in: with ``"bf16"`` torch uses bfloat16 where that is safe."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def build(recipe: Recipe) -> nn.Module:
    """The net of a recipe, not yet whitened."""
    if recipe.net != "fast":
        return peers.NETS[recipe.net]()
    return FastNet(
        widths=recipe.widths,
        depths=recipe.depths,
        pools=recipe.pools,
        stem_size=recipe.stem_size,
        stem_stride=recipe.stem_stride,
        stem_filters=recipe.stem_filters,
        stem_bias=recipe.stem_bias,
        skip=recipe.skip,
        mirror=recipe.mirror,
        learn_stem=not recipe.whiten,
    )


def optimisers_of(net: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """The optimisers that a recipe trains a net with."""
    return optimisers(
        net,
        rate=recipe.rate,
        momentum=recipe.momentum,
        bias_rate=recipe.bias_rate,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        muon_rate=recipe.muon_rate,
        muon_momentum=recipe.muon_momentum,
    )


def step(
    net: nn.Module,
    steppers: Sequence[torch.optim.Optimizer],
    pictures: torch.Tensor,
    labels: torch.Tensor,
    *,
    smoothing: float = 0.0,
    device: str = "cpu",
    precision: str = "fp32",
) -> torch.Tensor:
    """One training step on float pictures (N x 3 x H x W) and labels (N); returns the loss, a detached scalar."""
    with autocast(device, precision):
        logits = net(pictures)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=smoothing)
    for optimiser in steppers:
        optimiser.zero_grad()
    loss.backward()
    for optimiser in steppers:
        optimiser.step()
    return loss.detach()


def set_rates(steppers: Sequence[torch.optim.Optimizer], factor: float) -> None:
    """Set every group's rate to its peak times ``factor``."""
    for optimiser in steppers:
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * factor


def flops_of_step(recipe: Recipe, batch: int, size: int) -> int:
    """FLOP of one training step of so many pictures, forward, backward and optimiser, by torch's own counter.

    Counted on the "meta" device: shapes without numbers, so it costs no time. The counter knows matrix products and
    convolutions, and counts a multiplication and an addition as two; what is done element by element is left out.
    """
    with torch.device("meta"):
        net = build(recipe)
        pictures, labels = torch.empty(batch, 3, size, size), torch.empty(batch, dtype=torch.long)
    steppers = optimisers_of(net, recipe)
    with FlopCounterMode(display=False) as counter:
        step(net, steppers, pictures, labels)
    return counter.get_total_flops()


def synchronise(device: str) -> None:
    """Wait until a GPU has done what it was given, so that the clock tells the truth."""
    if device == "cuda":
        torch.cuda.synchronize()
