"""The self-check of the exercises says what is wrong."""

import pytest
import torch

from helpers.exercises import Check

FLOATS = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FLOATS.clone(), FLOATS),
        (FLOATS + 1e-5, FLOATS),
        (torch.tensor([float("nan"), float("inf")]), torch.tensor([float("nan"), float("inf")])),
        (torch.tensor([True, False]), torch.tensor([True, False])),
        (FLOATS.clone().requires_grad_(), FLOATS),
        (3.00001, 3.0),
        (3, 3.0),
        (float("inf"), float("inf")),
        ("a", "a"),
        ([FLOATS, 1], [FLOATS, 1]),
        ((2, 3), torch.Size([2, 3])),
        (None, None),
    ],
)
def test_a_right_answer(answer, expected, capsys):
    Check(expected, hint="not shown")(answer)
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "expected", "fault"),
    [
        ([1.0], FLOATS, "yet: wanted is a tensor, this is a list."),
        ([[1.0], [2.0, 3.0]], FLOATS, "yet: wanted is a tensor, this is a list."),
        (FLOATS.tolist(), FLOATS, "the numbers are right, but wanted is a tensor, this is a list."),
        (-0.8415, -torch.tensor(1.0).sin(), "the numbers are right, but wanted is a tensor"),
        (1.5, torch.tensor(1), "yet: wanted is a tensor, this is a float."),
        ((True, False), torch.tensor([True, False]), "but wanted is a tensor, this is a tuple."),
        ((FLOATS,), FLOATS, "yet: wanted is a tensor, this is a tuple."),
        (list(FLOATS.flatten().requires_grad_()), FLOATS.flatten(), "the numbers are right, but"),
        (FLOATS[0], FLOATS, "the shape is (2,), wanted is (2, 2)."),
        (FLOATS.double(), FLOATS, "the dtype is torch.float64, wanted is torch.float32."),
        (FLOATS.to("meta"), FLOATS, "the device is meta, wanted is cpu."),
        (FLOATS.clamp(max=1.5), FLOATS, "but 3 of 4 elements differ, the first at [0, 1]."),
        (torch.tensor(1_000_001), torch.tensor(2), "yet: 1000001 is not right."),
        (torch.tensor(1 / 3), torch.tensor(0.5), "yet: 0.333333 is not right."),
        (torch.tensor(1 + 0.5j), torch.tensor(1j), "yet: 1+0.5j is not right."),
        (torch.tensor(3), 3, "wanted is an int, this is a tensor of shape ()."),
        (4, 3, "4 is not right."),
        (4e6, 4_000_000, "the number is right, but must be an int: write it without a point or"),
        (390.625, 390, "390.625 is not right."),
        (4.0, 3.0, "4.0 is not the right number."),
        (True, 1.0, "wanted is a float, this is a bool."),
        ("3", 3, "wanted is an int, this is a str."),
        ([2, 3], (2, 3), "wanted is a tuple, this is a list."),
        ((2,), (2, 3), "there are 1 elements, wanted are 2."),
        ([FLOATS, 2], [FLOATS, 1], "element 1: 2 is not right."),
        ([FLOATS + 1, 1], [FLOATS, 1], "element 0: shape and dtype are right"),
    ],
)
def test_a_wrong_answer_is_told_why(answer, expected, fault, capsys):
    Check(expected, hint="look again")(answer)
    out = capsys.readouterr().out
    assert fault in out
    assert out.startswith("Not yet: ")
    assert out.endswith("Hint: look again.\n")
    assert out.count("\n") == 1


def test_three_dots_are_no_answer_yet(capsys):
    Check(3, hint="not shown")(...)
    assert capsys.readouterr().out.startswith("Not answered yet")
