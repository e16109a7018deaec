"""What differs from run to run in outputs that are the same to a reader: identifiers, dates, file names."""

import base64
import re

# The file that ipykernel names in a warning or a traceback: its folder holds the number of the process.
CELL_FILE = re.compile(r"(?<![^\s'\"<>])[^\s'\"<>]*[/\\]ipykernel_\d+[/\\]\d+\.py")
# The folder of the installed packages, up to its name; and the part of a name that is random: of a temporary file, of
# IPython's DisplayHandle, of a task of asyncio (counted over all that the kernel does).
_PACKAGES = re.compile(r"(?<![^\s'\"<>])[^\s'\"<>]*(?=[/\\](?:site|dist)-packages[/\\])")
_IN_NAMES = re.compile(
    r"(?<=[/\\]tmp)[a-z0-9_]{8}(?![a-z0-9_])|(?<=<DisplayHandle display_id=)[0-9a-f]{32}(?=>)"
    r"|(?<=name='Task-)\d+(?=')"
)
_NAMED = re.compile(r"""\bid=["']([^"']+)["']""")
# The random part of an element's id: of plotly, altair, folium, jshtml; of pandas' Styler; of matplotlib's SVG; and the
# count of scikit-learn's, which goes on when a cell is run again.
_RANDOM = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|^T_[0-9a-f]{5}(?=_|$)|[0-9a-f]{10}$"
    r"|^sk-(?:container|estimator)-id-\d+$"
)
# A mark that stands for such a part, here and in `text`: where an output itself holds one, it is no mark.
_MARK = re.compile(r"⟨(?=(?:address|cell|free|id \d+|loops|number|random|rate|ratio|time)⟩)")
_SVG_DATE = re.compile(r"(?<=<dc:date>)[^<]*(?=</dc:date>)")
_PDF_DATE = re.compile(rb"(?<=Date \(D:)[0-9Z+'-]*(?=\))")


def without_volatile_parts(mime: str, text: str) -> str:
    """Return an output's text with a mark for what differs from run to run though nothing has changed.

    Args:
        mime: what kind of text it is. Random identifiers are looked for in HTML and SVG only, in the ``id`` of an
            element; one that occurs again, as a link to the element say, gets the same mark.
        text: the output; a PDF in base64.
    """
    if mime == "application/pdf":
        try:
            file = base64.b64decode("".join(text.split()), validate=True)
            return base64.b64encode(_PDF_DATE.sub(b"-", file)).decode()
        except ValueError:  # no base64
            return text
    text = _MARK.sub("⟨⟨", text)
    if mime.startswith("image/svg"):
        text = _SVG_DATE.sub("⟨date⟩", text)
    if mime == "text/html" or mime.startswith("image/svg"):
        found = (part for name in _NAMED.findall(text) for part in _RANDOM.findall(name))
        marks = {part: f"⟨id {n}⟩" for n, part in enumerate(dict.fromkeys(found), 1)}
        if marks:
            longest_first = sorted(marks, key=len, reverse=True)
            text = re.sub("|".join(longest_first), lambda match: marks[match[0]], text)
    text = _PACKAGES.sub("⟨packages⟩", CELL_FILE.sub("⟨cell⟩.py", text))
    return _IN_NAMES.sub("⟨random⟩", text)
