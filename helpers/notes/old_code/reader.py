"""Finds old calls in a file: reads it, runs nothing of it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from helpers.notes.old_calls import OLD_CALLS, OldCall
from helpers.notes.old_code import kinds, known, patterns, rules
from helpers.notes.old_code.canonical import same
from helpers.notes.old_code.code import Code
from helpers.notes.old_code.known import ARRAY, SCALAR, TENSOR
from helpers.notes.old_code.patterns import Match, Pattern
from helpers.notes.old_code.sources import Source

OF_A_KIND = {  # holes by name, see ``patterns``
    "bytes": known.BYTES,
    "number": known.NUMBER,
    "loss_layer": known.LOSS_LAYER,
}
NEVER = (99, 0)  # later than every release
NO_NAME = re.compile(r"has no attribute|cannot import name|No module named")
# What the holes of an unsure row must be, where its condition says it.
CONDITION = re.compile(
    r"^(?:(?P<hole>\w+) is an? (?P<kind>tensor without dimensions|tensor of integers|tensor|module|optimizer|scheduler"
    r"|iterator|loader|data set)"
    r"|(?P<all>tensors are compared|the index is a mask|these are tensors|the operands are masks))$"
)
KINDS = {
    "tensor without dimensions": SCALAR,
    "tensor": TENSOR,
    "module": known.MODULE,
    "optimizer": known.OPTIMIZER,
    "scheduler": known.SCHEDULER,
    "loader": known.LOADER,
    "iterator": known.ITERATOR,
    "tensor of integers": known.INTS,
    "data set": known.DATASET,
    "these are tensors": TENSOR,
    "tensors are compared": TENSOR,
    "the index is a mask": known.MASK,
    "the operands are masks": known.MASK,
}
OTHERS = ARRAY, known.NUMBER, known.SEQUENCE, known.TEXT, known.OTHER  # nothing of PyTorch's
NOT_TENSORS = (
    *OTHERS,
    known.MODULE,
    known.OPTIMIZER,
    known.SCHEDULER,
    known.LOADER,
    known.DATASET,
    known.ITERATOR,
    known.LOSS_LAYER,
    known.FUNCTION,
)


@dataclass(frozen=True)
class Finding:
    """An old call in a file.

    Attributes:
        call: the row of the table.
        match: the code.
        pattern: what found it; None: a rule.
        certain: whether it is one, as far as can be told; if not, ``call.condition`` must hold.
        is_import: whether this is where the name is imported.
        number: which of the row's patterns.
    """

    call: OldCall
    match: Match
    pattern: Pattern | None = None
    certain: bool = True
    is_import: bool = False
    number: int = 0

    @property
    def fix(self) -> str:
        """What the row would write instead; '' if that is not safe here."""
        if not self.certain or self.number >= len(self.call.fix):
            return ""
        return self.call.fix[self.number]


@dataclass(frozen=True)
class Table:
    """The rows of the table, ready to be looked for."""

    calls: tuple[OldCall, ...] = OLD_CALLS
    by_key: dict[tuple[type, str], list[tuple[OldCall, int, Pattern]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    by_name: dict[str, list[tuple[OldCall, int, Pattern]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        """Sort the patterns by what is looked for first."""
        for call in self.calls:
            for number, text in enumerate(call.matches):
                if not text.startswith("rule:"):
                    pattern = Pattern(text)
                    self.by_key[pattern.key].append((call, number, pattern))
                    if (
                        pattern.dotted_name
                        and call.today == "error"
                        and NO_NAME.search(call.message)
                    ):
                        self.by_name[pattern.dotted_name].append((call, number, pattern))

    @cached_property
    def rules(self) -> list[tuple[OldCall, int, str]]:
        """The rules that rows name."""
        named = [(c, n, m) for c in self.calls for n, m in enumerate(c.matches)]
        return [(c, n, m.removeprefix("rule:")) for c, n, m in named if m.startswith("rule:")]


@cache
def table() -> Table:
    """Return the table of the book."""
    return Table()


def find(source: Source, rows: Table | None = None) -> list[Finding]:
    """Return the old calls in a file, in the order of its lines; those that run as ever, too."""
    rows = rows or table()
    code = Code(source)
    found = [*_by_pattern(code, rows), *_by_import(code, rows), *_by_rule(code, rows)]
    written = _written_before(code, found)
    kept = [finding for finding in found if _is_to_be_named(finding, written)]
    # an assignment that is named stands for its target
    targets = [
        t for f in kept if isinstance(f.match.node, ast.Assign) for t in f.match.node.targets
    ]
    kept = [f for f in kept if f.match.node not in targets]
    # of several findings of one row at one place, the first counts
    unique = {(f.call.name, id(f.match.node)): f for f in reversed(kept)}
    return sorted(unique.values(), key=lambda f: (*code.position(f.match.node), f.call.name))


def _is_to_be_named(finding: Finding, written: tuple[int, ...]) -> bool:
    """Tell whether a finding is shown, in a file that was written before the release ``written``.

    One that the text of the file does not prove is shown only if the file may be older than the last change of the
    call: whoever wrote later knew it.
    """
    is_proved = finding.certain and (finding.call.today != "differs" or finding.call.sure)
    return is_proved or written <= _latest(finding.call)


def _by_pattern(code: Code, rows: Table) -> Iterator[Finding]:
    for node in code.nodes:
        for key in dict.fromkeys(patterns.keys(node, code.names)):
            for call, number, pattern in rows.by_key.get(key, ()):
                match = patterns.match(pattern, node, code.names)
                if match and (certain := judge(call, match, code)) is not None:
                    yield Finding(call, match, pattern, certain, number=number)


def _by_import(code: Code, rows: Table) -> Iterator[Finding]:
    """Find the imports of names that are no more: they fail before any call does."""
    for node in code.nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {f"{node.module}.{alias.name}": alias for alias in node.names}
        elif isinstance(node, ast.Import):
            names = {alias.name: alias for alias in node.names}
        else:
            continue
        for name, alias in names.items():
            for call, number, pattern in rows.by_name.get(same(name), ())[:1]:
                yield Finding(call, Match(alias, {}), pattern, True, True, number)


def _by_rule(code: Code, rows: Table) -> Iterator[Finding]:
    for call, number, name in rows.rules:
        rule = rules.RULES.get(name)
        for node, certain in rule(code) if rule else ():
            yield Finding(call, Match(node, {}), None, certain, number=number)


def judge(call: OldCall, match: Match, code: Code) -> bool | None:
    """Tell whether a match is certainly the row's call; None: it certainly is not."""
    if of_a_kind := match.holes.keys() & OF_A_KIND:
        fit = all(code.kinds.kind(match.holes[hole]) == OF_A_KIND[hole] for hole in of_a_kind)
        return fit or None
    first = next(iter(match.holes.values()), None)
    is_receiver = first is not None and _is_receiver(match, first)
    kind = code.kinds.kind(first) if is_receiver else ""
    if call.sure:
        return None if kind in OTHERS and not call.name.startswith("python2") else True
    condition = CONDITION.match(call.condition)
    wanted = {}
    if condition and condition["hole"]:
        wanted = {condition["hole"]: KINDS[condition["kind"]]}
    elif condition:
        wanted = dict.fromkeys(match.holes, KINDS[condition["all"]])
    certain = bool(condition) and call.today != "differs"
    answers = []
    for hole, required in wanted.items():
        node = match.holes.get(hole)
        answers.append(_is(required, node, code) if node is not None else None)
    if wanted and all(answer is False for answer in answers):
        return None
    if not wanted and kind in NOT_TENSORS:
        return None
    return certain and any(answers)


