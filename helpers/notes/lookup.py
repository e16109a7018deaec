"""The look-up of old calls: tables by group, by message and by what changed silently, an index of names, a search.

``helpers.notes.old_calls`` says what a row holds, and ``helpers.notes.trial`` runs it.
"""

import ast
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from IPython.display import Markdown

from helpers import pages, tables
from helpers.notes import audit
from helpers.notes.old_calls import GROUPS, OLD_CALLS, STATES, OldCall
from helpers.notes.old_code import reader, sources
from helpers.paths import RECORDS

PAGE = "15_old_calls.ipynb"  # the groups are headings there
SIGNS = {"differs": "≠", "error": "✗", "warns": "!", "runs": "="}
WORDS = {"differs": "another result", "error": "error", "warns": "warning", "runs": "still runs"}
RECORD = RECORDS / "notes/old_code.json"
HEAD = ["you wrote", "write now", "why"]
MARKED = re.compile(r"[\\`*_\[\]|~$#!]")  # what Markdown would take for a mark of its own
BREAKS = re.compile(
    r"(?<=[(\[{=,])(?=[\w'\"]{3})|(?<=[\w)\]])(?=\.[A-Za-z_])|(?<=[A-Za-z0-9]_)(?=[A-Za-z0-9])"
)
WORD = re.compile(r"[a-z_][a-z_]{2,}\d?[a-z_]*")
NAME = re.compile(r"[\w.]+")
CODE = re.compile(r"`([^`]+)`")
ADDRESS = re.compile(r"https?://\S+")
OF_MODULE = re.compile(r"\b(?:named|module|from) '(\w+)")
OTHER_PACKAGE = re.compile(r"torch(?!vision\b)\w+\.")  # torchtext.legacy is not torch.legacy
LEADING = re.compile(r"^\W+")  # quotes before the first word of a message
# Names that stand in many lines of code, and that no reader would look up.
COMMON = {
    "tensor", "grad", "size", "shape", "ones", "zeros", "randn", "rand", "is_available", "iter", "print", "range",
    "utils", "detach", "cpu", "numpy", "True",
}  # fmt: skip
# Words that stand in many messages and reasons, and tell nothing of the matter.
COMMON_WORDS = {
    "the", "and", "for", "has", "not", "but", "got", "own", "name", "object", "attribute", "torch", "model", "net",
}  # fmt: skip
NEAR = 0.5  # the share of what is asked that a row must have to be called near
MOST = 3  # rows are called near
ATTRIBUTE = re.compile(r"object has no attribute '(\w+)'")
MISSED = re.compile(r"object has no attribute '\w+'")
LONG = 10  # characters: a longer word of code may be broken


def code(text: str) -> str:
    """Write code for a cell of a Markdown table: its lines stay lines, and a long word has places to be broken at.

    The breaks are ``<wbr>``, which is not copied with the text.
    """
    lines = []
    for line in text.rstrip().splitlines():
        words = line.lstrip().split(" ")
        indent = "&nbsp;" * (len(line) - len(line.lstrip()))
        lines.append(indent + " ".join(map(_breakable, words)).replace("  ", " &nbsp;"))
    return f"<code>{'<br>'.join(lines)}</code>"


def _breakable(word: str) -> str:
    parts = BREAKS.split(word) if len(word) > LONG else [word]
    return "<wbr>".join(_escaped(part) for part in parts)


def _escaped(text: str) -> str:
    return MARKED.sub(lambda mark: f"&#{ord(mark[0])};", html.escape(text, quote=False))


def by_state(calls: Iterable[OldCall]) -> list[OldCall]:
    """Sort calls: what changed silently first, then errors, warnings, and what still runs."""
    return sorted(calls, key=lambda call: STATES.index(call.today))


def dates(call: OldCall) -> str:
    """Tell what an old call does today, and when it was deprecated, when it changed, when its successor came."""
    since = {"differs": call.changed, "error": call.removed}
    words = [f"{WORDS[kind]} since {release}" for kind, release in since.items() if release]
    if not since.get(call.today):
        words.insert(0, WORDS[call.today])
    if call.deprecated:
        words.append(f"deprecated in {call.deprecated}")
    if call.replaced:
        words.append(f"new call since {call.replaced}")
    return "; ".join(words)


def _row(call: OldCall) -> tuple[str, str, str]:
    page, heading = audit.where(call)
    words = heading.partition(" · ")[0]
    place = f"[page {page.name[:2]}, {words}]({page.path.name}#{pages.anchor(heading)})"
    old = f"**{SIGNS[call.today]}** {code(call.old)}"
    return old, code(call.new), f"{call.why}<br>*{dates(call)}*<br>{place} (`{call.name}`)"


