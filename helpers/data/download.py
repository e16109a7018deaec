"""Fetch one large file from the fastest of several mirrors, in spite of those that are slow, broken or lying.

    trust     size and SHA-256 are known; what a mirror says counts for nothing
    probe     mirrors are asked for the first bytes at once; the one that brings them first goes on, alone
    floor     if its rate falls below a floor, the mirrors are probed for what is missing
    resume    what has come stays in the file, for another mirror or a later run to go on with
    patience  a wait that does not promise to end is given up

Rates and waits are measured by a clock that nobody can set (``time.monotonic``).
"""

import hashlib
import queue
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO, NamedTuple

from helpers.data.mirrors import Mirror, Pieces, RefusedError, transfer
from helpers.progress import progress_bar


class Settings(NamedTuple):
    """How hard and how long it is tried; times in seconds, rates in bytes per second."""

    patience: float = 60.0  # a wait this long must promise ...
    promise: float = 300.0  # ... to end within this time; math.inf as patience: any wait will do
    probe_bytes: int = 262_144
    floor: float = 200_000.0
    floor_seconds: float = 5.0
    timeout: float = 10.0  # for a connection, and for each next byte

    def is_hopeless(self, waited: float, left: int, rate: float) -> bool:
        """Is it time to give up, with so many bytes left and so many coming each second?"""
        return waited > self.patience and left > max(rate, 1.0) * self.promise


class FailedError(Exception):
    """The file could not be had; the text says for a reader what was tried and why it failed."""


