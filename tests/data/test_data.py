"""CIFAR-10 and its stand-in: where they are found, what pages get, what the command says.

Downloads and their faults are in test_data_faults.py. No test uses the network.
"""

import hashlib
import os
import pickle
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image
from torch import nn
from torchvision.datasets import CIFAR10

from helpers import data
from helpers.data import download, files, find, places, stand_in
from helpers.data.stand_in import StandIn
from helpers.verification.outputs import join_streams
from tests.support import bad_mirror
from tests.support.bad_mirror import Mirror

REAL = os.environ.get("CIFAR10_ROOT", data.STAND_IN)


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """No data set, none found yet, and a data folder of the test's own."""
    for name in ("CIFAR10_ROOT", "CIFAR10_URL", "CIFAR10_PATIENCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(places, "FOLDER", tmp_path / "data")
    monkeypatch.setattr(find, "MIRRORS", [bad_mirror.nobody()])
    monkeypatch.setattr(find, "SETTINGS", download.Settings(pause=0.01))
    tmp_path.joinpath("here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    find.pictures.cache_clear()
    yield
    find.pictures.cache_clear()


# --- the stand-in


@pytest.fixture(scope="module")
def train():
    return StandIn(train=True, count=4000)


@pytest.fixture(scope="module")
def test():
    return StandIn(train=False, count=1000)


def test_the_stand_in_has_the_form_of_cifar10(monkeypatch):
    monkeypatch.setattr(
        stand_in, "draw_shapes", lambda count, seed: (np.zeros((count, 1)), [seed] * count)
    )
    assert len(StandIn(train=True)) == 50_000
    assert len(StandIn(train=False)) == 10_000


def test_pictures_and_labels_have_the_types_of_cifar10(train):
    assert train.data.shape == (4000, 32, 32, 3)
    assert train.data.dtype == np.uint8
    assert {type(label) for label in train.targets} == {int}
    assert len(train.classes) == len(set(train.classes)) == 10
    assert train.class_to_idx == {name: n for n, name in enumerate(train.classes)}
    picture, label = train[7]
    assert isinstance(picture, Image.Image)
    assert picture.size == (32, 32)
    assert picture.mode == "RGB"
    assert np.array_equal(np.asarray(picture), train.data[7])
    assert label == train.targets[7]


def test_a_transform_gets_the_picture():
    drawn = StandIn(train=False, transform=lambda picture: picture.size, count=10)
    assert drawn[0] == ((32, 32), drawn.targets[0])


def test_the_classes_are_balanced_and_mixed(train):
    assert np.bincount(train.targets).tolist() == [400] * 10
    assert train.targets[:20] != [n % 10 for n in range(20)]


def test_the_stand_in_is_always_the_same(test):
    again = StandIn(train=False, count=1000)
    assert np.array_equal(again.data, test.data)
    assert again.targets == test.targets


def test_drawing_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    stand_in.draw_shapes(10, seed=5)
    assert torch.equal(torch.rand(3), expected)


def test_no_test_picture_is_a_training_picture(train, test):
    seen = {picture.tobytes() for picture in train.data}
    assert len(seen) == len(train)
    assert not seen & {picture.tobytes() for picture in test.data}


def tensors(drawn):
    return torch.tensor(drawn.data).permute(0, 3, 1, 2) / 255 - 0.5, torch.tensor(drawn.targets)


def test_a_small_net_learns_the_stand_in_but_not_at_once(train, test):
    torch.manual_seed(0)
    (x, y), (new_x, new_y) = tensors(train), tensors(test)
    net = nn.Sequential(
        *(nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(1024, 10)),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    accuracy = []
    for _ in range(6):
        for part in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[part]), y[part]).backward()
            optimizer.step()
        with torch.inference_mode():
            accuracy.append((net(new_x).argmax(1) == new_y).float().mean().item())
    assert accuracy[0] < 0.5
    assert accuracy[-1] > 0.6


def test_colours_do_not_tell_the_class(train, test):
    (x, y), (new_x, new_y) = tensors(train), tensors(test)
    features, new = (torch.cat([p.mean((2, 3)), p.std((2, 3))], 1) for p in (x, new_x))
    model = nn.Linear(6, 10)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(model(features), y)
        value.backward()
        return value

    optimizer.step(loss)
    assert (model(new).argmax(1) == new_y).float().mean() < 0.2


# --- where the pictures come from

CONTENTS, FLAT = bad_mirror.small_files(batch=3)
ARCHIVE = bad_mirror.packed(bad_mirror.in_folder(CONTENTS))


@pytest.fixture(autouse=True)
def official(monkeypatch):
    """Let a CIFAR-10 of 18 pictures be the official one."""
    monkeypatch.setattr(files, "OFFICIAL", bad_mirror.official(CONTENTS, FLAT, ARCHIVE))


def write(folder):
    """Write the seven files into a folder; returns it."""
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


def write_archive(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ARCHIVE)
    return path


def snapshot(folder):
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.is_file() and path.read_bytes(),
        )
        for path in folder.rglob("*")
    }


