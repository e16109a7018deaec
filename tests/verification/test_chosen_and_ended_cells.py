"""Which cells run, and what ends them: chosen cells, hung cells, dead kernels, interrupted runs."""

import os
import signal
import subprocess
import time
from contextlib import suppress

import psutil
import pytest

from tests.support import small_book

pytestmark = pytest.mark.slow

COUNTED = [
    ("first value", "x = 1", ""),
    ("one more", "x += 1\nprint(x)", "2\n"),
    ("a wrong word", "print('right')", "wrong\n"),
    ("an error", "1 / 0", ""),
    ("all before", "print(x)", "2\n"),
]
TWO = ["-n", "2", "--dist", "loadfile"]
CACHE = ["-p", "cacheprovider"]
CHOICES = [  # what is asked for, and the cells that pass and fail
    (["notebooks/page.ipynb", "-x"], (0, 1), (2,)),
    (["notebooks", "--lf", *CACHE], (), (2,)),
    (["notebooks", "-k", "more"], (1,), ()),
    (["notebooks/page.ipynb::Cell 4", "notebooks/page.ipynb::Cell 1"], (1, 4), ()),
    (["notebooks", "-n", "2", "--dist", "load"], (0, 1, 4), (2, 3)),
    (["notebooks", "--nbval-lax"], (0, 1, 2, 4), (3,)),
]


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    notebooks = small_book.make(tmp_path_factory.mktemp("chosen") / "book")
    small_book.write(small_book.with_outputs(COUNTED), notebooks / "page.ipynb")
    return notebooks.parent


@pytest.mark.parametrize(("arguments", "passed", "failed"), CHOICES)
def test_chosen_cells_are_judged_as_in_a_whole_run(tmp_path, counted, arguments, passed, failed):
    if "--lf" in arguments:
        small_book.verify("notebooks", "-x", *CACHE, folder=tmp_path, cwd=counted)
    run = small_book.verify(*arguments, "-v", folder=tmp_path, cwd=counted)
    assert run.passed == {f"page::Cell {n}" for n in passed}, run.text
    assert set(run.failed) == {f"page::Cell {n}" for n in failed}
    assert run.skipped == {}
    lax = "cells only run: 4\n    4: not compared under --nbval-lax\n"
    assert (lax in run.text) == ("--nbval-lax" in arguments)


HANGS = "import time\n\ntime.sleep(100)"
SWALLOWS = """import time

try:
    time.sleep(100)
except KeyboardInterrupt:
    pass"""
HANGS_ON = """import time

while True:
    try:
        time.sleep(0.1)
        print("still here")
    except KeyboardInterrupt:
        pass"""
CHILD = """import subprocess, sys

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])"""
KILLED = "exit status 9" if os.name == "nt" else "killed by SIGKILL"
HUNG = "The cell ran longer than 1 s (--nbval-cell-timeout)"
ENDS = {
    "hung": (HANGS, HUNG),
    "stubborn": (HANGS_ON, HUNG),
    "swallowing": (SWALLOWS, HUNG),
    "killed": ("import os\n\nos.kill(os.getpid(), 9)", f"The kernel died in this cell ({KILLED}"),
    "left": ("import os\n\nos._exit(3)", "The kernel died in this cell (exit status 3)"),
}


def strays(folder):
    """The kernels that still run, and what they have started."""
    lines = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder) and process.pid != os.getpid():
                lines.append(" ".join(process.cmdline()))
    return lines


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ended")
    notebooks = small_book.make(folder / "book")
    for name, (source, _) in ENDS.items():
        cells = [("before", CHILD, ""), ("fatal", source, ""), ("after", "print(1)", "1\n")] * 2
        small_book.write(small_book.with_outputs(cells[:4]), notebooks / f"{name}.ipynb")
    options = ["--nbval-cell-timeout=1", "-v", *TWO]
    return small_book.verify("notebooks", folder=folder, cwd=notebooks.parent, options=options)


@pytest.mark.parametrize("page", ENDS)
def test_what_ends_a_kernel_is_named_and_the_rest_is_not_run(ended, page):
    assert f"{page}::Cell 0" in ended.passed, ended.text
    says, where = ended.failed[f"{page}::Cell 1"].splitlines()[:2]
    assert says.startswith(ENDS[page][1])
    assert where == f"{page}.ipynb, cell 1 (In [2]), under 'fatal'"
    for n in (2, 3):
        assert f"cell 1 of {page}.ipynb" in ended.skipped[f"{page}::Cell {n}"]


def test_a_hung_cell_shows_where_it_hung(ended):
    assert "time.sleep(100)" in ended.failed["hung::Cell 1"].partition("KeyboardInterrupt")[2]


def test_ended_kernels_are_counted_and_leave_nothing_behind(ended, tmp_path_factory):
    assert f"cells not run: {2 * len(ENDS)}\n" in ended.text
    assert strays(tmp_path_factory.getbasetemp() / "ended0") == []


def test_a_kernel_that_does_not_start_is_one_plain_sentence(tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    small_book.write(small_book.with_outputs(COUNTED[:2]), notebooks / "page.ipynb")
    report = tmp_path / "report.html"
    options = ["--nbval-kernel-name=none-such", f"--html-report={report}"]
    run = small_book.verify("notebooks", folder=tmp_path, cwd=notebooks.parent, options=options)
    says = "the kernel of page.ipynb did not start: No such kernel named none-such"
    assert set(run.failed) == {"page::Cell 0", "page::Cell 1"}
    assert {text.strip() for text in run.failed.values()} == {says}
    assert report.read_text(encoding="utf-8").count(says) == 2


@pytest.mark.skipif(os.name == "nt", reason="sends signals to a group of processes")
@pytest.mark.parametrize(
    ("options", "stop", "first"),
    [([], "SIGINT", CHILD), (TWO, "SIGINT", CHILD), ([], "SIGKILL", "x = 1")],
    ids=["Ctrl-C", "Ctrl-C on two", "killed"],
)
def test_an_interrupted_run_leaves_no_kernel_behind(tmp_path, options, stop, first):
    notebooks = small_book.make(tmp_path / "book")
    for n in range(2):
        source = f"open('started{n}', 'w').close()\n{HANGS}"
        cells = [("before", first, ""), ("long", source, "")]
        small_book.write(small_book.with_outputs(cells), notebooks / f"long{n}.ipynb")
    run = subprocess.Popen(
        [*small_book.command("notebooks"), *options],
        cwd=notebooks.parent,
        env=small_book.environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wanted = 2 if options else 1
    end = time.monotonic() + 60
    while len(list(notebooks.glob("started*"))) < wanted and time.monotonic() < end:
        time.sleep(0.1)
    assert len(strays(tmp_path)) > wanted  # pytest and its kernels
    os.killpg(run.pid, getattr(signal, stop))
    text = run.communicate(timeout=60)[0]
    end = time.monotonic() + 10
    while strays(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    assert strays(tmp_path) == [], text
