"""The names that the lines of the notes are run over: tensors, a net, pictures, functions that say what happened."""

import contextlib
import copy
import functools
import io
import math
import os
import statistics
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, transforms
from torchvision.transforms import v2
from traitlets.config import Config

from helpers import data, environment
from helpers.data.process_ids import ProcessIds


def names() -> dict[str, Any]:
    """Make the names that a line is run over: anew for each, so that no line depends on another."""
    torch.manual_seed(0)
    x = torch.arange(6.0).view(2, 3)
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    w.sum().backward()
    train, test = _cifar10()
    ten = torch.from_numpy(train.data[:10].transpose(0, 3, 1, 2))
    pairs = TensorDataset(ten, torch.tensor(train.targets[:10]))
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    functions = [Variable, DataLoader, Cube, raises, warns, magic, worker_ids, five_steps, one_step]
    functions += [zeros_with_default, as_in_python, after_zero_grad, saved, to_float]
    modules = {"torch": torch, "nn": nn, "F": F, "datasets": datasets, "transforms": transforms}
    modules |= {"v2": v2, "math": math, "os": os, "statistics": statistics}
    modules["environment"] = environment
    values = {
        "x": x,
        "x3": torch.zeros(2, 3, 4),
        "t": torch.ones(2, 2),
        "mask": x > 2,
        "index": torch.tensor([[1, 0], [0, 1]]),
        "order": x.argsort(1, descending=True),
        "w": w,
        "loss": w.sum(),
        "half": torch.HalfTensor([1, 2]),
        "s": torch.tensor([3.0, 1.0, 4.0, 1.0, 5.0, 10.0]),
        "u": torch.tensor([3.0, -4.0]),
        "net": LeNet(),
        "pictures": torch.rand(4, 1, 32, 32),
        "train": train,
        "test": test,
        "picture": train[0][0],
        "pairs": pairs,
        "loader": DataLoader(pairs, batch_size=4),
        "device": accelerator or torch.device("cpu"),
    }
    return values | modules | {function.__name__: function for function in functions}


@functools.cache
def _cifar10() -> tuple[Any, Any]:
    """Return CIFAR-10's training and test set, or the stand-in's."""
    return data.cifar10(train=True), data.cifar10(train=False)


class LeNet(nn.Module):
    """The net of the notes, for pictures of 32 x 32."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores of ten classes for each picture."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


class Cube(torch.autograd.Function):
    """The third power, with a derivative of its own."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """Return the value, and keep the input."""
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """Return the gradient that arrives, times the derivative."""
        (x,) = ctx.saved_tensors
        return gradient * 3 * x**2


def raises(kind: type[Exception], function: Callable, *args: Any) -> bool:
    """Tell whether a call is refused with this kind of error; another kind is a mistake in the line: it is raised."""
    try:
        function(*args)
    except kind:
        return True
    return False


def warns(function: Callable, *args: Any) -> bool:
    """Tell whether a call warns."""
    with recorded_warnings() as messages:
        function(*args)
    return bool(messages)


@contextlib.contextmanager
def recorded_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """Collect every warning, those too that PyTorch gives only once in a process."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True, action="always") as messages:
            yield messages
    finally:
        torch.set_warn_always(before)


def magic(line: str) -> Any:
    """Run a command of IPython; return its result or, if it has none, what it printed."""
    command, _, rest = line.partition(" ")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        result = _shell().run_line_magic(command, rest)
    return result or out.getvalue()


@functools.cache
def _shell() -> InteractiveShell:
    """Return the shell of the notebook or, outside of one, a shell of our own with one input in its history."""
    if shell := get_ipython():
        return shell
    no_file = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(user_module=ModuleType("shell"), config=no_file)
    shell.history_manager.store_inputs(1, "1 + 1")
    return shell


@functools.cache
def worker_ids() -> frozenset[int]:
    """Return the processes that load samples for a DataLoader with two workers."""
    return frozenset(map(int, DataLoader(ProcessIds(8), num_workers=2)))


def five_steps(train: Any, test: Any) -> list[float]:
    """Take the five steps of the notes on 64 pictures: load, define net, define loss and optimizer, train, test.

    Returns:
        The loss on the pictures before each of ten steps of training.
    """
    x, test_x = (
        to_float(torch.from_numpy(part.data[:64].transpose(0, 3, 1, 2))) for part in (train, test)
    )
    y = torch.tensor(train.targets[:64])
    net = LeNet(channels=3)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    losses = []
    for _ in range(10):
        loss = criterion(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert net(test_x).argmax(1).shape == (64,)
    return losses


def one_step(net: nn.Module, x: torch.Tensor, lr: float) -> list[tuple[torch.Tensor, ...]]:
    """Train a copy of a net for one step: return each parameter before it, its gradient, the parameter after it."""
    net = copy.deepcopy(net)
    before = [p.detach().clone() for p in net.parameters()]
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    net(x).square().mean().backward()
    optimizer.step()
    return [(p, new.grad, new.detach()) for p, new in zip(before, net.parameters(), strict=True)]


def zeros_with_default(dtype: torch.dtype) -> torch.Tensor:
    """Make a tensor while another dtype is the default one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return torch.zeros(1)
    finally:
        torch.set_default_dtype(before)


def as_in_python(name: str) -> bool:
    """Tell whether a function of torch gives for tensors what Python's own gives for numbers."""
    inputs = [torch.tensor([0.25, 0.5, 1.0, 0.75]), torch.tensor([2.0, -3.0, 0.3, 1.5])]
    if name not in ("div", "fmod", "pow", "atan2"):
        inputs = inputs[:1]
    builtins = {"abs": abs, "div": lambda a, b: a / b, "round": round}
    plain = builtins.get(name) or getattr(math, name)
    numbers = [tensor.tolist() for tensor in inputs]
    expected = torch.tensor([float(result) for result in map(plain, *numbers)])
    return torch.allclose(getattr(torch, name)(*inputs), expected)


def after_zero_grad(**options: bool) -> torch.Tensor | None:
    """Return the gradient of two parameters after ``zero_grad``."""
    w = torch.ones(2, requires_grad=True)
    w.sum().backward()
    torch.optim.SGD([w], lr=0.1).zero_grad(**options)
    return w.grad


def saved(thing: Any) -> io.BytesIO:
    """Return a file that ``torch.save`` wrote."""
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return file


def to_float(x: torch.Tensor) -> torch.Tensor:
    """Turn pictures of uint8 into float32 in 0..1."""
    return v2.functional.to_dtype(x, torch.float32, scale=True)