def again():
    """As in a new process."""
    find.pictures.cache_clear()
    return data.origin()


BASE = files.FOLDER


@pytest.mark.parametrize(
    "place",
    [
        f"{BASE}/",
        "files directly/",
        f"{BASE}-target/{BASE}/",
        "cifar-10-python.tar.gz",
        f"{BASE}.tar.gz",
        f"{BASE}-target_archive",
        f"{BASE}-target.tar.gz",
    ],
)
@pytest.mark.parametrize("root", ["named", "data", "here/data", "keras/datasets"])
def test_found_wherever_it_lies_and_never_changed(monkeypatch, tmp_path, root, place):
    folder = tmp_path / root
    if place.endswith("/"):
        write(folder / ("" if place.startswith("files") else place))
    else:
        write_archive(folder / place)
    if root == "named":
        monkeypatch.setenv("CIFAR10_ROOT", str(folder))
    before = snapshot(folder)
    where = {
        "named": "by CIFAR10_ROOT",
        "data": "in data/",
        "here/data": "in ./data",
        "keras/datasets": f"in {folder}",
    }[root]
    says = f"CIFAR-10: the official pictures, found {where}; checked and decoded in "
    assert re.fullmatch(re.escape(says) + r"\d+\.\d s\.", data.origin())
    assert data.is_real()
    assert "\n" not in data.origin()
    after = snapshot(folder)
    for name in (files.CACHE, find.LOCK):  # in the book's data/ they may be
        assert after.pop(name, None) is None or root == "data"
    assert after == before
    assert again().startswith(says.partition(";")[0] if root in ("named", "data") else "CIFAR-10")
    assert re.search(r"; decoded before and checked in \d+\.\d s\.$", data.origin())


def test_the_archive_itself_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CIFAR10_ROOT", str(write_archive(tmp_path / "a stick" / "any name")))
    assert "found by CIFAR10_ROOT" in data.origin()


def test_cifar10_root_comes_first(monkeypatch, tmp_path):
    write(tmp_path / "mine" / BASE)
    write(tmp_path / "data" / BASE)
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / "mine"))
    for text in (again(), again()):
        assert "found by CIFAR10_ROOT" in text
    assert data.cifar10(train=True).root == tmp_path / "mine"


def test_the_cache_alone_will_do(tmp_path):
    file = write_archive(tmp_path / "data" / files.ARCHIVE)
    data.origin()
    file.unlink()
    assert "found in data/; decoded before" in again()


