"""Kernels from a process that has imported torch are like fresh ones, and each is like the first."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from helpers.verification.kernel import PageKernel
from helpers.verification.prepared import ForkedKernel, ForkedProcess, Preparation
from tests.support import small_book

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ROOT = str(Path(__file__).parents[2])


def call(kernel, name):
    """What a function of ``kernel_state`` returns in a kernel."""
    value = kernel.ask(
        f"__import__('tests.support.kernel_state').support.kernel_state.{name}() or 'done'"
    )
    assert value is not None
    return value


@pytest.fixture
def plain():
    """A kernel as nbval starts it."""
    kernel = PageKernel(CURRENT_ENV_KERNEL_NAME, cwd=ROOT)
    yield kernel
    kernel.stop()


@pytest.fixture(scope="module")
def preparation():
    """One that has imported what the book names."""
    names = (
        "matplotlib.pyplot",
        "matplotlib_inline.backend_inline",
        "torch",
        "torch._dynamo",
        "torchvision",
    )
    made = Preparation(names)
    yield made
    made.stop()


@pytest.fixture
def forked(preparation):
    """A function that forks a kernel; all are ended."""
    kernels = []

    def fork():
        kernels.append(ForkedKernel(preparation, CURRENT_ENV_KERNEL_NAME, ROOT))
        assert isinstance(kernels[-1].km.provisioner.process, ForkedProcess), preparation.refusal
        return kernels[-1]

    yield fork
    for kernel in kernels:
        kernel.stop()


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


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
         "the imports start threads"),
        ("print('hello')", "the imports print something"),
        ("import warnings\nwarnings.warn('old')", "the imports print something"),
        ("kept = open('/dev/zero')", "the imports leave files open: /dev/zero"),
        ("1 / 0", "module_of_a_test cannot be imported (ZeroDivisionError: division by zero)"),
        ("import os\nos._exit(3)", "the imports end the process"),
    ],
)  # fmt: skip
def test_where_a_fork_would_not_be_sound_the_kernel_is_fresh(source, refusal, tmp_path):
    (tmp_path / "module_of_a_test.py").write_text(source)
    made = Preparation(["module_of_a_test"])
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "none"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    assert made.fork(command, env, str(tmp_path)) is None
    assert made.refusal == refusal
    made.stop()


@pytest.mark.slow
def test_another_folder_or_environment_means_a_fresh_kernel(
    preparation, forked, tmp_path, monkeypatch
):
    forked()
    kernel = ForkedKernel(preparation, CURRENT_ENV_KERNEL_NAME, str(tmp_path))
    assert isinstance(kernel.km.provisioner.process, subprocess.Popen)
    assert kernel.ask("__import__('os').getcwd()") == str(tmp_path)
    kernel.stop()
    monkeypatch.setenv("OMP_DYNAMIC", "true")
    kernel = ForkedKernel(preparation, CURRENT_ENV_KERNEL_NAME, ROOT)
    assert isinstance(kernel.km.provisioner.process, subprocess.Popen)
    kernel.stop()


@pytest.mark.slow
def test_kernels_end_with_the_process_that_forked_them():
    made = Preparation(["json"])
    kernel = ForkedKernel(made, CURRENT_ENV_KERNEL_NAME, ROOT)
    made.stop()
    end = time.monotonic() + 20
    place = Path("/proc", str(kernel.km.provisioner.pid), "cmdline")
    while place.exists() and place.read_bytes() and time.monotonic() < end:
        time.sleep(0.1)
    assert not (place.exists() and place.read_bytes())
    assert not kernel.is_alive()
    kernel.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "prepared", "says"),
    [
        ([], True, ""),
        (["--nbval-fresh-kernels"], False, ""),
        (["-n", "1"], True, ""),
        (["-o", "nbval_prepared_imports=this json.tool"], False, "every kernel was started fresh: the imports print"),
    ],
)  # fmt: skip
def test_the_setting_and_the_option(options, prepared, says, tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    source = "import sys\nprint('json.tool' in sys.modules)"
    for n in range(3):
        book = small_book.with_outputs([("only", source, f"{prepared}\n")])
        small_book.write(book, notebooks / f"0{n}_page.ipynb")
    options = ["-o", "nbval_prepared_imports=json.tool", *options]
    run = small_book.verify(notebooks, folder=tmp_path, cwd=tmp_path, options=options)
    assert run.failed == {}
    assert len(run.passed) == 3
    assert ("every kernel was started fresh" in run.text) == bool(says)
    assert says in run.text
