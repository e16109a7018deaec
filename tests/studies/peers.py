"""This verification, plain nbval and pytest-notebook on the same ten small notebooks, each with its default settings.

Five have stored something that a reader would call wrong, five something that differs from run to run though nothing
has changed. A tool is said to catch a fault only if it lets the notebook pass without the fault. Those who wrote the
first of the three tools have chosen the notebooks: read the table with that in mind. pytest-notebook lies in an
environment of its own: --pytest-notebook names the Python there. Printed is a Markdown table.
"""

import json
import os
import re
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import which
from typing import NamedTuple

from helpers.book import BookError
from tests.studies import running

PICTURE = """import struct, zlib
from IPython.display import Image
def png(curve, level, width=90, height=60):
    rows = b""
    for y in range(height):
        rows += b"\\0"
        for x in range(width):
            rows += bytes([level] * 3) if abs(y - curve(x)) < 2 else b"\\xff\\xff\\xff"
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    made = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(made))
"""
TABLE = """class Table:
    def __repr__(self):
        return "a table"
    def _repr_html_(self):
        return "<table><tr><td>lr</td><td>0.10</td></tr><tr><td>loss</td><td>0.52</td></tr></table>"
Table()"""
IDENTIFIED = """import uuid
from IPython.display import HTML
name = uuid.uuid4().hex
HTML(f'<div id="{name}">a chart</div><script>draw("{name}")</script>')"""
STREAMS = """import sys
print("first", flush=True)
print("a note", file=sys.stderr, flush=True)
print("second", flush=True)"""
NAMES = ("this package", "nbval", "pytest-notebook")


class Case(NamedTuple):
    """A notebook of one cell: what is the matter with it, its source, and how the cell differs that is stored."""

    what: str
    wrong: bool
    source: str
    # the source that made the stored outputs, or what became of them
    stored: str | Callable[[list], list]
    tags: tuple[str, ...] = ()


def _cut_elsewhere(outputs):
    """The same two streams, cut where another moment has cut them."""
    texts = dict.fromkeys(("stdout", "stderr"), "")
    for output in outputs:
        texts[output["name"]] += output["text"]
    return [{"output_type": "stream", "name": n, "text": text} for n, text in texts.items()]


CASES = (
    Case("a loss of 0.1234 stored as 0.1243", True, "print('loss 0.1234')", "print('loss 0.1243')"),
    Case("a value in an HTML table", True, TABLE, TABLE.replace("0.52", "0.25")),
    Case(
        "another curve in a picture",
        True,
        PICTURE + "png(lambda x: 10 + x // 3, 0)",
        PICTURE + "png(lambda x: 40 - x // 3, 0)",
    ),
    Case(
        "another message of an error",
        True,
        "raise IndexError('3 is out of range')",
        "raise IndexError('4 is out of range')",
        ("raises-exception",),
    ),
    Case("a hexadecimal checksum", True, "hex(0xcbf43926)", "hex(0xcbf43962)"),
    Case("the address of an object", False, "object()", "kept = object()\nobject()"),
    Case("the last digit of a float", False, "1 / 3", "0.3333333333333334"),
    Case(
        "a curve drawn a shade lighter",
        False,
        PICTURE + "png(lambda x: 10 + x // 3, 0)",
        PICTURE + "png(lambda x: 10 + x // 3, 6)",
    ),
    Case("stdout and stderr cut elsewhere", False, STREAMS, _cut_elsewhere),
    Case("an identifier made anew in HTML", False, IDENTIFIED, IDENTIFIED),
)


def write_notebook(case: Case, path: Path, altered: bool) -> None:
    """Write a notebook with the outputs of its own source, or of the other one."""
    import nbformat

    other = case.stored if altered and isinstance(case.stored, str) else case.source
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = nbformat.v4.new_code_cell(other, metadata={"tags": list(case.tags)})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    running.execute(running.client(notebook, path.parent, allow_errors=True))
    cell.source = case.source
    if altered and not isinstance(case.stored, str):
        cell.outputs = [nbformat.from_dict(output) for output in case.stored(cell.outputs)]
    nbformat.write(notebook, path)


