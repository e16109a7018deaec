"""What `python -m helpers.notes` finds in other people's code, beside TorchFix and ruff.

    python -m tests.studies old-code FOLDER... [--torchfix COMMAND] [--run]
    python -m tests.studies old-code --breaks FOLDER [--torchfix COMMAND] [--out notebooks/records/notes/old_code.json]

Each folder is counted on its own: files, calls that fail, that warn or that give something else today, calls that are
named under a condition, and what TorchFix (all of its rules) and ruff (NPY, its only rules on deprecated calls of a
library) name in the same files. `--run` runs the short scripts that train something in a small world (see
`tests.studies.small_world`), as they are and as `--fix` leaves them.

`--breaks FOLDER` says where the collections of `old_code_breaks.csv` lie, each in a folder of its name, and tells how
much of that list is named. It was made by hand: files of 2017 were read from the first line to the last, and each kind
of call that seemed to fail or to warn was run, on small data. It says nothing of what other packages have given up
since (gym, torchtext, pandas). A place counts as named if the row that the list gives for it is named on its line, for
certain or under its condition; for TorchFix and ruff anything that they say of that line counts. The collections:

    examples-2017   pytorch/examples at 5f24730         spro-2017       spro/practical-pytorch at 0a25604
    tutorials-2017  pytorch/tutorials at 64ed72b        book-v0.2       chenyuntc/pytorch-book at v0.2
    yunjey-2017     yunjey/pytorch-tutorial at 1ec90fa  hunkim-2017     hunkim/PyTorchZeroToAll at 59c86cc
    jcjohnson-2017  jcjohnson/pytorch-examples 0f1b88a  morvan-2017     MorvanZhou/PyTorch-Tutorial at 5df56c9

The reader and its table were made with the first six at hand. The last two were read and listed when that was done,
and nothing was changed for them: they show what it does with code that it has not seen.
"""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from helpers.book import UsageError
from helpers.notes import __main__ as command
from helpers.notes.old_code import fixes, reader, sources
from tests.studies import running

REPOSITORIES = {
    "examples-2017": "pytorch/examples",
    "tutorials-2017": "pytorch/tutorials",
    "book-v0.2": "chenyuntc/pytorch-book",
    "spro-2017": "spro/practical-pytorch",
    "yunjey-2017": "yunjey/pytorch-tutorial",
    "jcjohnson-2017": "jcjohnson/pytorch-examples",
    "hunkim-2017": "hunkim/PyTorchZeroToAll",
    "morvan-2017": "MorvanZhou/PyTorch-Tutorial",
}
BREAKS = Path(__file__).with_name("old_code_breaks.csv")
COLUMNS = "folder", "files", "unread", "fail", "warn", "differ", "if", "TorchFix", "ruff"
SHORT = 150  # lines of a script that is run
LIMIT = 120  # seconds
NOT_HERE = re.compile(
    r"ModuleNotFoundError|FileNotFoundError|URLError|ConnectionError|NotADirectory|gaierror|relative import|NVIDIA|CUDA"
)
OUR_WARNING = re.compile(r"Warning: (?!.*(pkg_resources|Matplotlib))")


class Break(NamedTuple):
    """A place that fails or warns today."""

    collection: str
    file: str
    cell: str
    line: int
    what: str
    row: str


def breaks() -> list[Break]:
    """The list that was made by hand."""
    with BREAKS.open(encoding="utf-8", newline="") as file:
        return [Break(**row | {"line": int(row["line"])}) for row in csv.DictReader(file)]


def findings(path: Path) -> tuple[sources.Source, list[reader.Finding]]:
    """What the reader finds in a file that fails, warns or differs."""
    source = sources.read(path)
    return source, reader.breaking(reader.find(source))


def count(folder: Path, torchfix: list[str]) -> dict[str, Any]:
    """Count what is found in a folder's files."""
    counts: Counter[str] = Counter()
    paths = list(command.code_files(folder))
    for path in paths:
        try:
            _, found = findings(path)
        except sources.SourceError:
            counts["unread"] += 1
            continue
        names = {"error": "fail", "warns": "warn", "differs": "differ"}
        counts.update(names[f.call.today] if f.certain else "if" for f in found)
    with tempfile.TemporaryDirectory() as scratch:
        plain = as_python(paths, Path(scratch))
        row = {"folder": folder.name, "files": len(paths), **{k: counts[k] for k in COLUMNS[2:7]}}
        others = {"TorchFix": torchfix_lines(torchfix, plain), "ruff": ruff_lines(plain)}
        return row | {name: None if found is None else len(found) for name, found in others.items()}


