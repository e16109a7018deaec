"""Writes today's calls in the place of old ones; the rest of a file stays as it is, comments and layout too."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.notes.old_code import lexer, reader
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.lexer import Edit
from helpers.notes.old_code.reader import Finding, Table
from helpers.notes.old_code.sources import Part, Source
from helpers.notes.old_code.writer import NotSafeError, Writer, renamed_import

ROUNDS = 30  # calls inside of calls are rewritten one after the other


@dataclass
class Fixed:
    """A changed copy of a file.

    Attributes:
        source: the copy.
        written: the rows whose calls were rewritten, and where each was: the number of the cell and of the line.
        converted: what else was rewritten, in words.
    """

    source: Source
    written: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)


def fix(source: Source, rows: Table | None = None, everything: bool = False) -> Fixed:
    """Return a copy of a file with today's calls, where rewriting is safe.

    Args:
        source: the file; it is not changed.
        rows: the table to go by; that of the book if it is not given.
        everything: rewrite also what runs as ever.
    """
    result = Fixed(source, converted=_conversions(source))
    result.source = source.changed([_converted(part) for part in source.parts])
    for _ in range(ROUNDS):
        code = Code(result.source)
        found = reader.find(result.source, rows)
        chosen = found if everything else reader.breaking(found)
        done, edits, imports = _round(code, chosen)
        if not done:
            break
        texts = []
        for part in result.source.parts:
            of_part = [edit for where, edit in edits if where is part]
            texts.append(lexer.apply(part.text, of_part))
        places = [(f.call.name, result.source.line(code.position(f.match.node)[0])) for f in done]
        result.written += places
        result.source = _with_imports(source.changed(texts), imports)
    return result


def proposal(code: Code, finding: Finding) -> str:
    """Return what would be written in the place of a finding; '' if that is not safe."""
    try:
        edits = Writer(code, {}).edits(finding)
    except NotSafeError:
        return ""
    part, start, end = code.span(finding.match.node)
    if any(where is not part or edit.start < start or edit.end > end for where, edit in edits):
        return ""
    text = part.text[:end]
    new = lexer.apply(text, [edit for _, edit in edits])
    return new[start:] if edits else ""


def _converted(part: Part) -> str:
    return lexer.apply(part.text, [edit for edit in part.edits if edit.kept])


def _conversions(source: Source) -> list[str]:
    kept = {edit.what for part in source.parts for edit in part.edits if edit.kept and edit.what}
    return [words for words in source.seen if words.partition(",")[0] in kept]


def _round(
    code: Code, findings: Iterable[Finding]
) -> tuple[list[Finding], list[tuple[Part, Edit]], set[str]]:
    """Choose rewritings that do not touch each other: inner before outer, imports together with their calls."""
    findings = list(findings)
    renamed = dict(filter(None, (renamed_import(finding) for finding in findings)))
    done, all_edits, imports = [], [], set()
    for finding in sorted(findings, key=lambda f: _length(code, f)):
        writer = Writer(code, renamed)
        try:
            edits = writer.edits(finding)
        except NotSafeError:
            continue
        edits = [(part, e) for part, e in edits if part.text[e.start : e.end] != e.new]
        if not edits or any(_touch(a, b) for a in edits for b in all_edits):
            continue
        done.append(finding)
        all_edits += edits
        imports |= writer.imports
    return done, all_edits, imports


def _length(code: Code, finding: Finding) -> int:
    _, start, end = code.span(finding.match.node)
    return end - start


def _touch(a: tuple[Part, Edit], b: tuple[Part, Edit]) -> bool:
    return a[0] is b[0] and a[1].start <= b[1].end and b[1].start <= a[1].end


def _with_imports(source: Source, modules: set[str]) -> Source:
    """Import modules that today's calls need, before the first import of the file."""
    names = Code(source).names.imported
    missing = sorted(module for module in modules if names.get(module) != module)
    if not missing:
        return source
    imports = [n for n in ast.walk(source.tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    first = next(
        (n for n in imports if getattr(n, "module", "") != "__future__" and not n.col_offset), None
    )
    if first is None:
        return source
    part, start = source.place(first.lineno, 0)
    lines = "".join(f"import {module}\n" for module in missing)
    edit = Edit(part.original(start), part.original(start), lines)
    return source.changed([lexer.apply(p.text, [edit] if p is part else []) for p in source.parts])
