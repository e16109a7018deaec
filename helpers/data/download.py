"""Fetch one large file from the fastest of several mirrors, in spite of those that are slow, broken or lying.

    size and SHA-256 are known, so no mirror is trusted
    race     a few hundred kB from all mirrors at once; the first to bring them goes on, the others are hung up on
    floor    a mirror that falls under a rate for some seconds is left, and a new race run from where it stopped
    resume   what has come is kept in the target file and gone on with: from another mirror, or in another run
    patience a wait that does not promise to end is given up, what came is kept

Rates and waits are measured by a clock that nobody can set (``time.monotonic``).
"""

import hashlib
import queue
import re
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from tqdm import tqdm

LIVES = 2  # faults that a mirror may have before it is asked no more
GZIP = b"\x1f\x8b"  # how every gzip file begins, and no page of HTML
CHUNK = 65_536  # bytes
BUSY = (429, 503)


class Settings(NamedTuple):
    """How hard and how long it is tried; times in seconds, rates in bytes per second."""

    patience: float = 60.0  # a wait this long must promise ...
    promise: float = 300.0  # ... to end within this time; math.inf as patience: any wait will do
    race_bytes: int = 262_144
    race_seconds: float = 8.0
    floor: float = 200_000.0
    floor_seconds: float = 5.0
    timeout: float = 20.0  # for a connection, and for each next byte
    retry_after: float = 30.0  # a mirror that asks to be left alone for longer is asked no more
    pause: float = 1.0  # before a new race when all have failed


class FailedError(Exception):
    """The file could not be had; the text says what was tried and why it failed, for a reader."""


class Fetched(NamedTuple):
    """What a download did."""

    hosts: list[str]  # that the bytes came from, in order
    received: int  # bytes, without those that an earlier run had left
    seconds: float

    def __str__(self) -> str:
        if not self.received:
            return "by an earlier run"
        rate = self.received / max(self.seconds, 0.001)
        return f"from {', '.join(self.hosts)}: {amount(self.received)} in {self.seconds:.0f} s, {amount(rate)}/s"


class Patience:
    """Tells a wait that promises to end from one that does not."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.began = time.monotonic()

    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self.began

    def is_over(self, left: int, rate: float) -> bool:
        """Is it time to give up, with so many bytes left and so many coming each second?"""
        return (
            self.seconds() > self.settings.patience
            and left > max(rate, 1.0) * self.settings.promise
        )


@dataclass
class Mirror:
    """One address of the file, and what has become of it."""

    url: str
    lives: int = LIVES
    slow: bool = False  # fell under the floor: asked again only when the others are no use
    not_before: float = 0.0  # asked to be left alone until then (time.monotonic)
    fault: str = "not asked"

    @property
    def host(self) -> str:
        """Its host and port, for messages; without a password that the address may hold."""
        rest = self.url.partition("://")[2] or self.url  # whatever has been written there
        return rest.partition("/")[0].rpartition("@")[2]

    def blame(self, fault: Exception | str) -> None:
        """Note a fault and take a life; all of them if asking again is no use."""
        self.fault = fault if isinstance(fault, str) else in_words(fault)
        self.lives -= LIVES if isinstance(fault, RefusedError) else 1
        if isinstance(fault, BusyError):
            self.not_before = time.monotonic() + fault.seconds


class RefusedError(Exception):
    """What this mirror answers is not the file, and will not be."""


class BusyError(Exception):
    """This mirror asks to be left alone for some seconds."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


# --- one connection


class _Session(requests.Session):
    """Follows a few redirects, but never from https to http."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 5
        again = urllib3.Retry(
            total=1, read=0, status=0, backoff_factor=0.3, respect_retry_after_header=False
        )
        self.mount("https://", requests.adapters.HTTPAdapter(max_retries=again))
        self.mount("http://", requests.adapters.HTTPAdapter(max_retries=again))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where a response leads to; ``requests`` asks this before it goes there."""
        target = super().get_redirect_target(resp)
        goes_to = urlsplit(urljoin(resp.url, target or "")).scheme
        if resp.url.startswith("https:") and goes_to != "https":
            raise RefusedError("redirects from https to http, where anybody could change it")
        return target


