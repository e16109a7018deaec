"""Every fault that a download can have, a row each: the right pictures come, or one clear message and the stand-in.

    pytest tests/data/test_faults.py -v        # prints the table: fault, expected, seen

The mirrors are threads on 127.0.0.1 and serve a small CIFAR-10 (tests/support/bad_mirror.py); one row uses the real
one. For all rows: -m "slow or not slow".
"""

import errno
import gzip
import hashlib
import json
import math
import os
import pickle
import shutil
import sys
import tarfile
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock, Timeout

from helpers import data
from helpers.data import __main__ as command
from helpers.data import download, files, find, mirrors, places
from helpers.paths import BOOK
from tests.support import bad_mirror, finder
from tests.support.bad_mirror import in_folder, nobody, packed

REAL = os.environ.get("CIFAR10_ROOT", data.STAND_IN)
RIGHT = "right pictures"
SMALL = bad_mirror.SmallCifar10(batch=20)
CONTENTS, FLAT, ARCHIVE = SMALL.contents, SMALL.flat, SMALL.archive
SIZE = len(ARCHIVE)
REAL_OFFICIAL = files.OFFICIAL
# Limits that nothing reaches by chance, however busy the machine is ...
CALM = download.Settings(patience=60.0, promise=60.0, probe_bytes=16_384, floor=20_000.0)
# ... and for rows in which a limit must be reached, one that soon is.
HASTY = {
    "never answers": CALM._replace(timeout=0.5),
    "trickles at 1 kB/s": CALM._replace(patience=1.0),
}
# A thread that ends in an error would print a traceback into a page.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


