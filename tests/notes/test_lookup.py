"""The look-up of old calls: code comes through its tables unchanged, messages and names are found, links land."""

import csv
import html
import json
import re
from collections import Counter

import pytest

from helpers import pages
from helpers.notes import audit, lookup
from helpers.notes.old_calls import GROUPS, OLD_CALLS
from helpers.verification.headings import headings

PAGE = pages.Page(pages.NOTEBOOKS / lookup.PAGE)
TEXTS = [text for call in OLD_CALLS for text in (call.old, call.new, call.message)]
TOLD = [call for call in OLD_CALLS if len(call.message.partition(": ")[2]) > 3]
LINK = re.compile(r"\[[^\]]+\]\((\w+\.ipynb)#(.*?)\)(?= \(`| \||,| ·|$)", re.MULTILINE)


def plain(code):
    """Code in a table as a browser shows it, and as it is copied."""
    lines = code.removeprefix("<code>").removesuffix("</code>").replace("<wbr>", "").split("<br>")
    return "\n".join(html.unescape(line).replace("\xa0", " ") for line in lines)


def cells(table):
    return [line[2:-2].split(" | ") for line in table.data.splitlines()[2:]]


def found(words):
    return [row[0] for row in cells(lookup.find(words))]


def named(words):
    """The names of the rows that are found, unless they are only near."""
    text = lookup.find(words).data
    return (
        [] if text.startswith("No row") else re.findall(r"\(`([\w-]+)`\) \|$", text, re.MULTILINE)
    )


def shown(call):
    return f"**{lookup.SIGNS[call.today]}** {lookup.code(call.old)}"


def stored():
    """What the page shows, as it is stored with it."""
    outputs = [output for cell in PAGE.code_cells for output in cell.outputs]
    return [
        output.data["text/markdown"]
        for output in outputs
        if "text/markdown" in output.get("data", {})
    ]


# --- code


@pytest.mark.parametrize("text", [*TEXTS, "a | b", "if x:\n    y = '*' * 2  # \\ $1 ~ <b> &amp;"])
def test_code_comes_through_as_it_is(text):
    assert plain(lookup.code(text)) == text.rstrip()
    assert not re.search(r"[|*_`$\n]", lookup.code(text))


def test_no_word_is_too_long_for_a_narrow_column():
    for text in TEXTS:
        words = re.split(r"<wbr>|<br>|&nbsp;| ", lookup.code(text)[6:-7])
        assert max(len(html.unescape(word)) for word in words) <= 34, text


# --- tables


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_all_its_calls_the_silent_ones_first(name):
    rows = cells(lookup.group(name))
    calls = [call for call in OLD_CALLS if call.group == name]
    assert sorted(row[0] for row in rows) == sorted(map(shown, calls))
    silent = [row[0].startswith("**≠**") for row in rows]
    assert silent == sorted(silent, reverse=True)


def test_another_group_is_refused():
    with pytest.raises(ValueError, match="'Tensor': Tensors, "):
        lookup.group("Tensor")


def test_the_silent_changes_are_shown_with_both_results():
    rows = cells(lookup.silent())
    assert len(rows) == sum(call.today == "differs" for call in OLD_CALLS)
    by_old = {plain(old[6:]): (then, now) for old, then, now in rows}
    then, now = by_old["torch.LongTensor([7]) / 2"]
    assert (
        plain(then.partition("<br>until 1.")[0]) == "tensor([3])"
        and plain(now) == "tensor([3.5000])"
    )


def test_the_silent_changes_of_one_group_are_a_part_of_all():
    every = cells(lookup.silent())
    some = cells(lookup.silent("Optimizers"))
    wanted = [c for c in OLD_CALLS if c.today == "differs" and c.group == "Optimizers"]
    assert [row[0] for row in some] == [shown(call) for call in wanted]
    assert all(row in every for row in some) and len(some) < len(every)
    with pytest.raises(ValueError, match="'Optimizer': Tensors, "):
        lookup.silent("Optimizer")


def test_every_message_is_in_the_table_of_messages_in_order():
    rows = cells(lookup.by_message())
    messages = [row[0].partition("<br>") for row in rows]
    assert sorted(f"{kind}: {plain(text)}" for kind, _, text in messages) == sorted(
        ": ".join(lookup._parts(call.message)) for call in OLD_CALLS if call.message
    )
    texts = [re.sub(r"^\W+", "", plain(text)).lower() for _, _, text in messages]
    assert texts == sorted(texts)


