"""The book in JupyterLab, as a reader has it who has set nothing: every page is opened, run, saved and looked at."""

import contextlib
import os
import re

import nbformat
import pytest

from helpers import pages
from helpers.book import pairs
from tests.support import jupyterlab, page_checks
from tests.support.jupyterlab import PANEL

KIND = {"stream": "application/vnd.jupyter.{name}", "error": "application/vnd.jupyter.stderr"}
RICHEST = ("image/png", "text/markdown", "text/plain")

# What stands in each output area: the kind drawn, and nothing if it is empty or its picture is not there.
SHOWN = f"""() => {{
    {PANEL}
    return panel.content.widgets.filter(cell => cell.model.type === "code").map(cell =>
        [...cell.outputArea.node.querySelectorAll("[data-mime-type]")].map(output =>
            output.querySelector("img")?.naturalWidth || output.textContent.trim() ? output.dataset.mimeType : ""));
}}"""
HIDDEN = f"() => {{ {PANEL} return panel.content.widgets.map(cell => cell.inputHidden); }}"
# Pictures, tables and texts that are wider than what the reader sees of them, and cannot be scrolled to.
CUT = f"""() => {{
    {PANEL}
    const cut = [];
    const shown = ":is(.jp-OutputArea-output, .jp-MarkdownOutput) :is(img, svg, table, pre, p, li, h1, h2, h3)";
    for (const element of panel.content.node.querySelectorAll(shown)) {{
        const box = element.getBoundingClientRect();
        const right = box.left + Math.max(box.width, element.scrollWidth);
        for (let frame = element.parentElement; frame && box.width; frame = frame.parentElement) {{
            const overflow = getComputedStyle(frame).overflowX;
            if (overflow === "visible") continue;
            const scrolls = ["auto", "scroll"].includes(overflow) && frame.closest(".jp-Cell");
            const edge = frame.getBoundingClientRect();
            if (!scrolls && (right > edge.right + 1 || box.left < edge.left - 1))
                cut.push(`${{element.tagName}} of ${{Math.round(right - box.left)}} pixels in `
                         + `${{Math.round(edge.width)}}: ${{element.alt ?? element.textContent.slice(0, 60)}}`);
            break;
        }}
    }}
    return cut;
}}"""
IN_VIEW = f"""words => {{
    {PANEL}
    const view = panel.content.node.getBoundingClientRect();
    return [...panel.content.node.querySelectorAll("h1, h2, h3, h4")].some(heading => {{
        const box = heading.getBoundingClientRect();
        return heading.textContent.startsWith(words) && box.top >= view.top - 5 && box.bottom <= view.bottom;
    }});
}}"""
AFTER_A_RUN = (
    page_checks.was_run_in_order,
    page_checks.has_no_stderr,
    page_checks.has_no_untagged_error,
    page_checks.describes_every_picture,
    page_checks.agrees_with_its_source,
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyterlab")
    with jupyterlab.server(folder) as address:
        lab = jupyterlab.Lab(browser, address, folder / "book")
        lab.folder("notebooks")
        yield lab


@pytest.fixture(scope="module")
def untouched(browser, tmp_path_factory):
    """As ``lab``, with a copy of its own."""
    folder = tmp_path_factory.mktemp("untouched")
    with jupyterlab.server(folder) as address:
        lab = jupyterlab.Lab(browser, address, folder / "book")
        lab.folder("notebooks")
        yield lab


def kinds(cell):
    """How JupyterLab names what it shows of each output of a cell."""
    for output in cell.outputs:
        if "data" in output:
            yield next(kind for kind in RICHEST if kind in output.data)
        else:
            yield KIND[output.output_type].format(name=output.get("name"))


def wait_for_outputs(lab, cells):
    """Wait until all outputs of a page are drawn, or tell which are not."""
    from playwright.sync_api import TimeoutError

    wanted = [list(kinds(cell)) for cell in cells]
    with contextlib.suppress(TimeoutError):
        lab.wait_for(f"wanted => JSON.stringify(({SHOWN})()) === JSON.stringify(wanted)", wanted)
    assert lab.page.evaluate(SHOWN) == wanted


def both_files(page, folder):
    return {path.name: path.read_bytes() for path in folder.glob(f"{page.name}.*")}


@pytest.mark.parametrize("page", pages.all_pages(), ids=lambda page: page.name)
def test_a_page_is_opened_run_and_saved(lab, page):
    before = both_files(page, lab.book / "notebooks")
    lab.open(page.path.name)
    try:
        # The first view: all outputs are there, though nobody has trusted them, and solutions, if any, are folded.
        wait_for_outputs(lab, page.code_cells)
        options = [cell.metadata.get("jupyter", {}) for cell in page.notebook.cells]
        folded = [option.get("source_hidden", False) for option in options]
        assert any(folded) or page.name[:2] in page_checks.WITHOUT_EXERCISES
        assert lab.page.evaluate(HIDDEN) == folded
        for size in (jupyterlab.NARROW, jupyterlab.WIDE):
            lab.resize(size)
            assert lab.page.evaluate(CUT) == []

        # Reading leaves no trace: saved though nothing was changed, both files are as they were.
        assert not lab.is_changed()
        lab.save_all_the_same()
        assert both_files(page, lab.book / "notebooks") == before

        lab.run_all()
        lab.save()
        ran = pages.Page(lab.book / "notebooks" / page.path.name)
        assert [fault for check in AFTER_A_RUN for fault in check(ran)] == []
        shows = [[bool(cell.outputs) for cell in both.code_cells] for both in (page, ran)]
        assert shows[0] == shows[1]
        assert ran.notebook.metadata == page.notebook.metadata
        metadata = [[cell.metadata for cell in both.notebook.cells] for both in (page, ran)]
        assert metadata[0] == metadata[1]
        wait_for_outputs(lab, ran.code_cells)
        assert lab.page.evaluate(CUT) == []

        if any(folded):
            solution = folded.index(True)
            lab.page.locator(".jp-Notebook .jp-InputPlaceholder").first.click()
            opened = f"n => {{ {PANEL} return !panel.content.widgets[n].inputHidden; }}"
            lab.wait_for(opened, solution)
            assert lab.page.evaluate(HIDDEN).count(True) == folded.count(True) - 1
    finally:
        lab.close()
    assert lab.faults == []


def look_and_close(lab, name):
    """Open a page, save it and close it as a reader does; returns what became of it.

    Autosave, after two minutes, saves only what is unsaved.
    """
    lab.open(name)
    unsaved = lab.is_changed()
    lab.save_all_the_same()
    closing = f"async () => {{ {PANEL} await panel.sessionContext.shutdown(); }}"
    lab.page.evaluate(closing)
    lab.page.evaluate("() => { window.jupyterapp.commands.execute('application:close'); }")
    lab.page.wait_for_timeout(300)
    question = lab.page.locator(".jp-Dialog").all_inner_texts()
    return unsaved, question


@pytest.mark.parametrize("newer", ["py", "ipynb"])
def test_whichever_file_is_newer_a_page_opens(untouched, newer):
    """After a clone they are in any order; after an update or a pull often only the .ipynb is new."""
    page = pages.Page(pages.NOTEBOOKS / "08_tensor_shapes.ipynb")
    folder = untouched.book / "notebooks"
    times = {"py": 1_700_000_000, "ipynb": 1_700_000_000, newer: 1_700_003_600}
    for end, seconds in times.items():
        os.utime(folder / f"{page.name}.{end}", (seconds, seconds))
    before = both_files(page, folder)
    assert look_and_close(untouched, page.path.name) == (False, [])
    assert both_files(page, folder) == before


def test_a_page_of_another_form_is_noticed(untouched):
    """The last of these: it changes a page of their copy."""
    path = untouched.book / "notebooks" / "09_indexing.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec.display_name = "Python 3"
    path.write_text(pages.dumps(notebook), encoding="utf-8")
    before = path.read_bytes()
    source = path.with_suffix(".py")
    source.write_text(source.read_text(encoding="utf-8").replace(" (ipykernel)", "", 1), "utf-8")
    untouched.open(path.name)
    assert untouched.is_changed()
    untouched.save_all_the_same()
    untouched.close()
    assert path.read_bytes() != before


def test_a_cut_picture_is_noticed(lab):
    lab.open("08_tensor_shapes.ipynb")
    try:
        picture = lab.page.locator(".jp-Notebook .jp-RenderedImage img").first
        assert picture.evaluate("async img => { await img.decode(); return img.naturalWidth; }")
        assert lab.page.evaluate(CUT) == []
        picture.evaluate("""img => {
            img.style.cssText = "max-width: none; width: 3000px";
            img.parentElement.style.overflow = "hidden";
        }""")
        (cut,) = lab.page.evaluate(CUT)
        assert cut.startswith("IMG of 3000 pixels in ")
    finally:
        lab.close()


@pytest.mark.parametrize("place", [".jp-MarkdownCell", ".jp-OutputArea"], ids=["prose", "output"])
def test_a_link_opens_another_page(lab, place):
    lab.open("00_start_here.ipynb")
    other = 'a[href*=".ipynb"]:not([href*="00_start_here"])'
    link = lab.page.locator(f".jp-Notebook {place} {other}").first
    name = re.search(r"\d\d_\w+\.ipynb", link.get_attribute("href"))[0]
    link.click()
    lab.wait_for_notebook(f"notebooks/{name}")
    lab.close()
    lab.close()


def follow(lab, name, target):
    """Open a page and click its link to a heading of another page."""
    source = pages.Page(pages.NOTEBOOKS / name).prose
    words = re.search(rf"\[([^\]]+)\]\({re.escape(target)}\)", source)[1].replace("`", "")
    lab.open(name)
    lab.page.locator(".jp-Notebook .jp-MarkdownCell a", has_text=words).first.click()


def test_a_link_to_a_heading_of_another_page_opens_that_page(lab):
    follow(lab, "09_indexing.ipynb", "08_tensor_shapes.ipynb#Storage-and-strides")
    lab.wait_for_notebook("notebooks/08_tensor_shapes.ipynb")
    title = pages.Page(pages.NOTEBOOKS / "08_tensor_shapes.ipynb").title
    lab.wait_for(IN_VIEW, title)  # its top: JupyterLab does not go on to the heading
    lab.close()
    lab.close()


def click(lab, link):
    """Click on a link of a notebook, when it has come to rest."""
    link.scroll_into_view_if_needed()
    place = None
    while (now := link.bounding_box()) != place:  # it draws the cells around, and would scroll
        place = now
        lab.page.wait_for_timeout(1000)
    link.click()


def test_a_link_leads_to_a_heading_of_its_page(lab):
    from playwright.sync_api import TimeoutError

    page, heading = pages.Page(pages.NOTEBOOKS / "02_autograd.ipynb"), "Traps and their messages"
    lab.open(page.path.name)
    try:
        wait_for_outputs(lab, page.code_cells)
        anchor = f"#{pages.anchor(heading)}"
        link = lab.page.locator(f".jp-Notebook .jp-MarkdownCell a[href='{anchor}']").first
        click(lab, link)
        with contextlib.suppress(TimeoutError):
            lab.wait_for(IN_VIEW, heading, seconds=15)
            return
        # on a busy machine it drew cells on its way, which moved the heading out of view
        click(lab, link)
        lab.wait_for(IN_VIEW, heading)
    finally:
        lab.close()


@pytest.mark.parametrize("side", ["py", "ipynb"])
def test_an_edit_of_either_file_changes_both(lab, side):
    """The last test: it changes a page of the served copy."""
    files = [lab.book / "notebooks" / f"08_tensor_shapes.{end}" for end in ("py", "ipynb")]
    line = f"# edited in the {side} file"
    lab.open(f"08_tensor_shapes.{side}")
    try:
        lab.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        lab.page.keyboard.press("Control+End")
        lab.page.keyboard.type(f"\n{line}")
        lab.save()
    finally:
        lab.close()
    assert f"\n{line}\n" in files[0].read_text(encoding="utf-8")
    pair = pairs.read(files[0])  # update takes it
    (first, *_) = [cell for cell in pair.stored.cells if cell.cell_type == "code"]
    assert first.source.endswith(line)
    assert sum(len(cell.get("outputs", [])) for cell in pair.stored.cells) > 40  # they are kept
