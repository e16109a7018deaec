"""One mirror of the archive: what it answers, how far that can be believed, and what to say of its faults."""

import math
import re
import time
from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
import urllib3

CHUNK = 65_536  # bytes
PAUSE = 1.0  # seconds until a mirror is asked again that has failed
LONGEST_WAIT = 30  # seconds; a mirror that wants to be left alone for longer is no longer asked
GZIP = b"\x1f\x8b"  # how every gzip file begins, and no page of HTML
# How many bytes came over the network, and the wanted ones.
Pieces = Generator[tuple[int, bytes], None, None]


class RefusedError(Exception):
    """A mirror does not send the file; it may do so after ``wait`` seconds."""

    def __init__(self, text: str, wait: float = math.inf) -> None:
        super().__init__(text)
        self.wait = wait


@dataclass
class Mirror:
    """One address of the file, and what has become of it."""

    url: str
    lives: int = 2  # faults until it is no longer asked
    not_before: float = 0.0  # when it may be asked again (time.monotonic)
    fault: str = "not asked"

    @property
    def host(self) -> str:
        """Its host and port, for messages; without a password that the address may hold."""
        rest = self.url.partition("://")[2] or self.url
        return rest.partition("/")[0].rpartition("@")[2]

    def blame(self, error: Exception) -> None:
        """Note a fault, and whether asking again may be of use."""
        self.fault = in_words(error)
        wait = error.wait if isinstance(error, RefusedError) else PAUSE
        self.not_before = time.monotonic() + wait
        self.lives = 0 if wait == math.inf else self.lives - 1


def in_words(error: Exception) -> str:
    """Return why a mirror failed, in a few words; never its address, which may hold a password."""
    cause: BaseException | None = error
    while cause is not None:  # what the operating system says about it is best
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ValueError):
        return "is no address that can be asked"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    return (str(error) or type(error).__name__).splitlines()[0][:100]


def transfer(url: str, start: int, size: int, timeout: float) -> Pieces:
    """Ask a mirror for the file, ``size`` bytes long, from byte ``start`` on; if it must, read in vain up to there.

    Raises:
        RefusedError: it does not have the file, or not now.
        requests.RequestException, urllib3.exceptions.HTTPError, OSError: the connection failed.
    """
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    hooks = {"response": _refuse_downgrade}
    with requests.get(url, headers=headers, hooks=hooks, stream=True, timeout=timeout) as answer:
        position, is_packed = _first_byte(answer, start, size)
        while position < size:
            try:
                chunk = answer.raw.read1(CHUNK, decode_content=is_packed)[: size - position]
            except urllib3.exceptions.ProtocolError:  # it ended before its Content-Length
                chunk = b""
            if not chunk:
                raise ConnectionError(f"the connection ended at {position / size:.0%}")
            if position == 0 and not GZIP.startswith(chunk[:2]):
                raise RefusedError("sends something else than the archive")
            yield len(chunk), chunk[max(0, start - position) :]
            position += len(chunk)


def _refuse_downgrade(answer: requests.Response, **_: object) -> None:
    target = urljoin(answer.url, answer.headers.get("Location", ""))
    if answer.url.startswith("https:") and not target.startswith("https:"):
        raise RefusedError("redirects from https to http, where anybody could change it")


def _first_byte(answer: requests.Response, start: int, size: int) -> tuple[int, bool]:
    """Return which byte of the file an answer begins with, and whether it was packed for the transport."""
    head, status = answer.headers, f"answers {answer.status_code} ({answer.reason})"
    if answer.status_code in (429, 503):
        wait = head.get("Retry-After", "1")
        if not wait.isdecimal() or int(wait) > LONGEST_WAIT:  # a date counts as too long
            raise RefusedError(f"{status} and asks to wait: {wait}")
        raise RefusedError(status, float(wait))
    if answer.status_code == 206 and start:
        part = rf"bytes {start}-\d+/({size}|\*)"
        if not re.fullmatch(part, head.get("Content-Range", "").strip()):
            raise RefusedError("sends another part than was asked for")
        return start, False
    if answer.status_code != 200:
        raise RefusedError(status)
    length = head.get("Content-Length", "")
    is_packed = "Content-Encoding" in head and length != str(size)  # some say so of any .gz
    if not is_packed and length not in ("", str(size)):
        raise RefusedError(f"has {length} bytes where the archive has {size}")
    return 0, is_packed
