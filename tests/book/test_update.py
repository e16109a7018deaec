"""Pages made anew: what is kept, what is shown, that the source is taken, and that nothing is lost."""

import contextlib
import errno
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from itertools import count
from pathlib import Path
from unittest.mock import Mock

import jupytext
import nbformat
import pytest

import helpers
from helpers import pages
from helpers.book import BookError, pairs, update
from helpers.book.__main__ import main
from helpers.verification.files import OutputError
from tests.support import small_book

TEXT = """# %% [markdown]
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
"""
CELLS = ["Clock", "Training", "Constant", "Constant", "Constant", "Clock again"]


@pytest.fixture
def outside(monkeypatch):
    """Cells run in this process; names that they find beside their own: a clock and a training never alike."""
    ticks = count(1)
    names = {"clock": lambda: next(ticks), "loss": lambda: 50 + next(ticks) / 100}

    def execute(notebook, folder, allow_errors=False):
        own = dict(names)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, 1):
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(cell.source, own)
            cell.execution_count = number
            cell.outputs = []
            if text := printed.getvalue():
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]

    monkeypatch.setattr(update, "execute", execute)
    return names


class Page:
    """The two files of a page."""

    def __init__(self, folder):
        self.py = folder / "01_page.py"
        self.ipynb = folder / "01_page.ipynb"

    @property
    def content(self):
        return {path.name: path.read_bytes() for path in self.py.parent.iterdir()}

    @property
    def code(self):
        book = nbformat.read(self.ipynb, as_version=4)
        return [cell for cell in book.cells if cell.cell_type == "code"]

    @property
    def printed(self):
        """What each code cell printed, as stored."""
        return ["".join(output.text for output in cell.outputs).strip() for cell in self.code]

    def edit(self, old, new):
        """Edit the source, as an editor would."""
        text = self.py.read_text(encoding="utf-8")
        assert text.count(old) == 1
        self.py.write_text(text.replace(old, new), encoding="utf-8")

    @contextlib.contextmanager
    def notebook(self):
        """Change the notebook alone, as VS Code would: another layout of the file than ours."""
        book = nbformat.read(self.ipynb, as_version=4)
        yield book
        nbformat.write(book, self.ipynb)

    def edit_notebook(self, old, new):
        with self.notebook() as book:
            (cell,) = [cell for cell in book.cells if old in cell.source]
            cell.source = cell.source.replace(old, new)

    def update(self, **options):
        return update.update(self.ipynb, **options)


@pytest.fixture
def page(tmp_path, outside):
    page = Page(tmp_path)
    page.py.write_text(TEXT, encoding="utf-8")
    assert page.update().written == ("01_page.py", "01_page.ipynb")  # the run time, and the outputs
    return page


@pytest.fixture
def command(page, monkeypatch, capsys):
    """Run the command in this process on the small book; its exit status and what it printed."""
    monkeypatch.setattr(pages, "NOTEBOOKS", page.py.parent)
    monkeypatch.setattr(os, "environ", dict(os.environ))

    def run(*arguments):
        status = main(["update", *arguments])
        return status, "".join(capsys.readouterr())

    return run


# --- what is kept, and what is shown


def test_twice_in_a_row_changes_nothing(page, command):
    before = page.content
    result = page.update()
    assert (result.written, result.changes) == ((), [])
    for name in ("01", "01_page", str(page.ipynb), "notebooks/01_page.py"):
        status, printed = command(name)
        assert (status, printed.rpartition("s; ")[2]) == (0, "nothing changed\n")
    assert page.content == before
    assert page.printed[0] == "1 ms"  # of the first run; the clock has gone on


