"""Corruptions of a cell's outputs, as a reader would make them by hand: one small function for each kind.

A kind is applied wherever it can be: to each number, each line, each output, each picture. Where it can change
something in more than one way (which digit, which letter), a random generator chooses; it is given, so that
the same mutations are made again.

Functions for texts yield edits: the place in the text and what stands there instead. Functions for lists of
outputs yield new lists. Functions for pictures return a new picture, or None if the kind does not apply.
"""

import base64
import io
import itertools
import re
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from PIL import Image

DTYPES = {
    "float64": "float32", "float32": "float64", "float16": "bfloat16", "bfloat16": "float16",
    "complex64": "complex128", "complex128": "complex64", "complex32": "complex64",
    "int64": "int32", "int32": "int64", "int16": "int8", "int8": "uint8", "uint8": "int8", "bool": "uint8",
    "DoubleTensor": "FloatTensor", "FloatTensor": "DoubleTensor", "HalfTensor": "FloatTensor",
    "LongTensor": "IntTensor", "IntTensor": "LongTensor", "ShortTensor": "CharTensor",
    "CharTensor": "ByteTensor", "ByteTensor": "CharTensor", "BoolTensor": "ByteTensor",
}  # fmt: skip
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+")  # wherever digits stand
ALONE = re.compile(
    rf"(?<![\w.])-?(?:{NUMBER.pattern})(?![\w]|\.\d)"
)  # not part of a name or version
SHAPE = re.compile(
    r"torch\.Size\(\[\d[\d, ]*\]\)|\(\d+(?:, \d+)+,?\)|\(\d+,\)|(?<!\w)\d+(?:x\d+)+(?!\w)"
)
MARKDOWN_ROW = re.compile(r"^\|.*\|[ \t]*$", re.MULTILINE)
HTML_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
HTML_CELL = re.compile(r"(?<=>)[^<>]*(?=</t[dh]>)")


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``; ``numbers`` are the printed numbers before and after, if it is one."""

    start: int
    end: int
    new: str
    numbers: tuple[Decimal, Decimal] | None = None

    def of(self, text):
        return text[: self.start] + self.new + text[self.end :]


# --- texts ---------------------------------------------------------------------------------------------------


def digit(text, choose):
    """One digit of each number is another digit, in names and versions too."""
    for found in NUMBER.finditer(text):
        place = choose.choice([m.start() for m in re.finditer(r"\d", found[0])])
        other = str((int(found[0][place]) + choose.randint(1, 9)) % 10)
        yield _number(found, found[0][:place] + other + found[0][place + 1 :])


def sign(text, choose):
    """Each number that is not zero has the other sign."""
    for found in ALONE.finditer(text):
        if _value(found[0]):
            yield _number(found, found[0][1:] if found[0][0] == "-" else "-" + found[0])


def two_percent(text, choose):
    """Each float is 2 % larger or smaller, printed with as many decimals."""
    yield from _scaled(
        text, lambda value: value * choose.choice((Decimal("0.98"), Decimal("1.02")))
    )


def beyond_band(text, choose, band):
    """Each float is 1.5 times as far off as ``band(value)`` allows."""
    yield from _scaled(text, lambda value: value + band(value) * choose.choice((-1, 1)) * 3 / 2)


def by_one(text, choose):
    """Each whole number is one more or less."""
    for found in ALONE.finditer(text):
        if re.fullmatch(r"-?[\d,]+", found[0]):
            value = int(found[0].replace(",", "")) + choose.choice((-1, 1))
            yield _number(found, f"{value:,}" if "," in found[0] else str(value))


def word(text, choose):
    """One letter of each word is the next of the alphabet."""
    for found in re.finditer(r"[^\W\d_]{2,}", text):
        place = choose.randrange(len(found[0]))
        other = {"z": "a", "Z": "A"}.get(found[0][place], chr(ord(found[0][place]) + 1))
        yield Edit(found.start() + place, found.start() + place + 1, other)


def boolean(text, choose):
    """True is False and False is True."""
    for found in re.finditer(r"\b(?:True|False)\b", text):
        yield Edit(*found.span(), str(found[0] != "True"))


def dtype(text, choose):
    """Each name of a dtype or of a tensor class is another."""
    for found in re.finditer(rf"\b(?:{'|'.join(DTYPES)})\b", text):
        yield Edit(*found.span(), DTYPES[found[0]])


def shape(text, choose):
    """Each shape has a dimension by one larger; two dimensions swapped; one more dimension."""
    for found in SHAPE.finditer(text):
        sizes = [
            (m.start() + found.start(), m.end() + found.start())
            for m in re.finditer(r"\d+", found[0])
        ]
        start, end = choose.choice(sizes)
        yield Edit(start, end, str(int(text[start:end]) + 1))
        yield Edit(start, start, "1x" if "x" in found[0] else "1, ")
        for (a, b), (c, d) in itertools.pairwise(sizes):
            if text[a:b] != text[c:d]:
                yield Edit(a, d, text[c:d] + text[b:c] + text[a:b])
                break


def line_missing(text, choose):
    """Each line that is not blank is gone."""
    for start, end in _lines(text):
        yield Edit(start, end, "")


def line_added(text, choose):
    """Each line that is not blank stands twice."""
    for start, end in _lines(text):
        yield Edit(end, end, ("" if text[start:end].endswith("\n") else "\n") + text[start:end])


def lines_swapped(text, choose):
    """Each two neighbouring lines have changed places."""
    lines = _lines(text)
    for (a, b), (c, d) in itertools.pairwise(lines):
        first, second = text[a:b], text[c:d]
        if first.strip() != second.strip():
            ends = "" if second.endswith("\n") else "\n"
            yield Edit(
                a, d, second + ends + text[b:c] + (first if not ends else first.rstrip("\n"))
            )


def table_cell(text, choose):
    """Each cell of a Markdown or HTML table is empty; each has changed places with its right neighbour."""
    for row in [*MARKDOWN_ROW.finditer(text), *HTML_ROW.finditer(text)]:
        cells = (
            [m.span() for m in HTML_CELL.finditer(text, *row.span())]
            if row[0].startswith("<")
            else [m.span() for m in re.finditer(r"(?<=\|)[^|\n]+(?=\|)", row[0])]
        )
        if not row[0].startswith("<"):
            cells = [(a + row.start(), b + row.start()) for a, b in cells]
        for a, b in cells:
            if text[a:b].strip(" :-"):
                yield Edit(a, b, " ")
        for (a, b), (c, d) in itertools.pairwise(cells):
            if text[a:b].strip() != text[c:d].strip():
                yield Edit(a, d, text[c:d] + text[b:c] + text[a:b])


def texts_of(output):
    """The texts of an output with their MIME types ('' for a stream)."""
    if output["output_type"] == "stream":
        yield "", output["text"]
    for mime, value in output.get("data", {}).items():
        if mime.startswith("text/"):
            yield mime, value


def with_text(output, mime, text):
    """The output with another text."""
    if not mime:
        return {**output, "text": text}
    return {**output, "data": {**output["data"], mime: text}}


def _lines(text):
    """Start and end of each line that is not blank, its line end included."""
    return [m.span() for m in re.finditer(r"[^\n]*\n|[^\n]+\Z", text) if m[0].strip()]


def _value(printed):
    return Decimal(
        printed.replace(",", "")
    )  # a float cannot hold all that pages print: 1.7977e+308


def _number(found, new):
    return Edit(*found.span(), new, (_value(found[0]), _value(new)))


def _scaled(text, change):
    for found in ALONE.finditer(text):
        point = re.fullmatch(r"-?[\d,]*(?:\.(\d*))?([eE][-+]?\d+)?", found[0])
        if "." in found[0] or point[2]:
            form = "e" if point[2] else "f"
            # "2." stands for a float that happens to be whole; another is printed with four decimals
            decimals = len(point[1] or "") or (0 if form == "e" else 4)
            new = f"{change(_value(found[0])):.{decimals}{form}}"
            yield _number(found, re.sub(r"(?<=e[-+])(?=\d$)", "0", new))


TEXT = {
    "a digit": digit,
    "a sign": sign,
    "2 % off": two_percent,
    "an integer by one": by_one,
    "a word": word,
    "a boolean": boolean,
    "a dtype": dtype,
    "a shape": shape,
    "a line missing": line_missing,
    "a line added": line_added,
    "two lines swapped": lines_swapped,
    "a table cell": table_cell,
}
BEYOND = "a float beyond its band"  # for cells that state one


# --- lists of outputs ----------------------------------------------------------------------------------------


def output_missing(outputs):
    """Each output is gone."""
    for n in range(len(outputs)):
        yield outputs, outputs[:n] + outputs[n + 1 :]


def output_added(outputs):
    """A line of text more, at the end; each output twice."""
    yield outputs, [*outputs, {"output_type": "stream", "name": "stdout", "text": "more\n"}]
    for n in range(len(outputs)):
        yield outputs, outputs[: n + 1] + outputs[n:]


def output_of_another_kind(outputs):
    """A result displayed, a display as result, standard output as error output and the reverse."""
    kinds = {"execute_result": "display_data", "display_data": "execute_result"}
    names = {"stdout": "stderr", "stderr": "stdout"}
    for n, output in enumerate(outputs):
        other = dict(output)
        if other["output_type"] == "stream":
            other["name"] = names[other["name"]]
        else:
            other["output_type"] = kinds[other["output_type"]]
        yield outputs, [*outputs[:n], other, *outputs[n + 1 :]]
        for mime in output.get("data", ()):
            if len(output["data"]) > 1:
                fewer = {name: value for name, value in output["data"].items() if name != mime}
                yield outputs, [*outputs[:n], {**output, "data": fewer}, *outputs[n + 1 :]]


def outputs_in_another_order(outputs):
    """Each two neighbouring outputs have changed places."""
    for n in range(len(outputs) - 1):
        yield outputs, [*outputs[:n], outputs[n + 1], outputs[n], *outputs[n + 2 :]]


def error_for_a_result(outputs):
    """Each output is an error."""
    for n in range(len(outputs)):
        yield outputs, _with_error(outputs, n)


def result_for_an_error(outputs):
    """The reverse: where an error is expected there is the output. (No page keeps an error as output.)"""
    for n in range(len(outputs)):
        yield _with_error(outputs, n), outputs


def another_exception(outputs):
    """An error of another type."""
    for n in range(len(outputs)):
        right = _with_error(outputs, n)
        yield right, _with_error(outputs, n, ename="IndexError")


def another_message(outputs):
    """An error with another message: a word, a number, nothing."""
    for n in range(len(outputs)):
        right = _with_error(outputs, n)
        for message in (
            "index 3 is beyond dimension 0",
            "index 4 is out of bounds for dimension 0",
            "",
        ):
            yield right, _with_error(outputs, n, evalue=message)


def _with_error(
    outputs, n, ename="RuntimeError", evalue="index 3 is out of bounds for dimension 0"
):
    error = {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": []}
    return [*outputs[:n], error, *outputs[n + 1 :]]


LISTS = {
    "an output missing": output_missing,
    "an output added": output_added,
    "an output of another kind": output_of_another_kind,
    "outputs in another order": outputs_in_another_order,
    "an error for a result": error_for_a_result,
    "a result for an error": result_for_an_error,
    "another exception type": another_exception,
    "another message": another_message,
}


# --- pictures ------------------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """What a picture's corruption may need besides the picture."""

    choose: object  # a random.Random
    shift: int  # pixels, and
    colour: int  # levels, that the cell allows
    other: np.ndarray  # a picture of another page


