"""The pictures that page 19 compares differ as the page says they do."""

import io
from unittest import mock

import pytest
from PIL import Image

from helpers.drawings import compared_pictures as drawings
from helpers.verification.pictures import compare_pictures

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def stored(style):
    return drawings.picture_of_curves()


def test_the_same_picture_is_drawn_twice_alike(stored):
    assert compare_pictures(stored, drawings.picture_of_curves()) is None


@pytest.mark.parametrize("options", [{"lift": 1}, {"marks": 3}])
def test_a_fault_is_found(stored, options):
    assert compare_pictures(stored, drawings.picture_of_curves(**options))


def test_a_pixel_to_the_right_is_no_fault_though_it_changes_more_than_a_missing_mark(stored):
    shifted = drawings.one_pixel_to_the_right(stored)
    unmarked = drawings.picture_of_curves(marks=3)
    assert compare_pictures(stored, shifted) is None
    far, near = (drawings.root_mean_square(stored, other) for other in (shifted, unmarked))
    assert far > 2 * near > 0 == drawings.root_mean_square(stored, stored)


def test_pictures_are_shown_side_by_side_as_they_are(stored):
    other = drawings.picture_of_curves(lift=1)
    with mock.patch.object(drawings, "display") as display:
        drawings.show_lifted_line(stored, other)
        drawings.show_difference(compare_pictures(stored, other))
    for call, count in zip(display.call_args_list, (2, 1), strict=True):
        details = call.kwargs["metadata"]["image/png"]
        assert details["alt"] == call.args[0]["text/plain"] != ""
        width, height = Image.open(io.BytesIO(stored)).size
        size = (count * width + (count - 1) * drawings.GAP, height)
        assert (details["width"], details["height"]) == size
