"""Compare two texts: words exactly, numbers within a tolerance, durations in form."""

import math
import re
from itertools import zip_longest

from helpers.verification.policy import Policy

# A memory address, as in <object at 0x7f3a5c1d2e80>.
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")

# A number standing by itself: not part of a name (conv1, float32), a version (2.15.0) or a shape (3x4).
_DIGITS = r"(?:\d+(?:,\d{3})+(?:\.\d+)?|\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?"
NUMBER = re.compile(rf"(?<![\w.])(?:(?<![\w)\]])[-+])?{_DIGITS}(?![\w]|\.\d)")

# What depends on the speed of the machine: a number with a unit of time, of rate, or a speed ratio.
# The form of %timeit is "1.03 μs ± 12.3 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)";
# IPython chooses the unit and the number of loops by what it measures.
_UNIT = r"(?:[num\u00b5\u03bc]?s|min|h|[kMGT]?B/s|[kMGT]?FLOP/s|it/s|pictures/s|x|\u00d7)"
TIMING = re.compile(rf"(?<![\w.]){_DIGITS}\s?{_UNIT}(?![\w/])|{_DIGITS}(?= loops? each)")
# %timeit adds this line when its runs differ much, which says nothing about the cell.
SLOWEST = re.compile(r"The slowest run took .*? intermediate result is being cached\.\s*", re.DOTALL)
LOOPS = re.compile(r"\bloops? each\b")
CPU_AND_WALL = re.compile(r"\b(?:\d+(?:min|h) )+(?=⟨time⟩)")


def normalise(text: str, policy: Policy) -> str:
    """The text without what differs between machines: line ends, trailing spaces, addresses, free parts."""
    text = text.replace("\r\n", "\n")
    text = "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
    for pattern in policy.free:
        text = re.sub(pattern, "⟨free⟩", text)
    if policy.timing:
        text = TIMING.sub("⟨time⟩", SLOWEST.sub("", text))
        text = CPU_AND_WALL.sub("", LOOPS.sub("loops each", text))
        text = re.sub(r"[ \t]*⟨time⟩[ \t]*", " ⟨time⟩ ", text)  # columns move with the width of a number
    return ADDRESS.sub("0x…", text)


def difference(stored: str, new: str, policy: Policy) -> str:
    """One line that says how two texts differ; '' if they agree under the policy."""
    stored, new = normalise(stored, policy), normalise(new, policy)
    if stored == new:
        return ""
    stored_numbers, new_numbers = NUMBER.findall(stored), NUMBER.findall(new)
    words = [_squeeze(NUMBER.sub("⟨number⟩", text)) for text in (stored, new)]
    if words[0] != words[1] or stored_numbers == new_numbers:
        return _first_line_that_differs(stored, new)
    faults = [fault for a, b in zip(stored_numbers, new_numbers, strict=True) if (fault := _number_fault(a, b, policy))]
    if not faults:
        return ""
    more = f" (and {len(faults) - 1} more of {len(stored_numbers)} numbers)" if len(faults) > 1 else ""
    return faults[0] + more


def _squeeze(text: str) -> str:
    """Runs of blanks as one: a number that is shorter by a digit moves its column."""
    return re.sub(r"[ \t]+", " ", re.sub(r"[ \t]*(⟨number⟩)[ \t]*", r" \1 ", text))


def _number_fault(stored: str, new: str, policy: Policy) -> str:
    """How two printed numbers differ; '' if they agree under the policy."""
    if stored == new:
        return ""
    a, b = (float(text.replace(",", "")) for text in (stored, new))
    whole = all(re.fullmatch(r"[-+]?[\d,]+\.?", text) for text in (stored, new))
    if whole and not policy.integers:
        return f"expected {stored}, got {new} (whole numbers are compared exactly)"
    allowed = policy.atol + policy.rtol * abs(a)
    if math.isclose(a, b, rel_tol=0, abs_tol=allowed):
        return ""
    return f"expected {stored}, got {new}: {abs(a - b):.3g} apart, allowed is {stored} ± {allowed:.3g}"


def _first_line_that_differs(stored: str, new: str) -> str:
    for n, (a, b) in enumerate(zip_longest(stored.split("\n"), new.split("\n")), 1):
        if a != b:
            return f"line {n}: expected {_shown(a)}, got {_shown(b)}"
    return "the texts differ"


def _shown(line: str | None) -> str:
    return "no such line" if line is None else repr(line if len(line) <= 100 else line[:97] + "...")
