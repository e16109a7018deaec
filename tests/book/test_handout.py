"""Pages handed out: students get no solutions, their copy runs and checks answers alone, slides have breaks."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import MarkdownExporter, SlidesExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from helpers import pages
from helpers.book import BookError, handout, slides
from helpers.book.__main__ import main
from helpers.verification import Policy, compare_outputs
from tests.support import small_book

BOOK = pages.all_pages()
WITH_EXERCISES = [
    page
    for page in BOOK
    if any("exercise" in cell.metadata.get("tags", []) for cell in page.notebook.cells)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page handed out, with slides."""
    out = tmp_path_factory.mktemp("out") / "shapes"
    assert main(["handout", "08", "--out", str(out), "--slides"]) == 0
    return out


def read(path):
    return nbformat.read(path, as_version=4)


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def statements(cell):
    """The lines of a solution that say something: the beginning of a definition is in the exercise too."""
    lines = (line.strip() for line in cell.source.splitlines())
    return [line for line in lines if line.startswith(("return ", "# A typical"))]


def test_the_folder_holds_what_it_says(folder):
    assert {path.name for path in folder.iterdir()} == {"students", "teacher", "slides"}
    for name in ("students", "teacher"):
        there = {path.name for path in (folder / name).iterdir()}
        assert there == {"notebooks", "helpers", "README.md", *handout.NEEDED}
        assert not list((folder / name).rglob("__pycache__"))
        text = (folder / name / "README.md").read_text(encoding="utf-8")
        assert "](notebooks/08_tensor_shapes.ipynb)" in text and "$" not in text
        assert ("the solutions stand" in text) == (name == "teacher")


@pytest.mark.parametrize("page", WITH_EXERCISES, ids=lambda page: page.name)
def test_students_see_no_solution(page):
    solutions = tagged(page.notebook, "solution")
    wanted = [line for cell in solutions for line in statements(cell)]
    assert len(wanted) >= 3
    given = handout.page_for(page, [page.name[:2]], solutions=False)
    text = "\n".join(cell.source for cell in given.cells)
    prose = "\n".join(cell.source for cell in page.notebook.cells if not handout.is_solution(cell))
    assert [line for line in wanted if line in text and line not in prose] == []
    assert "Solution" not in text and "Right." not in json.dumps(
        [c.get("outputs") for c in given.cells]
    )
    for tag in ("exercise", "hint"):
        assert len(tagged(given, tag)) == len(tagged(page.notebook, tag))
    teachers = handout.page_for(page, [page.name[:2]], solutions=True)
    assert tagged(teachers, "solution") == solutions


def small_page(tmp_path, *cells):
    path = tmp_path / "08_tensor_shapes.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return pages.Page(path)


def test_links_lead_only_to_what_is_handed_out(tmp_path):
    text = "[here](08_tensor_shapes.ipynb#A) and [there](09_indexing.ipynb#B), [out](https://x.org)"
    table = new_output("display_data", {"text/markdown": text, "text/plain": ""})
    page = small_page(tmp_path, new_markdown_cell(text), new_code_cell("x", outputs=[table]))
    wanted = "[here](08_tensor_shapes.ipynb#A) and there (page 09), [out](https://x.org)"
    given = handout.page_for(page, ["08"], solutions=False)
    assert given.cells[0].source == given.cells[1].outputs[0].data["text/markdown"] == wanted
    both = handout.page_for(page, ["08", "09"], solutions=False)
    assert both.cells[0].source == text == page.notebook.cells[0].source


def test_no_badge_leads_back_to_the_solutions(tmp_path):
    from helpers.book import launch

    page = BOOK[8]
    launched = launch.with_lines(page.notebook.cells[0].source, "a/b", "notebooks/08.ipynb")
    assert "Open in Binder" in launched
    copy = small_page(tmp_path, new_markdown_cell(launched))
    (cell,) = handout.page_for(copy, ["08"], solutions=False).cells
    assert cell.source == handout.page_for(page, ["08"], solutions=False).cells[0].source


