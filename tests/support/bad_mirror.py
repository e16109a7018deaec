"""Mirrors that misbehave on purpose, and a small CIFAR-10 for them to serve.

Nothing leaves the machine: the mirrors are threads of the test, on 127.0.0.1.
"""

import contextlib
import hashlib
import io
import socket
import ssl
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from helpers.data import files

# --- a small CIFAR-10


ARRAY = (  # of uint8, N x 3072
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01J%bM\x00\x0c\x86"
    b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    b"\x89T%b%btb"
)


def old_pickle(item):
    """What Python 2 and its NumPy pickled: dicts and lists of strings, small numbers and arrays."""

    def number(n):
        return n.to_bytes(4, "little")

    def value(item):
        match item:
            case str():
                return b"T" + number(len(item)) + item.encode()
            case int():
                return b"J" + number(item)
            case list():
                return b"](" + b"".join(map(value, item)) + b"e"
            case dict():
                pairs = (value(key) + value(entry) for key, entry in item.items())
                return b"}(" + b"".join(pairs) + b"u"
        return ARRAY % (number(len(item)), number(item.size), item.tobytes())

    return b"\x80\x02" + value(item) + b"."


class SmallCifar10:
    """The seven files with ``batch`` random pictures in each, and all that follows from them."""

    def __init__(self, batch):
        random = np.random.default_rng(0)
        pictures = random.integers(0, 256, (6 * batch, 3072), dtype=np.uint8)
        labels = random.integers(0, 10, 6 * batch, dtype=np.uint8)
        self.flat = np.concatenate([pictures.ravel(), labels])  # what `files.decode` returns
        self.contents = {
            name: old_pickle(
                {
                    "batch_label": name,
                    "labels": labels[n * batch : (n + 1) * batch].tolist(),
                    "data": pictures[n * batch : (n + 1) * batch],
                    "filenames": [f"{i}.png" for i in range(batch)],
                }
            )
            for n, name in enumerate(files.BATCHES)
        }
        self.contents["batches.meta"] = old_pickle({"label_names": list(files.CLASSES)})
        self.archive = packed(in_folder(self.contents))
        self.official = official(self.contents, self.flat, self.archive)

    def write(self, folder):
        """Write the seven files into a new folder; return it."""
        folder.mkdir(parents=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        return folder

    def write_archive(self, path):
        """Write the archive; return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.archive)
        return path


def packed(members, level=1):
    """An archive: of bytes by name, and of `tarfile.TarInfo` for members that are no files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=level) as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def in_folder(contents):
    """The names that the seven files have in the archive."""
    return {f"{files.FOLDER}/{name}": content for name, content in contents.items()}


def official(contents, flat, archive):
    """What passes for official, in the place of the real checksums."""
    return files.Official(
        archive_bytes=len(archive),
        archive_sha256=hashlib.sha256(archive).hexdigest(),
        files={name: (len(c), hashlib.sha256(c).hexdigest()) for name, c in contents.items()},
        batch_size=flat.size // 6 // 3073,
        arrays_sha256=hashlib.sha256(flat).hexdigest(),
    )


# --- mirrors


class Mirror:
    """A mirror of one file. ``behave(handler, n)`` answers the n-th request; the default is an honest answer."""

    def __init__(self, content, behave=None, *, tls=None, **options):
        self.content = content
        self.behave = behave
        self.options = options
        self.asked = []  # the Range header of each request, None if it had none
        self.sent = 0  # bytes of the file, over all connections
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.asked.append(self.headers.get("Range"))
                with contextlib.suppress(OSError):  # the client hung up
                    if mirror.behave:
                        mirror.behave(self, mirror, len(mirror.asked) - 1)
                    else:
                        mirror.answer(self, **mirror.options)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *how):
                if not isinstance(sys.exc_info()[1], OSError):  # a fault of the test
                    super().handle_error(*how)

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/{files.ARCHIVE}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self,
        handler,
        *,
        content=None,
        status=200,
        heads=(),
        ranges=True,
        claim=0,
        shift=0,
        length=0,
        die_at=None,
        rate=None,
        slow_from=None,
        delay=0.0,
    ):
        """An answer, honest unless told otherwise.

        Args:
            content: what is sent; None for the file.
            status: of an answer with everything in it.
            ranges: is a Range obeyed?
            claim: so many bytes further on begins the part that is sent, and says so.
            shift: the same, but not saying so.
            length: is added to the Content-Length; None for no such line.
            die_at: the byte of the content before which the connection ends.
            slow_from: ``(byte, rate)`` from which on another rate holds.
        """
        time.sleep(delay)
        content = self.content if content is None else content
        wanted = handler.headers.get("Range")
        first = 0
        if wanted and ranges and status == 200:
            first = int(wanted.removeprefix("bytes=").rstrip("-")) + claim
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            handler.send_response(status)
        if length is not None:
            handler.send_header("Content-Length", str(len(content) - first + length))
        for name, value in heads:
            handler.send_header(name, value)
        handler.end_headers()
        at, end = first + shift, len(content) if die_at is None else die_at
        due = time.monotonic()
        while at < end:
            speed = slow_from[1] if slow_from and at >= slow_from[0] else rate
            piece = content[at : min(end, at + (max(1, int(speed / 50)) if speed else 65536))]
            handler.wfile.write(piece)
            at += len(piece)
            self.sent += len(piece)
            if speed:
                due += len(piece) / speed
                time.sleep(max(0.0, due - time.monotonic()))


def nobody():
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/{files.ARCHIVE}"


# A certificate for 127.0.0.1 with its key, made for these tests and trusted by nothing else.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmlenhD6wE54GQyys
KQZfjAyhtXh0Jo8KJfsvb+dbCCahRANCAARIKGPap2Tt16n4o+m4rD4fVUuEAatG
J+eLAEpC/ZHM5PWVcM6Fd7GrGssyVVfm0mePtEdwHM74RR5KL4W94/uO
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBbTCCARKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAkxMjcuMC4w
LjEwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CTEyNy4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEgoY9qnZO3Xqfij
6bisPh9VS4QBq0Yn54sASkL9kczk9ZVwzoV3sasayzJVV+bSZ4+0R3AczvhFHkov
hb3j+46jUzBRMA8GA1UdEQQIMAaHBH8AAAEwDgYDVR0PAQH/BAQDAgKEMA8GA1Ud
EwEB/wQFMAMBAf8wHQYDVR0OBBYEFHB0IbVjVJdbvTO4Pdm+lnneYF0TMAoGCCqG
SM49BAMCA0kAMEYCIQCdZfgwIgd5hzX2+EE30oZZ1ui7xqOpCWIHEuokAk4SJwIh
AIR1oCi22FSXNS5FYrpAKTe94S6vCpg7aXdaDaufrK9R
-----END CERTIFICATE-----
"""