def test_the_stand_in_can_be_asked_for(monkeypatch, tmp_path):
    write(tmp_path / "data" / BASE)
    monkeypatch.setenv("CIFAR10_ROOT", "stand-in")
    assert not data.is_real()
    assert data.origin().startswith("STAND-IN DATA: ")
    assert data.origin().endswith("CIFAR10_ROOT=stand-in asks for the stand-in.")
    monkeypatch.setattr(
        stand_in, "draw_shapes", lambda count, seed: (np.zeros((count, 1)), [seed] * count)
    )
    assert isinstance(data.cifar10(train=False), StandIn)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("nowhere", "neither cifar-10-batches-py nor cifar-10-python.tar.gz is in it."),
        ("missing", "data_batch_3 is missing."),
        ("truncated", "data_batch_3 is broken (its size is wrong)."),
        ("changed", "data_batch_3 is broken (its SHA-256 is not the official one)."),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_fault_is_told_in_one_line(monkeypatch, tmp_path, fault, says, named):
    root = tmp_path / ("mine" if named else "data")
    file = write(root / BASE) / "data_batch_3"
    if fault == "missing":
        file.unlink()
    elif fault == "truncated":
        file.write_bytes(file.read_bytes()[:-3])
    elif fault == "changed":
        file.write_bytes(file.read_bytes()[::-1])
    elif not named:
        return  # an empty data/ is nothing to tell
    if named:
        monkeypatch.setenv(
            "CIFAR10_ROOT", str(root) if fault != "nowhere" else str(tmp_path / "no")
        )
    before = snapshot(root / BASE)
    assert not data.is_real()
    (line,) = [line for line in data.origin().splitlines() if "passed over" in line]
    assert line == f"({'CIFAR10_ROOT' if named else 'data/'} was passed over: {says})"
    assert snapshot(root / BASE) == before
    write_archive(tmp_path / "here" / "data" / files.ARCHIVE)
    assert again().endswith(line)
    assert "found in ./data" in data.origin()
    assert "\n" not in data.origin()


@pytest.mark.parametrize("fault", ["no current folder", "no home"])
def test_without_a_folder_of_that_kind(monkeypatch, tmp_path, fault):
    def fail():
        raise FileNotFoundError if "current" in fault else RuntimeError

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(Path, "cwd" if "current" in fault else "home", fail)
    write(tmp_path / "data" / BASE)
    assert "found in data/" in data.origin()


# --- what pages get


@pytest.fixture
def here(tmp_path):
    write_archive(tmp_path / "data" / files.ARCHIVE)
    return tmp_path / "data"


@pytest.mark.parametrize("start", ["cold", "warm", "cache gone since", "cache cut off since"])
def test_a_data_set_has_the_form_of_torchvisions(here, start):
    data.origin()
    if start != "cold":
        again()
    if "gone" in start:
        (here / files.CACHE).unlink()
    elif "cut" in start:
        (here / files.CACHE).unlink()
        (here / files.CACHE).write_bytes(b"?")
    pictures, labels = files.split(FLAT)
    for train, rows in ((True, slice(15)), (False, slice(15, 18))):
        found = data.cifar10(train)
        assert isinstance(found, CIFAR10)
        assert found.train == train
        assert found.data.dtype == np.uint8
        assert type(found.data) is np.ndarray
        assert np.array_equal(found.data, pictures[rows].transpose(0, 2, 3, 1))
        assert found.targets == labels[rows].tolist()
        assert {type(label) for label in found.targets} == {int}
        assert found.classes == files.CLASSES
        assert found.class_to_idx == {name: n for n, name in enumerate(files.CLASSES)}
        picture, label = found[2]
        assert (picture.size, picture.mode, label) == ((32, 32), "RGB", found.targets[2])
        assert np.array_equal(np.asarray(picture), found.data[2])
        assert "Number of datapoints" in repr(found)
        copy = pickle.loads(
            pickle.dumps(found)
        )  # as the workers of a DataLoader get it, on some systems
        assert np.array_equal(copy.data, found.data)
    assert data.cifar10(False, transform=lambda picture: picture.size)[0][0] == (32, 32)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("start", ["cold", "warm", "no cache"])
def test_a_data_set_is_the_callers_own(monkeypatch, here, start):
    if start == "no cache":

        def fail(*_):
            raise OSError(28, "full")

        monkeypatch.setattr(files, "keep", fail)
    data.origin()
    if start == "warm":
        again()
    first, second = data.cifar10(True), data.cifar10(True)
    torch.from_numpy(first.data).zero_()  # would warn if it could not be written
    first.targets[0] = first.classes[0] = None
    assert not first.data.any()
    for other in (second, data.cifar10(True)):
        assert np.array_equal(other.data, files.split(FLAT)[0][:15].transpose(0, 2, 3, 1))
        assert None not in (other.targets[0], other.classes[0])
    if start == "no cache":
        assert data.origin().endswith(", not kept for the next start: full.")
    else:
        assert (here / files.CACHE).read_bytes() == FLAT.tobytes()


# --- the download, when nothing is wrong


