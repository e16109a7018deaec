"""What was measured of the verification: the records of ``python -m tests.studies``, read for page 19."""

import json
from typing import Any

from IPython.display import Markdown

from helpers import paths, tables
from helpers.environment import numbers_of

RECORDS = paths.RECORDS / "verification"
# The kinds of settings under which one and the same program ran on other machines.
MACHINE = ("threads", "instructions", "simulated GPU", "release")


def record(name: str) -> Any:
    """What one of the studies has kept: ``spread``, ``mutation_score``, ``many_runs``, ``peers``."""
    return json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))


def trial_of_tools() -> Markdown:
    """Tabulate what three tools said of ten small notebooks, five of which have something wrong in them."""
    names = ["what", "this package", "nbval", "pytest-notebook"]
    rows = [[each[name] for name in names] for each in record("peers")["notebooks"]]
    return tables.table(["what", "helpers/verification", *names[2:]], rows)


def differences_by_release(spread: dict) -> Markdown:
    """Tabulate what cells show in another way on earlier releases of torch: the reason, the pages, the releases."""
    found: dict[str, tuple[set, set]] = {}
    for cell in spread["cells"]:
        if reason := cell["release"]:
            of_pages, of_releases = found.setdefault(reason, (set(), set()))
            of_pages.add(cell["page"].partition("_")[0])
            runs = [spread["runs"][name] for name, need in cell["needed"].items() if need]
            of_releases |= {run["torch"] for run in runs if run["kind"] == "release"}
    rows = [
        (reason, ", ".join(sorted(of_pages)), ", ".join(sorted(of_releases, key=numbers_of)))
        for reason, (of_pages, of_releases) in found.items()
    ]
    return tables.table(["what differs", "pages", "releases"], rows)


def widest(spread: dict, cell: dict, field: str, *kinds: str) -> float:
    """The most that a cell needed of one tolerance in settings of these kinds; 0 if nothing was needed."""
    found = (
        need.get(field, 0)
        for name, need in cell["needed"].items()
        if spread["runs"][name]["kind"] in kinds
    )
    return max(found, default=0)


def needed_by_default(spread: dict) -> dict[str, float]:
    """The most that any of the cells that state no tolerance needed, whatever the machine.

    Those that are known to differ from release to release are left out, see `differences_by_release`.
    """
    strict = [cell for cell in spread["cells"] if not cell["tolerance"] and not cell["release"]]
    return {
        field: max((widest(spread, cell, field, *MACHINE) for cell in strict), default=0)
        for field in ("rtol", "shift", "color")
    }
