"""Draws the shapes that stand in for the CIFAR-10 pictures."""

from helpers import plotting
from helpers.data.stand_in import StandIn


def show_stand_in(stand_in: StandIn) -> None:
    """Show the pictures of a small stand-in, ten in a row, with the names of their classes."""
    plotting.use_style()
    names = [stand_in.classes[label] for label in stand_in.targets]
    figure = plotting.picture_grid(stand_in.data, names, columns=10, size=0.85)
    plotting.show(figure, alt="Drawn shapes in random colors on striped, noisy grounds.")
