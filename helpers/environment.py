"""The doctor: is this machine ready for the book? One line per check, [OK], [NOTE] or [FAIL], and what to do.

    python -m helpers.environment        # exit status 1 if a check fails

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
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

BOOK = Path(__file__).resolve().parents[1]
PYTHON_AT_LEAST = (3, 11)
MAIN_PACKAGES = ("torch", "torchvision", "matplotlib", "jupyterlab")  # imported, a line each
MEMORY_GB = 2.0  # what the hungriest page needs, with room
DISK_GB = 0.5  # the CIFAR-10 archive and its seven files


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
    text = ".".join(map(str, version))
    if (system, processor) == ("darwin", "x86_64"):
        return Finding(
            "FAIL",
            "Python",
            f"{text} for Intel Macs, which torch {pins()['torch']} has no build for; on Apple silicon install a Python "
            "for it, on an Intel Mac read the stored pages or run the book elsewhere",
        )
    if tuple(version[:2]) >= PYTHON_AT_LEAST:
        return Finding("OK", "Python", text)
    return Finding(
        "FAIL", "Python", f"{text} is too old; make the environment with Python 3.11 or newer"
    )


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


def check_others(versions: dict[str, str | None]) -> Finding | None:
    """Packages, by name with their installed releases, of which it matters only that they are there.

    Returns:
        One finding for all that are missing, None if none is.
    """
    missing = [package for package, version in versions.items() if version is None]
    if not missing:
        return None
    return Finding(
        "FAIL",
        "other packages",
        f"{', '.join(missing)} not installed; run: pip install -r requirements.txt",
    )


def check_package(package: str, version: str | None, pinned: str) -> Finding:
    """One package against its pin: another release works often, and then outputs may differ."""
    if version is None:
        return Finding("FAIL", package, "not installed; run: pip install -r requirements.txt")
    if version != pinned:
        return Finding(
            "NOTE", package, f"{version}; the book's outputs were made with {pinned} and may differ"
        )
    return Finding("OK", package, version)


def check_pair(
    torch_version: str | None, torchvision_version: str | None, wanted: str | None
) -> Finding:
    """Torch and torchvision are compiled for each other: ``wanted`` is the torch that torchvision asks for."""
    if not torch_version or not torchvision_version:
        return Finding(
            "FAIL", "torch and torchvision", "one is missing; run: pip install -r requirements.txt"
        )
    if wanted and torch_version != wanted:
        return Finding(
            "FAIL",
            "torch and torchvision",
            f"torchvision {torchvision_version} was made for torch {wanted}, this is torch {torch_version}; "
            "run: pip install -r requirements.txt",
        )
    return Finding("OK", "torch and torchvision", "made for each other")


def torch_wanted_by_torchvision() -> str | None:
    """The torch release that the installed torchvision names in its own metadata, if it does."""
    try:
        needs = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError:
        return None
    match = re.search(r"^torch\s*\(?==\s*([\d.]+)", "\n".join(needs), re.MULTILINE)
    return match[1] if match else None


def check_import(module: str) -> Finding | None:
    """Import a module that is installed: a finding if that fails, None if it works."""
    try:
        importlib.import_module(module)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        return Finding(
            "FAIL",
            module,
            f"cannot be imported ({reason[0]}); install it again: pip install -r requirements.txt",
        )
    return None


def device() -> str:
    """The best device here, by its torch name: 'cuda', 'mps' or 'cpu'."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def check_device() -> Finding:
    """The accelerator: none is needed."""
    import torch

    kind = device()
    if kind == "cuda":
        return Finding(
            "OK", "device", f"cuda, {torch.cuda.get_device_name()} (CUDA {torch.version.cuda})"
        )
    if kind == "mps":
        return Finding("OK", "device", "mps, the GPU of this Mac")
    return Finding(
        "OK", "device", f"cpu, {torch.get_num_threads()} threads; no GPU found, none is needed"
    )


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
    if Path(sys.prefix).resolve() == Path(sys.base_prefix).resolve() and os.environ.get(
        "VIRTUAL_ENV"
    ):
        return Finding(
            "NOTE",
            "kernel",
            "runs outside the active virtual environment; start JupyterLab from within it",
        )
    return Finding("OK", "kernel", f"Python {platform.python_version()} of this environment")


def check_memory(free_gb: float | None = None) -> Finding:
    """Free memory, in GB (1e9 bytes)."""
    if free_gb is None:
        import psutil

        free_gb = psutil.virtual_memory().available / 1e9
    if free_gb < MEMORY_GB:
        return Finding(
            "NOTE",
            "memory",
            f"{free_gb:.1f} GB free; the CIFAR-10 pages need {MEMORY_GB:g}: close other programs",
        )
    return Finding("OK", "memory", f"{free_gb:.1f} GB free")


def check_disk(free_gb: float | None = None) -> Finding:
    """Free disk space beside the book, in GB (1e9 bytes)."""
    if free_gb is None:
        free_gb = shutil.disk_usage(BOOK).free / 1e9
    if free_gb < DISK_GB:
        return Finding(
            "NOTE", "disk", f"{free_gb:.1f} GB free; CIFAR-10 needs {DISK_GB:g}: make room"
        )
    return Finding("OK", "disk", f"{free_gb:.1f} GB free")


def allow_missing(finding: Finding | None) -> Finding | None:
    """Colab has a notebook program of its own: what is missing there besides torch keeps no page from running."""
    if finding and finding.state == "FAIL" and "google.colab" in sys.modules:
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
    others = {name: installed(name) for name in dependencies() if name not in MAIN_PACKAGES}
    if missing := allow_missing(check_others(others)):
        yield missing
    yield check_pair(installed("torch"), installed("torchvision"), torch_wanted_by_torchvision())
    later: list[tuple[str, Callable[[], Finding]]] = [
        ("torch", check_device),
        ("psutil", check_memory),
    ]
    for needs, check in later:
        if installed(needs) and not check_import(needs):
            yield check()
    yield check_kernel()
    yield check_disk()


def report() -> bool:
    """Print every finding; return True if nothing failed."""
    ready = True
    for finding in findings():
        print(finding)
        if finding.state == "FAIL":
            ready = False
    print("Ready for the book." if ready else "Something is missing: see [FAIL] above.")
    return ready


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m helpers.environment",
        description="Check whether this machine is ready for the book; exit status 1 if it is not.",
    ).parse_args()
    sys.exit(0 if report() else 1)
