"""The table of contents, made from the pages themselves."""

from IPython.display import Markdown

from helpers import pages

PARTS = {  # with the number of its first page
    "Fundamentals": "01",
    "CIFAR-10": "06",
    "Tensors": "08",
    "The old notes": "15",
    "Appendices": "17",
}


def table_of_contents() -> Markdown:
    """List the pages by part, each with a link, the time to read it and the time that it last took to run."""
    parts = dict(PARTS)
    lines = ["| | page | to read | to run |", "|:--|:--|--:|--:|"]
    for page in pages.all_pages():
        number = page.name[:2]
        if number == "00":
            continue
        if begun := [part for part, first in parts.items() if first <= number]:
            lines.append(f"| | **{begun[-1]}** | | |")
            parts = {part: first for part, first in parts.items() if part not in begun}
        title = page.title.partition(" · ")[0]
        times = f"{page.reading_minutes} min | {page.seconds or 0:.0f} s"
        lines.append(f"| {number} | [{title}]({page.path.name}) | {times} |")
    return Markdown("\n".join(lines))
