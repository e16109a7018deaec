"""Pages made anew: what is kept, what is shown, which of two edited files is taken, and that nothing is lost."""

import contextlib
import errno
import io
import os
import signal
import subprocess
import sys
import time
import types
from itertools import count
from pathlib import Path

import nbformat
import pytest

import helpers
from helpers import pages
from helpers.book import pairs as twins
from helpers.book import update
from tests.support import small_book

TEXT = '''# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,claims,verify,jupyter
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A page
#
# **Time**: 1 min to read, 7 s to run (another machine).

# %% [markdown]
# ## Clock

# %% verify={"reason": "a duration", "timing": true}
print(f"{clock()} ms")

# %% [markdown]
# ## Training

# %% verify={"atol": 5, "reason": "training", "rtol": 0}
print("accuracy", loss())

# %% [markdown]
# ## Constant

# %%
n = 3
print("n", n)

# %%
print("twice", 2 * n)

# %%
print("words")

# %% [markdown]
# ## Clock again

# %% verify={"reason": "a duration", "timing": true}
print(f"{clock()} ms")
'''  # fmt: skip
CELLS = ["Clock", "Training", "Constant", "Constant", "Constant", "Clock again"]


@pytest.fixture
def outside(monkeypatch):
    """Cells run in this process; names that they find beside their own: a clock and a training never alike."""
    ticks = count(1)
    names = {"clock": lambda: next(ticks), "loss": lambda: 50 + next(ticks) / 100}

    def run(notebook, folder, allow_errors=False):
        own = dict(names)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, 1):
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(cell.source, own)
            cell.execution_count = number
            text = printed.getvalue()
            cell.outputs = (
                [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
            )

    monkeypatch.setattr(update, "run", run)
    return names


class Pair:
    """The two files of a page."""

    def __init__(self, folder):
        self.py, self.ipynb = folder / "01_page.py", folder / "01_page.ipynb"

    @property
    def content(self):
        return {path.name: path.read_bytes() for path in self.py.parent.iterdir()}

    @property
    def printed(self):
        """What each code cell printed, as stored."""
        book = nbformat.read(self.ipynb, as_version=4)
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        return ["".join(output.text for output in cell.outputs).strip() for cell in code]

    def edit(self, side, old, new):
        """Edit the source in one of the files, as an editor or JupyterLab would."""
        if side == "py":
            text = self.py.read_text(encoding="utf-8")
            assert text.count(old) == 1
            self.py.write_text(text.replace(old, new), encoding="utf-8")
        else:
            book = nbformat.read(self.ipynb, as_version=4)
            (cell,) = [cell for cell in book.cells if old in cell.source]
            cell.source = cell.source.replace(old, new)
            nbformat.write(book, self.ipynb)  # another layout of the file than ours

    def update(self, **options):
        return update.update(self.ipynb, **options)


@pytest.fixture
def pair(tmp_path, outside):
    pair = Pair(tmp_path)
    pair.py.write_text(TEXT, encoding="utf-8")
    done = pair.update()
    assert done.written == [
        "01_page.py",
        "01_page.ipynb",
    ]  # the line with the time, and the outputs
    return pair


@pytest.fixture(params=["py", "ipynb"])
def side(request):
    return request.param


# --- what is kept, and what is shown


def test_twice_in_a_row_changes_nothing(pair):
    before = pair.content
    done = pair.update()
    assert (done.written, done.changes, done.side) == ([], [], "")
    assert pair.content == before
    assert pair.printed[0] == "1 ms"  # of the first run; the clock has gone on


def test_a_changed_constant_changes_its_cells_and_shows_them(pair, side):
    before = pair.printed
    pair.edit(side, "n = 3", "n = 4")
    done = pair.update()
    assert done.side == side
    now = pair.printed
    assert now[2:4] == ["n 4", "twice 8"]
    assert [n for n in range(6) if now[n] != before[n]] == [1, 2, 3, 5]
    assert [(change.cell, change.heading) for change in done.changes] == [
        (n, CELLS[n]) for n in (1, 2, 3, 5)
    ]
    shown = "\n".join(update.report("01_page", done))
    for line in (
        "cell 3 (In [4]), under 'Constant'",
        "-twice 6",
        "+twice 8",
        f"edited in .{side}",
    ):
        assert line in shown
    assert pair.update().written == []
    assert twins.cells(nbformat.read(pair.ipynb, as_version=4)) == twins.cells(
        twins.jupytext.read(pair.py)
    )


def test_what_another_release_computes_is_taken_and_timings_are_kept(pair, outside):
    before = pair.printed
    outside["loss"] = lambda: 70
    done = pair.update()
    assert [change.cell for change in done.changes] == [1]
    assert pair.printed == [before[0], "accuracy 70", *before[2:]]
    assert done.written == ["01_page.ipynb"]


def test_results_of_training_come_from_one_run(pair, outside):
    """One output has left its tolerance: those within it are taken anew as well."""
    pair.edit("py", 'print("words")', 'print("words", word, loss())')
    pair.edit("py", "n = 3", 'n, word = 3, "one"')
    outside["word"] = "one"
    pair.update()
    before = pair.printed
    outside["loss"] = lambda: 52
    assert pair.update().changes[0].differences[0].text.startswith("expected 50.")
    assert pair.printed[1] == "accuracy 52" != before[1]


def test_prose_edited_leaves_the_outputs(pair, side):
    before = pair.printed
    pair.edit(side, "## Constant", "## A constant")
    done = pair.update()
    assert (done.changes, pair.printed) == ([], before)
    assert "## A constant" in pair.py.read_text(encoding="utf-8")
    assert "outputs as before; wrote 01_page" in next(update.report("01_page", done))


def test_a_new_cell_leaves_the_others_outputs(pair, side):
    pair.edit(side, 'print("words")', 'print("words")\n\n# %%\nprint("more")')
    if side == "ipynb":
        pair.edit(side, "\n\n# %%\n", "\n")
    before = pair.printed
    done = pair.update()
    assert len(pair.printed) == len(before) + (side == "py")
    assert pair.printed[2:4] == before[2:4]
    assert "more" in "".join(pair.printed)
    assert any("+more" in line for line in update.report("01_page", done))
    book = nbformat.read(pair.ipynb, as_version=4)
    counts = [cell.execution_count for cell in book.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_fresh_keeps_nothing(pair):
    before = pair.printed
    done = pair.update(fresh=True)
    assert [n for n in range(6) if pair.printed[n] != before[n]] == [0, 1, 5]
    assert [change.cell for change in done.changes] == [0, 1, 5]


def test_what_jupyterlab_leaves_in_the_file_is_taken_out(pair):
    before = pair.content
    book = nbformat.read(pair.ipynb, as_version=4)
    book.metadata.language_info.version = "3.99"
    book.metadata.kernelspec.name = "my-own"
    for cell in book.cells:
        cell.metadata["execution"] = {"iopub.status.idle": "2026-01-01T00:00:00Z"}
        cell.id += "-x"
    nbformat.write(book, pair.ipynb)
    assert pair.update().written == ["01_page.ipynb"]
    assert pair.content == before


def test_the_run_time_stays_unless_outputs_change_and_it_does(pair, monkeypatch):
    book = nbformat.read(pair.ipynb, as_version=4)
    book.metadata.book.update(seconds=1000.0, machine="another machine")
    nbformat.write(book, pair.ipynb)
    pair.update()
    assert pages.Page(pair.ipynb).seconds == 1000.0
    assert "1000 s to run (another machine)" in pair.py.read_text(encoding="utf-8")
    pair.edit("py", "n = 3", "n = 4")
    pair.update()
    assert pages.Page(pair.ipynb).seconds < 10
    assert "another machine" not in pair.py.read_text(encoding="utf-8")


# --- a dry run


def test_a_dry_run_finds_nothing_and_writes_nothing(pair, command):
    before = pair.content
    status, printed = command("--dry-run")
    assert status == 0
    assert printed.endswith(
        "All: 6 cells, 1 within their tolerance, 0 changed. Nothing was written.\n"
    )
    assert pair.content == before


def test_a_dry_run_tells_what_another_release_changes(pair, outside, command, monkeypatch):
    monkeypatch.setattr(update, "installed", lambda package: "9.9.9")
    outside["loss"] = lambda: 70.5
    before = pair.content
    status, printed = command("--dry-run", "01")
    assert status == 1
    for line in ("With torch 9.9.9; the pages were made with", "s; 6 cells, 0 within their tolerance, 1 changed",
                 "  cell 1 (In [2]), under 'Training'", "20.5 apart, allowed 5", "+accuracy 70.5",
                 "All: 6 cells, 0 within their tolerance, 1 changed. Nothing was written."):  # fmt: skip
        assert line in printed
    assert pair.content == before


def test_a_dry_run_goes_on_after_a_page_that_cannot_be_compared(pair, command):
    pair.py.with_name("00_new.py").write_text(TEXT, encoding="utf-8")
    status, printed = command("--dry-run")
    assert status == 1
    assert "00_new: could not be compared: 00_new.ipynb is missing" in printed
    assert "1 changed" not in printed.replace("pages that could not be compared: 1", "")
    assert "01_page: " in printed


def test_a_dry_run_keeps_or_is_fresh(command, capsys):
    with pytest.raises(SystemExit):
        command("--dry-run", "--fresh")


# --- which file was edited


def newest(path):
    """Make a file the newest, as a checkout may."""
    os.utime(path, (time.time() + 1000, time.time() + 1000))


@pytest.mark.parametrize("newer", ["py", "ipynb"])
def test_the_edited_file_is_taken_whatever_the_times_say(pair, side, newer):
    pair.edit(side, '"words"', '"new words"')
    newest(getattr(pair, newer))
    assert pair.update().side == side
    assert pair.printed[4] == "new words"
    assert 'print("new words")' in pair.py.read_text(encoding="utf-8")


def test_both_edited_is_said_and_nothing_is_run_or_written(pair, monkeypatch):
    pair.edit("py", "n = 3", "n = 4")
    pair.edit("ipynb", "n = 3", "n = 5")
    before = pair.content
    monkeypatch.setattr(update, "run", lambda *_: pytest.fail("it was run"))
    with pytest.raises(update.NotUpdatedError) as refused:
        pair.update()
    for words in ("both files were edited", "after 2 code cells, under 'Constant'", ".py     n = 4",
                  ".ipynb  n = 5", "helpers.book.update 01 --from py", "--from ipynb"):  # fmt: skip
        assert words in str(refused.value)
    assert pair.content == before


def test_both_edited_in_different_cells_is_said_too(pair):
    pair.edit("py", "n = 3", "n = 4")
    pair.edit("ipynb", '"words"', '"new words"')
    with pytest.raises(update.NotUpdatedError, match="both files were edited"):
        pair.update()


def test_a_conflict_ends_as_the_user_says(pair, side):
    pair.edit("py", "n = 3", "n = 4")
    pair.edit("ipynb", "n = 3", "n = 5")
    pair.update(side=side)
    n = {"py": 4, "ipynb": 5}[side]
    assert pair.printed[2:4] == [f"n {n}", f"twice {2 * n}"]
    assert f"n = {n}\n" in pair.py.read_text(encoding="utf-8")
    assert pair.update().written == []


def test_both_edited_alike_agree(pair):
    """As JupyterLab's own pairing does it; what the cells were when they last ran is not known then."""
    for side in ("py", "ipynb"):
        pair.edit(side, "n = 3", "n = 4")
    done = pair.update()
    assert done.side == ""
    assert pair.printed[2:4] == ["n 4", "twice 8"]
    assert [change.cell for change in done.changes] == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("name", ["tags", "verify"])
def test_metadata_edited_in_the_notebook_is_taken(pair, name):
    book = nbformat.read(pair.ipynb, as_version=4)
    value = {"tags": ["raises-exception"], "verify": {"atol": 1, "reason": "a test"}}[name]
    book.cells[-1].metadata[name] = value
    nbformat.write(book, pair.ipynb)
    assert pair.update().side == "ipynb"
    assert twins.jupytext.read(pair.py).cells[-1].metadata[name] == value


def test_a_missing_file_is_made(pair, side):
    before = pair.content
    getattr(pair, side).unlink()
    pair.update()
    assert pair.content.keys() == before.keys()
    text = pair.py.read_text(encoding="utf-8")
    assert (
        twins.cells(twins.jupytext.reads(text, "py:percent"))[1:]
        == twins.cells(twins.jupytext.reads(TEXT, "py:percent"))[1:]
    )
    assert pair.update().written == []


def test_a_notebook_with_the_marks_of_a_merge(pair):
    text = pair.ipynb.read_text(encoding="utf-8")
    pair.ipynb.write_text(text.replace("}", "<<<<<<< ours\n}", 1), encoding="utf-8")
    with pytest.raises(update.NotUpdatedError, match=r"no notebook that can be read.*--from py"):
        pair.update()
    with pytest.raises(update.NotUpdatedError, match="cannot be read"):
        pair.update(side="ipynb")
    pair.update(side="py")
    assert pair.printed[2] == "n 3"


# --- nothing is lost


def fails(notebook, folder):
    raise update.NotUpdatedError("cell 2 failed")


def interrupted(notebook, folder):
    raise KeyboardInterrupt


@pytest.mark.parametrize("run", [fails, interrupted])
def test_a_run_that_ends_early_leaves_both_files(pair, side, run, monkeypatch):
    pair.edit(side, "n = 3", "n = 4")
    before = pair.content
    monkeypatch.setattr(update, "run", run)
    with pytest.raises((update.NotUpdatedError, KeyboardInterrupt)):
        pair.update()
    assert pair.content == before


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left")])
@pytest.mark.parametrize("last", ["01_page.py", "01_page.ipynb"])
def test_both_files_are_written_or_neither(pair, last, fault, monkeypatch):
    pair.edit("ipynb", "n = 3", "n = 4")
    before = pair.content
    replace = Path.replace

    def stops(self, target):
        if Path(target).name == last:
            raise fault
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stops)
    with pytest.raises((update.NotUpdatedError, KeyboardInterrupt)):
        pair.update()
    assert pair.content == before


def test_a_file_edited_during_the_run_is_not_written_over(pair, side, monkeypatch):
    run = update.run

    def slow(notebook, folder):
        run(notebook, folder)
        pair.edit(side, '"words"', '"other words"')

    monkeypatch.setattr(update, "run", slow)
    pair.edit("py", "n = 3", "n = 4")
    with pytest.raises(update.NotUpdatedError, match="edited while it ran"):
        pair.update()
    assert "other words" in getattr(pair, side).read_text(encoding="utf-8")


def test_a_read_only_folder_is_said_before_the_run(pair, monkeypatch):
    opened = os.open

    def refuse(path, flags, *more, **named):
        if Path(path).is_relative_to(pair.py.parent) and flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)  # as root a mode would not do
    monkeypatch.setattr(update, "run", lambda *_: pytest.fail("it was run"))
    with pytest.raises(update.NotUpdatedError) as refused:
        pair.update()
    assert str(refused.value) == f"{pair.py.parent} cannot be written: {os.strerror(errno.EROFS)}."


