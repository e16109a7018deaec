"""Python 2 and IPython, as text: finds what Python 3 cannot parse, and says what would do instead.

The tokens are found with regular expressions, because Python's own tokenizer refuses much of what is looked for here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<string>[rRbBuUfF]{0,3}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''
        |"(?:\\.|[^\\"\n])*"|'(?:\\.|[^\\'\n])*'))
      |(?P<comment>\#[^\n]*)
      |(?P<newline>\n)
      |(?P<blank>[ \t\f\r]+|\\\r?\n)
      |(?P<name>[^\W\d]\w*)
      |(?P<number>\d\w*(?:\.\w*)?|\.\d\w*)
      |(?P<op><>|>>=?|<<=?|\*\*=?|//=?|[-+*/%@&|^=<>!]=|->|:=|\.\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)
HELP = re.compile(r"[\w.]+[ \t]*\?{1,2}[ \t]*(?=\n|$)")
PYTHON_CELLS = ("time", "timeit", "capture", "prun", "python", "python3", "pypy", "snakeviz")
TIMERS = re.compile(r"%(?:timeit|time|prun)(?:[ \t]+-[a-z](?:[ \t]*\d+)?)*[ \t]+(?=\S)")
NUMBER = re.compile(r"(0[xX][\da-fA-F]+|\d+)[lL]?")
OCTAL = re.compile(r"^0+(?=[1-7])")


@dataclass(frozen=True)
class Edit:
    """A part of a text that is to be read as another.

    Attributes:
        start, end: where it is.
        new: what to read instead.
        kept: whether a copy for today's Python has it too; otherwise it is only read so.
        what: what was seen there, in words.
    """

    start: int
    end: int
    new: str
    kept: bool = False
    what: str = ""


@dataclass(frozen=True)
class Token:
    """A token, or a command of IPython, of a text: its kind, its text and where it is."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def apply(text: str, edits: list[Edit]) -> str:
    """Return a text with edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: -edit.start):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, blanks left out; each command of IPython is one of kind 'magic'."""
    position, depth, fresh = 0, 0, True
    while position < len(text):
        match = TOKEN.match(text, position)
        kind, found = match.lastgroup, match[0]
        if fresh and kind == "op" and found[0] in "%!?":
            kind, found = "magic", text[position:].partition("\n")[0]
        elif fresh and kind == "name" and (asked := HELP.match(text, position)):
            kind, found = "magic", asked[0]
        if kind != "blank":
            yield Token(kind, found, position)
        if kind == "newline":
            fresh = not depth
        elif kind not in ("blank", "comment"):
            fresh = False
        if kind == "op":
            depth = _depth_after(found, depth)
        position += len(found)


def _depth_after(sign: str, depth: int) -> int:
    """Return how many brackets are open after a sign, where ``depth`` were open before it."""
    if sign in "([{":
        return depth + 1
    return max(0, depth - 1) if sign in ")]}" else depth


def magics(text: str) -> list[Edit]:
    """Find the commands of IPython in a cell: what Python reads in their place."""
    first = text.lstrip()
    if first.startswith("%%"):
        return _cell_magic(text, len(text) - len(first))
    edits, before = [], None
    for token in tokens(text):
        if token.kind == "magic":
            timer = TIMERS.match(token.text)
            end = token.start + timer.end() if timer else token.end
            edits.append(Edit(token.start, end, "" if timer else "pass", what="IPython command"))
        elif before and before.text == "=" and token.text in ("!", "%"):
            end = token.start + len(text[token.start :].partition("\n")[0])
            edits.append(Edit(token.start, end, "None", what="IPython command"))
        before = token
    return [e for n, e in enumerate(edits) if not n or e.start >= edits[n - 1].end]


def _cell_magic(text: str, start: int) -> list[Edit]:
    """Read a cell that begins with ``%%``: its Python, or nothing at all."""
    line, _, rest = text[start:].partition("\n")
    name = (line[2:].split() or [""])[0]
    if name in PYTHON_CELLS:
        shift = start + len(line) + 1
        inner = [Edit(e.start + shift, e.end + shift, e.new, what=e.what) for e in magics(rest)]
        return [Edit(start, start + len(line), "pass", what=f"IPython cell, %%{name}"), *inner]
    lines = "\n".join("pass" for _ in text[start:].split("\n"))
    return [Edit(start, len(text), lines, what=f"cell that is not Python, %%{name}")]


def python2(text: str) -> list[Edit]:
    """Find what is Python 2 only, and PyTorch's old keyword ``async``: what Python 3 has instead."""
    edits: list[Edit] = []
    statement: list[Token] = []
    depth = 0
    for token in tokens(text):
        if token.kind in ("comment", "magic"):
            continue
        if token.kind == "op":
            depth = _depth_after(token.text, depth)
        ends = (
            token.kind == "newline"
            or token.text == ";"
            or (token.text == ":" and _heads(statement))
        )
        if ends and not depth:
            edits += _statement(statement, text)
            statement = []
        elif token.kind != "newline":
            statement.append(token)
    return [*edits, *_statement(statement, text)]


