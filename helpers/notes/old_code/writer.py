"""Writes the edits that turn an old call into today's: only what differs, with the file's own names and parts."""

import ast
import copy
import re
from collections.abc import Iterator

from helpers.notes.old_code import lexer, patterns
from helpers.notes.old_code.canonical import dotted
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.lexer import Edit
from helpers.notes.old_code.patterns import HOLE, Match
from helpers.notes.old_code.reader import Finding
from helpers.notes.old_code.sources import Part

# Code that never needs brackets around it, and code whose parts need none.
ATOMS = (
    ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict, ast.Set,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr,
)  # fmt: skip
OPEN = (ast.Call, ast.keyword, ast.List, ast.Dict, ast.Expr, ast.Assign, ast.AugAssign, ast.Return)
PLACE = re.compile(r"_place_(\d+)_")


class NotSafeError(Exception):
    """A rewriting would lose something."""


def renamed_import(finding: Finding) -> tuple[str, str] | None:
    """Return what an import will bring, by its whole name, and what the file will call it."""
    if not (finding.is_import and finding.fix):
        return None
    whole = patterns.Pattern(finding.fix).dotted_name
    alias = finding.match.node
    if not whole or not finding.pattern:
        return None
    if whole.rpartition(".")[0] != finding.pattern.dotted_name.rpartition(".")[0]:
        return None
    return whole, alias.asname or whole.rpartition(".")[2]


