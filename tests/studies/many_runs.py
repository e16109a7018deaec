"""Run the whole book again and again, each time under other conditions, and print the table.

    python -m tests.studies many-runs                     # all of them: about an hour on two cores
    python -m tests.studies many-runs 5 14 --pages 08 07  # these runs, these pages

Each run is `pytest --nbval` on a clone of its own of what is committed, so that nothing of this checkout or of
another run helps or hinders. The real CIFAR-10 pictures must be there. A run that this system does not permit
is left out, and says why.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from helpers.book.kernel import settings
from tests.studies import running

AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
NO_HOME = dict.fromkeys(("HOME", "USERPROFILE"))  # None: not set
PLAIN_C = {"LC_ALL": "C", "LANG": "C"}
# What a user's shell may hold; each has changed outputs or ended cells at some time, or would if the book let it.
DEBUGGING = {"TORCH_SHOW_CPP_STACKTRACES": "1", "TORCH_LOGS": "+all", "MKL_VERBOSE": "1"}
PYTHON = {
    "PYTHONOPTIMIZE": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONDEVMODE": "1",
    "PYTHONHASHSEED": "7",
}
CHINESE = {"LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.UTF-8", "TZ": "Asia/Shanghai"}
LOOKS = {"COLUMNS": "40", "NO_COLOR": "1", "MPLBACKEND": "agg", "TQDM_DISABLE": "1"}
FOREIGN = "a folder 文件夹/my book 书"
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'

# What a user may have of his own, below his home; each would change outputs if the book took notice of it.
USER = {
    ".ipython/profile_default/startup/00.py": "import numpy\nnumpy.set_printoptions(precision=1)\n",
    ".ipython/profile_default/ipython_config.py": 'c.PlainTextFormatter.float_precision = "%.1f"\n'
    'c.InteractiveShell.ast_node_interactivity = "all"\n',
    ".config/matplotlib/matplotlibrc": "lines.linewidth: 9\nfont.size: 20\nsavefig.dpi: 30\n",
    "kernels/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "broken", "language": "python"}',
}
PLACES = {"HOME": "", "IPYTHONDIR": ".ipython", "MPLCONFIGDIR": ".config/matplotlib"}
PLACES["JUPYTER_PATH"] = "kernels"
PROFILE, KERNELS = ("HOME", "IPYTHONDIR", "MPLCONFIGDIR"), ("JUPYTER_PATH",)


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
    user: tuple[str, ...] = ()  # which of PLACES' variables point at his files


WORST = Conditions("most of it at once", parallel=True, shuffled=True, busy=True, elsewhere=True)
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
    Conditions("a user's settings for torch", variables=DEBUGGING),
    Conditions("a user's settings for Python", variables=PYTHON),
    Conditions("a Chinese system, another look", variables=CHINESE | LOOKS),
    WORST._replace(folder=FOREIGN, variables=PLAIN_C, user=(*PROFILE, *KERNELS)),
]


def environment(conditions: Conditions, home: Path) -> dict[str, str]:
    """The variables of a user's shell under the conditions of a run."""
    from helpers import data

    ours = {"VIRTUAL_ENV", *settings(home)}
    variables: dict[str, Any] = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("PYTEST_")
    }
    variables["TMPDIR"] = home.parent
    variables["CIFAR10_ROOT"] = data.cifar10(train=False).root if conditions.real else data.STAND_IN
    variables |= conditions.variables
    variables |= {name: home / PLACES[name] for name in conditions.user}
    return {name: str(value) for name, value in variables.items() if value is not None}


def perform(number: int, names: list[str]) -> dict[str, Any]:
    """Run the pages that begin with these names under the conditions of one run; its row of the table."""
    conditions = RUNS[number - 1]
    row = {"run": number, "conditions": conditions.words}
    with ExitStack() as stack:
        outer = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="many-runs-")))
        book, home = outer / conditions.folder, outer / "home"
        for name, text in USER.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, encoding="utf-8")
        running.output("git", "clone", "--quiet", running.BOOK, book)
        pages = sorted(p for p in book.glob("notebooks/*.ipynb") if p.name.startswith(tuple(names)))
        if conditions.shuffled:
            random.Random(number).shuffle(pages)
        if not conditions.elsewhere:
            pages = [page.relative_to(book) for page in pages]
        prefix = _read_only(book) if conditions.read_only else []
        if prefix and (refusal := running.output(*prefix, "true")):
            return row | {"left out": refusal}
        for _ in range((os.cpu_count() or 1) if conditions.busy else 0):
            load = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(load.wait)
            stack.callback(load.kill)
        result = running.run_pytest(
            pages,
            workers=2 if conditions.parallel else 1,
            prefix=prefix,
            cwd=outer if conditions.elsewhere else book,
            env=environment(conditions, home),
        )
        row["seconds"] = round(result.seconds, 1)
        row["cells"] = len(result.cells)
        row["failed"] = [f"{cell.page}::{cell.name}" for cell in result.cells if cell.failed]
        if not result.cells:
            row["failed"] = ["no cell ran"]
        row["left behind"] = running.output("git", "status", "--porcelain", cwd=book).splitlines()
        if row["failed"]:
            row["text"] = result.text
        return row


def _read_only(book: Path) -> list[str]:
    """The beginning of a command for which the folder is read-only."""
    root = [] if getattr(os, "geteuid", lambda: 0)() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *root, "sh", "-c", READ_ONLY, str(book)]


def add_arguments(parser: ArgumentParser) -> None:
    number = running.number_up_to(len(RUNS))
    words = f"numbers of runs, 1 to {len(RUNS)}; all if none is given"
    parser.add_argument("runs", nargs="*", type=number, metavar="RUN", help=words)
    running.add_pages(parser, "--pages")
    running.add_out(parser, "keep the table in this file as JSON, with what failed")


def run(args: Namespace) -> int:
    """Run and print the table; the exit status is 1 if a cell failed or a file was left behind."""
    running.need_real_pictures()
    print(f"{'run':>3}  {'conditions':40}{'cells':>6}{'passed':>8}{'failed':>8}{'seconds':>9}")
    table = []
    for number in args.runs or range(1, len(RUNS) + 1):
        row = perform(number, args.pages or [""])
        table.append(row)
        # after each run: an interrupted table is not lost
        running.keep(args.out, json.dumps(table, ensure_ascii=False, indent=1) + "\n")
        line = f"{number:3}  {row['conditions']:40}"
        if "left out" in row:
            print(f"{line}left out: {row['left out']}", flush=True)
            continue
        cells, failed = row["cells"], len(row["failed"])
        print(f"{line}{cells:6}{cells - failed:8}{failed:8}{row['seconds']:9.1f}", flush=True)
        for name in [*row["failed"], *(f"left behind: {name}" for name in row["left behind"])]:
            print(f"     {name}", flush=True)
    return 1 if any(row.get("failed") or row.get("left behind") for row in table) else 0
