"""Every check of the book, tried with what students hand over that no check was written for."""

import functools
import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from helpers import exercises
from helpers.exercises.exercise import Exercise


class Plain:
    """Takes anything, and has none of what an exercise asks for."""

    def __init__(self, *given, **_):
        self.given = given

    def method(self, *_, **__):
        self.given = ()


class ForgotSuper(nn.Module):
    def __init__(self, *_, **__):
        self.layer = nn.Linear(2, 2)


class ReturnsNone(nn.Module):
    def __init__(self, *_, **__):
        super().__init__()
        self.layer = None

    def forward(self, x):
        self.layer = x


def prints(*given, **_):
    print(end="")


def takes_nothing():
    return 0


def other_names(*, wrong):
    return wrong


def returns(value):
    return lambda *_, **__: value


ODD = {
    "None": None,
    "a number": 3,
    "a word": "answer",
    "a tensor": torch.ones(1),
    "a module": ReturnsNone(),
    "an object": Plain(),
    "its method": Plain().method,
    "prints": prints,
    "takes nothing": takes_nothing,
    "other names": other_names,
    "built in": len,
    "partial": functools.partial(torch.sum, dim=0),
    "a class": Plain,
    "a class of torch": nn.ReLU,
    "super is missing": ForgotSuper,
    "forward returns nothing": ReturnsNone,
    "its first argument": lambda *given, **_: given[0] if given else None,
    "all arguments": lambda *given, **_: given,
    "a generator": lambda *given, **_: (value for value in given),
    "a list": returns([1, 2.5]),
    "0": returns(0),
    "text": returns("12"),
    "nan": returns(torch.tensor(float("nan"))),
    "nothing": returns(torch.tensor([])),
    "an array": returns(np.zeros(3)),
    "a list of tensors": returns([torch.zeros(3)]),
    "a function": returns(prints),
    "an empty tuple": returns(()),
    "a dict": returns({}),
}
CHECKS = {
    f"{found.name}.{name}": check
    for found in pkgutil.iter_modules(exercises.__path__)
    for name, check in vars(importlib.import_module(f"helpers.exercises.{found.name}")).items()
    if isinstance(check, Exercise)
}
# What a library says, which the reader did not call, is no help.
RAW = (
    "'<' not supported",
    "ambiguous",
    "__code__",
    "context manager protocol",
    "has no len()",
    "object is not callable",
)


def test_all_checks_are_tried():
    assert len(CHECKS) > 55


@pytest.mark.parametrize("module", sorted({name.partition(".")[0] for name in CHECKS}))
def test_each_page_has_right_and_wrong_answers(module):
    """``make_tests`` then sees to it that no check of the module is without some."""
    tests = Path(__file__).with_name(f"test_{module}.py").read_text(encoding="utf-8")
    assert f"import {module}" in tests
    assert "\ntest_right, test_wrong = make_tests(" in tests


@pytest.mark.parametrize("name", CHECKS)
def test_an_odd_answer_gets_a_sentence(name, capsys):
    for words, answer in ODD.items():
        CHECKS[name](answer)
        out = capsys.readouterr().out
        case = f"{name}, {words}: {out}"
        assert out.startswith(("Not yet: ", "Not answered yet")), case
        assert len(out) < 1000, case
        if "your code raised" not in out and words not in {"built in", "partial"}:
            assert not any(raw in out for raw in RAW), case