class Writer:
    """Writes the edits for findings.

    Attributes:
        code: the file's code.
        renamed: what imports will bring, by whole name: what the file will call it.
        imports: modules that must be imported.
    """

    def __init__(self, code: Code, renamed: dict[str, str]) -> None:
        self.code = code
        self.renamed = renamed
        self.imports: set[str] = set()

    def edits(self, finding: Finding) -> list[tuple[Part, Edit]]:
        """Return the edits for a finding; none if the row says nothing that is safe.

        Raises:
            NotSafeError: a comment would be lost, or the place is not known.
        """
        if not finding.fix or finding.match.node in self.code.in_strings:
            return []
        if finding.is_import:
            return self._import(finding)
        if finding.pattern is None:
            return self._keyword(finding)
        new = patterns.Pattern(finding.fix).node
        return list(self._difference(finding.pattern.node, new, finding.match.node, finding.match))

    def _import(self, finding: Finding) -> list[tuple[Part, Edit]]:
        if not (renamed := renamed_import(finding)):
            return []
        alias = finding.match.node
        name = renamed[0].rpartition(".")[2]
        part, start, _ = self.code.span(alias)
        old = alias.name
        if part.text[start : start + len(old)] != old:
            raise NotSafeError
        return [(part, Edit(start, start + len(old), name if "." not in old else renamed[0]))]

    def _keyword(self, finding: Finding) -> list[tuple[Part, Edit]]:
        """Rename a keyword, as a rule's fix ``old=new`` says."""
        old, _, new = finding.fix.partition("=")
        for keyword in getattr(finding.match.node, "keywords", []):
            if keyword.arg in (old, f"{old}_"):
                part, start, _ = self.code.span(keyword)
                if part.text.startswith(old, start):
                    return [(part, Edit(start, start + len(old), new))]
        return []

    # --- only what differs is written

    def _difference(
        self, old: ast.AST, new: ast.AST, node: ast.AST, match: Match
    ) -> Iterator[tuple[Part, Edit]]:
        if ast.dump(old) == ast.dump(new):
            return
        are_calls = all(isinstance(one, ast.Call) for one in (old, new, node))
        if are_calls and _dumps(old.args) == _dumps(new.args):
            yield from self._difference(old.func, new.func, node.func, match)
            yield from self._keywords(old, new, node, match)
        elif are_calls and (names := _by_position(old, new, node)):
            yield from self._difference(old.func, new.func, node.func, match)
            for keyword in node.keywords[: len(names)]:
                part, start, _ = self.code.span(keyword)
                yield part, Edit(start, self.code.span(keyword.value)[1], "")
        elif (
            all(isinstance(one, ast.Attribute) for one in (old, new, node))
            and ast.dump(old.value) == ast.dump(new.value)
            and HOLE in ast.dump(old.value)
        ):
            part, _, end = self.code.span(node)
            yield part, Edit(end - len(node.attr), end, new.attr)
        else:
            part, start, end = self.code.span(node)
            written = self._written(new, match, node)
            if _comments(part.text[start:end]) != _comments(written):
                raise NotSafeError
            if (
                written.startswith("(")
                and re.search(r"\($", part.text[:start])
                and part.text[end : end + 1] == ")"
            ):
                written = self._written(new, match)
            yield part, Edit(start, end, written)

    def _keywords(
        self, old: ast.Call, new: ast.Call, node: ast.Call, match: Match
    ) -> Iterator[tuple[Part, Edit]]:
        before, after = ({k.arg: k.value for k in call.keywords} for call in (old, new))
        given = {keyword.arg: keyword for keyword in node.keywords}
        gone = [name for name in before if name not in after]
        added = [name for name in after if name not in before]
        for name in before.keys() & after.keys():
            if ast.dump(before[name]) != ast.dump(after[name]):
                yield from self._difference(before[name], after[name], given[name].value, match)
        while gone and added:
            name, keyword = added.pop(0), given[gone.pop(0)]
            part, start, end = self.code.span(keyword)
            same = ast.dump(before[keyword.arg]) == ast.dump(after[name])
            if same:
                end = start + re.match(r"\w+", part.text[start:]).end()
            yield (
                part,
                Edit(start, end, name if same else f"{name}={self._written(after[name], match)}"),
            )
        for name in gone:
            yield self._without(node, given[name])
        if added:
            words = ", ".join(f"{name}={self._written(after[name], match)}" for name in added)
            yield self._with(node, words)

    def _without(self, call: ast.Call, keyword: ast.keyword) -> tuple[Part, Edit]:
        part, start, end = self.code.span(keyword)
        arguments = sorted([*call.args, *call.keywords], key=self.code.position)
        n = arguments.index(keyword)
        if n:
            start = self.code.span(arguments[n - 1])[2]
        elif len(arguments) > 1:
            end = self.code.span(arguments[1])[1]
        if _comments(part.text[start:end]):
            return part, self._own_line(part, *self.code.span(keyword)[1:])
        return part, Edit(start, end, "")

    @staticmethod
    def _own_line(part: Part, start: int, end: int) -> Edit:
        """Take out an argument between comments, with the line if it is alone on it."""
        end += re.match(r"\s*,?", part.text[end:]).end()
        before = re.search(r"\n[ \t]*$", part.text[:start])
        if before is None or not re.match(r"[ \t]*(\n|\))", part.text[end:]):
            raise NotSafeError
        return Edit(before.start(), end, "")

    def _with(self, call: ast.Call, words: str) -> tuple[Part, Edit]:
        arguments = sorted([*call.args, *call.keywords], key=self.code.position)
        if arguments:
            part, _, end = self.code.span(arguments[-1])
            own = part.text[end : self.code.span(call)[2] - 1]
            if closing := [found.end() for found in re.finditer(r"\)", own)]:
                end += closing[-1]  # the argument's own brackets
            return part, Edit(end, end, f", {words}")
        part, _, end = self.code.span(call)
        return part, Edit(end - 1, end - 1, words)

    # --- a new expression as text

    def _written(self, new: ast.AST, match: Match, node: ast.AST | None = None) -> str:
        """Write a row's new code with the file's own names and parts."""
        texts: list[str] = []

        def place(text: str) -> ast.Name:
            texts.append(text)
            return ast.Name(f"_place_{len(texts) - 1}_", ast.Load())

        whole = _Filled(self, match, place).visit(copy.deepcopy(new))
        result = PLACE.sub(
            lambda found: texts[int(found[1])], ast.unparse(ast.fix_missing_locations(whole))
        )
        if node is not None and self._needs_brackets(new, node):
            result = f"({result})"
        return result

    def _needs_brackets(self, new: ast.AST, node: ast.AST) -> bool:
        parent = self.code.names.parents.get(node)
        if isinstance(new, ATOMS) or not isinstance(new, ast.expr) or isinstance(node, ast.stmt):
            return False
        if _is_hole(new) or (isinstance(parent, ast.Call) and parent.func is node):
            return not _is_hole(new)
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return False
        return not isinstance(parent, OPEN)

    def hole(self, name: str, match: Match, in_brackets: bool) -> str:
        """Write what a hole stands for, in brackets if the code around it needs them."""
        node = match.holes[name]
        text = self.code.text(node)
        is_long = "\n" in text and not isinstance(node, ATOMS)
        return f"({text})" if in_brackets and (not isinstance(node, ATOMS) or is_long) else text

    def name(self, whole: str) -> str:
        """Return what the file calls something; if it has no name for it, the module must be imported."""
        if whole in self.renamed:
            return self.renamed[whole]
        known = [(meant, name) for name, meant in self.code.names.imported.items()]
        for meant, name in sorted(known, key=lambda pair: -len(pair[0])):
            if whole == meant:
                return name
            if whole.startswith(f"{meant}."):
                return f"{name}{whole.removeprefix(meant)}"
        for star in self.code.names.stars:
            if whole.rpartition(".")[0] == star:
                return whole.rpartition(".")[2]
        root = whole.partition(".")[0]
        self.imports.add(root)
        return whole