def test_all_calls_are_in_the_alphabetical_table():
    assert sorted(row[0] for row in cells(lookup.alphabetical())) == sorted(map(shown, OLD_CALLS))


@pytest.mark.parametrize("call", OLD_CALLS, ids=lambda call: call.name)
def test_the_dates_are_kept_apart(call):
    words = lookup.dates(call)
    assert bool(call.deprecated) == ("deprecated in" in words)
    assert bool(call.replaced) == ("new call since" in words)
    assert all(
        date in words for date in (call.deprecated, call.replaced, call.changed, call.removed)
    )


# --- search


@pytest.mark.parametrize("call", TOLD, ids=lambda call: call.name)
def test_a_message_finds_its_call(call):
    assert shown(call) in found(call.message)
    assert shown(call) in found(f"  {call.message} And so on,\n with numbers: 17. ")
    assert shown(call) in found(call.message.partition(": ")[2].upper())


@pytest.mark.parametrize("call", OLD_CALLS, ids=lambda call: call.name)
def test_a_name_finds_its_call(call):
    assert lookup.names(call)
    assert shown(call) in [row for name in lookup.names(call) for row in found(name)]


# Messages of other releases and cases, which reasons quote.
QUOTED = {
    "AssertionError: Torch not compiled with CUDA enabled": "cuda-method",
    "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a "
    "driver from http://www.nvidia.com/Download/index.aspx": "cuda-method",
    "RuntimeError: Expected all tensors to be on the same device, but found at least two": "cuda-method",
    "TypeError: can't convert cuda:0 device type tensor to numpy.": "numpy-of-requires-grad",
    "RuntimeError: expected scalar type Long but found Int": "cross-entropy-integer-labels",
    "RuntimeError: expected scalar type Float but found Double": "double-into-layer",
    "AttributeError: 'Upsample' object has no attribute 'recompute_scale_factor'": "interpolate-scale-factor",
}


@pytest.mark.parametrize("words", QUOTED)
def test_a_message_that_a_reason_quotes_finds_its_row(words):
    assert QUOTED[words] in named(words)


NEAR = {
    "ValueError: Using a target size (torch.Size([64])) that is different": "bce-target-size",
    "KeyError: 'unexpected key \"module.conv1.weight\" in state_dict'": "state-dict-with-module-prefix",
    "AttributeError: module 'torch.utils' has no attribute 'ffi'": "utils-ffi",
    "dsets.MNIST train_data": "mnist-train-data",
    "'_MultiProcessingDataLoaderIter' object has no attribute 'next'": "iterator-next",
    "images, labels = dataiter.next()": "loader-next",
    "ModuleNotFoundError: No module named 'torch.legacy.optim'": "legacy-nn",
    "AttributeError: module 'numpy' has no attribute 'bool'.": "np-float",
    "RuntimeError: Found dtype Double but expected Float": "double-into-layer",
}


@pytest.mark.parametrize("words", NEAR)
def test_what_is_not_there_word_by_word_finds_the_nearest(words):
    text = lookup.find(words).data
    assert text.startswith("No row has exactly these words.")
    assert f"(`{NEAR[words]}`)" in text


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (
            "RuntimeError: Trying to backward through the graph a second time (or directly access saved tensors after "
            "they have already been freed).",
            ["backward-twice", "hidden-state-of-last-step"],
        ),
        (
            "RuntimeError: Trying to backward through the graph a second time, but the buffers have already been",
            ["backward-twice", "hidden-state-of-last-step"],
        ),
        ("RuntimeError: expected scalar type Long but found Byte", ["cross-entropy-byte-picture"]),
        ("zero_gradients", ["zero-gradients"]),
        ("torch.autograd.gradcheck.zero_gradients", ["zero-gradients"]),
        ("recompute_scale_factor", ["interpolate-scale-factor"]),
        ("criterion.size_average = False", ["loss-size-average-attribute"]),
        ("for i in range(len(x) / 4): pass", ["python2-division-in-range"]),
    ],
)
def test_what_old_code_meets_has_its_rows(words, rows):
    assert named(words) == rows