def as_python(paths: Iterable[Path], folder: Path) -> Path:
    """Copy files into a folder as .py files that Python 3 can parse, so that every tool reads the same."""
    for n, path in enumerate(paths):
        try:
            source = sources.read(path)
        except sources.SourceError:
            shutil.copy(path, folder / f"f{n}.py")
            continue
        text = "\n".join(part.view for part in source.parts)
        (folder / f"f{n}.py").write_text(text, encoding="utf-8")
    return folder


def torchfix_lines(command: list[str], folder: Path) -> list[tuple[str, int]] | None:
    """Where TorchFix finds something, with all of its rules: the name of the file and the line. None: not run."""
    if not command:
        return None
    done = subprocess.run(
        [*command, "--select", "ALL", folder], capture_output=True, text=True, check=False
    )
    found = re.findall(r"([^/\s]+\.py):(\d+):\d+: TOR", done.stdout)
    return [(name, int(line)) for name, line in found]


def ruff_lines(folder: Path) -> list[tuple[str, int]] | None:
    """Where ruff finds something with its rules on deprecated calls: NumPy's, as it has none on PyTorch's."""
    if not (program := shutil.which("ruff", path=Path(sys.executable).parent)):
        return None
    command = [
        program,
        "check",
        "--isolated",
        "--preview",
        "--select",
        "NPY",
        "--output-format",
        "json",
    ]
    done = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
    return [
        (Path(f["filename"]).name, f["location"]["row"]) for f in json.loads(done.stdout or "[]")
    ]


# --- do they run?


def short_scripts(folders: Iterable[Path]) -> list[Path]:
    """The scripts of at most so many lines that train something."""
    found = []
    for folder in folders:
        for path in command.code_files(folder):
            if path.suffix == ".py":
                text = path.read_text(encoding="utf-8", errors="replace")
                if text.count("\n") <= SHORT and ".backward(" in text:
                    found.append(path)
    return found


