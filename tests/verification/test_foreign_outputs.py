"""Notebooks of other people: outputs as JupyterLab stores them, cleared counts, nbval's options, a plain last line."""

import os
import re

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.studies import many_runs
from tests.support import small_book

pytestmark = pytest.mark.slow

PLAIN = 'pytest_plugins = ["helpers.verification.plugin"]\n'
WIDGET = """import sys
from comm import create_comm
state = {"_model_name": "OutputModel", "_model_module": "@jupyter-widgets/output", "outputs": []}
box = create_comm(target_name="jupyter.widget", data={"state": state})
message = get_ipython().parent_header["header"]["msg_id"]
box.send({"state": {"msg_id": message}})
print("goes into the widget")
sys.stdout.flush()  # as ipywidgets does
box.send({"state": {"msg_id": ""}})
print("goes below")"""
STREAMS = """import sys, time
for n in range(4):
    print("out", n)
    print("err", n, file=sys.stderr)
    sys.stdout.flush(), sys.stderr.flush()
    time.sleep(0.1)"""


def out(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def value(text):
    return new_output("execute_result", {"text/plain": text}, execution_count=1)


OUT, ERR = ("".join(f"{word} {n}\n" for n in range(4)) for word in ("out", "err"))
NO = new_output("error", ename="KeyError", evalue="'no'", traceback=["KeyError: 'no'"])
GOOD = {  # source: stored outputs
    STREAMS: [out(OUT), out(ERR, "stderr")],
    STREAMS + "\n": [out(ERR[:6], "stderr"), out(OUT), out(ERR[6:], "stderr")],
    "from IPython.display import clear_output\nfor n in range(3):\n"
    "    clear_output(wait=True)\n    print(n)": [out("2\n")],
    "print('gone')\nclear_output()\nprint('stays')": [out("stays\n")],
    "handle = display('first', display_id=True)": [
        new_output("display_data", {"text/plain": "'last'"})
    ],
    "handle.update('second')\nhandle.update('last')": [],
    WIDGET: [out("goes below\n")],
    "import os\nos.system('echo child')": [out("child\n"), value("0")],
    "import shutil\nshutil.get_terminal_size().columns": [value("80")],
    "import warnings\nwarnings.warn('old')": [
        out("/tmp/ipykernel_1/2.py:2: UserWarning: old\n  warnings.warn('old')\n", "stderr")
    ],
    "import math": [],
}
BAD = {
    "handle = display('first', display_id=True)": [
        new_output("display_data", {"text/plain": "'never'"})
    ],
    "{}['no']": [NO],
    "print(1)": [out("2\n")],
    "other = display('first', display_id=True)": [
        new_output("display_data", {"text/plain": "'first'"})
    ],
    "other.update('last')": [],
}


def write(folder, name, cells, counted=True):
    """A notebook of these cells, as sources and stored outputs."""
    count = 1 if counted else None
    code = [new_code_cell(s, outputs=o, execution_count=count) for s, o in cells.items()]
    return small_book.write(new_notebook(cells=code), folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    notebooks = small_book.make(tmp_path_factory.mktemp("foreign") / "project")
    (notebooks.parent / "conftest.py").write_text(PLAIN)
    (notebooks.parent / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npythonpath=["."]\n'
    )
    write(notebooks, "good", GOOD)
    write(notebooks, "good_without_counts", GOOD, counted=False)
    write(notebooks, "bad", BAD)
    write(notebooks, "stripped", {"x = 1": [], "print(x)": []}, counted=False)
    write(notebooks, "magic", {"%no_such_magic": [], "print(1)": [out("1\n")]})
    write(notebooks, "dated", {"print('on 2026-01-02')": [out("on 2020-05-05\n")]})
    long = "\n".join(f"step {n} of many" for n in range(12_000))
    source = 'print("\\n".join(f"step {n} of many" for n in range(12_000)))'
    write(notebooks, "long", {source: [out(long.replace("7000", "7001") + "\n")]})
    return notebooks.parent


def run(project, folder, *names, options=(), **more):
    pages = [f"notebooks/{name}.ipynb" for name in names]
    return small_book.verify(*pages, folder=folder, cwd=project, options=options, **more)


@pytest.mark.parametrize("name", ["good", "good_without_counts"])
def test_outputs_as_jupyterlab_stores_them_pass(project, tmp_path, name):
    done = run(project, tmp_path, name, COLUMNS="133")
    assert done.failed == {}, done.text
    assert len(done.passed) == len(GOOD)
    assert "\n1 page gives on this machine what it shows.\n" in done.text
    assert "cells compared" not in done.text


def test_with_importlib_mode_too(project, tmp_path):
    done = run(project, tmp_path, "good", options=["--import-mode=importlib", "-v"])
    assert done.failed == {}, done.text
    assert f"cells compared: {len(GOOD)}\n" in done.text


LATE = """import os, threading
threading.Timer(0.2, os.system, ["echo child"]).start()
0"""


def test_what_another_process_prints_late_is_waited_for_and_compared(project, tmp_path):
    for name, text, failed in (("late", "child", 0), ("late_and_other", "someone", 1)):
        cells = {LATE: [out(f"{text}\n"), value("0")], "print(1)": [out("1\n")]}
        write(project / "notebooks", name, cells)
        done = run(project, tmp_path, name)
        assert len(done.failed) == failed, done.text
        assert len(done.passed) == 2 - failed
    assert "expected 'someone', got 'child'" in done.text


# A process that prints for ten seconds, never half a second apart.
ENDLESS = """import subprocess
process = subprocess.Popen("for n in $(seq 40); do echo $n; sleep 0.25; done", shell=True)"""


def test_late_output_is_waited_for_a_while_only(project, tmp_path):
    write(project / "notebooks", "endless", {ENDLESS: [out("0\n")], "process.kill()": []})
    done = run(project, tmp_path, "endless")
    assert len(done.failed) == 1 and len(done.passed) == 1
    assert "! 5\n" in done.text
    assert "! 30\n" not in done.text


def test_what_differs_fails_and_is_counted_as_compared(project, tmp_path):
    done = run(project, tmp_path, "bad", "good", options=["-v"])
    assert set(done.failed) == {f"bad::Cell {n}" for n in range(4)}
    assert "raises-exception" in done.failed["bad::Cell 1"].splitlines()[0]
    assert f"cells compared: {len(GOOD) + 4}, of which 3 differ\n" in done.text
    assert "cells that failed before they could be compared: 1\n" in done.text
    assert (
        "machine: 1 of 2 pages. Cells that differ or fail, shown above: bad.ipynb (4)." in done.text
    )


def test_a_stripped_notebook_is_run_and_nobody_says_that_it_was_compared(project, tmp_path):
    done = run(project, tmp_path, "stripped")
    assert done.failed == {}
    assert "\nNothing was compared: 1 page ran without an error" in done.text


def test_lax_compares_nothing_and_says_so_but_a_wrong_magic_fails(project, tmp_path):
    done = run(project, tmp_path, "magic", "stripped", options=["--nbval-lax"])
    assert set(done.failed) == {"magic::Cell 0"}
    assert "UsageError" in done.failed["magic::Cell 0"].splitlines()[0]
    done = run(project, tmp_path, "dated", options=["--nbval-lax"])
    assert "Nothing was compared" in done.text


def test_nbvals_sanitizer_works(project, tmp_path):
    (tmp_path / "dates.cfg").write_text("[dates]\nregex: \\d+-\\d\\d-\\d\\d\nreplace: DATE\n")
    option = f"--nbval-sanitize-with={tmp_path / 'dates.cfg'}"
    assert run(project, tmp_path, "dated", options=[option]).failed == {}
    assert run(project, tmp_path, "dated").failed


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--nbdime"], "--nbdime does not work here"),
        (["--nbval-sanitize-with=none.cfg"], "there is no file none.cfg"),
        (["--nbval-current-env", "--nbval-kernel-name=a"], "name two kernels"),
    ],
)
def test_options_that_cannot_work_are_refused_in_one_sentence(project, tmp_path, options, says):
    with pytest.raises(AssertionError, match=re.escape(says)) as refused:
        run(project, tmp_path, "good", options=options)
    assert str(refused.value).count("ERROR") == 1


