"""The picture of old calls by release counts each call once a kind of date."""

from dataclasses import replace

from helpers.drawings.old_calls import show_releases
from helpers.notes.old_calls import OLD_CALLS
from tests.support.figures import shown


def drawn(calls):
    figure, alt = shown(show_releases, calls)
    (axis,) = figure.axes
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    return axis, labels, alt


def test_each_kind_of_date_is_counted_for_itself():
    call = replace(OLD_CALLS[0], deprecated="0.4", changed="", removed="1.10")
    calls = [call, replace(call, changed="0.4"), replace(call, removed="torchvision 0.9")]
    axis, labels, alt = drawn(calls)
    assert labels == ["gives something else: 1", "is an error: 2", "is deprecated: 3"]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["0.4", "1.10"]
    assert len(alt) > 100


def test_all_calls_can_be_drawn():
    axis, _, _ = drawn(OLD_CALLS)
    names = [text.get_text() for text in axis.get_yticklabels()]
    assert names == sorted(names, key=lambda name: [int(part) for part in name.split(".")])
