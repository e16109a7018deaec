"""The audit of the reading notes: runs what they say, links each statement to its proof, draws what changed.

``helpers.notes.statements`` has the statements and the old calls; where the book proves a statement is read from the
metadata of its pages.
"""

import contextlib
import copy
import functools
import io
import math
import os
import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, transforms
from torchvision.transforms import v2
from traitlets.config import Config

from helpers import data, environment, pages, plotting, tables
from helpers.data.process_ids import ProcessIds
from helpers.notes.statements import OLD_CALLS, RELEASES, SLIP, STATEMENTS, OldCall, Statement
from helpers.verification.headings import headings, headings_of_code_cells

VERDICTS = "holds", "changed", "was a slip"

# --- what the lines are made of


class LeNet(nn.Module):
    """The net of the notes, for pictures of 32 x 32."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The scores of ten classes for each picture."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


class Cube(torch.autograd.Function):
    """The third power, with a derivative of its own."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """The value; the input is kept."""
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient that arrives, times the derivative."""
        (x,) = ctx.saved_tensors
        return gradient * 3 * x**2


def raises(kind: type[Exception], function: Callable, *args: Any) -> bool:
    """True if a call is refused with this kind of error; another kind is a mistake in the line, and passes through."""
    try:
        function(*args)
    except kind:
        return True
    return False


def warns(function: Callable, *args: Any) -> bool:
    """True if a call warns."""
    with _recorded_warnings() as caught:
        function(*args)
    return bool(caught)


@contextlib.contextmanager
def _recorded_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """Collects every warning, those too that PyTorch gives only once in a process."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True, action="always") as caught:
            yield caught
    finally:
        torch.set_warn_always(before)


def magic(line: str) -> Any:
    """What a command of IPython returns or, if nothing, prints."""
    command, _, rest = line.partition(" ")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        result = _shell().run_line_magic(command, rest)
    return result or printed.getvalue()


@functools.cache
def _shell() -> InteractiveShell:
    """The shell of the notebook or, outside of one, a shell of our own with one input in its history."""
    if shell := get_ipython():
        return shell
    no_file = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(user_module=ModuleType("shell"), config=no_file)
    shell.history_manager.store_inputs(1, "1 + 1")
    return shell


@functools.cache
def worker_ids() -> frozenset[int]:
    """The processes that load samples for a DataLoader with two workers."""
    return frozenset(map(int, DataLoader(ProcessIds(8), num_workers=2)))


def five_steps(train: Any, test: Any) -> list[float]:
    """The five steps of the notes on 64 pictures: load, define net, define loss and optimiser, train, test.

    Returns:
        The loss on the pictures before each of ten steps of training.
    """
    x, test_x = (
        _to_float(torch.from_numpy(part.data[:64].transpose(0, 3, 1, 2))) for part in (train, test)
    )
    y = torch.tensor(train.targets[:64])
    net = LeNet(channels=3)
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), lr=0.003)
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
    """One step of training on a copy of a net: each parameter before it, its gradient, the parameter after it."""
    net = copy.deepcopy(net)
    before = [p.detach().clone() for p in net.parameters()]
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    net(x).square().mean().backward()
    optimizer.step()
    return [(p, new.grad, new.detach()) for p, new in zip(before, net.parameters(), strict=True)]


def zeros_with_default(dtype: torch.dtype) -> torch.Tensor:
    """A tensor made while another dtype was the default one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return torch.zeros(1)
    finally:
        torch.set_default_dtype(before)


def as_in_python(name: str) -> bool:
    """True if a function of torch gives for tensors what Python's own gives for numbers."""
    x, y = torch.tensor([0.25, 0.5, 1.0, 0.75]), torch.tensor([2.0, -3.0, 0.3, 1.5])
    inputs = [x, y] if name in ("div", "fmod", "pow", "atan2") else [x]
    plain = {"abs": abs, "div": lambda a, b: a / b, "round": round}.get(name) or getattr(math, name)
    expected = torch.tensor([*map(plain, *(i.tolist() for i in inputs))], dtype=torch.float32)
    return torch.allclose(getattr(torch, name)(*inputs), expected)


def after_zero_grad(**options: bool) -> torch.Tensor | None:
    """The gradient of two parameters after ``zero_grad``."""
    w = torch.ones(2, requires_grad=True)
    w.sum().backward()
    torch.optim.SGD([w], lr=0.1).zero_grad(**options)
    return w.grad


def saved(thing: Any) -> io.BytesIO:
    """A file that ``torch.save`` wrote."""
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return file


def _to_float(x: torch.Tensor) -> torch.Tensor:
    return v2.functional.to_dtype(x, torch.float32, scale=True)


@functools.cache
def _pictures() -> tuple[Any, Any]:
    """CIFAR-10's two parts, or the stand-in's."""
    return data.cifar10(train=True), data.cifar10(train=False)


