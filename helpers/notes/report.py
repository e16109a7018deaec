"""What the audit of the notes found: a table of statements, counts by verdict, and the releases."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
from IPython.display import Markdown
from matplotlib.axes import Axes

from helpers import pages, plotting, tables
from helpers.messages import WIDTH
from helpers.notes import audit
from helpers.notes.statements import RELEASES, STATEMENTS

VERDICTS = "holds", "changed", "was a slip"
SECTIONS = {  # of the notes, with their subjects
    "2.1": "installation",
    "2.2.2": "autograd",
    "2.2 nn": "networks",
    "2.2 CIFAR": "CIFAR-10",
    "3 shapes": "shapes",
    "3 indexing": "indexing",
    "3 types": "types",
    "3 math": "mathematics",
}


def link(page: pages.Page, heading: str) -> str:
    """Write a Markdown link to a heading of a page, which JupyterLab and GitHub follow."""
    words = f"{page.name[:2]} {heading.partition(' · ')[0]}"
    return f"[{words}]({page.path.name}#{pages.anchor(heading)})"


def proofs(number: str) -> str:
    """Write links to all places where the book proves a statement, with the numbers of the cells."""
    links = []
    for page, heading, cells in audit.places_of_proof(number):
        word = "cell" if len(cells) == 1 else "cells"
        links.append(f"{link(page, heading)}, {word} {', '.join(map(str, cells))}")
    return "<br>".join(links)


def statement_table(*sections: str) -> Markdown:
    """Tabulate the statements of some sections: what the notes say, the verdict with its date, and the proofs."""
    rows = []
    for s in STATEMENTS:
        if s.section in sections:
            verdict = audit.verdict(s)
            since = f" in {s.since} ({RELEASES[s.since][0]})" if verdict == "changed" else ""
            term = f" *{s.term}*" if s.term else ""
            note = f"<br>{s.note}" if s.note else ""
            says = f"**{s.number}**{term}<br>{s.says}"
            rows.append((says, f"**{verdict}{since}**{note}", proofs(s.number)))
    return tables.table(["the notes say", "verdict", "proof"], rows)


def show_line(number: str) -> None:
    """Run a statement's line of code, and that of what is true instead; print each with what it gave.

    Raises:
        KeyError: there is no statement of this number.
    """
    statement = {s.number: s for s in STATEMENTS}[number]
    for line in filter(None, (statement.line, statement.now)):
        print(textwrap.fill(line, WIDTH, initial_indent=">>> ", subsequent_indent="...     "))
        print(audit.holds(line))


def release_table() -> Markdown:
    """Tabulate the releases that changed a statement, each with a link to its release notes."""
    rows = []
    for release, (year, what) in RELEASES.items():
        if changed := [s.number for s in STATEMENTS if s.since == release]:
            tag = f"v{release}" if release.count(".") == 2 else f"v{release}.0"
            notes = f"https://github.com/pytorch/pytorch/releases/tag/{tag}"
            rows.append((f"[{release}]({notes}), {year}", what, ", ".join(changed)))
    return tables.table(["release", "what it changed", "statements"], rows)


def show_counts(verdicts: dict[str, str]) -> None:
    """Show bars: how many statements of each section hold, have changed, were slips."""
    plotting.use_style()
    sections = list(SECTIONS)
    counts = Counter((s.section, verdicts[s.number]) for s in STATEMENTS)
    parts = {}
    for word in VERDICTS:
        widths = [counts[section, word] for section in sections]
        parts[f"{word}: {sum(widths)}"] = widths
    figure, axis = plt.subplots(figsize=(8, 3.2))
    looks = (plotting.SKY, ""), (plotting.ORANGE, "//"), (plotting.VERMILION, "..")
    _stacked_bars(axis, list(SECTIONS.values()), parts, looks)
    axis.set(xlabel="statements")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plotting.show(
        figure,
        alt="Bars by section of the notes. In autograd most statements have changed, in nn and shapes half "
        "hold, elsewhere most hold. Slips are in nn, CIFAR, shapes, indexing and math.",
    )


def _stacked_bars(
    axis: Axes, rows: Sequence[str], parts: dict[str, list[int]], looks: Iterable[tuple[str, str]]
) -> None:
    """Draw one bar a row, of several parts, each with its number."""
    ends = [0] * len(rows)
    for (label, widths), (color, hatch) in zip(parts.items(), looks, strict=True):
        bars = axis.barh(
            rows, widths, left=ends, label=label, color=color, hatch=hatch, edgecolor="white"
        )
        numbers = [n or "" for n in widths]
        for text in axis.bar_label(bars, numbers, label_type="center", fontsize=8):
            if text.get_text():
                text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
        ends = [a + b for a, b in zip(ends, widths, strict=True)]
    axis.invert_yaxis()
