"""The files of CIFAR-10: which they are, whether they are right, and how they become arrays.

Only checksums are trusted. Nothing is opened before its SHA-256 has been found right, and then by a reader that can
build strings, numbers, lists, dicts and the bytes of arrays, and nothing else. No archive is unpacked onto the disk:
its seven known members are read into memory, so no path, link or other member in it can do anything.
"""

import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FOLDER = (
    "cifar-10-batches-py"  # the folder of the seven files, in the archive and where it was unpacked
)
ARCHIVE = "cifar-10-python.tar.gz"
CACHE = "cifar-10-arrays.bin"  # what `keep` writes
KERAS = f"{FOLDER}-target"  # Keras 3 unpacks into a folder of this name
BATCHES = (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch")
CLASSES = ["airplane", "automobile", "bird", "cat", "deer"]
CLASSES += ["dog", "frog", "horse", "ship", "truck"]
NOTHING = f"neither {FOLDER} nor {ARCHIVE} is in it"
PICTURE = (3, 32, 32)  # channels (red, green, blue), rows, columns


class Official(NamedTuple):
    """What the official files are."""

    archive_bytes: int
    archive_sha256: str
    files: dict[str, tuple[int, str]]  # name: (bytes, SHA-256)
    batch: int  # pictures in each of the six batches
    arrays_sha256: str  # of the decoded arrays, in the order of `keep`

    @property
    def arrays_bytes(self) -> int:
        """Bytes of all pictures and labels, decoded."""
        return len(BATCHES) * self.batch * (3072 + 1)


OFFICIAL = Official(
    archive_bytes=170_498_071,
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    files={
        "data_batch_1": (
            31_035_704,
            "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd",
        ),
        "data_batch_2": (
            31_035_320,
            "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8",
        ),
        "data_batch_3": (
            31_035_999,
            "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9",
        ),
        "data_batch_4": (
            31_035_696,
            "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b",
        ),
        "data_batch_5": (
            31_035_623,
            "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154",
        ),
        "test_batch": (
            31_035_526,
            "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831",
        ),
        "batches.meta": (158, "f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb"),
    },
    batch=10_000,
    arrays_sha256="14a2bd144501de0a338b4c67a69c1d3c335f24e5f4e22c78ea4775ad4d3c9e6a",
)


class DamagedError(Exception):
    """The files are not the official ones; the text says which and how, in one line."""


class Arrays:
    """All pictures and labels, checked: in memory, or as a file that is mapped into memory.

    Args:
        flat: uint8, one axis: the pictures (60,000 x 3 x 32 x 32), then the labels (60,000).
        file: the file that holds them too, None if there is none.
    """

    def __init__(self, flat: np.ndarray, file: Path | None = None) -> None:
        self.flat = flat
        self.file = file

    def part(self, train: bool) -> tuple[np.ndarray, list[int]]:
        """The training or the test part, the caller's own to change: nothing else sees it change.

        Returns:
            uint8 pictures, N x 32 x 32 x 3 with the strides of torchvision's (channels first in memory), and N labels.
        """
        pictures, labels = split(self._own())
        rows = slice(5 * OFFICIAL.batch) if train else slice(5 * OFFICIAL.batch, None)
        return pictures[rows].transpose(0, 2, 3, 1), labels[rows].tolist()

    def _own(self) -> np.ndarray:
        """A mapping costs no memory: what is changed in it (mode "c") becomes the caller's, the file stays."""
        if self.file is not None:
            try:
                mapped = np.memmap(self.file, np.uint8, mode="c")
                if mapped.size == self.flat.size:
                    return np.asarray(mapped)
            except (OSError, ValueError):
                pass  # the file has gone since it was checked
        return self.flat.copy()


def split(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Views of the pictures (N x 3 x 32 x 32) and of the labels (N) in one array, uint8, training part first."""
    n = len(BATCHES) * OFFICIAL.batch
    return flat[: n * 3072].reshape(n, *PICTURE), flat[n * 3072 :]


def sources(root: Path) -> tuple[list[Path], str]:
    """What may be CIFAR-10 in or at ``root``, judged by names and sizes alone.

    Args:
        root: a folder (with the seven files, or with the folder or the archive that holds them), or an archive.

    Returns:
        Folders of seven files and archives, best first; and, if there is none, why not, in a few words.
    """
    found, fault = [], NOTHING
    for folder in (root / FOLDER, root, root / KERAS / FOLDER):
        sizes = {name: _size(folder / name) for name in OFFICIAL.files}
        wrong = [name for name, (size, _) in OFFICIAL.files.items() if sizes[name] != size]
        if not wrong:
            found.append(folder)
        elif any(size is not None for size in sizes.values()):
            state = "is missing" if sizes[wrong[0]] is None else "is broken (its size is wrong)"
            fault = f"{wrong[0]} {state}"
    names = (ARCHIVE, f"{FOLDER}.tar.gz", f"{KERAS}.tar.gz", f"{KERAS}_archive")
    for archive in (root, *(root / name for name in names)):
        size = _size(archive)
        if size == OFFICIAL.archive_bytes:
            found.append(archive)
        elif size is not None:
            fault = f"{archive.name} is no whole archive (its size is wrong)"
    return found, "" if found else fault


def _size(path: Path) -> int | None:
    """Bytes of a regular file; None if there is none that can be asked."""
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
                first = BATCHES.index(name) * OFFICIAL.batch
                rows = slice(first, first + OFFICIAL.batch)
                flat_pictures, labels[rows] = unpickle(name, content)
                pictures[rows] = flat_pictures.reshape(-1, *PICTURE)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DamagedError(f"{source.name} cannot be read ({error})") from error
    if missing:
        raise DamagedError(f"{missing[0]} is missing in {source.name}")
    if hashlib.sha256(flat).hexdigest() != OFFICIAL.arrays_sha256:
        raise DamagedError("what was decoded are not the official pictures")
    return flat


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each of the seven files in a folder or in a right archive, once each."""
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
                    name = wanted.pop(member.name)
                    if member.size != OFFICIAL.files[name][0]:
                        raise DamagedError(f"{name} is broken (its size is wrong)")
                    yield name, tar.extractfile(member).read()


class _Noted:
    """Stands for an array or a dtype while a pickle is read: it notes what NumPy would be given, and does nothing.

    NumPy itself trusts that state: a false one can make it crash.
    """

    state: tuple = ()

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: tuple) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    """Reads pickles of arrays, strings, numbers, lists and dicts; all else that a pickle can name is refused."""

    def find_class(self, module: str, name: str) -> type[_Noted]:
        """Called for each class or function that a pickle names: the three that old NumPy's arrays need."""
        if f"{module}.{name}" in (
            "numpy.core.multiarray._reconstruct",
            "numpy.ndarray",
            "numpy.dtype",
        ):
            return _Noted
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no part of a picture")


def unpickle(name: str, content: bytes) -> tuple[np.ndarray, list[int]]:
    """Read a batch, written by Python 2.

    Args:
        name: of the file, for messages.
        content: the file's bytes.

    Returns:
        The pictures (uint8, N x 3072, not to be written to) and the labels (N numbers 0..9).

    Raises:
        DamagedError: it is no such batch. No code in it has been run.
    """
    try:
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        _, shape, dtype, by_columns, pixels = batch[b"data"].state
        if (shape, dtype.arguments[0], by_columns) != ((OFFICIAL.batch, 3072), b"u1", False):
            raise ValueError("its pictures have another form")
        pictures = np.frombuffer(pixels, np.uint8).reshape(shape)
        labels = batch[b"labels"]
        if len(labels) != OFFICIAL.batch or not set(labels) <= set(range(10)):
            raise ValueError("its labels have another form")
    except Exception as error:  # a broken pickle can raise anything
        why = " ".join(str(error).split()) or type(error).__name__
        raise DamagedError(f"{name} cannot be read ({why})") from error
    return pictures, labels


def keep(flat: np.ndarray, folder: Path) -> Arrays:
    """Write decoded arrays into a folder, so that the next start need not decode: all or nothing.

    The file is the array's bytes, without a header. It is complete before it gets its name. A crash of the whole
    machine may still spoil it (it is not forced onto the disk); its checksum, asked at each start, would tell.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    partial = partial_of(folder / CACHE)
    try:
        with partial.open("wb") as file:
            file.write(flat.data)
        partial.replace(folder / CACHE)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return Arrays(flat, folder / CACHE)


def kept(folder: Path) -> Arrays | None:
    """The arrays that `keep` wrote, mapped into memory and checked; None if they are not there or not right."""
    try:
        checked = hashlib.sha256(np.memmap(folder / CACHE, np.uint8, mode="r")).hexdigest()
        if checked != OFFICIAL.arrays_sha256:
            return None
        # Mapped anew: what was read for the check does not stay in memory.
        flat = np.memmap(folder / CACHE, np.uint8, mode="c")
    except (OSError, ValueError):
        return None
    return Arrays(np.asarray(flat), folder / CACHE)


def partial_of(path: Path) -> Path:
    """The name, in the same folder, that a file has while it is written."""
    return path.with_name(f".{path.name}.partial")
