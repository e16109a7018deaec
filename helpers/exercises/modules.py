"""The exercises on modules: what the page's functions and classes must do, tried on nets that are not on the page."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.exercises.exercise import exercise
from helpers.exercises.values import fault_in, kind

# --- 1: count what training changes


@exercise
def check_trainable(trainable: Callable) -> Iterator[str]:
    """``trainable(net)`` counts the numbers that an optimizer may change."""
    layer = nn.Linear(7, 3)
    yield from _count_faults(trainable(layer), 24, "Linear(7, 3)")
    frozen = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.LazyLinear(5))
    frozen(torch.randn(2, 3, 6, 6))
    total = sum(p.numel() for p in frozen.parameters())
    yield from _count_faults(trainable(frozen), total, "a net with batch norm")
    frozen[0].requires_grad_(False)
    if trainable(frozen) == total:
        yield "in a net whose first layer is frozen, you count the frozen numbers as well."
    yield from _count_faults(trainable(frozen), total - 224, "a net whose first layer is frozen")
    shared = nn.Sequential(layer, nn.Linear(3, 7), layer)
    yield from _count_faults(trainable(shared), 52, "a net that uses one layer twice")
    yield from _count_faults(trainable(layer.requires_grad_(False)), 0, "a frozen layer")


def _count_faults(answer: object, expected: int, net: str) -> Iterator[str]:
    if fault := fault_in(answer, expected):
        yield f"for {net}: {fault}"


# --- 2: one sample or many


class _Small(nn.Module):
    """A net that takes batches only."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)
        self.last = nn.Linear(4 * 6 * 6, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.conv(x)).flatten(1))


@exercise
def check_one_or_many(cls: type) -> Iterator[str]:
    """``OneOrMany(net)`` makes a net that takes batches take one picture as well."""
    for channels, classes in (3, 5), (1, 2):
        net = _Small(channels, classes)
        wrapped = cls(net)
        if not isinstance(wrapped, nn.Module):
            yield "it must be an nn.Module."
            return
        if {id(p) for p in wrapped.parameters()} != {id(p) for p in net.parameters()}:
            yield "its parameters are not those of the net: is the net an attribute of the module?"
        for count in 4, 1:
            batch = torch.randn(count, channels, 8, 8)
            if fault := fault_in(wrapped(batch), net(batch)):
                yield f"for a batch of {count}: {fault}"
        sample = torch.randn(channels, 8, 8)
        if fault := fault_in(wrapped(sample), net(sample.unsqueeze(0))[0]):
            yield f"for one sample: {fault}"


# --- 3: layers from a list of sizes


@exercise
def check_mlp(cls: type) -> Iterator[str]:
    """``MLP(sizes)`` is a net of linear layers with ReLU between them."""
    for sizes in [3, 5, 2], [4, 4], [6, 9, 9, 7, 1]:
        given = f"for sizes = {sizes}"
        net = cls(list(sizes))
        if not isinstance(net, nn.Module):
            yield "it must be an nn.Module."
            return
        linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
        if not linear:
            yield f"{given}: the module knows of no nn.Linear; are the layers in a plain list?"
            return
        found = [(layer.in_features, layer.out_features) for layer in linear]
        wanted = list(pairwise(sizes))
        if found != wanted:
            yield f"{given}: the linear layers go {_arrows(found)}, but {_arrows(wanted)} is wanted."
            return
        x = torch.randn(8, sizes[0])
        with torch.no_grad():
            for layer in linear:  # large enough for ReLU to matter at each
                layer.weight.normal_()
                layer.bias.normal_()
        answer = net(x)
        expected, linear_only = _mlp(x, linear), _mlp(x, linear, activation=lambda h: h)
        if not fault_in(answer, expected.relu()) and fault_in(expected, expected.relu()):
            yield f"{given}: there is a ReLU after the last layer too, so no output is negative."
        if len(sizes) > 2 and not fault_in(answer, linear_only):
            yield f"{given}: there is no ReLU between the layers."
        if fault := fault_in(answer, expected):
            yield f"{given}: {fault}"


def _mlp(x: Tensor, layers: list[nn.Linear], activation: Callable = F.relu) -> Tensor:
    for layer in layers[:-1]:
        x = activation(layer(x))
    return layers[-1](x)


