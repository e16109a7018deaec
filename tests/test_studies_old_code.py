"""The study of other people's code: its list, its counts, and its small world."""

import csv
import json
import shutil

import pytest

from helpers.notes.old_calls import OLD_CALLS
from tests.studies import old_code
from tests.studies.__main__ import main
from tests.studies.running import BOOK

EXAMPLE = BOOK / "helpers/notes/example_2017.py"
OLD = "import torch.nn.functional as F\nfrom torch.autograd import Variable\n\nF.upsample(x)\nVariable(x).volatile\n"


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """A folder with one collection of one file, and a list of its places."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.py").write_text(OLD, encoding="utf-8")
    rows = [
        ("collection", "file", "cell", "line", "what", "row"),
        ("mine", "a.py", "", 4, "upsample", "upsample"),
        ("mine", "a.py", "", 5, "volatile attribute", "nothing|volatile-attribute"),
        ("mine", "a.py", "", 5, "what no row says", ""),
    ]
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    monkeypatch.setattr(old_code, "BREAKS", tmp_path / "list.csv")
    return tmp_path


def test_the_list_names_rows_of_the_table():
    rows = {row for place in old_code.breaks() for row in place.row.split("|")} - {""}
    assert rows <= {call.name for call in OLD_CALLS}
    assert len(old_code.breaks()) == len(set(old_code.breaks())) > 300


def test_a_place_counts_if_its_own_row_is_named_there(collection):
    found = old_code.named(collection, [])
    text, part = old_code.share(old_code.by_collection(found), found)
    assert part == pytest.approx(2 / 3)
    assert "| mine | 3 | 2 | 2 | not run | 0 |" in text
    assert "mine/a.py, line 5: what no row says" in text


def test_too_small_a_share_fails(collection, capsys):
    out = collection / "record.json"
    assert main(["old-code", "--breaks", str(collection), "--out", str(out)]) == 1
    assert "66.7% are named" in capsys.readouterr().out
    (row,) = json.loads(out.read_text(encoding="utf-8"))["collections"]
    assert (row["places"], row["named"], row["for certain"], row["ruff"]) == (3, 2, 2, 0)
    assert "TorchFix" not in row  # it was not run


def test_a_folder_is_counted(collection, capsys):
    assert main(["old-code", str(collection / "mine")]) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert head == "| folder | files | unread | fail | warn | differ | if | TorchFix | ruff |"
    assert row == "| mine | 1 | 0 | 0 | 2 | 0 | 0 | not run | 0 |"


@pytest.mark.slow
def test_the_example_fails_in_the_small_world_and_runs_after_it_is_rewritten(tmp_path):
    (tmp_path / "mine").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "mine/a.py")
    *_, before, after = old_code.runs([tmp_path / "mine"])
    assert before == "1 short scripts that train as they are: 0 runs, 0 warns, 1 fails"
    assert after == "1 short scripts that train after --fix: 0 runs, 1 warns, 0 fails"
