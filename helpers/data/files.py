"""The files of CIFAR-10: which they are, whether they are right, and how they become arrays.

Only checksums are trusted. Nothing is opened before its SHA-256 has been found right, and even then no code that a
pickle names is run. No archive is unpacked onto the disk: its seven known members are read into memory, so no path,
link or other member in it can do anything.
"""

import errno
import hashlib
import io
import os
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from helpers.verification.files import write_file

FOLDER = "cifar-10-batches-py"  # of the seven files, in the archive and where it was unpacked
ARCHIVE = "cifar-10-python.tar.gz"
CACHE = "cifar-10-arrays.bin"  # what `write_cache` writes
KERAS = f"{FOLDER}-target"  # Keras 3 unpacks into a folder of this name
FILES = {  # name: (bytes, SHA-256)
    "data_batch_1": (31035704, "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd"),
    "data_batch_2": (31035320, "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8"),
    "data_batch_3": (31035999, "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9"),
    "data_batch_4": (31035696, "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b"),
    "data_batch_5": (31035623, "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154"),
    "test_batch": (31035526, "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831"),
    "batches.meta": (158, "f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb"),
}
BATCHES = list(FILES)[:6]  # training part first
CLASSES = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
]  # fmt: skip
NOTHING = f"neither {FOLDER} nor {ARCHIVE} is in it"
MISSING = "does not exist"
PICTURE = (3, 32, 32)  # channels (red, green, blue), rows, columns


class Official(NamedTuple):
    """Sizes and checksums of the official files; nothing else is taken for CIFAR-10."""

    archive_bytes: int
    archive_sha256: str
    files: dict[str, tuple[int, str]]  # name: (bytes, SHA-256)
    batch_size: int  # pictures in each of the six batches
    arrays_sha256: str  # of the decoded arrays, in the order of `split`

    @property
    def arrays_bytes(self) -> int:
        """Bytes of all pictures and labels, decoded."""
        return len(BATCHES) * self.batch_size * (3072 + 1)


OFFICIAL = Official(
    archive_bytes=170498071,
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    files=FILES,
    batch_size=10_000,
    arrays_sha256="14a2bd144501de0a338b4c67a69c1d3c335f24e5f4e22c78ea4775ad4d3c9e6a",
)


class DamagedError(Exception):
    """The files are not the official ones; the text says which and how, in one line."""