def outcome(path: Path, folder: Path) -> str:
    """How a script ends in a small world: 'runs', 'warns', 'fails', or 'not here' if it lacks a file or a package."""
    start = [sys.executable, "-m", "tests.studies.small_world", path.resolve()]
    places = os.pathsep.join([str(running.BOOK), str(path.resolve().parent)])
    world = os.environ | {"PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
    (folder / "data").mkdir(exist_ok=True)
    try:
        done = subprocess.run(
            start,
            cwd=folder,
            env=world,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return "not here"
    last = done.stderr.strip().rpartition("\n")[2]
    if done.returncode and (done.returncode == 2 or NOT_HERE.search(last)):
        return "not here"
    if done.returncode:
        return "fails"
    return "warns" if OUR_WARNING.search(done.stderr) else "runs"


def runs(folders: list[Path]) -> Iterator[str]:
    """Run short scripts as they are and as ``--fix`` leaves them: how each ends, then how many do so."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for n, path in enumerate(short_scripts(folders)):
            place = Path(scratch) / str(n)
            place.mkdir()
            old = outcome(path, place)
            if old == "not here":
                continue
            for neighbor in path.parent.glob("*.py"):  # what it imports is rewritten, too
                copy = fixes.fix(sources.read(neighbor)).source
                (place / neighbor.name).write_bytes(copy.content())
            new = outcome(place / path.name, place)
            before[old] += 1
            after[new] += 1
            yield f"  {old}, then {new}: {path.parent.name}/{path.name}"
    for words, counts in (("as they are", before), ("after --fix", after)):
        told = ", ".join(f"{counts[k]} {k}" for k in ("runs", "warns", "fails"))
        yield f"{sum(counts.values())} short scripts that train {words}: {told}"


# --- the list that was made by hand


def named(folder: Path, torchfix: list[str]) -> dict[str, set[Break]]:
    """The places of the list that the reader names, for certain or not, and those that TorchFix and ruff name."""
    paths = list(dict.fromkeys(folder / p.collection / p.file for p in breaks()))
    files = {path: sources.read(path) for path in paths}
    ours: dict[tuple[str, int], dict[str, bool]] = {}
    for n, path in enumerate(paths):
        for finding in reader.breaking(reader.find(files[path])):
            rows = ours.setdefault((f"f{n}.py", finding.match.node.lineno), {})
            rows[finding.call.name] = rows.get(finding.call.name, False) or finding.certain
    with tempfile.TemporaryDirectory() as scratch:
        plain = as_python(paths, Path(scratch))
        theirs = {"TorchFix": torchfix_lines(torchfix, plain), "ruff": ruff_lines(plain)}
    theirs = {name: places for name, places in theirs.items() if places is not None}
    result: dict[str, set[Break]] = {name: set() for name in ("named", "for certain", *theirs)}
    for place in breaks():
        path = folder / place.collection / place.file
        part = files[path].parts[int(place.cell or 1) - 1]
        where = f"f{paths.index(path)}.py", part.first + place.line - 1
        rows = ours.get(where, {})
        if wanted := set(place.row.split("|")) & rows.keys():
            result["named"].add(place)
            if any(rows[name] for name in wanted):
                result["for certain"].add(place)
        for tool, found in theirs.items():
            if where in found:
                result[tool].add(place)
    return result


def table(rows: list[dict[str, Any]]) -> str:
    """The counts as a table in Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "| --- " + "| ---: " * (len(COLUMNS) - 1) + "|"]
    for row in rows:
        cells = ["not run" if row[c] is None else str(row[c]) for c in COLUMNS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def by_collection(found: dict[str, set[Break]]) -> list[dict[str, Any]]:
    """How many places each collection has, and how many of them each program names (see `named`)."""
    rows = []
    for collection in dict.fromkeys(place.collection for place in breaks()):
        of = {place for place in breaks() if place.collection == collection}
        counts = {tool: len(of & places) for tool, places in found.items()}
        about = {"collection": collection, "repository": REPOSITORIES.get(collection, collection)}
        rows.append({**about, "places": len(of), **counts})
    return rows


def share(rows: list[dict[str, Any]], found: dict[str, set[Break]]) -> tuple[str, float]:
    """How much of the list is named, as text, and as a number from 0 to 1."""
    places = breaks()
    tools = "named", "for certain", "TorchFix", "ruff"
    lines = [
        f"| collection | places that fail or warn | {' | '.join(tools)} |",
        "| --- " + "| ---: " * 5 + "|",
    ]
    total = {key: sum(row.get(key, 0) for row in rows) for key in ("places", *tools)}
    for row in [*rows, {"collection": "all", **total}]:
        counts = (str(row[tool]) if tool in found else "not run" for tool in tools)
        lines.append(f"| {row['collection']} | {row['places']} | {' | '.join(counts)} |")
    part = len(found["named"]) / len(places)
    missed = [place for place in places if place not in found["named"]]
    lines += ["", f"Of {len(places)} places that fail or warn {part:.1%} are named. Not named:"]
    lines += [f"  {p.collection}/{p.file}, {p.cell or 'line'} {p.line}: {p.what}" for p in missed]
    return "\n".join(lines), part


def version(command: list[str]) -> str:
    """What a program says its version is: its last word."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.split() or ["unknown"])[-1]


def folder(text: str) -> Path:
    """A folder that is there."""
    if not Path(text).is_dir():
        raise ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folders", nargs="*", type=folder, metavar="FOLDER", help="code to be counted"
    )
    words = "how TorchFix is started, such as: 'path/to/torchfix' (it is left out if not given)"
    parser.add_argument("--torchfix", type=shlex.split, default=[], metavar="COMMAND", help=words)
    words = "run the folders' short scripts, too, before and after --fix"
    parser.add_argument("--run", dest="runs", action="store_true", help=words)
    parser.add_argument(
        "--breaks", type=folder, metavar="FOLDER", help="where the listed collections lie"
    )
    running.add_out(parser, "with --breaks: write the counts to this file, as JSON")


def run(args: Namespace) -> int:
    """Count and print; the exit status is 1 if less than 95 % of the list are named."""
    if not args.folders and not args.breaks:
        raise UsageError("name folders of code, or --breaks FOLDER")
    if args.folders:
        try:
            print(table([count(folder, args.torchfix) for folder in args.folders]))
        except command.MisuseError as error:
            raise UsageError(str(error)) from None
    if args.runs:
        for line in runs(args.folders):
            print(line, flush=True)
    if args.breaks:
        found = named(args.breaks, args.torchfix)
        rows = by_collection(found)
        text, part = share(rows, found)
        print(text)
        about = {"command": "python -m tests.studies old-code --breaks FOLDER --torchfix COMMAND"}
        programs = {"TorchFix": args.torchfix, "ruff": [sys.executable, "-m", "ruff"]}
        versions = {name: version(start) for name, start in programs.items() if start}
        record = {**about, "versions": versions, "collections": rows}
        running.keep(args.out, json.dumps(record, indent=1) + "\n")
        return 0 if part >= 0.95 else 1
    return 0