@pytest.fixture
def mirror(monkeypatch):
    mirrors = []

    def start(**options):
        mirrors.append(Mirror(ARCHIVE, **options))
        return mirrors[-1]

    yield start
    for one in mirrors:
        one.close()


def test_a_download_says_what_it_did_and_leaves_no_trace_in_a_page(monkeypatch, mirror, capsys):
    url = mirror().url
    monkeypatch.setattr(find, "MIRRORS", [url])
    text = data.origin()
    host = url.split("/")[2]
    assert text.startswith(
        f"CIFAR-10: the official pictures, downloaded into {places.FOLDER} from {host}: "
    )
    assert re.search(
        r": [\d.]+ kB in \d+ s, [\d.]+ [kM]B/s; checked and decoded in \d+\.\d s\.$", text
    )
    assert "\n" not in text
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "CIFAR-10" in shown.out and "B/s" in shown.out
    assert join_streams([{"output_type": "stream", "name": "stdout", "text": shown.out}]) == []
    names = sorted(path.name for path in places.FOLDER.iterdir())
    assert names == [find.LOCK, files.CACHE, files.ARCHIVE]


def test_a_mirror_of_ones_own_is_asked_first_and_alone(monkeypatch, mirror):
    public, own = mirror(), mirror(rate=1_000_000)
    monkeypatch.setattr(find, "MIRRORS", [public.url])
    monkeypatch.setenv("CIFAR10_URL", own.url.replace("://", "://me:secret@"))
    assert data.is_real()
    assert "secret" not in data.origin()
    assert (len(own.asked), public.asked) == (1, [])


@pytest.mark.parametrize(
    "url",
    [bad_mirror.nobody(), "no address", "ftp://127.0.0.1/x", "http://[/"],
    ids=["nobody there", "no address", "ftp", "half an address"],
)
def test_a_mirror_of_ones_own_that_fails_is_no_obstacle(monkeypatch, mirror, url):
    monkeypatch.setattr(find, "MIRRORS", [mirror().url])
    monkeypatch.setenv("CIFAR10_URL", url)
    assert data.is_real(), data.origin()


@pytest.mark.parametrize("url", ["me:secret@no/x", "ftp://me:secret@no", "http://me:secret@[/x"])
def test_a_password_in_an_address_is_not_shown(monkeypatch, capsys, url):
    monkeypatch.setenv("CIFAR10_URL", url)
    assert "is no address that can be asked" in data.origin()
    assert "secret" not in data.origin() + "".join(capsys.readouterr())


def test_without_a_network_one_message_with_the_ways_to_get_them(capsys):
    assert not data.is_real()
    text = data.origin()
    assert text.startswith("STAND-IN DATA: ")
    assert f"\n  {find.MIRRORS[0].split('/')[2]}: Connection refused\n" in text
    assert "in the background: python -m helpers.data --download" in text
    assert [text.count(f"\n  {n}. ") for n in (1, 2, 3)] == [1, 1, 1]
    assert "Traceback" not in text + "".join(capsys.readouterr())


@pytest.mark.parametrize("patience", ["0.3", "soon", "nan"])
def test_the_patience_can_be_set(monkeypatch, mirror, patience):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=20).url])
    monkeypatch.setenv("CIFAR10_PATIENCE", patience)
    assert not data.is_real()
    if patience == "0.3":
        waited = re.search(r"given up after (\d+) s", data.origin())
        assert int(waited[1]) < find.SETTINGS.patience / 2
    else:
        assert f"CIFAR10_PATIENCE={patience} is no number of" in data.origin()


def test_a_download_that_promises_to_end_is_let_go_on(monkeypatch, mirror):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=len(ARCHIVE) / 2.5).url])
    monkeypatch.setattr(find, "SETTINGS", find.SETTINGS._replace(race_bytes=1000, promise=60.0))
    monkeypatch.setenv("CIFAR10_PATIENCE", "1.5")
    began = time.monotonic()
    assert data.is_real(), data.origin()
    assert time.monotonic() - began > 2  # it did take longer than the patience


