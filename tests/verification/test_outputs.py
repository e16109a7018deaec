"""The outputs of a cell: their number, kind and order, then each with its counterpart."""

import base64
import copy
import io

import nbformat
import pytest
from nbformat.v4 import new_output
from PIL import Image

from helpers.verification import Policy, compare_outputs, join_streams
from helpers.verification.outputs import as_text


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def result(text, more=None):
    return new_output("execute_result", data={"text/plain": text} | (more or {}))


def display(text, more=None):
    """What ``display`` shows: a text, and the same as other MIME types."""
    return new_output("display_data", data={"text/plain": text} | (more or {}))


def error(name, value):
    return new_output("error", ename=name, evalue=value, traceback=["\x1b[31mline 1\x1b[0m"])


def picture(color="white", size=(30, 20), alt="a plain area"):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return display(alt, {"image/png": base64.b64encode(out.getvalue()).decode()})


def half(color):
    """A picture of which one half is drawn on."""
    drawn = Image.new("RGB", (30, 20), "white")
    drawn.paste(color, (0, 0, 15, 20))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return {
        **picture(),
        "data": picture()["data"] | {"image/png": base64.b64encode(out.getvalue()).decode()},
    }


def test_the_numbers_of_an_error_are_exact():
    counts = Policy(atol=9, integers=True, reason="counts of a training")
    assert not compare_outputs([result("3")], [result("4")], counts)
    assert compare_outputs([error("E", "3 of 9")], [error("E", "4 of 9")], counts)


def described(**changes):
    looks = {"alt": "a cat", "width": 30} | changes
    return {**picture(), "metadata": {"image/png": looks}}


def looking(looks):
    """A picture with something else in the place of its description."""
    return {**picture(), "metadata": {"image/png": looks}}


def on_dark(output):
    return {**output, "metadata": {**output["metadata"], "needs_background": "dark"}}


def markdown(text):
    return new_output("display_data", data={"text/markdown": text})


def with_bytes(data):
    """A picture whose file is another; None: no base64."""
    text = "a" if data is None else base64.b64encode(data).decode()
    return {**picture(), "data": picture()["data"] | {"image/png": text}}


def in_base64(inside, after=""):
    """A picture in whose base64 something stands that does not belong there."""
    text = picture()["data"]["image/png"]
    wrong = text[:40] + inside + text[40:] + after
    return {**picture(), "data": picture()["data"] | {"image/png": wrong}}


def pdf(text):
    return new_output("display_data", data={"application/pdf": text})


def failed(shown):
    """An error whose traceback says something."""
    traceback = [f"\x1b[31mValueError\x1b[39m: {shown}"]
    return new_output("error", ename="ValueError", evalue="no", traceback=traceback)


HTML, JSON = "text/html", "application/json"
OUTPUTS = [
    stream("a line\n"),
    picture(),
    stream("a warning\n", "stderr"),
    error("ValueError", "no"),
    result("0.5", {"text/html": "<b>0.5</b>"}),
]
WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = [display("a slider", {WIDGET: {"model_id": name}}) for name in ("1a", "2b")]
LINES = {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]}  # as in a file


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (OUTPUTS, copy.deepcopy(OUTPUTS)),
        ([], []),
        ([LINES], [stream("one\ntwo\n")]),
        ([result("1")], [{**result("1"), "execution_count": 7}]),
        (SLIDERS[:1], SLIDERS[1:]),
    ],
)
def test_what_no_reader_sees_is_not_compared(stored, new):
    assert compare_outputs(stored, new) == []


def test_the_outputs_are_left_as_they_were():
    outputs = [stream("one\r"), stream("two")]
    before = copy.deepcopy(outputs)
    join_streams(outputs)
    compare_outputs(outputs, outputs)
    assert outputs == before


KINDS = [
    (stream("1"), result("1")),
    (stream("1"), stream("1", "stderr")),
    (result("1"), display("1")),
    (result("1"), error("ValueError", "1")),
    (picture(), display("a plain area")),
    (result("1"), result("1", {HTML: "1"})),
]
MISSING = [OUTPUTS[:n] + OUTPUTS[n + 1 :] for n in range(5)]
SWAPPED = [OUTPUTS[:n] + OUTPUTS[n : n + 2][::-1] + OUTPUTS[n + 2 :] for n in range(4)]
OTHERS = [(OUTPUTS, others) for others in MISSING + SWAPPED]


