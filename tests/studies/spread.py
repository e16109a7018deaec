"""How far the outputs spread from setting to setting, against the tolerances: measured, not guessed.

    python -m tests.studies.spread threads-1 avx2                     # run every page so, print what differs
    python -m tests.studies.spread seed-1 seed-2 --pages 04 05        # other seeds: the bands of training
    python -m tests.studies.spread release --out notebooks/records/verification/spread.json
    # run nothing, judge what was measured
    python -m tests.studies.spread --out notebooks/records/verification/spread.json

Each page runs in a fresh kernel of the interpreter that runs this program (so `release` is for the one of
another release), and each output is compared with the stored one. What a cell *needs* is the smallest value of
a tolerance under which the comparison still passes, found by bisection on the comparison itself. With `--out`
it is kept as data, setting by setting.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from nbclient import NotebookClient
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from helpers import data as cifar
from helpers import pages
from helpers.book import kernel
from helpers.book.run import CurrentEnvironment
from helpers.environment import cpu_name, installed, pins
from helpers.verification import Policy, compare_outputs
from helpers.verification.headings import headings_of_code_cells

DATA = pages.NOTEBOOKS / "records/verification/spread.json"
SEEDS = 10
WIDEST = 5  # a tolerance is at most so many times what was needed
STRICT = Policy()
_FLOATS = [0.0, *(float(f"{10 ** (n / 20):.3g}") for n in range(-180, 61))]  # steps of 12 %
STEPS = {"rtol": _FLOATS, "atol": _FLOATS, "shift": range(25), "color": range(256)}


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


SETTINGS = {
    "threads-1": Setting("threads", {"OMP_NUM_THREADS": "1"}),
    "threads-2": Setting("threads", {"OMP_NUM_THREADS": "2"}),
    "avx2": Setting(
        "instructions",
        {
            "ATEN_CPU_CAPABILITY": "avx2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        },
    ),
    "sse": Setting(
        "instructions",
        {
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        },
    ),
    "like-a-gpu": Setting("simulated GPU", before="like_a_gpu.py"),
    "release": Setting("release"),
    **{f"seed-{n}": Setting("seed", seed=n) for n in range(1, SEEDS + 1)},
}


def with_seed(source: str, more: int) -> str:
    """A cell's source with ``more`` added to each seed that it states."""
    return re.sub(r"(\bmanual_seed\(|\bseed=)(\d+)", lambda m: f"{m[1]}{int(m[2]) + more}", source)


