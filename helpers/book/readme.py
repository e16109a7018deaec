"""What the README shows of the book: its pictures and the table of measured figures, made anew by one command.

    python -m helpers.book.readme      # writes .github/*.png and the table in README.md

The pictures are figures that pages have drawn, taken out of the committed notebooks. The figures come from records:
``notebooks/records/verification/`` (each written by the command beside it, with ``--out``), the records of page 05,
and page 10's list.
"""

import base64
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from helpers import pages
from helpers.notes.statements import SLIP, STATEMENTS
from helpers.training.records import mean

BOOK = Path(__file__).resolve().parents[2]
README = BOOK / "README.md"
PICTURES = BOOK / ".github"
RECORDS = BOOK / "notebooks/records/verification"

# The picture at the top, row by row: a page's number and how the description of its figure begins.
FRONT = (
    (("06", "t.T:  shape"), ("07", "Three grids side by side")),
    (("03", "A picture, six filters"), ("03", "Left: a slow path")),
)
CURVES = ("05", "Accuracy against seconds")
WIDTH, GAP, EDGE = 580, 16, 14  # pixels: of a card, between cards, around a figure
TABLE = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


def figure(page: str, alt: str) -> bytes:
    """A figure that a page shows, as PNG.

    Args:
        page: the page's number, "06".
        alt: how the figure's description begins.

    Raises:
        LookupError: the page has no such figure.
    """
    for candidate in pages.all_pages():
        if candidate.name.startswith(page):
            for output in (o for cell in candidate.code_cells for o in cell.outputs):
                described = output.get("metadata", {}).get("image/png", {}).get("alt", "")
                if described.startswith(alt):
                    return base64.b64decode(output.data["image/png"])
    raise LookupError(
        f"page {page} has no figure described as {alt!r}: see FRONT in helpers/book/readme.py"
    )


def cards() -> bytes:
    """The picture at the top: four figures on white cards, nothing between them: any background will do."""
    rows = [[_card(Image.open(io.BytesIO(figure(*where)))) for where in row] for row in FRONT]
    heights = [max(card.height for card in row) for row in rows]
    size = 2 * WIDTH + GAP, sum(heights) + GAP * (len(rows) - 1)
    picture, top = Image.new("RGBA", size), 0
    for row, height in zip(rows, heights, strict=True):
        for n, card in enumerate(row):
            place = n * (WIDTH + GAP), top, n * (WIDTH + GAP) + WIDTH - 1, top + height - 1
            ImageDraw.Draw(picture).rounded_rectangle(place, radius=10, fill="white")
            picture.paste(card, (place[0] + EDGE, top + (height - card.height) // 2))
        top += height + GAP
    out = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _card(drawn: Image.Image) -> Image.Image:
    """A figure as wide as a card; one that is narrower is centred, not blown up."""
    inner = WIDTH - 2 * EDGE
    if drawn.width > inner:
        drawn = drawn.resize(
            (inner, round(drawn.height * inner / drawn.width)), Image.Resampling.LANCZOS
        )
    card = Image.new("RGB", (inner, drawn.height + 2 * EDGE), "white")
    card.paste(drawn.convert("RGB"), ((inner - drawn.width) // 2, EDGE))
    return card


def pictures() -> dict[str, bytes]:
    """The README's pictures by the names of their files."""
    return {"front.png": cards(), "accuracy_and_time.png": figure(*CURVES)}


def figures() -> Iterator[tuple[str, str, str]]:
    """What was measured: of what, the figure, and what prints it. A row without its record is left out."""
    if found := _record("mutation_score"):
        caught, counted = found["caught"], found["caught"] + found["missed"]
        share = f"{caught:,} of {counted:,} ({100 * caught / counted:.2f} %)"
        yield (
            "corrupted outputs that the verification finds",
            share,
            "`python -m tests.studies mutation-score`",
        )
    if found := _record("many_runs"):
        tried = [run for run in found if "left out" not in run]
        green = sum(not (run["failed"] or run["left behind"]) for run in tried)
        yield (
            "runs of the book that pass, each under other conditions",
            f"{green} of {len(tried)}",
            "`python -m tests.studies many-runs`",
        )
    if found := _record("run_times"):
        times = {run["workers"]: f"{run['seconds']:.0f} s" for run in found["runs"]}
        words = "the whole book re-executed and compared, on two cores: serial, `-n 2`"
        yield (
            words,
            ", ".join(times[n] for n in sorted(times)),
            "`python -m tests.studies run-times`",
        )
    spread = json.loads(
        (pages.NOTEBOOKS / "records/verification/spread.json").read_text(encoding="utf-8")
    )
    releases = {run["torch"] for run in spread["runs"].values()}
    ordered = sorted(releases, key=lambda release: [int(n) for n in release.split(".")])
    yield (
        "releases of torch that tolerances were measured on",
        ", ".join(ordered),
        "`python -m tests.studies spread`",
    )
    since = Counter(
        "holds" if not s.since else SLIP if s.since == SLIP else "changed" for s in STATEMENTS
    )
    told = f"{since['holds']}, {since['changed']}, {since[SLIP]}"
    words = f"of the notes' {len(STATEMENTS)} statements: hold, have changed, were slips"
    yield words, told, "[page 10](notebooks/10_notes_audited.ipynb)"
    for name, machine in (
        ("bf16_60", "with AVX512 and bfloat16"),
        ("seconds_60", "with AVX512"),
        ("avx2_60", "with AVX2 only"),
    ):
        path = pages.NOTEBOOKS / f"records/training/{name}.json"
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
        found = [run["accuracy"] for run in runs]
        settings = "".join(f"{key}={value} " for key, value in runs[0]["settings"].items())
        yield (
            f"CIFAR-10 after 60 s of training on two cores {machine} ({len(runs)} runs)",
            f"{mean(runs, 'accuracy'):.1f} % ({min(found):.1f} to {max(found):.1f})",
            f"`{settings}python -m helpers.training --budget 60s --runs 3`",
        )


def _record(name: str) -> Any:
    path = RECORDS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def table() -> str:
    """The figures as a Markdown table."""
    rows = [f"| {what} | {found} | {by} |" for what, found, by in figures()]
    return "\n".join(["| measured | | printed by |", "|:--|:--|:--|", *rows, ""])


def main() -> None:
    """Write the pictures and the table."""
    for name, content in pictures().items():
        (PICTURES / name).write_bytes(content)
        print(f".github/{name}: {len(content) / 1000:.0f} kB")
    text = README.read_text(encoding="utf-8")
    if len(TABLE.findall(text)) != 1:
        raise SystemExit(
            "README.md has no place for the figures: <!-- figures --> ... <!-- end of figures -->"
        )
    README.write_text(TABLE.sub(lambda _: table(), text), encoding="utf-8", newline="\n")
    print(table())


if __name__ == "__main__":
    main()