@pytest.mark.parametrize(("stored", "new"), OTHERS + [([a], [b]) for a, b in KINDS])
def test_another_number_kind_or_order_fails(stored, new):
    for pair in ((stored, new), (new, stored)):
        (fault,) = compare_outputs(*pair)
        assert "number, kind or order" in fault.text


@pytest.mark.parametrize(
    ("stored", "new", "text"),
    [
        (stream("a"), stream("b"), "line 1: expected 'a', got 'b'"),
        (result("3"), result("4"), "text/plain: expected 3, got 4"),
        (error("A", "no"), error("B", "no"), "line 1: expected 'A: no', got 'B: no'"),
        (error("A", "no"), error("A", "yes"), "line 1: expected 'A: no', got 'A: yes'"),
        (result("1", {HTML: "<b>1"}), result("1", {HTML: "<i>1"}), "text/html: line 1"),
        (result("1", {JSON: {"a": 1}}), result("1", {JSON: {"a": 2}}), "expected 1, got 2"),
        (picture(), picture(alt="another"), "text/plain: line 1"),
        (picture(), picture("red"), "picture: 600 pixels look different"),
        (picture(), picture(size=(30, 21)), "picture: expected 30x20 pixels, got 30x21"),
        (picture("#ffffff"), picture("#eeeeee"), "picture: "),
        (described(), described(alt="a dog"), "expected alt 'a cat', got 'a dog'"),
        (described(), described(width=31), "expected width '30', got '31'"),
        (described(), described(alt=""), "expected alt 'a cat', got ''"),
        (
            result("1", {JSON: ["a", "b"]}),
            result("1", {JSON: ["ab"]}),
            "application/json: line 1",
        ),
        (result("1", {JSON: "[1]"}), result("1", {JSON: [1]}), "application/json: line 1"),
        (markdown("a  \nb"), markdown("a\nb"), "text/markdown: line 1: expected 'a<br>', got 'a'"),
        (picture(), with_bytes(b"no picture"), "image/png: the new picture is damaged"),
        (with_bytes(b""), picture(), "image/png: the stored picture is damaged (Unidentified"),
        (with_bytes(None), picture(), "image/png: the stored picture is damaged"),
        (in_base64("!!"), picture(), "image/png: the stored picture is damaged"),
        (in_base64("\n", "=AAA"), picture(), "image/png: the stored picture is damaged"),
        (pdf("a"), pdf("YWI="), "application/pdf: line 1: expected 'a', got 'YWI='"),
        (pdf("YWI="), pdf("YW!I="), "application/pdf: line 1: expected 'YWI=', got 'YW!I='"),
        (pdf("YWI="), pdf("YWI=AAA"), "application/pdf: line 1: expected 'YWI='"),
        (pdf("AA/00e1/"), pdf("AA/00e2/"), "application/pdf: another file"),
        (described(width=""), {**picture(), "metadata": 5}, "expected alt 'a cat', got ''"),
        (described(), described(unconfined=True), "expected unconfined '', got 'True'"),
        (picture(), on_dark(picture()), "expected needs_background '', got 'dark'"),
        (on_dark(described()), described(), "expected needs_background 'dark', got ''"),
        (failed("no"), failed("yes"), "traceback: line 1: expected 'ValueError: no', got"),
    ],
)
def test_another_content_fails_and_says_how(stored, new, text):
    (fault,) = compare_outputs([stored], [new])
    assert text in fault.text


def test_base64_in_lines_is_the_same_picture():
    assert not compare_outputs([in_base64("\n", "\n")], [picture()])
    assert not compare_outputs([pdf("YW\nI=\n")], [pdf("YWI=")])


@pytest.mark.parametrize("nothing", [{}, None, 5, [], "a cat"])
def test_metadata_that_are_no_table_describe_nothing(nothing):
    assert not compare_outputs([looking(nothing)], [picture()])
    for pair in ((described(), looking(nothing)), (looking(nothing), described())):
        faults = [fault.text for fault in compare_outputs(*([output] for output in pair))]
        assert [text.split()[2] for text in faults] == ["alt", "width"]