@dataclass
class Download:
    """A file that is brought to its right content, whatever it holds now."""

    mirrors: list[Mirror]
    file: BinaryIO  # open for reading and appending; what it holds already is kept
    size: int  # bytes that it must have
    sha256: str  # that it must have, in hexadecimal
    settings: Settings
    began: float  # when the wait began (time.monotonic)
    own: Mirror | None = None  # asked alone, before all others, until it fails or is slow
    authors: list[Mirror] = field(default_factory=list)  # who brought what the file holds
    goes_alone: bool = False  # a mixture was wrong: who begins goes on, as long as it can
    received: int = 0  # bytes over the network, in this run
    rate: float = 0.0  # bytes per second in the last `Settings.floor_seconds`

    def __post_init__(self) -> None:
        self.floor = self.settings.floor
        self.position = self.file.seek(0, 2)
        self.is_inherited = self.position > 0  # an earlier run has begun it, perhaps wrongly

    def run(self) -> str:
        """Fetch what is missing. Return where it came from, how much and how fast.

        Raises:
            FailedError: no mirror delivered, or it took too long. What has come is kept.
            OSError: the file cannot be written.
        """
        began = time.monotonic()
        with progress_bar(
            total=self.size,
            initial=self.position,
            unit="B",
            unit_scale=True,
            leave=False,
            mininterval=0.3,
        ) as self.bar:
            while self.position < self.size or not self._is_right():
                if self.position >= self.size:
                    self._start_over()
                fastest = self._fastest(self._connections())
                if fastest is not None:
                    self._follow(*fastest)
        if not self.received:
            return "by an earlier run"
        seconds = time.monotonic() - began
        hosts = ", ".join(mirror.host for mirror in self.authors)
        rate = amount(self.received / max(seconds, 0.001))
        return f"from {hosts}: {amount(self.received)} in {seconds:.0f} s, {rate}/s"

    def _connections(self) -> list[tuple[Mirror, Pieces]]:
        """Return mirrors that can be asked now, with what they will send; wait for those that are busy."""
        while True:
            alive = [mirror for mirror in self.mirrors if mirror.lives > 0]
            if not alive:
                raise FailedError(f"No mirror delivered the archive.{self._state()}")
            first_author = self.authors[0] if self.goes_alone and self.authors else None
            for alone in (self.own, first_author):
                if alone in alive:
                    alive = [alone]
            ready = [mirror for mirror in alive if mirror.not_before <= time.monotonic()]
            if ready:
                how = (self.position, self.size, self.settings.timeout)
                return [(mirror, transfer(mirror.url, *how)) for mirror in ready]
            self._give_up_if_hopeless()
            time.sleep(0.05)

    def _fastest(
        self, connections: list[tuple[Mirror, Pieces]]
    ) -> tuple[Mirror, Pieces, list[tuple[int, bytes]]] | None:
        """Ask all at once for the first bytes.

        Returns:
            The mirror that brought them first, its connection, and those bytes; None if nobody brings them.
        """
        answers: queue.SimpleQueue = queue.SimpleQueue()
        is_over = threading.Event()
        missing = self.size - self.position
        enough = min(self.settings.probe_bytes, missing) if len(connections) > 1 else 0

        def probe(mirror: Mirror, pieces: Pieces) -> None:
            first: list[tuple[int, bytes]] = []
            fault = None
            try:
                while sum(len(chunk) for _, chunk in first) < enough and not is_over.is_set():
                    first.append(next(pieces))
            except Exception as error:  # whatever it is, it is this mirror's fault
                fault = error
            if is_over.is_set():
                pieces.close()
            answers.put((mirror, pieces, first, fault))

        for connection in connections:  # one that hangs is left behind, until its timeout
            threading.Thread(target=probe, args=connection, daemon=True).start()
        try:
            for _ in connections:
                while answers.empty():
                    self._give_up_if_hopeless()
                    time.sleep(0.005)
                mirror, pieces, first, fault = answers.get()
                if fault is None:
                    return mirror, pieces, first
                mirror.blame(fault)
        finally:
            is_over.set()
        return None

    def _follow(self, mirror: Mirror, pieces: Pieces, first: list[tuple[int, bytes]]) -> None:
        """Write what a mirror sends, until it ends, fails, or falls below the floor."""
        start, mark, came = self.position, time.monotonic(), 0
        stream = chain(first, pieces)
        self.bar.set_description(f"CIFAR-10 from {mirror.host}")
        with closing(pieces):
            while self.position < self.size:
                try:
                    received, chunk = next(stream)
                except Exception as error:
                    mirror.blame(error)
                    break
                self.file.write(chunk)
                self.position += len(chunk)
                self.bar.update(len(chunk))
                self.received += received
                came += received
                seconds = time.monotonic() - mark
                if seconds > self.settings.floor_seconds:
                    self.rate, mark, came = came / seconds, time.monotonic(), 0
                    if self.rate < self.floor:
                        mirror.fault = f"too slow ({amount(self.rate)}/s)"
                        self.floor /= 4  # so that a slow line comes to rest with one mirror
                        break
                self._give_up_if_hopeless()
        self.rate = 0.0
        self.own = None  # it has had its turn
        if self.position > start and mirror not in self.authors:
            self.authors.append(mirror)
        if self.position - start >= self.size / 100:  # at least it gets on
            mirror.lives = max(mirror.lives, 1)

    def _is_right(self) -> bool:
        self.file.flush()
        self.file.seek(0)
        return hashlib.file_digest(self.file, "sha256").hexdigest() == self.sha256

    def _start_over(self) -> None:
        """Begin again, without the mirror that sent something wrong.

        If an earlier run has begun the file, that may have been wrong. If it came from several mirrors, nobody can
        say which of them is wrong, until each works alone.
        """
        if not self.is_inherited:
            if len(self.authors) == 1:
                self.authors[0].blame(RefusedError("what it sent has another SHA-256"))
            self.goes_alone = True
        self.file.truncate(0)
        self.position = 0
        self.is_inherited = False
        self.authors.clear()
        self.bar.initial = 0
        self.bar.reset()

    def _give_up_if_hopeless(self) -> None:
        waited = time.monotonic() - self.began
        rate = max(self.rate, self.received / max(waited, 0.001))
        if self.settings.is_hopeless(waited, self.size - self.position, rate):
            raise FailedError(
                f"The download was given up after {waited:.0f} s, at {amount(rate)}/s: it did not promise "
                f"to end within {self.settings.promise / 60:.0f} min.{self._state()}"
            )

    def _state(self) -> str:
        """What is there, and what each mirror did, a line each."""
        came = f" {amount(self.position)} of {amount(self.size)} are here and are kept."
        faults = [f"\n  {mirror.host}: {mirror.fault}" for mirror in self.mirrors]
        return (came if self.position else "") + "".join(faults)


def amount(count: float) -> str:
    """Write a number of bytes for people, to three digits: "170 MB", "16.4 kB"."""
    return f"{count / 1e6:.3g} MB" if count >= 1e6 else f"{count / 1e3:.3g} kB"
