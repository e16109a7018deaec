"""What is drawn of autograd's graph is what autograd has recorded."""

import pytest
import torch

from helpers.drawings.autograd_graph import longest_ways, memory_note, show_graph
from tests.support.figures import shown

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def w():
    return torch.tensor(2.0, requires_grad=True)


def ways(output):
    return {node.name().rpartition(":")[2]: steps for node, steps in longest_ways(output).items()}


def texts(output, **leaves):
    figure, _ = shown(show_graph, output, **leaves)
    return {text.get_text() for text in figure.axes[0].texts}


def test_functions_stand_by_their_longest_way(w):
    square = w * w
    output = square.exp() + square  # one step from the sum to the product, two by way of exp
    expected = {"AddBackward0": 0, "ExpBackward0": 1, "MulBackward0": 2, "AccumulateGrad": 3}
    assert ways(output) == expected


def test_a_chain_below_a_shared_function_moves_with_it(w):
    chain = w.sin().cos()
    steps = ways(chain + chain.exp().exp())
    assert [steps[f"{name}Backward0"] for name in ("Cos", "Sin")] == [3, 4]
    assert steps["AccumulateGrad"] == 5


def test_a_tensor_without_graph_is_refused():
    with pytest.raises(ValueError, match="no grad_fn"):
        show_graph(torch.tensor(1.0))


def test_a_function_says_what_it_keeps_and_that_it_was_freed(w):
    output = w.exp() * w
    multiply, exp = output.grad_fn, output.grad_fn.next_functions[0][0]
    assert memory_note(multiply) == "keeps other, self"
    assert memory_note(exp) == "keeps result"
    assert memory_note((w + w).grad_fn) == ""
    output.backward()
    assert memory_note(multiply) == memory_note(exp) == "freed"


def test_a_drawing_names_leaves_and_their_gradients(w):
    output = w * torch.ones(2, requires_grad=True)
    before = {"w\nAccumulateGrad\ngrad: None", "leaf\nAccumulateGrad\ngrad: None"}
    assert before <= texts(output, w=w)
    output.sum().backward()
    after = {"w\nAccumulateGrad\ngrad: 2.00", "leaf\nAccumulateGrad\ngrad: (2,)"}
    assert after <= texts(output, w=w)


@pytest.mark.parametrize(
    ("factor", "grad"), [(0, "0.00"), (-0.0004, "-0.0004"), (123456, "123456"), (4e9, "4e+09")]
)
def test_a_gradient_is_neither_lost_nor_too_long(w, factor, grad):
    output = w * factor
    output.backward()
    assert f"w\nAccumulateGrad\ngrad: {grad}" in texts(output, w=w)


def test_the_description_tells_the_ways(w):
    _, alt = shown(show_graph, w.exp() * w, w=w)
    assert alt == (
        "MulBackward0, keeps other, self, leads to ExpBackward0 and w. "
        "ExpBackward0, keeps result, leads to w. w, AccumulateGrad, grad: None."
    )


def test_boxes_do_not_overlap_and_lie_inside(w):
    leaves = [torch.ones((), requires_grad=True) for _ in range(4)]
    figure, _ = shown(show_graph, (w * leaves[0]).exp() + leaves[1] * leaves[2] + leaves[3])
    (axis,) = figure.axes
    boxes = [patch.get_bbox() for patch in axis.patches]
    assert len(boxes) == 5 + 5  # functions: 2 sums, 2 products, exp; and as many leaves
    for n, box in enumerate(boxes):
        assert axis.viewLim.x0 <= box.x0 and box.x1 <= axis.viewLim.x1
        assert axis.viewLim.y0 <= box.y0 and box.y1 <= axis.viewLim.y1
        assert not any(box.overlaps(other) for other in boxes[:n])