def _names() -> dict[str, Any]:
    """The names that a line is run over: made anew for each, so that no line depends on another."""
    torch.manual_seed(0)
    x = torch.arange(6.0).view(2, 3)
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    w.sum().backward()
    train, test = _pictures()
    few = torch.from_numpy(train.data[:10].transpose(0, 3, 1, 2))
    pairs = TensorDataset(few, torch.tensor(train.targets[:10]))
    made = {
        "x": x, "x3": torch.zeros(2, 3, 4), "t": torch.ones(2, 2), "mask": x > 2,
        "index": torch.tensor([[1, 0], [0, 1]]), "order": x.argsort(1, descending=True),
        "w": w, "loss": w.sum(), "half": torch.HalfTensor([1, 2]),
        "s": torch.tensor([3.0, 1.0, 4.0, 1.0, 5.0, 10.0]), "u": torch.tensor([3.0, -4.0]),
        "net": LeNet(), "pictures": torch.rand(4, 1, 32, 32),
        "train": train, "test": test, "picture": train[0][0],
        "pairs": pairs, "loader": DataLoader(pairs, batch_size=4),
        "device": torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu"),
    }  # fmt: skip
    modules = {
        "torch": torch, "nn": nn, "F": F, "datasets": datasets, "transforms": transforms, "v2": v2,
        "math": math, "os": os, "statistics": statistics, "environment": environment,
    }  # fmt: skip
    things = [Variable, DataLoader, Cube, raises, warns, magic, worker_ids, five_steps, one_step]
    things += [zeros_with_default, as_in_python, after_zero_grad, saved]
    return made | modules | {thing.__name__: thing for thing in things} | {"to_float": _to_float}


# --- statements


def holds(line: str) -> bool:
    """Run one line: does what it says hold today?"""
    with _recorded_warnings():
        return bool(eval(line, _names()))


def verdict(statement: Statement) -> str:
    """The verdict that follows from running a statement: 'holds', 'changed' or 'was a slip'.

    Which of the last two it is cannot be run, but is known from the release notes.

    Raises:
        AssertionError: the statement is not what is on record for it, or what is said to be true instead is not.
    """
    if holds(statement.line):
        assert not statement.since, (
            f"{statement.number} holds, against the record: {statement.line}"
        )
        return "holds"
    assert statement.since, (
        f"{statement.number} does not hold, against the record: {statement.line}"
    )
    assert holds(statement.now), f"{statement.number}: this is not true instead: {statement.now}"
    return "was a slip" if statement.since == SLIP else "changed"


def audit(statements: Iterable[Statement] = STATEMENTS) -> dict[str, str]:
    """The verdict on each statement, by its number; see ``verdict``."""
    return {statement.number: verdict(statement) for statement in statements}


# --- places in the book


@functools.cache
def places(number: str) -> list[tuple[pages.Page, str, list[int]]]:
    """Where the book proves a statement: page, heading, and the numbers of the cells under it (1, 2, ...)."""
    found: dict[tuple[int, str], list[int]] = {}
    book = pages.all_pages()
    for k, page in enumerate(book):
        over = headings_of_code_cells(page.notebook)
        for n in page.claims.get(number, []):
            found.setdefault((k, over[n]), []).append(n + 1)
    return [(book[k], heading, cells) for (k, heading), cells in found.items()]


def link(page: pages.Page, heading: str) -> str:
    """A Markdown link to a heading of a page, which JupyterLab and GitHub follow."""
    words = f"{page.name[:2]} {heading.partition(' · ')[0]}"
    return f"[{words}]({page.path.name}#{pages.anchor(heading)})"


def proofs(number: str) -> str:
    """Links to all places where the book proves a statement, with the numbers of the cells."""
    return "<br>".join(
        f"{link(page, heading)}, cell{'s' * (len(cells) > 1)} {', '.join(map(str, cells))}"
        for page, heading, cells in places(number)
    )


def where(call: OldCall) -> tuple[pages.Page, str]:
    """The page and the heading for an old call."""
    if call.where.startswith("C"):
        return places(call.where)[0][:2]
    number, _, words = call.where.partition(" ")
    page = next(page for page in pages.all_pages() if page.name.startswith(number))
    return page, next(h for h in headings(page.prose) if h.partition(" · ")[0] == words)


# --- old calls


def state(call: OldCall) -> tuple[str, str]:
    """Run an old call: its state today (see ``OldCall``), and what it gives, in short, or the kind of error."""
    with _recorded_warnings() as caught:
        try:
            value = eval(call.run_old or call.old, _names())
        except NameError:
            raise  # a mistake in this module
        except Exception as error:
            return "gone", type(error).__name__
    result = tables.text(value)
    if caught:
        return "warns", result
    return ("differs" if call.then and result != call.then else "runs"), result


def new_result(call: OldCall) -> str:
    """Run the new call: what it gives, in short. Raises ``AssertionError`` if it warns."""
    with _recorded_warnings() as caught:
        value = eval(call.run_new or call.new, _names())
    assert not caught, f"{call.new} warns: {caught[0].message}"
    return tables.text(value)


