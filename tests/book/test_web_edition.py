"""The web edition as a reader meets it: in Chromium, from its folder, without a server."""

import itertools
import re
import shutil
import subprocess
import sys

import pytest

from helpers import pages
from helpers.book import launch, site
from helpers.notes import lookup
from helpers.notes.old_calls import OLD_CALLS
from tests.studies import launch_each_page
from tests.support import links, page_checks, site_checks

PAGES = {page.name: page for page in pages.all_pages()}
pytestmark = pytest.mark.slow
ORDER = ["index", *PAGES, "old_names"]

BAD = """<!doctype html>
<html><head><style>
  a { outline: none; } #back { position: absolute; top: -999px; }
  @media (prefers-color-scheme: dark) { body { background: #000; color: #333; } }
</style></head>
<body style="margin: 0">
  <h2>No first heading, no title, no language</h2> <h4>A level left out</h4>
  <p style="color: #aaa">Pale words</p>
  <p style="width: 700px">Wide words</p>
  <a href="#nowhere">a link to nowhere</a> <a id="back" href="#">out of sight</a>
  <img src="heavy.png" alt="heavy.png">
  <img src="https://example.invalid/badge.svg" alt="a badge from another place">
  <script>
    requestAnimationFrame(() => setTimeout(() => {
      document.querySelector("h2").style.paddingTop = "200px";
    }, 50));
  </script>
</body></html>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "html"
    try:
        site.build(folder)
    except site.MissingError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module", params=[*ORDER, "search"])
def visit(request, built, browser):
    with site_checks.visit(browser, built / f"{request.param}.html") as seen:
        yield seen


PHONE = {"width": 390, "height": 900}


@pytest.fixture(scope="module", params=[*PAGES, "index", "old_names"])
def opened(request, built, browser):
    """A page's name, and the page: opened once, on a telephone, for all tests that only look at it."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto((built / f"{request.param}.html").as_uri())
        yield request.param, page


@pytest.fixture
def page(browser):
    with browser.new_context() as context:
        yield context.new_page()


# --- every page


def test_every_link_of_every_file_works(built):
    assert list(links.site(built)) == []


@pytest.mark.parametrize("check", site_checks.CHECKS, ids=lambda check: check.__name__)
def test_a_page(visit, check):
    assert list(check(visit)) == []


@pytest.mark.parametrize("check", site_checks.CHECKS, ids=lambda check: check.__name__)
def test_a_bad_page_is_found_out(browser, tmp_path, check):
    (tmp_path / "heavy.png").write_bytes(bytes(2_000_000))
    (tmp_path / "bad.html").write_text(BAD, encoding="utf-8")
    with site_checks.visit(browser, tmp_path / "bad.html") as seen:
        seen.page.wait_for_timeout(200)
        assert list(check(seen))


@pytest.mark.parametrize("slower", [4, 8, 10, 12, 16])  # none alone finds a fault each time
def test_nothing_moves_on_a_slow_machine_either(built, browser, slower):
    long_table = built / "15_old_calls.html"  # where its first screen ends
    with site_checks.visit(browser, long_table, slower) as seen:
        assert list(site_checks.shifts(seen)) == []