def transfer(url: str, start: int, size: int, settings: Settings) -> Iterator[tuple[int, bytes]]:
    """Ask one mirror for the file from byte ``start`` on.

    Args:
        url: its address.
        start: the first byte wanted; a mirror that cannot begin there is read from 0, in vain up to ``start``.
        size: bytes of the whole file.
        settings: for the timeout.

    Yields:
        How many bytes came over the network, and those of the file among them that were wanted.

    Raises:
        RefusedError: it does not have the file.
        BusyError: it may have it later.
        requests.RequestException, urllib3.exceptions.HTTPError, OSError: the connection failed.
    """
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    waits = (settings.timeout, settings.timeout)
    with (
        _Session() as session,
        session.get(url, headers=headers, stream=True, timeout=waits) as answer,
    ):
        position, unpacker = _first_byte(answer, start, size, settings)
        while position < size:
            try:
                raw = answer.raw.read1(CHUNK, decode_content=False)
            except urllib3.exceptions.ProtocolError:  # it ended before its Content-Length
                raw = b""
            if not raw:
                raise ConnectionError(f"the connection ended at {position / size:.0%}")
            chunk = (unpacker.decompress(raw) if unpacker else raw)[: size - position]
            if position == 0 and not GZIP.startswith(chunk[:2]):
                raise RefusedError("sends something else than the archive")
            yield len(raw), chunk[max(0, start - position) :]
            position += len(chunk)


def _first_byte(
    answer: requests.Response, start: int, size: int, settings: Settings
) -> tuple[int, Any]:
    """Read the head of an answer: which byte of the file comes first, and a zlib object that undoes a compression."""
    heads = answer.headers
    if answer.status_code in BUSY:
        wait = heads.get("Retry-After", "")
        text = f"answers {answer.status_code} ({answer.reason})"
        if not wait:
            raise BusyError(text, settings.pause)
        if not wait.isdecimal():  # a date: a clock that somebody has set would decide
            raise RefusedError(f"{text} and asks to wait until {wait}")
        text += f" and asks to wait {wait} s"
        raise RefusedError(text) if int(wait) > settings.retry_after else BusyError(text, int(wait))
    if answer.status_code not in (200, 206) or (answer.status_code == 206 and not start):
        raise RefusedError(f"answers {answer.status_code} ({answer.reason})")
    encoding = heads.get("Content-Encoding", "identity").lower()
    if answer.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", heads.get("Content-Range", "").strip())
        if not found or int(found[1]) != start:
            raise RefusedError("sends another part than was asked for")
        length, first = found[2], start
        if length == "*":
            length = str(size)
    else:
        length, first = heads.get("Content-Length", str(size)), 0
    if length == str(size) and (encoding == "identity" or "Content-Length" in heads):
        return first, None  # some label any .gz as packed for the transport; its size tells
    if encoding in ("gzip", "x-gzip") and answer.status_code == 200:
        return 0, zlib.decompressobj(wbits=31)
    if encoding != "identity":
        raise RefusedError(f"sends it packed as {encoding}, unasked")
    raise RefusedError(f"has {length} bytes where the archive has {size}")


class _Stream(threading.Thread):
    """One connection, read by a thread of its own into a queue; None at its end.

    It stops after the bytes of the race until it is told that it has won. The threads never touch the disk, and a
    thread that hangs is left behind: it ends at its timeout or with the program.
    """

    def __init__(self, mirror: Mirror, start: int, size: int, settings: Settings) -> None:
        super().__init__(daemon=True, name=f"download from {mirror.host}")
        self.mirror = mirror
        self.chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=1024)
        self.received = self.useful = 0  # bytes
        self.fault: Exception | None = None
        self._transfer = transfer(mirror.url, start, size, settings)
        self._race_bytes = settings.race_bytes
        self._won, self._stopped = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            for received, chunk in self._transfer:
                self.received += received
                if chunk:  # those before the part that is wanted are empty
                    self._put(chunk)
                self.useful += len(chunk)
                while self.useful >= self._race_bytes and not self._won.wait(0.05):
                    if self._stopped.is_set():
                        return
                if self._stopped.is_set():
                    return
        except Exception as fault:  # whatever it is, it is this mirror's fault and no reader's
            self.fault = fault
        finally:
            self._transfer.close()
            self._put(None)

    def _put(self, chunk: bytes | None) -> None:
        while not self._stopped.is_set():
            try:
                return self.chunks.put(chunk, timeout=0.2)
            except queue.Full:
                pass

    def win(self) -> None:
        """Go on to the end of the file."""
        self._won.set()

    def stop(self) -> None:
        """Hang up as soon as may be."""
        self._stopped.set()


