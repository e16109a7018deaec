"""The audit of the notes: each verdict is what its line gives, each link lands, and a forgery is refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers import environment, pages
from helpers.data.stand_in import StandIn
from helpers.notes import audit, names, report
from helpers.notes.statements import RELEASES, SLIP, STATEMENTS
from helpers.verification.headings import headings, headings_of_code_cells
from tests.support.figures import shown

NUMBERS = [f"C{n:02}" for n in range(1, 55)]
PAGE = pages.Page(pages.NOTEBOOKS / "16_notes_audited.ipynb")
OVERTURNED = [s for s in STATEMENTS if s.since]


@pytest.fixture(autouse=True, scope="module")
def pictures():
    """Few drawn pictures, many times over: no data set is looked for."""
    sets = []
    for train, times in ((True, 500), (False, 100)):
        few = StandIn(train, count=100)
        few.data = np.tile(few.data, (times, 1, 1, 1))
        few.targets *= times
        sets.append(few)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "_cifar10", lambda: sets)
        yield


def by_number(statement):
    return statement.number


def recorded_verdict(statement):
    return {"": "holds", SLIP: "was a slip"}.get(statement.since, "changed")


def stored_tables(head):
    """The tables that the page shows, and that are stored with it, of those that begin so."""
    tables = (
        output.data["text/markdown"]
        for cell in PAGE.code_cells
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    )
    return [table for table in tables if table.startswith(f"| {head} |")]


# --- statements


def test_there_are_54():
    assert [s.number for s in STATEMENTS] == NUMBERS


@pytest.mark.parametrize("statement", STATEMENTS, ids=by_number)
def test_the_verdict_is_what_the_line_gives(statement):
    assert audit.verdict(statement) == recorded_verdict(statement)
    assert bool(statement.now) == bool(statement.since)


@pytest.mark.parametrize("statement", STATEMENTS, ids=by_number)
def test_a_forgery_is_refused(statement):
    forgeries = [replace(statement, line=f"not ({statement.line})")]
    if statement.since:
        forgeries += [
            replace(statement, since=""),
            replace(statement, now=f"not ({statement.now})"),
        ]
    else:
        forgeries += [replace(statement, since="0.4", now="True"), replace(statement, since=SLIP)]
    for forged in forgeries:
        with pytest.raises(AssertionError, match=f"^{statement.number}"):
            audit.audit([forged])


def test_no_line_depends_on_another():
    assert audit.holds("x.zero_().sum() == 0")
    assert audit.holds("x.sum() == 15")


# --- places


@pytest.mark.parametrize("number", NUMBERS)
def test_a_statement_is_proved_by_cells_under_a_heading(number):
    assert audit.places_of_proof(number)
    for page, heading, cells in audit.places_of_proof(number):
        assert heading in headings(page.prose)
        for n in cells:
            assert number in page.code_cells[n - 1].metadata["claims"]
            assert headings_of_code_cells(page.notebook)[n - 1] == heading


def links(text):
    """The local links in a text; their anchors may hold parentheses."""
    return re.findall(r"\]\((\w+\.ipynb)#(.*?)\)(?=, cell)", text)


def test_the_links_on_the_page_land():
    targets = [link for table in stored_tables("the notes say") for link in links(table)]
    assert len(targets) > 54
    for name, anchor in targets:
        page = pages.Page(pages.NOTEBOOKS / name)
        assert anchor in map(pages.anchor, headings(page.prose))


def test_the_page_has_a_row_for_each_statement():
    rows = {}
    for table in stored_tables("the notes say"):
        for line in table.splitlines()[2:]:
            number = line[4:7]
            assert number not in rows
            rows[number] = line
    assert sorted(rows) == NUMBERS
    for s in STATEMENTS:
        verdict = recorded_verdict(s)
        since = f" in {s.since} ({RELEASES[s.since][0]})" if verdict == "changed" else ""
        assert f"| **{verdict}{since}**" in rows[s.number]
        assert all(words in rows[s.number] for words in (s.term, s.says, s.note))
        assert rows[s.number].endswith(f" | {report.proofs(s.number)} |")


# --- releases


def as_numbers(release):
    return [int(part) for part in release.split(".")]


def test_the_releases_are_in_order():
    assert list(RELEASES) == sorted(RELEASES, key=as_numbers)
    years = [year for year, _ in RELEASES.values()]
    assert years == sorted(years)
    assert environment.pins()["torch"].startswith(f"{list(RELEASES)[-1]}.")


def test_every_change_is_of_a_release():
    assert {s.since for s in STATEMENTS} <= {"", SLIP, *RELEASES}


@pytest.mark.parametrize("statement", [s for s in OVERTURNED if s.since != SLIP], ids=by_number)
def test_the_page_that_proves_a_change_names_its_release(statement):
    page = audit.places_of_proof(statement.number)[0][0]
    assert re.search(rf"\b{re.escape(statement.since)}\b", page.prose)


def test_the_table_of_releases_has_all_changes():
    (table,) = stored_tables("release")
    assert report.release_table().data == table
    numbers = re.findall(r"C\d\d", table)
    assert sorted(numbers) == [s.number for s in STATEMENTS if s.since in RELEASES]
    tags = re.findall(r"\[([\d.]+)\]\(\S+/v([\d.]+)\)", table)
    assert all(tag in (release, f"{release}.0") and tag.count(".") == 2 for release, tag in tags)


# --- lines


def test_another_error_than_the_one_that_is_named_is_a_mistake_in_the_line():
    assert audit.holds("raises(RuntimeError, x.view, 4, 2)")
    with pytest.raises(TypeError):
        audit.holds("raises(RuntimeError, x.view, 'four')")


def test_a_line_is_shown_with_what_it_gives(capsys):
    report.show_line("C28")
    assert capsys.readouterr().out.endswith("\nTrue\n")
    report.show_line("C49")
    assert capsys.readouterr().out.startswith(">>> hasattr(torch, 'sigmod')\nFalse\n>>> ")


# --- figures


def texts_inside(figure):
    """The texts of a figure, each of which must lie within it."""
    figure.draw_without_rendering()
    for axis in figure.axes:
        for text in axis.texts:
            if text.get_text():
                box = text.get_window_extent()
                assert box.x1 < figure.bbox.x1 and box.x0 > 0, text.get_text()
    return [text.get_text() for axis in figure.axes for text in axis.texts if text.get_text()]


def test_the_counts_add_up():
    verdicts = {s.number: recorded_verdict(s) for s in STATEMENTS}
    figure, _ = shown(report.show_counts, verdicts)
    assert sum(map(int, texts_inside(figure))) == 54


def test_every_section_is_drawn():
    assert {s.section for s in STATEMENTS} == set(report.SECTIONS)


def test_statements_on_what_tensors_autograd_and_modules_do_have_tests_of_their_own():
    """`pytest tests/notes -k C34` finds tests, as page 16 says; C01-C04 and C18-C26 are about tools and data."""
    text = "".join(
        p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("test_proofs_*.py")
    )
    named = set(re.findall(r"C\d\d", " ".join(re.findall(r"def test_((?:C\d\d_?)+)", text))))
    expected = [n for n in NUMBERS if "C05" <= n <= "C17" or n >= "C27"]
    assert [n for n in expected if n not in named] == []