def test_no_part_of_a_pdf_is_a_duration_or_free():
    policy = Policy(timing=True, free=(r"\+.s",), reason="x")
    assert not compare_outputs([stream("+5s+")], [stream("+6s+")], policy)
    assert compare_outputs([pdf("AAA+5s+A")], [pdf("AAA+6s+A")], policy)


def test_what_is_free_in_a_message_frees_no_type_of_error():
    policy = Policy(free=("(?<=: ).*",), reason="x")
    stored = error("ValueError", "no such file: a")
    assert not compare_outputs([stored], [error("ValueError", "no such file: b")], policy)
    assert compare_outputs([stored], [error("ValueError", "no such folder: a")], policy)
    assert compare_outputs([stored], [error("TypeError", "no such file: a")], policy)


def test_the_pictures_of_a_failure_come_with_it():
    (fault,) = compare_outputs([picture()], [picture("red")])
    stored, new, drawn = (Image.open(io.BytesIO(data)) for data in fault.pictures)
    assert [p.size for p in (stored, new, drawn)] == [(30, 20)] * 3
    assert stored.getpixel((0, 0)) == (255, 255, 255)
    assert new.getpixel((0, 0)) == (255, 0, 0)


def test_a_policy_reaches_texts_and_pictures():
    assert not compare_outputs([result("1.0")], [result("1.5")], Policy(atol=1, reason="x"))
    assert not compare_outputs([picture()], [picture("#e0e0e0")], Policy(color=40, reason="x"))
    in_form = Policy(picture="form", reason="x")
    assert not compare_outputs([picture()], [picture("red")], in_form)
    assert not compare_outputs([half("red")], [half("blue")], in_form)
    (fault,) = compare_outputs([half("red")], [picture()], in_form)
    assert fault.text == "picture: expected 50.0% of it to be drawn on, got 0.0%"
    assert compare_outputs([picture()], [picture(alt="another")], in_form)
    assert compare_outputs([picture()], [picture(size=(31, 20))], in_form)


def test_pieces_of_a_stream_are_joined_between_other_outputs():
    pieces = [stream("a"), stream("b\n"), stream("", "stderr"), picture(), stream("c")]
    assert [as_text(output) for output in join_streams(pieces)] == ["ab", "a plain area", "c"]
    names = [stream("a"), stream("b", "stderr"), stream("c")]
    assert [as_text(output) for output in join_streams(names)] == ["ac", "b"]
    assert compare_outputs(names, [names[1], names[0], names[2]]) == []
    assert compare_outputs(names, [names[2], names[1], names[0]])


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("\r 0%\r50%\r100%\n", "100%\n"),
        ("start\n\r 0%\r100%\nend\n", "start\n100%\nend\n"),
        ("hello world\rHELLO\n", "HELLO world\n"),
        ("10 of 10\rdone\x1b[K\n", "done\x1b[K\n"),
        ("10 of 10\r\x1b[2Kdone\n", "\x1b[2Kdone\n"),
        ("a\r\r\n", "a\n"),
        ("\r 0%\r100%\r    \r", ""),
        ("a\r\nb\r\n", "a\nb\n"),
        ("plain\n", "plain\n"),
    ],
)
def test_a_progress_bar_keeps_its_last_state(written, seen):
    assert "".join(output["text"] for output in join_streams([stream(written)])) == seen
    letter_by_letter = [stream(letter) for letter in written]
    assert "".join(output["text"] for output in join_streams(letter_by_letter)) == seen


def test_joined_outputs_are_valid_in_a_notebook():
    outputs = join_streams([stream("a"), stream("b"), *OUTPUTS])
    outputs[-1].execution_count = 1
    cell = nbformat.v4.new_code_cell("1", outputs=outputs)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_what_another_process_prints_may_come_after_the_result():
    child, zero, one = stream("child\n"), result("0"), result("1")
    assert compare_outputs([child, zero], [zero, child]) == []
    assert compare_outputs([zero, child], [zero, child]) == []
    assert compare_outputs([zero, child], [child, zero])  # but not in the file
    assert compare_outputs([child, zero], [zero])
    assert compare_outputs([zero, picture()], [picture(), zero])
    assert compare_outputs([zero, one], [one, zero])
