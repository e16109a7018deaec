"""Progress bars: shown on a terminal and in a notebook, silent in a pipe and in a file."""

import io
from unittest import mock

import nbformat
import pytest
from ipykernel.iostream import OutStream
from nbclient import NotebookClient

from helpers.progress import progress_bar


def stream(kind, is_terminal=False):
    """A stream of a kind that keeps what is written."""
    file = mock.Mock(spec=kind, encoding="utf-8")
    file.isatty.return_value = is_terminal
    return file


def written(file):
    return "".join(call.args[0] for call in file.write.call_args_list)


@pytest.mark.parametrize(
    ("file", "is_shown"),
    [
        (stream(io.StringIO, is_terminal=True), True),
        (stream(OutStream), True),
        (stream(io.StringIO), False),
    ],
    ids=["terminal", "notebook", "pipe or file"],
)
def test_a_bar_is_shown_where_lines_can_be_written_over(file, is_shown):
    assert list(progress_bar(range(3), desc="steps", file=file)) == [0, 1, 2]
    assert ("steps: 100%" in written(file)) == is_shown
    assert is_shown or written(file) == ""


def test_a_bar_can_be_hidden_everywhere():
    file = stream(io.StringIO, is_terminal=True)
    with progress_bar(total=3, disable=True, file=file) as bar:
        bar.update(3)
    assert written(file) == ""
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
