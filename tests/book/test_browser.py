"""Where a browser is missing, a test is skipped with a sentence that says what to install."""

import subprocess
import sys

import pytest

from tests.support import browser


def test_the_command_says_what_to_install(tmp_path):
    asked = subprocess.run(
        [sys.executable, "-m", "tests.support.browser"],
        env={"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 1
    assert asked.stderr.strip() in (browser.NO_PLAYWRIGHT, browser.NO_CHROMIUM)


def test_a_test_is_skipped(monkeypatch):
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    with pytest.raises(pytest.skip.Exception) as skipped, browser.open_browser():
        pass
    assert str(skipped.value) == browser.NO_PLAYWRIGHT
