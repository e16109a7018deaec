"""What the README shows of the book: its pictures and the table of measured figures.

    python -m helpers.book readme             # writes .github/*.png and the table in README.md
    python -m helpers.book readme --check     # only tells whether they are what it would write

The pictures are figures that pages have drawn, taken out of the committed notebooks. The figures come from records:
``notebooks/records/`` (each written by the command beside it) and page 16's list.
"""

import argparse
import base64
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from PIL import Image, ImageDraw

from helpers import pages
from helpers.book import BookError
from helpers.environment import numbers_of
from helpers.notes.statements import SLIP, STATEMENTS
from helpers.paths import BOOK, RECORDS
from helpers.verification.files import write_file
from helpers.verification.pictures import compare_pictures

README = BOOK / "README.md"
PICTURES = BOOK / ".github"

# The picture at the top, row by row: a page's number and how the description of its figure begins.
FRONT = (
    (("08", "t.T:  shape"), ("10", "Gather along dim 1. index: 3 0")),
    (("04", "A picture, six filters"), ("05", "Left: a slow path")),
)
CURVES = ("17", "Accuracy against seconds")
# The training runs of one minute: a record and the machine that it is from.
TRAININGS = (
    ("training/bf16_60", "with AVX512 and bfloat16"),
    ("training/seconds_60", "with AVX512"),
    ("training/avx2_60", "with AVX2 only"),
)
WIDTH, GAP, EDGE = 580, 16, 14  # pixels: of a card, between cards, around a figure
TABLE = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


def figure(number: str, alt: str) -> bytes:
    """A figure that a page ("06") shows, by how its description begins, as PNG.

    Raises:
        BookError: the page has no such figure.
    """
    for page in pages.all_pages():
        for output in (o for cell in page.code_cells for o in cell.outputs):
            described = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if page.name.startswith(number) and described.startswith(alt):
                return base64.b64decode(output.data["image/png"])
    raise BookError(
        f"Page {number} has no figure described as {alt!r}: see FRONT in helpers/book/readme.py."
    )


