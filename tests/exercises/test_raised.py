"""What a reader's code raises is told with the reader's own line, the input and the error."""

import functools
import json
import linecache
import threading
import time

import pytest
import torch
from torch import nn

from helpers.exercises import (
    autograd_in_depth,
    exercise,
    losses_and_optimizers,
    modules,
    raised,
    tensor_shapes,
    timing,
)
from helpers.exercises.raised import TooLongError, time_limit

LINE = "for line = tensor([ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), rows = 4, "


def cell(source, name, number=7):
    """What a cell defines, under a file name such as ipykernel gives it."""
    path = f"/tmp/ipykernel_4711/{number}.py"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    names = {"torch": torch, "nn": nn, "json": json}
    exec(compile(source, path, "exec"), names)
    return names[name]


def said(check, answer, capsys):
    check(answer)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "error", "number", "source"),
    [
        ("    x = line * 2\n    return np.flip(x)", "NameError: name 'np' is not", 3, "np.flip(x)"),
        (
            "    return line.view(rows, 5)",
            "RuntimeError: shape '[4, 5]' is invalid",
            2,
            "line.view",
        ),
        ("    return line[rows * 9]", "IndexError: index 36 is out of bounds", 2, "line[rows * 9]"),
        ("    return f(line, rows)", "RecursionError: maximum recursion", 2, "f(line, rows)"),
        ("    text = '{'\n    return json.loads(text)", "JSONDecodeError: Expect", 3, "json.loads"),
        ("    return nn.Linear(3, 2)(line.float())", "RuntimeError: ", 2, "nn.Linear(3, 2)"),
        (
            "    return line.veiw(\n        rows, 3\n    )",
            "AttributeError: 'Tensor' ob",
            2,
            ".veiw(",
        ),
        ("    assert rows == 3, 'three'\n    return 1", "AssertionError: three", 2, "assert rows"),
        ("    raise KeyError", "KeyError\n", 2, "raise KeyError"),
        ("    return [1 / k for k in range(rows)]", "ZeroDivisionError: div", 2, "1 / k for k"),
    ],
)
def test_a_line_of_a_cell(body, error, number, source, capsys):
    answer = cell(f"def f(line, rows):\n{body}\n", "f")
    out = said(tensor_shapes.check_fill_columns, answer, capsys)
    assert out.startswith(f"Not yet: {LINE}your code raised {error}")
    place, text = out.splitlines()[-2:]
    function = "" if "for k in" in body else ", in f"
    assert place == f"Line {number} of your cell{function}:"
    assert text.startswith("    ") and source in text


def test_a_function_of_another_cell_is_named(capsys):
    helper = cell("\n\ndef turned(x):\n    return x.T @ nothing\n", "turned", number=6)
    answer = cell("def f(line, rows):\n    return turned(line.view(-1, rows))\n", "f")
    answer.__globals__["turned"] = helper
    out = said(tensor_shapes.check_fill_columns, answer, capsys)
    assert out.endswith("Line 4 of your cell, in turned:\n    return x.T @ nothing\n")


def test_a_line_of_a_file(capsys):
    def f(line, rows):
        return line.view(rows, 5)

    out = said(tensor_shapes.check_fill_columns, f, capsys)
    assert "of test_raised.py, in f:\n    return line.view(rows, 5)\n" in out


def test_a_forward_that_torch_calls(capsys):
    source = """class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        pairs = zip(sizes, sizes[1:])
        self.layers = nn.Sequential(*[nn.Linear(a, b) for a, b in pairs])

    def forward(self, x):
        return self.layers(x.T)
"""
    out = said(modules.check_mlp, cell(source, "MLP"), capsys)
    assert "for x = a tensor of shape (8, 3) and dtype torch.float32, your code raised" in out
    assert out.endswith("Line 8 of your cell, in forward:\n    return self.layers(x.T)\n")


def test_a_backward_that_autograd_calls(capsys):
    source = """class Drag(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return v * v.abs()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.nothing
"""
    out = said(autograd_in_depth.check_drag, cell(source, "Drag"), capsys)
    assert "for g = a tensor of shape (8,)" in out and "has no attribute 'nothing'" in out
    assert out.endswith("Line 9 of your cell, in backward:\n    return g * ctx.nothing\n")


def test_an_argument_that_was_given_another_value_is_not_shown(capsys):
    source = (
        "class C(nn.Module):\n    def __init__(self, features):\n        features = 0\n        f()"
    )
    out = said(modules.check_center, cell(source, "C"), capsys)
    assert out.startswith("Not yet: your code raised NameError") and "features =" not in out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: 0, f"what you wrote cannot be called with {LINE[4:-2]}: TypeError: "),
        (lambda line: 0, "takes 1 positional argument but 2 were given"),
        (len, "it raised TypeError: len() takes exactly one argument"),
        (functools.partial(torch.sum, dim=0), "it raised TypeError: sum() got multiple values"),
        (7, "a function is expected, but this is an int. Hand over the function itself: its name"),
        (torch.ones(3), "a function is expected, but this is a Tensor."),
        (None, "a function is expected, but this is None."),
    ],
)
def test_what_is_no_function_or_one_of_other_parameters(answer, words, capsys):
    out = said(tensor_shapes.check_fill_columns, answer, capsys)
    assert out.startswith("Not yet: ") and words in out and "Line " not in out


def test_an_instance_in_the_place_of_its_class(capsys):
    out = said(modules.check_mlp, nn.Linear(2, 2), capsys)
    assert "a class is expected, but this is a Linear. Hand over the class itself" in out


def test_a_class_without_what_is_asked_for(capsys):
    stopwatch = cell("class S:\n    def __init__(self, *given):\n        self.given = given\n", "S")
    out = said(timing.check_stopwatch, stopwatch, capsys)
    assert "it needs the methods `__enter__` and `__exit__`" in out
    out = said(losses_and_optimizers.check_momentum, lambda *_, **__: 7, capsys)
    assert out == "Not yet: `step` is asked for, but an int does not have it.\n"


def test_a_long_message_is_cut(capsys):
    answer = cell("def f(line, rows):\n    raise ValueError('long ' * 1000)\n", "f")
    assert len(said(tensor_shapes.check_fill_columns, answer, capsys)) < 2 * raised.LONGEST


# --- a loop that never ends


def test_an_endless_loop_is_stopped_even_where_every_exception_is_caught(capsys, monkeypatch):
    monkeypatch.setattr(exercise, "LIMIT", 0.3)
    source = """def f(line, rows):
    while True:
        try:
            rows += 1
        except Exception:
            pass
"""
    out = said(tensor_shapes.check_fill_columns, cell(source, "f"), capsys)
    assert "your code was stopped after 0.3 seconds: does a loop in it never end?" in out
    assert "of your cell, in f:" in out


def test_the_time_limit_ends_with_its_block():
    with time_limit(0.05):
        pass
    time.sleep(0.1)  # nothing is raised any more
    with pytest.raises(TooLongError), time_limit(0.05):
        time.sleep(5)


def test_a_thread_has_no_limit():
    done = []

    def work():
        with time_limit(0.01):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
