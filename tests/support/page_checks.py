"""What every page of the book must be: each check yields one line a fault, and nothing for a good page."""

import re
import statistics
from collections.abc import Iterator
from itertools import pairwise, zip_longest

import jupytext
from nbformat import NotebookNode

from helpers.book import pairs
from helpers.pages import LAUNCH_LINES, Page
from helpers.verification import Policy
from helpers.verification.headings import FENCED, HEADING, headings
from helpers.verification.outputs import as_text
from tests.support import links
from tests.support.meant_errors import speaks_of_its_errors

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(
    r"(?<![\w:/.])/(?:work|tmp|root|home|Users|opt|usr|mnt|private)/[\w.-]*|\b[A-Z]:\\\\?Users"
)
SILENCED = re.compile(
    r"(?:filterwarnings|simplefilter)\(\s*[\"']ignore|%%capture|PYTHONWARNINGS|logging\.disable|2> ?/dev/null"
)
EXEMPTED = re.compile(r"(?:nbval|validate)[-_](?:ignore[-_]output|skip)", re.IGNORECASE)
WITHOUT_EXERCISES = {"00"}  # the start
FIRST_CELL = """\
%xmode Minimal
import sys

sys.path.insert(0, "..")  # where helpers/ is

import torch
"""
VERDICT = re.compile(r"^(Right\.|Not yet|Not answered yet)(.*)$", re.MULTILINE)
HINT = re.compile(r"<details><summary>Hint \d+</summary>\n\n.+\n\n</details>", re.DOTALL)
EVALUATED = re.compile(
    r"(?<![.\w])eval\(|\bexec\(|\bresults\(|\battempt\(|getattr\((?:torch|F|nn|x|lr_scheduler)\b"
)
HTML = ("text/html", "text/markdown")
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")  # in the middle of Markdown
TAG = re.compile(r"</?([A-Za-z][\w-]*)((?:\s[^<>]*)?)>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*'|\S+)")
# What GitHub keeps of HTML, as far as it is published: the allow-list of its html-pipeline (SanitizationFilter), less
# the elements and attributes that no page should need: those that only change how a thing looks.
KEPT = re.compile(
    r"h[1-6]|br|b|i|strong|em|a|pre|code|img|div|del|ins|sup|sub|p|ol|ul|li|table|thead|tbody|tr|td|th|blockquote|dl|dt|dd"
    r"|wbr|kbd|samp|var|hr|ruby|rt|rp|s|summary|details|caption|figure|figcaption|abbr|mark|small|span"
    r"|href|src|alt|title|align|width|height|colspan|rowspan|scope|lang|dir|id|name|open|start"
)


def outputs(page: Page) -> Iterator[tuple[int, NotebookNode]]:
    """Each output with the number of its code cell."""
    for n, cell in enumerate(page.code_cells):
        for output in cell.outputs:
            yield n, output


def texts(page: Page) -> Iterator[tuple[int, str]]:
    """Each text that a reader sees in an output, with the number of its code cell."""
    for n, output in outputs(page):
        if "data" not in output:
            yield n, "\n".join([as_text(output), *output.get("traceback", [])])
        for kind, text in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield n, text


# --- the checks


def agrees_with_its_source(page: Page) -> Iterator[str]:
    source = page.path.with_suffix(".py")
    if not source.exists():
        yield f"{source.name} is missing"
        return
    ours, theirs = pairs.cells(page.notebook), pairs.cells(jupytext.read(source))
    for n, (a, b) in enumerate(zip_longest(ours, theirs)):
        if a != b:
            yield f"cell {n} of {page.path.name} is {a!r}, of {source.name} {b!r}"


def was_run_in_order(page: Page) -> Iterator[str]:
    counts = [cell.execution_count for cell in page.code_cells]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the cells ran in the order {counts}"


def numbers_results_as_their_cells(page: Page) -> Iterator[str]:
    """Out[n] stands under In [n]."""
    for n, output in outputs(page):
        count = output.get("execution_count")
        if output.output_type == "execute_result" and count != page.code_cells[n].execution_count:
            yield f"cell {n} shows In [{page.code_cells[n].execution_count}] and Out[{count}]"