# --- tables and figures


def statement_table(*sections: str) -> Markdown:
    """The statements of some sections: what the notes say, the verdict, the lines as they ran, the proof."""
    rows = []
    for s in (s for s in STATEMENTS if s.section in sections):
        word = verdict(s)
        since = f" in {s.since}" if word == "changed" else ""
        ran = [f"`{s.line}`: **{word == 'holds'}**", *[f"`{s.now}`: **True**"] * bool(s.now)]
        says = f"{s.says} ({s.term})" if s.term else s.says
        note = f"; {s.note}" if s.note else ""
        columns = f"{s.number}<br>{s.section}", says, f"**{word}{since}**{note}"
        rows.append((*columns, "<br>".join(ran), proofs(s.number)))
    return tables.table(["no.", "the notes say", "verdict", "run today", "proof"], rows)


def old_call_table(calls: Sequence[OldCall] = OLD_CALLS) -> Markdown:
    """The old calls in alphabetical order: what each does today, since when, and what to write.

    Raises:
        AssertionError: a new call does not give what the old one gives, or once gave; or it warns.
    """
    rows = []
    for call in sorted(calls, key=lambda call: call.old.lower()):
        found, result = state(call)
        new, wanted = new_result(call), call.then or result
        assert found == "gone" or new == wanted, f"{call.new} gives {new}, not {wanted}"
        told = {"gone": f"error ({result})", "differs": f"gives {result}, not {call.then}"}
        since = {"": "", SLIP: "never was"}.get(call.since, call.since)
        rows.append(
            (f"`{call.old}`", told.get(found, found), since, f"`{call.new}`", link(*where(call)))
        )
    return tables.table(["then", "today", "since", "write", "more"], rows)


def release_table() -> Markdown:
    """The releases that changed a statement or took over a call, each with a link to its release notes."""
    calls = Counter(call.since for call in OLD_CALLS)
    rows = []
    for release, (year, _) in RELEASES.items():
        changed = [s.number for s in STATEMENTS if s.since == release]
        if changed or calls[release]:
            tag = f"v{release}" if release.count(".") == 2 else f"v{release}.0"
            notes = f"https://github.com/pytorch/pytorch/releases/tag/{tag}"
            rows.append((f"[{release}]({notes})", year, ", ".join(changed), calls[release] or ""))
    return tables.table(["release notes", "year", "statements changed", "old calls"], rows)


def draw_counts(verdicts: dict[str, str]) -> Figure:
    """Bars: how many statements of each section hold, have changed, were slips."""
    sections = list(dict.fromkeys(s.section for s in STATEMENTS))
    counts = Counter((s.section, verdicts[s.number]) for s in STATEMENTS)
    parts = {word: [counts[section, word] for section in sections] for word in VERDICTS}
    figure, axis = plt.subplots(figsize=(8, 3.2))
    looks = (plotting.SKY, ""), (plotting.ORANGE, "//"), (plotting.VERMILION, "..")
    _stacked_bars(axis, sections, {f"{word}: {sum(n)}": n for word, n in parts.items()}, looks)
    axis.set(xlabel="statements", ylabel="section of the notes")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def draw_releases() -> Figure:
    """Bars and words: what each release changed, from that of the notes on."""
    statements = Counter(s.since for s in STATEMENTS)
    calls = Counter(call.since for call in OLD_CALLS)
    parts = {
        "statements changed": [statements[release] for release in RELEASES],
        "old calls replaced": [calls[release] for release in RELEASES],
    }
    figure, axis = plt.subplots(figsize=(8.5, 6))
    rows = [f"{year}   {release}" for release, (year, _) in RELEASES.items()]
    looks = (plotting.ORANGE, "//"), (plotting.BLUE, "")
    ends = _stacked_bars(axis, rows, parts, looks)
    for row, (end, (_, what)) in enumerate(zip(ends, RELEASES.values(), strict=True)):
        axis.text(end + 0.4, row, what, va="center", fontsize=9)
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="statements of the notes, and old calls", xlim=(0, 44), xticks=range(0, 21, 5))
    axis.legend(loc="lower right")
    return figure


def _stacked_bars(
    axis: Axes, rows: Sequence[str], parts: dict[str, list[int]], looks: Iterable[tuple[str, str]]
) -> list[int]:
    """Draw one bar a row, of several parts, each with its number; returns the length of each bar."""
    ends = [0] * len(rows)
    for (label, widths), (colour, hatch) in zip(parts.items(), looks, strict=True):
        bars = axis.barh(
            rows, widths, left=ends, label=label, color=colour, hatch=hatch, edgecolor="white"
        )
        numbers = [n or "" for n in widths]
        for text in axis.bar_label(bars, numbers, label_type="center", fontsize=8):
            if text.get_text():
                text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
        ends = [a + b for a, b in zip(ends, widths, strict=True)]
    axis.invert_yaxis()
    return ends
