"""Says what was found in files, as text for people and as JSON for programs."""

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from helpers.messages import WIDTH
from helpers.notes.old_calls import OldCall
from helpers.notes.old_code import fixes, lexer
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.reader import Finding
from helpers.notes.old_code.sources import Source, words_for_place
from helpers.paths import NOTEBOOKS

VALUE = re.compile(r"\n\w+$")  # an example's last line, if it only names what a page then shows
ADVICE = "With --fix, a copy is written that has today's calls where that is safe."
TODAY = {
    "error": "fails",
    "warns": "warns",
    "differs": "gives something else, without a word",
    "runs": "still runs",
}
KINDS = {
    "error": "that fail",
    "warns": "that warn",
    "differs": "with another result",
    "runs": "that still run",
}


@dataclass
class Report:
    """What was found in a file.

    Attributes:
        source: the file.
        findings: its old calls.
        copy: where its changed copy was written, if it was.
        fixed: the changed copy.
        left: the old calls in the copy.
    """

    source: Source
    findings: list[Finding]
    copy: Path | None = None
    fixed: fixes.Fixed | None = None
    left: list[Finding] = field(default_factory=list)


@cache
def page(words: str) -> str:
    """Name the page that ends with these words, as '15'; '' if the book's pages are not here."""
    found = sorted(NOTEBOOKS.glob(f"[0-9][0-9]_{words}.py"))
    return found[0].name[:2] if found else ""


def where(call: OldCall) -> str:
    """Say where the book tells more about a call."""
    number, _, heading = call.where.partition(" ")
    old = page("old_calls")
    listed = f"; page {old}, {call.name}" if old else ""
    if heading:
        return f"page {number}, {heading}{listed}"
    audited = page("notes_audited")
    return (
        f"page {audited}, statement {number}{listed}" if audited else f"statement {number}{listed}"
    )


def state(call: OldCall) -> str:
    """Say what a call does today."""
    return TODAY[call.today] + (f": {call.message}" if call.message else "")


def as_data(report: Report) -> dict[str, Any]:
    """Return a report as what JSON can hold."""
    code = Code(report.source)
    data: dict[str, Any] = {"path": str(report.source.path), "seen": report.source.seen}
    data["findings"] = [_finding(finding, code) for finding in report.findings]
    if report.copy is not None and report.fixed is not None:
        code_of_copy = Code(report.fixed.source)
        data["copy"] = {
            "path": str(report.copy),
            "rewritten": len(report.fixed.written),
            "converted": report.fixed.converted,
            "left": [_finding(finding, code_of_copy) for finding in report.left],
        }
    return data


def _finding(finding: Finding, code: Code) -> dict[str, Any]:
    line, column = code.position(finding.match.node)
    cell, row = code.source.line(line)
    call = finding.call
    return {
        "call": call.name,
        "cell": cell or None,
        "line": row,
        "column": column + 1,
        "code": code.text(finding.match.node),
        "today": call.today,
        "message": call.message,
        "certain": finding.certain,
        "if": "" if finding.certain else call.condition,
        "why": call.why,
        "example": {"old": call.old, "new": call.new},
        "write": fixes.proposal(code, finding),
        "where": where(call),
    }


def as_text(report: Report) -> str:
    """Return a report as lines of text; '' if there is nothing to say."""
    lines = [f"  seen: {words}" for words in report.source.seen]
    code = Code(report.source)
    explained: set[tuple[str, bool]] = set()
    for finding in report.findings:
        lines += _lines(finding, code, explained)
    if report.copy is not None and report.fixed is not None:
        lines += _of_copy(report)
    return "\n".join([str(report.source.path), *lines]) if lines else ""


def _lines(finding: Finding, code: Code, explained: set[tuple[str, bool]]) -> Iterable[str]:
    """Describe a finding; the second one of its kind in a file in short."""
    call = finding.call
    place = words_for_place(*code.source.line(code.position(finding.match.node)[0]))
    text = _short(code.text(finding.match.node))
    if finding.is_import:
        text = f"import of {text}"
    yield f"  {place}: {text}"
    new = _short(fixes.proposal(code, finding), most=200)  # to be pasted
    is_new = (call.name, finding.certain) not in explained
    explained.add((call.name, finding.certain))
    if is_new:
        condition = "" if finding.certain or not call.condition else f"if {call.condition}: "
        yield from _wrapped("today", condition + state(call))
    if new:
        yield from _wrapped("write", new)
    elif is_new:
        yield from _example(call)
    if is_new:
        yield from _wrapped("why", call.why)
        yield from _wrapped("more", where(call))
    else:
        yield from _wrapped("", f"see above: {call.name}")


def _example(call: OldCall) -> Iterable[str]:
    """Show what a row writes today: for its own old call, if both are short."""
    if "\n" not in call.old + call.new:
        yield from _wrapped("write", f"{call.new}   for   {call.old}")
        return
    for head, example in (("write", call.new), ("for", call.old)):
        lines = VALUE.sub("", example.strip()).split("\n")
        for n, line in enumerate(lines):
            yield f"      {'' if n else head:<6}{line}"


def _short(text: str, most: int = WIDTH - 16) -> str:
    """Return code in one line without its comments, or its beginning."""
    comments = [token for token in lexer.tokens(text) if token.kind == "comment"]
    text = lexer.apply(text, [lexer.Edit(token.start, token.end, "") for token in comments])
    text = re.sub(r"\s*\n\s*", " ", text.strip())
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def _wrapped(head: str, text: str) -> list[str]:
    first = f"      {head:<6}"
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _of_copy(report: Report) -> list[str]:
    done = len(report.fixed.written)
    lines = [f"  written: {report.copy}, with {_count(done, 'call')} rewritten"]
    lines += [f"  rewritten too: {words}" for words in report.fixed.converted]
    if report.left:
        code = Code(report.fixed.source)
        places: dict[str, list[str]] = {}
        for finding in report.left:
            line, _ = code.position(finding.match.node)
            place = words_for_place(*code.source.line(line))
            places.setdefault(finding.call.name, []).append(place)
        for name, its_places in places.items():
            lines += textwrap.wrap(
                f"left to you: {name} ({'; '.join(its_places)})",
                WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
            )
    return lines


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def summary(reports: list[Report]) -> str:
    """Count what was found, in one line; in a second one, name the option that mends a copy, if it would help."""
    found = [finding for report in reports for finding in report.findings]
    files = sum(bool(report.findings) for report in reports)
    read = f"{_count(len(reports), 'file')} read"
    if not found:
        return f"{read}: no old calls."
    counts = Counter(finding.call.today for finding in found if finding.certain)
    parts = [f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts[kind]]
    if doubtful := sum(not finding.certain for finding in found):
        parts.append(f"{doubtful} under a condition")
    line = (
        f"{read}: {_count(len(found), 'old call')} in {_count(files, 'file')}: {', '.join(parts)}."
    )
    return f"{line}\n{ADVICE}" if any(map(_can_be_mended, reports)) else line


def _can_be_mended(report: Report) -> bool:
    """Tell whether --fix, which was not asked for, would rewrite an old call."""
    code = Code(report.source)
    return not report.fixed and any(fixes.proposal(code, found) for found in report.findings)


def dumps(reports: list[Report], errors: list[str]) -> str:
    """Return everything as JSON."""
    data = {"files": [as_data(report) for report in reports], "errors": errors}
    return json.dumps(data, ensure_ascii=False, indent=1)
