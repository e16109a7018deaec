"""Write a file whole or not at all, and say beforehand that it can be written. The rest of the book uses this too."""

import os
import shutil
import tempfile
from pathlib import Path


class OutputError(Exception):
    """A file cannot be written; the text says why, in one sentence."""


def check_output(path: Path) -> Path:
    """Say, before any work is done, whether ``write_file`` could write this file; write nothing.

    Returns:
        The path without links: the file that will be replaced.

    Raises:
        OutputError: it is a folder or a device, or its folder is missing or cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path} is a folder: name a file in it.")
    if target.exists() and not target.is_file():
        raise OutputError(f"{path} is not a plain file: it is not replaced.")
    if not target.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {target.parent}.")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"{path} cannot be written: {target.parent} is read-only.")
    return target


def write_file(path: Path, content: bytes | memoryview | str) -> None:
    """Write a file whole or not at all: nobody ever sees half of one, and a plain file only is replaced.

    Args:
        path: the file; a link is followed to the file that it names, which keeps its permissions.
        content: bytes, or text to be written as UTF-8; what UTF-8 cannot hold is written as an escape.

    Raises:
        OutputError: see ``check_output``; or the disk is full.
    """
    target = check_output(path)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    temporary = None
    try:
        # a new name that nobody can have foreseen: no link can wait there
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".partial", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(data)
        if target.exists():
            shutil.copymode(target, temporary)
        else:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
