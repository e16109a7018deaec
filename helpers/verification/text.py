"""Compare two texts: words exactly, numbers within a tolerance, durations in form.

A float agrees if |new - stored| <= atol + rtol * |stored|, the rule of ``numpy.testing.assert_allclose``, here
for numbers as they are printed. Where a cell states no tolerance of its own, only what rounding does to a last
digit passes (``ROUNDING``): a release, a sum of money, a small number beside zero are exact.

nbval itself compares texts character by character; what differs can only be blanked out, by the patterns of
``--nbval-sanitize-with``. The ``free`` patterns do so for one cell.
"""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

from .policy import Policy

STRICT = Policy()

# A memory address, as in <object at 0x7f3a5c1d2e80>, or between angle brackets alone, as in <Pointer 0x7f3a5c1d2e80>;
# other hexadecimal numbers are exact.
ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,}\b")
_BRACKETED = re.compile(r"(?:<|&lt;)[^<>\n]*?(?:>|&gt;)")
_POINTER = re.compile(r"(?<=[ (=])0x[0-9a-fA-F]{9,16}\b")

# A number standing by itself: not part of a name (conv1, float32), a version (2.15.0) or a shape (3x4).
# (ASCII only: to Python, full-width digits are digits too.)
_DIGITS = (
    r"(?:[0-9]+(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]{1,4})?"
)
NUMBER = re.compile(rf"(?<![\w.])(?:(?<![\w)\]])[-+])?{_DIGITS}(?!(?!j\b)\w|\.\d)")
# What is exact under any tolerance: a sum of money, with its sign or code before or after it; and what only looks like
# a float: digits in an address on the web, a number of arXiv, a DOI, a release named after its month, a color such as
# #00e500.
EXACT = re.compile(
    rf"(?<=[$€£¥])\s?{_DIGITS}|(?<=\b(?:EUR|USD|GBP|CNY|RMB|JPY|CHF) ){_DIGITS}"
    rf"|(?<![\w.,]){_DIGITS}(?=\s?(?:[$€£¥]|(?:EUR|USD|GBP|CNY|RMB|JPY|CHF|元)\b))"
    r"|\bhttps?://[^\s<>\"']+|\b(?i:arxiv|doi)(?::|:? )[0-9]+\.[0-9]+"
    r"|\b(?i:version|release) 20[0-9]{2}\.[0-9]+"
    r"|#[0-9a-fA-F]{3,8}\b"
)

# What float32 sums differ by in another order of addition, of their size (it keeps seven digits); and,
# where fewer digits are printed, one unit of the last of them.
ROUNDING = Decimal("1e-6")
# A float that no short number is equal to is printed with so many digits at least; and two neighboring float32 are this
# far apart, of their size, or further: what is nearer is no sum in another order, but 0.1 beside its float32.
_IN_FULL = 15
_NEIGHBORS = Decimal(2) ** -24

# What depends on the speed of the machine: IPython and tqdm choose the unit and the number of loops by
# what they measure. "1.03 μs ± 12.3 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)",
# "Wall time: 1min 3s", "[00:12<00:03, 33.2it/s]", "3.1x".
_DURATION = rf"(?:[0-9]+(?:d|h|min) )*{_DIGITS} ?(?:[numµμ]?s|min|h)"
TIMINGS = {
    "⟨rate⟩": rf"(?<![\w.])(?:{_DIGITS}|\?) ?(?:[A-Za-z]+/s|s/[A-Za-z]+)\b",
    "⟨ratio⟩": rf"(?<![\w.]){_DIGITS} ?[x×](?![\w/]| ?\d)",
    "⟨time⟩": rf"(?<![\w.]){_DURATION}(?![\w/])"
    r"|(?<![\w:])[0-9]+:[0-9]{2}(?::[0-9]{2})?(?![\w:])",
    "⟨loops⟩ loops": rf"{_DIGITS} loops?(?= each\b)",
}
# What IPython prints only sometimes: when the runs of %timeit differ much, when compiling took long,
# and two of the three CPU times except on Windows.
SOMETIMES = re.compile(
    r"The slowest run took [0-9.]+ times longer than the fastest\. "
    r"This could mean that an intermediate result is being cached\.\n?"
    rf"|(?<=^CPU times: )user -?{_DURATION}, sys: -?{_DURATION}, (?=total: )"
    rf"|^(?:Compiler|Parser) +: {_DURATION}(?:\n|\Z)",
    re.MULTILINE,
)