class World:
    """The machine of these tests: what the loader takes for official, its folder, its mirrors."""

    def __init__(self, monkeypatch, tmp_path, start_mirror):
        self.monkeypatch = monkeypatch
        self.start_mirror = start_mirror
        self.home = tmp_path
        self.folder = tmp_path / "book" / "data"
        self.partial = files.partial_of(self.folder / files.ARCHIVE)
        monkeypatch.setattr(places, "FOLDER", self.folder)
        self.mirrors = []
        self.settings = CALM
        self.claim(ARCHIVE)

    def claim(self, archive, contents=CONTENTS, flat=FLAT):
        """Let these be the official ones."""
        self.pictures = flat
        self.official = bad_mirror.official(contents, flat, archive)
        self.monkeypatch.setattr(files, "OFFICIAL", self.official)

    def put(self, name, content):
        """Let a file lie in the loader's folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def mirror(self, behave=None, *, content=ARCHIVE, **options):
        """Start a mirror, and let the loader know it."""
        self.mirrors.append(self.start_mirror(behave, content=content, **options))
        return self.mirrors[-1]

    def start(self, urls=None, settings=None):
        """What a page sees: is it real, and what does it say?"""
        self.monkeypatch.setattr(find, "MIRRORS", urls or [m.url for m in self.mirrors])
        self.monkeypatch.setattr(find, "SETTINGS", settings or self.settings)
        find.pictures.cache_clear()
        return data.is_real(), data.origin()

    def seen(self, capsys, urls=None, settings=None):
        """Start, and check what holds whatever happens. Returns ``RIGHT`` or the message."""
        real, text = self.start(urls, settings)
        if real:
            for train in (True, False):
                got = data.cifar10(train)
                pictures, labels = files.own_part(self.pictures, train)
                assert np.array_equal(got.data, pictures)
                assert got.targets == labels
            assert text.startswith("CIFAR-10: the official pictures, ")
            assert "\n" not in text
        else:
            assert text.startswith("STAND-IN DATA: ")
            assert "by hand, one of:\n  1. " in text.lower()
        printed = "".join(capsys.readouterr())
        assert "Traceback" not in text + printed
        self.check_folder()
        return RIGHT if real else text

    def check_folder(self):
        """What has a final name is whole."""
        if not self.folder.is_dir():
            return
        names = {path.name for path in self.folder.iterdir()}
        sums = {
            files.ARCHIVE: self.official.archive_sha256,
            files.CACHE: self.official.arrays_sha256,
        }
        for name in names & set(sums):
            path = self.folder / name
            if path.is_file() and not path.is_symlink():
                assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[name], name
        assert names <= {*sums, find.LOCK, *(path.name for path in files.unfinished(self.folder))}


@pytest.fixture
def world(monkeypatch, tmp_path, mirror):
    return World(monkeypatch, tmp_path, mirror)


@pytest.fixture(scope="module")
def table(request):
    """The rows, printed at the end: call it with fault, expected and seen."""
    rows = []
    yield lambda *row: rows.append([" ".join(str(cell).split()) for cell in row])
    if request.config.get_verbosity() < 1 or not rows:
        return
    lines = [f"{fault:52}  {expected[:40]:40}  {seen[:90]}" for fault, expected, seen in rows]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n" + "\n".join(["", *lines, f"{len(rows)} rows"]))


@pytest.fixture
def row(table, request, world, capsys):
    """Run the loader against the mirrors and enter what was seen into the table."""

    def run(expected, fault=None, **how):
        seen = world.seen(capsys, **how)
        if fault is None and hasattr(request.node, "callspec"):
            fault = request.node.callspec.id
        fault = fault or request.node.name.removeprefix("test_").replace("_", " ")
        lines = [line for line in seen.splitlines() if expected in line]  # those that matter
        table(fault, expected, "".join(lines[:1]).replace(str(world.folder), "data/") or seen)
        assert seen == RIGHT if expected == RIGHT else lines, seen

    return run


# --- faults of one host


def once(fault, then=None):
    """Behave badly at the first request only; then as ``then`` says, honestly by default."""

    def behave(handler, mirror, n):
        mirror.answer(handler, **(fault if n == 0 else then or {}))

    return behave


def always(**fault):
    return lambda handler, mirror, n: mirror.answer(handler, **fault)


def silent(handler, mirror, n):
    time.sleep(3)


def redirect(to):
    return always(status=302, content=b"", heads=[("Location", to)])


def dies_again_and_again(handler, mirror, n):
    mirror.answer(handler, die_at=min(SIZE, SIZE * (n + 1) // 10))


def chunked(handler, mirror, n):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for at in range(0, SIZE, 50_000):
        piece = ARCHIVE[at : at + 50_000]
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")


FLIPPED = bytearray(ARCHIVE)
FLIPPED[SIZE // 2] ^= 1


def spoils_the_first_part(handler, mirror, n):
    """Others go on from it and seem to be wrong."""
    if handler.headers.get("Range"):
        mirror.answer(handler, delay=0.3)
    else:
        mirror.answer(handler, content=bytes(FLIPPED), die_at=SIZE * 3 // 4)


PAGE = b"<!DOCTYPE html><html><body>Sorry, we are down.</body></html>"


def says(status, wait=None):
    heads = [("Retry-After", wait)] if wait else []
    return {"status": status, "content": PAGE, "heads": heads}


def has(size):
    return f"has {size} bytes where the archive has {SIZE}"


HALF = SIZE // 2
AT_75 = SIZE * 3 // 4
WRONG = {"content": bytes(FLIPPED)}
ZIPPED = {"content": gzip.compress(ARCHIVE), "ranges": False}
PACKED = [("Content-Encoding", "gzip")]
DEFLATED = {"content": zlib.compress(ARCHIVE), "heads": [("Content-Encoding", "deflate")]}
MOVED = {"shift": -1000, "die_at": SIZE - 1000}

# fault: how the host answers, and what the loader must come to if there is no other host
HOSTS = {
    "never answers": (silent, "no answer in time"),
    "answers 404": (always(**says(404)), "answers 404 (Not Found)"),
    "answers 403": (always(**says(403)), "answers 403 (Forbidden)"),
    "answers 500": (always(**says(500)), "answers 500"),
    "answers 429, Retry-After 1 s, then works": (once(says(429, "1")), RIGHT),
    "answers 429, Retry-After 3600 s": (always(**says(429, "3600")), "and asks to wait: 3600"),
    "answers 503": (always(**says(503)), "answers 503 (Service Unavailable)"),
    "answers 503 once, then works": (once(says(503)), RIGHT),
    "HTML error page with status 200": (always(content=PAGE, ranges=False), has(len(PAGE))),
    "HTML error page of unknown length": (
        always(content=PAGE, ranges=False, length=None),
        "sends something else than the archive",
    ),
    "dies at 0 %": (always(die_at=0), "ended at 0%"),
    "dies at 10 %": (always(die_at=SIZE // 10), "ended at 10%"),
    "dies at 99 %": (always(die_at=SIZE * 99 // 100), "ended at 99%"),
    "dies at the last byte": (always(die_at=SIZE - 1), "ended at 100%"),
    "dies at 50 % once": (once({"die_at": HALF}), RIGHT),
    "dies at the last byte once": (once({"die_at": SIZE - 1}), RIGHT),
    "dies after each 10 %": (dies_again_and_again, RIGHT),
    "dies at 50 %, then ignores Range": (once({"die_at": HALF}, {"ranges": False}), RIGHT),
    "dies at 50 %, then sends the wrong range": (
        once({"die_at": HALF}, {"claim": 1000}),
        "sends another part than was asked for",
    ),
    "dies at 50 %, then lies about the range": (once({"die_at": HALF}, MOVED), "another SHA-256"),
    "Content-Length too short": (always(length=-1000, ranges=False), has(SIZE - 1000)),
    "Content-Length too long": (always(length=1000, ranges=False), has(SIZE + 1000)),
    "no Content-Length": (always(length=None), RIGHT),
    "sent in chunks": (chunked, RIGHT),
    "gzip in transport": (always(heads=PACKED, **ZIPPED), RIGHT),
    "gzip in transport, no Content-Length": (always(heads=PACKED, length=None, **ZIPPED), RIGHT),
    "labeled as gzip in transport, but is not": (always(heads=PACKED), RIGHT),
    "packed in another way": (always(**DEFLATED), RIGHT),
    "redirects in a loop": (redirect(f"/{files.ARCHIVE}"), "Exceeded 30 redirects"),
    "one flipped byte in the archive": (always(**WRONG), "another SHA-256"),
    "one flipped byte, then dies at 75 %": (always(die_at=AT_75, **WRONG), "ended at 75%"),
    "one flipped byte, dies at 75 %, goes on rightly": (spoils_the_first_part, "another SHA-256"),
    "trickles at 1 kB/s": (always(rate=1000), "it did not promise to end within"),
}


@pytest.mark.parametrize("fault", HOSTS)
def test_host_alone(world, row, fault):
    behave, expected = HOSTS[fault]
    world.mirror(behave)
    row(expected, settings=HASTY.get(fault))
    assert ("given up" in data.origin()) == (fault == "trickles at 1 kB/s")  # no other has to wait


@pytest.mark.parametrize("fault", HOSTS)
def test_host_and_a_good_one(world, row, fault):
    """The good one is slower to answer, so that the bad one is heard first."""
    world.mirror(HOSTS[fault][0])
    world.mirror(delay=0.1)
    row(RIGHT, fault=f"{fault} | and a good mirror")


def test_refuses_the_connection(world, row):
    row(os.strerror(errno.ECONNREFUSED), urls=[nobody()])
    urls = [nobody(), world.mirror().url]
    row(RIGHT, fault="refuses the connection | and a good mirror", urls=urls)


def test_redirects_once(world, row):
    target = world.mirror()
    row(RIGHT, urls=[world.mirror(redirect(target.url)).url])


def test_only_through_a_proxy(row, world, monkeypatch):
    monkeypatch.setenv("http_proxy", world.mirror().url)
    row(RIGHT, urls=[f"http://no-such-host.invalid/{files.ARCHIVE}"])


def test_redirects_from_https_to_http(world, row, tmp_path, monkeypatch):
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(bad_mirror.CERTIFICATE)
    target = world.mirror()
    home = world.mirror(redirect(target.url), tls=certificate)
    row("CERTIFICATE_VERIFY_FAILED", fault="https with an unknown certificate", urls=[home.url])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    row("redirects from https to http", urls=[home.url])
    assert target.asked == []
    row(RIGHT, fault="honest https", urls=[world.mirror(tls=certificate).url])


@pytest.mark.parametrize("at", [SIZE // 10, SIZE * 99 // 100, SIZE - 1])
def test_another_host_goes_on_in_mid_file(world, capsys, at):
    world.mirror(always(die_at=at))
    good = world.mirror(delay=0.1)
    assert world.seen(capsys) == RIGHT
    assert f"bytes={at}-" in good.asked
    assert world.mirrors[0].sent >= at


def test_all_seven_hosts_down(world, row):
    urls = [nobody() for _ in range(7)]
    row("No mirror delivered the archive", urls=urls)
    text = data.origin()
    refused = os.strerror(errno.ECONNREFUSED)
    assert all(f"\n  {url.split('/')[2]}: {refused}" in text for url in urls)
    assert {path.name for path in world.folder.iterdir()} == {find.LOCK}
    assert "in the background: python -m helpers.data --download" in text
    assert [text.count(f"\n  {n}. ") for n in (1, 2, 3)] == [1, 1, 1]


def test_network_gone_for_a_moment(world, row, monkeypatch):
    monkeypatch.setattr(mirrors, "PAUSE", 0.5)
    get = download.transfer
    until = time.monotonic() + 0.2

    def transfer(url, *how):
        yield from get(nobody() if time.monotonic() < until else url, *how)

    monkeypatch.setattr(download, "transfer", transfer)
    world.mirror()
    world.mirror()
    row(RIGHT)


def test_network_gone_half_way(world, row):
    gone = [world.mirror(once({"die_at": HALF}, {"status": 502, "content": b""})) for _ in range(2)]
    row("are here and are kept")
    assert world.partial.stat().st_size == HALF
    good = world.mirror()
    row(RIGHT, fault="started again, the network is back", urls=[good.url])
    assert good.asked == [f"bytes={HALF}-"]
    assert gone[0].sent >= HALF or gone[1].sent >= HALF


# --- faults of the archive


LINK = tarfile.TarInfo(f"{files.FOLDER}/data_batch_1")
LINK.type, LINK.linkname = tarfile.SYMTYPE, "/etc/passwd"
DEVICE = tarfile.TarInfo(f"{files.FOLDER}/data_batch_9")
DEVICE.type = tarfile.CHRTYPE


class Bomb:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return Path.write_text, (Path("bomb"), "bang")


def without(name):
    return {key: value for key, value in CONTENTS.items() if key != name}


def containing(**changes):
    return packed(in_folder(CONTENTS | changes))


TWISTED = CONTENTS["data_batch_3"][:-4000] + bytes(4000)
MORE = {"../evil": b"?", "/tmp/evil": b"?", "link": LINK, "device": DEVICE}
ARCHIVES = {
    "a wrong member of the right size": (
        containing(data_batch_3=TWISTED),
        "data_batch_3 is broken",
    ),
    "a wrong member of another size": (containing(test_batch=b"?"), "test_batch is broken"),
    "a member missing": (packed(in_folder(without("test_batch"))), "test_batch is missing"),
    "a member is a link": (
        packed(in_folder(without("data_batch_1")) | {LINK.name: LINK}),
        "data_batch_1 is missing",
    ),
    "further members: ../, absolute, link, device": (packed(MORE | in_folder(CONTENTS)), RIGHT),
    "no tar in it": (gzip.compress(b"no tar" * 500), "cannot be read"),
    "ends too early": (containing()[:-5000], "cannot be read"),
}

FALSE_STATE = b"(K\x03U\x01|NNNK\x01K\x01K?t"  # says that its elements are Python's objects
TRUE_STATE = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
SECOND = CONTENTS["data_batch_2"]
PIXELS = b"T" + (20 * 3072).to_bytes(4, "little") + FLAT[20 * 3072 : 40 * 3072].tobytes()
OBJECTS = b"](" + b"K\x01" * 20 * 3072 + b"e"
ONE_PICTURE = {"data": FLAT[:3072].reshape(1, -1), "labels": [1]}
PICKLES = {
    "lies about its dtype": SECOND.replace(TRUE_STATE, FALSE_STATE).replace(PIXELS, OBJECTS),
    "wants objects from elsewhere": b"\x80\x02U\x01xQ.",  # an error of more than one line
    "runs code": pickle.dumps(Bomb(), protocol=2),
    "names another class": b"\x80\x02ccollections\nOrderedDict\n)R.",
    "is cut off": SECOND[:-2000],
    "has other pictures": bad_mirror.old_pickle(ONE_PICTURE),
    "has other labels": SECOND.replace(b"J\x01\0\0\0", b"J\x0b\0\0\0", 1),
}


@pytest.mark.parametrize("fault", [*ARCHIVES, *PICKLES])
def test_right_archive(world, row, fault):
    """Its SHA-256 is right, and still its members are not trusted; nor are pickles whose SHA-256 is right."""
    contents = CONTENTS | {"data_batch_2": PICKLES.get(fault, SECOND)}
    archive = packed(in_folder(contents))
    expected = "data_batch_2 cannot be read ("
    if fault == "has other labels":
        expected = "what was decoded are not the official pictures"
    if fault in ARCHIVES:
        archive, expected = ARCHIVES[fault]
    world.claim(archive, contents)
    world.mirror(content=archive)
    row(expected, fault=f"right archive: {fault}")
    assert not any(Path(name).exists() for name in ("evil", "/tmp/evil", "bomb"))


def test_the_bomb_of_these_tests_works():
    pickle.loads(PICKLES["runs code"])
    assert Path("bomb").read_text() == "bang"


# --- faults of this machine


def put(name, content):
    return lambda world: world.put(name, content)


def full_disk(*_, **__):
    return Path("/dev/full").open("a+b")


def fill_the_disk_later(world):
    def write(path, content):
        with full_disk() as file:
            file.write(content)

    world.monkeypatch.setattr(files, "write_file", write)


def cached(content):
    """Let this be the cache, beside the right archive."""

    def prepare(world):
        world.put(files.CACHE, content)
        world.put(files.ARCHIVE, ARCHIVE)

    return prepare


PARTIAL = files.partial_of(Path(files.ARCHIVE)).name
OLD = np.random.default_rng(1).integers(0, 256, SIZE + 5, dtype=np.uint8).tobytes()
RAW = FLAT.tobytes()
FULL = os.strerror(errno.ENOSPC)
FULL_AT_ONCE = "disk full while downloading"
FULL_LATER = "disk full while the cache is written"
MACHINES = {
    FULL_AT_ONCE: lambda world: world.monkeypatch.setattr(files, "open_partial", full_disk),
    FULL_LATER: fill_the_disk_later,
    "partial file of another version, 40 %": put(PARTIAL, OLD[: SIZE * 2 // 5]),
    "partial file of another version, whole": put(PARTIAL, OLD[:SIZE]),
    "partial file of another version, too large": put(PARTIAL, OLD),
    "partial file whole and right": put(PARTIAL, ARCHIVE),
    "partial file empty": put(PARTIAL, b""),
    "cached arrays with a flipped bit": cached(RAW[:1000] + bytes([RAW[1000] ^ 1]) + RAW[1001:]),
    "cached arrays cut off": cached(RAW[:-1]),
    "cached arrays empty": cached(b""),
    "cached arrays with more at their end": cached(RAW + b"?"),
}


@pytest.mark.parametrize("fault", MACHINES)
def test_machine(world, row, fault):
    if "disk full" in fault and not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    MACHINES[fault](world)
    mirror = world.mirror()
    row(FULL if fault == FULL_AT_ONCE else RIGHT)
    if fault == FULL_LATER:
        assert f"not kept for the next start: {FULL}." in data.origin()
        assert {path.name for path in world.folder.iterdir()} == {find.LOCK, files.ARCHIVE}
    elif fault != FULL_AT_ONCE:
        assert (world.folder / files.CACHE).read_bytes() == RAW
        assert not (world.folder / PARTIAL).exists()
        assert (mirror.asked == []) == ("whole and right" in fault or "cached" in fault)


@pytest.mark.parametrize("fault", ["target is a file", "folder of the target is a file"])
def test_a_file_in_the_way(world, row, fault):
    path = world.folder.parent if "folder" in fault else world.folder
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    world.mirror()
    row("cannot be written")
    assert path.read_text() == "mine"


def test_too_little_room_known_before(world, row, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 5, 5))
    mirror = world.mirror()
    row("There is no room for the pictures")
    assert ways_that_need_no_folder(data.origin())
    assert mirror.asked == []


def ways_that_need_no_folder(text):
    """Are all the ways in a message such that nothing is written into the book's folder?"""
    assert "CIFAR10_ROOT" in text.partition("\nBy hand, one of:\n")[2]
    return not any(word in text for word in ("--download", "CIFAR10_URL", "put it into"))


