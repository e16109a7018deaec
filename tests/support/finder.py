"""Processes that look for CIFAR-10 as a page does, and that can be killed in the middle of it."""

import hashlib
import json
import multiprocessing
import os
import time
from pathlib import Path

from helpers.data import files, find, places


def context():
    """Start processes with the loader imported already, where the system can (Linux, macOS)."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(["tests.support.finder"])
    return context


def find_pictures(world, report, hang="", limit=None):
    """Look for the pictures in a process of its own.

    Args:
        world: what is to be official, the folder, the mirrors' addresses, the settings.
        report: a file that gets what was found, as JSON.
        hang: "extract" or "cache": hang in the middle of that, after making the file "marker" beside the report.
        limit: bytes that no file may exceed (a quota).
    """
    files.OFFICIAL, places.FOLDER, find.MIRRORS, find.SETTINGS = world
    os.environ.pop("CIFAR10_ROOT", None)
    os.environ["KERAS_HOME"] = str(places.FOLDER)
    os.chdir(report.parent)
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def hang_if(is_time):
        if is_time:
            (report.parent / "marker").touch()
            time.sleep(600)

    unpickle = files.unpickle
    replace = Path.replace

    def patched_unpickle(name, content):
        hang_if(hang == "extract" and name == "data_batch_3")
        return unpickle(name, content)

    def patched_replace(path, target):
        hang_if(hang == "cache" and Path(target).name == files.CACHE)
        return replace(path, target)

    files.unpickle = patched_unpickle
    Path.replace = patched_replace
    pictures = find.pictures()
    flat = b"" if pictures.flat is None else pictures.flat.tobytes()
    result = {"text": pictures.text, "sha256": hashlib.sha256(flat).hexdigest()}
    partial = report.with_suffix(".partial")
    partial.write_text(json.dumps(result))
    replace(partial, report)