def test_an_interrupted_download_keeps_what_came_and_frees_the_lock(monkeypatch, mirror):
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=len(ARCHIVE) / 2).url])
    monkeypatch.setattr(find, "SETTINGS", find.SETTINGS._replace(race_bytes=1000))
    partial = files.partial_of(places.FOLDER / files.ARCHIVE)
    written = download._Download._write

    def interrupt(self, chunk):
        written(self, chunk)
        if self.position > 5000:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download._Download, "_write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            data.origin()
    assert partial.read_bytes() == ARCHIVE[: partial.stat().st_size] != b""
    with FileLock(places.FOLDER / find.LOCK).acquire(timeout=0):
        pass
    assert data.is_real()


# --- the command


def command(capsys, *arguments):
    """Its exit status and what it printed."""
    find.pictures.cache_clear()
    status = data.main(arguments)
    shown = capsys.readouterr()
    assert shown.err == ""
    return status, shown.out.rpartition("\r")[2].strip()


def test_check(monkeypatch, here, capsys):
    says = f"CIFAR-10 is here, whole and right: found in data/ ({here})."
    assert command(capsys, "--check") == (0, says)
    assert sorted(path.name for path in here.iterdir()) == [files.ARCHIVE]  # nothing was written
    data.origin()
    assert command(capsys, "--check") == (0, says)
    (here / files.ARCHIVE).write_bytes(ARCHIVE[::-1])
    status, text = command(capsys, "--check")
    assert (status, text) == (
        1,
        "CIFAR-10, found in data/, is not right: cifar-10-python.tar.gz is broken "
        "(its SHA-256 is not the official one).",
    )
    (here / files.ARCHIVE).unlink()
    assert command(capsys, "--check") == (0, says)
    (here / files.CACHE).write_bytes(FLAT[::-1].tobytes())
    status, text = command(capsys, "--check")
    assert status == 1
    assert text.startswith(f"{here / files.CACHE} is broken") and "\n" not in text
    (here / files.CACHE).unlink()
    status, text = command(capsys, "--check")
    assert status == 1
    assert text.startswith("CIFAR-10 is not here") and "\n" not in text
    monkeypatch.setenv("CIFAR10_ROOT", "stand-in")
    assert command(capsys, "--check") == (1, "CIFAR10_ROOT=stand-in: no pictures are in use.")


def test_download(monkeypatch, mirror, capsys):
    status, text = command(capsys, "--download")
    assert status == 1
    assert text.startswith("The pictures could not be downloaded. No mirror delivered")
    assert "\nBy hand, one of:\n  1. " in text
    assert "--download" not in text
    crawl = mirror(rate=len(ARCHIVE) / 2)
    monkeypatch.setattr(find, "MIRRORS", [crawl.url])
    monkeypatch.setattr(find, "SETTINGS", find.SETTINGS._replace(patience=0.1, promise=0.1))
    assert not data.is_real()  # a page has no such patience
    status, text = command(capsys, "--download")
    assert status == 0
    assert text.startswith("CIFAR-10: the official pictures, downloaded into ")
    status, text = command(capsys, "--download")
    assert status == 0
    assert text.startswith("CIFAR-10: the official pictures, found in data/")


def test_download_can_be_stopped(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "_have", stop)
    status, text = command(capsys, "--download")
    assert status == 1
    assert text == "Stopped. What has come is kept; --download goes on from there."


def test_where(monkeypatch, tmp_path, here, capsys):
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / "nowhere"))
    write(tmp_path / "keras" / "datasets" / BASE)
    status, text = command(capsys, "--where")
    nothing = "neither cifar-10-batches-py nor cifar-10-python.tar.gz is in it"
    assert status == 0
    assert text.splitlines() == [
        f"CIFAR10_ROOT: {tmp_path / 'nowhere'}: {nothing}",
        f"data/: {here}: cifar-10-python.tar.gz",
        f"./data: {tmp_path / 'here' / 'data'}: {nothing}",
        f"{tmp_path / 'keras' / 'datasets'}: {tmp_path / 'keras' / 'datasets'}: cifar-10-batches-py",
    ]