def run(page: pages.Page, setting: Setting) -> list[list[dict[str, Any]]]:
    """Run a page in a fresh kernel; the outputs of each code cell that ran. No file is written."""
    notebook = deepcopy(page.notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if setting.seed:
        last = max(known["cell"] for known in entries(page) if known["training"])
        notebook.cells = code = code[: last + 1]  # the rest is not looked at
        for cell in code:
            cell.source = with_seed(cell.source, setting.seed)
    client = NotebookClient(
        notebook,
        kernel_manager_class=CurrentEnvironment,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        timeout=600,
        allow_errors=True,
        resources={"metadata": {"path": str(page.path.parent)}},
    )
    if setting.before:
        program = Path(__file__).with_name(setting.before)
        client.extra_arguments = [f"--IPKernelApp.exec_files={program}"]
    with tempfile.TemporaryDirectory(prefix="book-kernel-", ignore_cleanup_errors=True) as folder:
        variables = os.environ | kernel.settings(Path(folder)) | setting.variables
        client.execute(stderr=subprocess.DEVNULL, env=variables | {"CUDA_VISIBLE_DEVICES": ""})
    return [cell.outputs for cell in code]


def stated(policy: Policy) -> dict[str, float]:
    """The tolerances of a cell that are wider than the strict defaults."""
    return {f: getattr(policy, f) for f in STEPS if getattr(policy, f) > getattr(STRICT, f)}


def needed(stored: list, new: list, policy: Policy) -> dict[str, Any]:
    """What each tolerance must at least be for the outputs to agree, the others as they are.

    Returns:
        The tolerances that are needed at all, by name; ``{"differs": what}`` if none would do.
    """
    if not compare_outputs(stored, new, replace(policy, rtol=0, atol=0, shift=0, color=0)):
        return {}

    def least(name: str, **others: Any) -> float | None:
        def passes(value: float) -> bool:
            return not compare_outputs(stored, new, replace(policy, **others | {name: value}))

        steps = STEPS[name]
        if passes(allowed := getattr(policy, name)):
            steps = [step for step in steps if step < allowed] + [allowed]
        place = bisect_left(steps, True, key=passes)
        return steps[place] if place < len(steps) else None

    numbers = "atol" if policy.atol > STRICT.atol else "rtol"
    found = {numbers: least(numbers, picture="form")}
    if found[numbers] is None:
        return {"differs": compare_outputs(stored, new, policy)[0].text}
    if policy.picture == "pixels":
        found |= {name: least(name, rtol=1e9, atol=1e9) for name in ("shift", "color")}
        if found["color"] is None:  # another size
            return {"differs": compare_outputs(stored, new, policy)[0].text}
        if found["shift"] is None:
            found["shift"] = len(STEPS["shift"])  # more than was tried
    return {name: value for name, value in found.items() if value}


def entries(page: pages.Page) -> list[dict[str, Any]]:
    """What the data says of each code cell of a page, without measurements.

    A cell is known by its source, so that it is found again when cells were added before it.
    """
    headings = headings_of_code_cells(page.notebook)
    return [
        {
            "page": page.name,
            "cell": n,
            "source": hashlib.sha256(cell.source.encode()).hexdigest()[:12],
            "heading": heading,
            "tolerance": stated(policy := Policy.from_metadata(cell.metadata)),
            "training": bool(stated(policy)) and "training" in policy.reason,
            "needed": {},
        }
        for n, (cell, heading) in enumerate(zip(page.code_cells, headings, strict=True))
    ]


def measure(page: pages.Page, setting: Setting) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Run a page; each cell's entry with what it needed. With other seeds, the cells of training only."""
    known = entries(page)
    if setting.seed and not any(entry["training"] for entry in known):
        return
    new = run(page, setting)
    for entry, cell, outputs in zip(known, page.code_cells, new, strict=False):
        if entry["training"] or not setting.seed:
            policy = Policy.from_metadata(cell.metadata)
            yield entry, needed(cell.outputs, outputs, policy)


def judge(data: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the tolerances, a line for each fault.

    None may be wider than ``WIDEST`` times what was needed at most, no band of training wider than what other
    seeds need, and none too narrow, save for another seed. A tolerance that no run has looked at yet is judged
    by ``unmeasured`` alone, a band by its seeds only once all of them have run. The strict defaults are judged
    in the last way: they are for float32 sums in another order, and no cell states them.
    """
    kinds = {name: run["kind"] for name, run in data["runs"].items()}
    for entry in data["cells"]:
        faults = [*_too_narrow(entry, kinds)]
        if entry["tolerance"] and not [*_lacks(entry, kinds)]:
            faults += _too_wide(entry, kinds)
        yield from (f"{entry['page']}, cell {entry['cell']}: {fault}" for fault in faults)


def unmeasured(data: dict[str, Any]) -> Iterator[str]:
    """What has still to be run, a line for each: every tolerance in every setting, with two other releases, and
    a band of training with ``SEEDS`` other seeds."""
    kinds = {name: run["kind"] for name, run in data["runs"].items()}
    for entry in data["cells"]:
        lacks = _lacks(entry, kinds) if entry["tolerance"] else ()
        yield from (f"{entry['page']}, cell {entry['cell']}: {what}" for what in lacks)


def _too_narrow(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    for name, need in entry["needed"].items():
        for field, value in need.items() if kinds[name] != "seed" else ():
            if field == "differs":
                yield f"differs with {name}: {value}"
            elif value > (allowed := entry["tolerance"].get(field, getattr(STRICT, field))):
                yield f"{name} needs {field} {value:g}, allowed is {allowed:g}"


def _lacks(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    for name, setting in SETTINGS.items():
        if setting.kind not in ("release", "seed") and name not in entry["needed"]:
            yield f"not measured with {name}"
    count = Counter(kinds[name] for name in entry["needed"])
    if count["release"] < 2:
        yield f"measured with {count['release']} other releases, not 2"
    if entry["training"] and count["seed"] < SEEDS:
        yield f"measured with {count['seed']} other seeds, not {SEEDS}"


def _too_wide(entry: dict[str, Any], kinds: dict[str, str]) -> Iterator[str]:
    seeds = [need for name, need in entry["needed"].items() if kinds[name] == "seed"]
    for field, allowed in entry["tolerance"].items():
        widest = _widest(entry["needed"].values(), field)
        if allowed > WIDEST * widest:
            yield f"{field} {allowed:g} is more than {WIDEST} x {widest:g}"
        if entry["training"] and allowed > (widest := _widest(seeds, field)):
            yield f"{field} {allowed:g} is wider than other seeds need, {widest:g}"


def _widest(needs: Iterable[dict[str, Any]], field: str) -> float:
    return max((need.get(field, 0) for need in needs), default=0)


def read(path: Path | None) -> dict[str, Any]:
    """The measurements kept in a file, under today's numbers, headings and tolerances of the cells.

    Those of a cell whose source has changed are dropped, and its page is no longer among those that a setting has run.
    """
    data = {"runs": {}, "cells": []}
    if path and path.exists():
        data = json.loads(path.read_text(encoding="utf-8"))
    kept = {(entry["page"], entry["source"]): entry["needed"] for entry in data["cells"]}
    cells = [entry for page in pages.all_pages() for entry in entries(page)]
    for entry in cells:
        entry["needed"] = kept.get((entry["page"], entry["source"]), {})
    today = {(entry["page"], entry["source"]) for entry in cells}
    for name, run in data["runs"].items():
        measured = "training" if run["kind"] == "seed" else "tolerance"
        stale = {page for (page, source) in kept.keys() - today if name in kept[page, source]}
        stale |= {e["page"] for e in cells if e[measured] and name not in e["needed"]}
        run["pages"] = [page for page in run["pages"] if page not in stale]
    return {"runs": data["runs"], "cells": cells}


def add(data: dict[str, Any], name: str, page: pages.Page, found: list) -> None:
    """Put what the cells of a page needed in one setting in the place of what was known."""
    need_of = {entry["source"]: need for entry, need in found}
    for entry in data["cells"]:
        if entry["page"] == page.name and entry["source"] in need_of:
            entry["needed"][name] = need_of[entry["source"]]
    run = data["runs"].setdefault(name, {"pages": []})
    run["kind"] = SETTINGS[name].kind if name in SETTINGS else "release"
    run["machine"] = f"{cpu_name()}, {os.cpu_count()} cores"
    run |= {package: installed(package) for package in ("torch", "torchvision")}
    run["pages"] = sorted({*run["pages"], page.name})


def write(data: dict[str, Any], path: Path | None) -> None:
    """Keep the measurements: of cells that state a tolerance all, of the others those that needed any."""
    if path is None:
        return
    for entry in data["cells"]:
        if not entry["tolerance"]:
            entry["needed"] = {name: need for name, need in entry["needed"].items() if need}
    cells = [entry for entry in data["cells"] if entry["tolerance"] or entry["needed"]]
    text = json.dumps(data | {"cells": cells}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Read the command line, run, print and keep; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("setting", nargs="*", help=f"one or more of {', '.join(SETTINGS)}")
    parser.add_argument("--pages", nargs="+", default=[""], help="numbers of pages; else all")
    parser.add_argument("--out", type=Path, help="keep what is found in this file")
    options = parser.parse_args()
    torch, pinned = installed("torch"), pins()["torch"]
    for name in options.setting:
        if name not in SETTINGS:
            parser.error(f"there is no setting {name}; there are {', '.join(SETTINGS)}")
        if (name == "release") == (torch == pinned):
            parser.error(f"{name} is not for torch {torch}; the book's is {pinned}")
    if not cifar.is_real():
        parser.error("the stored outputs are those of the real CIFAR-10 pictures")
    data = read(options.out)
    for name in options.setting:
        shown = f"torch {torch}" if name == "release" else name
        chosen = [p for p in pages.all_pages() if p.name.startswith(tuple(options.pages))]
        for page in chosen:
            found = list(measure(page, SETTINGS[name]))
            print(f"{shown}: {page.name}, {len(found)} cells", flush=True)
            for entry, need in found:
                if need:
                    print(f"    cell {entry['cell']} needs {need}; states {entry['tolerance']}")
            if found:
                add(data, shown, page, found)
            write(data, options.out)
    write(data, options.out)
    if options.setting:
        return 0
    faults = [*judge(data), *unmeasured(data)]
    print(*faults or ["every tolerance is measured, and as narrow as it should be"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
