"""How far the outputs spread from setting to setting, against the tolerances: measured, not guessed.

    python -m tests.studies spread threads-1 avx2              # run every page so, print what differs
    python -m tests.studies spread seed-1 seed-2 --pages 06    # other seeds: the tolerances of training
    python -m tests.studies spread release --out notebooks/records/verification/spread.json
    # run nothing, check what was measured
    python -m tests.studies spread --out notebooks/records/verification/spread.json

Each page runs in a fresh kernel of the interpreter that runs this program (so `release` is for the one of
another release), and each output is compared with the stored one. What a cell *needs* is the smallest value of
a tolerance under which the comparison still passes, found by bisection on the comparison itself. With `--out`
it is kept as data, setting by setting.
"""

import hashlib
import json
import os
import re
from argparse import ArgumentParser, Namespace
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from helpers import pages
from helpers.book import UsageError
from helpers.environment import cpu_name, installed, pins
from helpers.verification import Policy, compare_outputs
from helpers.verification.headings import headings_of_code_cells
from tests.studies import running

DATA = running.BOOK / "notebooks/records/verification/spread.json"
SEEDS = 10
WIDEST = 5  # a tolerance is at most so many times what was needed
STRICT = Policy()
FLOATS = [0.0, *(float(f"{10 ** (n / 20):.3g}") for n in range(-180, 61))]  # steps of 12 %
STEPS = {"rtol": FLOATS, "atol": FLOATS, "shift": range(25), "color": range(256)}

# What an earlier release shows in another way, and so it should: the page, how the cell begins, the reason.
OF_THE_RELEASE = (
    ("02_autograd", "out = w.exp()", "the message names set_detect_anomaly without check_nan"),
    ("03_autograd_in_depth", "newton = [guess]", "linear equations are solved in another order"),
    (
        "13_elementwise_functions",
        "v = torch.ones(3, requires_grad=True)\ne = v.exp()",
        "the message names set_detect_anomaly without check_nan",
    ),
    ("14_reductions_and_broadcasting", "pixels.mean()", "NotImplementedError was a RuntimeError"),
    ("15_old_calls", "1 - (x > 0.5)", "NotImplementedError was a RuntimeError"),
    ("15_old_calls", "torch.arange(3).mean()", "NotImplementedError was a RuntimeError"),
    ("15_old_calls", "# Solution 1\ndef not_above", "NotImplementedError was a RuntimeError"),
    ("15_old_calls", "lookup.silent()", "clamp had another gradient at its limits"),
    (
        "18_speed",
        "from torch.profiler import ProfilerActivity",
        "the profiler warns of events that it clears",
    ),
)


class Setting(NamedTuple):
    """One way to run the pages.

    Attributes:
        kind: what is varied.
        variables: environment variables of the kernel.
        seed: what is added to each seed in the cells.
        before: a program in this folder that the kernel runs before the page.
    """

    kind: str
    variables: Mapping[str, str] = MappingProxyType({})
    seed: int = 0
    before: str = ""


def _instructions(aten: str, onednn: str, mkl: str) -> Setting:
    names = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")
    return Setting("instructions", dict(zip(names, (aten, onednn, mkl), strict=True)))


SETTINGS = {
    "threads-1": Setting("threads", {"OMP_NUM_THREADS": "1"}),
    "threads-2": Setting("threads", {"OMP_NUM_THREADS": "2"}),
    "avx2": _instructions("avx2", "AVX2", "AVX2"),
    "sse": _instructions("default", "SSE41", "SSE4_2"),
    "like-a-gpu": Setting("simulated GPU", before="like_a_gpu.py"),
    "release": Setting("release"),
} | {f"seed-{n}": Setting("seed", seed=n) for n in range(1, SEEDS + 1)}


# --- measuring -----------------------------------------------------------------------------------------------


def with_seed(source: str, more: int) -> str:
    """A cell's source with ``more`` added to each seed that it states."""
    return re.sub(r"(\bmanual_seed\(|\bseed=)(\d+)", lambda m: f"{m[1]}{int(m[2]) + more}", source)


