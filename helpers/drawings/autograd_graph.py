"""Draws the graph that autograd has recorded, read from ``grad_fn`` and its ``next_functions``."""

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import FancyBboxPatch
from torch.autograd.graph import Node

from helpers import plotting
from helpers.tables import number

WIDTH, HEIGHT = 0.86, 0.66  # of a box, where the next column or row is 1 away
INCHES = 1.42, 1.1  # from column to column, from row to row
ARROW = {"arrowstyle": "-|>", "color": plotting.GRAY, "linewidth": 1.4, "shrinkA": 2, "shrinkB": 2}


def show_graph(output: torch.Tensor, **leaves: torch.Tensor) -> None:
    """Show the graph behind a tensor: inputs on the left, the output on the right, arrows the way gradients go.

    A function's box says what it keeps for ``backward``; the box of a leaf says its name and its gradient.

    Args:
        output: a tensor of any shape and dtype that autograd has recorded.
        leaves: the leaf tensors by name; others are drawn without one. Gradients of one element are written
            out, of larger ones their shape is.

    Raises:
        ValueError: nothing was recorded: the tensor has no ``grad_fn``.
    """
    names = {id(tensor): name for name, tensor in leaves.items()}
    steps = longest_ways(output)
    last = max(steps.values())
    columns = [[node for node in steps if steps[node] == n] for n in range(last + 1)]
    most_rows = max(map(len, columns))
    places = {
        node: (last - n, (len(column) - 1) / 2 - row)
        for n, column in enumerate(columns)
        for row, node in enumerate(column)
    }
    figure, axis = plt.subplots(figsize=(INCHES[0] * len(columns), INCHES[1] * most_rows))
    sentences = []
    for node, (x, y) in places.items():
        targets = _next_nodes(node)
        for end in map(places.get, targets):
            tip, tail = (end[0] + WIDTH / 2, end[1]), (x - WIDTH / 2, y)
            axis.annotate("", xy=tip, xytext=tail, arrowprops=ARROW)
        lines = _label(node, names)
        color = plotting.VERMILION if _leaf(node) is not None else plotting.BLUE
        box = FancyBboxPatch((x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, mutation_aspect=0.6)
        box.set(boxstyle="round,pad=0,rounding_size=0.08", facecolor=f"{color}22", edgecolor=color)
        axis.add_patch(box)
        axis.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=9, linespacing=1.5)
        way = f", leads to {' and '.join(_label(other, names)[0] for other in targets)}"
        sentences.append(f"{', '.join(lines)}{way if targets else ''}.")
    axis.set(xlim=(-0.5, last + 0.5), ylim=(-most_rows / 2, most_rows / 2))
    plotting.bare(axis)
    plotting.show(figure, alt=" ".join(sentences))


def longest_ways(output: torch.Tensor) -> dict[Node, int]:
    """Find the functions behind a tensor, and how many steps the longest way from it to each has."""
    if output.grad_fn is None:
        raise ValueError("this tensor has no grad_fn: no graph was recorded")
    steps = {output.grad_fn: 0}
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop(0)
        for other in _next_nodes(node):
            if steps.get(other, 0) <= steps[node]:  # met on a longer way: what follows it moves too
                steps[other] = steps[node] + 1
                waiting.append(other)
    return steps


def memory_note(node: Node) -> str:
    """Say what a function keeps for ``backward``: 'keeps self, other', 'freed' after it, '' if it needs nothing."""
    saved = [name for name in dir(node) if name.startswith("_saved_")]
    try:
        tensors = [name for name in saved if isinstance(getattr(node, name), torch.Tensor)]
    except RuntimeError:  # autograd frees what it kept once backward has used it
        return "freed"
    return f"keeps {', '.join(n.removeprefix('_saved_') for n in tensors)}" if tensors else ""


def _next_nodes(node: Node) -> list[Node]:
    return [other for other, _ in node.next_functions if other]


def _leaf(node: Node) -> torch.Tensor | None:
    return getattr(node, "variable", None)  # AccumulateGrad has one: the tensor that it adds to


def _label(node: Node, names: dict[int, str]) -> list[str]:
    """Return the lines in a node's box: its name, and what it keeps or, of a leaf, the gradient."""
    leaf = _leaf(node)
    if leaf is None:
        return [line for line in (node.name(), memory_note(node)) if line]
    return [names.get(id(leaf), "leaf"), node.name().rpartition(":")[2], _grad(leaf)]


def _grad(leaf: torch.Tensor) -> str:
    if leaf.grad is None:
        return "grad: None"
    if leaf.numel() > 1:
        return f"grad: {tuple(leaf.shape)}"
    value = leaf.grad.item()
    plain = value == 0 or 0.01 <= abs(value) < 1000
    return f"grad: {value:.2f}" if plain else f"grad: {number(value, 3)}"
