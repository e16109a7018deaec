"""CIFAR-10 and its stand-in. No test uses the network: a script plays the download."""

import hashlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from helpers import data

REAL = os.environ.get("CIFAR10_ROOT", data.STAND_IN)


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """No data set, none found yet, and a data folder of the test's own."""
    monkeypatch.delenv("CIFAR10_ROOT", raising=False)
    monkeypatch.setattr(data, "FOLDER", tmp_path / "data")
    data._find.cache_clear()
    yield
    data._find.cache_clear()


# --- the stand-in


@pytest.fixture(scope="module")
def train():
    return data.StandIn(train=True, count=4000)


@pytest.fixture(scope="module")
def test():
    return data.StandIn(train=False, count=1000)


def test_the_stand_in_has_the_form_of_cifar10(monkeypatch):
    monkeypatch.setattr(
        data, "draw_shapes", lambda count, seed: (np.zeros((count, 1)), [seed] * count)
    )
    assert len(data.StandIn(train=True)) == 50_000
    assert len(data.StandIn(train=False)) == 10_000


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
    stand_in = data.StandIn(train=False, transform=lambda picture: picture.size, count=10)
    assert stand_in[0] == ((32, 32), stand_in.targets[0])


def test_the_classes_are_balanced_and_mixed(train):
    assert np.bincount(train.targets).tolist() == [400] * 10
    assert train.targets[:20] != [n % 10 for n in range(20)]


def test_the_stand_in_is_always_the_same(test):
    again = data.StandIn(train=False, count=1000)
    assert np.array_equal(again.data, test.data)
    assert again.targets == test.targets


def test_drawing_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    data.draw_shapes(10, seed=5)
    assert torch.equal(torch.rand(3), expected)


def test_no_test_picture_is_a_training_picture(train, test):
    seen = {picture.tobytes() for picture in train.data}
    assert len(seen) == len(train)
    assert not seen & {picture.tobytes() for picture in test.data}


def tensors(stand_in):
    return torch.tensor(stand_in.data).permute(0, 3, 1, 2) / 255 - 0.5, torch.tensor(
        stand_in.targets
    )


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


@pytest.fixture
def official(monkeypatch):
    """Make the official files small: returns a function that writes them into a folder."""
    contents = {name: f"the content of {name}".encode() for name in data.FILES}
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(data, "FILES", sums)

    def write(root):
        folder = root / "cifar-10-batches-py"
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        return folder

    return write


@pytest.fixture
def download(monkeypatch, tmp_path):
    """Let a script play the download: it gets the folder to fill as ``folder``."""

    def play(code):
        script = tmp_path / "download"
        script.write_text(
            f"#!{sys.executable}\nimport sys, time, pathlib\nfolder = pathlib.Path(sys.argv[3])\n{code}"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(script))

    return play


@pytest.fixture
def offline(download):
    download("raise OSError('no network')")


def test_cifar10_root_comes_first(monkeypatch, tmp_path, official):
    official(tmp_path / "mine")
    official(data.FOLDER)
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / "mine"))
    assert data._find() == (
        tmp_path / "mine",
        "CIFAR-10: the official pictures, found by CIFAR10_ROOT.",
    )
    assert data.is_real()


def test_then_the_data_folder(official):
    official(data.FOLDER)
    assert data._find() == (data.FOLDER, "CIFAR-10: the official pictures, found in data/.")


def test_the_stand_in_can_be_asked_for(monkeypatch, official):
    official(data.FOLDER)
    monkeypatch.setenv("CIFAR10_ROOT", "stand-in")
    assert not data.is_real()
    assert data.origin().startswith("STAND-IN DATA: ")
    assert data.origin().endswith("CIFAR10_ROOT=stand-in asks for the stand-in.")
    monkeypatch.setattr(
        data, "draw_shapes", lambda count, seed: (np.zeros((count, 1)), [seed] * count)
    )
    assert isinstance(data.cifar10(train=False), data.StandIn)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("empty", "CIFAR10_ROOT was passed over: there is no folder cifar-10-batches-py in it"),
        ("missing", "CIFAR10_ROOT was passed over: data_batch_3 is missing"),
        ("truncated", "CIFAR10_ROOT was passed over: data_batch_3 is broken"),
        ("changed", "CIFAR10_ROOT was passed over: data_batch_3 is broken"),
    ],
)
def test_a_fault_in_the_named_folder_is_told_in_one_line(
    monkeypatch, tmp_path, official, fault, says
):
    file = official(tmp_path / "mine") / "data_batch_3"
    if fault == "missing":
        file.unlink()
    elif fault == "truncated":
        file.write_bytes(file.read_bytes()[:-3])
    elif fault == "changed":
        file.write_bytes(file.read_bytes()[::-1])
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / ("mine" if fault != "empty" else "nowhere")))
    assert not data.is_real()
    (line,) = [line for line in data.origin().splitlines() if "passed over" in line]
    assert says in line