def _is(required: str, node: ast.AST, code: Code) -> bool | None:
    kind = code.kinds.kind(node)
    if required == SCALAR and kind in ("", TENSOR):
        return True if kinds.looks_like_loss(node) else None
    return kinds.holds(required, kind)


def _is_receiver(match: Match, node: ast.AST) -> bool:
    """Tell whether a method of this node is called."""
    call = match.node
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.value is node
    )


def _written_before(code: Code, found: Iterable[Finding]) -> tuple[int, ...]:
    """Return the release before which a file seems to have been written, from what is certain in it."""
    releases = [NEVER]
    for finding in found:
        if not finding.certain or finding.call.today == "differs":
            continue
        if finding.call.today != "runs":
            releases += _dates(finding.call)[:1]
        elif finding.call.name.startswith("variable"):
            releases.append((0, 4))
    if any("Python 2" in what for what in code.source.seen):
        releases.append((0, 4))
    return min(releases)


def _dates(call: OldCall) -> list[tuple[int, ...]]:
    return sorted(map(release, filter(None, (call.deprecated, call.removed, call.changed))))


def _latest(call: OldCall) -> tuple[int, ...]:
    """Return the last release that changed anything about a call; at least 1.0, as old files are hard to date."""
    return max([*_dates(call), (1, 0)])


def release(text: str) -> tuple[int, ...]:
    """Return a release as numbers; one of torchvision as the release of torch that it belongs to."""
    numbers = tuple(map(int, re.findall(r"\d+", text)))
    if not text.startswith("torchvision"):
        return numbers or NEVER
    minor = numbers[1] if len(numbers) > 1 else 0
    if minor < 3:
        return 0, 4
    return (1, minor - 1) if minor < 15 else (2, minor - 15)


def breaking(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that fail, warn or give something else today."""
    return [finding for finding in findings if finding.call.today != "runs"]
