"""A headless Chromium for the tests that see pages as a reader does: the system's own, or Playwright's.

``python -m tests.support.browser`` prints which there is, or what to install.
"""

import contextlib
import shutil
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers.book.site import CHROMIUMS

FLAGS = [
    f"--disable-{part}" for part in ("background-networking", "component-update", "gpu", "quic")
]
FLAGS += ["--disable-sync", "--no-first-run", "--no-sandbox"]
NO_PLAYWRIGHT = "Playwright is missing: pip install -r .ci/requirements.txt"
NO_CHROMIUM = (
    "Chromium is missing: install your system's package, or run playwright install chromium"
)


class MissingError(Exception):
    """There is no browser; the message says what to install."""


@contextlib.contextmanager
def browser():
    """A ``playwright.sync_api.Browser``; raises ``MissingError``."""
    if not find_spec("playwright"):
        raise MissingError(NO_PLAYWRIGHT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, CHROMIUMS)), playwright.chromium.executable_path)
        if not Path(path).exists():
            raise MissingError(NO_CHROMIUM)
        with playwright.chromium.launch(executable_path=path, args=FLAGS) as chromium:
            yield chromium


@contextlib.contextmanager
def open_browser():
    """The same for a test, which is skipped where there is no browser."""
    with contextlib.ExitStack() as stack:
        try:
            chromium = stack.enter_context(browser())
        except MissingError as error:
            pytest.skip(str(error))
        yield chromium


if __name__ == "__main__":
    try:
        with browser() as chromium:
            print(f"Playwright {version('playwright')}, Chromium {chromium.version}")
    except MissingError as error:
        sys.exit(str(error))