def in_words(error: BaseException) -> str:
    """Why a connection failed, in a few words: what the operating system said, if it said anything."""
    if isinstance(error, requests.TooManyRedirects):
        return "redirects in a loop"
    if isinstance(error, ValueError):
        return "is no address that can be asked"
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    return (str(error) or type(error).__name__).splitlines()[0][:100]


# --- all mirrors


@dataclass
class _Download:
    """The state of a download; `fetch` says what it is given."""

    mirrors: list[Mirror]
    first: Mirror | None
    file: BinaryIO
    size: int
    settings: Settings
    patience: Patience
    bar: tqdm
    position: int = 0  # bytes that the file has
    gained: int = 0  # bytes written in this run
    inherited: bool = False  # the file has bytes of an earlier run
    wrote: list[Mirror] = field(default_factory=list)  # who brought the bytes
    unmixed: bool = False  # who begins goes on alone, as long as it can

    def complete(self) -> None:
        """Go on until the file has its size."""
        while self.position < self.size:
            stream = self._race(self._candidates())
            if stream is None:
                self._sleep(self.settings.pause)
            else:
                self._follow(stream)

    def _candidates(self) -> list[Mirror]:
        """Who runs in the next race: one's own mirror alone, else all that are any use, else the slow ones."""
        while True:
            alive = [mirror for mirror in self.mirrors if mirror.lives > 0]
            if not alive:
                raise FailedError(f"No mirror delivered the archive.{self._state()}")
            if self.unmixed and self.wrote and self.wrote[0] in alive:
                alive = self.wrote[:1]
            ready = [m for m in alive if m.not_before <= time.monotonic()]
            quick = [m for m in ready if not m.slow]
            if self.first in quick:
                return [self.first]
            if quick or ready:
                return quick or ready
            self._sleep(0.1)

    def _race(self, mirrors: Sequence[Mirror]) -> _Stream | None:
        """Ask all at once. Returns who brought enough first; the best of them when time is up; None if nobody."""
        streams = [_Stream(m, self.position, self.size, self.settings) for m in mirrors]
        for stream in streams:
            stream.start()
        enough = min(self.settings.race_bytes, self.size - self.position)
        end = time.monotonic() + self.settings.race_seconds
        best = None
        try:
            while best is None:
                over = time.monotonic() > end or not any(s.is_alive() for s in streams)
                leader = max(streams, key=lambda s: (s.useful, s.received))
                if leader.useful >= enough or (over and leader.received):
                    best = leader
                elif over:
                    break
                else:
                    self._sleep(0.01)
        finally:
            for stream in streams:
                if stream is not best:
                    stream.stop()
        for stream in streams:
            if stream is not best and stream.fault:
                stream.mirror.blame(stream.fault)
            elif best is None:
                stream.mirror.blame(f"no byte within {self.settings.race_seconds:.0f} s")
        return best

    def _follow(self, stream: _Stream) -> None:
        """Write what the winner of a race brings, until it ends, fails, or falls under the floor."""
        mirror = stream.mirror
        crawl = mirror.slow  # it is here because nobody is faster, or nobody else may go on
        began = time.monotonic()
        seen = deque([(began, stream.received)])  # what had come, at each of the last moments
        brought = 0
        self.bar.set_description(f"CIFAR-10 from {mirror.host}")
        stream.win()
        try:
            while self.position < self.size:
                try:
                    chunk = stream.chunks.get(timeout=0.1)
                except queue.Empty:
                    chunk = b""
                if chunk is None:
                    break
                self._write(chunk)
                brought += len(chunk)
                now = time.monotonic()
                seen.append((now, stream.received))
                while seen[1][0] < now - self.settings.floor_seconds:
                    seen.popleft()
                rate = (stream.received - seen[0][1]) / max(now - seen[0][0], 0.001)
                settled = now - began > self.settings.floor_seconds
                if settled and rate < self.settings.floor and not crawl:
                    mirror.slow, mirror.fault = True, f"too slow ({amount(rate)}/s)"
                    return
                self._give_up_if_hopeless(rate)
        finally:
            stream.stop()
            if brought and mirror not in self.wrote:
                self.wrote.append(mirror)
        if self.position < self.size:
            mirror.blame(stream.fault or "the connection ended")
            if brought >= self.size / 100:  # at least it gets on
                mirror.lives = max(mirror.lives, 1)

    def _write(self, chunk: bytes) -> None:
        self.file.write(chunk)
        self.position += len(chunk)
        self.gained += len(chunk)
        self.bar.update(len(chunk))

    def start_over(self) -> None:
        """The file has its size, but is not the right one: begin again, without the one whom it came from.

        If bytes of an earlier run are in it, those may have been the wrong ones. If it came from several mirrors,
        nobody can say which of them is wrong, until each works alone.
        """
        if not self.inherited:
            if len(self.wrote) == 1:
                self.wrote[0].blame(RefusedError("what it sent has another SHA-256"))
            self.unmixed = True
        self.file.seek(0)
        self.file.truncate()
        self.position, self.inherited = 0, False
        self.wrote.clear()
        self.bar.initial = 0
        self.bar.reset()

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._give_up_if_hopeless(0.0)
            time.sleep(min(left, 0.1))

    def _give_up_if_hopeless(self, rate: float) -> None:
        """Raise `FailedError` if patience is over; ``rate`` is that of the last seconds."""
        seconds = self.patience.seconds()
        rate = max(rate, self.gained / max(seconds, 0.001))
        if self.patience.is_over(self.size - self.position, rate):
            raise FailedError(
                f"The download was given up after {seconds:.0f} s, at {amount(rate)}/s: it did not promise "
                f"to end within {self.settings.promise / 60:.0f} min.{self._state()}"
            )

    def _state(self) -> str:
        """What is there, and what each mirror did, a line each."""
        lines = [f"\n  {mirror.host}: {mirror.fault}" for mirror in self.mirrors]
        kept = f" {amount(self.position)} of {amount(self.size)} are here and are kept."
        return (kept if self.position else "") + "".join(lines)