def table(calls: Iterable[OldCall]) -> Markdown:
    """Tabulate old calls: what one wrote, what one writes now, and why, with the dates and the place in the book."""
    return tables.table(HEAD, map(_row, calls))


def group(name: str) -> Markdown:
    """Tabulate the old calls of a group, the silent changes first.

    Raises:
        ValueError: there is no such group.
    """
    _check_group(name)
    return table(by_state(call for call in OLD_CALLS if call.group == name))


def _check_group(name: str) -> None:
    if name not in GROUPS:
        raise ValueError(f"no group {name!r}: {', '.join(GROUPS)}")


def alphabetical() -> Markdown:
    """Tabulate all old calls in the order of the names under which one would look them up."""
    return table(sorted(OLD_CALLS, key=lambda call: (_first_name(call), call.name)))


def _first_name(call: OldCall) -> str:
    return min(name.strip("_").lower() for name in names(call) or {call.name})


def silent(group: str = "") -> Markdown:
    """Tabulate the calls that give something else today without a word: what each gave once, and what it gives now.

    Args:
        group: of one group only.

    Raises:
        ValueError: there is no such group.
    """
    from helpers.notes import trial  # imports torch: the web edition's tables run nothing

    _check_group(group or GROUPS[0])
    rows = []
    for call in OLD_CALLS:
        if call.today == "differs" and group in ("", call.group):
            now = trial.run_old(call).value
            then = f"{_short(trial.expected(call))}<br>until {call.changed}"
            rows.append((f"**{SIGNS['differs']}** {code(call.old)}", then, _short(now)))
    return tables.table(["you wrote", "it gave", "it gives now"], rows)


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return code(text if len(text) <= 60 else f"{text[:57]}...")


def by_message() -> Markdown:
    """Tabulate the errors and warnings by their text: the message, what one wrote, what one writes now."""
    messages = [(*_parts(call.message), call) for call in OLD_CALLS if call.message]
    messages.sort(key=lambda message: (LEADING.sub("", message[1]).lower(), message[0]))
    rows = []
    for kind, text, call in messages:
        message = f"{kind}<br>{code(text)}" if text.strip() else kind
        rows.append((message, code(call.old), code(call.new)))
    return tables.table(["the message", "you wrote", "write now"], rows)


def _parts(message: str) -> tuple[str, str]:
    """Take a message apart: the name of the error, and its text."""
    kind, _, text = message.partition(": ")
    return kind.rpartition(".")[2], text


def find(words: str) -> Markdown:
    """Look up a message or a name: tabulate the old calls whose messages or names it holds, or is part of."""
    wanted = " ".join(words.split()).lower()
    if not wanted:
        return Markdown("Paste a message, or a part of one, or the name of a call.")
    tests = [_has_message, _mentions]
    if NAME.fullmatch(wanted) and not OTHER_PACKAGE.match(wanted):
        tests = [_has_name, _has_message, _mentions]
    choices = ([call for call in OLD_CALLS if test(call, wanted)] for test in tests)
    found = next(filter(None, choices), None) or _read(words)
    if found:
        return table(by_state(found))
    if near := _nearest(wanted) or _without(wanted) or _called(words):
        head = "No row has exactly these words. Nearest to them:"
        return Markdown(f"{head}\n\n{table(near).data}")
    return Markdown(
        "Nothing like it is in the table. Try a shorter piece: the words that are no names or numbers of your own."
    )


def _read(words: str) -> list[OldCall]:
    """Read the words as code, as the program for whole files does."""
    try:
        findings = reader.find(sources.read_text(words))
    except ValueError:  # no code
        return []
    return list({finding.call.name: finding.call for finding in findings}.values())


def _nearest(wanted: str) -> list[OldCall]:
    """The calls that share most with what is wanted: the rarer a word is in the table, the more it counts."""
    texts = [
        (call, " ".join((call.message, call.why, call.old, *call.matches))) for call in OLD_CALLS
    ]
    rows = [(call, _words(text)) for call, text in texts if _is_of(text, wanted)]
    often = Counter(word for _, words in rows for word in words)
    asked = _words(wanted)
    weights = {word: 1 / often[word] ** 0.5 if often[word] else 1 for word in asked}
    shares = [(sum(weights[word] for word in asked & words), call) for call, words in rows]
    enough = NEAR * sum(weights.values())
    best = max((share for share, _ in shares), default=0)
    near = [(share, call) for share, call in shares if share and share >= max(enough, 0.8 * best)]
    return [call for _, call in sorted(near, key=lambda pair: -pair[0])[:MOST]]


