"""Kernels from a process that has imported torch are like fresh ones, and each is like the first."""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from helpers.book.kernel import settings
from helpers.verification.kernel import PageKernel
from helpers.verification.prepared import ForkedProcess, NotForkedError, Preparation
from tests.support import small_book

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

PROJECT = tomllib.loads((small_book.BOOK / "pyproject.toml").read_text(encoding="utf-8"))
BOOK_NEEDS = PROJECT["tool"]["pytest"]["ini_options"]["nbval_prepared_imports"]
GPU = """import os
HERE = os.getpid()
class cuda:
    _is_in_bad_fork = staticmethod(lambda: os.getpid() != HERE)
"""


def call(kernel, name):
    """What a function of ``kernel_state`` returns in a kernel."""
    value = kernel.ask(
        f"__import__('tests.support.kernel_state').support.kernel_state.{name}() or 'done'"
    )
    assert value is not None
    return value


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A function that starts a kernel with the book's settings, forked if a preparation is given; all are ended."""
    variables = settings(tmp_path_factory.mktemp("kernels"))
    kernels = []

    def start(preparation=None, folder=small_book.BOOK, **more):
        kernels.append(
            PageKernel(CURRENT_ENV_KERNEL_NAME, folder, variables | more, 60, preparation)
        )
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture(scope="module")
def preparation():
    """One that has imported what the book names."""
    made = Preparation(BOOK_NEEDS)
    yield made
    made.stop()


@pytest.fixture
def forked(preparation, start):
    """A function that forks a kernel."""

    def fork():
        kernel = start(preparation)
        assert isinstance(kernel.km.provisioner.process, ForkedProcess), kernel.refusal
        assert kernel.refusal == ""
        return kernel

    return fork


@pytest.fixture(scope="module")
def plain(start):
    """A fresh kernel."""
    return start()


@pytest.mark.slow
def test_a_forked_kernel_finds_what_a_fresh_one_finds(forked, plain):
    assert call(forked(), "state") == call(plain, "state")


@pytest.mark.slow
def test_nothing_passes_from_one_forked_kernel_to_the_next(forked):
    first = forked()
    before = call(first, "state")
    call(first, "change")
    changed = call(first, "state")
    same = {subject for subject in before if before[subject] == changed[subject]}
    assert same == {"interpreter", "streams", "leader", "parent", "locale", "loop"}
    beside = forked()  # the first one still runs
    first.stop()
    for kernel in (beside, forked()):
        assert call(kernel, "state") == before


@pytest.mark.slow
def test_the_results_are_those_of_a_fresh_kernel_to_the_last_digit(forked, plain):
    assert call(forked(), "digests") == call(plain, "digests")


@pytest.mark.slow
def test_each_kernel_has_random_numbers_of_its_own(forked):
    one, two = (call(forked(), "random_numbers") for _ in range(2))
    assert not set(one) & set(two)


@pytest.mark.slow
def test_threads_and_processes_work_in_a_forked_kernel(forked):
    found = call(forked(), "work_in_threads_and_processes")
    assert found == [576.0, 250000000.0, "torchvision"]


@pytest.mark.slow
def test_the_settings_of_plugin_and_project_reach_a_forked_kernel(forked, tmp_path):
    kernel, other = forked(), forked()
    found = kernel.ask("{**__import__('os').environ}")
    wanted = settings(tmp_path)
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):  # in a folder of each run
        assert wanted.pop(name).startswith(str(tmp_path))
    assert wanted["COLUMNS"] == "100"
    assert os.environ.get("COLUMNS") != "100"
    assert {name: found.get(name) for name in wanted} == wanted
    assert kernel.ask("hash('a word')") == other.ask("hash('a word')")  # PYTHONHASHSEED


@pytest.mark.slow
def test_the_end_of_a_kernel_is_noticed_with_its_cause(forked):
    kernel = forked()
    assert kernel.is_alive()
    os.kill(kernel.km.provisioner.pid, signal.SIGKILL)
    while kernel.is_alive():
        time.sleep(0.01)
    assert kernel.cause_of_death().startswith("killed by SIGKILL")


@pytest.mark.slow
def test_a_cell_that_runs_can_be_interrupted(forked):
    kernel = forked()
    message = kernel.execute_cell_input("import time\nprint('begins')\ntime.sleep(100)")
    while kernel.get_message("iopub", timeout=30)["msg_type"] != "stream":
        pass
    kernel.interrupt()
    reply = kernel.get_message("shell", timeout=30)
    assert reply["parent_header"]["msg_id"] == message
    assert reply["content"]["ename"] == "KeyboardInterrupt"