def run_page(page: pages.Page, setting: Setting) -> list[list[dict[str, Any]]]:
    """Run a page in a fresh kernel; the outputs of each code cell that ran. No file is written."""
    notebook = deepcopy(page.notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if setting.seed:
        last = max(entry["cell"] for entry in entries(page) if entry["training"])
        notebook.cells = code = code[: last + 1]  # the rest is not looked at
        for cell in code:
            cell.source = with_seed(cell.source, setting.seed)
    client = running.client(notebook, page.path.parent, allow_errors=True)
    if setting.before:
        program = Path(__file__).with_name(setting.before)
        client.extra_arguments = [f"--IPKernelApp.exec_files={program}"]
    running.execute(client, {**setting.variables, "CUDA_VISIBLE_DEVICES": ""})
    return [cell.outputs for cell in code]


def stated(policy: Policy) -> dict[str, float]:
    """The tolerances of a cell that are wider than the strict defaults."""
    return {f: getattr(policy, f) for f in STEPS if getattr(policy, f) > getattr(STRICT, f)}


def needed(stored: list, new: list, policy: Policy) -> dict[str, Any]:
    """What each tolerance must at least be for the outputs to agree, the others as they are.

    Returns:
        The tolerances that are needed at all, by name; ``{"differs": what}`` if none would do.
    """
    if not compare_outputs(stored, new, replace(policy, **dict.fromkeys(STEPS, 0))):
        return {}

    def least(name: str, **others: Any) -> float | None:
        def passes(value: float) -> bool:
            return not compare_outputs(stored, new, replace(policy, **others | {name: value}))

        steps = STEPS[name]
        if passes(allowed := getattr(policy, name)):
            steps = [*(step for step in steps if step < allowed), allowed]
        else:  # without a tolerance of its own a cell may need a wider one than the number says
            steps = [step for step in steps if step > allowed]
        place = bisect_left(steps, True, key=passes)
        return steps[place] if place < len(steps) else None

    numbers = "atol" if policy.atol > STRICT.atol else "rtol"
    needs = {numbers: least(numbers, picture="form")}
    if policy.picture == "pixels":
        needs["color"] = least("color", rtol=1e9, atol=1e9)
    if None in needs.values():  # a word, a whole number, a picture of another size
        return {"differs": compare_outputs(stored, new, policy)[0].text}
    if policy.picture == "pixels":
        shift = least("shift", rtol=1e9, atol=1e9)
        needs["shift"] = len(STEPS["shift"]) if shift is None else shift  # more than was tried
    return {name: value for name, value in needs.items() if value}


def entries(page: pages.Page) -> list[dict[str, Any]]:
    """What the data says of each code cell of a page, without measurements.

    A cell is known by its source, so that it is found again when cells were added before it.
    """
    rows = []
    headings = headings_of_code_cells(page.notebook)
    for n, (cell, heading) in enumerate(zip(page.code_cells, headings, strict=True)):
        policy = Policy.from_metadata(cell.metadata)
        rows.append(
            {
                "page": page.name,
                "cell": n,
                "source": hashlib.sha256(cell.source.encode()).hexdigest()[:12],
                "heading": heading,
                "tolerance": stated(policy),
                "training": bool(stated(policy)) and "training" in policy.reason,
                "release": reason_of_release(page.name, cell.source),
                "needed": {},
            }
        )
    return rows


def reason_of_release(page: str, source: str) -> str:
    """Why an earlier release of torch shows something else in this cell; nothing if it should not."""
    reasons = (why for of, start, why in OF_THE_RELEASE if of == page and source.startswith(start))
    return next(reasons, "")


def measure(page: pages.Page, setting: Setting) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Run a page; each cell's entry with what it needed. With other seeds, the cells of training only."""
    rows = entries(page)
    if setting.seed and not any(entry["training"] for entry in rows):
        return
    outputs = run_page(page, setting)
    for entry, cell, new in zip(rows, page.code_cells, outputs, strict=False):
        if entry["training"] or not setting.seed:
            yield entry, needed(cell.outputs, new, Policy.from_metadata(cell.metadata))


# --- checking ------------------------------------------------------------------------------------------------


def faults(data: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the tolerances, a line for each.

    None may be wider than ``WIDEST`` times what was needed at most, no tolerance of training wider than what
    other seeds need, and none too narrow, save for another seed. A tolerance that some run has not looked at
    yet may be as wide as it likes; see ``unmeasured``. The strict defaults may only not be too narrow: they are
    for float32 sums in another order, and no cell states them.
    """
    kinds = {name: run["kind"] for name, run in data["runs"].items()}
    for entry in data["cells"]:
        texts = [*_too_narrow(entry, kinds)]
        if entry["tolerance"] and not [*_lacking(entry, kinds)]:
            texts += _too_wide(entry, kinds)
        yield from (f"{entry['page']}, cell {entry['cell']}: {text}" for text in texts)


def unmeasured(data: dict[str, Any]) -> Iterator[str]:
    """What has still to be run, a line for each: every tolerance in every setting, with two other releases, and
    one of training with ``SEEDS`` other seeds."""
    kinds = {name: run["kind"] for name, run in data["runs"].items()}
    for entry in data["cells"]:
        lacking = _lacking(entry, kinds) if entry["tolerance"] else ()
        yield from (f"{entry['page']}, cell {entry['cell']}: {text}" for text in lacking)


def _too_narrow(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    excused = {"seed", "release"} if entry["release"] else {"seed"}
    for name, need in entry["needed"].items():
        for field, value in need.items() if kinds[name] not in excused else ():
            if field == "differs":
                yield f"differs with {name}: {value}"
            elif value > (allowed := entry["tolerance"].get(field, getattr(STRICT, field))):
                yield f"{name} needs {field} {value:g}, allowed is {allowed:g}"


def _lacking(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    for name, setting in SETTINGS.items():
        if setting.kind not in ("release", "seed") and name not in entry["needed"]:
            yield f"not measured with {name}"
    count = Counter(kinds[name] for name in entry["needed"])
    if count["release"] < 2:
        yield f"measured with {count['release']} other releases, not 2"
    if entry["training"] and count["seed"] < SEEDS:
        yield f"measured with {count['seed']} other seeds, not {SEEDS}"


def _too_wide(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    for field, allowed in entry["tolerance"].items():
        needs = {name: need.get(field, 0) for name, need in entry["needed"].items()}
        widest = max(needs.values())
        if allowed > WIDEST * widest:
            yield f"{field} {allowed:g} is more than {WIDEST} x {widest:g}"
        of_seeds = max((n for name, n in needs.items() if kinds[name] == "seed"), default=0)
        if entry["training"] and allowed > of_seeds:
            yield f"{field} {allowed:g} is wider than other seeds need, {of_seeds:g}"


# --- the data that are kept ----------------------------------------------------------------------------------


def read(path: Path | None) -> dict[str, Any]:
    """The measurements kept in a file, under today's numbers, headings and tolerances of the cells.

    Those of a cell whose source has changed are dropped, and its page is no longer among those that a setting has run.
    """
    data = {"runs": {}, "cells": []}
    if path and path.exists():
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            data = {"runs": {**data["runs"]}, "cells": [*data["cells"]]}
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{path} holds no measurements of this study") from None
    stored = {(entry["page"], entry["source"]): entry["needed"] for entry in data["cells"]}
    cells = [entry for page in pages.all_pages() for entry in entries(page)]
    for entry in cells:
        entry["needed"] = stored.get((entry["page"], entry["source"]), {})
    today = {(entry["page"], entry["source"]) for entry in cells}
    for name, run in data["runs"].items():
        wanted = "training" if run["kind"] == "seed" else "tolerance"
        stale = {key[0] for key in stored.keys() - today if name in stored[key]}
        stale |= {e["page"] for e in cells if e[wanted] and name not in e["needed"]}
        run["pages"] = [page for page in run["pages"] if page not in stale]
    return {"runs": data["runs"], "cells": cells}


def add(data: dict[str, Any], name: str, page: pages.Page, measured: list) -> None:
    """Put what the cells of a page needed in one setting in the place of what was known."""
    need_of = {entry["source"]: need for entry, need in measured}
    for entry in data["cells"]:
        if entry["page"] == page.name and entry["source"] in need_of:
            entry["needed"][name] = need_of[entry["source"]]
    run = data["runs"].setdefault(name, {"pages": []})
    run["kind"] = SETTINGS[name].kind if name in SETTINGS else "release"
    run["machine"] = f"{cpu_name()}, {os.cpu_count()} cores"
    run |= {package: installed(package) for package in ("torch", "torchvision")}
    run["pages"] = sorted({*run["pages"], page.name})


def dumps(data: dict[str, Any]) -> str:
    """The measurements as text: of cells that state a tolerance all, of the others those that needed any."""
    cells = []
    for entry in data["cells"]:
        needs = {n: need for n, need in entry["needed"].items() if need or entry["tolerance"]}
        if needs or entry["tolerance"]:
            cells.append(entry | {"needed": needs})
    return json.dumps(data | {"cells": cells}, ensure_ascii=False, indent=1) + "\n"


# --- the command ---------------------------------------------------------------------------------------------


def add_arguments(parser: ArgumentParser) -> None:
    words = f"one or more of {', '.join(SETTINGS)}"
    parser.add_argument("settings", nargs="*", metavar="SETTING", help=words)
    running.add_pages(parser, "--pages")
    running.add_out(parser, "keep what was measured in this file, beside what it holds")


def run(args: Namespace) -> int:
    """Run, print and keep; without a setting, check what was kept."""
    torch = installed("torch")
    _check(args.settings, torch)
    data = read(args.out)
    for name in args.settings:
        shown = f"torch {torch}" if name == "release" else name
        for page in running.chosen(args.pages):
            measured = list(measure(page, SETTINGS[name]))
            print(f"{shown}: {page.name}, {len(measured)} cells", flush=True)
            for entry, need in measured:
                if need:
                    print(f"    cell {entry['cell']} needs {need}; states {entry['tolerance']}")
            if measured:
                add(data, shown, page, measured)
            running.keep(args.out, dumps(data))  # after each page: an interrupt loses one
    if args.settings:
        return 0
    running.keep(args.out, dumps(data))
    texts = [*faults(data), *unmeasured(data)]
    print("\n".join(texts) or "every tolerance is measured, and as narrow as it should be")
    return 1 if texts else 0


def _check(settings: list[str], torch: str) -> None:
    """Refuse settings that cannot be run."""
    for name in settings:
        if name not in SETTINGS:
            raise UsageError(f"there is no setting {name!r}: {', '.join(SETTINGS)}")
        if (name == "release") == (torch == pins()["torch"]):
            raise UsageError(f"{name} is not for torch {torch}; the book's is {pins()['torch']}")
    if settings:
        running.need_real_pictures()
