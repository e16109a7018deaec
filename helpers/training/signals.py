"""How a training is stopped: by Ctrl-C, or by SIGTERM."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM only raise a flag, which is asked for between steps; a second Ctrl-C ends at once."""
    received: list[int] = []

    def note(number: int, frame: Any) -> None:
        if number == signal.SIGINT and signal.SIGINT in received:
            raise KeyboardInterrupt
        received.append(number)

    with handled(note, signal.SIGINT, signal.SIGTERM):
        yield lambda: bool(received)


@contextmanager
def handled(handler: Callable[[int, Any], None], *signals: int) -> Iterator[None]:
    """Handle signals so inside; nothing is changed in a thread other than the main one, which gets none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
