"""What share of changed constants and operators in a page's source changes one of its outputs.

    python -m tests.studies.source_mutations                    # every page: about a quarter of an hour on two cores
    python -m tests.studies.source_mutations 07 --sample 50     # fifty mutations of this page

A page runs cell by cell in one process. Before each cell, for each of its numbers, words, truth values, operators
and dtypes, a forked copy of the process (as it is, with all variables) runs the cell with that one thing changed,
then those later cells that use a name of it, until an output differs from the page's own under the policy of its
cell. An exception is a difference, so an assertion counts. What cannot be expected to change an output is listed
with its reason, and so are cells in which no change did.

Everything runs in one thread, because a forked copy of a process has only one.
"""

import argparse
import ast
import base64
import copy
import os
import pickle
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from helpers import pages
from helpers.book import kernel
from helpers.verification import Policy, compare_outputs
from tests.studies.mutations import DTYPES

SECONDS = (
    6  # of computing, for a changed cell and those after it; a cell that takes half as much is left
)
SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE,
    ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
# Why a change need not show: the name of the call, or of its argument, that the constant stands in.
REASONS = {
    "a seed": {"manual_seed", "seed", "generator"},
    "a tolerance": {"rtol", "atol", "rel_tol", "abs_tol", "eps"},
    "how often is timed": {"repeat", "number", "timeit", "best_of", "runs"},
    "a path": {"insert", "open", "Path", "read_text"},
    "the look of a figure": {
        "alpha", "lw", "linewidth", "markersize", "fontsize", "zorder", "s", "dpi", "figsize", "width",
        "height_ratios", "width_ratios", "pad", "ha", "va", "loc", "rotation", "color", "linspace",
    },
}  # fmt: skip


class Change(NamedTuple):
    """One changed thing in a cell."""

    line: int
    what: str
    source: str  # of the whole cell
    reason: str  # why it need not show, or ''


# --- what is changed -----------------------------------------------------------------------------------------


def changes(source):
    """All changes of a cell, as Python source.

    Not changed are docstrings, the words of an assertion, and parts of f-strings that print no value.
    """
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for number, node in enumerate(ast.walk(tree)):
        for field, new in _alternatives(node, parents):
            other = copy.deepcopy(tree)
            target = next(n for k, n in enumerate(ast.walk(other)) if k == number)
            setattr(target, field, new)
            old = getattr(node, field)
            what = f"{_shown(old)} becomes {_shown(new)}"
            yield Change(
                getattr(node, "lineno", 0), what, ast.unparse(other), _reason(node, parents)
            )


def _alternatives(node, parents):
    match node:
        case ast.Constant(value=bool(value)):
            yield "value", not value
        case ast.Constant(value=int(value)):
            yield "value", value + 1
        case ast.Constant(value=(float() | complex()) as value):
            yield "value", value * 1.5 or 1.0
        case ast.Constant(value=str(value)) if not isinstance(
            parents[node], ast.Expr | ast.JoinedStr
        ):
            if not (isinstance(parents[node], ast.Assert) and parents[node].msg is node):
                yield "value", f"{value}x"
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in SWAPPED:
            yield "op", SWAPPED[type(op)]()
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield "ops", [SWAPPED[type(op)]()]
        case ast.Attribute(attr=name) if name in DTYPES:
            yield "attr", DTYPES[name]


def _shown(value):
    if isinstance(value, list):
        value = value[0]
    return type(value).__name__ if isinstance(value, ast.AST) else repr(value)[:60]


def _reason(node, parents):
    around = []
    while node in parents:
        node, inner = parents[node], node
        if isinstance(node, ast.keyword):
            around.append(node.arg)
        elif isinstance(node, ast.Call):
            if inner is not node.func:
                around.append(getattr(node.func, "attr", getattr(node.func, "id", "")))
        elif not isinstance(node, ast.Tuple | ast.List | ast.UnaryOp | ast.BinOp):
            break
    return next((reason for reason, names in REASONS.items() if names & set(around)), "")


