"""python -m helpers.notes: what it prints, what it writes, its exit status, and what it says of misuse."""

import json
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.notes import __main__ as command
from helpers.notes.old_code import reader
from tests.support.old_rows import TABLE

BOOK = Path(__file__).resolve().parents[2]
OLD = "import torch.nn.functional as F\nprint(F.softmax(x))\n"
NEW = OLD.replace("(x)", "(x, dim=1)")


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    """A dozen rows of the tests' own, whatever the book's table says."""
    monkeypatch.setattr(reader, "table", lambda: TABLE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    status = command.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_help_comes_at_once_and_imports_no_torch():
    code = "import sys\nfrom helpers.notes.__main__ import main\ntry: main(['--help'])\n"
    code += "finally: print(*{'torch', 'numpy', 'nbformat'} & set(sys.modules))"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BOOK, capture_output=True, text=True, check=True
    )
    assert time.perf_counter() - start < 5  # a loaded machine; alone it takes 0.1 s
    assert "exit status: 0 nothing found, 1 old calls found" in done.stdout
    assert done.stdout.splitlines()[-1] == ""


def test_reading_needs_no_torch_either():
    code = "import sys\nfrom helpers.notes.__main__ import main\nmain(['helpers/notes/example_2017.py'])\n"
    code += "assert not {'torch', 'numpy', 'nbformat'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=BOOK, capture_output=True, check=True)


