"""The contents list every page once, under its part, with a link and its times."""

import re

import pytest

from helpers import contents, pages


@pytest.fixture
def three_pages(tmp_path, monkeypatch):
    """A book of a start, a page with a Chinese title that has run, and one of the last part that has not."""
    cell = '{"cell_type": "markdown", "metadata": {}, "source": "# %s"}'
    book = '{"nbformat": 4, "nbformat_minor": 4, "metadata": {%s}, "cells": [%s]}'
    for name, title, metadata in (
        ("00_start", "Start", ""),
        ("07_fast", "Fast · 快", '"book": {"seconds": 2.6}'),
        ("19_check", "Check", ""),
    ):
        text = book % (metadata, cell % title)
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "NOTEBOOKS", tmp_path)


def test_pages_stand_under_the_part_that_they_belong_to(three_pages):
    assert contents.table_of_contents().data.splitlines()[2:] == [
        "| | **CIFAR-10** | | |",
        "| 07 | [Fast](07_fast.ipynb) | 1 min | 3 s |",
        "| | **Appendices** | | |",
        "| 19 | [Check](19_check.ipynb) | 1 min | 0 s |",
    ]


def test_every_page_of_the_book_but_the_first_is_listed_once():
    listed = re.findall(r"\]\((\S+)\)", contents.table_of_contents().data)
    assert listed == [page.path.name for page in pages.all_pages() if page.name[:2] != "00"]


def test_the_parts_are_in_the_order_of_their_pages():
    assert list(contents.PARTS.values()) == sorted(contents.PARTS.values())


def test_the_parts_begin_where_their_first_pages_are():
    names = [path.stem for path in pages.NOTEBOOKS.glob("*.py")]
    firsts = {
        part: [name for name in names if name[:2] == at] for part, at in contents.PARTS.items()
    }
    assert firsts == {
        "Fundamentals": ["01_install_and_timing"],
        "CIFAR-10": ["06_cifar10"],
        "Tensors": ["08_tensor_shapes"],
        "The old notes": ["15_old_calls"],
        "Appendices": ["17_benchmarks"],
    }


def test_the_time_to_read_is_that_of_the_words_and_the_open_code_before_the_exercises():
    def cell(kind, source, folded=False):
        metadata = {"jupyter": {"source_hidden": True}} if folded else {}
        return {"cell_type": kind, "metadata": metadata, "source": source}

    prose = cell("markdown", "word " * 5 * pages.WORDS_A_MINUTE)
    code = cell("code", "x = 1\n" * 2 * pages.CODE_LINES_A_MINUTE)
    folded = cell("code", code["source"], folded=True)
    exercises = cell("markdown", "## Exercises\n" + prose["source"])
    assert pages.reading_minutes({"cells": [prose]}) == 5
    assert pages.reading_minutes({"cells": [prose, code]}) == 7
    assert pages.reading_minutes({"cells": [prose, folded, code, exercises, prose]}) == 7