def failing(python: str, folder: Path, *options: str, **variables: str) -> set[str]:
    """The names of the notebooks in a folder that a tool lets fail.

    Raises:
        BookError: it said nothing about one of them.
    """
    command = [python, "-P", "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider", *options]
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "IPYTHON"))}
    text = running.output(*command, cwd=folder, env=environment | variables)
    said = re.findall(r"^(PASSED|FAILED|ERROR) (\w+)\.ipynb", text, re.MULTILINE)
    names = {path.stem for path in folder.glob("*.ipynb")}
    if names != {name for _, name in said}:
        raise BookError(f"{' '.join(options)} did not run all notebooks:\n{text}")
    return {name for word, name in said if word != "PASSED"}


def measure(cases: tuple[Case, ...], python: str | None) -> list[dict]:
    """What each tool says about each notebook: ``{"what": ..., "wrong": True, "nbval": "caught"}``."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        for n, case in enumerate(cases):
            write_notebook(case, folder / f"altered_{n}.ipynb", altered=True)
            if case.wrong:
                write_notebook(case, folder / f"unaltered_{n}.ipynb", altered=False)
        plugin = ["-p", "helpers.verification.plugin"]
        failed = {
            NAMES[0]: failing(
                sys.executable, folder, "--nbval", *plugin, PYTHONPATH=str(running.BOOK)
            ),
            NAMES[1]: failing(sys.executable, folder, "--nbval"),
        }
        if python:
            failed[NAMES[2]] = failing(python, folder, "--nb-test-files")
    return [
        {"what": case.what, "wrong": case.wrong}
        | {name: _verdict(case, n, names) for name, names in failed.items()}
        for n, case in enumerate(cases)
    ]


def _verdict(case: Case, n: int, failed: set[str]) -> str:
    fails = f"altered_{n}" in failed
    if not case.wrong:
        return "false alarm" if fails else "passes"
    if f"unaltered_{n}" in failed:
        return "fails without the fault too"
    return "caught" if fails else "missed"


def table(rows: list[dict], versions: Mapping[str, str]) -> str:
    """The rows as a Markdown table, with the sums of what was caught and of false alarms."""
    lines = [["", *(f"{name} {version}" for name, version in versions.items())]]
    lines.append([":--"] * len(lines[0]))
    for wrong, word in ((True, "wrong"), (False, "harmless")):
        lines += (
            [f"{word}: {r['what']}", *map(r.get, versions)] for r in rows if r["wrong"] is wrong
        )
    for word, wrong in (("caught", True), ("false alarm", False)):
        of = [row for row in rows if row["wrong"] is wrong]
        sums = [f"**{sum(row[name] == word for row in of)} of {len(of)}**" for name in versions]
        lines.append([f"**{word}{'' if wrong else 's'}**", *sums])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def interpreter(text: str) -> str:
    """The path of a Python that has pytest-notebook."""
    path = which(text)
    if path is None:
        raise ArgumentTypeError(f"there is no interpreter {text!r}")
    if not re.fullmatch(r"[\d.]+", version_in(path, "pytest-notebook")):
        raise ArgumentTypeError(f"{text} has no pytest-notebook")
    return str(Path(path).absolute())  # a link that is followed would leave the environment


def version_in(python: str, package: str) -> str:
    """The release of a package in an environment; the words of an error if there is none."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return running.output(python, "-c", code)


def add_arguments(parser: ArgumentParser) -> None:
    running.add_out(parser, "keep the table in this file, as JSON")
    words = "a Python in whose environment pytest-notebook is installed; without it, two tools are compared"
    parser.add_argument("--pytest-notebook", type=interpreter, metavar="PYTHON", help=words)


def run(args: Namespace) -> int:
    """Compare the tools; the exit status is 1 if this package misses a fault or gives a false alarm."""
    from helpers.verification import __version__

    python = args.pytest_notebook
    versions = {NAMES[0]: __version__, NAMES[1]: version_in(sys.executable, "nbval")}
    if python:
        versions[NAMES[2]] = version_in(python, "pytest-notebook")
    rows = measure(CASES, python)
    print(table(rows, versions))
    pytest = {p: version_in(p, "pytest") for p in (sys.executable, python) if p}
    print(f"\npytest {', '.join(dict.fromkeys(pytest.values()))}; default settings of each")
    record = {"versions": versions, "pytest": [*dict.fromkeys(pytest.values())], "notebooks": rows}
    running.keep(args.out, json.dumps(record, indent=1) + "\n")
    return int(any(row[NAMES[0]] not in ("caught", "passes") for row in rows))
