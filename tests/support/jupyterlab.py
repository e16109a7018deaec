"""A JupyterLab of its own for the tests: server, folders, token; and how a reader uses it in a browser."""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from helpers.book.kernel import TORCH
from tests.support.small_book import BOOK, environment

WAIT = 60  # seconds for anything but a run of a page
RUN = 240  # seconds for a run of a page
WIDE = {"width": 1300, "height": 900}  # a laptop
NARROW = {"width": 390, "height": 844}  # a telephone
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")

# What JupyterLab itself knows of the page in front: in its own objects, so that cells out of view count too.
PANEL = "const panel = window.jupyterapp.shell.currentWidget;"
AS_NOTEBOOK = (
    f"path => {{ {PANEL} return panel?.context?.path === path && Boolean(panel.sessionContext); }}"
)
IN_FRONT = f"""path => {{
    {PANEL}
    return panel?.context?.path === path && panel.context.isReady && panel.content.model
        && panel.sessionContext.session?.kernel?.status === "idle";
}}"""
CODE = 'const code = [...panel.content.model.cells].filter(cell => cell.type === "code");'
HAS_ENDED = f"""() => {{
    {PANEL} {CODE}
    return panel.sessionContext.session.kernel.status === "idle"
        && code.every(cell => cell.executionCount && cell.executionState === "idle");
}}"""

# It notes its kernel's name and language in the notebook as soon as the kernel has told them.
IS_CHANGED = f"""async () => {{
    {PANEL}
    const kernel = panel.sessionContext.session.kernel;
    await Promise.all([kernel.info, kernel.spec]);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return panel.context.model.dirty;
}}"""

LEFT_AREA = """async shown => {
    const app = window.jupyterapp;
    if (app.shell.leftCollapsed === shown) await app.commands.execute("application:toggle-left-area");
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@contextlib.contextmanager
def server(folder):
    """Serve a copy of the book in a new folder, with no settings but JupyterLab's own; yields the address."""
    book = folder / "book"
    for name in ("helpers", "notebooks"):
        shutil.copytree(BOOK / name, book / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(BOOK / name, book)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    own = {name: str(folder / name.lower()) for name in FOLDERS} | {"HOME": str(folder / "home")}
    for name in own.values():
        Path(name).mkdir()
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser"]
    options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={book}"]
    data = os.environ.get("CIFAR10_ROOT", "stand-in")
    with (folder / "server.log").open("w") as log:
        command = [sys.executable, "-P", "-m", "jupyterlab", *options]
        env = environment(folder, **own, **TORCH, CIFAR10_ROOT=data)
        outputs = {"stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=folder, env=env, **outputs)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", process, Path(log.name))
            yield f"http://127.0.0.1:{port}/lab?token={token}"
        finally:
            process.terminate()  # its kernels end with it
            process.wait(WAIT)


def _wait_for(address, process, log):
    end = time.monotonic() + WAIT
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), urlopen(address):
            return
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


class Lab:
    """One browser page with JupyterLab in it.

    Attributes:
        page: the ``playwright.sync_api.Page``.
        book: the folder that is served.
        faults: errors that the browser reported since the start.
    """

    def __init__(self, browser, address, book):
        self.page = browser.new_page(viewport=WIDE)
        self.page.set_default_timeout(1000 * WAIT)
        self.book = book
        self.faults = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(address)
        self.wait_for(
            "async () => { await window.jupyterapp?.restored; return Boolean(window.jupyterapp); }"
        )

    def wait_for(self, condition, argument=None, seconds=WAIT):
        """Wait until a JavaScript function is true."""
        self.page.wait_for_function(condition, arg=argument, timeout=1000 * seconds)

    def wait_for_notebook(self, path):
        """Wait until a notebook is in front, its kernel is idle and all its cells are drawn."""
        self.wait_for(IN_FRONT, path)

    def folder(self, name):
        """Show a folder in the file browser, as a double click does."""
        item = self.page.locator(f'.jp-DirListing-item[data-isdir="true"] >> text="{name}"')
        item.dblclick()
        self.page.locator(f'.jp-BreadCrumbs-item[title="{name}"]').wait_for()

    def open(self, name):
        """Open a file of the folder shown as a notebook: one by a double click, a source by Open With."""
        from playwright.sync_api import TimeoutError

        file, path = self.page.locator(".jp-DirListing-item", has_text=name), f"notebooks/{name}"
        if name.endswith(".ipynb"):
            file.dblclick()
        else:
            self._open_with_notebook(file)
            with contextlib.suppress(TimeoutError):
                self.wait_for(AS_NOTEBOOK, path, seconds=15)
            if not self.page.evaluate(
                AS_NOTEBOOK, path
            ):  # on a busy machine a menu moves under the pointer
                self._open_with_notebook(file)
        self.wait_for_notebook(path)

    def _open_with_notebook(self, file):
        file.click(button="right")
        self._item("Open With").hover()
        self._item("Notebook").click()

    def resize(self, size):
        """Make the window narrow, as on a telephone with the file browser closed, or wide again."""
        self.page.set_viewport_size(size)
        self.page.evaluate(LEFT_AREA, size == WIDE)

    def _item(self, label):
        label = re.compile(f"^{re.escape(label)}$")
        return self.page.locator(".lm-Menu-itemLabel, .lm-MenuBar-itemLabel", has_text=label)

    def run_all(self):
        """Clear all outputs, run all cells, and wait for the end."""
        for label in ("Edit", "Clear Outputs of All Cells", "Run", "Run All Cells"):
            self._item(label).click()
        self.wait_for(HAS_ENDED, seconds=RUN)

    def save(self):
        """Save by the keyboard, and wait until it is done."""
        self.page.keyboard.press("Control+s")
        self.wait_for(f"() => {{ {PANEL} return !panel.context.model.dirty; }}")

    def is_changed(self):
        """Whether JupyterLab would save something of the notebook in front, once it knows its kernel."""
        return self.page.evaluate(IS_CHANGED)

    def save_all_the_same(self):
        """Save by the command itself, what is unchanged too, and wait until it is done."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def close(self):
        """Close the notebook in front, unsaved, and end its kernel: memory is for the next."""
        self.page.evaluate(f"""async () => {{
            {PANEL}
            await panel.sessionContext.shutdown();
            panel.dispose();
        }}""")