def blank(picture, setting):
    """Nothing but white."""
    return np.full_like(picture, 255)


def mirrored(picture, setting):
    """Left is right."""
    return picture[:, ::-1]


def patch_repainted(picture, setting):
    """A square of a tenth of the width is one colour, the one farthest from what was there."""
    height, width = picture.shape[:2]
    side = max(4, width // 10)
    x = setting.choose.randrange(width - side)
    y = setting.choose.randrange(max(1, height - side))
    new = picture.copy()
    patch = new[y : y + side, x : x + side]
    patch[:] = np.where(patch.reshape(-1, 3).mean(0) < 128, 255, 0)
    return new


def shifted(picture, setting):
    """All is further right by a twentieth of the width."""
    return _moved(picture, picture.shape[1] // 20)


def moved_beyond(picture, setting):
    """All is further right by 1.5 times what the cell allows."""
    return _moved(picture, -(-3 * setting.shift // 2))


def colours_swapped(picture, setting):
    """The two commonest bright colours, lines or areas, have changed places."""
    first, second = _two_colours(picture, max(64, 3 * setting.colour // 2))
    if second is None:
        return None
    new = picture.copy()
    new[(picture == first).all(2)] = second
    new[(picture == second).all(2)] = first
    return new


def colour_beyond(picture, setting):
    """The commonest bright colour is off by 1.5 times what the cell allows, in each channel."""
    first, _ = _two_colours(picture)
    if first is None:
        return None
    new = picture.astype(int)
    step = -(-3 * setting.colour // 2)
    new[(picture == first).all(2)] += np.where(np.array(first) + step <= 255, step, -step)
    return new.clip(0, 255).astype(np.uint8)


def limit_changed(picture, setting):
    """What lies in the axes is stretched by a tenth to the right, as if the limit were another."""
    axes = _axes(picture)
    if axes is None:
        return None
    left, top, right, bottom = axes
    inside = Image.fromarray(picture[top:bottom, left:right])
    wide = inside.resize((round(inside.width * 1.1), inside.height), Image.Resampling.BILINEAR)
    new = picture.copy()
    new[top:bottom, left:right] = np.asarray(wide)[:, : inside.width]
    return new


def label_missing(picture, setting):
    """A word, or a number at an axis, is gone."""
    words = _words(picture)
    if not words:
        return None
    new = picture.copy()
    for box in setting.choose.choice(words):
        _erase(new, box)
    return new


def letter_changed(picture, setting):
    """A letter or digit is another one of the same picture."""
    letters = [box for group in _words(picture) for box in group]
    setting.choose.shuffle(letters)
    for old in letters:
        for other in letters:
            if _unlike(picture, old, other):
                new = picture.copy()
                colour = _erase(new, old)
                _paint(new, _ink(picture, other), old[0], old[3] - (other[3] - other[1]), colour)
                return new
    return None


def another_picture(picture, setting):
    """A picture of another page, cut or widened to this size."""
    new = np.full_like(picture, 255)
    part = setting.other[: new.shape[0], : new.shape[1]]
    new[: part.shape[0], : part.shape[1]] = part
    return new


def wider(picture, setting):
    """One pixel wider."""
    return np.pad(picture, ((0, 0), (0, 1), (0, 0)), constant_values=255)


PICTURES = {
    "blank": blank,
    "mirrored": mirrored,
    "a patch repainted": patch_repainted,
    "shifted by a twentieth": shifted,
    "moved beyond the stated shift": moved_beyond,
    "two colours swapped": colours_swapped,
    "a colour beyond the stated one": colour_beyond,
    "an axis limit": limit_changed,
    "a label missing": label_missing,
    "a letter or digit in a label": letter_changed,
    "another page's picture": another_picture,
    "another size": wider,
}


def picture_of(output):
    """The picture of an output as an array (height, width, 3) on white; None if it has none."""
    data = output.get("data", {}).get("image/png")
    if data is None:
        return None
    seen = Image.open(io.BytesIO(base64.b64decode("".join(data)))).convert("RGBA")
    return np.asarray(
        Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    )


def with_picture(output, picture):
    """The output with another picture."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", compress_level=1)
    data = {**output["data"], "image/png": base64.b64encode(out.getvalue()).decode()}
    return {**output, "data": data}


def _moved(picture, pixels):
    new = np.full_like(picture, 255)
    new[:, pixels:] = picture[:, :-pixels]
    return new


def _two_colours(picture, apart=64):
    """The commonest bright colour, and the commonest ``apart`` levels from it; None where there is none.

    The edges of lines, which are their colour mixed with white, are no colours of their own.
    """
    values, counts = np.unique(picture.astype(int) @ (65536, 256, 1), return_counts=True)
    common = values[np.argsort(-counts, kind="stable")][: (counts >= 30).sum()]
    colours = np.stack([common >> 16, common >> 8 & 255, common & 255], axis=1)
    bright = colours[np.ptp(colours, axis=1) >= 40]
    pure = [
        colour
        for colour in bright
        if not any(_mixed(other, colour) for other in bright if other.sum() < colour.sum())
    ]
    first = pure[0] if pure else None
    far = [colour for colour in pure if abs(colour - first).max() >= apart]
    return first, far[0] if far else None


def _mixed(colour, pale):
    """Whether the pale colour is the other with white in it."""
    share = (255 - pale).sum() / (255 - colour).sum()
    return abs((255 - colour) * share - (255 - pale)).max() < 8


def _axes(picture):
    """Left, top, right and bottom of what two dark lines enclose that meet at the lower left; None without."""
    dark = picture.max(2) < 100
    height, x, top, bottom = max((length, x, top, end) for x, (length, top, end) in _runs(dark.T))
    for y in range(bottom - 1, max(0, bottom - 8), -1):  # a tick may go on beyond the corner
        _, left, right = _longest(dark[y])
        if min(height, right - x) > 60 and left <= x + 2:
            return x + 2, top, right, y - 1
    return None


def _runs(rows):
    return ((n, _longest(row)) for n, row in enumerate(rows))


def _longest(row):
    """Length, start and end of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row, [0]))))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0, 0
    n = int(np.argmax(ends - starts))
    return int(ends[n] - starts[n]), int(starts[n]), int(ends[n])


def _words(picture):
    """Dark letters and digits, neighbours together: lists of boxes (left, top, right, bottom)."""
    dark = (picture.max(2) < 150) & (np.ptp(picture, axis=2) < 60)
    if dark.mean() > 0.2:
        return []  # a photograph
    letters = sorted(
        box for box in _components(dark) if 6 <= box[3] - box[1] <= 14 and box[2] - box[0] <= 14
    )
    words = []
    for box in letters:
        for group in words:
            last = group[-1]
            if 0 <= box[0] - last[2] <= 4 and abs(box[3] - last[3]) <= 3:
                group.append(box)
                break
        else:
            words.append([box])
    return words


def _components(mask):
    """The bounding boxes of what hangs together in a mask, diagonally too."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(mask)), strict=True))
    while left:
        queue = [left.pop()]
        for y, x in queue:
            near = {(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1)} & left
            left -= near
            queue += near
        ys, xs = zip(*queue, strict=True)
        yield min(xs), min(ys), max(xs) + 1, max(ys) + 1


def _around(picture, box):
    """A view of a box and one pixel around it, and the colour of its ground."""
    left, top, right, bottom = box
    part = picture[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1]
    colours = Counter(map(tuple, part.reshape(-1, 3).tolist()))
    return part, max(colours, key=lambda colour: (colours[colour], colour))


def _erase(picture, box):
    """Take away what is written in a box; returns its colour."""
    part, ground = _around(picture, box)
    colour = part.reshape(-1, 3)[part.sum(2).argmin()].copy()
    part[:] = ground
    return colour


def _ink(picture, box):
    """How black each pixel of a box is, 0 to 1."""
    part, ground = _around(picture, box)
    grey = part.mean(2)
    return ((np.mean(ground) - grey) / max(1, np.mean(ground) - grey.min())).clip(0, 1)


def _unlike(picture, one, other):
    """Whether two letters are about as large and still different, wherever one lays them on each other.

    The same letter looks different if it stands a part of a pixel further on: quarters of pixels are tried.
    """
    if any(abs((one[k + 2] - one[k]) - (other[k + 2] - other[k])) > 1 for k in (0, 1)):
        return False
    a, b = (_blurred(_ink(picture, box)) for box in (one, other))
    quarters = np.arange(-1, 1.01, 0.25)
    apart = min(
        abs(a - _slid(_slid(b, down, 0), right, 1)).sum() for down in quarters for right in quarters
    )
    return apart > 0.25 * max(a.sum(), b.sum())


def _blurred(ink):
    """A letter in the middle of an empty page, a little blurred."""
    page = np.pad(ink, 5)
    page = np.pad(page, [(0, 30 - size) for size in page.shape])
    for axis in (0, 1):
        page = _slid(page, 0.5, axis) / 2 + _slid(page, -0.5, axis) / 2
    return page


def _slid(page, distance, axis):
    whole = int(np.floor(distance))
    part = distance - whole
    return (1 - part) * np.roll(page, whole, axis) + part * np.roll(page, whole + 1, axis)


def _paint(picture, ink, left, top, colour):
    """Lay ink on a picture, its box's corner at ``left``, ``top``."""
    left, top = max(0, left - 1), max(0, top - 1)
    part = picture[top : top + ink.shape[0], left : left + ink.shape[1]]
    share = ink[: part.shape[0], : part.shape[1], None]
    part[:] = (part * (1 - share) + colour * share).round()
