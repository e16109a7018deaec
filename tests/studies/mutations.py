"""Corruptions of a cell's outputs, as a reader would make them by hand, sorted by kind.

A kind is applied wherever it can be: to each number, each line, each output. Where it can change something in
more than one way (which digit, which letter), a random generator chooses; it is an argument, so that the same
mutations are made again. Numbers, lists of outputs, pictures and the files of pictures have modules of their own.
"""

import itertools
import re
from collections.abc import Iterator

from tests.studies.edits import Edit, Edits, each
from tests.studies.number_mutations import ALONE, NUMBERS

# each dtype and tensor class, and the one that it is exchanged for
PAIRS = (
    "float64:float32 float32:float64 float16:bfloat16 bfloat16:float16 complex64:complex128 "
    "complex128:complex64 complex32:complex64 int64:int32 int32:int64 int16:int8 int8:uint8 uint8:int8 "
    "bool:uint8 DoubleTensor:FloatTensor FloatTensor:DoubleTensor HalfTensor:FloatTensor "
    "LongTensor:IntTensor IntTensor:LongTensor ShortTensor:CharTensor CharTensor:ByteTensor "
    "ByteTensor:CharTensor BoolTensor:ByteTensor"
)
DTYPES = dict(pair.split(":") for pair in PAIRS.split())
SHAPE = re.compile(
    r"torch\.Size\(\[\d[\d, ]*\]\)|\(\d+(?:, \d+)+,?\)|\(\d+,\)|(?<!\w)\d+(?:x\d+)+(?!\w)"
)
WORD = r"[^\W\d_]{2,}"
_BEHIND = r"(?:dtype=[\w.]+|device='[^']*'|grad_fn=<[^>]*>|requires_grad=True)"
LINE = re.compile(r"(?!\s*?(?:\n|\Z))(?:[^\n]*\n|[^\n]+\Z)")  # that is not blank
# rows of Markdown and HTML tables, and the cells in them
TABLES = (
    (re.compile(r"^\|.*\|[ \t]*$", re.MULTILINE), re.compile(r"(?<=\|)[^|\n]+(?=\|)")),
    (re.compile(r"<tr.*?</tr>", re.DOTALL), re.compile(r"(?<=>)[^<>]*(?=</t[dh]>)")),
)


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


def blanks(text, choose):
    """A float has another last digit and a blank more stands before it."""
    for match in ALONE.finditer(text):
        number = match[0]
        if re.fullmatch(r"-?\d\.\d{6,}", number) and number[-1] in "12345678":
            yield Edit(*match.span(), f" {number[:-1]}{int(number[-1]) + 1}")


def blank_line(text, choose):
    """Each blank line is missing; after each other line stands a blank one."""
    for match in re.finditer(r"\n", text):
        yield Edit(*match.span(), "" if text[match.end() :].startswith("\n") else "\n\n")


def numbers_swapped(text, choose):
    """Each two neighboring numbers in a line have changed places, as if columns had."""
    for line in LINE.finditer(text):
        yield from _swaps(text, [number.span() for number in ALONE.finditer(text, *line.span())])


def cut_off(text, choose):
    """The second half of the text is gone; of each list in brackets the last element, or all in its middle."""
    if text[len(text) // 2 :].strip():
        yield Edit(len(text) // 2, len(text), "")
    for match in re.finditer(r"\[[^\[\]]*\]", text):
        parts = match[0][1:-1].split(",")
        if len(parts) > 2:
            for some in (parts[:-1], [parts[0], " ...", parts[-1]]):
                yield Edit(*match.span(), f"[{','.join(some)}]")


def part_of_a_tensor(text, choose):
    """What stands behind the numbers of a tensor is missing; each tensor has a dtype or device, or one more."""
    for match in re.finditer(rf",\s*{_BEHIND}", text):
        yield Edit(*match.span(), "")
    for match in re.finditer(r"tensor\((?:[^()]|\([^()]*\))*(?=\))", text):
        more = choose.choice(("dtype=torch.float64", "device='cuda:0'", "requires_grad=True"))
        yield Edit(match.end(), match.end(), f", {more}")


def punctuation(letter, choose):
    """A bracket, a quotation mark, a comma is another."""
    return dict(zip("()[]{}<>,;:'\"=", "[]()()[];,;\"':", strict=True))[letter]


def in_red(letters, choose):
    """A word is written in another color."""
    return f"\x1b[31m{letters}\x1b[0m"


def overwritten(letters, choose):
    """In the middle of a word the line begins anew."""
    place = choose.randrange(1, len(letters))
    return f"{letters[:place]}\r{letters[place:]}"


TEXT: dict[str, Edits] = NUMBERS | {
    "a word": each(WORD, word),
    "a word missing": each(WORD, lambda word, _: ""),
    "a boolean": each(r"\b(True|False)\b", lambda b, _: {"True": "False", "False": "True"}[b]),
    "a dtype": each(rf"\b(?:{'|'.join(DTYPES)})\b", lambda name, _: DTYPES[name]),
    "a part of a tensor": part_of_a_tensor,
    "a shape": shape,
    "a line missing": each(LINE, lambda line, _: ""),
    "a line added": each(LINE, twice),
    "two lines swapped": lines_swapped,
    "a blank line": blank_line,
    "a table cell": table_cell,
    "two numbers swapped": numbers_swapped,
    "a text or list cut off": cut_off,
    "punctuation": each(r"[][(){}<>,;:'\"=]", punctuation),
    "another color": each(WORD, in_red),
    "a carriage return": each(WORD, overwritten),
    "a tab for blanks": each(r" +(?=\S)", lambda blanks, _: "\t"),
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
    ),
    "a digit of a color": (
        '<td style="background-color: #00e500">1</td>\n',
        "{'color': '#010203', 'edge': '#5e3a10'}\n",
    ),
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