def keeps_errors_where_they_are_expected(page: Page) -> Iterator[str]:
    """A cell may fail only if it says so, and one that says so shows an error, and says which in its traceback."""
    for n, cell in enumerate(page.code_cells):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if "raises-exception" in cell.metadata.get("tags", []) and not errors:
            yield f"cell {n} has the tag raises-exception and shows no error"


def shows_what_it_announces(page: Page) -> Iterator[str]:
    """Prose that ends with a colon has a code cell below it.

    Half of all code cells are announced so: one that got lost from both files, with the page made anew, is noticed
    here. (Not made anew, any lost cell leaves a gap in the counts, see `was_run_in_order`.) How many cells a page has
    is no such test: a number that every author changes guards nothing.
    """
    for cell, below in pairwise([*page.notebook.cells, None]):
        is_announced = cell.cell_type == "markdown" and cell.source.rstrip().endswith(":")
        if is_announced and (below is None or below.cell_type != "code"):
            yield f"no code cell stands below {cell.source.rstrip()[-60:]!r}"


def has_no_stderr(page: Page) -> Iterator[str]:
    for n, output in outputs(page):
        if output.get("name") == "stderr":
            yield f"cell {n} writes to stderr: {output.text[:60]!r}"


def has_no_untagged_error(page: Page) -> Iterator[str]:
    for n, output in outputs(page):
        tags = page.code_cells[n].metadata.get("tags", [])
        if output.output_type == "error" and "raises-exception" not in tags:
            yield f"cell {n} fails: {output.ename}"


def shows_no_address(page: Page) -> Iterator[str]:
    for n, text in texts(page):
        if match := ADDRESS.search(text):
            yield f"cell {n} shows an address: {match[0]}"


def shows_no_path_of_a_machine(page: Page) -> Iterator[str]:
    for n, text in texts(page):
        if match := MACHINE_PATH.search(text):
            yield f"cell {n} shows a path: {match[0]}"
    for n, cell in enumerate(page.code_cells):
        if match := MACHINE_PATH.search(cell.source):
            yield f"cell {n} names a path: {match[0]}"


def silences_no_warning(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.code_cells):
        if match := SILENCED.search(cell.source):
            yield f"cell {n} silences warnings: {match[0]}"


def describes_every_picture(page: Page) -> Iterator[str]:
    for n, output in outputs(page):
        for kind in output.get("data", {}):
            alt = output.metadata.get(kind, {}).get("alt", "")
            if kind.startswith("image/") and not alt.strip():
                yield f"cell {n} shows a picture without alt text"
    for image in re.findall(r"!\[\s*\]\([^)]*\)|<img(?![^>]*\balt=\"[^\"]+\")[^>]*>", page.prose):
        yield f"a picture in the prose has no alt text: {image}"


def has_links_that_work(page: Page) -> Iterator[str]:
    yield from links.notebook(page)


def has_html_that_github_keeps(page: Page) -> Iterator[str]:
    """GitHub drops other elements and attributes (script, style, class) from Markdown and from outputs."""
    parts = [("the prose", page.prose, True)]
    for n, output in outputs(page):
        shown = output.get("data", {})
        parts += [
            (f"cell {n}", shown[kind], kind.endswith("markdown")) for kind in HTML if kind in shown
        ]
    for where, text, markdown in parts:
        for tag in TAG.finditer(CODE.sub("", FENCED.sub("", text)) if markdown else text):
            names = {name.lower() for name in ATTRIBUTE.findall(tag[2])}
            dropped = sorted(name for name in names if not KEPT.fullmatch(name))
            if not KEPT.fullmatch(tag[1].lower()):
                yield f"{where} has an element that GitHub drops: {tag[0]}"
            elif dropped:
                yield f"{where} has attributes that GitHub drops, {', '.join(dropped)}: {tag[0]}"