@pytest.mark.parametrize("opened", PAGES, indirect=True)
def test_no_cell_and_no_picture_is_lost(opened):
    """Comes before the solutions are opened."""
    name, page = opened
    cells = PAGES[name].code_cells
    pictures = [o for cell in cells for o in cell.outputs if "image/png" in o.get("data", {})]
    assert page.locator("article div.cell").count() == len(cells)
    assert page.locator("article div.cell img").count() == len(pictures)
    hidden = [cell for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    hints = page_checks.cells_with_tag(PAGES[name], "hint")
    assert page.locator("article details:not([open])").count() == len(hidden) + len(hints)


def test_formulas_are_drawn(built, page):
    page.goto((built / "02_autograd.html").as_uri())
    formulas = page.locator("article math")
    written = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", PAGES["02_autograd"].prose, re.DOTALL)
    assert formulas.count() == len(written) > 0
    assert "$" not in page.locator("article").inner_text()


# --- finding one's way


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gather", "10_gather_and_scatter"),
        ("volatile", "old_names"),
        ("梯度累加", "02_autograd"),
        ("梯度", "02_autograd"),
        ("步长", "08_tensor_shapes"),
        ("视图", "09_indexing"),
    ],
)
def test_search_finds(built, page, words, found):
    page.goto((built / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.locator(f"#search-results a[href*='{found}.html']").first.wait_for()


def test_search_does_not_find_everything(built, page):
    page.goto((built / "search.html").as_uri() + "?q=zxqvj")
    page.get_by_text("did not match any documents").wait_for()
    assert page.locator("#search-results li").count() == 0


def test_next_and_previous_lead_through_the_book_and_back(built, page):
    page.goto((built / "index.html").as_uri())
    for before, name in itertools.pairwise(ORDER):
        page.locator(".right-next").click()
        page.wait_for_url(f"**/{name}.html")
        assert page.locator(".left-prev").get_attribute("href") == f"{before}.html"
    assert page.locator(".right-next").count() == 0


def test_every_page_lists_all_pages(built, page):
    page.goto((built / "07_cifar10_fast.html").as_uri())
    listed = page.locator("#pst-primary-sidebar nav a").evaluate_all("all => all.map(a => a.href)")
    assert [url.partition("#")[0].rpartition("/")[2] for url in listed] == [
        f"{name}.html" for name in ORDER[1:]
    ]


def test_every_old_name_is_in_the_index_with_its_place(built, page):
    page.goto((built / "old_names.html").as_uri())
    rows = page.locator("article table tbody tr").evaluate_all(
        "all => all.map(row => [row.cells[0].innerText, row.cells[1].innerText, row.querySelector('a').hash])"
    )
    shown = [(old.replace("\xa0", " "), new.replace("\xa0", " ")) for old, new, _ in rows]
    signs = lookup.SIGNS
    expected = [(f"{signs[c.today]} {c.old.rstrip()}", c.new.rstrip()) for c in OLD_CALLS]
    assert sorted(shown) == sorted(expected)
    assert all(place for *_, place in rows)


OUT_OF_SIGHT = """(pieces) => {
  const wide = (e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth;
  return [...document.querySelectorAll(pieces)].filter(wide).map(e => e.innerText.slice(0, 200));
}"""
TABLES = "article :is(table, th, td, :has(> table))"
CODE = "article pre"  # and outputs, which may be as wide
SOLUTIONS = "document.querySelectorAll('article details').forEach(e => { e.open = true; })"


@pytest.mark.parametrize("width", [PHONE["width"], 1200, 1300])
def test_no_table_and_no_code_is_wider_than_its_place(opened, width):
    _, page = opened
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SOLUTIONS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUT_OF_SIGHT, TABLES) == []
    if width > 1000:
        assert page.evaluate(OUT_OF_SIGHT, CODE) == []
    else:  # lines of code are not broken on a telephone: each piece scrolls in its own place
        right = "all => Math.max(...all.map(e => e.getBoundingClientRect().right))"
        boxes = page.locator(CODE)
        assert not boxes.count() or boxes.evaluate_all(right) <= width
        ways = "all => all.map(e => getComputedStyle(e).overflowX)"
        assert {"auto"} >= set(boxes.evaluate_all(ways))


@pytest.mark.parametrize(
    ("pieces", "style"),
    [
        (TABLES, "article td code { font-size: 2rem; white-space: nowrap; }"),
        (CODE, "article pre { font-size: 3rem !important; }"),
    ],
)
def test_what_is_too_wide_is_found_out(built, page, pieces, style):
    name = "old_names" if pieces == TABLES else "09_indexing"
    page.set_viewport_size({"width": 1200 if pieces == CODE else 390, "height": 900})
    page.goto((built / f"{name}.html").as_uri())
    page.add_style_tag(content=style)
    assert page.evaluate(OUT_OF_SIGHT, pieces)


def test_the_quotes_of_code_in_tables_are_straight(built, page):
    page.goto((built / "old_names.html").as_uri())
    code = "".join(page.locator("article td code").all_inner_texts())
    assert "'" in code and not set("‘’“”…–") & set(code)


def test_old_calls_are_the_second_link_of_the_start(built, page):
    page.goto((built / "index.html").as_uri())
    links = page.locator("article li:not([class]) a")
    assert [links.nth(n).get_attribute("href") for n in range(2)] == [
        f"{ORDER[1]}.html",
        "old_names.html",
    ]


# --- taking something along

COPIED = "Object.defineProperty(navigator, 'clipboard', {value: {writeText: %s}});"


@pytest.mark.parametrize(
    ("clipboard", "says"),
    [
        ("async text => { window.copied = text; }", "Copied"),
        ("async () => { throw Error('not allowed'); }", "Press Ctrl+C or ⌘C"),
    ],
)
def test_code_is_copied(built, page, clipboard, says):
    page.add_init_script(COPIED % clipboard)
    page.goto((built / "09_indexing.html").as_uri())
    code = PAGES["09_indexing"].code_cells[1].source
    button = page.locator(".cell_input .copy-code").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=says, exact=True).wait_for()
    copied = page.evaluate("window.copied ?? getSelection().toString()")
    assert copied.strip() == code
    page.get_by_role("button", name=says, exact=True).wait_for(state="detached")


