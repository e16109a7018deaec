"""Sphinx' settings for the web edition. ``python -m helpers.book site`` writes the sources and calls Sphinx."""

import json
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

BOOK = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BOOK))  # the folder that holds helpers/

from helpers.book import launch

project = (BOOK / "README.md").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
html_title = project
slug = launch.repository(BOOK)  # "" as long as the book has no public home
html_baseurl = launch.site(slug) if slug else ""  # makes canonical addresses
extensions = ["myst_nb"]
root_doc = "index"
language = "en"
copyright = "the authors. Code: BSD-3-Clause. Prose and figures: CC BY 4.0"

# The pages: stored outputs, and links as JupyterLab and GitHub have them.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the solution"
nb_code_prompt_hide = "Hide the solution"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 6
myst_heading_slug_func = "helpers.pages.anchor"
smartquotes = False  # code in tables is copied: its quotes stay straight
suppress_warnings = ["misc.highlighting_failure"]  # an error's message need not be Python

# The site: it asks no other place for anything, and works without a server.
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "article_header_start": [],
    "article_header_end": ["tools"],
    "secondary_sidebar_items": ["page-toc"],
    "primary_sidebar_end": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "search_bar_text": "Search the book",
}
html_context = {
    "default_mode": "auto",
    "preview": f"{html_baseurl}_images/front.png",
    "slug": slug,
    "branch": launch.BRANCH,
}
html_sidebars = {"**": ["contents"]}
templates_path = ["."]
html_static_path = ["book.css", "book.js"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_favicon = "icon.svg"
html_copy_source = False
html_show_search_summary = False  # needs a server
html_use_index = False
html_math_renderer = "mathml"


class Figures(SphinxTransform):
    """Give each figure its description and its size: the space for it is there before it has come."""

    default_priority = 400

    def apply(self) -> None:
        """Look each picture up by its name, which MyST-NB makes from its content."""
        known = json.loads((self.app.srcdir / "figures.json").read_text(encoding="utf-8"))
        for image in self.document.findall(nodes.image):
            image.attributes.update(known.get(Path(image["uri"]).stem, {}))


class Search(SearchEnglish):
    """English, in which Chinese is found too: it has no blanks, so each two or three characters are a word as well."""

    chinese = re.compile(r"[\u3400-\u9fff]{2,}")

    def split(self, input: str) -> list[str]:
        """The words of a text."""
        words = super().split(input)
        for run in self.chinese.findall(input):
            words += [run[n : n + size] for size in (2, 3) for n in range(len(run) - size + 1)]
        return words


class ChineseParts(SphinxTransform):
    """Mark Chinese words as Chinese, so that they are read aloud and set as such."""

    default_priority = 400
    chinese = re.compile(r"([\u3001-\u303f\u3400-\u9fff\uff00-\uffef]+)")

    def apply(self) -> None:
        """Wrap each run of Chinese characters; code and formulas stay as they are."""
        for text in list(self.document.findall(nodes.Text)):
            parts = self.chinese.split(text)
            if len(parts) > 1 and not isinstance(text.parent, (nodes.FixedTextElement, nodes.math)):
                new = [
                    nodes.inline("", part, classes=["language-zh"]) if n % 2 else nodes.Text(part)
                    for n, part in enumerate(parts)
                    if part
                ]
                text.parent.replace(text, new)


def formula(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, which browsers draw by themselves."""
    block = isinstance(node, nodes.math_block)
    translator.body.append(tex2mathml(node.astext(), as_block=block))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Tell Sphinx of the above."""
    app.add_search_language(Search)
    app.add_transform(Figures)
    app.add_transform(ChineseParts)
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
