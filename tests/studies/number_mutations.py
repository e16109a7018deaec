"""Corruptions of a printed number; a function gives None if its kind does not apply."""

import re
from collections.abc import Callable
from decimal import Decimal

from tests.studies.edits import Edit, Edits, each

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+")  # wherever digits stand
# not part of a name or version
ALONE = re.compile(rf"(?<![\w.])-?(?:{NUMBER.pattern})(?![\w]|\.\d)")
_NONE = r"(?:nan|inf)\b"
# each unit and suffix, and the one that it is exchanged for
PAIRS = (
    "ns:us us:ms µs:ms μs:ms ms:us s:ms min:s h:min KiB:KB MiB:MB GiB:GB kB:MB KB:MB MB:GB GB:MB TB:GB "
    "FLOP:MFLOP MFLOP:GFLOP GFLOP:TFLOP TFLOP:GFLOP k:M M:k %:‰"
)
UNITS = dict(pair.split(":") for pair in PAIRS.split())
MARKS = ("⟨number⟩", "⟨address⟩", "⟨free⟩", "⟨time⟩", "⟨random⟩")


def value_of(printed: str) -> Decimal:
    """The printed number; a float cannot hold all that pages print (1.7977e+308)."""
    return Decimal(printed.replace(",", ""))


def digit(number, choose):
    """One digit is another."""
    place = choose.choice([n for n, letter in enumerate(number) if letter.isdigit()])
    other = str((int(number[place]) + choose.randint(1, 9)) % 10)
    return number[:place] + other + number[place + 1 :]


def sign(number, choose):
    """A number that is not zero has the other sign."""
    if value_of(number) == 0:
        return None
    return number.removeprefix("-") if number.startswith("-") else f"-{number}"


def by_one(number, choose):
    """A whole number is one more or less."""
    if not re.fullmatch(r"-?[\d,]+", number):
        return None
    value = int(value_of(number)) + choose.choice((-1, 1))
    return f"{value:,}" if "," in number else str(value)


def two_percent(number, choose):
    """A float is 2 % larger or smaller."""
    factors = Decimal("0.98"), Decimal("1.02")
    return _changed(number, lambda value: value * choose.choice(factors))


def beyond(allowed: Callable[[Decimal], Decimal]) -> Edits:
    """Each float is 1.5 times as far off as ``allowed(value)``."""

    def change(number, choose):
        step = Decimal("1.5")
        return _changed(number, lambda v: v + allowed(v) * choose.choice((-1, 1)) * step)

    return each(ALONE, change)


def _changed(number, change):
    """A float with another value, printed with as many decimals; None for a whole number."""
    fraction, exponent = re.fullmatch(r"-?[\d,]*(\.\d*)?([eE][-+]?\d+)?", number).groups()
    if fraction is None and exponent is None:
        return None
    # "2." stands for a float that happens to be whole; another is printed with four decimals
    decimals = len(fraction or ".") - 1 or (0 if exponent else 4)
    new = f"{change(value_of(number)):.{decimals}{'e' if exponent else 'f'}}"
    return re.sub(r"(?<=e[-+])(?=\d$)", "0", new)


def next_to_zero(number, choose):
    """A float much smaller than one is zero; a zero is a small float."""
    if not re.search(r"[.eE]", number):
        return None
    value = value_of(number)
    if value == 0:
        return "9.9e-07"
    return "0.0" if abs(value) < Decimal("1e-6") else None


def zeros_at_the_end(number, choose):
    """A short float has a zero more at its end, or one less: a release is another."""
    if not re.fullmatch(r"-?[\d,]+\.\d{1,3}", number):
        return None
    return number[:-1] if re.search(r"\.\d+0$", number) else f"{number}0"


def few_units(number, choose):
    """The last digits of a float with four or more digits are off by a few units, far more than rounding does."""
    match = re.fullmatch(r"-?\d+\.\d{1,6}", number)
    if not match or sum(map(str.isdigit, number)) < 5 or value_of(number) == 0:
        return None
    unit = Decimal(1).scaleb(value_of(number).as_tuple().exponent)
    step = max(4 * unit, abs(value_of(number)) * Decimal("4e-5"))
    return _changed(number, lambda value: value + step)


