"""A headless Chromium for the tests that see pages as a reader does: the system's own, or Playwright's.

``python -m tests.support.browser`` prints which there is, or what to install.
"""

import contextlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from helpers.book.site import CHROMIUMS

UNUSED = ("background-networking", "component-update", "gpu", "quic", "sync")
FLAGS = ["--no-first-run", "--no-sandbox", *(f"--disable-{part}" for part in UNUSED)]


class MissingError(Exception):
    """There is no browser; the message says what to install."""


@contextlib.contextmanager
def browser():
    """A ``playwright.sync_api.Browser``; raises ``MissingError``."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        message = "Playwright is missing: pip install -r .ci/requirements.txt"
        raise MissingError(message) from None
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, CHROMIUMS)), playwright.chromium.executable_path)
        if not Path(path).exists():
            install = "install your system's package, or run playwright install chromium"
            raise MissingError(f"Chromium is missing: {install}")
        with playwright.chromium.launch(executable_path=path, args=FLAGS) as chromium:
            yield chromium


@contextlib.contextmanager
def open_browser():
    """The same for a test, which is skipped where there is no browser."""
    try:
        with browser() as chromium:
            yield chromium
    except MissingError as error:
        pytest.skip(str(error))


if __name__ == "__main__":
    try:
        with browser() as chromium:
            print(f"Playwright {version('playwright')}, Chromium {chromium.version}")
    except MissingError as error:
        sys.exit(str(error))
