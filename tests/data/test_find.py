"""Where the pictures are found, and what pages get. Downloads and their faults are in test_faults.py."""

import hashlib
import io
import mmap
import os
import pickle
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from torchvision.datasets import CIFAR10

from helpers import data
from helpers.data import __main__ as program
from helpers.data import download, files, find, mirrors, places, stand_in
from helpers.data.stand_in import StandIn
from helpers.verification.outputs import join_streams
from tests.support import bad_mirror

REAL = os.environ.get("CIFAR10_ROOT", places.STAND_IN)
OFFICIAL = files.OFFICIAL
ADDRESSES = list(find.MIRRORS)
BASE = files.FOLDER
needs_real = pytest.mark.skipif(
    REAL == places.STAND_IN, reason="CIFAR10_ROOT names no folder with the real pictures"
)


def snapshot(folder):
    """What lies in a folder, with content and time."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes())
        for path in folder.rglob("*")
    }


def again():
    """As in a new process."""
    find.pictures.cache_clear()
    return data.origin()


# --- where they are found


KERAS = files.KERAS
PLACES = (f"{BASE}/", "files directly/", f"{KERAS}/{BASE}/", "cifar-10-python.tar.gz")
PLACES += (f"{BASE}.tar.gz", f"{KERAS}_archive", f"{KERAS}.tar.gz")
ROOTS = {
    "named": "at CIFAR10_ROOT",
    "data": "in data/",
    "here/data": "in ./data",
    "keras/datasets": "in {folder}",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("root", ROOTS)
def test_found_wherever_it_lies_and_never_changed(monkeypatch, tmp_path, small, root, place):
    folder = tmp_path / root
    if place.endswith("/"):
        small.write(folder / ("" if place.startswith("files") else place))
    else:
        small.write_archive(folder / place)
    if root == "named":
        monkeypatch.setenv("CIFAR10_ROOT", str(folder))
    before = snapshot(folder)
    says = "CIFAR-10: the official pictures, found "
    says += f"{ROOTS[root].format(folder=folder)}; checked and decoded in "
    assert re.fullmatch(re.escape(says) + r"\d+\.\d s\.", data.origin())
    assert data.is_real()
    after = snapshot(folder)
    for name in (files.CACHE, find.LOCK):  # in the book's data/ they may be
        assert after.pop(name, None) is None or root == "data"
    assert after == before
    assert again().startswith(says.partition(";")[0] if root in ("named", "data") else "CIFAR-10")
    assert re.search(r"; read from the cache and checked in \d+\.\d s\.$", data.origin())


def test_cifar10_root_comes_first(monkeypatch, tmp_path, small):
    small.write(tmp_path / "mine" / BASE)
    small.write(tmp_path / "data" / BASE)
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / "mine"))
    for text in (again(), again()):
        assert "found at CIFAR10_ROOT" in text
    assert data.cifar10(train=True).root == tmp_path / "mine"


VALUES = [
    "~/mine",
    "$BASE/mine",
    "${BASE}/mine",
    "  {}/mine ",
    '"{}/mine"',
    "'~/mine'",
    "{}/mine\n",
]


@pytest.mark.parametrize("value", [*VALUES, " $HOME'", "{}/a stick/any name"])
def test_cifar10_root_is_read_as_a_shell_would(monkeypatch, tmp_path, small, value):
    """Unless that is the very name of a folder; the archive itself may be named, too."""
    small.write(tmp_path / "mine" / BASE)
    small.write(tmp_path / "here" / " $HOME'" / BASE)
    small.write_archive(tmp_path / "a stick" / "any name")
    for name in ("HOME", "USERPROFILE", "BASE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("CIFAR10_ROOT", value.replace("{}", str(tmp_path)))
    assert "found at CIFAR10_ROOT" in data.origin()


@pytest.mark.parametrize("value", ["", " ", '""'])
def test_an_empty_cifar10_root_is_none(monkeypatch, value):
    monkeypatch.setenv("CIFAR10_ROOT", value)
    assert [place.name for place in places.places()][:2] == ["data/", "./data"]


def test_the_cache_alone_will_do(tmp_path, small):
    file = small.write_archive(tmp_path / "data" / files.ARCHIVE)
    data.origin()
    file.unlink()
    assert "found in data/; read from the cache" in again()


@pytest.mark.parametrize("value", ["stand-in", "stand-in ", " 'stand-in'"])
def test_the_stand_in_can_be_asked_for(monkeypatch, tmp_path, small, mirror, value):
    network = mirror()
    monkeypatch.setattr(find, "MIRRORS", [network.url])
    monkeypatch.setenv("CIFAR10_ROOT", value)
    assert not data.is_real()
    assert re.match(r"STAND-IN DATA: [\s\S]*=stand-in asks for the stand-in\.$", data.origin())
    monkeypatch.setattr(stand_in, "draw_shapes", lambda count, seed: (np.zeros(count), []))
    assert isinstance(data.cifar10(train=False), StandIn)
    assert network.asked == []


FAULTS = {
    "nowhere": "{root} does not exist.",
    "empty": "neither cifar-10-batches-py nor cifar-10-python.tar.gz is in it.",
    "missing": "data_batch_3 is missing.",
    "truncated": "data_batch_3 is broken (its size is wrong).",
    "changed": "data_batch_3 is broken (its SHA-256 is not the official one).",
}


@pytest.mark.parametrize(
    ("place", "fault"),
    [("mine", fault) for fault in FAULTS] + [("data", fault) for fault in [*FAULTS][2:]],
)
def test_a_fault_is_told_in_one_line_and_the_next_place_is_used(
    monkeypatch, tmp_path, small, place, fault
):
    root = tmp_path / place
    if fault == "empty":
        root.mkdir()
    elif fault != "nowhere":
        file = small.write(root / BASE) / "data_batch_3"
        content = file.read_bytes()
        file.unlink()
        if fault != "missing":
            file.write_bytes(content[:-3] if fault == "truncated" else content[::-1])
    if place == "mine":
        monkeypatch.setenv("CIFAR10_ROOT", str(root))
    before = snapshot(root / BASE)
    assert not data.is_real()
    (line,) = [line for line in data.origin().splitlines() if "passed over" in line]
    name = "CIFAR10_ROOT" if place == "mine" else "data/"
    assert line == f"({name} was passed over: {FAULTS[fault].format(root=root)})"
    assert program.check()[0] is False  # it says what pages use
    assert line in program.check()[1]
    assert snapshot(root / BASE) == before
    small.write_archive(tmp_path / "here" / "data" / files.ARCHIVE)
    is_good, text = program.check()
    assert is_good
    for says in (text, again()):
        assert "found in ./data" in says
        assert says.endswith(line)


@pytest.mark.parametrize("fault", ["no current folder", "no home"])
def test_without_a_folder_of_that_kind(monkeypatch, tmp_path, small, fault):
    def fail():
        raise FileNotFoundError if "current" in fault else RuntimeError

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(Path, "cwd" if "current" in fault else "home", fail)
    small.write(tmp_path / "data" / BASE)
    assert "found in data/" in data.origin()


def test_whether_pages_used_them_can_be_asked(monkeypatch):
    monkeypatch.setenv("CIFAR10_ROOT", "stand-in")
    assert not data.was_used()
    data.origin()
    assert data.was_used()


# --- what pages get


@pytest.mark.parametrize("start", ["cold", "warm", "cache gone since", "cache cut off since"])
def test_a_data_set_has_the_form_of_torchvisions(here, small, start):
    data.origin()
    if start != "cold":
        again()
    if "since" in start:
        (here / files.CACHE).unlink()
    if "cut" in start:
        (here / files.CACHE).write_bytes(b"?")
    pictures, labels = files.split(small.flat)
    for train, rows in ((True, slice(15)), (False, slice(15, 18))):
        part = data.cifar10(train)
        assert isinstance(part, CIFAR10)
        assert part.train == train
        assert part.data.dtype == np.uint8
        assert type(part.data) is np.ndarray
        assert np.array_equal(part.data, pictures[rows].transpose(0, 2, 3, 1))
        assert part.targets == labels[rows].tolist()
        assert {type(label) for label in part.targets} == {int}
        assert part.classes == files.CLASSES
        assert part.class_to_idx == {name: n for n, name in enumerate(files.CLASSES)}
        picture, label = part[2]
        assert (picture.size, picture.mode, label) == ((32, 32), "RGB", part.targets[2])
        assert np.array_equal(np.asarray(picture), part.data[2])
        assert "Number of datapoints" in repr(part)
        copy = pickle.loads(pickle.dumps(part))  # as a DataLoader's workers may get it
        assert np.array_equal(copy.data, part.data)
    assert data.cifar10(False, transform=lambda picture: picture.size)[0][0] == (32, 32)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_a_data_set_is_the_callers_own(here, small, start):
    data.origin()
    if start == "warm":
        again()
    first, second = data.cifar10(True), data.cifar10(True)
    torch.from_numpy(first.data).zero_()  # would warn if it could not be written
    first.targets[0] = first.classes[0] = None
    assert not first.data.any()
    for other in (second, data.cifar10(True)):
        assert np.array_equal(other.data, files.split(small.flat)[0][:15].transpose(0, 2, 3, 1))
        assert None not in (other.targets[0], other.classes[0])
    assert (here / files.CACHE).read_bytes() == small.flat.tobytes()


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_a_data_set_takes_no_memory_of_its_own(here, small, start):
    """It is a map of the cache, the first time too, as soon as the cache is written."""
    data.origin()
    if start == "warm":
        again()
    base = data.cifar10(True).data
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, mmap.mmap)


# --- the download, when nothing is wrong


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_download_says_what_it_did_and_leaves_no_trace(monkeypatch, mirror, capsys, is_terminal):
    url = mirror().url
    monkeypatch.setattr(find, "MIRRORS", [url])
    shown = io.StringIO()
    shown.isatty = lambda: is_terminal
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", shown)
        text = data.origin()
    says = f"CIFAR-10: the official pictures, downloaded into {places.FOLDER} from {url.split('/')[2]}: "
    does = r"[\d.]+ kB in \d+ s, [\d.]+ [kM]B/s; checked and decoded in \d+\.\d s\."
    assert re.fullmatch(re.escape(says) + does, text)
    assert ("B/s" in shown.getvalue()) == is_terminal
    stream = {"output_type": "stream", "name": "stdout", "text": shown.getvalue()}
    assert join_streams([stream]) == []
    assert "".join(capsys.readouterr()) == ""
    names = sorted(path.name for path in places.FOLDER.iterdir())
    assert names == [find.LOCK, files.CACHE, files.ARCHIVE]


def test_a_mirror_of_ones_own_is_asked_first_and_alone(monkeypatch, mirror):
    public, own = mirror(), mirror(rate=1_000_000)
    monkeypatch.setattr(find, "MIRRORS", [public.url])
    monkeypatch.setenv("CIFAR10_URL", own.url.replace("://", "://me:secret@"))
    assert data.is_real()
    assert "secret" not in data.origin()
    assert (len(own.asked), public.asked) == (1, [])


def test_a_mirror_of_ones_own_that_is_slow_is_left(monkeypatch, mirror):
    public, own = mirror(), mirror(rate=5_000)
    monkeypatch.setattr(find, "MIRRORS", [public.url])
    monkeypatch.setattr(find, "SETTINGS", find.SETTINGS._replace(floor_seconds=0.2))
    monkeypatch.setenv("CIFAR10_URL", own.url)
    assert data.is_real(), data.origin()
    assert public.asked != []


@pytest.mark.parametrize("url", ["nobody", "no address", "ftp://127.0.0.1/x", "http://[/"])
def test_a_mirror_of_ones_own_that_fails_is_no_obstacle(monkeypatch, mirror, url):
    monkeypatch.setattr(find, "MIRRORS", [mirror().url])
    monkeypatch.setenv("CIFAR10_URL", bad_mirror.nobody() if url == "nobody" else url)
    assert data.is_real(), data.origin()


@pytest.mark.parametrize("url", ["me:secret@no/x", "ftp://me:secret@no", "http://me:secret@[/x"])
def test_a_password_in_an_address_is_not_shown(monkeypatch, capsys, url):
    monkeypatch.setenv("CIFAR10_URL", url)
    assert "is no address that can be asked" in data.origin()
    assert "secret" not in data.origin() + "".join(capsys.readouterr())


@pytest.mark.parametrize("patience", ["0.3", "soon", "nan"])
def test_the_patience_can_be_set(monkeypatch, mirror, patience):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=20).url])
    monkeypatch.setenv("CIFAR10_PATIENCE", patience)
    assert not data.is_real()
    says = f"CIFAR10_PATIENCE={patience} is no number of"
    if patience == "0.3":
        says = "given up after [12]?[0-9] s"  # of 60
    assert re.search(says, data.origin())


def test_a_download_that_promises_to_end_is_let_go_on(monkeypatch, mirror, small):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=len(small.archive) / 2).url])
    monkeypatch.setenv("CIFAR10_PATIENCE", "1")
    began = time.monotonic()
    assert data.is_real(), data.origin()
    assert time.monotonic() - began > 1.5  # it did take longer than the patience


def test_an_interrupted_download_keeps_what_came_and_frees_the_lock(monkeypatch, mirror, small):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=len(small.archive)).url])
    partial = files.partial_of(places.FOLDER / files.ARCHIVE)

    def interrupted(*how):
        yield next(mirrors.transfer(*how))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "transfer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            data.origin()
    assert partial.read_bytes() == small.archive[: partial.stat().st_size] != b""
    with FileLock(places.FOLDER / find.LOCK).acquire(timeout=0):
        pass
    assert data.is_real()


# --- the official checksums


def test_the_official_sizes_and_names_are_those_of_torchvision():
    names = {name for name, _ in CIFAR10.train_list + CIFAR10.test_list}
    assert {*OFFICIAL.files} == names | {CIFAR10.meta["filename"]}
    assert CIFAR10.base_folder == files.FOLDER
    assert CIFAR10.filename == files.ARCHIVE
    assert OFFICIAL.arrays_bytes == 60_000 * 3073
    assert len(set(ADDRESSES)) == 7
    assert CIFAR10.url in ADDRESSES


@pytest.mark.slow
@needs_real
def test_the_real_pictures_are_accepted(monkeypatch):
    monkeypatch.setattr(files, "OFFICIAL", OFFICIAL)
    monkeypatch.setenv("CIFAR10_ROOT", REAL)
    assert data.is_real(), data.origin()
    theirs = {train: CIFAR10(REAL, train) for train in (True, False)}  # checks MD5, then unpickles
    for train in (True, False, True, False):
        ours = data.cifar10(train)
        assert np.array_equal(ours.data, theirs[train].data)
        assert ours.data.strides == theirs[train].data.strides
        assert ours.targets == theirs[train].targets
        assert ours.classes == theirs[train].classes
        assert ours.class_to_idx == theirs[train].class_to_idx
        if not train:
            again()  # from the cache
    sums = dict(CIFAR10.train_list + CIFAR10.test_list)
    for name, (size, sha256) in OFFICIAL.files.items():
        content = Path(REAL, BASE, name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
        assert hashlib.md5(content).hexdigest() == sums.get(name, CIFAR10.meta["md5"])
