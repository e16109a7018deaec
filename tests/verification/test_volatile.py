"""Identifiers, dates and paths that differ from run to run are no difference; what stands beside them is."""

import base64
import re
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from helpers.verification import Policy, compare_outputs, text, volatile
from helpers.verification.volatile import without_volatile_parts

SVG_ID = '<svg><dc:date>{}</dc:date><path id="m{}"/><use href="#m{}" x="{}"/></svg>'
UUID = '<div id="chart-{}"></div><script>draw("chart-{}", [1, {}])</script>'
STYLER = '<style>#T_{}_row0_col0 {{}}</style><td id="T_{}_row0_col0">{}</td>'
MAP = '<div id="map_{}"></div><script>var map_{} = {};</script>'
LONG = "0123456789abcdef" * 2
CASES = {
    "SVG": (
        "image/svg+xml",
        SVG_ID,
        ("2026-01-02", *["0123456789"] * 2),
        ("now", *["abcdefabcd"] * 2),
    ),
    "uuid": (
        "text/html",
        UUID,
        ["f5d19c43-92c2-47fd-8987-7be6d3501832"] * 2,
        ["00d19c43-92c2-47fd-8987-7be6d3501832"] * 2,
    ),
    "Styler": ("text/html", STYLER, ["4128d"] * 2, ["fe21a"] * 2),
    "32 digits": ("text/html", MAP, [LONG] * 2, [LONG[::-1]] * 2),
}


def shown(mime, text):
    return [new_output("display_data", {mime: text})]


@pytest.mark.parametrize("name", CASES)
def test_identifiers_are_no_difference_and_values_are(name):
    mime, text, old, new = CASES[name]
    stored = shown(mime, text.format(*old, 7))
    assert compare_outputs(stored, shown(mime, text.format(*new, 7))) == []
    assert compare_outputs(stored, shown(mime, text.format(*new, 8)))


def test_a_link_to_another_element_is_a_difference():
    elements = '<i id="map_{}"></i><i id="map_{}"></i><a href="#map_{}"></a>'
    stored = shown("text/html", elements.format(LONG, LONG[::-1], LONG))
    assert compare_outputs(
        stored, shown("text/html", elements.format(LONG, LONG[::-1], LONG[::-1]))
    )


def test_a_digest_that_is_shown_is_compared():
    stored, new = (shown("text/html", f"<p>md5 {text}</p>") for text in (LONG, LONG[::-1]))
    assert compare_outputs(stored, new)


def test_the_date_of_a_pdf_is_no_difference():
    def pdf(date, text):
        file = b"%%PDF-1.4 /CreationDate (D:%b) (%b) \xff" % (date, text)
        return shown("application/pdf", base64.b64encode(file).decode())

    stored = pdf(b"20260102", b"one")
    assert compare_outputs(stored, pdf(b"20270304", b"one")) == []
    assert compare_outputs(stored, pdf(b"20260102", b"two"))


def test_the_file_of_a_cell_is_no_difference_and_its_line_is():
    def warned(path, line):
        return [new_output("stream", name="stderr", text=f"{path}:{line}: UserWarning: old\n")]

    stored = warned("/tmp/ipykernel_123/456.py", 2)
    assert compare_outputs(stored, warned(r"C:\Temp\ipykernel_9\81.py", 2)) == []
    assert compare_outputs(stored, warned("/tmp/ipykernel_123/456.py", 3))
    assert compare_outputs(stored, warned("/usr/lib/module.py", 2))


SK = '<style>#sk-container-id-{0} {{}}</style><div id="sk-container-id-{0}">{1}</div>'


def test_how_often_a_cell_of_scikit_learn_was_run_is_no_difference():
    stored = shown("text/html", SK.format(12, 1))
    assert compare_outputs(stored, shown("text/html", SK.format(1, 1))) == []
    assert compare_outputs(stored, shown("text/html", SK.format(1, 2)))


