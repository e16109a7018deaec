"""Corruptions of a cell's outputs, as a reader would make them by hand, sorted by kind.

A kind is applied wherever it can be: to each number, each line, each output. Where it can change something in
more than one way (which digit, which letter), a random generator chooses; it is an argument, so that the same
mutations are made again. Pictures have a module of their own, `picture_mutations`.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import NamedTuple

# each dtype and tensor class, and the one that it is exchanged for
PAIRS = (
    "float64:float32 float32:float64 float16:bfloat16 bfloat16:float16 complex64:complex128 "
    "complex128:complex64 complex32:complex64 int64:int32 int32:int64 int16:int8 int8:uint8 uint8:int8 "
    "bool:uint8 DoubleTensor:FloatTensor FloatTensor:DoubleTensor HalfTensor:FloatTensor "
    "LongTensor:IntTensor IntTensor:LongTensor ShortTensor:CharTensor CharTensor:ByteTensor "
    "ByteTensor:CharTensor BoolTensor:ByteTensor"
)
DTYPES = dict(pair.split(":") for pair in PAIRS.split())
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+")  # wherever digits stand
# not part of a name or version
ALONE = re.compile(rf"(?<![\w.])-?(?:{NUMBER.pattern})(?![\w]|\.\d)")
SHAPE = re.compile(
    r"torch\.Size\(\[\d[\d, ]*\]\)|\(\d+(?:, \d+)+,?\)|\(\d+,\)|(?<!\w)\d+(?:x\d+)+(?!\w)"
)
LINE = re.compile(r"(?!\s*?(?:\n|\Z))(?:[^\n]*\n|[^\n]+\Z)")  # that is not blank
# rows of Markdown and HTML tables, and the cells in them
TABLES = (
    (re.compile(r"^\|.*\|[ \t]*$", re.MULTILINE), re.compile(r"(?<=\|)[^|\n]+(?=\|)")),
    (re.compile(r"<tr.*?</tr>", re.DOTALL), re.compile(r"(?<=>)[^<>]*(?=</t[dh]>)")),
)


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str

    def of(self, text):
        return text[: self.start] + self.new + text[self.end :]

    def words(self, text):
        return f"{text[self.start : self.end]!r} becomes {self.new!r}"


Edits = Callable[[str, Random], Iterator[Edit]]


# --- texts ---------------------------------------------------------------------------------------------------


def each(pattern: str | re.Pattern, change: Callable[[str, Random], str | None]) -> Edits:
    """Let each match of a pattern become what ``change`` makes of it; None leaves it."""

    def edits(text, choose):
        for match in re.finditer(pattern, text):
            new = change(match[0], choose)
            if new is not None:
                yield Edit(*match.span(), new)

    return edits


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


def word(letters, choose):
    """One letter is the next of the alphabet."""
    place = choose.randrange(len(letters))
    other = {"z": "a", "Z": "A"}.get(letters[place], chr(ord(letters[place]) + 1))
    return letters[:place] + other + letters[place + 1 :]


def twice(line, choose):
    """A line stands twice."""
    return line + line if line.endswith("\n") else f"{line}\n{line}"


def lines_swapped(text, choose):
    """Each two neighboring lines have changed places."""
    lines = (line.span() for line in LINE.finditer(text))
    for (a, b), (c, d) in itertools.pairwise(lines):
        first, second = text[a:b], text[c:d]
        if first.strip() != second.strip():
            last = second.endswith("\n")
            first, second = (first, second) if last else (first.rstrip("\n"), f"{second}\n")
            yield Edit(a, d, second + text[b:c] + first)


def shape(text, choose):
    """Each shape has one dimension larger by one, one dimension more, two dimensions swapped."""
    for match in SHAPE.finditer(text):
        sizes = [size.span() for size in re.compile(r"\d+").finditer(text, *match.span())]
        start, end = choose.choice(sizes)
        yield Edit(start, end, str(int(text[start:end]) + 1))
        yield Edit(start, start, "1x" if "x" in match[0] else "1, ")
        yield from itertools.islice(_swaps(text, sizes), 1)


def table_cell(text, choose):
    """Each cell of a Markdown or HTML table is empty; each has changed places with its right neighbor."""
    for rows, cells in TABLES:
        for row in rows.finditer(text):
            spans = [cell.span() for cell in cells.finditer(text, *row.span())]
            for start, end in spans:
                if text[start:end].strip(" :-"):
                    yield Edit(start, end, " ")
            yield from _swaps(text, spans)


def _swaps(text, spans):
    """Each two neighboring parts of a text that are not the same change places."""
    for (a, b), (c, d) in itertools.pairwise(spans):
        if text[a:b].strip() != text[c:d].strip():
            yield Edit(a, d, text[c:d] + text[b:c] + text[a:b])


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
    """One digit of a hexadecimal number that is no address is another."""
    other = choose.choice([letter for letter in "0123456789abcdef" if letter != number[-1].lower()])
    return number[:-1] + other


def full_width(number, choose):
    """A number is written in the digits of Chinese type."""
    return number.translate(
        {ord(digit): chr(ord(digit) - ord("0") + 0xFF10) for digit in "0123456789"}
    )


def blanks(text, choose):
    """A float has another last digit and a blank more stands before it."""
    for match in ALONE.finditer(text):
        number = match[0]
        if re.fullmatch(r"-?\d\.\d{6,}", number) and number[-1] in "12345678":
            yield Edit(*match.span(), f" {number[:-1]}{int(number[-1]) + 1}")


TEXT: dict[str, Edits] = {
    "a digit": each(NUMBER, digit),  # in names and versions too
    "a sign": each(ALONE, sign),
    "2 % off": each(ALONE, two_percent),
    "an integer by one": each(ALONE, by_one),
    "a word": each(r"[^\W\d_]{2,}", word),
    "a boolean": each(r"\b(True|False)\b", lambda b, _: {"True": "False", "False": "True"}[b]),
    "a dtype": each(rf"\b(?:{'|'.join(DTYPES)})\b", lambda name, _: DTYPES[name]),
    "a shape": shape,
    "a line missing": each(LINE, lambda line, _: ""),
    "a line added": each(LINE, twice),
    "two lines swapped": lines_swapped,
    "a table cell": table_cell,
    "a small number for zero": each(ALONE, next_to_zero),
    "a zero at the end": each(ALONE, zeros_at_the_end),
    "a few units of the last digit": each(ALONE, few_units),
    "a zero of the other sign": each(ALONE, zero_of_other_sign),
    "a hexadecimal digit": each(r"(?<!at )\b0x[0-9a-fA-F]+\b", hexadecimal),
    "full-width digits": each(ALONE, full_width),
    "blanks beside a number": blanks,
}
BEYOND = "a float beyond its tolerance"  # for cells that state one

# What no page shows today is tried on these outputs: numbers by kind. In the last one stands an address too.
EXAMPLES = {
    "a hexadecimal digit": (
        "'0xff'\n",
        "crc32 0xcbf43926, flags 0x1F\n",
        "orange is 0xE69F00\n",
        "[0x0, 0x7f3a5c1d2e80]\n",
        "<Handle 7 at 0x7f3a5c1d2e80> has the mask 0xffff0000\n",
    )
}


def texts_of(output: dict) -> Iterator[tuple[str, str]]:
    """The texts of an output with their MIME types ('' for a stream, 'error' for an error's message)."""
    if output["output_type"] == "stream":
        yield "", output["text"]
    if output["output_type"] == "error":
        yield "error", output["evalue"]
    for mime, value in output.get("data", {}).items():
        if mime.startswith("text/"):
            yield mime, value


def with_text(output: dict, mime: str, text: str) -> dict:
    """The output with another text."""
    if not mime:
        return {**output, "text": text}
    if mime == "error":
        shown = [line.replace(output["evalue"], text) for line in output["traceback"]]
        return {**output, "evalue": text, "traceback": shown}
    return {**output, "data": {**output["data"], mime: text}}


# --- lists of outputs ----------------------------------------------------------------------------------------

MORE = {"output_type": "stream", "name": "stdout", "text": "more\n"}
# An error is put in the place of each output: of what was printed too.
MESSAGE = "index 3 is out of bounds for dimension 0"
ERROR = {"output_type": "error", "ename": "RuntimeError", "evalue": MESSAGE, "traceback": []}
OTHER_MESSAGES = "index 3 is beyond dimension 0", MESSAGE.replace("3", "4"), ""


def of_list(outputs: list[dict]) -> Iterator[tuple[str, list[dict], list[dict]]]:
    """All corruptions of a list of outputs: the kind, the right outputs, the wrong ones."""
    yield "an output added", outputs, [*outputs, MORE]
    for n, output in enumerate(outputs):
        before, after = outputs[:n], outputs[n + 1 :]
        error = [*before, ERROR, *after]
        yield "an output missing", outputs, [*before, *after]
        yield "an output added", outputs, [*before, output, output, *after]
        for other in _of_other_kinds(output):
            yield "an output of another kind", outputs, [*before, other, *after]
        if after:
            yield "outputs in another order", outputs, [*before, after[0], output, *after[1:]]
        yield "an error for a result", outputs, error
        yield "a result for an error", error, outputs
        other = ERROR | {"ename": "IndexError"}
        yield "another exception type", error, [*before, other, *after]
        shown = {"traceback": [f"{ERROR['ename']}: another message"]}
        told = {"traceback": [f"{ERROR['ename']}: {MESSAGE}"]}
        yield (
            "another message shown",
            [*before, ERROR | told, *after],
            [*before, ERROR | shown, *after],
        )
        in_lines = [f"Cell In[1], line {k}\n----> {k} f()" for k in (1, 2)]
        first, second = (ERROR | {"traceback": [line]} for line in in_lines)
        yield "another line that failed", [*before, first, *after], [*before, second, *after]
        if "image/png" in output.get("data", {}):
            for name, value in {"alt": "another picture", "width": 7}.items():
                looks = output.get("metadata", {}).get("image/png", {}) | {name: value}
                wrong = output | {"metadata": {"image/png": looks}}
                yield "another description or size", outputs, [*before, wrong, *after]
        for message in OTHER_MESSAGES:
            yield "another message", error, [*before, ERROR | {"evalue": message}, *after]


def _of_other_kinds(output):
    """A result displayed, a display as result, the other stream; an output with a form less."""
    if output["output_type"] == "stream":
        yield output | {"name": {"stdout": "stderr", "stderr": "stdout"}[output["name"]]}
        return
    kinds = {"execute_result": "display_data", "display_data": "execute_result"}
    if output["output_type"] in kinds:  # no error
        yield output | {"output_type": kinds[output["output_type"]]}
        for mime in output["data"] if len(output["data"]) > 1 else ():
            yield output | {"data": {k: v for k, v in output["data"].items() if k != mime}}


SHOWN = {"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}
LISTS = tuple(dict.fromkeys(kind for kind, *_ in of_list([MORE, SHOWN])))