def opens_with_title_and_aims(page: Page) -> Iterator[str]:
    levels = [len(marks) for marks, _ in HEADING.findall(FENCED.sub("", page.prose))]
    if page.notebook.cells[0].cell_type != "markdown" or levels[:1] != [1]:
        yield "the first heading is no title (#)"
    if 1 in levels[1:]:
        yield "there is a second title (#)"
    aims = re.search(r"^\*\*You will\*\*:?\s*\n((?:[-*] .*\n?|  .*\n?)+)", page.prose, re.MULTILINE)
    if not aims or not 3 <= len(re.findall(r"^[-*] ", aims[1], re.MULTILINE)) <= 5:
        yield "there is no list of three to five aims under **You will**"


def closes_with_recap_exercises_solutions(page: Page) -> Iterator[str]:
    if page.name[:2] in WITHOUT_EXERCISES:
        return
    wanted = ["Recap", "Exercises", "Solutions"]
    found = [heading for heading in headings(page.prose) if heading in wanted]
    if found != wanted:
        yield f"the last headings are {found}, wanted are {wanted}"


def has_exercises_that_accept_and_refuse(page: Page) -> Iterator[str]:
    """Three to five exercises, each with an open cell, hints, and a solution that its check accepts, with a mistake
    that it refuses. (The run of the book compares the outputs.)"""
    if page.name[:2] in WITHOUT_EXERCISES:
        return
    tagged = {tag: cells_with_tag(page, tag) for tag in ("exercise", "hint", "solution")}
    # the heading above the solutions has the tag too
    tagged["solution"] = [cell for cell in tagged["solution"] if cell.cell_type == "code"]
    counts = {tag: len(cells) for tag, cells in tagged.items()}
    most = 8 if "gather" in page.name else 5  # puzzles
    if not 3 <= counts["exercise"] <= most or counts["solution"] != counts["exercise"]:
        yield f"wanted are three to five exercises and as many solutions: {counts}"
    if counts["hint"] < counts["exercise"]:
        yield f"wanted is a hint for each exercise at least: {counts}"
    part = page.prose.partition("\n## Exercises\n")[2]
    tasks = re.findall(r"^\*\*(\d+)\. .+?\*\*", part, re.MULTILINE)
    if tasks != [str(n + 1) for n in range(counts["solution"])]:
        yield f"the exercises are numbered {tasks}"
    for n, cell in enumerate(tagged["exercise"], 1):
        if [word for word, _ in verdicts(cell)] != ["Not answered yet"]:
            yield f"exercise {n} is not open: {verdicts(cell)}"
    for cell in tagged["hint"]:
        if not HINT.fullmatch(cell.source):
            yield f"a hint is no folded <details> with a number: {cell.source[:40]!r}"
    for n, cell in enumerate(tagged["solution"], 1):
        yield from solution_faults(n, cell)


def cells_with_tag(page: Page, tag: str) -> list[NotebookNode]:
    """The cells of a page that have a tag."""
    return [cell for cell in page.notebook.cells if tag in cell.metadata.get("tags", [])]


def verdicts(cell: NotebookNode) -> list[tuple[str, str]]:
    """What checks printed below a cell: the verdict, and the rest of the line."""
    printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
    return [(match[1], match[2]) for match in VERDICT.finditer(printed)]


def solution_faults(n: int, cell: NotebookNode) -> Iterator[str]:
    """What is wrong with the form of solution n."""
    if not cell.metadata.get("jupyter", {}).get("source_hidden"):
        yield f"solution {n} is not folded"
    if cell.source.partition("\n")[0] != f"# Solution {n}":
        yield f"solution {n} does not begin with '# Solution {n}'"
    words = [word for word, _ in verdicts(cell)]
    if len(words) < 2 or words != ["Right.", *["Not yet"] * (len(words) - 1)]:
        yield f"solution {n} should print 'Right.', then 'Not yet: ...' of a mistake: {words}"


def opens_with_the_first_cell(page: Page) -> Iterator[str]:
    """Every page begins with the same few lines, and its imports."""
    source = LAUNCH_LINES.sub("", page.code_cells[0].source)
    if not f"{source}\n".startswith(FIRST_CELL):
        yield f"the first code cell does not begin with {FIRST_CELL!r}"


