"""Run the whole book twenty times, each time under other conditions, and print the table.

    python -m tests.studies.many_runs                     # all of them: about an hour on two cores
    python -m tests.studies.many_runs 5 14 --pages 06 07  # these runs, these pages
    python -m tests.studies.many_runs --out runs.json     # the table as data too

Each run is `pytest --nbval` on a clone of its own of what is committed, so that nothing of this checkout or of
another run helps or hinders. The real CIFAR-10 pictures must be there. A run that this system does not permit
is left out, and says why.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.etree import ElementTree

from helpers import data
from helpers.book.kernel import settings

BOOK = Path(__file__).resolve().parents[2]
PARALLEL = ("-n", "2", "--dist", "loadfile")
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
NO_HOME = dict.fromkeys(("HOME", "USERPROFILE"))  # None: not set
PLAIN_C = {"LC_ALL": "C", "LANG": "C"}
FOREIGN = "a folder 文件夹/my book 书"
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'
NAMESPACE = [
    "unshare",
    "--mount",
    *(["--map-root-user"] if getattr(os, "getuid", int)() else []),
    "sh",
    "-c",
]

# What a user may have of his own, below his home; each would change outputs if the book took notice of it.
USER = {
    ".ipython/profile_default/startup/00.py": "import numpy\nnumpy.set_printoptions(precision=1)\n",
    ".ipython/profile_default/ipython_config.py": 'c.PlainTextFormatter.float_precision = "%.1f"\n'
    'c.InteractiveShell.ast_node_interactivity = "all"\n',
    ".config/matplotlib/matplotlibrc": "lines.linewidth: 9\nfont.size: 20\nsavefig.dpi: 30\n",
    "kernels/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "broken", "language": "python"}',
}


class Conditions(NamedTuple):
    """What is special about a run; the defaults are those of a reader: serial, in order, idle, in the book."""

    words: str
    parallel: bool = False
    shuffled: bool = False
    busy: bool = False  # every core kept busy by another process
    real: bool = True
    elsewhere: bool = False  # started from another folder
    folder: str = "book"
    read_only: bool = False
    variables: Mapping[str, str | None] = MappingProxyType({})
    user: tuple[str, ...] = ()  # which of USER's variables point at his files


PROFILE, KERNELS = ("HOME", "IPYTHONDIR", "MPLCONFIGDIR"), ("JUPYTER_PATH",)
RUNS = [
    Conditions("serial"),
    Conditions("-n 2", parallel=True),
    Conditions("random order", shuffled=True),
    Conditions("random order, -n 2", parallel=True, shuffled=True),
    Conditions("busy cores", busy=True),
    Conditions("busy cores, random order, -n 2", parallel=True, shuffled=True, busy=True),
    Conditions("stand-in", real=False),
    Conditions("stand-in, random order, -n 2", parallel=True, shuffled=True, real=False),
    Conditions("without HOME", variables=NO_HOME),
    Conditions("LANG=C", variables=PLAIN_C),
    Conditions("from another folder", elsewhere=True),
    Conditions("path with blanks and Chinese", folder=FOREIGN),
    Conditions("that path, LANG=C, -n 2", parallel=True, folder=FOREIGN, variables=PLAIN_C),
    Conditions("read-only checkout", read_only=True),
    Conditions("read-only, stand-in, -n 2", parallel=True, real=False, read_only=True),
    Conditions("a user's IPython profile, matplotlibrc", user=PROFILE),
    Conditions("another default kernel, a broken one", user=KERNELS),
    Conditions("one thread", variables={"OMP_NUM_THREADS": "1"}),
    Conditions("AVX2 only", variables=AVX2),
    Conditions(
        "most of it at once",
        parallel=True,
        shuffled=True,
        busy=True,
        elsewhere=True,
        folder=FOREIGN,
        variables=PLAIN_C,
        user=PROFILE + KERNELS,
    ),
]


def environment(run: Conditions, home: Path) -> dict[str, str]:
    """The variables of a user's shell under the conditions of a run."""
    ours = {"VIRTUAL_ENV", "CIFAR10_ROOT", *settings(home)}
    kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("PYTEST_")}
    places = {
        "HOME": home,
        "IPYTHONDIR": home / ".ipython",
        "MPLCONFIGDIR": home / ".config/matplotlib",
        "JUPYTER_PATH": home / "kernels",
    }
    root = data.cifar10(train=False).root if run.real else data.STAND_IN
    changed = {"TMPDIR": home.parent, "CIFAR10_ROOT": root, **run.variables}
    changed |= {name: places[name] for name in run.user}
    return {k: str(v) for k, v in (kept | changed).items() if v is not None}


