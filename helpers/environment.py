"""The doctor: is this machine ready for the book?

    python -m helpers.environment        # exit status 1 if a check fails

One line per check, [OK], [NOTE] or [FAIL], and what to do.

Only the standard library is imported at the top, so that the doctor can report that anything else is missing, and it
runs on Python 3.8 too, so that it can report that Python is too old.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from helpers.paths import BOOK

PYTHON_AT_LEAST = (3, 11)
MAIN_PACKAGES = ("torch", "torchvision", "matplotlib", "jupyterlab")  # imported, a line each
MEMORY_GB = 2.0  # what the hungriest page needs, with room
DISK_GB = 0.5  # the CIFAR-10 archive and its seven files
SETUP_GB = 9.5  # on Linux: 6.1 of packages with CUDA, and 3 of files that pip keeps until it ends
INSTALL = "pip install -r requirements.txt"


class Finding(NamedTuple):
    """One line of the report."""

    state: str  # "OK", "NOTE" (works, but worth knowing) or "FAIL"
    subject: str
    text: str  # what was found and, unless OK, what to do

    def __str__(self) -> str:
        return f"[{self.state}]".ljust(7) + f"{self.subject}: {self.text}"


def check_python(
    version: tuple[int, ...] = sys.version_info[:3],
    system: str = sys.platform,
    processor: str = platform.machine(),
) -> Finding:
    """Python itself: the pinned releases need 3.11 or newer, and torch has no build for Intel Macs since 2.3."""
    state, text = "FAIL", ".".join(map(str, version))
    if (system, processor) == ("darwin", "x86_64"):
        text += (
            f" for Intel Macs, which torch {pins()['torch']} has no build for; on Apple silicon install a Python "
            "for it, on an Intel Mac read the stored pages or run the book elsewhere"
        )
    elif tuple(version[:2]) < PYTHON_AT_LEAST:
        text += " is too old; make the environment with Python 3.11 or newer"
    else:
        state = "OK"
    return Finding(state, "Python", text)


def pins() -> dict[str, str]:
    """The release of each package that requirements.txt locks on every system: ``{"torch": "2.15.0", ...}``."""
    text = (BOOK / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)$", text, re.MULTILINE))


def dependencies() -> list[str]:
    """The names of the packages that the book itself uses, as pyproject.toml lists them."""
    text = (BOOK / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\ndependencies = [\n")[2].partition("\n]\n")[0]
    return re.findall(r'^ *"([\w-]+)', block, re.MULTILINE)  # tomllib is newer than Python 3.8


def installed(package: str) -> str | None:
    """The installed release of a package, without its build ('2.15.0', not '2.15.0+cpu'); None if missing."""
    try:
        return metadata.version(package).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None


def check_package(package: str, version: str | None, pinned: str) -> Finding:
    """One package against its pin: another release works often, and then outputs may differ."""
    if version is None:
        return Finding("FAIL", package, f"not installed; run: {INSTALL}")
    if version != pinned:
        text = f"{version}; the book's outputs were made with {pinned} and may differ"
        return Finding("NOTE", package, text)
    return Finding("OK", package, version)


def check_pair(torch: str | None, torchvision: str | None, wanted: str | None) -> Finding:
    """Do these releases fit each other? Torchvision names the torch ``wanted``, such as ``==2.9.1`` or ``>=2.14.0``."""
    subject = "torch and torchvision"
    if not torch or not torchvision:
        return Finding("FAIL", subject, f"one is missing; run: {INSTALL}")
    if wanted:
        least, given = numbers_of(wanted), numbers_of(torch)
        if given < least or (wanted.startswith("==") and given != least):
            text = f"torchvision {torchvision} needs torch{wanted}, this is torch {torch}"
            return Finding("FAIL", subject, f"{text}; run: {INSTALL}")
    return Finding("OK", subject, "fit each other")


def numbers_of(release: str) -> list[int]:
    """The first three numbers of a release, by which releases can be sorted: ``>=2.14.0`` is [2, 14, 0]."""
    return [int(number) for number in re.findall(r"\d+", release)[:3]]


def torch_wanted_by_torchvision() -> str | None:
    """What the installed torchvision says of torch in its own metadata: one release, or the oldest that will do."""
    try:
        needs = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError:
        return None
    match = re.search(r"^torch\s*\(?([=>]=)\s*([\d.]+)", "\n".join(needs), re.MULTILINE)
    return match[1] + match[2] if match else None


def check_import(module: str) -> Finding | None:
    """Import a module that is installed: a finding if that fails, None if it works."""
    try:
        importlib.import_module(module)
    except Exception as error:
        (reason, *_) = str(error).strip().splitlines() or [type(error).__name__]
        text = f"cannot be imported ({reason}); install it again: {INSTALL}"
        return Finding("FAIL", module, text)
    return None


def check_device() -> Finding:
    """The accelerator that PyTorch finds; none is needed, so this is always OK."""
    import torch

    if torch.cuda.is_available():
        text = f"cuda, {torch.cuda.get_device_name()} (CUDA {torch.version.cuda})"
    elif torch.backends.mps.is_available():
        text = "mps, the GPU of this Mac"
    else:
        threads = torch.get_num_threads()
        plural = "" if threads == 1 else "s"
        text = f"cpu, {threads} thread{plural}; no GPU found, none is needed"
    return Finding("OK", "device", text)


def cpu_name() -> str:
    """The processor's name as the operating system gives it, e.g. 'AMD EPYC'."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def check_kernel() -> Finding:
    """The Jupyter kernel: does it run in the environment that has the book's packages?"""
    if "ipykernel" not in sys.modules:
        return Finding("OK", "kernel", "none: this is a plain Python process")
    if os.environ.get("VIRTUAL_ENV") and sys.prefix == sys.base_prefix:
        text = "runs outside the active virtual environment; start JupyterLab from within it"
        return Finding("NOTE", "kernel", text)
    return Finding("OK", "kernel", f"Python {platform.python_version()} of this environment")