def test_a_wrong_entry_is_said_before_the_run(pair, monkeypatch):
    pair.edit("py", '"atol": 5', '"attol": 5')
    monkeypatch.setattr(update, "run", lambda *_: pytest.fail("it was run"))
    with pytest.raises(
        update.NotUpdatedError, match=r"cell 1, under 'Training'.*unknown names: attol"
    ):
        pair.update()


def test_outputs_of_the_pictures_are_not_made_with_the_stand_in(pair, monkeypatch):
    pair.edit("py", '# %%\nprint("words")', '# %% tags=["cifar10"]\nprint("words")')
    stand_in = types.SimpleNamespace(is_real=lambda: False, origin=lambda: "STAND-IN DATA")
    monkeypatch.setattr(helpers, "data", stand_in, raising=False)
    before = pair.content
    with pytest.raises(update.NotUpdatedError, match=r"need the real pictures\.\nSTAND-IN DATA"):
        pair.update()
    assert pair.content == before


# --- the command, with a real kernel


@pytest.fixture
def command(pair, monkeypatch, capsys):
    """Run the command in this process on the small book; its exit status and what it printed."""
    monkeypatch.setattr(pages, "NOTEBOOKS", pair.py.parent)
    monkeypatch.setattr(os, "environ", dict(os.environ))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["update", *arguments])
        return update.main(), capsys.readouterr().out

    return run