@pytest.mark.slow
def test_stopping_a_kernel_ends_it_and_what_it_has_started(forked):
    kernel = forked()
    started = kernel.ask("__import__('subprocess').Popen(['sleep', '100']).pid")
    pid = kernel.km.provisioner.pid
    kernel.stop()
    assert not running(pid)
    assert not running(started)


def running(pid, seconds=20):
    """Whether a process still runs after a while."""
    end = time.monotonic() + seconds
    line = Path("/proc", str(pid), "cmdline")
    while time.monotonic() < end:
        if not (line.exists() and line.read_bytes()):  # empty: nobody has asked for its exit status
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    ("module", "source", "refusal"),
    [
        ("a", "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
         "the imports start threads"),
        ("torch", GPU, "the imports use the GPU"),
        ("a", "print('hello')", "the imports print something"),
        ("a", "import warnings\nwarnings.warn('old')", "the imports print something"),
        ("a", "kept = open('/dev/zero')", "the imports leave files open: /dev/zero"),
        ("a", "1 / 0", "a cannot be imported (ZeroDivisionError: division by zero)"),
        ("a", "import os\nos._exit(3)", "the imports end the process"),
        ("a", "", None),
    ],
)  # fmt: skip
def test_where_a_fork_would_not_be_sound_the_kernel_is_fresh(module, source, refusal, tmp_path):
    (tmp_path / f"{module}.py").write_text(source)
    made = Preparation([module])
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "none"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    try:
        if refusal is None:
            assert made.fork(command, env, str(tmp_path), stderr=subprocess.DEVNULL).pid
        else:
            with pytest.raises(NotForkedError, match=f"^{re.escape(refusal)}$"):
                made.fork(command, env, str(tmp_path))
    finally:
        made.stop()


def test_a_kernel_whose_parent_ends_before_it_begins_is_not_left_over(tmp_path):
    made = Preparation(["json"])
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "none"]
    pid = made.fork(command, os.environ, str(tmp_path), stderr=subprocess.DEVNULL).pid
    made.stop()  # at once, while the kernel still sets itself up
    assert not running(pid)


LEAVES = """import atexit
from pathlib import Path
write = Path(__file__).with_name("end").write_text
atexit.register(write, "asked for")
class Kept:
    def __del__(self, write=write):
        write("taken apart")
kept = Kept()
"""


def test_at_its_end_the_process_does_what_imports_have_asked_for_and_takes_nothing_apart(tmp_path):
    (tmp_path / "a.py").write_text(LEAVES)
    made = Preparation(["a"])
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "none"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    made.fork(command, env, str(tmp_path), stderr=subprocess.DEVNULL)
    made.stop()
    assert (tmp_path / "end").read_text() == "asked for"


def test_elsewhere_than_on_linux_kernels_are_fresh(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    made = Preparation(["json"])
    with pytest.raises(NotForkedError, match="on Linux only"):
        made.fork([sys.executable, "-m", "ipykernel_launcher", "-f", "none"], {})
    made.stop()


@pytest.mark.slow
def test_another_folder_or_environment_means_a_fresh_kernel(preparation, forked, start, tmp_path):
    forked()
    kernel = start(preparation, tmp_path)
    assert isinstance(kernel.km.provisioner.process, subprocess.Popen)
    assert kernel.ask("__import__('os').getcwd()") == str(tmp_path)
    assert "not the first kernel's" in kernel.refusal
    kernel = start(preparation, OMP_DYNAMIC="true")
    assert isinstance(kernel.km.provisioner.process, subprocess.Popen)


@pytest.mark.slow
def test_kernels_end_with_the_process_that_forked_them(start):
    made = Preparation(["json"])
    kernel = start(made)
    made.stop()
    assert not running(kernel.km.provisioner.pid)
    assert not kernel.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "forked", "says"),
    [
        ([], True, ""),
        (["--nbval-fresh-kernels"], False, ""),
        (["-n", "1"], True, ""),
        (["-o", "nbval_prepared_imports=this json.tool"], False, "3 (the imports print something)"),
        (["-o", "nbval_prepared_imports=this", "-n", "1"], False, "3 (the imports print something)"),
    ],
)  # fmt: skip
def test_the_setting_and_the_option(options, forked, says, tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    source = "import os, sys\nprint('json.tool' in sys.modules, os.environ['COLUMNS'])"
    for n in range(3):
        book = small_book.with_outputs([("only", source, f"{forked} 100\n")])
        small_book.write(book, notebooks / f"0{n}_page.ipynb")
    options = ["-v", "-o", "nbval_prepared_imports=json.tool", *options]
    run = small_book.verify(notebooks, folder=tmp_path, cwd=tmp_path, options=options)
    assert run.failed == {}
    assert len(run.passed) == 3
    assert ("kernels started fresh" in run.text) == bool(says)
    assert says in run.text