def test_clean_removes_unfinished_files_and_nothing_else(here, capsys):
    assert command(capsys, "--clean") == (0, "There is nothing to remove.")
    mine = [here / ".mine.partial", here / "notes", write(here / BASE) / ".data_batch_1.partial"]
    for path in mine:
        path.write_text("mine")
    partials = [files.partial_of(here / name) for name in (files.ARCHIVE, files.CACHE)]
    data.origin()
    for path in partials:
        path.write_bytes(bytes(1_000_000))
    before = snapshot(here)
    with FileLock(here / find.LOCK):
        other = FileLock(here / find.LOCK)  # stands for another process
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(data, "_lock", lambda: other)
            assert command(capsys, "--clean") == (
                1,
                "Nothing was removed: another process is downloading.",
            )
    assert snapshot(here).keys() == before.keys()
    status, text = command(capsys, "--clean")
    assert status == 0
    assert text == f"Removed {partials[0].name}, {partials[1].name} (2 MB)."
    assert before.keys() - snapshot(here).keys() == {path.name for path in partials}


def test_two_options_at_once_are_refused(capsys):
    with pytest.raises(SystemExit) as end:
        data.main(["--check", "--clean"])
    assert end.value.code == 2
    with pytest.raises(SystemExit) as end:
        data.main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(option in text for option in ("--check", "--download", "--where", "--clean"))


def test_as_a_command_it_says_where_the_pictures_come_from():
    done = subprocess.run(
        [sys.executable, "-m", "helpers.data"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CIFAR10_ROOT": "stand-in"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("STAND-IN DATA: ")
    assert done.stderr == ""


def test_nothing_that_is_written_can_be_committed():
    names = [find.LOCK, files.ARCHIVE, files.CACHE]
    names += [files.partial_of(Path(name)).name for name in names[1:]]
    done = subprocess.run(
        ["git", "check-ignore", *(f"data/{name}" for name in names)],
        cwd=places.BOOK,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [f"data/{name}" for name in names]


# --- the official checksums


OFFICIAL = files.OFFICIAL


def test_the_official_sizes_and_names_are_those_of_torchvision():
    assert {*OFFICIAL.files} == {name for name, _ in CIFAR10.train_list + CIFAR10.test_list} | {
        CIFAR10.meta["filename"]
    }
    assert CIFAR10.base_folder == files.FOLDER
    assert CIFAR10.filename == files.ARCHIVE
    assert OFFICIAL.arrays_bytes == 60_000 * 3073
    assert len(set(ADDRESSES)) == 7
    assert CIFAR10.url in ADDRESSES


ADDRESSES = list(find.MIRRORS)


@pytest.mark.skipif(
    REAL == data.STAND_IN, reason="CIFAR10_ROOT names no folder with the real pictures"
)
def test_the_real_pictures_are_accepted(monkeypatch):
    monkeypatch.setattr(files, "OFFICIAL", OFFICIAL)
    monkeypatch.setenv("CIFAR10_ROOT", REAL)
    assert data.is_real(), data.origin()
    theirs = {train: CIFAR10(REAL, train) for train in (True, False)}  # checks MD5, then unpickles
    for start in ("cold", "warm"):
        for train in (True, False):
            ours = data.cifar10(train)
            assert np.array_equal(ours.data, theirs[train].data), start
            assert ours.data.strides == theirs[train].data.strides
            assert ours.targets == theirs[train].targets
            assert ours.classes == theirs[train].classes
            assert ours.class_to_idx == theirs[train].class_to_idx
        again()
    sums = dict(CIFAR10.train_list + CIFAR10.test_list)
    for name, (size, sha256) in OFFICIAL.files.items():
        content = Path(REAL, BASE, name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
        md5 = hashlib.md5(content).hexdigest()
        assert md5 == sums.get(name, CIFAR10.meta["md5"])


@pytest.mark.skipif(
    REAL == data.STAND_IN, reason="CIFAR10_ROOT names no folder with the real pictures"
)
def test_the_benchmark_prints_its_figures_and_a_warm_start_is_the_faster():
    done = subprocess.run(
        [sys.executable, "-m", "helpers.data.benchmark", "--rounds=3"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CIFAR10_ROOT": REAL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    ratios = dict(re.findall(r"^(\w+): .*  ([\d.]+) x torchvision$", done.stdout, re.MULTILINE))
    assert ratios.keys() == {"cold", "warm", "torchvision"}
    assert float(ratios["warm"]) < 0.8
    assert float(ratios["torchvision"]) == 1
