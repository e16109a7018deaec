"""A file is written whole or not at all, and nothing but a plain file is ever replaced."""

import os
import stat
from pathlib import Path

import pytest

from helpers.verification.files import OutputError, check_output, write_file

POSIX = pytest.mark.skipif(os.name == "nt", reason="links, devices and permissions of POSIX")


@pytest.mark.parametrize(
    ("content", "written"), [(b"two\n", b"two\n"), ("张量 \ud800\0\n", "张量 \\ud800\0\n".encode())]
)
def test_a_file_is_replaced_and_holds_what_utf_8_cannot_as_an_escape(tmp_path, content, written):
    write_file(tmp_path / "a.txt", "one\n")
    write_file(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == written
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (".", "is a folder: name a file in it."),
        ("", "is a folder: name a file in it."),
        ("missing/a.txt", "cannot be written: there is no folder"),
        ("file/a.txt", "cannot be written: there is no folder"),
        pytest.param("/dev/null", "is not a plain file: it is not replaced.", marks=POSIX),
        pytest.param("pipe", "is not a plain file: it is not replaced.", marks=POSIX),
        pytest.param("link to a device", "is not a plain file", marks=POSIX),
    ],
)
def test_what_is_no_file_to_write_is_refused_and_stays(tmp_path, monkeypatch, place, says):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept", encoding="utf-8")
    if os.name != "nt":
        os.mkfifo("pipe")
        Path("link to a device").symlink_to("/dev/null")
    before = sorted(tmp_path.iterdir())
    for attempt in (check_output, lambda path: write_file(path, "new")):
        with pytest.raises(OutputError, match=says):
            attempt(Path(place))
    assert sorted(tmp_path.iterdir()) == before
    assert Path("file").read_text(encoding="utf-8") == "kept"
    assert os.name == "nt" or stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@POSIX
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="is read-only"):
        check_output(tmp_path / "a.txt")


@POSIX
def test_a_link_is_followed_to_its_file_which_keeps_its_permissions(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "a.txt", tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    link.symlink_to(target)
    write_file(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@POSIX
def test_no_link_is_followed_at_a_temporary_name(tmp_path):
    foreign = tmp_path / "foreign"
    foreign.write_text("kept", encoding="utf-8")
    for name in (".a.txt.partial", "a.txt.partial", ".a.txt..partial"):
        (tmp_path / name).symlink_to(foreign)
    write_file(tmp_path / "a.txt", "new")
    assert foreign.read_text(encoding="utf-8") == "kept"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    write_file(tmp_path / "a.txt", "old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match=r"a\.txt cannot be written: No space left on device\."):
        write_file(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old"


@POSIX
def test_a_new_file_has_the_permissions_that_the_user_wants(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.txt", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640