def check_space(subject: str, free: float, needed: float, advice: str) -> Finding:
    """Free memory or disk space, in bytes, against the GB (1e9 bytes) that the CIFAR-10 pages need."""
    if free < needed * 1e9:
        text = f"{free / 1e9:.1f} GB free; the CIFAR-10 pages need {needed:g}: {advice}"
        return Finding("NOTE", subject, text)
    return Finding("OK", subject, f"{free / 1e9:.1f} GB free")


def check_memory() -> Finding:
    """Free memory, against what the hungriest page needs."""
    import psutil

    free = psutil.virtual_memory().available
    return check_space("memory", free, MEMORY_GB, "close other programs")


def check_disk(free: float, is_set_up: bool, system: str) -> Finding:
    """Disk space, in bytes: for the pages, or before the setup for the packages too."""
    if not is_set_up and system == "linux" and free < SETUP_GB * 1e9:
        text = f"{free / 1e9:.1f} GB free; the setup with CUDA needs {SETUP_GB:g}: make room, or take the CPU build"
        return Finding("NOTE", "disk", f"{text} (README, Other ways)")
    return check_space("disk", free, DISK_GB, "make room")


def allow_missing(finding: Finding) -> Finding:
    """Colab has a notebook program of its own: what is missing there besides torch keeps no page from running."""
    if finding.state == "FAIL" and "google.colab" in sys.modules:
        text = finding.text.partition(";")[0]
        return finding._replace(state="NOTE", text=f"{text}; on Colab the pages run without")
    return finding


def findings() -> Iterator[Finding]:
    """All checks, in the order in which one would mend them."""
    yield check_python()
    pinned = pins()
    for package in MAIN_PACKAGES:
        version = installed(package)
        finding = check_package(package, version, pinned[package])
        if version:
            finding = check_import(package) or finding
        yield allow_missing(finding) if package == "jupyterlab" else finding
    others = [name for name in dependencies() if name not in MAIN_PACKAGES]
    if missing := ", ".join(name for name in others if installed(name) is None):
        text = f"{missing} not installed; run: {INSTALL}"
        yield allow_missing(Finding("FAIL", "other packages", text))
    yield check_pair(installed("torch"), installed("torchvision"), torch_wanted_by_torchvision())
    for package, check in (("torch", check_device), ("psutil", check_memory)):
        if installed(package) and not check_import(package):
            yield check()
    yield check_kernel()
    free = shutil.disk_usage(BOOK).free
    yield check_disk(free, installed("torch") is not None, sys.platform)


def report() -> bool:
    """Print every finding; return True if nothing failed."""
    ready = True
    for finding in findings():
        print(finding)
        ready = ready and finding.state != "FAIL"
    print("Ready for the book." if ready else f"Something is missing: see [FAIL] above.{advice()}")
    return ready


def advice() -> str:
    """Where to install, for a Python that is of no environment: many systems let nothing be installed there."""
    if (
        sys.prefix != sys.base_prefix
        or "CONDA_PREFIX" in os.environ
        or "google.colab" in sys.modules
    ):
        return ""
    programs = Path(".venv", "Scripts" if os.name == "nt" else "bin")
    first = (
        ""
        if (BOOK / ".venv").exists()
        else f"make one with {Path(sys.executable).name} -m venv .venv, then "
    )
    return (
        f"\nThis is not the Python of an environment: {first}write {programs / 'pip'} for pip, and ask again with "
        f"{programs / 'python'} -m helpers.environment."
    )


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m helpers.environment",
        description="Check whether this machine is ready for the book; exit status 1 if it is not.",
    ).parse_args()
    sys.exit(0 if report() else 1)
