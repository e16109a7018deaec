"""Progress bars: shown on a terminal and in a notebook, silent in a pipe and in a file."""

import io

import nbformat
import pytest
from ipykernel.iostream import OutStream
from nbclient import NotebookClient

from helpers.progress import progress_bar


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


class Notebook(OutStream):
    """A kernel's stream, which keeps what is written instead of sending it to a browser."""

    def __init__(self):
        self.text = io.StringIO()

    def write(self, text):
        return self.text.write(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def getvalue(self):
        return self.text.getvalue()

    def close(self):
        pass

    __del__ = close


@pytest.mark.parametrize(
    ("file", "is_shown"),
    [(Terminal, True), (Notebook, True), (io.StringIO, False)],
    ids=["terminal", "notebook", "pipe or file"],
)
def test_a_bar_is_shown_where_lines_can_be_written_over(file, is_shown):
    stream = file()
    assert list(progress_bar(range(3), desc="steps", file=stream)) == [0, 1, 2]
    assert ("steps: 100%" in stream.getvalue()) == is_shown
    assert is_shown or stream.getvalue() == ""


def test_a_bar_can_be_hidden_everywhere():
    stream = Terminal()
    with progress_bar(total=3, disable=True, file=stream) as bar:
        bar.update(3)
    assert stream.getvalue() == ""
    assert bar.disable


def test_a_piped_bar_takes_all_that_tqdm_can_do(capsys):
    with progress_bar(total=3) as bar:
        bar.set_description("other")
        bar.update(2)
        bar.reset()
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.slow
def test_a_real_kernel_shows_a_bar_on_its_standard_output():
    code = "from helpers.progress import progress_bar\nlist(progress_bar(range(3), desc='steps'));"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=600).execute()
    outputs = notebook.cells[0].outputs
    assert {output.name for output in outputs} == {"stdout"}
    assert "steps: 100%" in "".join(output.text for output in outputs)