@pytest.mark.parametrize("opened", PAGES, indirect=True)
def test_each_cell_has_a_button_and_each_page_its_files(built, opened):
    name, page = opened
    cells = page.locator("article .cell_input")
    assert page.locator("article .cell_input .copy-code").count() == cells.count()
    assert page.locator("article .cell_output .copy-code").count() == 0
    files = page.locator(".page-tools a[download]").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert files == [f"notebooks/{name}.ipynb", f"notebooks/{name}.py"]
    for file in files:
        assert (built / file).read_bytes() == (site.BOOK / file).read_bytes()


SLUG = "octo/pytorch-notes"


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("launched")
    launch_each_page.copy(folder / "book")
    hidden = shutil.ignore_patterns("html", "__pycache__")
    shutil.copytree(site.SETTINGS, folder / "book" / site.SETTINGS.name, ignore=hidden)
    (folder / "book/.github").mkdir()
    shutil.copy(site.BOOK / ".github/front.png", folder / "book/.github")
    launch.launch(SLUG, folder / "book")
    command = [sys.executable, "-m", "helpers.book", "site", "--out", str(folder / "html")]
    done = subprocess.run(command, cwd=folder / "book", capture_output=True, text=True, check=False)
    if "missing: pip install" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_a_launched_site_leads_to_where_the_book_runs_and_is_mended(launched, page):
    assert list(links.site(launched)) == []
    for name in PAGES:
        page.goto((launched / f"{name}.html").as_uri())
        path = f"{SLUG}/{{}}/main/notebooks/{name}"
        targets = page.locator("main a").evaluate_all("all => all.map(a => a.href)")
        assert {
            f"https://mybinder.org/v2/gh/{SLUG}/main?labpath=notebooks/{name}.ipynb",
            f"https://colab.research.google.com/github/{path.format('blob')}.ipynb",
            f"https://github.com/{path.format('edit')}.py",
            f"https://github.com/{SLUG}/issues/new?template=text_error.yml&place={name}",
        } <= set(targets)
        address = f"https://octo.github.io/pytorch-notes/{name}.html"
        assert page.locator("link[rel=canonical]").get_attribute("href") == address
        picture = page.locator("meta[property='og:image']").get_attribute("content")
        assert picture.startswith("https://octo.github.io/pytorch-notes/")
    form = (site.BOOK / ".github/ISSUE_TEMPLATE/text_error.yml").read_text(encoding="utf-8")
    assert "id: place\n" in form


@pytest.mark.parametrize("check", site_checks.CHECKS, ids=lambda check: check.__name__)
def test_a_launched_page(launched, browser, check):
    with site_checks.visit(browser, launched / "09_indexing.html") as seen:
        assert list(check(seen)) == []


# --- with the keyboard alone


def test_the_contents_can_be_skipped(built, page):
    page.goto((built / "09_indexing.html").as_uri())
    page.keyboard.press("Tab")
    skip = page.evaluate(site_checks.FOCUS)
    assert skip["text"] == "Skip to main content" and skip["visible"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(site_checks.FOCUS)["main"]


def test_a_solution_opens_with_enter(built, page):
    page.goto((built / "09_indexing.html").as_uri())
    solution = page.locator("article details:has(pre)").first
    code = solution.locator("pre").first
    assert not code.is_visible()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.is_visible()


# --- on paper


@pytest.mark.parametrize("name", ["09_indexing", "15_old_calls", "16_notes_audited", "old_names"])
def test_nothing_is_cut_on_paper(built, page, name):
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins, in pixels
    page.goto((built / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    wide = page.locator("article pre, article :has(> table)").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText.slice(0, 200))"
    )
    assert wide == []


def test_solutions_are_open_on_paper(built, page):
    page.goto((built / "09_indexing.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("article details pre").first.is_visible()
    assert not page.locator("#pst-header").is_visible()