def _arrows(pairs: list[tuple[int, int]]) -> str:
    return ", ".join(f"{a} -> {b}" for a, b in pairs)


# --- 4: a hook


class _Forked(nn.Module):
    """A net whose children are no chain: what happens between them stands in ``forward``, and one has children too."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(12, 3)
        self.near = nn.Conv2d(2, 4, 3)
        self.far = nn.Sequential(nn.Conv2d(2, 8, 5, padding=1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        both = [F.relu(self.near(x)).amax((2, 3)), self.far(x).mean((2, 3))]
        return self.last(torch.cat(both, dim=1))


@exercise
def check_record_shapes(record_shapes: Callable) -> Iterator[str]:
    """``record_shapes(net, x)`` returns the shape of each child's output by its name."""
    tall = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4))
    given = [
        (tall, 6, 8, {"0": (6, 3, 6, 6), "1": (6, 3, 3, 3), "2": (6, 27), "3": (6, 4)}),
        (_Forked(), 5, 9, {"last": (5, 3), "near": (5, 4, 7, 7), "far": (5, 8, 7, 7)}),
    ]
    for net, count, side, shapes in given:
        answer = record_shapes(net, torch.randn(count, 2, side, side))
        if not isinstance(answer, dict):
            yield f"a dict is expected, but this is {kind(answer)}."
            return
        if set(answer) != set(shapes):
            hint = ""
            if len(answer) == 1:
                hint = " Does each hook have a name of its own, or do all share the last one?"
            yield f"the names are {list(answer)}, but {list(shapes)} are expected.{hint}"
            return
        if any(tuple(answer[name]) != shape for name, shape in shapes.items()):
            yield "the names are right, but not the shapes: note the output of each layer."
        if any(layer._forward_hooks for layer in net.modules()):
            yield "the shapes are right, but your hooks are still there: remove each by its handle."


# --- 5: a module with a running mean


@exercise
def check_center(cls: type) -> Iterator[str]:
    """``Center(features)`` subtracts the mean: in training mode the batch's, else a running one, its buffer."""
    center = cls(3)
    if not isinstance(center, nn.Module):
        yield "it must be an nn.Module."
        return
    if "mean" in dict(center.named_parameters()):
        yield "mean is a parameter: an optimizer would change it."
    if list(center.state_dict()) != ["mean"]:
        held = list(center.state_dict())
        yield f"state_dict() should hold mean and nothing else, but holds {held}."
        return
    mean = torch.zeros(3)
    if fault := fault_in(center.mean, mean):
        yield f"at the start, mean should be zeros: {fault}"
    for count in 5, 4:
        batch = torch.randn(count, 3) + 2
        mean = 0.9 * mean + 0.1 * batch.mean(0)
        yield from _training_faults(center, batch, mean)
    center.eval()
    for x, words in (torch.randn(5, 3), "a batch"), (torch.randn(3), "one sample"):
        if fault := fault_in(center(x), x - mean):
            yield f"in evaluation mode, for {words}: {fault}"
        if fault_in(center.mean, mean):
            yield "in evaluation mode, mean must stay as it is."


def _training_faults(center: nn.Module, batch: Tensor, mean: Tensor) -> Iterator[str]:
    """What is wrong with a Center that gets a batch in training mode; ``mean`` is its running mean afterwards."""
    x = batch.clone().requires_grad_()
    output, centered = center(x), batch - batch.mean(0)
    if fault := fault_in(output, centered):
        yield f"in training mode: {fault}"
    if center.mean.requires_grad:
        yield "mean has a gradient history: autograd should not record how it is updated."
    if fault := fault_in(center.mean, mean):
        yield f"mean after a batch in training mode: {fault}"
    if not torch.equal(x.detach(), batch):
        yield "the input was changed in place."
    if not output.requires_grad:
        yield "in training mode, autograd cannot go back from the output: leave only the update of mean unrecorded."
        return
    (output * batch).sum().backward()
    if fault := fault_in(x.grad, centered):
        where = "the gradient with respect to the input, which must pass through the batch's mean"
        yield f"{where}: {fault}"
