"""What is drawn of autograd's graph is what autograd has recorded."""

import matplotlib.pyplot as plt
import pytest
import torch

from helpers.drawings.autograd_graph import draw_graph, kept, recorded


@pytest.fixture
def w():
    return torch.tensor(2.0, requires_grad=True)


def names(output):
    return [
        (node.function.name().rpartition(":")[2], node.depth) for node in recorded(output).values()
    ]


def test_functions_by_their_longest_way(w):
    square = w * w
    output = square.exp() + square
    assert names(output) == [
        ("AddBackward0", 0),
        ("ExpBackward0", 1),
        ("MulBackward0", 2),  # one step from the sum, two by way of exp
        ("AccumulateGrad", 3),
    ]


def test_a_chain_below_a_shared_function_moves_with_it(w):
    chain = w.sin().cos()
    depths = dict(names(chain + chain.exp().exp()))
    assert (
        depths["CosBackward0"] == 3
        and depths["SinBackward0"] == 4
        and depths["AccumulateGrad"] == 5
    )


def test_inputs_without_gradient_are_not_in_it(w):
    assert names(w * torch.tensor(3.0)) == [("MulBackward0", 0), ("AccumulateGrad", 1)]


def test_nothing_recorded():
    with pytest.raises(ValueError, match="no grad_fn"):
        recorded(torch.tensor(1.0))


def test_what_is_kept_and_freed(w):
    output = w.exp() * w
    multiply, exp = output.grad_fn, output.grad_fn.next_functions[0][0]
    assert (kept(multiply), kept(exp)) == ("keeps other, self", "keeps result")
    assert kept((w + w).grad_fn) == ""
    output.backward()
    assert (kept(multiply), kept(exp)) == ("freed", "freed")


def drawn(output, **leaves):
    figure, axis = plt.subplots()
    draw_graph(axis, output, leaves)
    plt.close(figure)
    return axis


def test_a_drawing_names_leaves_and_their_gradients(w):
    output = w * torch.ones(2, requires_grad=True)
    texts = {text.get_text() for text in drawn(output, w=w).texts}
    assert "w (AccumulateGrad)\ngrad: None" in texts
    assert "leaf (AccumulateGrad)\ngrad: None" in texts
    output.sum().backward()
    texts = {text.get_text() for text in drawn(output, w=w).texts}
    assert {"w (AccumulateGrad)\ngrad: 2.00", "leaf (AccumulateGrad)\ngrad: (2,)"} <= texts


def test_boxes_do_not_overlap_and_lie_inside(w):
    leaves = [torch.ones((), requires_grad=True) for _ in range(4)]
    axis = drawn((w * leaves[0]).exp() + leaves[1] * leaves[2] + leaves[3])
    boxes = [patch.get_bbox() for patch in axis.patches]
    assert len(boxes) == 5 + 5  # functions: 2 sums, 2 products, exp; and as many leaves
    for n, box in enumerate(boxes):
        assert axis.viewLim.x0 <= box.x0 and box.x1 <= axis.viewLim.x1
        assert axis.viewLim.y0 <= box.y0 and box.y1 <= axis.viewLim.y1
        assert not any(box.overlaps(other) for other in boxes[:n])
