"""Draws the graph that autograd has recorded, read from ``grad_fn`` and its ``next_functions``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from helpers import plotting

BOX = (0.86, 0.62)  # width and height of a node, where the next layer is 1 away
ARROW = {"arrowstyle": "-|>", "color": plotting.GREY, "linewidth": 1.4, "shrinkA": 2, "shrinkB": 2}


@dataclass
class Node:
    """One function of the graph.

    Attributes:
        function: the node of autograd itself.
        depth: the longest way from the output to it, in steps.
        next: the functions that it hands gradients on to.
    """

    function: torch.autograd.graph.Node
    depth: int = 0
    next: list[torch.autograd.graph.Node] = field(default_factory=list)


def recorded(output: torch.Tensor) -> dict[torch.autograd.graph.Node, Node]:
    """The functions behind a tensor, the one that made it first.

    Args:
        output: a tensor of any shape and dtype that autograd has recorded.

    Raises:
        ValueError: nothing was recorded: the tensor has no ``grad_fn``.
    """
    if output.grad_fn is None:
        raise ValueError("this tensor has no grad_fn: no graph was recorded")
    nodes = {output.grad_fn: Node(output.grad_fn)}
    waiting = [output.grad_fn]
    while waiting:
        node = nodes[waiting.pop(0)]
        node.next = [function for function, _ in node.function.next_functions if function]
        for function in node.next:
            other = nodes.setdefault(function, Node(function))
            if other.depth <= node.depth:  # met on a longer way: what follows it moves too
                other.depth = node.depth + 1
                waiting.append(function)
    return nodes


def kept(function: torch.autograd.graph.Node) -> str:
    """What a function keeps for ``backward``: 'keeps self, other', 'freed' after it, '' if it needs nothing."""
    names = []
    for name in (name for name in dir(function) if name.startswith("_saved_")):
        try:
            if isinstance(getattr(function, name), torch.Tensor):
                names.append(name.removeprefix("_saved_"))
        except RuntimeError:  # autograd frees what it kept once backward has used it
            return "freed"
    return f"keeps {', '.join(names)}" if names else ""


def draw_graph(axis: Axes, output: torch.Tensor, names: Mapping[str, torch.Tensor]) -> None:
    """Draw the graph behind a tensor: inputs on the left, the output on the right, arrows the way gradients go.

    A function's box says what it keeps for ``backward``; the box of a leaf says its name and its gradient.

    Args:
        axis: where to draw.
        output: a tensor that autograd has recorded.
        names: the leaf tensors by name; others are drawn without one. Gradients of one element are written
            out, of larger ones their shape is.

    Raises:
        ValueError: nothing was recorded.
    """
    nodes = recorded(output)
    last = max(node.depth for node in nodes.values())
    places = _places(nodes, last)
    for node in nodes.values():
        for function in node.next:
            start, end = places[node.function], places[function]
            axis.annotate(
                "", xy=(end[0] + BOX[0] / 2, end[1]), xytext=(start[0] - BOX[0] / 2, start[1]),
                arrowprops=ARROW,
            )  # fmt: skip
        _draw_node(axis, node.function, places[node.function], names)
    rows = [y for _, y in places.values()]
    axis.set(xlim=(-0.5, last + 0.5), ylim=(min(rows) - 0.5, max(rows) + 0.5))
    plotting.bare(axis)


def _places(nodes: Mapping, last: int) -> dict[torch.autograd.graph.Node, tuple[float, float]]:
    """Where each function is drawn: its column by its depth, its row in the order met, columns centred."""
    columns = [[f for f, node in nodes.items() if node.depth == depth] for depth in range(last + 1)]
    return {
        function: (last - depth, (len(column) - 1) / 2 - row)
        for depth, column in enumerate(columns)
        for row, function in enumerate(column)
    }


def _draw_node(
    axis: Axes,
    function: torch.autograd.graph.Node,
    place: tuple[float, float],
    names: Mapping[str, torch.Tensor],
) -> None:
    leaf = getattr(function, "variable", None)  # AccumulateGrad has one: the tensor that it adds to
    if leaf is None:
        colour, lines = plotting.BLUE, [function.name(), kept(function)]
    else:
        name = next((name for name, tensor in names.items() if tensor is leaf), "leaf")
        colour, lines = (
            plotting.VERMILION,
            [f"{name} ({function.name().rpartition(':')[2]})", _grad(leaf)],
        )
    x, y = place
    corner = (x - BOX[0] / 2, y - BOX[1] / 2)
    style = {"boxstyle": "round,pad=0,rounding_size=0.08", "mutation_aspect": 0.6}
    axis.add_patch(FancyBboxPatch(corner, *BOX, facecolor=f"{colour}22", edgecolor=colour, **style))
    text = "\n".join(filter(None, lines))
    axis.text(x, y, text, ha="center", va="center", fontsize=8, linespacing=1.5)


def _grad(leaf: torch.Tensor) -> str:
    if leaf.grad is None:
        return "grad: None"
    return f"grad: {leaf.grad.item():.2f}" if leaf.numel() == 1 else f"grad: {tuple(leaf.shape)}"
