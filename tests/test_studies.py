"""The measurement programs: their command, and that they find what they look for."""

import base64
import io
import json
import signal
import subprocess
import sys
import time
from copy import deepcopy

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from helpers import data, pages
from helpers.book import BookError
from helpers.verification import Policy
from tests.studies import many_runs, run_times, running, spread
from tests.studies.__main__ import COMMANDS, main
from tests.support import small_book


@pytest.fixture(scope="module")
def today():
    """The committed measurements, as far as they hold for today's pages."""
    return spread.read(spread.DATA)


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


def small_page(folder, *cells):
    """A page of ``(source, what it printed, metadata)``."""
    path = folder / "01_small.ipynb"
    cells = [new_code_cell(s, outputs=printed(text), metadata=m) for s, text, m in cells]
    nbformat.write(new_notebook(cells=cells), path)
    return pages.Page(path)


# --- the command ---------------------------------------------------------------------------------------------


def test_the_help_lists_every_study_and_imports_none():
    code = "import sys; from tests.studies.__main__ import main\ntry:\n    main(['--help'])\n"
    code += "finally:\n    print(*{'nbformat', 'torch', 'pytest'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, cwd=running.BOOK, capture_output=True, text=True, check=True)
    assert all(f"\n    {name}" in shown.stdout for name in COMMANDS)
    assert shown.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("spreads", "invalid choice: 'spreads'"),
        ("page-memory 99", "there is no page '99': 00 to 19"),
        ("spread --pages seven", "there is no page 'seven'"),
        ("spread threads-3", "there is no setting 'threads-3': threads-1, "),
        ("spread release", "release is not for torch"),
        ("spread --out FILE", "holds no measurements of this study"),
        ("many-runs 24", "'24' is no number from 1 to 23"),
        ("run-times --workers 0", "'0' is no number from 1 to 64"),
        ("launch-each-page --python nowhere", "there is no interpreter 'nowhere'"),
        ("mutation-score --out FOLDER", "is a folder"),
        ("run-times --out FOLDER/none/x", "there is no folder"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_before_the_work(arguments, sentence, tmp_path, capsys):
    (tmp_path / "file").write_text('{"runs": 1}', encoding="utf-8")
    arguments = arguments.replace("FILE", f"{tmp_path}/file").replace("FOLDER", str(tmp_path))
    try:
        status = main(arguments.split())
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_a_study_that_comes_to_no_end_says_why(monkeypatch, capsys):
    fault = running.Verification("no module named xdist", 0.1, [])
    monkeypatch.setattr(running, "run_pytest", lambda *args, **options: fault)
    assert main(["run-times", "06"]) == 1
    assert capsys.readouterr().err == "pytest ended early:\nno module named xdist\n"


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m tests.studies spread | true"
    done = subprocess.run(command, shell=True, cwd=running.BOOK, capture_output=True, check=False)
    assert done.stderr == b""


@pytest.mark.slow
def test_a_kernel_ends_with_its_page(tmp_path):
    page = small_page(tmp_path, ("1 / 0", "", {}))
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(BookError, match="ZeroDivisionError"):
        running.execute(running.client(page.notebook, tmp_path))
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.slow
def test_ctrl_c_ends_a_page(tmp_path):
    source = "open('started', 'w').close()\nimport time\ntime.sleep(60)"
    page = small_page(tmp_path, (source, "", {}))
    code = f"""from pathlib import Path
from helpers.pages import Page
from tests.studies import running
page = Page(Path({str(page.path)!r}))
running.execute(running.client(page.notebook, page.path.parent))"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=running.BOOK, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (tmp_path / "started").exists():
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1].endswith("KeyboardInterrupt\n")


# --- spread --------------------------------------------------------------------------------------------------


def picture(level, at=20):
    """A gray ground with a black column at one place and a square of a level of gray."""
    drawn = Image.new("RGB", (60, 40), (200, 200, 200))
    drawn.paste((0, 0, 0), (at, 0, at + 2, 40))
    drawn.paste((level,) * 3, (40, 10, 55, 30))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    png = base64.b64encode(out.getvalue()).decode()
    return [new_output("display_data", {"image/png": png, "text/plain": "a square"})]


def test_the_committed_tolerances_obey_the_rules(today):
    assert not list(spread.faults(today))


def test_what_an_earlier_release_shows_in_another_way_is_listed_no_more_and_no_less(today):
    listed = [(row["page"], row["release"]) for row in today["cells"] if row["release"]]
    assert listed == [(page, why) for page, _, why in spread.OF_THE_RELEASE]
    kinds = {name: run["kind"] for name, run in today["runs"].items()}
    for row in today["cells"]:
        shown = [need for name, need in row["needed"].items() if need and kinds[name] == "release"]
        assert shown or not row["release"], f"{row['page']}, cell {row['cell']} is the same"


def test_the_committed_data_have_every_tolerance_and_claim_no_page_that_was_changed_since(today):
    stored = json.loads(spread.DATA.read_text(encoding="utf-8"))
    kept, wanted = (
        {(e["page"], e["source"]): e["tolerance"] for e in measured["cells"] if e["tolerance"]}
        for measured in (stored, today)
    )
    renewed = f"run: python -m tests.studies spread --out {spread.DATA.relative_to(running.BOOK)}"
    assert (kept, stored["runs"]) == (wanted, today["runs"]), renewed
    assert len(kept) > 5


def test_a_changed_cell_takes_its_page_out_of_the_runs_that_measured_it(tmp_path):
    path = tmp_path / "spread.json"
    stored = json.loads(spread.DATA.read_text(encoding="utf-8"))
    old = next(e for e in stored["cells"] if e["training"] and len(e["needed"]) > 1)
    old["source"] = "changed since"
    for run in stored["runs"].values():
        run["pages"] = sorted({*run["pages"], old["page"], "02_autograd"})
    path.write_text(json.dumps(stored), encoding="utf-8")
    runs = spread.read(path)["runs"]
    for name in old["needed"]:
        assert old["page"] not in runs[name]["pages"] and "02_autograd" in runs[name]["pages"]


def entry(tolerance, training=False, **needed):
    row = {"page": "01_made_up", "cell": 3, "release": ""}
    return row | {"tolerance": tolerance, "training": training, "needed": needed}


RUNS = {name: {"kind": setting.kind} for name, setting in spread.SETTINGS.items()}
RUNS["older"] = {"kind": "release"}
ONCE = {name: {"atol": 1.0} for name in RUNS if RUNS[name]["kind"] != "seed"}
SEEDS = {name: {"atol": 3.0} for name in RUNS if RUNS[name]["kind"] == "seed"}
GOOD = [
    entry({"atol": 5.0}, **ONCE),
    entry({"atol": 3.0}, training=True, **ONCE, **SEEDS),
    entry({}, avx2={"rtol": 1e-5, "shift": 1}),
]


def faults(cells):
    made_up = {"runs": RUNS, "cells": cells}
    return [*spread.faults(made_up), *spread.unmeasured(made_up)]


def test_good_tolerances_are_accepted():
    assert not faults(GOOD)


@pytest.mark.parametrize(
    ("cell", "tolerance", "needed", "fault"),
    [
        (0, {"atol": 5.1}, {}, "atol 5.1 is more than 5 x 1"),
        (0, {"shift": 2}, {}, "shift 2 is more than 5 x 0"),
        (1, {"atol": 3.1}, {}, "atol 3.1 is wider than other seeds need, 3"),
        (0, {}, {"avx2": {"atol": 5.2}}, "avx2 needs atol 5.2, allowed is 5"),
        (2, {}, {"older": {"rtol": 1e-3}}, "older needs rtol 0.001, allowed is 0.0001"),
        (2, {}, {"older": {"differs": "line 1"}}, "differs with older: line 1"),
        (0, {}, {"sse": None}, "not measured with sse"),
        (0, {}, {"older": None}, "measured with 1 other releases, not 2"),
        (1, {}, {"seed-4": None}, "measured with 9 other seeds, not 10"),
    ],
)
def test_bad_tolerances_are_named(cell, tolerance, needed, fault):
    cells = deepcopy(GOOD)
    cells[cell]["tolerance"] |= tolerance
    needs = cells[cell]["needed"] | needed
    cells[cell]["needed"] = {name: need for name, need in needs.items() if need is not None}
    assert f"01_made_up, cell 3: {fault}" in faults(cells)


def test_a_listed_cell_may_differ_with_a_release_and_with_nothing_else():
    listed = entry({}, older={"differs": "line 1"}) | {"release": "another message"}
    assert not faults([listed])
    (fault,) = faults([listed | {"needed": {"avx2": {"differs": "line 1"}}}])
    assert fault == "01_made_up, cell 3: differs with avx2: line 1"


@pytest.mark.parametrize(
    ("stored", "new", "policy", "needed"),
    [
        (printed("loss 2.00"), printed("loss 2.00"), Policy(), {}),
        (printed("loss 2.00"), printed("loss 2.01"), Policy(), {"rtol": 0.005}),
        (printed("2 s, 50.0 %"), printed("3 s, 51.0 %"), Policy(timing=True), {"rtol": 0.02}),
        (printed("50.0 %"), printed("51.5 %"), Policy(atol=4, rtol=0), {"atol": 1.5}),
        (picture(100), picture(120), Policy(), {"color": 20, "shift": 25}),
        (picture(100), picture(104), Policy(), {"color": 4}),
        (picture(100), picture(100, at=23), Policy(shift=8), {"shift": 3}),
        (picture(100), picture(150), Policy(picture="form"), {}),
    ],
)
def test_what_is_needed_is_measured(stored, new, policy, needed):
    measured = spread.needed(stored, new, policy)
    assert measured.keys() == needed.keys()
    for name, value in measured.items():
        assert needed[name] <= value <= 1.13 * needed[name]


def test_what_no_tolerance_helps_is_said():
    words = spread.needed(printed("yes"), printed("no"), Policy(atol=4))
    assert words == {"differs": "line 1: expected 'yes', got 'no'"}
    count = spread.needed(printed("7 right"), printed("8 right"), Policy(atol=4))
    assert "whole" in count["differs"]


def test_each_tolerance_of_training_follows_from_a_seed_that_is_changed():
    for page in pages.all_pages():
        if any(row["training"] for row in spread.entries(page)):
            sources = [cell.source for cell in page.code_cells]
            assert [spread.with_seed(source, 3) for source in sources] != sources
    assert spread.with_seed("manual_seed(0); f(seed=7)", 3) == "manual_seed(3); f(seed=10)"


@pytest.mark.slow
def test_a_page_runs_under_a_setting_and_nothing_is_written(tmp_path):
    threads = "import os\nprint(os.environ['OMP_NUM_THREADS'], 'threads')"
    seeded = "def f(seed):\n    print(seed / 8)\n\n\nf(seed=4)"
    training = {"verify": {"rtol": 0.5, "reason": "training"}}
    cells = (threads, "1 threads\n", {}), (seeded, "0.5\n", training)
    page = small_page(tmp_path, *cells)
    before = page.path.read_bytes()
    assert [need for _, need in spread.measure(page, spread.SETTINGS["threads-1"])] == [{}, {}]
    (row, need), *rest = spread.measure(page, spread.SETTINGS["seed-1"])
    assert row["cell"] == 1 and not rest
    assert 0.25 <= need["rtol"] < 0.3
    assert page.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [page.path]


@pytest.mark.slow
def test_a_page_alone_is_told_of_a_simulated_gpu_whose_convolutions_round(tmp_path):
    source = """import torch
from torch import nn
torch.manual_seed(0)
net, x = nn.Conv2d(1, 1, 3), torch.rand(1, 1, 8, 8)
y = net(x)
device = torch.accelerator.current_accelerator(check_available=True)
rounded = net.to(device)(x)
print(torch.accelerator.is_available(), "torch.accelerator", 1e-5 < (rounded - y).abs().max() < 1e-2)
print(getattr(torch, "accelerator").is_available())"""
    page = small_page(tmp_path, (source, "", {}))
    ((output,),) = spread.run_page(page, spread.SETTINGS["like-a-gpu"])
    assert output["text"] == "True torch.accelerator tensor(True)\nFalse\n"


# --- many runs, run times ------------------------------------------------------------------------------------


def test_a_run_has_the_variables_of_its_conditions(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("IPYTHONDIR", "of the outer run")
    monkeypatch.setenv("HOME", "somewhere")
    plain = many_runs.environment(many_runs.Conditions("", real=False), tmp_path)
    assert plain["CIFAR10_ROOT"] == "stand-in"
    assert plain["HOME"] == "somewhere"
    assert not {"IPYTHONDIR", "PYTEST_XDIST_WORKER"} & set(plain)
    how = {"variables": many_runs.NO_HOME, "user": ("JUPYTER_PATH", "MPLCONFIGDIR")}
    variables = many_runs.environment(many_runs.Conditions("", real=False, **how), tmp_path)
    assert "HOME" not in variables
    assert variables["JUPYTER_PATH"] == str(tmp_path / "kernels")
    assert variables["MPLCONFIGDIR"] == str(tmp_path / ".config/matplotlib")


@pytest.mark.parametrize(("runs", "made"), [("5 14", [5, 14]), ("", list(range(1, 13)))])
def test_runs_are_made_by_number_else_all_and_an_interrupt_keeps_those_before(
    runs, made, tmp_path, monkeypatch
):
    def perform(number, names):
        if number == 13:
            raise KeyboardInterrupt
        row = {"run": number, "conditions": many_runs.RUNS[number - 1].words, "cells": 2}
        return row | {"failed": [], "seconds": 1.0, "left behind": []}

    monkeypatch.setattr(data, "is_real", lambda: True)
    monkeypatch.setattr(many_runs, "perform", perform)
    out = tmp_path / "runs.json"
    assert main(["many-runs", *runs.split(), "--out", str(out)]) == (0 if runs else 130)
    assert [row["run"] for row in json.loads(out.read_text(encoding="utf-8"))] == made


@pytest.mark.slow
def test_time_is_noted_where_it_is_spent(tmp_path, monkeypatch):
    for name in small_book.settings(tmp_path):
        monkeypatch.delenv(name, raising=False)
    notebooks = small_book.make(tmp_path / "book")
    paths = []
    for number, seconds in enumerate((0.5, 0.1)):
        sleep = f"import time\ntime.sleep({seconds})"
        cells = [("sleeps", sleep, ""), ("prints", "print(1)", f"{number + 1}\n")]
        book = small_book.with_outputs(cells)
        paths.append(small_book.write(book, notebooks / f"page_{number}.ipynb"))
    run = run_times.measure(paths, workers=2)
    assert run["failed"] == 1  # the second page has stored a 2
    assert list(run["pages"]) == [path.stem for path in paths]
    assert 0.5 < run["pages"]["page_0"] < run["seconds"]
    assert {cell["cell"] for cell in run["slowest"][:2]} == {"Cell 0"}
    assert "1 cells FAILED" in run_times.table(run)