def test_an_edit_changes_the_cells_that_depend_on_it_and_shows_them(page, command):
    before = page.printed
    page.edit("n = 3", "n = 4")
    status, shown = command()
    assert status == 0
    assert page.printed[2:4] == ["n 4", "twice 8"]
    changed = [n for n in range(6) if page.printed[n] != before[n]]
    assert changed == [1, 2, 3, 5]
    assert "; 4 cells with new outputs; wrote 01_page.ipynb\n" in shown
    for n in changed:
        assert f"  cell {n} (In [{n + 1}]), under {CELLS[n]!r}\n" in shown
    (line,) = [line for line in shown.splitlines() if "twice" in line]
    assert line.split() == ["twice", "6", "!", "twice", "8"]
    assert page.update().written == ()


def test_what_another_release_computes_is_taken_and_timings_are_kept(page, outside):
    before = page.printed
    outside["loss"] = lambda: 70
    result = page.update()
    assert [change.cell for change in result.changes] == [1]
    assert page.printed == [before[0], "accuracy 70", *before[2:]]
    assert result.written == ("01_page.ipynb",)


def test_results_of_training_come_from_one_run(page, outside):
    """One output has left its tolerance: those within it are taken anew as well."""
    page.edit('print("words")', 'print("words", word, loss())')
    page.edit("n = 3", 'n, word = 3, "one"')
    outside["word"] = "one"
    page.update()
    before = page.printed
    outside["loss"] = lambda: 52
    assert page.update().changes[0].differences[0].text.startswith("expected 50.")
    assert page.printed[1] == "accuracy 52" != before[1]


def test_prose_edited_leaves_the_outputs(page):
    before = page.printed
    page.edit("## Constant", "## A constant")
    assert page.update().changes == []
    assert page.printed == before


ADDED = ('print("words")', 'print("words")\n\n# %%\nprint("more")', 5)
DELETED = ('\n# %%\nprint("words")\n', "", 4)


@pytest.mark.parametrize(("old", "new", "kept"), [ADDED, DELETED], ids=["added", "deleted"])
def test_a_cell_added_or_deleted_leaves_the_outputs_before_it(page, old, new, kept):
    before = page.printed
    page.edit(old, new)
    page.update()
    assert page.printed[0] == before[0]
    assert page.printed[2:kept] == before[2:kept]  # between them: a result of training
    assert page.printed[-1] != before[-1]
    assert [cell.execution_count for cell in page.code] == [*range(1, len(page.code) + 1)]


def test_fresh_keeps_nothing(page):
    before = page.printed
    result = page.update(fresh=True)
    assert [n for n in range(6) if page.printed[n] != before[n]] == [0, 1, 5]
    assert [change.cell for change in result.changes] == [0, 1, 5]


def test_what_jupyterlab_leaves_in_the_file_is_taken_out(page):
    before = page.content
    with page.notebook() as book:
        book.metadata.language_info.version = "3.99"
        book.metadata.kernelspec.name = "my-own"
        for cell in book.cells:
            cell.metadata["execution"] = {"iopub.status.idle": "2026-01-01T00:00:00Z"}
            cell.id += "-x"
    assert page.update().written == ("01_page.ipynb",)
    assert page.content == before


def test_the_run_time_stays_unless_outputs_change_and_it_does(page):
    with page.notebook() as book:
        book.metadata.book.update(seconds=1000.0, machine="another machine")
    page.update()
    assert pages.Page(page.ipynb).seconds == 1000.0
    assert "1000 s to run (another machine)" in page.py.read_text(encoding="utf-8")
    page.edit("n = 3", "n = 4")
    page.update()
    assert pages.Page(page.ipynb).seconds < 10
    assert "another machine" not in page.py.read_text(encoding="utf-8")


# --- a dry run


def test_a_dry_run_finds_nothing_and_writes_nothing(page, command):
    before = page.content
    status, printed = command("--dry-run")
    assert status == 0
    last = "All: 6 cells, 1 within their tolerance, 0 changed. Nothing was written.\n"
    assert printed.endswith(last)
    assert page.content == before


