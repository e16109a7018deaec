"""What was measured of the verification: the records of ``python -m tests.studies``, read for page 17."""

import json
from typing import Any

from IPython.display import Markdown

from helpers import pages
from helpers.tables import table

RECORDS = pages.NOTEBOOKS / "records/verification"
MACHINE = (
    "threads",
    "instructions",
    "simulated GPU",
    "release",
)  # kinds of settings: one and the same program
SETTINGS = 7  # 1 and 2 threads, 2 sets of instructions, the simulated GPU, 2 other releases
SEEDS = 10  # more, for a cell that trains


def record(name: str) -> Any:
    """What one of the studies has kept: ``spread``, ``mutation_score``, ``many_runs``."""
    return json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))


def widest(spread: dict, cell: dict, field: str, *kinds: str) -> float:
    """The most that a cell needed of one tolerance in settings of these kinds; 0 if nothing was needed."""
    found = (
        need.get(field, 0)
        for name, need in cell["needed"].items()
        if spread["runs"][name]["kind"] in kinds
    )
    return max(found, default=0)


def needed_by_default(spread: dict) -> dict[str, float]:
    """The most that any of the cells that state no tolerance needed, whatever the machine."""
    strict = [cell for cell in spread["cells"] if not cell["tolerance"]]
    return {
        field: max((widest(spread, cell, field, *MACHINE) for cell in strict), default=0)
        for field in ("rtol", "shift", "color")
    }


def progress(spread: dict) -> Markdown:
    """In how many settings each page has run, and how many measurements of its tolerances there are."""
    runs = [run for run in spread["runs"].values() if run["kind"] in MACHINE]
    rows = []
    for page in pages.all_pages():
        ran = sum(page.name in run["pages"] for run in runs)
        stated = [c for c in spread["cells"] if c["page"] == page.name and c["tolerance"]]
        made = sum(len(cell["needed"]) for cell in stated)
        wanted = sum(SETTINGS + SEEDS * cell["training"] for cell in stated)
        measured = f"{made} of {wanted}" if stated else "none stated"
        rows.append((page.name[:2], f"{ran} of {SETTINGS}", measured))
    return table(("page", "settings it ran in", "measurements of its tolerances"), rows)
