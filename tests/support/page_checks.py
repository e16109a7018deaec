"""What every page of the book must be: each check yields one line a fault, and nothing for a good page."""

import ast
import re
from collections.abc import Iterator
from itertools import zip_longest

import jupytext
from nbformat import NotebookNode

from helpers.book import pairs
from helpers.pages import Page
from helpers.verification import Policy
from helpers.verification.headings import FENCED, HEADING, headings
from helpers.verification.outputs import as_text
from tests.support import links

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(
    r"(?<![\w:/.])/(?:work|tmp|root|home|Users|opt|usr|mnt|private)/[\w.-]*|\b[A-Z]:\\\\?Users"
)
SILENCED = re.compile(
    r"(?:filterwarnings|simplefilter)\(\s*[\"']ignore|%%capture|PYTHONWARNINGS|logging\.disable|2> ?/dev/null"
)
EXEMPTED = re.compile(r"nbval-(?:ignore-output|skip)|(?:NBVAL|VALIDATE)_(?:IGNORE_OUTPUT|SKIP)")
HTML = ("text/html", "text/markdown")
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")  # in the middle of Markdown
TAG = re.compile(r"</?([A-Za-z][\w-]*)((?:\s[^<>]*)?)>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*'|\S+)")
# What GitHub keeps of HTML, as far as it is published: the allow-list of its html-pipeline (SanitizationFilter), less
# the elements and attributes that no page should need: those that only change how a thing looks.
KEPT = re.compile(
    r"h[1-6]|br|b|i|strong|em|a|pre|code|img|div|del|ins|sup|sub|p|ol|ul|li|table|thead|tbody|tr|td|th|blockquote|dl|dt|dd"
    r"|kbd|samp|var|hr|ruby|rt|rp|s|summary|details|caption|figure|figcaption|abbr|mark|small|span"
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
    wanted = ["Recap", "Exercises", "Solutions"]
    last = [heading for heading in headings(page.prose) if heading in wanted]
    if last != wanted:
        yield f"the last headings are {last}, wanted are {wanted}"


def has_self_checks_that_accept_and_refuse(page: Page) -> Iterator[str]:
    """One ``Check`` serves an exercise and its solution, which shows that it accepts the right answer, found in
    another way than the check's own, and refuses a plausible mistake. (The run of the book compares the outputs.)"""
    checks = {}
    answers = {}
    for cell in page.code_cells:
        code = re.sub(r"^\s*[%!].*", "pass", cell.source, flags=re.MULTILINE)
        printed = "".join(output.get("text", "") for output in cell.outputs).splitlines()
        for node in ast.walk(ast.parse(code)):
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(ast.Name("Check"), [expected])):
                    checks[name] = expected
                case ast.Call(ast.Name(name), [given]):
                    answers.setdefault(name, []).append((given, printed))
    checks = {name: value for name, value in checks.items() if re.fullmatch(r"check_\d", name)}
    numbered = [f"check_{n + 1}" for n in range(len(checks))]
    if list(checks) != numbered or not 3 <= len(checks) <= 5:
        yield f"the exercises are not check_1 to check_3, 4 or 5: {list(checks)}"
    for name, expected in checks.items():
        (_, opened), *solution = answers.get(name, [(None, [])])
        if [line.partition(":")[0] for line in opened] != ["Not answered yet"]:
            yield f"the exercise of {name} is not open: {opened}"
        verdicts = solution[0][1] if solution else []
        words = [line.partition(":")[0] for line in verdicts]
        if len(words) < 2 or words != ["Right.", *["Not yet"] * (len(solution) - 1)]:
            yield f"the solution of {name} should print 'Right.', then 'Not yet: ...' of a mistake: {verdicts}"
        if solution and ast.dump(solution[0][0]) == ast.dump(expected):
            yield f"{name} finds its expected value the way the solution does"


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


def has_nothing_left_to_write(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.notebook.cells):
        for line in cell.source.splitlines():
            if "TODO" in line:
                yield f"cell {n} is not finished: {line.strip()}"


CHECKS = [
    agrees_with_its_source,
    was_run_in_order,
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
    has_self_checks_that_accept_and_refuse,
    is_small,
    asks_for_tolerance_with_reason,
    asserts_nothing_of_durations,
    has_nothing_left_to_write,
]