def test_a_line_of_code_is_read():
    text = lookup.find("print(err.data.cpu().numpy()[0])").data
    assert "(`loss-numpy-0`)" in text and "No row" not in text


@pytest.mark.parametrize(
    "words",
    [
        "NameError: name 'foo' is not defined",
        "ModuleNotFoundError: No module named 'tensorflow'",
        "ModuleNotFoundError: No module named 'torchtext.legacy'",
        "ImportError: cannot import name 'Field' from 'torchtext.data'",
        "torchtext.legacy",
        "torchaudio.load",
        "AttributeError: 'list' object has no attribute 'cuda'",
        "FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'",
        "hello",
    ],
)
def test_what_is_another_matter_finds_nothing(words):
    assert "Nothing like it" in lookup.find(words).data


def test_what_is_not_there():
    assert "Nothing like it" in lookup.find("KeyError: 'my own name'").data
    assert "Paste a message" in lookup.find("  ").data


def test_names_are_those_that_went():
    by_name = {call.name: call for call in OLD_CALLS}
    assert lookup.names(by_name["loss-data-0"]) == {"data"}
    assert lookup.names(by_name["loader-next"]) == {"next"}
    assert "async" in lookup.names(by_name["cuda-async"])  # which is no Python any more


def test_the_index_has_every_name():
    text = lookup.index().data
    assert all(f"[`{name}`](" in text for call in OLD_CALLS for name in lookup.names(call))


# --- the page


def test_the_links_land():
    tables = [lookup.group(name).data for name in GROUPS] + [lookup.index().data]
    targets = {target for table in tables for target in LINK.findall(table)}
    assert len(targets) > 20
    for name, anchor in targets:
        prose = pages.Page(pages.NOTEBOOKS / name).prose
        assert anchor in map(pages.anchor, headings(prose)), (name, anchor)


def test_the_page_shows_every_table_as_it_is_today():
    tables = [lookup.group(name) for name in GROUPS]
    tables += [lookup.silent(), lookup.by_message(), lookup.index()]
    assert [table.data for table in tables if table.data not in stored()] == []


def test_the_page_explains_why_the_chart_and_the_counter_differ():
    prose = " ".join(PAGE.prose.split())
    changed = [call for call in OLD_CALLS if call.changed]
    of_torch = [call for call in changed if call.changed[0].isdigit()]
    differ = [call for call in OLD_CALLS if call.today == "differs"]
    with_warning = [call for call in of_torch if call.today == "warns"]
    elsewhere = [call for call in differ if call not in of_torch]
    assert len(differ) + len(with_warning) - len(elsewhere) == len(of_torch)
    errors = [call for call in OLD_CALLS if call.today == "error"]
    undated = [call for call in errors if not call.removed[:1].isdigit()]
    assert all(call.today == "error" for call in OLD_CALLS if call.removed[:1].isdigit())
    assert f"the bars leave out {len(undated)} for which no release" in prose
    assert f"Why does the legend say {len(of_torch)} where" in prose
    assert f"where the counter says {len(differ)}? " in prose
    assert f"The bars include {len(with_warning)} calls that" in prose
    assert f"they leave out {len(elsewhere)} whose date" in prose
    assert "more than forty such changes" in prose and 40 < len(differ) < 50


@pytest.mark.parametrize("call", OLD_CALLS, ids=lambda call: call.name)
def test_a_place_is_a_section_and_not_a_whole_page(call):
    """The web edition puts a number in front of a title, so that a link to it would not land."""
    page, heading = audit.where(call)
    assert heading != page.title


def test_the_record_of_the_reader_is_of_the_list_of_today():
    rows = json.loads(lookup.RECORD.read_text(encoding="utf-8"))["collections"]
    with (pages.NOTEBOOKS.parent / "tests/studies/old_code_breaks.csv").open(
        encoding="utf-8"
    ) as file:
        listed = Counter(line["collection"] for line in csv.DictReader(file))
    assert {row["collection"]: row["places"] for row in rows} == listed
    assert all(row["for certain"] <= row["named"] <= row["places"] for row in rows)
    (total,) = [row for row in cells(lookup.measured()) if row[0] == "all"]
    assert int(total[2]) >= 0.95 * int(total[1])
