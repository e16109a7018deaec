"""The tolerances of the pages against what was measured, and the program that measures it."""

import base64
import io
import json
from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from helpers import pages
from helpers.verification import Policy
from tests.studies import spread

DATA = spread.read(spread.DATA)


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


def picture(level, at=20):
    """A grey ground with a black column at one place and a square of a level of grey."""
    drawn = Image.new("RGB", (60, 40), (200, 200, 200))
    drawn.paste((0, 0, 0), (at, 0, at + 2, 40))
    drawn.paste((level,) * 3, (40, 10, 55, 30))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    png = base64.b64encode(out.getvalue()).decode()
    return [new_output("display_data", {"image/png": png, "text/plain": "a square"})]


def test_the_committed_tolerances_obey_the_rules():
    assert not list(spread.judge(DATA))


def test_the_committed_data_has_every_tolerance_of_the_pages():
    kept = json.loads(spread.DATA.read_text(encoding="utf-8"))["cells"]
    tolerances = [
        {
            (entry["page"], entry["source"]): entry["tolerance"]
            for entry in cells
            if entry["tolerance"]
        }
        for cells in (kept, DATA["cells"])
    ]
    assert tolerances[0] == tolerances[1], (
        "run: python -m tests.studies.spread --out notebooks/records/verification/spread.json"
    )
    assert len(tolerances[0]) > 5


def test_the_committed_runs_claim_no_page_that_was_changed_since():
    kept = json.loads(spread.DATA.read_text(encoding="utf-8"))["runs"]
    assert kept == DATA["runs"], (
        "run: python -m tests.studies.spread --out notebooks/records/verification/spread.json"
    )


def test_a_changed_cell_takes_its_page_out_of_the_runs_that_measured_it(tmp_path):
    path = tmp_path / "spread.json"
    data = json.loads(spread.DATA.read_text(encoding="utf-8"))
    old = next(
        e for e in data["cells"] if e["tolerance"] and e["training"] and len(e["needed"]) > 1
    )
    (name, _), *others = [(n, run) for n, run in data["runs"].items() if n in old["needed"]]
    old["source"] = "changed since"
    for run in data["runs"].values():
        run["pages"] = sorted({*run["pages"], old["page"], "02_autograd"})
    path.write_text(json.dumps(data), encoding="utf-8")
    runs = spread.read(path)["runs"]
    for n in (name, *(n for n, _ in others)):
        assert old["page"] not in runs[n]["pages"] and "02_autograd" in runs[n]["pages"]


def entry(tolerance, training=False, **needed):
    return {
        "page": "01_made_up",
        "cell": 3,
        "tolerance": tolerance,
        "training": training,
        "needed": needed,
    }


KINDS = {name: setting.kind for name, setting in spread.SETTINGS.items() if name != "release"}
RUNS = {
    name: {"kind": kind} for name, kind in {**KINDS, "old": "release", "new": "release"}.items()
}
ONCE = {name: {"atol": 1.0} for name in RUNS if RUNS[name]["kind"] != "seed"}
SEEDS = {name: {"atol": 3.0} for name in RUNS if RUNS[name]["kind"] == "seed"}
GOOD = [
    entry({"atol": 5.0}, **ONCE),
    entry({"atol": 3.0}, training=True, **ONCE, **SEEDS),
    entry({}, avx2={"rtol": 1e-5, "shift": 1}),
]


def test_good_tolerances_are_accepted():
    good = {"runs": RUNS, "cells": GOOD}
    assert not [*spread.judge(good), *spread.unmeasured(good)]


def changed(n, **changes):
    def change(cells):
        cells[n] = cells[n] | changes

    return change


def needs(n, name, need):
    def change(cells):
        cells[n]["needed"][name] = need

    return change