def test_the_command_says_that_nothing_changed(pair, command):
    for name in ("01", "01_page", str(pair.ipynb), "notebooks/01_page.py"):
        status, printed = command(name)
        assert (status, printed.rpartition("s; ")[2]) == (0, "nothing changed\n")


@pytest.mark.parametrize("name", ["07", "1", "01_pag", "page"])
def test_an_unknown_page_is_said(command, name):
    said = f"Nothing was run: there is no page {name!r}; the pages are 01_page.\n"
    assert command("01", name) == (2, said)


def test_the_command_ends_with_what_went_wrong(pair, command):
    pair.edit("py", "n = 3", "n = 4")
    pair.edit("ipynb", "n = 3", "n = 5")
    status, printed = command()
    assert status == 1
    assert printed.startswith("01_page: nothing was written: both files were edited")
    assert command("--from", "ipynb", "01")[0] == 0
    assert pair.printed[2] == "n 5"


REAL = """# %% [markdown]
# ## Sum

# %%
1 + 1

# %% verify={"reason": "a duration", "timing": true}
# %timeit -r 2 -n 1 pass

# %% [markdown]
# ## End

# %%
import os, random, time
print(flag)
"""


def test_a_real_kernel_twice_and_a_cell_that_fails(tmp_path):
    pair = Pair(tmp_path)
    pair.py.write_text(REAL.replace("flag", "'end'"), encoding="utf-8")
    assert len(pair.update().changes) == 3
    before = pair.content
    assert pair.update().written == []
    assert pair.content == before
    pair.edit("py", "1 + 1", "1 / 0")
    assert [change.cell for change in update.compare(pair.ipynb).changes] == [0]  # and goes on
    pair.edit("py", "1 / 0", "1 + 1")
    pair.edit("py", "'end'", "1 / 0")
    before = pair.content
    with pytest.raises(
        update.NotUpdatedError, match=r"cell 2 \(In \[3\]\), under 'End', failed:\n"
    ) as failed:
        pair.update()
    assert "ZeroDivisionError" in str(failed.value)
    assert pair.content == before


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_interrupted_by_ctrl_c(tmp_path):
    notebooks = small_book.make(tmp_path / "book")
    pair = Pair(notebooks)
    marker = tmp_path / "pid"
    source = f"open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    pair.py.write_text(REAL.replace("print(flag)", source), encoding="utf-8")
    before = pair.content
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.book.update", "01"], cwd=tmp_path / "book", text=True,
        env=small_book.environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    while process.poll() is None and not (marker.exists() and marker.read_text()):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "01_page: nothing was written: interrupted.\n")
    assert pair.content == before
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)  # its kernel has ended
