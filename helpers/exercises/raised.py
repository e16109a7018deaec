"""What a reader's code raised, in words: the error, the arguments, and the reader's line that led to it."""

import dis
import inspect
import linecache
import re
import signal
import sysconfig
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from helpers.exercises.values import kind
from helpers.messages import CELL

OWN = Path(__file__).resolve().parents[1]  # helpers/
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
# What Python says when a call does not fit a function's parameters, or when what is called is no function.
MISCALLED = re.compile(r"positional argument|keyword argument|is not callable")
REMEDY = "Does your code take and return what the exercise asks for?"
SHOWN = 60  # characters of an argument that a message shows
LONGEST = 400  # characters of an error's own message


class TooLongError(BaseException):
    """The time of a check is up. Not an ``Exception``, which a reader's own ``except`` might catch."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooLongError in a block that takes longer; where there are no timers (Windows, a thread), do nothing."""
    if not hasattr(signal, "setitimer") or threading.current_thread() != threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooLongError(f"{seconds:g} seconds")

    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def in_words(error: BaseException) -> tuple[str, str]:
    """Say what came of calling a reader's code.

    Args:
        error: what was raised. Its notes, if it has some, say which input it was for.

    Returns:
        A sentence; and the reader's line, in lines of its own, '' if no line of the reader's had a part in it.
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
    raised = f"{type(error).__name__}: {text}" if text else type(error).__name__
    frames = [pair for pair in traceback.walk_tb(error.__traceback__) if _is_readers(pair[0])]
    given = "; ".join(getattr(error, "__notes__", []))
    if not frames:
        if isinstance(error, TypeError) and MISCALLED.search(text):
            way = f"with {given}" if given else "as the exercise asks"
            return f"what you wrote cannot be called {way}: {raised}", ""
        if given:  # a function of a library was handed over
            return f"for {given}, it raised {raised}", ""
        if isinstance(error, AttributeError) and error.name:
            return f"`{error.name}` is asked for, but {kind(error.obj)} does not have it.", ""
        return f"the check ended in {raised}. {REMEDY}", ""
    given = given or _arguments(frames[0][0])
    case = f"for {given}, " if given else ""
    if isinstance(error, TooLongError):
        words = f"your code was stopped after {text}: does a loop in it never end?"
    else:
        words = f"your code raised {raised}"
    return case + words, _place(*frames[-1])


def described(names: Iterable[str], values: Iterable[Any]) -> str:
    """Arguments as a message shows them: "x = tensor([1., 2.]), dim = 0"; of a large tensor, its shape."""
    return ", ".join(
        f"{name} = {_short(value)}" for name, value in zip(names, values, strict=False)
    )


def _short(value: Any) -> str:
    if inspect.isroutine(value):
        return getattr(value, "__name__", type(value).__name__)
    text = " ".join(repr(value).split())
    if len(text) <= SHOWN:
        return text
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and dtype {value.dtype}"
    return kind(value)


def _is_readers(frame: FrameType) -> bool:
    """Tell whether a frame is of code that is neither the book's nor a library's: a cell's, or of a reader's file."""
    name = frame.f_code.co_filename
    if CELL.search(name):
        return True
    path = Path(name)
    is_installed = {"site-packages", "dist-packages"} & set(path.parts)
    is_code_in_a_file = path.is_absolute() and not is_installed
    return is_code_in_a_file and not any(path.is_relative_to(p) for p in (OWN, STANDARD_LIBRARY))


def _arguments(frame: FrameType) -> str:
    """What the reader's code was called with; without what it has given another value since."""
    code = frame.f_code
    changed: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("STORE_FAST", "STORE_DEREF")):
            name = instruction.argval  # a tuple where the instruction stores two
            changed.update((name,) if isinstance(name, str) else name)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    left = [n for n in names if n.isidentifier() and n not in changed | {"self", "cls", "ctx"}]
    known = {name: frame.f_locals[name] for name in left if name in frame.f_locals}
    return described(known, known.values())


def _place(frame: FrameType, line: int) -> str:
    """Where a frame is: the line's number in its cell or file, and its text."""
    code = frame.f_code
    where = "your cell" if CELL.search(code.co_filename) else Path(code.co_filename).name
    function = "" if code.co_name.startswith("<") else f", in {code.co_name}"
    source = linecache.getline(code.co_filename, line).strip()
    return f"Line {line} of {where}{function}:\n    {source}".removesuffix(":\n    ")
