"""What several test files share."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from helpers import plotting


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, one for all tests of a file: there cannot be two at a time."""
    from tests.support.browser import open_browser  # imports what makes the web edition

    with open_browser() as opened:
        yield opened


@pytest.fixture
def style():
    """The style of the pages, without a window; no figure is open before or afterwards."""
    plt.close("all")
    before = plt.get_backend()
    plt.switch_backend("agg")
    with mpl.rc_context():
        plotting.use_style()
        yield
    plt.close("all")
    plt.switch_backend(before)