def open_cells(page: Page) -> list[NotebookNode]:
    """The code cells of the lesson that are not folded: no exercises, no solutions."""
    return [
        cell
        for cell in page.code_cells
        if not cell.metadata.get("jupyter", {}).get("source_hidden")
        and not {"exercise", "solution"} & set(cell.metadata.get("tags", []))
    ]


def has_short_cells(page: Page) -> Iterator[str]:
    cells = [LAUNCH_LINES.sub("", cell.source) for cell in open_cells(page)]
    lengths = [len([line for line in cell.splitlines() if line.strip()]) for cell in cells]
    if (median := statistics.median(lengths)) > 4:
        yield f"the median of the open cells is {median:g} lines"
    for n, (cell, length) in enumerate(zip(cells, lengths, strict=True)):
        if length > 32:
            yield f"open cell {n} has {length} lines"
        for line in cell.splitlines():
            if len(line) > 79 and not line.startswith("%"):
                yield f"open cell {n} has a line of {len(line)} columns: {line[:40]}"
    if len(cells) > 42:
        yield f"there are {len(cells)} open code cells"


def evaluates_no_text(page: Page) -> Iterator[str]:
    """Readers see the calls themselves, not names of them or code in strings."""
    for n, cell in enumerate(open_cells(page)):
        if match := EVALUATED.search(cell.source):
            yield f"open cell {n} evaluates text: {match[0]}"


def is_small(page: Page) -> Iterator[str]:
    if (size := page.path.stat().st_size) >= 1_000_000:
        yield f"the file has {size} bytes"
    if (count := len(page.code_cells)) > 50:
        yield f"there are {count} code cells"


def asks_for_tolerance_with_reason(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.code_cells):
        try:
            Policy.from_metadata(cell.metadata)
        except ValueError as error:
            yield f"cell {n}: {error}"
        if match := EXEMPTED.search(cell.source + " ".join(cell.metadata.get("tags", []))):
            yield f"cell {n} is exempted without a reason: {match[0]}"


def asserts_nothing_of_durations(page: Page) -> Iterator[str]:
    """Which of two times is larger may change with whatever else the machine does."""
    for n, cell in enumerate(page.code_cells):
        if cell.metadata.get("verify", {}).get("timing") and re.search(r"\bassert\b", cell.source):
            yield f"cell {n} times something and asserts"


def has_whole_paragraphs(page: Page) -> Iterator[str]:
    """A paragraph that begins in the middle of a sentence has lost a line, unless it goes on after code or formula."""
    before = ""
    for cell in page.notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for paragraph in FENCED.sub("", cell.source).split("\n\n"):
            goes_on = re.search(r"[\w`$]\s*\Z", before) and not before.startswith("#")
            if re.match("[a-z]", paragraph) and not goes_on:
                yield f"a paragraph begins in the middle of a sentence: {paragraph[:60]!r}"
            before = paragraph


def has_nothing_left_to_write(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.notebook.cells):
        for line in cell.source.splitlines():
            if "TODO" in line:
                yield f"cell {n} is not finished: {line.strip()}"


CHECKS = [
    agrees_with_its_source,
    was_run_in_order,
    numbers_results_as_their_cells,
    keeps_errors_where_they_are_expected,
    speaks_of_its_errors,
    shows_what_it_announces,
    has_no_stderr,
    has_no_untagged_error,
    shows_no_address,
    shows_no_path_of_a_machine,
    silences_no_warning,
    describes_every_picture,
    has_links_that_work,
    has_html_that_github_keeps,
    opens_with_title_and_aims,
    closes_with_recap_exercises_solutions,
    has_exercises_that_accept_and_refuse,
    opens_with_the_first_cell,
    has_short_cells,
    evaluates_no_text,
    is_small,
    asks_for_tolerance_with_reason,
    asserts_nothing_of_durations,
    has_whole_paragraphs,
    has_nothing_left_to_write,
]