def read_only(monkeypatch, folder):
    """Let nothing in a folder be opened for writing, whoever asks: as root a mode would not do."""
    open_file = os.open

    def refuse(path, flags, *more, **named):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and Path(path).is_relative_to(folder):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return open_file(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)


def test_target_read_only(world, row, monkeypatch):
    world.folder.mkdir(parents=True)
    world.mirror()
    with monkeypatch.context() as patch:
        read_only(patch, world.folder)
        row(f"cannot be written ({os.strerror(errno.EROFS)})")
        for text in (data.origin(), command.download()[1]):
            assert ways_that_need_no_folder(text)
        SMALL.write(world.home / "mine" / files.FOLDER)
        patch.setenv("CIFAR10_ROOT", str(world.home / "mine"))
        row(RIGHT, fault="target read-only, the files are elsewhere")
        assert os.strerror(errno.EROFS) in data.origin()
    assert list(world.folder.iterdir()) == []


def test_target_read_only_by_its_mode(world, row):
    world.folder.mkdir(parents=True, mode=0o555)
    if os.access(world.folder, os.W_OK):
        pytest.skip("this user may write whatever the mode says (root, Windows)")
    world.mirror()
    row("cannot be written")


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
@pytest.mark.parametrize("name", ["partial file", "archive", "cache"])
@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names, no links")
def test_something_else_has_the_name(world, row, command, name, kind):
    """Only plain files are written to, and no link leads to another's file."""
    names = {"archive": files.ARCHIVE, "cache": files.CACHE, "partial file": PARTIAL}
    path = world.folder / names[name]
    mine = world.home / "mine"
    mine.write_text("mine")
    world.folder.mkdir(parents=True)
    make = {"link": lambda at: at.symlink_to(mine), "folder": Path.mkdir, "pipe": os.mkfifo}
    make[kind](path)
    world.mirror()
    row(RIGHT if name == "cache" else "is no plain file", fault=f"a {kind} in place of the {name}")
    assert mine.read_text() == "mine"
    assert not path.is_file() or path.is_symlink()
    if (name, kind) == ("partial file", "link"):
        assert command("--clean")[0] == 0
        assert not path.is_symlink()


