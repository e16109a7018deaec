"""What a function of helpers/drawings shows."""

from unittest import mock


def shown(function, *args, **options):
    """Call it; return the figure that it shows, and its description."""
    with mock.patch("helpers.plotting.show") as show:
        function(*args, **options)
    (figure,) = show.call_args.args
    return figure, show.call_args.kwargs["alt"]