def cards() -> bytes:
    """The picture at the top: four figures on white cards, nothing between them: any background will do."""
    rows = [[_card(Image.open(io.BytesIO(figure(*where)))) for where in row] for row in FRONT]
    heights = [max(card.height for card in row) for row in rows]
    height = sum(heights) + GAP * (len(rows) - 1)
    picture = Image.new("RGBA", (2 * WIDTH + GAP, height))
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for n, card in enumerate(row):
            left = n * (WIDTH + GAP)
            box = (left, top, left + WIDTH - 1, top + height - 1)
            ImageDraw.Draw(picture).rounded_rectangle(box, radius=10, fill="white")
            picture.paste(card, (left + EDGE, top + (height - card.height) // 2))
        top += height + GAP
    out = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _card(drawn: Image.Image) -> Image.Image:
    """A figure as wide as a card; one that is narrower is centered, not blown up."""
    inner = WIDTH - 2 * EDGE
    if drawn.width > inner:
        size = (inner, round(drawn.height * inner / drawn.width))
        drawn = drawn.resize(size, Image.Resampling.LANCZOS)
    card = Image.new("RGB", (inner, drawn.height + 2 * EDGE), "white")
    card.paste(drawn.convert("RGB"), ((inner - drawn.width) // 2, EDGE))
    return card


def pictures() -> dict[str, bytes]:
    """The README's pictures by the names of their files."""
    return {"front.png": cards(), "accuracy_and_time.png": figure(*CURVES)}


def figures() -> Iterator[tuple[str, str, str]]:
    """What was measured: of what, the figure, and what prints it."""
    from helpers.training.records import command_of  # torch takes seconds

    score = record("verification/mutation_score")
    caught, counted = score["caught"], score["caught"] + score["missed"]
    share = f"{caught:,} of {counted:,} ({100 * caught / counted:.2f} %)"
    yield "corrupted outputs that the verification finds", share, _study("mutation-score")
    runs = [run for run in record("verification/many_runs") if "left out" not in run]
    green = sum(not (run["failed"] or run["left behind"]) for run in runs)
    what = "runs of the book that pass, each under other conditions"
    yield what, f"{green} of {len(runs)}", _study("many-runs")
    spread = record("verification/spread")
    releases = {run["torch"] for run in spread["runs"].values()}
    ordered = sorted(releases, key=numbers_of)
    others = sum(bool(cell["release"]) for cell in spread["cells"])
    what = "releases of torch that the pages were run on"
    yield (
        what,
        f"{', '.join(ordered)}; {others} cells show something else on an earlier one",
        _study("spread"),
    )
    since = Counter(s.since if s.since in ("", SLIP) else "changed" for s in STATEMENTS)
    what = f"of the notes' {len(STATEMENTS)} statements: hold, have changed, were slips"
    counts = f"{since['']}, {since['changed']}, {since[SLIP]}"
    yield what, counts, "[page 16](notebooks/16_notes_audited.ipynb)"
    on_gpu = record("training/gpu_epochs_18")
    runs = on_gpu["runs"]
    accuracies, seconds = ([run[key] for run in runs] for key in ("accuracy", "seconds"))
    yield (
        f"CIFAR-10 after {fmean(seconds):.1f} s of training on one H200 GPU ({len(runs)} runs)",
        f"{fmean(accuracies):.1f} % ({min(accuracies):.1f} to {max(accuracies):.1f})",
        f"`{command_of(on_gpu)}`",
    )
    for name, machine in TRAININGS:
        trained = record(name)
        runs = trained["runs"]
        accuracies = [run["accuracy"] for run in runs]
        settings = "".join(f"{key}={value} " for key, value in runs[0]["settings"].items())
        yield (
            f"CIFAR-10 after 60 s of training on two cores {machine} ({len(runs)} runs)",
            f"{fmean(accuracies):.1f} % ({min(accuracies):.1f} to {max(accuracies):.1f})",
            f"`{settings}{command_of(trained)}`",
        )


def _study(name: str) -> str:
    return f"`python -m tests.studies {name}`"


def record(name: str) -> Any:
    """What a file in ``notebooks/records/`` holds; raises ``BookError`` if it is missing."""
    path = RECORDS / f"{name}.json"
    if not path.exists():
        raise BookError(f"There is no record {path.relative_to(BOOK)}.")
    return json.loads(path.read_text(encoding="utf-8"))


def table() -> str:
    """The figures as a Markdown table."""
    rows = [f"| {what} | {value} | {command} |" for what, value, command in figures()]
    return "\n".join(["| measured | | printed by |", "|:--|:--|:--|", *rows, ""])


def faults() -> Iterator[str]:
    """What in the README is not what the pages and the records say."""
    for name, png in pictures().items():
        path = PICTURES / name
        difference = compare_pictures(path.read_bytes(), png) if path.exists() else None
        if difference or not path.exists():
            yield f".github/{name}: {difference.text if difference else 'missing'}"
    if TABLE.findall(README.read_text(encoding="utf-8")) != [table()]:
        yield "README.md: the table of figures is not what the records say"


def write() -> None:
    """Write the pictures and the table.

    Raises:
        BookError: the README has no place for the table, or a page lacks a figure; nothing was written.
    """
    text = README.read_text(encoding="utf-8")
    if len(TABLE.findall(text)) != 1:
        raise BookError(
            "README.md has no place for the figures: <!-- figures --> ... <!-- end of figures -->"
        )
    files: dict[Path, bytes | str] = {PICTURES / name: png for name, png in pictures().items()}
    files[README] = TABLE.sub(lambda _: table(), text)
    for path, content in files.items():
        write_file(path, content)
        print(f"{path.relative_to(BOOK)}: {path.stat().st_size / 1000:.0f} kB")


def run(args: argparse.Namespace) -> int:
    """Write what the README shows, or only check it; returns the exit status."""
    if not args.check:
        write()
    elif differ := list(faults()):
        raise BookError("\n".join([*differ, "Run `python -m helpers.book readme`."]))
    return 0