def zero_of_other_sign(number, choose):
    """A zero that is printed whole has the other sign."""
    if not re.fullmatch(r"-?0\.0?", number):
        return None
    return number.removeprefix("-") if number.startswith("-") else f"-{number}"


def hexadecimal(number, choose):
    """The last digit of a hexadecimal number that is no address is another."""
    other = choose.choice([letter for letter in "0123456789abcdef" if letter != number[-1].lower()])
    return number[:-1] + other


def full_width(number, choose):
    """A number is written in the digits of Chinese type."""
    return number.translate(
        {ord(digit): chr(ord(digit) - ord("0") + 0xFF10) for digit in "0123456789"}
    )


def exponent_sign(number, choose):
    """The exponent of a float has the other sign."""
    match = re.fullmatch(r"(-?[\d,.]+[eE])([-+]?)(\d+)", number)
    if not match or value_of(number) == 0:
        return None
    before, old, exponent = match.groups()
    return f"{before}{'+' if old == '-' else '-'}{exponent}"


def ten_times(number, choose):
    """The point of a float stands one place further on; that of zero may."""
    match = re.fullmatch(r"(-?\d+)\.(\d)(\d*)", number)
    if not match or value_of(number) == 0:
        return None
    return "{}{}.{}".format(*match.groups())


def no_number(number, choose):
    """What is no number stands in the place of one."""
    return choose.choice(("nan", "inf", "-inf"))


def a_number(name, choose):
    """A number stands in the place of what is none."""
    return choose.choice(("0.", "1.5", "nan" if "inf" in name else "inf"))


def infinity(name, choose):
    """What is infinite has the other sign."""
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def point(number, choose):
    """A whole number has a point at its end, or a float that is whole has none."""
    if number.endswith("."):
        return number[:-1]
    return f"{number}." if re.fullmatch(r"-?[\d,]+", number) else None


def spelling(text, choose):
    """Each number has a plus sign, a zero at its beginning, commas between its thousands or none of them."""
    for match in ALONE.finditer(text):
        digits = match[0].lstrip("-")
        sign = match[0][: -len(digits)]
        if not sign and not text[: match.start()].endswith("+"):
            yield Edit(*match.span(), f"+{digits}")
        yield Edit(*match.span(), f"{sign}0{digits}")
        whole, rest = re.fullmatch(r"([\d,]*)(.*)", digits).groups()
        if "," in whole:
            yield Edit(*match.span(), sign + digits.replace(",", ""))
        elif len(whole) > 3 and not whole.startswith("0"):
            yield Edit(*match.span(), f"{sign}{int(whole):,}{rest}")


def unit(text, choose):
    """What a number counts is the next smaller or larger; ``text`` begins with a blank where one stands before it."""
    return text.replace(text.strip(), UNITS[text.strip()])


def mark(number, choose):
    """A mark stands there of those that the comparison itself puts in the place of what differs between runs."""
    return choose.choice(MARKS)


NUMBERS: dict[str, Edits] = {
    "a digit": each(NUMBER, digit),  # in names and versions too
    "a sign": each(ALONE, sign),
    "2 % off": each(ALONE, two_percent),
    "an integer by one": each(ALONE, by_one),
    "a small number for zero": each(ALONE, next_to_zero),
    "a zero at the end": each(ALONE, zeros_at_the_end),
    "a few units of the last digit": each(ALONE, few_units),
    "a zero of the other sign": each(ALONE, zero_of_other_sign),
    "a hexadecimal digit": each(r"(?<!at )\b0x[0-9a-fA-F]+\b", hexadecimal),
    "a digit of a color": each(r"#[0-9a-f]{6}\b", hexadecimal),
    "full-width digits": each(NUMBER, full_width),
    "an exponent of the other sign": each(ALONE, exponent_sign),
    "ten times as much": each(ALONE, ten_times),
    "nan or inf for a number": each(ALONE, no_number),
    "a number for nan or inf": each(rf"(?<![\w.])-?{_NONE}", a_number),
    "inf of the other sign": each(r"(?<![\w.])-?inf\b", infinity),
    "a point at the end": each(ALONE, point),
    "another spelling of a number": spelling,
    "another unit": each(rf"(?<=\d) ?(?:{'|'.join(UNITS)})(?![\w/])", unit),
    "a mark of the comparison": each(rf"0x[0-9a-f]{{6,}}|{ALONE.pattern}", mark),
}