def test_a_long_log_is_reported_in_few_lines(project, tmp_path):
    start = os.times().children_user
    done = run(project, tmp_path, "long")
    text = done.failed["long::Cell 0"]
    assert text.count("step") < 30
    assert text.count("!") == 1
    assert os.times().children_user - start < 30  # it took 62 s before


def test_a_run_says_what_it_does_and_names_each_page(project, tmp_path):
    cache = ["-p", "cacheprovider", "-o", f"cache_dir={tmp_path / 'cache'}"]
    first = run(project, tmp_path, "good", "dated", options=cache)
    head = f"Runs {len(GOOD) + 1} cells of 2 pages, each page in a kernel of its own, and compares"
    assert head in first.text
    assert "is known after the first run" in first.text
    again = run(project, tmp_path, "good", options=[*cache, "-n", "2", "--dist", "loadfile"])
    assert re.search(r"stored: that takes about \d+ (?:s|min)\.", again.text)
    for text, count in ((first.text, "1 of 2"), (again.text, "1 of 1")):
        line = rf"\[{count}\]  notebooks/good.ipynb: {len(GOOD)} cells, as stored, \d+ s\n"
        assert re.search(line, text), text
    assert "[2 of 2]  notebooks/dated.ipynb: 1 cell, 1 differ or fail, " in first.text


def test_what_a_user_has_set_for_debugging_changes_no_page_of_the_book(tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    cells = {
        "import torch\ntry:\n    torch.ones(2) @ torch.ones(3)\n"
        "except RuntimeError as error:\n    print('C++' in str(error))": [out("False\n")],
        "assert True\nprint(__debug__)": [out("True\n")],
        "product = torch.ones(300, 300) @ torch.ones(300, 300)": [],
        "import shutil\nprint(shutil.get_terminal_size().columns)": [out("100\n")],
    }
    write(notebooks, "page", cells)
    set_by_user = many_runs.DEBUGGING | many_runs.PYTHON | many_runs.LOOKS
    done = small_book.verify("notebooks", folder=tmp_path, cwd=notebooks.parent, **set_by_user)
    assert done.failed == {}, done.text