def lacks(n, name):
    def change(cells):
        del cells[n]["needed"][name]

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (changed(0, tolerance={"atol": 5.1}), "atol 5.1 is more than 5 x 1"),
        (changed(0, tolerance={"shift": 2}), "shift 2 is more than 5 x 0"),
        (changed(1, tolerance={"atol": 3.1}), "atol 3.1 is wider than other seeds need, 3"),
        (needs(0, "avx2", {"atol": 5.2}), "avx2 needs atol 5.2, allowed is 5"),
        (needs(2, "old", {"rtol": 1e-3}), "old needs rtol 0.001, allowed is 0.0001"),
        (
            needs(2, "old", {"differs": "line 1: expected 1, got 2"}),
            "differs with old: line 1: expected 1",
        ),
        (lacks(0, "sse"), "not measured with sse"),
        (lacks(0, "old"), "measured with 1 other releases, not 2"),
        (lacks(1, "seed-4"), "measured with 9 other seeds, not 10"),
    ],
)
def test_bad_tolerances_are_named(change, fault):
    cells = deepcopy(GOOD)
    change(cells)
    bad = {"runs": RUNS, "cells": cells}
    faults = [*spread.judge(bad), *spread.unmeasured(bad)]
    assert any(fault in found for found in faults), faults
    assert all(found.startswith("01_made_up, cell 3: ") for found in faults)


@pytest.mark.parametrize(
    ("stored", "new", "policy", "needed"),
    [
        (printed("loss 2.00"), printed("loss 2.00"), Policy(), {}),
        (printed("loss 2.00"), printed("loss 2.01"), Policy(), {"rtol": 0.005}),
        (
            printed("took 2 s, 50.0 %"),
            printed("took 3 s, 51.0 %"),
            Policy(timing=True),
            {"rtol": 0.02},
        ),
        (printed("50.0 %"), printed("51.5 %"), Policy(atol=4, rtol=0), {"atol": 1.5}),
        (picture(100), picture(120), Policy(), {"color": 20, "shift": 25}),
        (picture(100), picture(104), Policy(), {"color": 4}),
        (picture(100), picture(100, at=23), Policy(shift=8), {"shift": 3, "color": 0}),
        (picture(100), picture(200), Policy(picture="form"), {}),
    ],
)
def test_what_is_needed_is_found(stored, new, policy, needed):
    found = spread.needed(stored, new, policy)
    assert set(found) == {name for name, value in needed.items() if value}
    for name, value in found.items():
        assert needed[name] <= value <= 1.13 * needed[name]


def test_what_no_tolerance_helps_is_said():
    words = spread.needed(printed("yes"), printed("no"), Policy(atol=4))
    assert words == {"differs": "line 1: expected 'yes', got 'no'"}
    count = spread.needed(printed("7 right"), printed("8 right"), Policy(atol=4))
    assert "whole" in count["differs"]


def test_each_band_of_training_follows_from_a_seed_that_is_changed():
    for page in pages.all_pages():
        if any(known["training"] for known in spread.entries(page)):
            sources = [cell.source for cell in page.code_cells]
            assert [spread.with_seed(source, 3) for source in sources] != sources
    assert spread.with_seed("manual_seed(0); f(seed=7)", 3) == "manual_seed(3); f(seed=10)"


def test_a_page_runs_under_a_setting_and_nothing_is_written(tmp_path):
    path = tmp_path / "01_small.ipynb"
    band = {"verify": {"rtol": 0.5, "reason": "training"}}
    cells = [
        new_markdown_cell("# Small"),
        new_code_cell("import os\nprint(os.environ['OMP_NUM_THREADS'], 'threads')"),
        new_code_cell("def f(seed):\n    print(seed / 8)\n\n\nf(seed=4)", metadata=band),
    ]
    for cell, text in zip(cells[1:], ("1 threads\n", "0.5\n"), strict=True):
        cell.outputs = printed(text)
    nbformat.write(new_notebook(cells=cells), path)
    before = path.read_bytes()
    page = pages.Page(path)
    threads = spread.Setting("threads", {"OMP_NUM_THREADS": "1"})
    assert [need for _, need in spread.measure(page, threads)] == [{}, {}]
    other = list(spread.measure(page, spread.Setting("seed", seed=1)))
    assert [known["cell"] for known, _ in other] == [1]
    assert 0.25 <= other[0][1]["rtol"] < 0.3
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