def test_nothing_is_replaced_and_nothing_is_left_behind(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    with pytest.raises(BookError, match="is not empty"):
        handout.hand_out(BOOK[:1], out)
    assert (out / "mine").read_text() == "mine"
    (out / "mine").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(handout, "write", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            handout.hand_out(BOOK[:1], out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"] and not list(out.iterdir())
    handout.hand_out(BOOK[:1], out)
    assert {path.name for path in out.iterdir()} == {"students", "teacher"}


ANSWER = """
def fill_columns(line, rows):
    return line.view(-1, rows).T


check_fill_columns(fill_columns)
check_fill_columns(lambda line, rows: line.view(rows, -1))
"""


@pytest.mark.slow
def test_the_students_page_runs_alone_and_checks_answers(folder, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    path = folder / "students/notebooks/08_tensor_shapes.ipynb"
    stored, new = read(path), read(path)
    new.cells.append(new_code_cell("import helpers\nhelpers.__file__"))
    new.cells.append(new_code_cell(ANSWER))
    new = small_book.executed(new, path.parent)
    for old, cell in zip(stored.cells, new.cells, strict=False):
        if cell.cell_type == "code":
            policy = Policy.from_metadata(cell.metadata)
            assert compare_outputs(old.outputs, cell.outputs, policy) == [], cell.source
    where, checked = new.cells[-2:]
    assert "/students/notebooks/../helpers/" in where.outputs[0].data["text/plain"]
    right, wrong = checked.outputs[0].text.split("\n", 1)
    assert right == "Right." and wrong.startswith("Not yet: ")


# --- nbconvert


@pytest.mark.parametrize("tag", ["exercise", "solution", "hint"])
def test_nbconvert_removes_cells_by_their_tags(tag):
    page = BOOK[8]
    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = (tag,)
    whole, _ = MarkdownExporter().from_notebook_node(page.notebook)
    less, _ = MarkdownExporter(config=config).from_notebook_node(page.notebook)
    cells = tagged(page.notebook, tag)
    assert len(cells) >= 4
    for cell in cells:
        assert cell.source in whole and cell.source not in less
    for other in {"exercise", "solution", "hint"} - {tag}:
        assert all(cell.source in less for cell in tagged(page.notebook, other))


def test_slides_begin_where_a_reader_would_pause(folder):
    lesson = read(folder / "slides/08_tensor_shapes.ipynb")
    kinds = [cell.metadata.slideshow.slide_type for cell in lesson.cells]
    first = {
        cell.source.partition("\n")[0]: kind for cell, kind in zip(lesson.cells, kinds, strict=True)
    }
    assert first["# Shapes and storage"] == first["## Storage and strides"] == "slide"
    assert first["### Resize in place"] == "subslide"
    assert not tagged(lesson, "hint") and not tagged(lesson, "solution")
    headings = [line for line in first if line.startswith("## ")]
    page = handout.page_for(BOOK[8], ["08"], solutions=False)
    of_page = [line for c in page.cells for line in c.source.splitlines() if line.startswith("## ")]
    assert headings == of_page
    html, _ = SlidesExporter().from_notebook_node(lesson)
    assert html.count("<section>") >= kinds.count("slide") + kinds.count("subslide")


def test_pictures_on_slides_say_what_is_to_be_seen(folder):
    lesson = read(folder / "slides/08_tensor_shapes.ipynb")
    html, _ = SlidesExporter().from_notebook_node(lesson)
    alts = [
        output.metadata["image/png"]["alt"]
        for cell in handout.page_for(BOOK[8], ["08"], solutions=False).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(alts) > 5
    assert [image["alt"] for image in BeautifulSoup(html, "html.parser").find_all("img")] == alts


@pytest.mark.parametrize("page", BOOK, ids=lambda page: page.name)
def test_little_overflows_a_slide(page):
    lesson = slides.with_breaks(handout.page_for(page, [page.name[:2]], solutions=False))
    nbformat.validate(lesson)
    filled = []
    for cell in lesson.cells:
        size = slides.lines_of(cell)
        if cell.metadata.slideshow.slide_type == "-":
            filled[-1].append(size)
        else:
            filled.append([size])
    assert all(len(sizes) == 1 or sum(sizes) <= slides.LINES for sizes in filled)


def test_text_is_cut_between_paragraphs_and_loses_nothing():
    texts = [f"{n} " + "word " * 60 for n in range(12)]
    source = "\n\n".join(["## One", *texts, "### Two", "```\n\n# no heading\n\n```"])
    notebook = new_notebook(
        cells=[new_markdown_cell("# T\n\n" + "\n\n".join(texts)), new_markdown_cell(source)]
    )
    cells = slides.with_breaks(notebook).cells
    assert len(cells) > 4 and len({cell.id for cell in cells}) == len(cells)
    words = " ".join(cell.source for cell in cells).split()
    assert words == " ".join(cell.source for cell in notebook.cells).split()


@pytest.mark.slow
def test_the_command_of_the_readme_makes_slides(folder):
    path = folder / "slides/08_tensor_shapes.ipynb"
    command = [sys.executable, "-m", "nbconvert", "--to", "slides", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, env=os.environ, text=True)
    assert "WARNING" not in done.stderr
    page = path.with_suffix(".slides.html").read_text(encoding="utf-8")
    assert "Storage and strides" in page
    assert "No description has been provided" not in page