def test_a_dry_run_tells_what_another_release_changes(page, outside, command, monkeypatch):
    monkeypatch.setattr(update, "installed", lambda package: "9.9.9")
    outside["loss"] = lambda: 70.5
    before = page.content
    status, printed = command("--dry-run", "01")
    assert status == 1
    lines = ["With torch 9.9.9; the pages were made with", "  cell 1 (In [2]), under 'Training'"]
    lines += ["20.5 apart, allowed 5", "! accuracy 70.5"]
    counts = "6 cells, 0 within their tolerance, 1 changed"
    lines += [f"s; {counts}", f"All: {counts}. Nothing was written."]
    assert all(line in printed for line in lines)
    assert page.content == before


def test_a_dry_run_goes_on_after_a_page_that_cannot_be_compared(page, command):
    page.py.with_name("00_new.py").write_text(TEXT, encoding="utf-8")
    status, printed = command("--dry-run")
    assert status == 1
    assert "00_new: could not be compared: 00_new.ipynb is missing" in printed
    assert "0 changed; pages that could not be compared: 1." in printed
    assert "01_page: " in printed


# --- the source is taken, and an edit that it lacks is not lost


def edited_twice(page):
    page.edit_notebook("n = 3", "n = 5")
    page.edit('"words"', '"new words"')


def tagged(page):
    with page.notebook() as book:
        book.cells[-1].metadata["tags"] = ["raises-exception"]


def merged_with_marks(page):
    text = page.ipynb.read_text(encoding="utf-8")
    page.ipynb.write_text(text.replace("}", "<<<<<<< ours\n}", 1), encoding="utf-8")


LACKS = "01_page.ipynb has edits that 01_page.py, its source, has not: take them over with "
WAYS = r"`jupytext --to py:percent .*`, or .* with `git restore .*`\.$"
REFUSED = {
    "edited": (lambda page: page.edit_notebook("n = 3", "n = 5"), LACKS + WAYS),
    "both edited": (edited_twice, LACKS),
    "tagged": (tagged, LACKS),
    "merged with marks": (merged_with_marks, r"is no notebook .* \(NotJSONError\): restore it"),
    "without its source": (lambda page: page.py.unlink(), "01_page.py is missing: `jupytext --to"),
    "wrong entry": (lambda page: page.edit("atol", "attol"), "cell 1, .*unknown name: attol"),
    "read-only": (lambda page: None, r"01_page.py cannot be written: .* is read-only\."),
    "stand-in": (
        lambda page: page.edit('# %%\nprint("words")', '# %% tags=["cifar10"]\nprint("words")'),
        "need the real pictures.\nSTAND-IN DATA",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_said_before_the_run_and_nothing_is_lost(page, monkeypatch, case):
    spoil, says = REFUSED[case]
    if case == "read-only":
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # as root a mode would not do
    drawn = types.SimpleNamespace(is_real=lambda: False, origin=lambda: "STAND-IN DATA")
    monkeypatch.setattr(helpers, "data", drawn, raising=False)
    monkeypatch.setattr(update, "execute", lambda *_: pytest.fail("it was run"))
    spoil(page)
    before = page.content
    with pytest.raises((BookError, OutputError), match=says):
        page.update()
    assert page.content == before


def test_an_edit_of_the_notebook_is_taken_over_by_the_command_that_is_named(page):
    before = page.py.read_text(encoding="utf-8")
    page.edit_notebook("n = 3", "n = 5")
    with pytest.raises(BookError) as refused:
        page.update()
    named = str(refused.value).partition("with `")[2].partition("`")[0].split()
    shutil.copy(small_book.BOOK / "pyproject.toml", page.py.parent)
    subprocess.run([sys.executable, "-m", *named], check=True, capture_output=True)
    page.update()
    assert page.printed[2:4] == ["n 5", "twice 10"]
    after = page.py.read_text(encoding="utf-8")
    assert after.partition("# %%")[2] == before.replace("n = 3", "n = 5").partition("# %%")[2]


def test_both_edited_alike_agree_and_every_output_is_looked_at_strictly(page):
    """As JupyterLab's own pairing does it; what the cells were when they last ran is not known then."""
    page.edit("n = 3", "n = 4")
    page.edit_notebook("n = 3", "n = 4")
    result = page.update()
    assert page.printed[2:4] == ["n 4", "twice 8"]
    assert [change.cell for change in result.changes] == [0, 1, 2, 3, 5]


def test_a_missing_notebook_is_made(page):
    page.ipynb.unlink()
    page.update()
    made = nbformat.read(page.ipynb, as_version=4)
    assert pairs.cells(made) == pairs.cells(jupytext.read(page.py))
    assert page.update().written == ()


# --- nothing is lost


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (BookError("cell 2 failed"), (1, "01_page: nothing was written: cell 2 failed\n")),
        (KeyboardInterrupt, (130, "01_page: nothing was written.\nInterrupted.\n")),
    ],
)
def test_a_run_that_ends_early_leaves_both_files(page, command, error, says, monkeypatch):
    page.edit("n = 3", "n = 4")
    before = page.content
    monkeypatch.setattr(update, "execute", Mock(side_effect=error))
    assert command() == says
    assert page.content == before


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left")])
@pytest.mark.parametrize("last", ["01_page.py", "01_page.ipynb"])
def test_both_files_are_written_or_neither(page, last, fault, monkeypatch):
    page.edit("n = 3", "n = 4")
    page.edit("1 min to read", "9 min to read")  # is put right again: both files change
    before = page.content
    replace = Path.replace

    def stops(self, target):
        if Path(target).name == last:
            raise fault
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stops)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        page.update()
    assert page.content == before