def test_a_number_like_the_id_of_a_table_is_compared():
    stored = shown("text/html", STYLER.format("12345", "12345", "0.12345"))
    assert (
        compare_outputs(stored, shown("text/html", STYLER.format("ab345", "ab345", "0.12345")))
        == []
    )
    assert compare_outputs(stored, shown("text/html", STYLER.format("54321", "54321", "0.54321")))


@pytest.mark.parametrize(
    ("text", "same", "other"),
    [
        (
            "/home/a/.venv/lib/python3.11/site-packages/look.py:3: UserWarning: old",
            r"C:\Python\Lib/site-packages/look.py:3: UserWarning: old",
            "/home/a/.venv/lib/python3.11/site-packages/look.py:4: UserWarning: old",
        ),
        ("'/tmp/tmpab12cd_8/a.csv'", "'/tmp/tmpx0x0x0x0/a.csv'", "'/tmp/tmpab12cd_8/b.csv'"),
        (
            f"<DisplayHandle display_id={LONG}>",
            f"<DisplayHandle display_id={LONG[::-1]}>",
            f"<Digest display_id={LONG}>",
        ),
        (
            "<Task pending name='Task-39' coro=<f() running at ⟨cell⟩>>",
            "<Task pending name='Task-6' coro=<f() running at ⟨cell⟩>>",
            "<Task pending name='Task-39' coro=<g() running at ⟨cell⟩>>",
        ),
        ("<open '/tmp/tmpab12cd_8'>", "<open '/tmp/tmpx0x0x0x0'>", "<open '/tmp/tables_of_all'>"),
    ],
)
def test_where_packages_and_temporary_files_lie_and_random_names_are_no_difference(
    text, same, other
):
    stored, new, wrong = ([new_output("stream", text=line)] for line in (text, same, other))
    assert compare_outputs(stored, new) == []
    assert compare_outputs(stored, wrong)


def test_a_mark_that_an_output_holds_itself_stands_for_nothing():
    """Every mark that these two modules put in the place of something, in the place of what it stands for."""
    policy = Policy(free=("free .*",), timing=True, reason="x")
    stood_for = {
        "address": ("<A at {}>", "0x7f3a5c1d2e80"),
        "cell": ("{}.py:1: UserWarning", "/tmp/ipykernel_7/1.py"),
        "free": ("{}", "free 1"),
        "id ": ('<b id="a{}">', "0123456789"),
        "loops": ("7 runs, {} each", "10 loops"),
        "number": ("loss {}", "2.5"),
        "random": ("/tmp/tmp{}", "ab12cd_8"),
        "rate": ("{}", "3 MB/s"),
        "ratio": ("{}", "3.1x"),
        "time": ("{}", "3 ms"),
    }
    sources = (Path(module.__file__).read_text(encoding="utf-8") for module in (text, volatile))
    written = re.findall(r"⟨(id |\w+)", "".join(sources))
    assert {*written} - {"date", "packages"} == stood_for.keys()  # in whose places anything passes
    for name, (line, real) in stood_for.items():
        mime = "image/svg+xml" if name == "id " else "text/plain"
        mark = {"id ": "⟨id 1⟩", "cell": "⟨cell⟩"}.get(name, f"⟨{name}⟩")
        whole = real.removesuffix(".py") if name == "cell" else real
        mark = f"{mark} loops" if name == "loops" else mark
        stored, new = (
            [new_output("display_data", data={mime: line.format(part)})] for part in (mark, whole)
        )
        assert not compare_outputs(new, new, policy)
        assert compare_outputs(stored, new, policy), name
        assert not compare_outputs(stored, stored, policy)


def test_a_long_text_without_blanks_is_gone_through_once():
    """As base64 is; before, each letter of it was taken for the beginning of a path, which took minutes."""
    start = time.process_time()
    assert without_volatile_parts("text/plain", "x" * 100_000) == "x" * 100_000
    assert time.process_time() - start < 1