def perform(number: int, names: list[str]) -> dict[str, Any]:
    """Run the pages that begin with these names under the conditions of one run; its row of the table."""
    run = RUNS[number - 1]
    row = {"run": number, "conditions": run.words}
    with ExitStack() as stack:
        outer = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="many-runs-")))
        book, home, report = outer / run.folder, outer / "home", outer / "report.xml"
        for name, text in USER.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, encoding="utf-8")
        output("git", "clone", "--quiet", BOOK, book)
        pages = sorted(p for p in book.glob("notebooks/*.ipynb") if p.name.startswith(tuple(names)))
        if run.shuffled:
            random.Random(number).shuffle(pages)
        command = [sys.executable, "-m", "pytest", "--nbval", f"--junitxml={report}"]
        command += PARALLEL if run.parallel else ()
        command += pages if run.elsewhere else [page.relative_to(book) for page in pages]
        if run.read_only:
            if refused := output(*NAMESPACE, READ_ONLY, book, "true"):
                return row | {"left out": refused}
            command = [*NAMESPACE, READ_ONLY, book, *command]
        for _ in range(os.cpu_count() or 1) if run.busy else ():
            spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(spinning.wait)
            stack.callback(spinning.kill)
        start = time.perf_counter()
        cwd = outer if run.elsewhere else book
        text = output(*command, cwd=cwd, env=environment(run, home))
        row["seconds"] = round(time.perf_counter() - start, 1)
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
        row["cells"] = len(cases)
        row["failed"] = [
            f"{case.get('classname').rpartition('notebooks.')[2]}::{case.get('name')}"
            for case in cases
            if any(fault.tag in ("failure", "error") for fault in case)
        ] or ([] if cases else ["no cell ran"])
        row["left behind"] = output("git", "status", "--porcelain", cwd=book).splitlines()
        return row | ({"text": text} if row["failed"] else {})


def output(*command: Any, **options: Any) -> str:
    """What a command prints, errors too, whatever its exit status."""
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
        **options,
    )
    return done.stdout.strip()


def number_of_run(text: str) -> int:
    """The number of a run, as typed; `argparse` says what is wrong with another."""
    if text not in map(str, range(1, len(RUNS) + 1)):
        raise argparse.ArgumentTypeError(f"{text} is not the number of a run: 1 to {len(RUNS)}")
    return int(text)


def main() -> int:
    """Read the command line, run, print the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="*", type=number_of_run, help=f"1 to {len(RUNS)}; else all")
    parser.add_argument("--pages", nargs="+", default=[""], help="numbers of pages; else the book")
    parser.add_argument("--out", type=Path, help="write the table as JSON, with what failed")
    options = parser.parse_args()
    if not data.is_real():
        parser.error("the runs need the real CIFAR-10 pictures: python -m helpers.data --download")
    print(f"{'run':>3}  {'conditions':40}{'cells':>6}{'passed':>8}{'failed':>8}{'seconds':>9}")
    table = []
    for number in options.run or range(1, len(RUNS) + 1):
        row = perform(number, options.pages)
        table.append(row)
        if options.out:  # after each run: an interrupted table is not lost
            text = json.dumps(table, ensure_ascii=False, indent=1)
            options.out.write_text(text, encoding="utf-8")
        line = f"{number:3}  {row['conditions']:40}"
        if "left out" in row:
            print(f"{line}left out: {row['left out']}", flush=True)
            continue
        count, failed = row["cells"], len(row["failed"])
        print(f"{line}{count:6}{count - failed:8}{failed:8}{row['seconds']:9.1f}", flush=True)
        for name in [*row["failed"], *(f"left behind: {name}" for name in row["left behind"])]:
            print(f"     {name}", flush=True)
    return 1 if any(row.get("failed") or row.get("left behind") for row in table) else 0


if __name__ == "__main__":
    sys.exit(main())
