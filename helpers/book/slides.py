"""A page as slides: where a slide begins, as ``slideshow`` metadata that nbconvert reads.

A section (``##``) is a slide. Below it, a new one begins with a subsection, with an exercise, and wherever another
paragraph with its code and output would not fit. Cells are split for this; hints are left out, and so are the links at
the end.
"""

import base64
import html
import io
import math
import re
from collections.abc import Iterator
from copy import deepcopy

import nbformat
from nbformat.v4 import new_markdown_cell
from PIL import Image

from helpers.verification.headings import FENCED

LINES = 20  # of text that fit on a slide
COLUMNS = 78
PIXELS = 28  # of a picture take the room of a line
BREAK = re.compile(r"\n+(?=#{1,3} |\*\*\d+\. )")  # in front of a heading or an exercise
SECTION, PART = re.compile(r"#{1,2} "), re.compile(r"### |\*\*\d+\. ")


def with_breaks(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a page's lesson and exercises as the cells of slides.

    Args:
        notebook: the page, without its solutions; it stays as it is.
    """
    cells = []
    filled = 0.0
    for cell in _pieces(notebook):
        size = lines_of(cell)
        if cell.cell_type == "markdown" and SECTION.match(cell.source):
            kind = "slide"
        elif cell.cell_type == "markdown" and PART.match(cell.source):
            kind = "subslide"
        else:
            kind = "subslide" if filled + size > LINES else "-"
        filled = size + (filled if kind == "-" else 0)
        cell.metadata["slideshow"] = {"slide_type": kind}
        cells.append(cell)
    return nbformat.from_dict({**notebook, "cells": cells})


def _pieces(notebook: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    """Yield the cells, those of text cut in front of headings and, if one is longer than a slide, into paragraphs."""
    for cell in notebook.cells:
        if "hint" in cell.metadata.get("tags", []) or cell.source.startswith("---\n"):
            continue
        if cell.cell_type != "markdown":
            yield nbformat.from_dict(cell)
            continue
        texts = [cell.source] if FENCED.search(cell.source) else BREAK.split(cell.source)
        for n, text in enumerate(_short(texts)):
            yield new_markdown_cell(text, id=f"{cell.id}-{n}")


def _short(texts: list[str]) -> Iterator[str]:
    """Yield texts, cut between paragraphs so that each fits on a slide, unless a paragraph is longer."""
    for text in texts:
        part = ""
        for paragraph in [text] if FENCED.search(text) else re.split(r"\n{2,}", text):
            longer = f"{part}\n\n{paragraph}" if part else paragraph
            if part and _text_lines(longer) > LINES:
                yield part
                longer = paragraph
            part = longer
        yield part


def described(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return slides whose pictures are HTML with their alternative text, which nbconvert's template leaves out."""
    notebook = deepcopy(notebook)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        picture = output.get("data", {}).pop("image/png", None)
        if picture is not None:
            facts = output.metadata.pop("image/png", {})
            names = [name for name in ("alt", "width", "height") if name in facts]
            attributes = " ".join(f'{name}="{html.escape(str(facts[name]))}"' for name in names)
            source = "".join(picture.split())
            output.data["text/html"] = f'<img {attributes} src="data:image/png;base64,{source}">'
    return notebook


def lines_of(cell: nbformat.NotebookNode) -> float:
    """Return about how many lines a cell takes on a slide, its outputs included."""
    if cell.cell_type == "markdown":
        return _text_lines(cell.source)
    lines = len(cell.source.splitlines()) + 1.0
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            _, height = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size
            lines += height / PIXELS
        else:
            text = data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
            lines += len(text.splitlines()) + 1
    return lines


def _text_lines(text: str) -> float:
    lines = 0.0
    for paragraph in re.split(r"\n{2,}", text):
        if re.match(r"[-*|>] ?|\d+\. ", paragraph):  # a list, a table: its lines stand
            lines += sum(math.ceil(len(line) / COLUMNS) for line in paragraph.splitlines()) + 1
        else:
            lines += math.ceil(len(paragraph) / COLUMNS) + 1
            lines += 1 if paragraph.startswith("#") else 0
    return lines