def test_the_clock_jumps_years_to_and_fro(world, row, monkeypatch):
    jumps = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: 1.8e9 * (next(jumps) % 2))
    world.mirror(once({"die_at": HALF}, {"rate": 200_000}))
    row(RIGHT)
    assert next(jumps) < 10**6


def test_data_dates_from_the_future(world, row):
    world.put(PARTIAL, ARCHIVE[:HALF])
    world.put(find.LOCK, b"")
    for path in (world.partial, world.folder / find.LOCK, world.folder):
        os.utime(path, (4e9, 4e9))
    mirror = world.mirror()
    row(RIGHT)
    assert mirror.asked == [f"bytes={HALF}-"]


# --- several processes


@pytest.fixture(scope="module")
def processes():
    """Makes processes that find the pictures; what is left of them is ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(BOOK))
        patch.chdir(BOOK)
        context = finder.context()
        started = []

        def start(world, report, **how):
            urls = [mirror.url for mirror in world.mirrors]
            args = ((world.official, world.folder, urls, world.settings), report)
            work = {"target": finder.find_pictures, "args": args, "kwargs": how}
            process = context.Process(**work, daemon=True)
            process.start()
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()


def wait_for(condition, worker):
    """Wait until something is so; the worker must be alive until then."""
    end = time.monotonic() + 300
    while not condition():
        assert worker.is_alive() and time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("hang", ["", "extract", "cache"])
def test_killed(world, row, processes, tmp_path, hang):
    """Killed by SIGKILL, with the lock held; then started again."""
    mirror = world.mirror(once({"slow_from": (SIZE // 5, 1)}))  # it comes to that and no further
    world.settings = CALM._replace(floor=0.0, patience=600.0, timeout=600.0)
    if hang:
        mirror.behave = None
    process = processes(world, tmp_path / "report", hang=hang)
    if hang:
        wait_for((tmp_path / "marker").exists, process)
    else:
        wait_for(lambda: (files.size_of(world.partial) or 0) > SIZE // 10, process)
        world.settings = CALM
    lock = FileLock(world.folder / find.LOCK)
    with pytest.raises(Timeout):
        lock.acquire(timeout=0)
    process.kill()
    process.join()
    assert not (tmp_path / "report").exists()
    left = files.size_of(world.partial) or 0
    world.check_folder()
    assert not (world.folder / files.CACHE).exists()
    assert (world.folder / files.ARCHIVE).exists() == bool(hang)
    row(RIGHT, fault=f"killed in mid-{hang or 'download'}, started again")
    assert set(mirror.asked[1:]) == (set() if hang else {f"bytes={left}-"})
    assert (world.folder / files.CACHE).exists()


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 8])
def test_at_once(world, table, processes, tmp_path, count):
    world.settings = CALM._replace(patience=300.0)
    mirror = world.mirror(rate=SIZE / 1.5)
    reports = [tmp_path / f"report{n}" for n in range(count)]
    running = [processes(world, report) for report in reports]
    for process in running:
        process.join(300)
    results = [json.loads(report.read_text()) for report in reports]
    right = sum(one["sha256"] == world.official.arrays_sha256 for one in results)
    loaded = sum("downloaded" in one["text"] for one in results)
    table(
        f"{count} processes at once",
        f"{count} with {RIGHT}, one download",
        f"{right} with {RIGHT}, {loaded} download, {len(mirror.asked)} request",
    )
    assert (right, loaded, len(mirror.asked)) == (count, 1, 1), [one["text"] for one in results]
    world.check_folder()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no quotas to set on Windows")
def test_quota(world, table, processes, tmp_path):
    """A limit that the kernel sets on the size of files."""
    world.mirror()
    processes(world, tmp_path / "report", limit=SIZE // 2).join(300)
    result = json.loads((tmp_path / "report").read_text())
    says = f"data cannot be written ({os.strerror(errno.EFBIG)})"
    line = result["text"].splitlines()[1]
    table("a quota is reached while downloading", says, f"stand-in: {line}")
    assert says in line
    world.check_folder()


@pytest.mark.parametrize("fault", ["another process crawls", "another process hangs"])
def test_the_second_does_not_wait_for_ever(world, row, fault):
    """The first has the lock and downloads, at a rate that promises no end; or does nothing at all."""
    world.put(PARTIAL if "crawls" in fault else find.LOCK, ARCHIVE[:1000])
    world.mirror()
    held, done = threading.Event(), threading.Event()

    def hold():
        with FileLock(world.folder / find.LOCK):
            held.set()
            done.wait(300)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(300)
    try:
        row("Another process is downloading", settings=CALM._replace(patience=0.5))
        assert thread.is_alive()  # it did not end because of the first
    finally:
        done.set()
        thread.join()
    row(RIGHT, fault=f"{fault}, and has ended")


# --- rates: race, floor, resume


@pytest.fixture
def larger(world):
    """An archive large enough for rates to show."""
    cifar10 = bad_mirror.SmallCifar10(batch=50)
    world.claim(cifar10.archive, cifar10.contents, cifar10.flat)
    world.settings = CALM._replace(floor=100_000.0, floor_seconds=0.4, patience=600.0)
    return cifar10.archive


FASTEST = 500_000  # bytes per second, of an archive of 0.9 MB: slow enough for a busy machine not to matter
SLOW, FAST, DOWN = {"rate": 20_000}, {"rate": FASTEST}, {"status": 404, "content": PAGE}
SLOWS_DOWN = {"rate": 2_000_000, "slow_from": (100_000, 20_000)}
FIELDS = {
    "one fast mirror among five slow ones": [SLOW] * 5 + [FAST],
    "one fast mirror, late, among slow ones": [SLOW] * 3 + [FAST | {"delay": 0.3}],
    "one fast mirror, one that soon slows down": [SLOWS_DOWN, FAST | {"delay": 0.05}],
    "one fast mirror, six that are down": [DOWN] * 6 + [FAST],
}


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_race(world, table, capsys, larger, field):
    """With one fast mirror among others it takes at most 1.5 times what the fast one takes alone.

    A busy machine can only add to a time, so the least of a few rounds is the one that tells; one is mostly enough.
    """
    seconds = {"alone": math.inf, "field": math.inf}
    for _ in range(4):
        for name, options in (("alone", [{"rate": FASTEST}]), ("field", FIELDS[field])):
            shutil.rmtree(world.folder, ignore_errors=True)
            runners = [world.mirror(always(**one), content=larger) for one in options]
            began = time.monotonic()
            assert world.seen(capsys, urls=[mirror.url for mirror in runners]) == RIGHT
            seconds[name] = min(seconds[name], time.monotonic() - began)
        ratio = seconds["field"] / seconds["alone"]
        if ratio <= 1.5:
            break
    table(field, "at most 1.5 times the fast one alone", f"ratio {ratio:.2f}")
    assert seconds["alone"] > 0.8 * len(larger) / FASTEST  # else the rates were not set
    assert ratio <= 1.5, seconds


def test_a_probe_takes_the_first_bytes_from_each_and_no_more(world, capsys, monkeypatch):
    came = {}

    def counting(url, *how):
        for received, chunk in mirrors.transfer(url, *how):
            came[url] = came.get(url, 0) + received
            yield received, chunk

    monkeypatch.setattr(download, "transfer", counting)
    urls = [world.mirror().url for _ in range(3)]
    assert world.seen(capsys, urls=urls) == RIGHT
    *losers, winner = sorted(came.values())
    assert winner == SIZE
    assert all(lost < CALM.probe_bytes + mirrors.CHUNK for lost in losers)


@pytest.mark.parametrize("there", [0, SIZE - 1000])
def test_a_probe_ends_however_small_the_pieces(world, capsys, monkeypatch, there):
    monkeypatch.setattr(mirrors, "CHUNK", 200)
    world.put(PARTIAL, ARCHIVE[:there])
    for _ in range(2):
        world.mirror(ranges=False)
    settings = CALM._replace(probe_bytes=100_000)
    assert world.seen(capsys, settings=settings) == RIGHT


@pytest.mark.slow
def test_all_slow(world, table, capsys, larger):
    """A floor that nobody reaches must not keep the pictures away from one who has the patience."""
    rates = (150_000, 250_000, 80_000)
    for rate in rates:
        world.mirror(content=larger, rate=rate)
    world.settings = world.settings._replace(floor=1_000_000.0)
    assert world.seen(capsys) == RIGHT
    share = world.mirrors[rates.index(max(rates))].sent / len(larger)
    table("all mirrors under the floor", "more than half from the best", f"{share:.0%}")
    assert share > 0.5
    assert sum(len(mirror.asked) for mirror in world.mirrors) <= 10  # it settles for one


# --- the real thing


@pytest.mark.slow
@pytest.mark.skipif(
    REAL == data.STAND_IN, reason="CIFAR10_ROOT names no folder with the real pictures"
)
def test_real_size(world, table, monkeypatch):
    """An archive of the real files, 170 MB, over a connection that ends half-way."""
    source = Path(REAL) / files.FOLDER
    contents = {name: (source / name).read_bytes() for name in REAL_OFFICIAL.files}
    archive = packed(in_folder(contents), level=0)
    digest = hashlib.sha256(archive).hexdigest()
    official = REAL_OFFICIAL._replace(archive_bytes=len(archive), archive_sha256=digest)
    monkeypatch.setattr(files, "OFFICIAL", official)
    mirror = world.mirror(once({"die_at": len(archive) // 2}), content=archive)
    real, text = world.start(settings=download.Settings())
    assert real, text
    assert "downloaded" in text
    assert len(data.cifar10(train=True)) == 50_000
    assert mirror.asked == [None, f"bytes={len(archive) // 2}-"]
    table("real files, real size, ends half-way once", RIGHT, RIGHT)
