"""A machine without CIFAR-10, and a CIFAR-10 of 18 pictures that passes for the official one."""

import pytest

from helpers.data import __main__ as program
from helpers.data import download, files, find, mirrors, places
from tests.support import bad_mirror


@pytest.fixture(scope="session")
def small():
    return bad_mirror.SmallCifar10(batch=3)


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path, small):
    """No data set, none found yet, no network, and a data folder of the test's own."""
    for name in ("CIFAR10_ROOT", "CIFAR10_URL", "CIFAR10_PATIENCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(places, "FOLDER", tmp_path / "data")
    monkeypatch.setattr(find, "MIRRORS", [bad_mirror.nobody()])
    monkeypatch.setattr(find, "SETTINGS", download.Settings(probe_bytes=1000))
    monkeypatch.setattr(mirrors, "PAUSE", 0.01)
    monkeypatch.setattr(files, "OFFICIAL", small.official)
    tmp_path.joinpath("here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    find.pictures.cache_clear()
    yield
    find.pictures.cache_clear()


@pytest.fixture
def here(tmp_path, small):
    """The book's folder, with the archive in it."""
    small.write_archive(tmp_path / "data" / files.ARCHIVE)
    return tmp_path / "data"


@pytest.fixture
def mirror(small):
    """A function that starts a mirror: of the small archive, if it is given no other content."""
    mirrors = []

    def start(behave=None, *, content=small.archive, **options):
        mirrors.append(bad_mirror.Mirror(content, behave, **options))
        return mirrors[-1]

    yield start
    for one in mirrors:
        one.close()


@pytest.fixture
def command(capsys):
    """A function that runs the command: its exit status and what it printed, on stdout or, if it failed, stderr."""

    def run(*arguments):
        find.pictures.cache_clear()
        status = program.main(arguments)
        shown = capsys.readouterr()
        assert not shown.err or (status == 1 and not shown.out)
        return status, (shown.out or shown.err).strip()

    return run
