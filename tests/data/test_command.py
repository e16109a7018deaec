"""The command: python -m helpers.data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from helpers import data
from helpers.data import __main__ as program
from helpers.data import files, find
from helpers.paths import BOOK

BASE = files.FOLDER


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_check_says_what_pages_would_use_and_writes_nothing(monkeypatch, small, here, command):
    says = "CIFAR-10: the official pictures, found in data/; checked and decoded in "
    status, text = command("--check")
    assert (status, text.startswith(says)) == (0, True)
    assert names(here) == {files.ARCHIVE}
    data.origin()
    for content in (small.archive, small.archive[::-1]):  # pages do not read it any more
        (here / files.ARCHIVE).write_bytes(content)
        status, text = command("--check")
        assert status == 0
        assert "found in data/; read from the cache" in text
    (here / files.CACHE).write_bytes(small.flat[::-1].tobytes())
    broken = "(data/ was passed over: cifar-10-python.tar.gz is broken "
    status, text = command("--check")
    assert status == 1
    assert text.startswith(f"CIFAR-10 is not here, or not whole. {broken}") and "\n" not in text
    (here / files.ARCHIVE).write_bytes(small.archive)
    status, text = command("--check")
    assert (status, text.startswith(says)) == (0, True)  # a page would write the cache anew
    monkeypatch.setenv("CIFAR10_ROOT", "stand-in")
    assert command("--check") == (1, "CIFAR10_ROOT=stand-in: no pictures are in use.")


def test_download_has_all_the_patience_and_uses_what_is_there(monkeypatch, mirror, small, command):
    status, text = command("--download")
    assert status == 1
    assert text.startswith("The pictures could not be downloaded. No mirror delivered")
    assert "\nBy hand, one of:\n  1. " in text
    assert "--download" not in text
    monkeypatch.setattr(find, "MIRRORS", [mirror(rate=len(small.archive)).url])
    monkeypatch.setattr(find, "SETTINGS", find.SETTINGS._replace(patience=0.1, promise=0.1))
    find.pictures.cache_clear()
    assert not data.is_real()  # a page has no such patience
    status, text = command("--download")
    assert status == 0
    assert text.startswith("CIFAR-10: the official pictures, downloaded into ")
    status, text = command("--download")
    assert status == 0
    assert text.startswith("CIFAR-10: the official pictures, found in data/")


def test_download_can_be_stopped(monkeypatch, command):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(find, "search_or_download", stop)
    says = "Stopped. What has come is kept; --download goes on from there."
    assert command("--download") == (1, says)


def test_where_lists_the_places(monkeypatch, tmp_path, small, here, command):
    monkeypatch.setenv("CIFAR10_ROOT", str(tmp_path / "nowhere"))
    (tmp_path / "here" / "data").mkdir()
    keras = tmp_path / "keras" / "datasets"
    small.write(keras / BASE)
    status, text = command("--where")
    assert status == 0
    assert text.splitlines() == [
        f"CIFAR10_ROOT: {tmp_path / 'nowhere'}: does not exist",
        f"data/: {here}: cifar-10-python.tar.gz",
        f"./data: {tmp_path / 'here' / 'data'}: {files.NOTHING}",
        f"{keras}: {keras}: cifar-10-batches-py",
    ]


def test_clean_removes_unfinished_files_and_nothing_else(monkeypatch, small, here, command):
    assert command("--clean") == (0, "There is nothing to remove.")
    for path in (here / ".mine.partial", here / "notes", small.write(here / BASE) / ".x.partial"):
        path.write_text("mine")
    data.origin()
    partials = [".cifar-10-arrays.bin.ab12.partial", ".cifar-10-python.tar.gz.partial"]
    for name in partials:
        (here / name).write_bytes(bytes(1_000_000))
    before = names(here)
    other = FileLock(here / find.LOCK)  # stands for another process
    with FileLock(here / find.LOCK), monkeypatch.context() as patch:
        patch.setattr(find, "lock", lambda: other)
        says = "Nothing was removed: another process is downloading."
        assert command("--clean") == (1, says)
    assert names(here) == before
    assert command("--clean") == (0, f"Removed {', '.join(partials)} (2 MB).")
    assert before - names(here) == {*partials}


def test_two_options_at_once_are_refused_in_one_sentence(capsys):
    with pytest.raises(SystemExit) as end:
        program.main(["--check", "--clean"])
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith("--clean: not allowed with argument --check\n")


def run(*arguments, **how):
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CIFAR10_ROOT": "stand-in"},
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def test_as_a_command_it_says_where_the_pictures_come_from():
    process = run("-m", "helpers.data", stdout=subprocess.PIPE)
    out, err = process.communicate()
    assert process.returncode == 1
    assert out.startswith("STAND-IN DATA: ")
    assert err == ""


def test_a_closed_pipe_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    process = run("-m", "helpers.data", "--where", stdout=writer)
    os.close(writer)
    assert process.communicate()[1] == ""
    assert process.returncode == 0


def test_help_lists_the_options_and_does_not_wait_for_torch():
    code = "import sys; from helpers.data.__main__ import main\ntry: main(['--help'])\n"
    code += "except SystemExit: print('torch' in sys.modules)"
    out, _ = run("-c", code, stdout=subprocess.PIPE).communicate()
    assert out.endswith("\nFalse\n")
    assert all(option in out for option in ("--check", "--download", "--where", "--clean"))


def test_nothing_that_is_written_can_be_committed():
    names = [find.LOCK, files.ARCHIVE, files.CACHE, f".{files.CACHE}.ab12.partial"]
    names += [files.partial_of(Path(files.ARCHIVE)).name]
    paths = [f"data/{name}" for name in names]
    ignored = subprocess.check_output(["git", "check-ignore", *paths], cwd=BOOK, text=True)
    assert ignored.split() == paths
