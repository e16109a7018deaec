"""The self-check of the exercises says what is wrong."""

from types import ModuleType

import pytest
import torch

from helpers.exercises.exercise import differences, exercise
from helpers.exercises.values import fault_in, how_often
from tests.support.answers import make_tests

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
def test_a_right_answer(answer, expected):
    assert fault_in(answer, expected) == ""


@pytest.mark.parametrize(
    ("answer", "expected", "fault"),
    [
        ([1.0], FLOATS, "yet: a tensor is expected, but this is a list."),
        ([[1.0], [2.0, 3.0]], FLOATS, "yet: a tensor is expected, but this is a list."),
        (
            FLOATS.tolist(),
            FLOATS,
            "the numbers are right; a tensor is expected, but this is a list.",
        ),
        (-0.8415, -torch.tensor(1.0).sin(), "the numbers are right; a tensor is expected"),
        (1.5, torch.tensor(1), "yet: a tensor is expected, but this is a float."),
        (
            (True, False),
            torch.tensor([True, False]),
            "the numbers are right; a tensor is expected, but this is a tuple.",
        ),
        ((FLOATS,), FLOATS, "yet: a tensor is expected, but this is a tuple."),
        (list(FLOATS.flatten().requires_grad_()), FLOATS.flatten(), "the numbers are right;"),
        (FLOATS[0], FLOATS, "the shape is (2,), but (2, 2) is expected."),
        (FLOATS.double(), FLOATS, "the dtype is torch.float64, but torch.float32 is expected."),
        (FLOATS.to("meta"), FLOATS, "the device is meta, but cpu is expected."),
        (FLOATS.clamp(max=3.5), FLOATS, "but 1 of 4 elements differs, at [1, 1]."),
        (FLOATS.clamp(max=1.5), FLOATS, "but 3 of 4 elements differ, the first at [0, 1]."),
        (torch.tensor(1_000_001), torch.tensor(2), "yet: 1000001 is not right."),
        (torch.tensor(1 / 3), torch.tensor(0.5), "yet: 0.333333 is not right."),
        (torch.tensor(1 + 0.5j), torch.tensor(1j), "yet: 1+0.5j is not right."),
        (torch.tensor(3), 3, "an int is expected, but this is a tensor of shape ()."),
        (4, 3, "4 is not right."),
        (4e6, 4_000_000, "the number is right, but must be an int: write it without a point or"),
        (390.625, 390, "390.625 is not right."),
        (4.0, 3.0, "4.0 is not the right number."),
        (0.1 + 0.2, 3.0, "0.3 is not the right number."),
        (12_345_678_901, 3.0, "12345678901 is not the right number."),
        (True, 1.0, "a float is expected, but this is a bool."),
        ("3", 3, "an int is expected, but this is a str."),
        ([2, 3], (2, 3), "a tuple is expected, but this is a list."),
        ((2,), (2, 3), "the length is 1, but 2 is expected."),
        ([FLOATS, 2], [FLOATS, 1], "element 1: 2 is not right."),
        ([FLOATS + 1, 1], [FLOATS, 1], "element 0: shape and dtype are right"),
    ],
)
def test_a_wrong_answer_is_told_why(answer, expected, fault):
    said = fault_in(answer, expected)
    assert fault.removeprefix("yet: ") in said and "\n" not in said


def test_how_often():
    assert [how_often(n) for n in range(4)] == ["0 times", "once", "twice", "3 times"]


# --- an answer that is a function or a class


@exercise
def check_double(double):
    """What a page asks for: ``double(x)`` is twice x."""
    yield from differences(double, lambda x: 2 * x, (torch.tensor([1.0, 2.0]),), (torch.randn(30),))


@exercise
def check_counter(cls):
    yield from differences(lambda n: cls().count(n), lambda n: n + 1, (1,))


class Open:
    def count(self, n): ...


class Half(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def count(self, n):
        """To be written."""


class Written:
    def count(self, n):
        return n + 1


class AlwaysZero:
    def count(self, n):
        return 0


def open_function(x): ...


def open_with_docstring(x):
    """Twice x."""
    ...  # noqa: PIE790


@pytest.mark.parametrize("answer", [..., open_function, open_with_docstring])
def test_a_function_that_is_still_open(answer, capsys):
    check_double(answer)
    assert capsys.readouterr().out.startswith("Not answered yet")


@pytest.mark.parametrize("answer", [Open, Half, type("Empty", (), {})])
def test_a_class_that_is_still_open(answer, capsys):
    check_counter(answer)
    assert capsys.readouterr().out.startswith("Not answered yet")


def test_a_right_function_or_class(capsys):
    check_double(lambda x: x + x)
    check_counter(Written)
    assert capsys.readouterr().out == "Right.\nRight.\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x, "for x = tensor([1., 2.]): shape and dtype are right, but 2 of 2"),
        (
            lambda x: 2 * x if len(x) < 3 else x,
            "for x = a tensor of shape (30,) and dtype torch.float32: ",
        ),
        (
            lambda x: x.tolist(),
            "for x = tensor([1., 2.]): a tensor is expected, but this is a list.",
        ),
        (
            lambda x: x.add_(x),
            "for x = tensor([1., 2.]): the result is right, but the argument x has changed too: ",
        ),
    ],
)
def test_a_wrong_function_is_told_why(answer, said, capsys):
    check_double(answer)
    assert capsys.readouterr().out.startswith(f"Not yet: {said}")


def test_a_check_leaves_the_random_numbers_alone(capsys):
    torch.manual_seed(0)
    first = torch.rand(3)
    torch.manual_seed(0)
    check_double(lambda x: 2 * x)
    assert torch.rand(3).equal(first)


def test_a_long_message_is_broken_between_words(capsys, monkeypatch):
    monkeypatch.setattr("helpers.exercises.exercise.WIDTH", 40)
    check_double(lambda x: x)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 40
    assert " ".join(lines).startswith(
        "Not yet: for x = tensor([1., 2.]): shape and dtype are right"
    )


# --- the tests that are made of tables of right and wrong answers


PAGE = ModuleType("page")
PAGE.check_double, PAGE.check_counter = check_double, check_counter
RIGHT = [(check_double, lambda x: x + x), (check_counter, Written)]
WRONG = [
    (check_double, lambda x: x, "elements differ"),
    (check_counter, AlwaysZero, "0 is not right"),
]


def test_a_check_without_a_case_is_named():
    with pytest.raises(ValueError, match="no right answer is tried for check_counter"):
        make_tests(PAGE, RIGHT[:1], WRONG)
    with pytest.raises(
        ValueError, match="no wrong answer is tried for check_counter, check_double"
    ):
        make_tests(PAGE, RIGHT, [])


def test_the_tests_of_answers_can_fail(capsys):
    test_right, test_wrong = make_tests(PAGE, RIGHT, WRONG)
    test_right(*RIGHT[0], capsys)
    test_wrong(*WRONG[0], capsys)
    with pytest.raises(AssertionError):
        test_right(*WRONG[0][:2], capsys)
    with pytest.raises(AssertionError):
        test_wrong(*RIGHT[0], "Right.", capsys)
    with pytest.raises(AssertionError):
        test_wrong(*WRONG[0][:2], "the shape is", capsys)