class _Filled(ast.NodeTransformer):
    """Puts places for text where a row's code has holes, dots and whole names."""

    def __init__(self, writer: Writer, match: Match, place: object) -> None:
        self.writer, self.match, self.place = writer, match, place
        self.in_brackets = True
        self.is_root = True

    def visit(self, node: ast.AST) -> ast.AST:
        root, self.is_root = self.is_root, False
        if _is_hole(node):
            name = node.id.removeprefix(HOLE)
            return self.place(self.writer.hole(name, self.match, self.in_brackets and not root))
        whole = dotted(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
        if whole and HOLE not in whole and "." in whole:
            return self.place(self.writer.name(whole))
        if isinstance(node, ast.Call):
            return self._call(node)
        before, self.in_brackets = (
            self.in_brackets,
            not isinstance(node, (ast.List, ast.Tuple, ast.keyword, ast.Assign)),
        )
        if isinstance(node, ast.Subscript):
            node.value = self.visit(node.value)
            self.in_brackets = False
            node.slice = self.visit(node.slice)
        else:
            node = self.generic_visit(node)
        self.in_brackets = before
        return node

    def _call(self, node: ast.Call) -> ast.Call:
        before, self.in_brackets = self.in_brackets, True
        node.func = self.visit(node.func)
        self.in_brackets = False
        positional, keywords, rests = [], [], iter(self.match.rests)
        for argument in node.args:
            if not patterns.is_rest(argument):
                positional.append(self.visit(argument))
                continue
            for rest in next(rests, ()):
                text = self.writer.code.text(rest)
                if isinstance(rest, ast.keyword):
                    keywords.append(self.place(text))
                else:
                    positional.append(self.place(text))
        own = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        node.args, node.keywords = [*positional, *keywords], own
        self.in_brackets = before
        return node


def _by_position(old: ast.Call, new: ast.Call, node: ast.Call) -> list[str]:
    """Return the keywords that a row gives by position, if the file has them first and in that order; else nothing."""
    names = [keyword.arg for keyword in old.keywords]
    values = [keyword.value for keyword in old.keywords]
    same = _dumps([*old.args, *values]) == _dumps(new.args) and not new.keywords
    given = [keyword.arg for keyword in node.keywords]
    return (
        names if same and len(node.args) == len(old.args) and given[: len(names)] == names else []
    )


def _is_hole(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.startswith(HOLE)


def _dumps(nodes: list[ast.AST]) -> list[str]:
    return [ast.dump(node) for node in nodes]


def _comments(text: str) -> list[str]:
    return [token.text for token in lexer.tokens(text) if token.kind == "comment"]
