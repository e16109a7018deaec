"""Of a traceback is compared what it says of the notebook: which line of a cell failed, and which errors there were."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output

from helpers.verification import compare_outputs
from helpers.verification.tracebacks import told

DASHES = "\x1b[31m" + "-" * 75 + "\x1b[39m"
HEAD = "KeyError                                  Traceback (most recent call last)"
OF_CELL = "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 2\x1b[39m\n"
CODE = "      1 x = {}\n----> 2 \x1b[43mlook\x1b[49m(x, 'a')\n      3 print(x)\n"
OF_FILE = (
    "File /usr/lib/python3.11/site-packages/look.py:7, in look(x)\n      6 def\n----> 7 x[key]\n"
)
END = "\x1b[31mKeyError\x1b[39m: 'a'"
SHOWN = [DASHES, HEAD, OF_CELL + CODE, OF_FILE, END]


def failed(lines):
    return [new_output("error", ename="KeyError", evalue="'a'", traceback=lines)]


def without(line):
    return [part for part in SHOWN if part != line]


def with_other(old, new):
    return [part.replace(old, new) for part in SHOWN]


@pytest.mark.parametrize(
    "other",
    [
        with_other("In[3]", "In[17]"),
        with_other("      1 x = {}\n", ""),
        with_other("\n      3 print(x)", "\n   (...)\n      9 y"),
        without(OF_FILE),
        with_other(OF_FILE, r"File C:\lib\look.py:9, in look(x)" + "\n----> 9 return x[key]\n"),
        with_other(OF_FILE, "~/lib/look.py in look(x)\n----> 9     return x[key]\n"),
        with_other(OF_CELL, "<ipython-input-3-9e1622b385b6> in <module>\n"),
        with_other(OF_CELL, "Input In [3], in <cell line: 2>()\n"),
    ],
)
def test_counts_files_and_other_lines_of_the_code_are_no_difference(other):
    assert compare_outputs(failed(SHOWN), failed(other)) == []
    assert compare_outputs(failed(other), failed(SHOWN)) == []


@pytest.mark.parametrize(
    "other",
    [
        with_other("----> 2", "----> 1"),
        with_other("'a')", "'b')"),
        without(OF_CELL + CODE),
        without(HEAD),
        without(END),
        with_other(END, END.replace("KeyError", "IndexError")),
        with_other(END, "all is well"),
        [*SHOWN, "another line"],
        [*SHOWN[:-1], "ValueError: first", "", "The above exception was the cause:", "", END],
        [""],
        [],  # GitHub and nbconvert then show nothing at all
    ],
)
def test_another_line_of_a_cell_or_another_error_is_a_difference(other):
    for pair in ((SHOWN, other), (other, SHOWN)):
        (fault,) = compare_outputs(*map(failed, pair))
        assert fault.text.startswith("traceback: ")


SOURCE = "import json\ndef f():\n    try:\n        {}['a']\n    except KeyError:\n        json.loads('{')\nf()"
ERRORS = {
    "KeyError                                  Traceback (most recent call last)": "Context",
    "KeyError: 'a'": "Context Plain",
    "During handling of the above exception, another exception occurred:": "Context Plain",
    "-> 4 {}['a']": "Context",
    "-> 7 f()": "Context",
    "-> 6 json.loads('{')": "Context",
    "    f()": "Plain",
    "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)": "Context Plain "
    "Minimal",
}


@pytest.fixture(scope="module")
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("mode", ["Context", "Plain", "Minimal"])
def test_what_ipython_shows_today(shell, monkeypatch, mode):
    shown = []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: shown.extend(lines))
    shell.run_line_magic("xmode", mode)
    shell.run_cell(SOURCE)
    lines = told(shown).splitlines()
    for line, modes in ERRORS.items():
        assert (line in lines) == (mode in modes.split()), line
    assert "json/" not in "".join(lines)


def test_an_error_without_a_message_is_compared():
    """In the mode Minimal there is no colon after it."""
    stored, other = (
        [new_output("error", ename="AssertionError", evalue="", traceback=[line])]
        for line in ("AssertionError", "all is well")
    )
    assert compare_outputs(stored, stored) == []
    assert compare_outputs(stored, other)