def test_a_copy_is_written_where_no_package_is_installed(tmp_path):
    (tmp_path / "a.py").write_text("print loss.data[0]\nx.cuda(async=True)\n")
    command = [sys.executable, "-S", "-m", "helpers.notes", "--fix", str(tmp_path / "a.py")]
    done = subprocess.run(command, cwd=BOOK, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "With --fix" not in done.stdout
    mended = (tmp_path / "a.today.py").read_text()
    assert mended == "print(loss.item())\nx.cuda(non_blocking=True)\n"


def test_a_finding_is_told_with_line_today_s_call_reason_and_page(folder, capsys):
    (folder / "a.py").write_text(OLD)
    status, out, err = run(capsys, "a.py")
    assert (status, err) == (1, "")
    lines = [line.strip() for line in out.splitlines()]
    assert lines[:4] == [
        "a.py",
        "line 2: F.softmax(x)",
        "today warns: IndexError: no more",
        "write F.softmax(x, dim=1)",
    ]
    assert "why   Times change." in lines
    assert any(line.startswith("more  ") and "statement C05" in line for line in lines)
    assert lines[-2] == "1 file read: 1 old call in 1 file: 1 that warn."
    assert lines[-1].startswith("With --fix, a copy is written")


def test_the_second_of_a_kind_is_told_in_short(folder, capsys):
    (folder / "a.py").write_text(OLD + "F.softmax(y)\n")
    _, out, _ = run(capsys, "a.py")
    assert out.count("Times change.") == 1
    assert "line 3: F.softmax(y)" in out
    assert "write F.softmax(y, dim=1)" in out


def test_a_condition_is_told_as_one(folder, capsys):
    (folder / "a.py").write_text(
        "from torch.autograd import Variable\nv = Variable(x)\nv = Variable(y)\ng(x).data[0]\n"
    )
    status, out, _ = run(capsys, "a.py")
    assert status == 1
    assert "today if loss is a tensor without dimensions: fails: IndexError: no more" in out
    assert "1 old call in 1 file: 1 under a condition." in out


def test_nothing_found_is_said_in_one_line(folder, capsys):
    (folder / "a.py").write_text(NEW)
    assert run(capsys, "a.py") == (0, "1 file read: no old calls.\n", "")


def test_what_was_seen_is_said_and_is_no_old_call(folder, capsys):
    (folder / "a.py").write_text("print 'a'\n%matplotlib inline\n")
    status, out, _ = run(capsys, "a.py")
    assert status == 0
    assert "  seen: Python 2 print, line 1\n  seen: IPython command, line 2\n" in out


def test_what_still_runs_is_told_if_asked_for(folder, capsys):
    (folder / "a.py").write_text("from torch.autograd import Variable\nv = Variable(x)\n")
    assert run(capsys, "a.py")[0] == 0
    status, out, _ = run(capsys, "--all", "a.py")
    assert status == 1
    assert "today still runs" in out


def test_json_has_all_of_it(folder, capsys):
    (folder / "a.py").write_text(OLD)
    notebook = new_notebook(
        cells=[new_code_cell("x = 1"), new_code_cell("%pylab\nmy_loss.data[0]")]
    )
    nbformat.write(notebook, folder / "b.ipynb")
    status, out, err = run(capsys, "--json", "a.py", "b.ipynb", "none.py")
    assert (status, err) == (2, "There is no file none.py.\n")
    data = json.loads(out)
    assert data["errors"] == ["There is no file none.py."]
    first, second = data["files"]
    assert first["path"] == "a.py"
    (finding,) = first["findings"]
    assert finding == {
        "call": "softmax",
        "cell": None,
        "line": 2,
        "column": 7,
        "code": "F.softmax(x)",
        "today": "warns",
        "message": "IndexError: no more",
        "certain": True,
        "if": "",
        "why": "Times change.",
        "example": {
            "old": "torch.nn.functional.softmax($x)",
            "new": "torch.nn.functional.softmax($x, dim=1)",
        },
        "write": "F.softmax(x, dim=1)",
        "where": finding["where"],
    }
    assert second["seen"] == ["IPython command, cell 2, line 1"]
    assert [(f["cell"], f["line"], f["write"]) for f in second["findings"]] == [
        (2, 2, "my_loss.item()")
    ]


# --- copies


def test_fix_writes_a_copy_beside_the_file_and_leaves_the_file(folder, capsys):
    (folder / "a.py").write_text(OLD)
    status, out, _ = run(capsys, "--fix", "a.py")
    assert status == 1
    assert (folder / "a.py").read_text() == OLD
    assert (folder / "a.today.py").read_text() == NEW
    assert "written: a.today.py, with 1 call rewritten" in out
    assert run(capsys, "a.today.py")[0] == 0


def test_fix_says_what_is_left_to_do(folder, capsys):
    (folder / "a.py").write_text(
        OLD + "from torch.autograd import Variable\nVariable(x)\ng(x).data[0]\n"
    )
    _, out, _ = run(capsys, "--fix", "a.py")
    assert "left to you: data-0 (line 5)" in out


def test_fix_writes_nothing_where_there_is_nothing_to_rewrite(folder, capsys):
    (folder / "a.py").write_text(NEW)
    assert run(capsys, "--fix", "a.py")[0] == 0
    assert [path.name for path in folder.iterdir()] == ["a.py"]


def test_fix_turns_python_2_into_python_3(folder, capsys):
    (folder / "a.py").write_text("print 'a', `b`\n")
    status, out, _ = run(capsys, "--fix", "a.py")
    assert status == 0
    assert (folder / "a.today.py").read_text() == "print('a', repr(b))\n"
    assert "rewritten too: Python 2 print, line 1" in out


def test_copies_of_a_folder_keep_their_places(folder, capsys):
    (folder / "old/in").mkdir(parents=True)
    (folder / "old/a.py").write_text(OLD)
    (folder / "old/in/a.py").write_text(OLD)
    nbformat.write(new_notebook(cells=[new_code_cell(OLD)]), folder / "old/in/b.ipynb")
    assert run(capsys, "--fix", "--out", "new", "old")[0] == 1
    assert sorted(p.relative_to("new").as_posix() for p in Path("new").rglob("*.*")) == [
        "a.py",
        "in/a.py",
        "in/b.ipynb",
    ]
    assert run(capsys, "new")[0] == 0


def test_copies_are_not_read_again_with_their_folder(folder, capsys):
    (folder / "a.py").write_text(OLD)
    for _ in range(2):
        _, out, _ = run(capsys, "--fix", ".")
        assert out.splitlines()[-1].startswith("1 file read: ")
    assert sorted(path.name for path in folder.iterdir()) == ["a.py", "a.today.py"]


def test_no_copy_is_written_over_a_file_that_is_read(folder, capsys):
    (folder / "a.py").write_text(OLD)
    status, _, err = run(capsys, "--fix", "--out", ".", "a.py")
    assert status == 2
    assert err == "a.py is itself to be read: its copy is not written over it.\n"
    (folder / "a.today.py").write_text(OLD)
    status, _, err = run(capsys, "--fix", "a.py", "a.today.py")
    assert "a.today.py is itself to be read" in err
    assert (folder / "a.py").read_text() == (folder / "a.today.py").read_text() == OLD


def test_two_files_of_one_name_are_not_written_over_each_other(folder, capsys):
    for name in ("x", "y"):
        (folder / name).mkdir()
        (folder / name / "a.py").write_text(f"{OLD}'{name}'\n")
    status, _, err = run(capsys, "--fix", "--out", "new", "x/a.py", "y/a.py")
    assert status == 2
    assert "new/a.py is already the copy of x/a.py: y/a.py is not written over it." in err
    assert Path("new/a.py").read_text().endswith("'x'\n")


# --- misuse


@pytest.mark.parametrize(
    ("make", "arguments", "sentence"),
    [
        (None, ["none.py"], "There is no file none.py."),
        ("a.txt", ["a.txt"], "a.txt is neither .py nor .ipynb."),
        ("d/a.txt", ["d"], "There is no .py or .ipynb file in d."),
        ("a.ipynb", ["a.ipynb"], "a.ipynb is not a notebook: it has no cells in JSON."),
    ],
)
def test_misuse_is_said_in_one_sentence(make, arguments, sentence, folder, capsys):
    if make:
        (folder / make).parent.mkdir(exist_ok=True)
        (folder / make).write_text("Dear reader")
    status, out, err = run(capsys, *arguments)
    assert (status, out, err) == (2, "", f"{sentence}\n")


def test_a_binary_file_is_refused_and_the_others_are_read(folder, capsys):
    (folder / "a.py").write_bytes(b"\x7fELF\0\0")
    (folder / "b.py").write_text(OLD)
    status, out, err = run(capsys, "a.py", "b.py")
    assert status == 2
    assert "b.py\n  line 2" in out
    assert err == "a.py is not text.\n"


def test_out_without_fix_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--out", "x", "a.py"])
    assert ended.value.code == 2
    assert "--out is for the copies that --fix writes" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(folder, capsys):
    (folder / "a.py").write_text(OLD)
    (folder / "a.today.py").mkdir()
    status, _, err = run(capsys, "--fix", "a.py")
    assert (status, err) == (2, "a.today.py is a folder: name a file in it.\n")
    (folder / "file").write_text("")
    status, _, err = run(capsys, "--fix", "--out", "file/x", "a.py")
    assert status == 2
    assert err.startswith("file/x cannot be made")


def test_hidden_folders_and_installed_packages_are_left_out(folder, capsys):
    for name in (
        ".git/a.py",
        "venv/lib/site-packages/a.py",
        "src/.ipynb_checkpoints/a.py",
        "src/b.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(OLD)
    _, out, _ = run(capsys, ".")
    assert "\n1 file read" in out


# --- the example of the page


def test_the_example_runs_again_once_it_is_rewritten(folder, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.chdir(BOOK)
    assert run(capsys, "--fix", "--out", folder, "helpers/notes/example_2017.py")[0] == 1
    environment = {"PYTHONWARNINGS": "default", "PATH": "/usr/bin:/bin"}
    old = [sys.executable, "helpers/notes/example_2017.py"]
    done = subprocess.run(old, capture_output=True, text=True, check=False, env=environment)
    assert "TypeError" in done.stderr
    new = [sys.executable, folder / "example_2017.py"]
    done = subprocess.run(new, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("epoch 0, loss 2.")