def fetch(
    urls: Sequence[str],
    target: Path,
    *,
    size: int,
    sha256: str,
    settings: Settings,
    patience: Patience,
    own: str = "",
) -> Fetched:
    """Bring a file to the right content, whatever it holds now.

    Args:
        urls: addresses of copies of it.
        target: the file; what it holds is gone on with. It is kept, right or not, if this fails or is killed.
        size: bytes that it must have.
        sha256: the SHA-256 that it must have, in hexadecimal.
        settings: how hard it is tried.
        patience: the wait, if it has begun before.
        own: an address that is asked alone, before there is any race; '' for none.

    Raises:
        FailedError: no mirror delivered, or it took too long.
        OSError: the file cannot be written.
    """
    began = time.monotonic()
    mirrors = [Mirror(url) for url in dict.fromkeys([own, *urls]) if url]
    done = size_of(target)
    with target.open("a+b") as file, progress(size, done) as bar:
        first = mirrors[0] if own else None
        download = _Download(mirrors, first, file, size, settings, patience, bar, position=done)
        download.inherited = done > 0
        hosts: list[Mirror] = []
        while True:
            download.complete()
            file.flush()
            file.seek(0)
            hosts += download.wrote
            if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                break
            hosts.clear()
            download.start_over()
    return Fetched([m.host for m in hosts], download.gained, time.monotonic() - began)


def size_of(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another process may take it away at any moment
        return 0


def progress(size: int, done: int, label: str = "CIFAR-10") -> tqdm:
    """A bar with rate and time left, which is gone when it is full: on the output, as pages and terminals show it."""
    return tqdm(
        total=size,
        initial=done,
        unit="B",
        unit_scale=True,
        desc=label,
        leave=False,
        file=sys.stdout,
        mininterval=0.3,
    )


def amount(count: float) -> str:
    """Bytes in MB or kB, three digits, for reading."""
    return f"{count / 1e6:.3g} MB" if count >= 1e6 else f"{count / 1e3:.3g} kB"
