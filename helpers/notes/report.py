"""What the audit of the notes found, as tables and figures."""

from collections import Counter
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
from IPython.display import Markdown
from matplotlib.axes import Axes

from helpers import pages, plotting, tables
from helpers.notes import audit, trial
from helpers.notes.statements import OLD_CALLS, RELEASES, STATEMENTS, OldCall

VERDICTS = "holds", "changed", "was a slip"


def link(page: pages.Page, heading: str) -> str:
    """Write a Markdown link to a heading of a page, which JupyterLab and GitHub follow."""
    words = f"{page.name[:2]} {heading.partition(' · ')[0]}"
    return f"[{words}]({page.path.name}#{pages.anchor(heading)})"


def proofs(number: str) -> str:
    """Write links to all places where the book proves a statement, with the numbers of the cells."""
    links = []
    for page, heading, cells in audit.places(number):
        word = "cell" if len(cells) == 1 else "cells"
        links.append(f"{link(page, heading)}, {word} {', '.join(map(str, cells))}")
    return "<br>".join(links)


def statement_table(*sections: str) -> Markdown:
    """Tabulate the statements of some sections: what the notes say, the verdict, the lines as they ran, the proof."""
    rows = []
    for s in STATEMENTS:
        if s.section not in sections:
            continue
        verdict = audit.verdict(s)
        lines = [f"`{s.line}`: **{verdict == 'holds'}**"]
        if s.now:
            lines.append(f"`{s.now}`: **True**")
        since = f" in {s.since}" if verdict == "changed" else ""
        note = f"; {s.note}" if s.note else ""
        says = f"{s.says} ({s.term})" if s.term else s.says
        words = f"**{verdict}{since}**{note}"
        rows.append(
            (f"{s.number}<br>{s.section}", says, words, "<br>".join(lines), proofs(s.number))
        )
    return tables.table(["no.", "the notes say", "verdict", "run today", "proof"], rows)


def old_call_table(calls: Sequence[OldCall] = OLD_CALLS) -> Markdown:
    """Tabulate the old calls in alphabetical order: what each does today, since when, and what to write.

    Raises:
        AssertionError: a row is not as it says, see ``trial.check``.
    """
    rows = []
    for call in sorted(calls, key=lambda call: call.old.lower()):
        trial.check(call)
        words = {
            "error": f"error ({call.message.partition(':')[0]})",
            "differs": f"not {call.then}",
        }
        place = link(*audit.where(call))
        today = words.get(call.today, call.today)
        rows.append((f"`{call.old}`", today, call.since, f"`{call.new}`", place))
    return tables.table(["then", "today", "since", "write", "more"], rows)


def release_table() -> Markdown:
    """Tabulate the releases that changed a statement or took over a call, each with a link to its release notes."""
    calls = Counter(call.since for call in OLD_CALLS)
    rows = []
    for release, (year, _) in RELEASES.items():
        changed = [s.number for s in STATEMENTS if s.since == release]
        if changed or calls[release]:
            tag = f"v{release}" if release.count(".") == 2 else f"v{release}.0"
            notes = f"https://github.com/pytorch/pytorch/releases/tag/{tag}"
            rows.append((f"[{release}]({notes})", year, ", ".join(changed), calls[release] or ""))
    return tables.table(["release notes", "year", "statements changed", "old calls"], rows)


def show_counts(verdicts: dict[str, str]) -> None:
    """Show bars: how many statements of each section hold, have changed, were slips."""
    sections = list(dict.fromkeys(s.section for s in STATEMENTS))
    counts = Counter((s.section, verdicts[s.number]) for s in STATEMENTS)
    parts = {}
    for word in VERDICTS:
        widths = [counts[section, word] for section in sections]
        parts[f"{word}: {sum(widths)}"] = widths
    figure, axis = plt.subplots(figsize=(8, 3.2))
    looks = (plotting.SKY, ""), (plotting.ORANGE, "//"), (plotting.VERMILION, "..")
    _stacked_bars(axis, sections, parts, looks)
    axis.set(xlabel="statements", ylabel="section of the notes")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plotting.show(
        figure,
        alt="Bars by section of the notes. In autograd most statements have changed, in nn and shapes half "
        "hold, elsewhere most hold. Slips are in nn, CIFAR, shapes, indexing and math.",
    )


def show_releases() -> None:
    """Show bars and words: what each release changed, from that of the notes on."""
    statements = Counter(s.since for s in STATEMENTS)
    calls = Counter(call.since for call in OLD_CALLS)
    parts = {
        "statements changed": [statements[release] for release in RELEASES],
        "old calls replaced": [calls[release] for release in RELEASES],
    }
    figure, axis = plt.subplots(figsize=(8.5, 6))
    rows = [f"{year}   {release}" for release, (year, _) in RELEASES.items()]
    looks = (plotting.ORANGE, "//"), (plotting.BLUE, "")
    ends = _stacked_bars(axis, rows, parts, looks)
    for row, (end, (_, what)) in enumerate(zip(ends, RELEASES.values(), strict=True)):
        axis.text(end + 0.4, row, what, va="center", fontsize=9)
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="statements of the notes, and old calls", xlim=(0, 44), xticks=range(0, 21, 5))
    axis.legend(loc="lower right")
    plotting.show(
        figure,
        alt="One row for each release from 0.2 of 2017 to 2.15 of 2026, with the main change of each. "
        "By far the longest bar is that of 0.4, which made Variable and Tensor one.",
    )


def _stacked_bars(
    axis: Axes, rows: Sequence[str], parts: dict[str, list[int]], looks: Iterable[tuple[str, str]]
) -> list[int]:
    """Draw one bar a row, of several parts, each with its number; return the length of each bar."""
    ends = [0] * len(rows)
    for (label, widths), (color, hatch) in zip(parts.items(), looks, strict=True):
        style = {"label": label, "color": color, "hatch": hatch, "edgecolor": "white"}
        bars = axis.barh(rows, widths, left=ends, **style)
        numbers = [n or "" for n in widths]
        for text in axis.bar_label(bars, numbers, label_type="center", fontsize=8):
            if text.get_text():
                text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
        ends = [a + b for a, b in zip(ends, widths, strict=True)]
    axis.invert_yaxis()
    return ends