def names(source):
    """The names that a cell uses or makes."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)} | {
        node.name for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }  # fmt: skip


# --- a page that runs in this process ------------------------------------------------------------------------


class Output:
    """A text stream that writes to a list of outputs."""

    encoding = "utf-8"

    def __init__(self, name, outputs):
        self.name, self.outputs = name, outputs

    def write(self, text):
        self.outputs.append({"output_type": "stream", "name": self.name, "text": text})
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


class Session:
    """IPython in this process; ``run`` gives the outputs of a cell as a notebook has them."""

    def __init__(self):
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        outputs = self.outputs = []

        class Publisher(DisplayPublisher):
            def publish(self, data, metadata=None, **more):
                outputs.append({"output_type": "display_data", "data": data})

        class Hook(DisplayHook):
            def write_output_prompt(self):
                pass

            def write_format_data(self, format_dict, md_dict=None):
                outputs.append({"output_type": "execute_result", "data": format_dict})

            def finish_displayhook(self):
                pass

        class Shell(InteractiveShell):
            display_pub_class = Publisher
            displayhook_class = Hook

            def showtraceback(self, *args, **more):
                pass

        config = Config()
        config.HistoryManager.enabled = False  # its thread would not survive a fork
        InteractiveShell.clear_instance()
        self.shell = Shell.instance(config=config)
        self.shell.colors = "nocolor"

    def python(self, source):
        """A cell as Python, its magics as calls."""
        return self.shell.transform_cell(source)

    def run(self, source):
        """The outputs of a cell."""
        self.outputs.clear()
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = (Output(name, self.outputs) for name in ("stdout", "stderr"))
        try:
            done = self.shell.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = streams
        fault = done.error_before_exec or done.error_in_exec
        if fault is not None:
            error = {"output_type": "error", "ename": type(fault).__name__, "evalue": str(fault)}
            self.outputs.append(error)
        return [_plain(output) for output in self.outputs]


def _plain(output):
    """An output as it would stand in a file: pictures as base64."""
    data = output.get("data", {})
    return output | ({"data": {
        mime: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for mime, value in data.items()
    }} if data else {})  # fmt: skip


def forked(work, seconds=None):
    """Start a copy of this process that does ``work()``; returns its number and the file of its result."""
    _, path = tempfile.mkstemp()
    child = os.fork()
    if child:
        return child, path
    try:
        if seconds:
            signal.setitimer(
                signal.ITIMER_PROF, seconds
            )  # of computing, however busy the machine is
            signal.alarm(20 * seconds)
            nothing = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):  # what a cell's own processes print
                os.dup2(nothing, stream)
        Path(path).write_bytes(pickle.dumps(work()))
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        sys.stdout.flush()
        os._exit(0)


def result(path, default=None):
    """What a copy has left, and away with its file."""
    data = Path(path).read_bytes()
    Path(path).unlink()
    return pickle.loads(data) if data else default


# --- the score -----------------------------------------------------------------------------------------------


def score_page(page, sample=None, jobs=2):
    """The verdict on each change of a page: ``[(cell, change, verdict), ...]``.

    A verdict is 'seen' (an output differs), 'unseen', 'slow' (took too long), or why the cell was left alone.
    """
    os.chdir(page.path.parent)
    session = Session()
    cells = page.code_cells
    sources = [session.python(cell.source) for cell in cells]
    policies = [Policy.from_metadata(cell.metadata) for cell in cells]

    def whole():
        found = []
        for source in sources:
            start = time.process_time()
            outputs = session.run(source)
            found.append((outputs, time.process_time() - start))
        return found

    child, path = forked(whole)
    os.waitpid(child, 0)
    before = result(path)
    for n, (cell, policy) in enumerate(zip(cells, policies, strict=True)):
        if compare_outputs(cell.outputs, before[n][0], policy):
            print(
                f"{page.name}, cell {n}: other outputs here than in the page, compared with those"
            )
    verdicts, running = [], {}

    def collect():
        child, _ = os.wait()
        path, cell, change = running.pop(child)
        verdicts.append((cell, change, result(path, "slow")))

    chosen = _chosen(sources, policies, sample, page.name)
    for n, source in enumerate(sources):
        for change in chosen[n]:
            if before[n][1] > SECONDS / 2:
                verdicts.append((n, change, "takes long"))
                continue

            def work(n=n, change=change):
                return _try(
                    session, [*sources[:n], change.source, *sources[n + 1 :]], n, before, policies
                )

            while len(running) >= jobs:
                collect()
            child, path = forked(work, SECONDS)
            running[child] = path, n, change
        while running:
            collect()
        outputs = session.run(source)
        if compare_outputs(before[n][0], outputs, policies[n]):
            raise RuntimeError(f"{page.name}, cell {n}: two runs differ: {outputs}")
    return verdicts


def _chosen(sources, policies, sample, seed):
    """The changes of each cell; a sample of them, spread over all cells, if it is given."""
    found = []
    for source, policy in zip(sources, policies, strict=True):
        form = "its cell is compared in form" if policy.kind == "form" else ""
        found.append([c._replace(reason=c.reason or form) for c in changes(source)])
    if sample is None:
        return found
    pairs = [(n, change) for n, group in enumerate(found) for change in group]
    kept = random.Random(seed).sample(pairs, min(sample, len(pairs)))
    return [[change for k, change in kept if k == n] for n in range(len(sources))]


def _try(session, sources, n, before, policies):
    """Run the changed cell ``n``, then those that use a name of it, until an output differs."""
    touched = names(sources[n])
    for k, source in enumerate(sources):
        uses = names(source)
        if k == n or (k > n and uses & touched and before[k][1] < SECONDS / 2):
            touched |= uses
            outputs = session.run(source)
            # the history shows the changed source itself
            if "'hist'" not in source and compare_outputs(before[k][0], outputs, policies[k]):
                return "seen"
    return "unseen"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "page", nargs="*", help="a page by its number or name; all if none is given"
    )
    parser.add_argument("--sample", type=int, help="so many changes of a page, instead of all")
    arguments = parser.parse_args()
    chosen = [
        page for page in pages.all_pages()
        if not arguments.page or any(page.name.startswith(name) for name in arguments.page)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="book-kernel-") as folder:
        os.environ.update(kernel.settings(Path(folder)))
        os.environ.update({"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": ""})
        import torch

        torch.set_num_threads(1)
        torch.set_num_threads = lambda n: None
        for page in chosen:
            child, path = forked(lambda page=page: report(page, score_page(page, arguments.sample)))
            os.waitpid(child, 0)
            if not result(path):
                return 1
    return 0


def report(page, verdicts):
    """Print the score of a page, what was not seen and why, and the cells that no change shows in; True."""
    counts = Counter(verdict for _, _, verdict in verdicts)
    unseen = [(n, change) for n, change, verdict in verdicts if verdict == "unseen"]
    excused = Counter(change.reason for _, change in unseen if change.reason)
    open_ = [(n, change) for n, change in unseen if not change.reason]
    counted = counts["seen"] + len(open_)
    share = 100 * counts["seen"] / counted if counted else 100
    print(f"{page.name}: {counts['seen']} of {counted} changes seen, {share:.1f} %")
    for verdict in ("slow", "takes long"):
        if counts[verdict]:
            print(f"  {counts[verdict]} not counted: {verdict}")
    for reason, n in excused.items():
        print(f"  {n} not counted: {reason}")
    tried = {n for n, _, verdict in verdicts if verdict in ("seen", "unseen")}
    deaf = sorted(tried - {n for n, _, verdict in verdicts if verdict == "seen"})
    print(f"  cells in which no change is seen: {', '.join(map(str, deaf)) or 'none'}")
    for n, change in open_:
        print(f"  cell {n}, line {change.line}: {change.what}")
    return True


if __name__ == "__main__":
    sys.exit(main())