def _is_of(text: str, wanted: str) -> bool:
    """Tell whether a row has the package that a message names, and the attribute that it misses, if it does."""
    named = [*OF_MODULE.findall(wanted), *ATTRIBUTE.findall(wanted)]
    return all(re.search(rf"\b{name}\b", text, re.IGNORECASE) for name in named)


def _without(wanted: str) -> list[OldCall]:
    """The calls whose messages miss the same attribute of an object, though in an object of another class."""
    missed = MISSED.search(wanted)
    rows = [] if missed is None else [c for c in OLD_CALLS if missed[0] in c.message.lower()]
    return rows[:MOST]


def _called(words: str) -> list[OldCall]:
    """The calls that are of the same name as one in a line of code, a method of whatever object."""
    try:
        nodes = list(ast.walk(ast.parse(words.strip())))
    except (SyntaxError, ValueError):
        return []
    functions = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    asked = {function.rpartition(".")[2] for function in functions} - COMMON
    rows = [call for call in OLD_CALLS if call.today != "runs" and names(call) <= asked]
    return by_state(rows)[:MOST]


def _words(text: str) -> set[str]:
    """The words that tell something: no numbers or addresses, no kinds of errors, none that fit everywhere."""
    found = set(WORD.findall(ADDRESS.sub("", text.lower()))) - COMMON_WORDS
    return {word for word in found if not word.endswith(("error", "warning"))}


def measured() -> Markdown:
    """Tabulate how much of other people's old code the reader named, beside other programs, as it is on record."""
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["collections"]
    kinds = "places", "named", "for certain", "TorchFix", "ruff"
    total = {"repository": "all", **{kind: sum(row[kind] for row in rows) for kind in kinds}}
    head = ["old code", "fails or warns", "named", "for certain", "TorchFix", "ruff"]
    lines = [[row["repository"], *(row[kind] for kind in kinds)] for row in [*rows, total]]
    return tables.table(head, lines)


def _has_message(call: OldCall, wanted: str) -> bool:
    """Tell whether the text of a row's message is a part of what is looked for, or the other way round.

    The messages of other releases and cases, which a reason quotes, are as good.
    """
    text = " ".join(_parts(call.message)[1].split()).lower()
    if len(text) > 3 and (text in wanted or wanted in text):
        return True
    quoted = [words for words in CODE.findall(call.why.lower()) if words.count(" ") > 1]
    return any(words in wanted for words in quoted)


def _has_name(call: OldCall, wanted: str) -> bool:
    """Tell whether the last part of a dotted name is one under which a row is looked up."""
    return wanted.rpartition(".")[2] in {name.lower() for name in names(call)}


def _mentions(call: OldCall, wanted: str) -> bool:
    """Tell whether the words stand anywhere in a row: in its name, its code or its patterns."""
    return any(wanted in text.lower() for text in (call.name, call.old, call.new, *call.matches))


def names(call: OldCall) -> set[str]:
    """Return the names under which one would look an old call up: those that the new call does not have any more."""
    old = set(_names(call.old))
    telling = old - COMMON
    return telling - set(_names(call.new)) or telling or old or {call.old.partition("\n")[0]}


def _names(text: str) -> Iterator[str]:
    """The names in code: of attributes, functions and keyword arguments, not of variables."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:  # code for Python 2
        yield from re.findall(r"[A-Za-z_]\w+", text)
        return
    for node in nodes:
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from [(node.module or "").rpartition(".")[2], *(name.name for name in node.names)]
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def index() -> Markdown:
    """List the names of the old calls in alphabetical order, each with a link to its group."""
    groups: dict[str, set[str]] = {}
    for call in OLD_CALLS:
        for name in names(call):
            groups.setdefault(name, set()).add(call.group)
    letters: dict[str, list[str]] = {}
    for name in sorted(groups, key=lambda name: (name.strip("_").lower(), name)):
        first_group, *others = (group for group in GROUPS if group in groups[name])
        links = [f"[`{name}`]({PAGE}#{pages.anchor(first_group)})"]
        links += [f"[{group}]({PAGE}#{pages.anchor(group)})" for group in others]
        entry = ", ".join(links)
        first = (name.strip("_") or name)[0].upper()
        letters.setdefault(first if first.isalpha() else "Signs", []).append(entry)
    lines = [f"**{letter}**: {' · '.join(entries)}" for letter, entries in letters.items()]
    return Markdown("\n\n".join(lines))