def _heads(statement: list[Token]) -> bool:
    """Tell whether the next ``:`` ends the head of a compound statement, and is not part of a lambda."""
    words = [token.text for token in statement]
    heads = (
        "if",
        "elif",
        "else",
        "for",
        "while",
        "try",
        "except",
        "finally",
        "with",
        "def",
        "class",
    )
    return bool(words) and words[0] in heads and "lambda" not in words


def _statement(statement: list[Token], text: str) -> Iterator[Edit]:
    if not statement:
        return
    first, rest = statement[0], statement[1:]
    if first.text == "print" and rest and _is_printed(rest):
        yield from _print(first, rest, text)
    elif first.text == "exec" and rest and rest[0].kind == "string":
        yield _opened(text, first.end, rest[0].start, "Python 2 exec")
        yield Edit(rest[-1].end, rest[-1].end, ")", True)
    elif first.text == "except" and (comma := _comma(rest)) is not None:
        yield Edit(rest[comma].start, rest[comma].end, " as", True, "Python 2 except clause")
    elif first.text == "raise" and (comma := _comma(rest)) is not None:
        yield _opened(text, rest[comma].start, _next(rest, comma), "Python 2 raise")
        yield Edit(rest[-1].end, rest[-1].end, ")", True)
    yield from _small(statement)


def _opened(text: str, start: int, end: int, what: str) -> Edit:
    """Put an opening bracket in the place of blanks; the lines stay as many as they are."""
    lines = text[start:end].count("\n")
    return Edit(start, end, "(" + "\n" * lines, True, what)


def _next(tokens_: list[Token], n: int) -> int:
    return tokens_[n + 1].start if n + 1 < len(tokens_) else tokens_[n].end


def _comma(rest: list[Token]) -> int | None:
    """Return where the one comma outside of brackets is; None if there is none, or brackets come first."""
    depth = 0
    for n, token in enumerate(rest):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "," and not depth:
            return n
    return None


def _is_printed(rest: list[Token]) -> bool:
    """Tell whether what follows the name ``print`` makes it a statement of Python 2."""
    head = rest[0]
    if head.text == "(":
        return False
    return head.kind in ("string", "name", "number") or head.text in (">>", "-", "[", "{", "`", "~")


def _print(first: Token, rest: list[Token], text: str) -> Iterator[Edit]:
    where, end = rest[0], ""
    if where.text == ">>":
        comma = _comma(rest)
        target = rest[1:comma]
        name = "".join(token.text for token in target)
        end = f"file={name}"
        rest = rest[comma + 1 :] if comma is not None else []
        where_end = rest[0].start if rest else target[-1].end
        yield _opened(text, first.end, where_end, "Python 2 print")
    else:
        yield _opened(text, first.end, where.start, "Python 2 print")
    last = rest[-1] if rest else None
    if last is None:
        return
    if last.text == ",":
        end = ", ".join(filter(None, ['end=" "', end]))
        yield Edit(last.start, last.end, f", {end})", True)
    else:
        yield Edit(last.end, last.end, f", {end})" if end else ")", True)


def _small(statement: list[Token]) -> Iterator[Edit]:
    """Find single tokens of Python 2: backticks, long and octal numbers, ``ur''``, ``<>``; and ``async``."""
    opened = False
    for token, after in zip(statement, [*statement[1:], None], strict=True):
        if token.text == "`":
            yield Edit(
                token.start, token.end, ")" if opened else "repr(", True, "Python 2 backticks"
            )
            opened = not opened
        elif token.kind == "number" and (number := NUMBER.fullmatch(token.text)):
            octal = number[1] if number[1][:2].lower() == "0x" else OCTAL.sub("0o", number[1])
            if octal != token.text:
                yield Edit(token.start, token.end, octal, True, "Python 2 number")
        elif token.kind == "string" and token.text[:2].lower() == "ur":
            yield Edit(token.start, token.start + 1, "", True, "Python 2 string")
        elif token.text == "<>":
            yield Edit(token.start, token.end, "!=", True, "Python 2 <>")
        elif token.text == "async" and (after is None or after.text not in ("def", "for", "with")):
            yield Edit(
                token.start, token.end, "async_", what="the name async, a keyword since Python 3.7"
            )


def tabs(text: str) -> list[Edit]:
    """Find the tabs that lines begin with: eight columns each, as Python 2 counted."""
    edits = []
    for match in re.finditer(r"^[ \t]*\t[ \t]*", text, re.MULTILINE):
        new = match[0].expandtabs(8)
        edits.append(Edit(match.start(), match.end(), new, True, "tabs mixed with blanks"))
    return edits


def indents(text: str) -> list[Edit]:
    """Find the blanks that every line of a cell begins with; IPython takes them off."""
    indent = re.match(r"([ \t]+)(?=\S)", text)
    if not indent:
        return []
    found = re.finditer(rf"^{indent[1]}", text, re.MULTILINE)
    return [
        Edit(match.start(), match.end(), "", what="" if match.start() else "indented cell")
        for match in found
    ]