def normalize(text: str, policy: Policy) -> str:
    """Return the text without what differs between machines: line ends, trailing spaces, addresses, free parts."""
    text = text.replace("\r\n", "\n")
    if policy.timing:
        text = SOMETIMES.sub("", text)
    text = "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
    for pattern in policy.free:
        text = re.sub(pattern, "⟨free⟩", text)
    if policy.timing:
        for form, pattern in TIMINGS.items():
            text = re.sub(pattern, form, text)
        text = _apart(text)
    text = _BRACKETED.sub(lambda match: _POINTER.sub("⟨address⟩", match[0]), text)
    return ADDRESS.sub("⟨address⟩", text)


def difference(stored: str, new: str, policy: Policy = STRICT) -> str:
    """Return one line that says how two texts differ; '' if they agree under the policy."""
    fault = _difference(stored, new, policy)
    if fault and not policy.timing and not _difference(stored, new, replace(policy, timing=True)):
        return (
            f'{fault} (only durations, rates or ratios differ: "timing": true compares their form)'
        )
    return fault


def _difference(stored: str, new: str, policy: Policy) -> str:
    """Return what `difference` does, without its advice."""
    stored, new = normalize(stored, policy), normalize(new, policy)
    if stored == new:
        return ""
    stored_numbers, new_numbers = NUMBER.findall(stored), NUMBER.findall(new)
    if _words(stored) != _words(new) or stored_numbers == new_numbers:
        return _first_line_that_differs(stored, new)
    if EXACT.findall(stored) != EXACT.findall(new):
        return _first_line_that_differs(stored, new)
    as_wide = [len(number) for number in stored_numbers] == [len(number) for number in new_numbers]
    if as_wide and NUMBER.sub("⟨number⟩", stored) != NUMBER.sub("⟨number⟩", new):
        return "the blanks differ, and no number is longer or shorter"
    faults = [
        fault
        for a, b in zip(stored_numbers, new_numbers, strict=True)
        if (fault := _other_style(a, b) or _number_fault(a, b, policy))
    ]
    if len(faults) > 1:
        return f"{faults[0]} (and {len(faults) - 1} more of {len(stored_numbers)} numbers)"
    return "".join(faults)


def _apart(text: str) -> str:
    """Put one blank around each mark: a number that is shorter by a digit moves its column."""
    return re.sub(r" *(⟨\w+⟩) *", r" \1 ", text)


def _words(text: str) -> str:
    """Return the text with each number as a mark, and runs of blanks as one."""
    return re.sub(" +", " ", _apart(NUMBER.sub("⟨number⟩", text)))


def _number_fault(stored: str, new: str, policy: Policy) -> str:
    """Return how two printed numbers differ; '' if they agree under the policy."""
    if stored == new:
        return ""
    a, b = (Decimal(text.replace(",", "")) for text in (stored, new))
    is_float = [not re.fullmatch(r"[-+]?[0-9,]+", text) for text in (stored, new)]
    whole = all(re.fullmatch(r"[-+]?[0-9,]+\.?", text) for text in (stored, new))
    if whole and all(is_float) and a == b == 0:
        return "" if policy.states_a_tolerance else _other_spelling(stored, new)
    one_is_float = is_float[0] != is_float[1]  # no program prints one number as 2 and as 2.
    if (one_is_float and a == b) or (not policy.integers and (whole or one_is_float)):
        return f"expected {stored}, got {new} (whole numbers are compared exactly)"
    if not policy.states_a_tolerance and (fault := _other_spelling(stored, new)):
        return fault
    allowed = _allowed(stored, new, policy)
    apart = abs(a - b)
    if apart <= allowed:
        return ""
    line = f"expected {stored}, got {new}: {float(apart):.3g} apart, allowed {float(allowed):.3g}"
    return f"{line}: {apart / allowed:,.1f} times too far" if allowed else line