def split(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Views of the pictures (N x 3 x 32 x 32) and of the labels (N) in one array, uint8, training part first."""
    n = len(BATCHES) * OFFICIAL.batch_size
    return flat[: n * 3072].reshape(n, *PICTURE), flat[n * 3072 :]


def own_part(flat: np.ndarray, train: bool) -> tuple[np.ndarray, list[int]]:
    """Return the training or the test part, to be changed at will: uint8 pictures, N x 32 x 32 x 3, and N labels.

    Of the cache it is a map of its own, in which only what is changed takes memory, else a copy. The strides are
    those of torchvision's arrays: channels come first in memory.
    """
    own = _mapped_anew(flat)
    pictures, labels = split(flat if own is None else own)
    n_train = 5 * OFFICIAL.batch_size
    rows = slice(n_train) if train else slice(n_train, None)
    part = np.array(pictures[rows]) if own is None else pictures[rows]
    return part.transpose(0, 2, 3, 1), labels[rows].tolist()


def _mapped_anew(flat: np.ndarray) -> np.ndarray | None:
    """The cache again, as a map to be changed; None if this is no map, or its file has been changed since."""
    if not isinstance(flat, np.memmap):
        return None
    try:
        own = np.memmap(flat.filename, np.uint8, mode="c")
    except (OSError, ValueError):
        return None
    return np.asarray(own) if own.shape == flat.shape else None


def sources(root: Path) -> tuple[list[Path], str]:
    """What may be CIFAR-10 in or at ``root``, judged by names and sizes alone.

    Args:
        root: a folder (with the seven files, or with the folder or the archive that holds them), or an archive.

    Returns:
        Folders of seven files and archives, best first; and, if there is none, why not, in a few words.
    """
    candidates = []
    fault = NOTHING if _exists(root) else f"{root} {MISSING}"
    for folder in (root / FOLDER, root, root / KERAS / FOLDER):
        sizes = {name: size_of(folder / name) for name in OFFICIAL.files}
        wrong = [name for name, (size, _) in OFFICIAL.files.items() if sizes[name] != size]
        if not wrong:
            candidates.append(folder)
        elif any(size is not None for size in sizes.values()):
            state = "is missing" if sizes[wrong[0]] is None else "is broken (its size is wrong)"
            fault = f"{wrong[0]} {state}"
    names = (ARCHIVE, f"{FOLDER}.tar.gz", f"{KERAS}.tar.gz", f"{KERAS}_archive")
    for archive in (root, *(root / name for name in names)):
        size = size_of(archive)
        if size == OFFICIAL.archive_bytes:
            candidates.append(archive)
        elif size is not None:
            fault = f"{archive.name} is no whole archive (its size is wrong)"
    return candidates, "" if candidates else fault


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # it may not be looked at
        return True


def size_of(path: Path) -> int | None:
    """Return the bytes of a plain file; None if there is none that can be looked at."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def decode(source: Path) -> np.ndarray:
    """Check the official files and decode them.

    Args:
        source: the folder of the seven files, or the archive.

    Returns:
        uint8, one axis, in the order that `split` takes apart.

    Raises:
        DamagedError: they are not the official files; nothing of them has been used.
    """
    flat = np.zeros(OFFICIAL.arrays_bytes, np.uint8)
    pictures, labels = split(flat)
    missing = list(OFFICIAL.files)
    try:
        for name, content in _contents(source):
            if hashlib.sha256(content).hexdigest() != OFFICIAL.files[name][1]:
                raise DamagedError(f"{name} is broken (its SHA-256 is not the official one)")
            missing.remove(name)
            if name in BATCHES:
                first = BATCHES.index(name) * OFFICIAL.batch_size
                rows = slice(first, first + OFFICIAL.batch_size)
                pictures[rows], labels[rows] = unpickle(name, content)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DamagedError(f"{source.name} cannot be read ({error})") from error
    if missing:
        raise DamagedError(f"{missing[0]} is missing in {source.name}")
    if hashlib.sha256(flat).hexdigest() != OFFICIAL.arrays_sha256:
        raise DamagedError("what was decoded are not the official pictures")
    return flat


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each of the seven files in a folder or in a right archive, once each."""
    if source.is_dir():
        yield from ((name, (source / name).read_bytes()) for name in OFFICIAL.files)
        return
    with source.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != OFFICIAL.archive_sha256:
            raise DamagedError(f"{source.name} is broken (its SHA-256 is not the official one)")
        file.seek(0)
        wanted = {f"{FOLDER}/{name}": name for name in OFFICIAL.files}
        with tarfile.open(fileobj=file, mode="r:gz") as tar:
            for member in tar:
                if member.isreg() and member.name in wanted:
                    yield wanted.pop(member.name), tar.extractfile(member).read()


class _Note:
    """Stands for whatever a pickle names, and does nothing: it keeps what the named thing would be given."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: tuple) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    """Reads pickles without running what they name: no function is called, NumPy sees no state."""

    def find_class(self, module: str, name: str) -> type[_Note]:
        """Called for each class or function that a pickle names."""
        return _Note


def unpickle(name: str, content: bytes) -> tuple[np.ndarray, list[int]]:
    """Read a batch, written by Python 2 and its NumPy.

    Returns:
        The pictures (uint8, N x 3 x 32 x 32, not to be written to) and the labels (N numbers).

    Raises:
        DamagedError: it is no such batch. No code in it has been run.
    """
    try:
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        pixels = batch[b"data"].state[-1]  # (version, shape, dtype, are columns first?, bytes)
        pictures = np.frombuffer(pixels, np.uint8).reshape(OFFICIAL.batch_size, *PICTURE)
        return pictures, np.array(batch[b"labels"], np.uint8).reshape(OFFICIAL.batch_size)
    except Exception as error:  # a broken pickle can raise anything
        why = " ".join(str(error).split()) or type(error).__name__
        raise DamagedError(f"{name} cannot be read ({why})") from error


def write_cache(flat: np.ndarray, folder: Path) -> None:
    """Write decoded arrays into a folder, the array's bytes without a header: all or nothing.

    A crash of the whole machine may still spoil the file; its checksum, asked at each start, would tell.

    Raises:
        OutputError, OSError: the folder cannot be written, or the disk is full.
    """
    for path in folder.glob(f".{CACHE}.*.partial"):  # of a process that was killed
        path.unlink()
    check_plain(folder / CACHE)
    write_file(folder / CACHE, flat.data)


def read_cache(folder: Path) -> np.ndarray | None:
    """The arrays that `write_cache` wrote, mapped into memory and checked; None if they are not there or not right.

    They are checked by reading the file, not the map: what is mapped takes memory only when it is used.
    """
    if size_of(folder / CACHE) != OFFICIAL.arrays_bytes:
        return None
    try:
        with (folder / CACHE).open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == OFFICIAL.arrays_sha256
            flat = np.memmap(file, np.uint8, mode="r")
    except (OSError, ValueError):  # it has gone since, or may not be read
        return None
    return flat if right else None


def unfinished(folder: Path) -> list[Path]:
    """What unfinished downloads and caches have left in a folder."""
    return sorted(path for name in (ARCHIVE, CACHE) for path in folder.glob(f".{name}*.partial"))


def check_plain(path: Path) -> None:
    """Raise OSError if something else than a plain file has this name, such as a link to another's file."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(errno.EEXIST, f"{path.name} is no plain file: remove it")


def open_partial(path: Path) -> BinaryIO:
    """Open a plain or a new file for reading and appending; raise OSError if that cannot be."""
    check_plain(path)

    def opener(name: str, flags: int) -> int:  # no link is followed that has come just now
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)

    return open(path, "a+b", opener=opener)


def partial_of(path: Path) -> Path:
    """The name, in the same folder, that a file has while it is downloaded."""
    return path.with_name(f".{path.name}.partial")