@pytest.mark.usefixtures("offline")
def test_a_broken_data_folder_is_told_and_kept(official):
    file = official(data.FOLDER) / "test_batch"
    file.write_bytes(b"")
    assert "data/ was passed over: test_batch is broken" in data.origin()
    assert file.exists()


@pytest.mark.usefixtures("offline")
def test_without_a_network_the_stand_in_and_one_message(capsys):
    assert not data.is_real()
    text = data.origin()
    assert text.startswith("STAND-IN DATA: ")
    assert "could not be downloaded (OSError: no network)" in text
    assert "To get them by hand: " in text
    assert "Traceback" not in text + "".join(capsys.readouterr())
    assert list(data.FOLDER.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "a file").touch()
    monkeypatch.setattr(data, "FOLDER", tmp_path / "a file" / "data")
    assert "cannot be written (Not a directory)" in data.origin()


def test_a_download_that_crawls_is_given_up_and_ended(monkeypatch, tmp_path, download):
    download(
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(__import__('os').getpid()))\n"
        "(folder / 'cifar-10-python.tar.gz').write_bytes(bytes(2_000_000))\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(data, "PATIENCE", 0.5)
    start = time.monotonic()
    assert "The download was given up after" in data.origin()
    assert "2.0 of 170 MB had come." in data.origin()
    assert time.monotonic() - start < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert list(data.FOLDER.iterdir()) == []


def test_a_download_that_says_much_is_not_held_up(monkeypatch, download):
    download("sys.stderr.write('a line of progress\\r' * 10_000)\nsys.exit('the last word')\n")
    monkeypatch.setattr(data, "PATIENCE", 5)
    assert "could not be downloaded (the last word)" in data.origin()


def test_an_interrupted_download_leaves_nothing(monkeypatch, download):
    download("time.sleep(60)")

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(data.time, "sleep", interrupt)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        data.origin()
    assert time.monotonic() - start < 10
    assert list(data.FOLDER.iterdir()) == []


@pytest.mark.parametrize("whole", [True, False])
def test_only_a_whole_download_is_used(tmp_path, official, download, whole):
    source = official(tmp_path / "server")
    if not whole:
        (source / "batches.meta").unlink()
    official(data.FOLDER).joinpath("test_batch").write_bytes(b"broken before")
    download(f"import shutil\nshutil.copytree({str(source)!r}, folder / 'cifar-10-batches-py')\n")
    assert data.is_real() == whole
    if whole:
        assert "the official pictures, downloaded into data/." in data.origin()
        assert data.fault_in(data.FOLDER) == ""
    else:
        assert "not the official CIFAR-10 (batches.meta is missing)" in data.origin()
    assert [path.name for path in data.FOLDER.iterdir()] == ["cifar-10-batches-py"]


def test_as_a_command_it_says_where_the_pictures_come_from():
    done = subprocess.run(
        [sys.executable, "-m", "helpers.data"],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"CIFAR10_ROOT": "stand-in"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("STAND-IN DATA: ")
    assert done.stderr == ""


@pytest.mark.skipif(
    REAL == data.STAND_IN, reason="CIFAR10_ROOT names no folder with the real pictures"
)
def test_the_real_pictures_are_accepted(monkeypatch):
    assert data.fault_in(Path(REAL)) == ""
    monkeypatch.setenv("CIFAR10_ROOT", REAL)
    assert data.is_real()
    test = data.cifar10(train=False)
    assert len(test) == 10_000
    assert test.data.shape == (10_000, 32, 32, 3)
    assert test.classes[3] == "cat"