@pytest.mark.parametrize("side", ["py", "ipynb"])
def test_a_file_edited_during_the_run_is_not_written_over(page, side, monkeypatch):
    execute = update.execute
    edit = {"py": page.edit, "ipynb": page.edit_notebook}[side]

    def slow(*arguments):
        execute(*arguments)
        edit('"words"', '"other words"')

    monkeypatch.setattr(update, "execute", slow)
    page.edit("n = 3", "n = 4")
    with pytest.raises(BookError, match="edited while it ran"):
        page.update()
    assert b"other words" in page.content[f"01_page.{side}"]


@pytest.mark.parametrize("name", ["07", "1", "01_pag", "page"])
def test_an_unknown_page_is_said(command, name):
    said = f"There is no page {name!r}: 01_page to 01_page.\n"
    assert command("01", name) == (2, said)


# --- with a real kernel

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


@pytest.mark.slow
def test_a_real_kernel_twice_and_a_cell_that_fails(tmp_path):
    page = Page(tmp_path)
    page.py.write_text(REAL.replace("flag", "'end'"), encoding="utf-8")
    assert len(page.update().changes) == 3
    before = page.content
    assert page.update().written == ()
    assert page.content == before
    page.edit("1 + 1", "1 / 0")
    assert [change.cell for change in update.compare(page.ipynb).changes] == [0]  # and goes on
    page.edit("1 / 0", "1 + 1")
    page.edit("'end'", "1 / 0")
    before = page.content
    with pytest.raises(BookError, match=r"cell 2 \(In \[3\]\), under 'End', failed:\n") as failed:
        page.update()
    assert "ZeroDivisionError" in str(failed.value)
    assert page.content == before


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_interrupted_by_ctrl_c(tmp_path):
    page = Page(small_book.make(tmp_path / "book"))
    marker = tmp_path / "pid"
    source = f"open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    page.py.write_text(REAL.replace("print(flag)", source), encoding="utf-8")
    before = page.content
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.book", "update", "01"],
        cwd=tmp_path / "book",
        text=True,
        env=small_book.environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while process.poll() is None and not (marker.exists() and marker.read_text()):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "01_page: nothing was written.\nInterrupted.\n")
    assert page.content == before
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)  # its kernel has ended
