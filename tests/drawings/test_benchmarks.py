"""The pictures of the recorded results show all of them, apart from each other and inside their axes."""

from itertools import combinations

import pytest
from matplotlib.text import Text  # its extent is that of the words, without an arrow

from helpers.drawings import benchmarks
from helpers.training import records
from helpers.training.baseline_nets import BASELINES
from tests.support.figures import shown

RECORDS = records.read()
pytestmark = pytest.mark.usefixtures("style")


def lines(axis):
    """The curves by their names."""
    return {line.get_label(): line for line in axis.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize(
    ("show", "curves"),
    [
        (benchmarks.show_accuracy_against_seconds, records.accuracy_by_seconds),
        (benchmarks.show_accuracy_against_work, records.accuracy_by_tflop),
    ],
)
def test_all_curves_are_drawn_and_named(show, curves):
    figure, _ = shown(show, RECORDS)
    (axis,) = figure.axes
    drawn = {
        label: [(x, pytest.approx(100 - error)) for x, error in line.get_xydata().tolist()]
        for label, line in lines(axis).items()
    }
    assert drawn == curves(RECORDS)
    assert set(BASELINES) <= set(drawn)
    texts = [text.get_text() for text in axis.texts]
    assert set(drawn) <= set(texts)


@pytest.mark.parametrize(
    "show", [benchmarks.show_accuracy_against_seconds, benchmarks.show_accuracy_against_work]
)
def test_no_name_lies_on_another(show):
    figure, _ = shown(show, RECORDS)
    figure.canvas.draw()
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in figure.axes[0].texts]
    pairs = list(combinations(boxes, 2))
    assert len(pairs) > 10
    assert [(a[0], b[0]) for a, b in pairs if a[1].overlaps(b[1])] == []


def test_each_machine_has_its_color():
    figure, _ = shown(benchmarks.show_accuracy_against_seconds, RECORDS)
    drawn = lines(figure.axes[0])
    ours = [line.get_color() for label, line in drawn.items() if label.startswith("this book")]
    assert len(set(ours)) == len(ours) >= 4


def test_a_curve_of_every_setting_has_a_color_of_its_own():
    settings = {goal.curve for goal in records.GOALS if goal.curve}
    assert len({benchmarks.OURS[curve] for curve in settings}) == len(settings)


def test_other_nets_have_their_markers():
    figure, _ = shown(benchmarks.show_accuracy_against_seconds, RECORDS)
    drawn = lines(figure.axes[0])
    markers = [line.get_marker() for label, line in drawn.items() if label in BASELINES]
    assert len(set(markers)) == len(BASELINES)


def test_published_results_are_inside_the_picture():
    figure, _ = shown(benchmarks.show_accuracy_against_seconds, RECORDS)
    axis = figure.axes[0]
    (left, right), (worst, best) = axis.get_xlim(), axis.get_ylim()
    points = [line.get_xydata()[0] for line in axis.lines if line.get_marker() == "*"]
    assert len(points) == len(records.PUBLISHED)
    assert all(left < x < right and best < error < worst for x, error in points)


def test_the_profile_has_a_bar_for_each_group():
    percent = {"convolution": 60.0, "pooling": 30.0, "the rest": 10.0}
    figure, alt = shown(benchmarks.show_step_profile, percent)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [60, 30, 10]
    assert alt.startswith("Bars for convolution, pooling, the rest.")
    assert "convolution" in alt.rpartition(". ")[2]


def test_the_search_has_a_column_for_each_amount_of_work():
    candidates = [{"tflop": t, "accuracy": a} for t, a in ((12, 82), (0.5, 60), (12, 80))]
    figure, _ = shown(benchmarks.show_search, {"search": {"candidates": candidates}})
    axis = figure.axes[0]
    labels = [text.get_text() for text in axis.get_xticklabels()]
    assert labels == ["0.5\n(1 recipes)", "12\n(2 recipes)"]
    assert axis.lines[2].get_ydata().tolist() == [80, 82]
    assert axis.lines[3].get_ydata() == [82]
