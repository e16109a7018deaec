"""Hand out pages: a folder for students, without the solutions, and one for the teacher, with them.

    python -m helpers.book handout 08 --out shapes           # a page; several, or none for all of them
    python -m helpers.book handout 08 --out shapes --slides  # and the lesson as slides

In the folder of ``--out``, which must be new or empty:

    students/notebooks/08_tensor_shapes.ipynb    exercises and hints, no solutions
    teacher/notebooks/08_tensor_shapes.ipynb     the same with the solutions, under the same name
    slides/08_tensor_shapes.ipynb                for ``jupyter nbconvert --to slides``: the lesson and the exercises

``students`` and ``teacher`` hold ``helpers/``, ``requirements.txt`` and whatever else a page needs, so each can be
zipped and given away alone. The stored outputs come along; nothing is run, and no file of the book is changed.
"""

import argparse
import copy
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

import nbformat

from helpers import pages
from helpers.book import check_folder, chosen, slides
from helpers.paths import BOOK, RECORDS

README = Template(Path(__file__).with_name("handout.md.template").read_text(encoding="utf-8"))
NEEDED = "requirements.txt", "environment.yml", "pyproject.toml", "LICENSE"  # beside helpers/
LEFT_OUT = "__pycache__", "book"  # of helpers/: no page imports what makes the book
TEACHER = "\nThis copy is the teacher's: the solutions stand at the end of each page, folded.\n"
SOLUTIONS = "## Solutions"
LINK = re.compile(r"\[([^\]]*)\]\((\d\d)_[a-z0-9_]+\.ipynb(?:#[^)]*)?\)")
OF_THE_BOOK = "book", "jupytext"  # metadata of a page that its copy is no part of


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a cell belongs to the solutions: by its tag, or as their heading."""
    return "solution" in cell.metadata.get("tags", []) or cell.source.startswith(SOLUTIONS)


def page_for(page: pages.Page, handed: Iterable[str], solutions: bool) -> nbformat.NotebookNode:
    """Return a copy of a page to be handed out.

    Args:
        page: the page; it stays as it is.
        handed: the numbers of all pages handed out ("08"); a link to another one becomes plain text.
        solutions: False to leave them out.
    """
    notebook = copy.deepcopy(page.notebook)
    for name in OF_THE_BOOK:
        notebook.metadata.pop(name, None)
    if not solutions:
        notebook.cells = [cell for cell in notebook.cells if not is_solution(cell)]
    numbers = set(handed)

    def linked(text: str) -> str:
        return LINK.sub(lambda m: m[0] if m[2] in numbers else f"{m[1]} (page {m[2]})", text)

    for cell in notebook.cells:
        # launch badges lead to the whole book, with its solutions
        cell.source = pages.LAUNCH_LINES.sub("", cell.source)
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output.data["text/markdown"] = linked(output.data["text/markdown"])
    return notebook


def hand_out(book: list[pages.Page], out: Path, with_slides: bool = False) -> None:
    """Write the folders; all of them or none.

    Args:
        book: the pages to be handed out.
        out: a folder that is not there yet, or is empty.
        with_slides: True to write slides too.

    Raises:
        UsageError: there is something in ``out``, or it is a file.
    """
    check_folder(out)
    numbers = [page.name[:2] for page in book]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".handout-", dir=out.parent) as folder:
        new = Path(folder, "new")
        for name, solutions in (("students", False), ("teacher", True)):
            notebooks = [page_for(page, numbers, solutions) for page in book]
            write_folder(new / name, notebooks, book, TEACHER if solutions else "")
        if with_slides:
            (new / "slides").mkdir()
            for page in book:
                lesson = slides.with_breaks(page_for(page, numbers, solutions=False))
                lesson = slides.described(lesson)
                write(lesson, new / "slides" / page.path.name)
        if out.exists():
            out.rmdir()
        new.rename(out)


def write_folder(
    folder: Path,
    notebooks: Iterable[nbformat.NotebookNode],
    book: Sequence[pages.Page],
    for_whom: str,
) -> None:
    """Write notebooks, the copies of these pages, and what they need into a new folder; its README says for whom."""
    shutil.copytree(RECORDS, folder / "notebooks/records")
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(BOOK / "helpers", folder / "helpers", ignore=ignored)
    for name in NEEDED:
        shutil.copy(BOOK / name, folder / name)
    names = []
    for notebook, page in zip(notebooks, book, strict=True):
        write(notebook, folder / "notebooks" / page.path.name)
        names.append(f"- [{page.title}](notebooks/{page.path.name})")
    text = README.substitute(pages="\n".join(names), first=book[0].path.name, for_whom=for_whom)
    (folder / "README.md").write_text(text, encoding="utf-8")


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook. Raises `nbformat.ValidationError`: it is not valid; nothing is written."""
    nbformat.validate(notebook)
    path.write_text(pages.dumps(notebook), encoding="utf-8")


def run(args: argparse.Namespace) -> int:
    """Write what a command line asks for; returns the exit status."""
    known = {page.name: page for page in pages.all_pages()}
    book = [known[name] for name in chosen(args.pages, known)]
    out = args.out.resolve()
    hand_out(book, out, args.slides)
    plural = "" if len(book) == 1 else "s"
    print(f"{len(book)} page{plural}: {args.out}/students without the solutions, ", end="")
    print(f"{args.out}/teacher with them.")
    if args.slides:
        print(f"Slides: jupyter nbconvert --to slides {args.out}/slides/*.ipynb")
    return 0
