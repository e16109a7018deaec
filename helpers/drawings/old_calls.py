"""When old calls broke: by release, and by what happened to them."""

from collections import Counter
from collections.abc import Iterable

import matplotlib.pyplot as plt

from helpers import plotting
from helpers.environment import numbers_of
from helpers.notes.old_calls import OldCall

KINDS = {  # the field of a call, what it means, color and hatching
    "changed": ("gives something else", plotting.VERMILION, ".."),
    "removed": ("is an error", plotting.BLUE, ""),
    "deprecated": ("is deprecated", plotting.SKY, "//"),
}


def show_releases(calls: Iterable[OldCall]) -> None:
    """Show bars, one for each release of PyTorch: how many old calls it changed, removed, deprecated."""
    counts = {kind: Counter(getattr(call, kind) for call in calls) for kind in KINDS}
    named = {release for counter in counts.values() for release in counter if release[:1].isdigit()}
    releases = sorted(named, key=numbers_of)
    plotting.use_style()
    figure, axis = plt.subplots(figsize=(8, 0.24 * len(releases) + 1))
    ends = [0] * len(releases)
    for kind, (words, color, hatch) in KINDS.items():
        widths = [counts[kind][release] for release in releases]
        label = f"{words}: {sum(widths)}"
        axis.barh(
            releases, widths, left=ends, color=color, hatch=hatch, edgecolor="white", label=label
        )
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="old calls, by the release since when each ...", ylabel="release")
    axis.legend(loc="lower right")
    plotting.show(
        figure,
        alt="One bar for each release of PyTorch, of three parts: old calls that it changed silently, made an error, "
        "or deprecated. The longest bars are among the earlier releases, and later ones have some as well.",
    )