def _allowed(stored: str, new: str, policy: Policy) -> Decimal:
    """Return how far two printed floats may be apart."""
    size = abs(Decimal(stored.replace(",", "")))
    allowed = Decimal(policy.atol) + Decimal(policy.rtol) * size
    if policy.states_a_tolerance:
        return allowed
    finer = min(Decimal(text.replace(",", "")).as_tuple().exponent for text in (stored, new))
    return min(allowed, max(ROUNDING * size, Decimal(1).scaleb(finer)))


def _other_style(stored: str, new: str) -> str:
    """Return how two numbers differ that one program prints in one way: +1.5 and 1.5, 07 and 7, 1,000 and 1000."""
    short, long = sorted((re.match(r"[-+]?([0-9,]*)", text)[1] for text in (stored, new)), key=len)
    first = {stored[0], new[0]}
    digits = short.replace(",", "")
    reasons = {
        "a plus sign": "+" in first and len(first) == 2 and "-" not in first,
        "a zero at the beginning": long.startswith("0") and len(short) < len(long),
        "the commas": len(digits) > 3 and ("," in short) != ("," in long),
    }
    return next((f"expected {stored}, got {new} ({why})" for why in reasons if reasons[why]), "")


def _other_spelling(stored: str, new: str) -> str:
    """Return how two printed floats differ that no rounding explains: 2.10 and 2.1, 0.3 and 0.30000000000000004."""
    a, b = (Decimal(text.replace(",", "")) for text in (stored, new))
    mantissas = [re.sub("[-+,]|[eE].*", "", text) for text in (stored, new)]
    digits = [len(mantissa.replace(".", "").lstrip("0")) for mantissa in mantissas]
    decimals = [len(mantissa.partition(".")[2]) for mantissa in mantissas]
    same, as_long = a == b, decimals[0] == decimals[1]
    is_shorter = max(digits) >= _IN_FULL and max(digits) - min(digits) > 4
    other_sign = stored.startswith("-") != new.startswith("-")
    both_whole = stored.endswith(".0") and new.endswith(".0")
    has_exponent = "e" in (stored + new).lower()
    # Arrays are printed with 1. or 1.0000, and with exponents or without, for the sake of other numbers in them; a zero
    # with more decimals than one is a small number rounded.
    reasons = {
        "floats that are whole are compared exactly": both_whole and not same,
        "one of them is printed in full": is_shorter and abs(a - b) < _NEIGHBORS * abs(a),
        "a zero of the other sign": same and other_sign and max(decimals) <= 1,
        "zeros at the end are compared: a release 2.10 is not 2.1": same
        and not as_long
        and (min(decimals) or max(decimals) == 1),
        "one number, written in two ways": same and as_long and not other_sign and not has_exponent,
    }
    return next((f"expected {stored}, got {new} ({why})" for why in reasons if reasons[why]), "")


def _first_line_that_differs(stored: str, new: str) -> str:
    n, a, b = next(
        (n, a, b)
        for form in (_words, str)  # a line whose words differ says more than one whose numbers do
        for n, (a, b) in enumerate(zip_longest(stored.split("\n"), new.split("\n")), 1)
        if None in (a, b) or form(a) != form(b)
    )
    return f"line {n}: expected {_shown(a)}, got {_shown(b)}"


def _shown(line: str | None) -> str:
    return "no such line" if line is None else repr(line if len(line) <= 100 else line[:97] + "...")
