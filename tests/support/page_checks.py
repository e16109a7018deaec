"""What every page of the book must be: each check yields one line a fault, and nothing for a good page."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import zip_longest

import jupytext

from helpers.pages import Page
from helpers.verification import Policy
from helpers.verification.headings import FENCED, HEADING, headings
from helpers.verification.outputs import as_text
from tests.support import links

SHARED_METADATA = ("tags", "claims", "verify", "jupyter")  # what the .py twin keeps of a cell's
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(
    r"(?<![\w:/.])/(?:work|tmp|root|home|Users|opt|usr|mnt|private)/[\w.-]*|\b[A-Z]:\\\\?Users"
)
SILENCED = re.compile(
    r"(?:filterwarnings|simplefilter)\(\s*[\"']ignore|%%capture|PYTHONWARNINGS|logging\.disable|2> ?/dev/null"
)
EXEMPTED = re.compile(r"nbval-(?:ignore-output|skip)|NBVAL_(?:IGNORE_OUTPUT|SKIP)")
HTML = ("text/html", "text/markdown")
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")  # in the middle of Markdown
TAG = re.compile(r"</?([A-Za-z][\w-]*)((?:\s[^<>]*)?)>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*'|\S+)")
# What GitHub keeps of HTML, as far as it is published: the allow-list of its html-pipeline (SanitizationFilter).
# Attributes that only change how a thing looks are left out of the list: no page should need them.
KEPT = re.compile(
    r"h[1-6]|br|b|i|strong|em|a|pre|code|img|tt|div|ins|del|sup|sub|p|ol|ul|table|thead|tbody|tfoot|blockquote|dl|dt"
    r"|dd|kbd|q|samp|var|hr|ruby|rt|rp|li|tr|td|th|s|strike|summary|details|caption|figure|figcaption|abbr|bdo|cite"
    r"|dfn|mark|small|span|time|wbr"
)
KEPT_ATTRIBUTE = re.compile(
    r"href|src|alt|title|align|width|height|colspan|rowspan|scope|lang|dir|id|name|open|start|value|cite|role"
    r"|datetime|aria-(?:label|hidden|describedby|labelledby)"
)
CLAIM = re.compile(r"C(?:0[1-9]|[1-4]\d|5[0-4])")


def is_in_sync_with_its_twin(page: Page) -> Iterator[str]:
    twin = page.path.with_suffix(".py")
    if not twin.exists():
        yield f"{twin.name} is missing"
        return

    def lines(cell):
        metadata = {name: cell.metadata[name] for name in SHARED_METADATA if name in cell.metadata}
        described = f"{cell.cell_type} {json.dumps(metadata, sort_keys=True)}"
        return [described, *cell.source.strip("\n").split("\n")]

    ours, theirs = (
        [lines(cell) for cell in nb.cells] for nb in (page.notebook, jupytext.read(twin))
    )
    for n, (a, b) in enumerate(zip_longest(ours, theirs, fillvalue=[])):
        for x, y in zip_longest(a, b):
            if x != y:
                yield f"cell {n} of {page.path.name} has {x!r}, {twin.name} has {y!r}"
                return


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
        if found := ADDRESS.search(text):
            yield f"cell {n} shows an address: {found[0]}"


def shows_no_path_of_a_machine(page: Page) -> Iterator[str]:
    for n, text in texts(page):
        if found := MACHINE_PATH.search(text):
            yield f"cell {n} shows a path: {found[0]}"
    for n, cell in enumerate(page.code_cells):
        if found := MACHINE_PATH.search(cell.source):
            yield f"cell {n} names a path: {found[0]}"


def silences_no_warning(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.code_cells):
        if found := SILENCED.search(cell.source):
            yield f"cell {n} silences warnings: {found[0]}"


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
            dropped = sorted(name for name in names if not KEPT_ATTRIBUTE.fullmatch(name))
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
    found = [heading for heading in headings(page.prose) if heading in wanted]
    if found != wanted:
        yield f"the last headings are {found}, wanted are {wanted}"


def has_self_checks_that_accept_and_refuse(page: Page) -> Iterator[str]:
    """One ``Check`` serves an exercise and its solution, which shows that it accepts the right answer, found in
    another way than the check's own, and refuses a plausible mistake. (The run of the book compares the outputs.)"""
    checks, answers = {}, {}
    for cell in page.code_cells:
        for node in ast.walk(
            ast.parse(re.sub(r"^\s*[%!].*", "pass", cell.source, flags=re.MULTILINE))
        ):
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(ast.Name("Check"), [expected])):
                    checks[name] = expected
                case ast.Call(ast.Name(name), [given]) if re.fullmatch(r"check_\d", name):
                    seen = "".join(output.get("text", "") for output in cell.outputs)
                    answers.setdefault(name, []).append((cell, given, seen.splitlines()))
    checks = {
        name: expected for name, expected in checks.items() if re.fullmatch(r"check_\d", name)
    }
    if (
        list(checks) != [f"check_{n}" for n in range(1, len(checks) + 1)]
        or not 3 <= len(checks) <= 5
    ):
        yield f"the exercises are not check_1 to check_3, 4 or 5: {list(checks)}"
    for name, expected in checks.items():
        first, *solution = answers.get(name) or [(None, None, [])]
        if len(first[2]) != 1 or not first[2][0].startswith("Not answered yet"):
            yield f"the exercise of {name} is not open: {first[2]}"
        verdicts = solution[0][2] if solution else []
        words = [line.partition(":")[0] for line in verdicts]
        if not words or words != ["Right."] + ["Not yet"] * (len(solution) - 1) or len(words) < 2:
            yield f"the solution of {name} should print 'Right.', then 'Not yet: ...' of a mistake: {verdicts}"
        if solution and ast.dump(solution[0][1]) == ast.dump(expected):
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
        if found := EXEMPTED.search(cell.source + " ".join(cell.metadata.get("tags", []))):
            yield f"cell {n} is exempted without a reason: {found[0]}"


def names_claims_that_exist(page: Page) -> Iterator[str]:
    for claim, cells in page.claims.items():
        if not CLAIM.fullmatch(claim):
            yield f"cell {cells[0]} proves an unknown statement: {claim}"


def has_nothing_left_to_write(page: Page) -> Iterator[str]:
    for n, cell in enumerate(page.notebook.cells):
        for line in cell.source.splitlines():
            if "TODO" in line:
                yield f"cell {n} is not finished: {line.strip()}"


CHECKS = [
    is_in_sync_with_its_twin,
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
    names_claims_that_exist,
    has_nothing_left_to_write,
]


def outputs(page):
    """Each output with the number of its code cell."""
    for n, cell in enumerate(page.code_cells):
        for output in cell.outputs:
            yield n, output


def texts(page):
    """Each text that a reader sees in an output, with the number of its code cell."""
    for n, output in outputs(page):
        if "data" not in output:
            yield n, "\n".join([as_text(output), *output.get("traceback", [])])
        for kind, text in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield n, text
